//! The form of a certificate (RFC 5280 section 4.1), as far as it is looked at: the whole outline is read
//! strictly, but the issuer's name and all extensions but `keyUsage` stay what they are, since nothing is decided by them.

use alloc::vec::Vec;

use der::asn1::{
    BitStringRef, GeneralizedTime, IntRef, ObjectIdentifier, OctetStringRef, SequenceRef, UtcTime,
};
use der::{Choice, Decode as _, DecodeValue, Enumerated, FixedTag, Length, Tag, Tagged as _};
use rsa::pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::jose::key::problem::KeyUsage;

/// RFC 5280 section 4.1.2.2 allows 20 bytes; there are issuers that don't count the byte of the sign.
pub(super) const MAX_SERIAL_NUMBER: Length = Length::new(21);

#[derive(DecodeValue)]
#[expect(dead_code, reason = "read to see that it is there")]
pub(super) struct Certificate<'a> {
    pub(super) tbs: TbsCertificate<'a>,
    signature_algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

impl FixedTag for Certificate<'_> {
    const TAG: Tag = Tag::Sequence;
}

#[derive(DecodeValue)]
#[expect(dead_code, reason = "read to see that it is there")]
pub(super) struct TbsCertificate<'a> {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    pub(super) serial_number: IntRef<'a>,
    signature: AlgorithmIdentifierRef<'a>,
    issuer: &'a SequenceRef,
    pub(super) validity: Validity,
    pub(super) subject: &'a SequenceRef,
    pub(super) subject_public_key_info: SubjectPublicKeyInfoRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension<'a>>>,
}

impl FixedTag for TbsCertificate<'_> {
    const TAG: Tag = Tag::Sequence;
}

/// `id-ce-keyUsage` (RFC 5280 section 4.2.1.3).
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

#[derive(DecodeValue)]
#[expect(dead_code, reason = "whether it is critical decides nothing, but it must have the form")]
struct Extension<'a> {
    id: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    critical: bool,
    value: &'a OctetStringRef,
}

impl FixedTag for Extension<'_> {
    const TAG: Tag = Tag::Sequence;
}

impl TbsCertificate<'_> {
    /// What the key may be used for, if the certificate says so, critical or not (R47).
    pub(super) fn key_usage(&self) -> Result<Option<KeyUsage>, der::Error> {
        let mut found = self.extensions.iter().flatten().filter(|extension| extension.id == KEY_USAGE);
        let Some(extension) = found.next() else { return Ok(None) };
        let bits = BitStringRef::from_der(extension.value.as_bytes())?;
        // RFC 5280 section 4.2: an extension stands there once.
        if found.next().is_some() {
            return Err(bits.tag().value_error().into());
        }
        let set = bits.bits().enumerate().filter(|(bit, set)| *set && *bit < 16);
        Ok(Some(KeyUsage(set.fold(0, |usage, (bit, _)| usage | 1 << bit))))
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Enumerated)]
#[asn1(type = "INTEGER")]
#[repr(u8)]
enum Version {
    #[default]
    V1 = 0,
    V2 = 1,
    V3 = 2,
}

#[derive(DecodeValue)]
pub(super) struct Validity {
    not_before: Time,
    not_after: Time,
}

impl FixedTag for Validity {
    const TAG: Tag = Tag::Sequence;
}

impl Validity {
    /// Both ends in seconds since 1970.
    pub(super) fn seconds(&self) -> crate::jose::key::jwk::Validity {
        crate::jose::key::jwk::Validity {
            not_before: self.not_before.seconds(),
            not_after: self.not_after.seconds(),
        }
    }
}

#[derive(Choice)]
enum Time {
    #[asn1(type = "UTCTime")]
    Utc(UtcTime),
    #[asn1(type = "GeneralizedTime")]
    Generalized(GeneralizedTime),
}

impl Time {
    fn seconds(&self) -> u64 {
        match self {
            Self::Utc(time) => time.to_unix_duration().as_secs(),
            Self::Generalized(time) => time.to_unix_duration().as_secs(),
        }
    }
}
