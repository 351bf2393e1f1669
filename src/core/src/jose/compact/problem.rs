//! Why a text is not a signed token that can be verified: which malformation it is and where, for an administrator who
//! looks into a refusal.

use core::fmt;

use crate::jose::base64url;
use crate::json::JsonFault;

/// Why a text is not a signed token that can be verified. Positions are bytes of the text, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwsError {
    /// The text is empty.
    Empty,
    /// The text begins with a byte order mark.
    ByteOrderMark,
    /// The JSON serialisation of a JWS or JWE.
    JsonSerialisation,
    /// The text begins with an authentication scheme, as it stands in a header: `Bearer `.
    BearerBefore,
    /// The text is a token and a line break.
    LineBreakAtEnd,
    /// White space within the text, or around it.
    WhiteSpace {
        /// The first byte of it.
        byte: usize,
    },
    /// Not three segments between two dots.
    NotThreeSegments {
        /// How many there are.
        found: usize,
    },
    /// A JWE: five segments, or a header with `enc`.
    Encrypted,
    /// A segment is not canonical base64url.
    NotBase64Url(Segment, Base64Problem),
    /// The header is not a strict JSON object.
    HeaderNotJson(JsonFault),
    /// `alg` is absent.
    AlgorithmMissing,
    /// `alg` is none that may ever verify an assertion: it is not a string.
    AlgorithmNotString(&'static str),
    /// `alg` is `none`, in any case.
    AlgorithmNone,
    /// `alg` is an HMAC.
    AlgorithmSymmetric,
    /// `alg` is none that this crate knows.
    AlgorithmUnknown,
    /// `crit` or `b64` is there; no extension is implemented.
    Critical,
    /// `kid` or `typ` is not a string.
    NotString {
        /// Which of them.
        member: &'static str,
        /// What it is instead.
        found: &'static str,
    },
    /// The third segment is empty.
    SignatureEmpty,
}

/// Why a segment is not the one base64url spelling of its bytes (RFC 7515 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base64Problem {
    /// A `=` at this byte of the text.
    Padding(usize),
    /// A `+` or `/` at this byte: base64, but not base64url.
    OtherAlphabet(usize),
    /// Another character that is not of the alphabet, at this byte.
    Character(usize),
    /// One character more than a multiple of four.
    Length,
    /// The last character has bits that belong to no byte, and they are not zero.
    TrailingBits,
}

/// A segment of the compact serialisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// The first.
    Header,
    /// The second.
    Payload,
    /// The third.
    Signature,
}

/// What is wrong with a text that is not three segments of base64url: what people paste is named first.
#[cold]
pub(super) fn malformed(token: &str) -> JwsError {
    if token.is_empty() {
        return JwsError::Empty;
    }
    if token.starts_with('\u{feff}') {
        return JwsError::ByteOrderMark;
    }
    if token.trim_start().starts_with('{') {
        return JwsError::JsonSerialisation;
    }
    let scheme = token.split_whitespace().next().unwrap_or_default();
    if ["bearer", "bearer:", "dpop"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return JwsError::BearerBefore;
    }
    if let Some(position) = token.find(char::is_whitespace) {
        let only_at_the_end = token[position..].bytes().all(|byte| matches!(byte, b'\r' | b'\n'));
        let byte = position + 1;
        return if only_at_the_end { JwsError::LineBreakAtEnd } else { JwsError::WhiteSpace { byte } };
    }
    match token.split('.').count() {
        3 => {}
        5 => return JwsError::Encrypted,
        found => return JwsError::NotThreeSegments { found },
    }
    let mut begin = 0;
    for (segment, text) in
        [Segment::Header, Segment::Payload, Segment::Signature].into_iter().zip(token.split('.'))
    {
        if base64url::decode(text).is_err() {
            return JwsError::NotBase64Url(segment, base64_problem(text, begin));
        }
        begin += text.len() + 1;
    }
    JwsError::NotThreeSegments { found: 3 }
}

/// Why a segment that begins at this byte of the text can't be decoded.
fn base64_problem(segment: &str, begin: usize) -> Base64Problem {
    let of_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match segment.bytes().enumerate().find(|(_, byte)| !of_alphabet(*byte)) {
        Some((index, b'=')) => Base64Problem::Padding(begin + index + 1),
        Some((index, b'+' | b'/')) => Base64Problem::OtherAlphabet(begin + index + 1),
        Some((index, _)) => Base64Problem::Character(begin + index + 1),
        None if segment.len() % 4 == 1 => Base64Problem::Length,
        None => Base64Problem::TrailingBits,
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

impl fmt::Display for Base64Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Padding(byte) => {
                write!(f, "is padded: = at byte {byte}, and base64url in a JWT has no padding")
            }
            Self::OtherAlphabet(byte) => {
                write!(f, "is base64 and not base64url: + or / at byte {byte}, where - and _ are wanted")
            }
            Self::Character(byte) => write!(f, "is not base64url: another character at byte {byte}"),
            Self::Length => {
                f.write_str("is cut off: no base64url has one character more than a multiple of four")
            }
            Self::TrailingBits => {
                f.write_str("is not canonical base64url: its last character has bits that belong to no byte")
            }
        }
    }
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the text is empty"),
            Self::ByteOrderMark => {
                f.write_str("begins with a byte order mark, which some editors put into files")
            }
            Self::JsonSerialisation => f.write_str(
                "begins with {: the JSON serialisation of a JWS is not accepted, only the compact one",
            ),
            Self::BearerBefore => {
                f.write_str("begins with the name of a scheme, Bearer: only the token is wanted")
            }
            Self::LineBreakAtEnd => f.write_str(
                "ends with a line break, which is refused as part of the token: \
                 curl --data-urlencode assertion@file sends it too; tr -d '\\r\\n' takes it away",
            ),
            Self::WhiteSpace { byte } => write!(f, "has white space at byte {byte}, and a token has none"),
            Self::NotThreeSegments { found: 1 } => {
                f.write_str("has no dot in it: a token is three segments separated by dots")
            }
            Self::NotThreeSegments { found } => {
                write!(f, "has {found} segments: a token is three segments separated by dots")
            }
            Self::Encrypted => f.write_str("an encrypted token (JWE) is not accepted, only a signed one"),
            Self::NotBase64Url(segment, problem) => write!(f, "the {segment} {problem}"),
            Self::HeaderNotJson(fault) => write!(f, "the header: {fault}"),
            Self::AlgorithmMissing => f.write_str("the header has no alg"),
            Self::AlgorithmNotString(found) => write!(f, "alg in the header is {found}; a string is wanted"),
            Self::AlgorithmNone => f.write_str("alg is none: unsigned tokens are not accepted"),
            Self::AlgorithmSymmetric => f.write_str("alg is an HMAC, which is not accepted"),
            Self::AlgorithmUnknown => f.write_str("alg is not an algorithm that is known here"),
            Self::Critical => {
                f.write_str("the header asks for an extension (crit or b64), and none is supported")
            }
            Self::NotString { member, found } => {
                write!(f, "{member} in the header is {found}; a string is wanted, or no {member} at all")
            }
            Self::SignatureEmpty => f.write_str("the signature is empty"),
        }
    }
}

impl core::error::Error for JwsError {}
