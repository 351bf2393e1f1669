//! The compact serialisation of a JWS (RFC 7515 section 3.1), read strictly (R30 to R32).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::algorithm::Algorithm;
use super::base64url;
use crate::json::{self, JsonFault, Object, Value};

/// A token whose form is right. Its signature is not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactJws<'a> {
    /// The members of the protected header that mean something here.
    pub header: Header,
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// The signed bytes: the first two segments with the dot between them.
    pub signing_input: &'a [u8],
    /// The decoded signature; never empty.
    pub signature: Vec<u8>,
}

/// The members of a protected header that mean something here. `jku`, `x5u`, `x5c` and `jwk` are
/// not among them: a token never chooses its own key (R32).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`.
    pub kid: Option<String>,
    /// `typ`.
    pub typ: Option<String>,
}

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

impl<'a> CompactJws<'a> {
    /// Reads a token. Nothing of it is trusted yet.
    ///
    /// # Errors
    /// The first reason why it is no signed token.
    pub fn parse(token: &'a str) -> Result<Self, JwsError> {
        let (signing_input, header, payload, signature) = segments(token).ok_or_else(|| malformed(token))?;
        let decode = |text| base64url::decode(text).map_err(|_| malformed(token));
        let header = json::object(&decode(header)?).map_err(JwsError::HeaderNotJson)?;
        let header = Header::read(&header)?;
        let payload = decode(payload)?;
        let signature = decode(signature)?;
        if signature.is_empty() {
            return Err(JwsError::SignatureEmpty);
        }
        Ok(Self { header, payload, signing_input: signing_input.as_bytes(), signature })
    }
}

/// The signed part, and the three segments.
fn segments(token: &str) -> Option<(&str, &str, &str, &str)> {
    let mut dots = token.bytes().enumerate().filter(|(_, byte)| *byte == b'.').map(|(i, _)| i);
    let (first, second) = (dots.next()?, dots.next()?);
    // The JSON serialisation may have any number of dots in it.
    if dots.next().is_some() || token.starts_with('{') {
        return None;
    }
    Some((&token[..second], &token[..first], &token[first + 1..second], &token[second + 1..]))
}

/// What is wrong with a text that is not three segments of base64url: what people paste is named first.
#[cold]
fn malformed(token: &str) -> JwsError {
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

impl Header {
    fn read(header: &Object) -> Result<Self, JwsError> {
        if header.get("enc").is_some() {
            return Err(JwsError::Encrypted);
        }
        let algorithm = match header.get("alg") {
            Some(Value::String(name)) => algorithm(name)?,
            Some(other) => return Err(JwsError::AlgorithmNotString(other.kind())),
            None => return Err(JwsError::AlgorithmMissing),
        };
        // `b64` without `crit` breaks RFC 7797 section 6, and readers would differ on the payload.
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(JwsError::Critical);
        }
        Ok(Self { algorithm, kid: optional_string(header, "kid")?, typ: optional_string(header, "typ")? })
    }
}

fn algorithm(name: &str) -> Result<Algorithm, JwsError> {
    match Algorithm::from_name(name) {
        Some(algorithm) => Ok(algorithm),
        None if name.eq_ignore_ascii_case("none") => Err(JwsError::AlgorithmNone),
        None if matches!(name, "HS256" | "HS384" | "HS512") => Err(JwsError::AlgorithmSymmetric),
        None => Err(JwsError::AlgorithmUnknown),
    }
}

