//! Keys from X.509 certificates and public keys, as PEM or as base64 of DER.
//!
//! A certificate is registered by an administrator, who thereby trusts it: no chain is built and
//! no signature of a certificate is checked; its validity is kept with the key, and a key whose
//! `keyUsage` is not to sign is not used (R47).

mod problem;
mod subject;
mod x509;

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::{RsaPrivateKey, RsaPublicKey, UintRef};
use rsa::pkcs8::PrivateKeyInfoRef;
use rsa::pkcs8::der::Decode as _;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;

use super::der::{ID_EC_PUBLIC_KEY, ID_ED25519, RSA_ENCRYPTION, curve_of};
use super::form::Form;
use super::jwk::{Validity, VerificationKey};
use super::problem::{KeyPlace, KeyProblem, MAX_KEYS, SkippedKey};
use super::public_key::{PublicKey, thumbprint};

pub use problem::{CertificateError, CertificateProblem, KeyType};

/// The keys of certificates and public keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// The usable keys, in order, and where each stands. There is at least one.
    pub keys: Vec<(KeyPlace, VerificationKey)>,
    /// The others, and why (R47).
    pub skipped: Vec<SkippedKey>,
}

/// Reads every certificate and public key of a text.
///
/// The text holds PEM blocks (`CERTIFICATE`, `PUBLIC KEY`, `RSA PUBLIC KEY`), with any text around
/// them, such as what `openssl x509 -text` prints; or it is the base64 of one certificate or
/// public key in DER. White space within a block is ignored (RFC 7468 section 3, the lax grammar).
///
/// Every key of the text becomes a key of the issuer, but those of certificates whose `keyUsage` has neither
/// `digitalSignature` nor `nonRepudiation`, such as a chain's authorities, are skipped (R47).
///
/// # Errors
/// The first reason that makes the text unusable; a text with one bad block is refused as a whole, and so is one
/// without a usable key.
pub fn import(text: &str) -> Result<Certificates, CertificateError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(CertificateProblem::Empty.into());
    }
    let blocks = pem_blocks(text)?;
    if let Some(block) = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err(CertificateProblem::PrivateKey.at(block.place.clone()));
    }
    if blocks.len() > MAX_KEYS {
        return Err(CertificateProblem::TooManyKeys.into());
    }
    let mut found = Certificates { keys: Vec::new(), skipped: Vec::new() };
    for block in &blocks {
        found.take(&block.place, key_of_block(block))?;
    }
    if blocks.is_empty() {
        if let Some(form) = Form::of(text.as_bytes()) {
            return Err(CertificateProblem::OtherForm(form).into());
        }
        let der = from_base64(text).ok_or(CertificateProblem::NoPemBlock)?;
        found.take(&KeyPlace::Der, key_of_der(&der))?;
    }
    match (found.keys.is_empty(), found.skipped.first()) {
        (true, Some(skipped)) => Err(CertificateProblem::Key(skipped.reason).at(skipped.key.clone())),
        _ => Ok(found),
    }
}

/// How many certificates of authorities a text holds in PEM, and nothing else in PEM. Their keys are never ours to use, so
/// those of any type will do.
///
/// # Errors
/// The first block that is no certificate.
pub fn check_authorities(text: &str) -> Result<usize, CertificateError> {
    let blocks = pem_blocks(text)?;
    if blocks.len() > MAX_KEYS {
        return Err(CertificateProblem::TooManyKeys.into());
    }
    for block in &blocks {
        let at = |problem: CertificateProblem| problem.at(block.place.clone());
        match block.label {
            "CERTIFICATE" => {}
            label if label.ends_with("PRIVATE KEY") => return Err(at(CertificateProblem::PrivateKey)),
            _ => return Err(at(CertificateProblem::UnexpectedBlock)),
        }
        let der = from_base64(block.body).ok_or_else(|| at(CertificateProblem::NotBase64))?;
        x509::Certificate::from_der(&der).map_err(|_| at(CertificateProblem::NotX509))?;
    }
    Ok(blocks.len())
}

/// What a certificate says of itself, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) subject: String,
    pub(super) validity: Validity,
    /// Its key, if that can be used at all.
    pub(super) key: Option<PublicKey>,
}

/// The outline of a certificate in DER, whatever its key may be used for.
pub(super) fn outline(der: &[u8]) -> Option<Outline> {
    let certificate = x509::Certificate::from_der(der).ok()?.tbs;
    Some(Outline {
        subject: subject::of_name(certificate.subject),
        validity: certificate.validity.seconds(),
        key: public_key(&certificate.subject_public_key_info).ok(),
    })
}

/// The text of a name in DER, without its own tag.
#[cfg(test)]
pub(super) fn subject_of(name: &[u8]) -> String {
    subject::of_name(der::asn1::SequenceRef::new(name).expect("short enough"))
}

/// The outlines of the certificates of a text that [`import`] takes, and where each stands.
pub(super) fn outlines(text: &str) -> Vec<(KeyPlace, Outline)> {
    let blocks = pem_blocks(text).unwrap_or_default();
    if blocks.is_empty() {
        let outline = from_base64(text.trim_start_matches('\u{feff}')).and_then(|der| outline(&der));
        return outline.map(|outline| (KeyPlace::Der, outline)).into_iter().collect();
    }
    blocks.into_iter().filter_map(|block| Some((block.place, outline(&from_base64(block.body)?)?))).collect()
}

impl Certificates {
    fn take(
        &mut self,
        place: &KeyPlace,
        key: Result<VerificationKey, CertificateProblem>,
    ) -> Result<(), CertificateError> {
        match key {
            Ok(key) => self.keys.push((place.clone(), key)),
            Err(CertificateProblem::Key(reason @ KeyProblem::KeyUsage(_))) => {
                self.skipped.push(SkippedKey { key: place.clone(), reason });
            }
            // The only one there is needs no name.
            Err(problem) if *place == KeyPlace::Der => return Err(problem.into()),
            Err(problem) => return Err(problem.at(place.clone())),
        }
        Ok(())
    }
}

