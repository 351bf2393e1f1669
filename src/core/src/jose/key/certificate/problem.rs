//! Why a text holds no usable certificate or public key, and which of its blocks is at fault.

use core::fmt;

use rsa::pkcs8::ObjectIdentifier;

use crate::jose::key::form::Form;
use crate::jose::key::problem::{KeyPlace, KeyProblem, MAX_KEYS};

/// A text that holds no usable certificate or public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateError {
    /// The block at fault, where it is one.
    pub place: Option<KeyPlace>,
    /// What is wrong.
    pub problem: CertificateProblem,
}

/// Why it holds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateProblem {
    /// Nothing but white space.
    Empty,
    /// Neither a PEM block nor base64.
    NoPemBlock,
    /// JSON, HTML or UTF-16, or PEM in base64.
    OtherForm(Form),
    /// A PEM block has no end.
    NoEnd,
    /// The content of a PEM block is not base64.
    NotBase64,
    /// A private key. It must not be stored here.
    PrivateKey,
    /// A PEM block of another kind than a certificate or a public key.
    UnexpectedBlock,
    /// A block that is neither an X.509 certificate nor a public key.
    NotX509,
    /// A type of key that no algorithm here uses.
    Unsupported(KeyType),
    /// A key that is refused wherever it comes from.
    Key(KeyProblem),
    /// More keys than [`MAX_KEYS`].
    TooManyKeys,
}

/// A type of key that is not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// DSA.
    Dsa,
    /// RSA that is for PSS alone.
    RsaPss,
    /// A key for key agreement: X25519 or X448.
    KeyAgreement,
    /// Ed448.
    Ed448,
    /// Elliptic, on another curve than P-256, P-384, P-521.
    OtherCurve,
    /// Any other.
    Other,
}

impl KeyType {
    /// The type with this object identifier, as far as people meet it.
    pub(super) fn of(oid: ObjectIdentifier) -> Self {
        const KNOWN: [(ObjectIdentifier, KeyType); 5] = [
            (ObjectIdentifier::new_unwrap("1.2.840.10040.4.1"), KeyType::Dsa),
            (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"), KeyType::RsaPss),
            // X25519 and X448.
            (ObjectIdentifier::new_unwrap("1.3.101.110"), KeyType::KeyAgreement),
            (ObjectIdentifier::new_unwrap("1.3.101.111"), KeyType::KeyAgreement),
            (ObjectIdentifier::new_unwrap("1.3.101.113"), KeyType::Ed448),
        ];
        let known = KNOWN.into_iter().find(|(known, _)| *known == oid);
        known.map_or(Self::Other, |(_, key_type)| key_type)
    }
}

impl CertificateProblem {
    /// The error of this block.
    pub(super) const fn at(self, place: KeyPlace) -> CertificateError {
        CertificateError { place: Some(place), problem: self }
    }
}

impl From<CertificateProblem> for CertificateError {
    fn from(problem: CertificateProblem) -> Self {
        Self { place: None, problem }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.problem),
            None => self.problem.fmt(f),
        }
    }
}

impl core::error::Error for CertificateError {}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::NoPemBlock => f.write_str("neither a PEM block nor base64 of DER"),
            Self::OtherForm(Form::Json) => f.write_str("this is JSON, not a certificate: use jwks"),
            Self::OtherForm(Form::Pem) => f.write_str("this is PEM in base64: register the PEM itself"),
            Self::OtherForm(form) => write!(f, "this is {form}, neither PEM nor base64 of DER"),
            Self::NoEnd => f.write_str("the PEM block is damaged: its END line is missing or another one's"),
            Self::NotBase64 => f.write_str("the PEM block is damaged: its content is not base64"),
            Self::PrivateKey => f.write_str("a private key; register the certificate or the public key"),
            Self::UnexpectedBlock => f.write_str("a PEM block that is neither CERTIFICATE nor PUBLIC KEY"),
            Self::NotX509 => f.write_str("neither an X.509 certificate nor a public key"),
            Self::Unsupported(key_type) => key_type.fmt(f),
            Self::Key(problem) => problem.fmt(f),
            Self::TooManyKeys => write!(f, "more than {MAX_KEYS} keys"),
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dsa => "a DSA key; DSA is not supported",
            Self::RsaPss => {
                "an RSA-PSS key (id-RSASSA-PSS), which is not supported: register its public key as a JWK with alg PS256"
            }
            Self::KeyAgreement => "a key for key agreement, which signs nothing",
            Self::Ed448 => "an Ed448 key; Ed448 is not supported",
            Self::OtherCurve => "a key on a curve other than P-256, P-384 and P-521",
            Self::Other => "the key type is not supported",
        })
    }
}