fn optional_string(header: &Object, member: &'static str) -> Result<Option<String>, JwsError> {
    match header.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(JwsError::NotString { member, found: other.kind() }),
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

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString as _;

    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.{}", base64url::encode(header.as_bytes()), "e30", "AAAA")
    }

    fn refused(token: &str) -> JwsError {
        CompactJws::parse(token).expect_err(token)
    }

    #[test]
    fn parts_of_a_token() {
        let text = token(r#"{"alg":"ES256","kid":"k","typ":"JWT","jku":7,"jwk":{},"x5c":[]}"#);
        let jws = CompactJws::parse(&text).expect("well formed");
        assert_eq!(jws.header.algorithm, Algorithm::Es256);
        assert_eq!(jws.header.kid.as_deref(), Some("k"));
        assert_eq!(jws.header.typ.as_deref(), Some("JWT"));
        assert_eq!(jws.payload, b"{}");
        assert_eq!(jws.signature, [0, 0, 0]);
        assert_eq!(jws.signing_input, &text.as_bytes()[..text.len() - 5]);
    }

    /// R30: which of the malformations it is, and where.
    #[test]
    fn r30_segments() {
        let good = token(r#"{"alg":"ES256"}"#);
        assert_eq!(refused(&token(r#"{"alg":"RSA-OAEP","enc":"A128GCM"}"#)), JwsError::Encrypted);
        let (head, _) = good.split_once('.').expect("dots");
        let length = head.len();
        let at = |segment, problem| JwsError::NotBase64Url(segment, problem);
        for (text, error) in [
            (String::new(), JwsError::Empty),
            (".".into(), JwsError::NotThreeSegments { found: 2 }),
            ("a".into(), JwsError::NotThreeSegments { found: 1 }),
            ("a.b.c.d".into(), JwsError::NotThreeSegments { found: 4 }),
            ("a.b.c.d.e.f".into(), JwsError::NotThreeSegments { found: 6 }),
            ("a.b.c.d.e".into(), JwsError::Encrypted),
            ("....".into(), JwsError::Encrypted),
            (r#"{"payload":"","signatures":[]}"#.into(), JwsError::JsonSerialisation),
            (" {\"a\":\"b.c.d\"}".into(), JwsError::JsonSerialisation),
            (format!("\u{feff}{good}"), JwsError::ByteOrderMark),
            (format!("Bearer {good}"), JwsError::BearerBefore),
            (format!("bearer\t{good}\n"), JwsError::BearerBefore),
            (format!("{good}\n"), JwsError::LineBreakAtEnd),
            (format!("{good}\r\n"), JwsError::LineBreakAtEnd),
            (format!(" {good}"), JwsError::WhiteSpace { byte: 1 }),
            (format!("{good} "), JwsError::WhiteSpace { byte: good.len() + 1 }),
            (format!("{head}.\ne30.AAAA"), JwsError::WhiteSpace { byte: length + 2 }),
            (format!("\"{good}\""), at(Segment::Header, Base64Problem::Character(1))),
            (format!("{head}=.e30.AAAA"), at(Segment::Header, Base64Problem::Padding(length + 1))),
            (format!("{head}.e3+.AAAA"), at(Segment::Payload, Base64Problem::OtherAlphabet(length + 4))),
            (format!("{head}.e31.AAAA"), at(Segment::Payload, Base64Problem::TrailingBits)),
            (format!("{head}.e3?.AAAA"), at(Segment::Payload, Base64Problem::Character(length + 4))),
            (format!("{head}.e30.AAA="), at(Segment::Signature, Base64Problem::Padding(length + 9))),
            (format!("{head}.e30.AAAA\0"), at(Segment::Signature, Base64Problem::Character(length + 10))),
            (format!("{head}.e30.A"), at(Segment::Signature, Base64Problem::Length)),
            (format!("{head}.e30."), JwsError::SignatureEmpty),
        ] {
            assert_eq!(refused(&text), error, "{text:?}");
        }
    }

    #[test]
    fn r30_header_is_strict_json() {
        let of = |header: &str| refused(&token(header)).to_string();
        assert_eq!(of("[]"), "the header: not a JSON object");
        assert_eq!(of(r#"{"alg":"ES256","alg":"ES256"}"#), r#"the header: a member occurs twice (in "alg")"#);
        assert_eq!(of(r#"{"alg":"ES256"} x"#), "the header: something follows the JSON document");
        assert_eq!(
            of(r#"{"alg":"ES256","kid":null}"#),
            "kid in the header is null; a string is wanted, or no kid at all"
        );
    }

    #[test]
    fn r31_algorithms() {
        assert_eq!(refused(&token("{}")), JwsError::AlgorithmMissing);
        for (header, found) in [(r#"{"alg":null}"#, "null"), (r#"{"alg":["ES256"]}"#, "an array")] {
            assert_eq!(refused(&token(header)), JwsError::AlgorithmNotString(found));
        }
        for name in ["none", "NONE", "nOnE"] {
            assert_eq!(refused(&token(&format!(r#"{{"alg":"{name}"}}"#))), JwsError::AlgorithmNone);
        }
        for name in ["HS256", "HS384", "HS512"] {
            let text = token(&format!(r#"{{"alg":"{name}"}}"#));
            assert_eq!(refused(&text), JwsError::AlgorithmSymmetric);
        }
        for name in ["", "es256", "ES256K", "Ed448", "none "] {
            let text = token(&format!(r#"{{"alg":"{name}"}}"#));
            assert_eq!(refused(&text), JwsError::AlgorithmUnknown);
        }
        let text = token(r#"{"alg":"Ed25519"}"#);
        assert_eq!(CompactJws::parse(&text).expect("RFC 9864").header.algorithm, Algorithm::EdDsa);
    }

    #[test]
    fn r32_critical_and_member_types() {
        for crit in [r#"["b64"]"#, r#"["exp"]"#, "[]", "null"] {
            let header = format!(r#"{{"alg":"ES256","crit":{crit},"b64":false}}"#);
            assert_eq!(refused(&token(&header)), JwsError::Critical);
        }
        assert_eq!(refused(&token(r#"{"alg":"ES256","b64":false}"#)), JwsError::Critical);
        let not_string = |member, found| JwsError::NotString { member, found };
        assert_eq!(refused(&token(r#"{"alg":"ES256","kid":7}"#)), not_string("kid", "a number"));
        assert_eq!(refused(&token(r#"{"alg":"ES256","typ":null}"#)), not_string("typ", "null"));
    }
}