/// What stands between `-----BEGIN label-----` and `-----END label-----`.
struct PemBlock<'a> {
    place: KeyPlace,
    label: &'a str,
    body: &'a str,
}

/// The most of a label that an error shows.
const MAX_LABEL: usize = 40;

fn pem_blocks(mut text: &str) -> Result<Vec<PemBlock<'_>>, CertificateError> {
    let mut blocks = Vec::new();
    while let Some((_, rest)) = text.split_once("-----BEGIN ") {
        let number = blocks.len() + 1;
        let place = |label: &str| {
            // As labels are written (RFC 7468), so that no error says what else may stand here (R3).
            let usual = |byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ');
            let shown = label.len() <= MAX_LABEL && label.bytes().all(usual);
            KeyPlace::Block { number, label: if shown { label } else { "unreadable" }.to_owned() }
        };
        let (label, rest) =
            rest.split_once("-----").ok_or_else(|| CertificateProblem::NoEnd.at(place("unreadable")))?;
        let place = place(label);
        let no_end = || CertificateProblem::NoEnd.at(place.clone());
        let (body, rest) = rest.split_once("-----END ").ok_or_else(no_end)?;
        let rest = rest.strip_prefix(label).and_then(|rest| rest.strip_prefix("-----"));
        // Its hyphens must not be those of the next block as well, which would then be overlooked.
        let rest = rest.filter(|rest| rest.chars().next().is_none_or(char::is_whitespace));
        text = rest.ok_or_else(no_end)?;
        blocks.push(PemBlock { place, label, body });
    }
    Ok(blocks)
}

fn key_of_block(block: &PemBlock<'_>) -> Result<VerificationKey, CertificateProblem> {
    let der = || from_base64(block.body).ok_or(CertificateProblem::NotBase64);
    match block.label {
        "CERTIFICATE" | "X509 CERTIFICATE" => key_of_certificate(&der()?),
        "PUBLIC KEY" => key_of_spki(&der()?),
        "RSA PUBLIC KEY" => rsa_key(&der()?).map(|key| verification_key(key, None)),
        _ => Err(CertificateProblem::UnexpectedBlock),
    }
}

/// The key of a certificate or public key that came without a label.
fn key_of_der(der: &[u8]) -> Result<VerificationKey, CertificateProblem> {
    if PrivateKeyInfoRef::from_der(der).is_ok() || RsaPrivateKey::<UintRef<'_>>::from_der(der).is_ok() {
        return Err(CertificateProblem::PrivateKey);
    }
    let key = match key_of_certificate(der) {
        Err(CertificateProblem::NotX509) => key_of_spki(der),
        result => result,
    };
    // Only what can't be read is taken for another form: the bytes of a key may happen to be text.
    match (key, Form::of(der)) {
        (Err(CertificateProblem::NotX509), Some(form)) => Err(CertificateProblem::OtherForm(form)),
        (key, _) => key,
    }
}

fn key_of_certificate(der: &[u8]) -> Result<VerificationKey, CertificateProblem> {
    let certificate = x509::Certificate::from_der(der).map_err(|_| CertificateProblem::NotX509)?.tbs;
    if certificate.serial_number.len() > x509::MAX_SERIAL_NUMBER {
        return Err(CertificateProblem::NotX509);
    }
    let key = public_key(&certificate.subject_public_key_info)?;
    match certificate.key_usage().map_err(|_| CertificateProblem::NotX509)? {
        Some(usage) if !usage.allows_signatures() => {
            Err(CertificateProblem::Key(KeyProblem::KeyUsage(usage)))
        }
        _ => Ok(verification_key(key, Some(certificate.validity.seconds()))),
    }
}

fn key_of_spki(der: &[u8]) -> Result<VerificationKey, CertificateProblem> {
    let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| CertificateProblem::NotX509)?;
    Ok(verification_key(public_key(&spki)?, None))
}

/// The key of a SubjectPublicKeyInfo (RFC 3279, RFC 5480, RFC 8410).
fn public_key(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<PublicKey, CertificateProblem> {
    let key = spki.subject_public_key.as_bytes().ok_or(CertificateProblem::NotX509)?;
    // Compared one after the other: as patterns they are compared byte by byte, in 2 kB of code.
    let oid = spki.algorithm.oid;
    if oid == RSA_ENCRYPTION {
        rsa_key(key)
    } else if oid == ID_EC_PUBLIC_KEY {
        let curve = spki.algorithm.parameters_oid().ok().and_then(curve_of);
        let curve = curve.ok_or(CertificateProblem::Unsupported(KeyType::OtherCurve))?;
        PublicKey::from_sec1(curve, key).map_err(CertificateProblem::Key)
    } else if oid == ID_ED25519 {
        PublicKey::from_ed25519(key).map_err(CertificateProblem::Key)
    } else {
        Err(CertificateProblem::Unsupported(KeyType::of(oid)))
    }
}

/// The key of an RSAPublicKey (RFC 8017 appendix A.1.1).
fn rsa_key(der: &[u8]) -> Result<PublicKey, CertificateProblem> {
    let key = RsaPublicKey::<UintRef<'_>>::from_der(der).map_err(|_| CertificateProblem::NotX509)?;
    PublicKey::from_rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())
        .map_err(CertificateProblem::Key)
}

fn verification_key(material: PublicKey, validity: Option<Validity>) -> VerificationKey {
    let kid = Some(thumbprint(&material));
    VerificationKey { kid, algorithm: None, validity, material }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests;
