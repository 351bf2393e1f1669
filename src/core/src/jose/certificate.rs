//! Keys from X.509 certificates and public keys, as PEM or as base64 of DER.
//!
//! A certificate is registered by an administrator, who thereby trusts it: no chain is built and
//! no signature of a certificate is checked; its validity is kept with the key (R47).

mod x509;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::{RsaPrivateKey, RsaPublicKey, UintRef};
use rsa::pkcs8::PrivateKeyInfoRef;
use rsa::pkcs8::der::Decode as _;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;

use super::jwk::{self, KeyProblem, Validity, VerificationKey};
use super::pkix::{ID_EC_PUBLIC_KEY, ID_ED25519, RSA_ENCRYPTION, curve_of};
use super::public_key::PublicKey;

/// Why a text holds no usable certificate or public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateError {
    /// Nothing but white space.
    Empty,
    /// Neither a PEM block nor base64.
    NoPemBlock,
    /// A PEM block has no end, or its content is not base64.
    BadPem,
    /// A private key. It must not be stored here.
    PrivateKey,
    /// A PEM block of another kind than a certificate or a public key.
    UnexpectedBlock,
    /// A block that is neither an X.509 certificate nor a public key.
    NotX509,
    /// A type of key that no algorithm here uses.
    UnsupportedKey,
    /// A key that is refused wherever it comes from.
    Key(KeyProblem),
    /// More keys than [`MAX_KEYS`](super::jwk::MAX_KEYS).
    TooManyKeys,
}

/// Reads every certificate and public key of a text.
///
/// The text holds PEM blocks (`CERTIFICATE`, `PUBLIC KEY`, `RSA PUBLIC KEY`), with any text around
/// them, such as what `openssl x509 -text` prints; or it is the base64 of one certificate or
/// public key in DER. White space within a block is ignored (RFC 7468 section 3, the lax grammar).
///
/// Every key of the text becomes a key of the issuer, those of a chain's authorities too: register
/// the signing certificates only. The extensions of a certificate are not looked at.
///
/// # Errors
/// The first reason that makes the text unusable; a text with one bad block is refused as a whole.
pub fn import(text: &str) -> Result<Vec<VerificationKey>, CertificateError> {
    if text.trim().is_empty() {
        return Err(CertificateError::Empty);
    }
    let blocks = pem_blocks(text)?;
    if blocks.is_empty() {
        let der = from_base64(text).ok_or(CertificateError::NoPemBlock)?;
        return key_of_der(&der).map(|key| vec![key]);
    }
    if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err(CertificateError::PrivateKey);
    }
    if blocks.len() > jwk::MAX_KEYS {
        return Err(CertificateError::TooManyKeys);
    }
    blocks.iter().map(key_of_block).collect()
}

/// What stands between `-----BEGIN label-----` and `-----END label-----`.
struct PemBlock<'a> {
    label: &'a str,
    body: &'a str,
}

fn pem_blocks(mut text: &str) -> Result<Vec<PemBlock<'_>>, CertificateError> {
    let mut blocks = Vec::new();
    while let Some((_, rest)) = text.split_once("-----BEGIN ") {
        let (label, rest) = rest.split_once("-----").ok_or(CertificateError::BadPem)?;
        let (body, rest) = rest.split_once("-----END ").ok_or(CertificateError::BadPem)?;
        let rest = rest.strip_prefix(label).and_then(|rest| rest.strip_prefix("-----"));
        // Its hyphens must not be those of the next block as well, which would then be overlooked.
        let rest = rest.filter(|rest| rest.chars().next().is_none_or(char::is_whitespace));
        text = rest.ok_or(CertificateError::BadPem)?;
        blocks.push(PemBlock { label, body });
    }
    Ok(blocks)
}

fn key_of_block(block: &PemBlock<'_>) -> Result<VerificationKey, CertificateError> {
    let der = from_base64(block.body).ok_or(CertificateError::BadPem)?;
    match block.label {
        "CERTIFICATE" | "X509 CERTIFICATE" => key_of_certificate(&der),
        "PUBLIC KEY" => key_of_spki(&der),
        "RSA PUBLIC KEY" => rsa_key(&der).map(|key| verification_key(key, None)),
        _ => Err(CertificateError::UnexpectedBlock),
    }
}

/// The key of a certificate or public key that came without a label.
fn key_of_der(der: &[u8]) -> Result<VerificationKey, CertificateError> {
    if PrivateKeyInfoRef::from_der(der).is_ok() || RsaPrivateKey::<UintRef<'_>>::from_der(der).is_ok() {
        return Err(CertificateError::PrivateKey);
    }
    match key_of_certificate(der) {
        Err(CertificateError::NotX509) => key_of_spki(der),
        result => result,
    }
}

fn key_of_certificate(der: &[u8]) -> Result<VerificationKey, CertificateError> {
    let certificate = x509::Certificate::from_der(der).map_err(|_| CertificateError::NotX509)?.tbs;
    if certificate.serial_number.len() > x509::MAX_SERIAL_NUMBER {
        return Err(CertificateError::NotX509);
    }
    let key = public_key(&certificate.subject_public_key_info)?;
    Ok(verification_key(key, Some(certificate.validity.seconds())))
}

fn key_of_spki(der: &[u8]) -> Result<VerificationKey, CertificateError> {
    let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| CertificateError::NotX509)?;
    Ok(verification_key(public_key(&spki)?, None))
}

/// The key of a SubjectPublicKeyInfo (RFC 3279, RFC 5480, RFC 8410).
fn public_key(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<PublicKey, CertificateError> {
    let key = spki.subject_public_key.as_bytes().ok_or(CertificateError::NotX509)?;
    match spki.algorithm.oid {
        RSA_ENCRYPTION => rsa_key(key),
        ID_EC_PUBLIC_KEY => {
            let curve = spki.algorithm.parameters_oid().map_err(|_| CertificateError::UnsupportedKey)?;
            let curve = curve_of(curve).ok_or(CertificateError::UnsupportedKey)?;
            PublicKey::from_sec1(curve, key).map_err(CertificateError::Key)
        }
        ID_ED25519 => PublicKey::from_ed25519(key).map_err(CertificateError::Key),
        _ => Err(CertificateError::UnsupportedKey),
    }
}

/// The key of an RSAPublicKey (RFC 8017 appendix A.1.1).
fn rsa_key(der: &[u8]) -> Result<PublicKey, CertificateError> {
    let key = RsaPublicKey::<UintRef<'_>>::from_der(der).map_err(|_| CertificateError::NotX509)?;
    PublicKey::from_rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes()).map_err(CertificateError::Key)
}

fn verification_key(material: PublicKey, validity: Option<Validity>) -> VerificationKey {
    let kid = Some(jwk::thumbprint(&material));
    VerificationKey { kid, algorithm: None, validity, material }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::NoPemBlock => f.write_str("neither a PEM block nor base64 of DER"),
            Self::BadPem => f.write_str("a PEM block is damaged"),
            Self::PrivateKey => f.write_str("a private key; register the certificate or the public key"),
            Self::UnexpectedBlock => f.write_str("a PEM block that is neither CERTIFICATE nor PUBLIC KEY"),
            Self::NotX509 => f.write_str("neither an X.509 certificate nor a public key"),
            Self::UnsupportedKey => f.write_str("the key type is not supported"),
            Self::Key(problem) => problem.fmt(f),
            Self::TooManyKeys => f.write_str("too many keys"),
        }
    }
}

impl core::error::Error for CertificateError {}

#[cfg(test)]
mod tests;
