//! The form of a certificate (RFC 5280 section 4.1), as far as it is looked at: the whole outline is read
//! strictly, but names and extensions stay what they are, since nothing is decided by them.

use der::asn1::{BitStringRef, GeneralizedTime, IntRef, SequenceRef, UtcTime};
use der::{Choice, DecodeValue, Enumerated, FixedTag, Length, Tag};
use rsa::pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

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
    subject: &'a SequenceRef,
    pub(super) subject_public_key_info: SubjectPublicKeyInfoRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<&'a SequenceRef>,
}

impl FixedTag for TbsCertificate<'_> {
    const TAG: Tag = Tag::Sequence;
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
    pub(super) fn seconds(&self) -> crate::jose::jwk::Validity {
        crate::jose::jwk::Validity {
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
