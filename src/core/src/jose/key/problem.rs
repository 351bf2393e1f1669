//! Why a key of an issuer is not used, and which one it is (R31, R47, R53). The texts are stable: logs, `explain` and
//! the responses of registrations show them. None shows anything of a key.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use der::DateTime;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

/// How many keys of a set are read (R53).
pub const MAX_KEYS: usize = 200;

/// A key that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SkippedKey {
    /// Which one it is.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub key: KeyPlace,
    /// Why it is not used.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub reason: KeyProblem,
}

/// Where a key stands in the document that it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// The element of `keys` in a JWK set, counted from 0.
    Element(usize),
    /// All elements of `keys` from this one on.
    ElementsFrom(usize),
    /// A block of a PEM file.
    Block {
        /// Which one, counted from 1.
        number: usize,
        /// What stands behind `BEGIN`.
        label: String,
    },
    /// The one certificate or public key in DER.
    Der,
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(index) => write!(f, "keys[{index}]"),
            Self::ElementsFrom(index) => write!(f, "keys[{index}] and all after it"),
            Self::Block { number, label } => write!(f, "block {number} ({label})"),
            Self::Der => f.write_str("the DER"),
        }
    }
}

/// As the members `key` and `reason`, both text.
impl Serialize for SkippedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("SkippedKey", 2)?;
        members.serialize_field("key", &format_args!("{}", self.key))?;
        members.serialize_field("reason", &format_args!("{}", self.reason))?;
        members.end()
    }
}

impl fmt::Display for SkippedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

/// Why a key is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyProblem {
    /// The element of `keys` is not an object.
    NotAnObject,
    /// A member stands in it twice.
    MemberTwice,
    /// It is nested too deeply, or has a number that no reader keeps.
    NotStrictJson,
    /// A member is missing.
    Missing(&'static str),
    /// A member is not a string.
    NotText(&'static str),
    /// A member is not an array.
    NotAnArray(&'static str),
    /// A member is base64 with padding.
    Padded(&'static str),
    /// A member is not base64url.
    NotBase64Url(&'static str),
    /// A coordinate is longer or shorter than the field.
    Length {
        /// The member.
        name: &'static str,
        /// How many bytes it has.
        found: usize,
        /// How many it must have.
        wanted: usize,
    },
    /// `kty` is none that an algorithm here uses.
    UnknownType,
    /// `crv` is none that an algorithm here uses.
    UnknownCurve,
    /// A symmetric key (`oct`).
    Symmetric,
    /// A private key.
    Private,
    /// `use` is not `sig`.
    NotForSignatures,
    /// `use` is `jwt-svid`, and the keys are not those of a SPIFFE trust domain.
    ForJwtSvids,
    /// `use` is `x509-svid`.
    ForX509Svids,
    /// `key_ops` lacks `verify`.
    NotForVerification,
    /// The `keyUsage` of the certificate has neither `digitalSignature` nor `nonRepudiation`.
    KeyUsage(KeyUsage),
    /// The certificate is no longer valid; its last second, counted from 1970.
    Expired(u64),
    /// The certificate is not valid yet; its first second, counted from 1970.
    NotYetValid(u64),
    /// `alg` does not fit the type and curve, or is unknown.
    AlgorithmMismatch,
    /// An RSA modulus below 2048 bits.
    RsaTooSmall,
    /// An RSA modulus above 8192 bits.
    RsaTooLarge,
    /// An even RSA modulus.
    RsaEvenModulus,
    /// An RSA exponent that is even, below 65537 or above 2^33.
    RsaExponent,
    /// An RSA modulus whose primes can be guessed (CVE-2017-15361).
    RsaGuessable,
    /// Not a point of the curve, or one of small order.
    NotOnCurve,
    /// The algorithms of its registration allow none of it.
    NotAllowed,
    /// There are more than [`MAX_KEYS`].
    TooMany,
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::MemberTwice => f.write_str("a member stands in it twice"),
            Self::NotStrictJson => f.write_str("nested too deeply, or with a number out of range"),
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::NotText(name) => write!(f, "{name} is not a string"),
            Self::NotAnArray(name) => write!(f, "{name} is not an array"),
            Self::Padded(name) => {
                write!(f, "{name} has base64 padding; base64url is without (RFC 7515 section 2)")
            }
            Self::NotBase64Url(name) => write!(f, "{name} is not base64url (RFC 7515 section 2)"),
            Self::Length { name, found, wanted } => {
                write!(f, "{name} has {found} bytes; the curve wants {wanted} (RFC 7518 section 6.2.1.2)")
            }
            Self::UnknownType => f.write_str("the key type is not supported"),
            Self::UnknownCurve => f.write_str("the curve is not supported"),
            Self::Symmetric => f.write_str("a symmetric key never verifies an assertion"),
            Self::Private => f.write_str("a private key; register the public one"),
            Self::NotForSignatures => f.write_str("use is not sig"),
            Self::ForJwtSvids => {
                f.write_str("use is jwt-svid (SPIFFE), which counts for an issuer with trust_domain alone")
            }
            Self::ForX509Svids => f.write_str("use is x509-svid (SPIFFE): it certifies, and signs no JWT"),
            Self::NotForVerification => f.write_str("key_ops lacks verify"),
            Self::KeyUsage(usage) => write!(
                f,
                "keyUsage is {usage}, without digitalSignature or nonRepudiation (RFC 5280 section 4.2.1.3)"
            ),
            Self::Expired(last) => write!(f, "the certificate expired at {}", Moment(*last)),
            Self::NotYetValid(first) => write!(f, "the certificate is not valid before {}", Moment(*first)),
            Self::AlgorithmMismatch => f.write_str("alg does not fit the key type"),
            Self::RsaTooSmall => f.write_str("RSA below 2048 bits"),
            Self::RsaTooLarge => f.write_str("RSA above 8192 bits"),
            Self::RsaEvenModulus => f.write_str("n is even, so no RSA modulus"),
            Self::RsaExponent => f.write_str("an unsafe RSA exponent"),
            Self::RsaGuessable => f.write_str("an RSA modulus with the ROCA weakness"),
            Self::NotOnCurve => f.write_str("not a valid point of the curve"),
            Self::NotAllowed => f.write_str("the registration's algorithms allow none of the key"),
            Self::TooMany => write!(f, "more than {MAX_KEYS} keys"),
        }
    }
}

impl core::error::Error for KeyProblem {}

/// A second, counted from 1970, as people read it.
struct Moment(u64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_unix_duration(Duration::from_secs(self.0)) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "second {} since 1970", self.0),
        }
    }
}

/// What a certificate says its key may be used for: bit n is bit n of the extension (RFC 5280 section 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    const NAMES: [&'static str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// Whether the key may verify an assertion: `digitalSignature` or `nonRepudiation` (R47).
    #[must_use]
    pub const fn allows_signatures(self) -> bool {
        self.0 & 0b11 != 0
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Self::NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1).peekable();
        if names.peek().is_none() {
            return f.write_str("empty");
        }
        for (index, (_, name)) in names.enumerate() {
            write!(f, "{}{name}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
