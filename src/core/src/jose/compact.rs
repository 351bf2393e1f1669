//! The compact serialisation of a JWS (RFC 7515 section 3.1), read strictly (R30 to R32).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::algorithm::Algorithm;
use super::json::{self, JsonError, Object, Value};
use super::{base64url, digest};

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

/// Why a text is not a signed token that can be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwsError {
    /// Not three segments between two dots.
    NotThreeSegments,
    /// A JWE: five segments, or a header with `enc`.
    Encrypted,
    /// A segment is not canonical base64url.
    NotBase64Url(Segment),
    /// The header is not a strict JSON object.
    HeaderNotJson(JsonError),
    /// `alg` is absent or not a string.
    AlgorithmMissing,
    /// `alg` is `none`, in any case.
    AlgorithmNone,
    /// `alg` is an HMAC.
    AlgorithmSymmetric,
    /// `alg` is none that this crate knows.
    AlgorithmUnknown,
    /// `crit` or `b64` is there; no extension is implemented.
    Critical,
    /// `kid` is not a string.
    KidNotString,
    /// `typ` is not a string.
    TypNotString,
    /// The third segment is empty.
    SignatureEmpty,
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
        let (signing_input, header, payload, signature) = segments(token)?;
        let decode = |text, segment| base64url::decode(text).map_err(|_| JwsError::NotBase64Url(segment));
        let header = decode(header, Segment::Header)?;
        let header = json::parse_object(&header).map_err(JwsError::HeaderNotJson)?;
        let header = Header::read(&header)?;
        let payload = decode(payload, Segment::Payload)?;
        let signature = decode(signature, Segment::Signature)?;
        if signature.is_empty() {
            return Err(JwsError::SignatureEmpty);
        }
        Ok(Self { header, payload, signing_input: signing_input.as_bytes(), signature })
    }

    /// The SHA-256 digest of the signed part. It names the assertion where there is no `jti`:
    /// a signature can be varied without the key, the signed part can not (R45).
    #[must_use]
    pub fn signed_part_digest(&self) -> [u8; 32] {
        digest::sha256(self.signing_input)
    }
}

fn segments(token: &str) -> Result<(&str, &str, &str, &str), JwsError> {
    // The JSON serialisation may have any number of dots in it.
    if token.starts_with('{') {
        return Err(JwsError::NotThreeSegments);
    }
    let mut dots = token.bytes().enumerate().filter(|(_, byte)| *byte == b'.').map(|(i, _)| i);
    let (first, second) = match (dots.next(), dots.next(), dots.next(), dots.next(), dots.next()) {
        (Some(first), Some(second), None, ..) => (first, second),
        (Some(_), Some(_), Some(_), Some(_), None) => return Err(JwsError::Encrypted),
        _ => return Err(JwsError::NotThreeSegments),
    };
    Ok((&token[..second], &token[..first], &token[first + 1..second], &token[second + 1..]))
}

impl Header {
    fn read(header: &Object) -> Result<Self, JwsError> {
        if header.get("enc").is_some() {
            return Err(JwsError::Encrypted);
        }
        let algorithm = match header.get("alg") {
            Some(Value::String(name)) => algorithm(name)?,
            _ => return Err(JwsError::AlgorithmMissing),
        };
        // `b64` without `crit` breaks RFC 7797 section 6, and readers would differ on the payload.
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return Err(JwsError::Critical);
        }
        Ok(Self {
            algorithm,
            kid: optional_string(header, "kid", JwsError::KidNotString)?,
            typ: optional_string(header, "typ", JwsError::TypNotString)?,
        })
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

fn optional_string(header: &Object, name: &str, not_a_string: JwsError) -> Result<Option<String>, JwsError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(not_a_string),
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

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThreeSegments => f.write_str("not three segments separated by dots"),
            Self::Encrypted => f.write_str("encrypted tokens (JWE) are not accepted"),
            Self::NotBase64Url(segment) => {
                write!(f, "the {segment} is not base64url without padding")
            }
            Self::HeaderNotJson(error) => write!(f, "the header: {error}"),
            Self::AlgorithmMissing => f.write_str("the header has no alg"),
            Self::AlgorithmNone => f.write_str("unsigned tokens are not accepted"),
            Self::AlgorithmSymmetric => f.write_str("HMAC algorithms are not accepted"),
            Self::AlgorithmUnknown => f.write_str("the algorithm is not known"),
            Self::Critical => f.write_str("the header asks for an extension (crit), and none is supported"),
            Self::KidNotString => f.write_str("kid is not a string"),
            Self::TypNotString => f.write_str("typ is not a string"),
            Self::SignatureEmpty => f.write_str("the signature is empty"),
        }
    }
}

impl core::error::Error for JwsError {}

#[cfg(test)]
mod tests {
    use alloc::format;

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

    #[test]
    fn r30_segments() {
        for text in ["", ".", "a", "a.b", "a.b.c.d", "a.b.c.d.e.f", r#"{"payload":"","signatures":[]}"#] {
            assert_eq!(refused(text), JwsError::NotThreeSegments, "{text:?}");
        }
        assert_eq!(refused("a.b.c.d.e"), JwsError::Encrypted);
        assert_eq!(refused("...."), JwsError::Encrypted);
        assert_eq!(refused(&token(r#"{"alg":"RSA-OAEP","enc":"A128GCM"}"#)), JwsError::Encrypted);
        let good = token(r#"{"alg":"ES256"}"#);
        let (head, _) = good.split_once('.').expect("dots");
        for (text, segment) in [
            (format!("{head}=.e30.AAAA"), Segment::Header),
            (format!(" {head}.e30.AAAA"), Segment::Header),
            (format!("{head}.e31.AAAA"), Segment::Payload),
            (format!("{head}.e3?.AAAA"), Segment::Payload),
            (format!("{head}.e30.AAAA\n"), Segment::Signature),
            (format!("{head}.e30.AAA="), Segment::Signature),
        ] {
            assert_eq!(refused(&text), JwsError::NotBase64Url(segment), "{text:?}");
        }
        assert_eq!(refused(&format!("{head}.e30.")), JwsError::SignatureEmpty);
    }

    #[test]
    fn r30_header_is_strict_json() {
        let of = |header: &str| refused(&token(header));
        assert_eq!(of("[]"), JwsError::HeaderNotJson(JsonError::NotAnObject));
        assert_eq!(
            of(r#"{"alg":"ES256","alg":"ES256"}"#),
            JwsError::HeaderNotJson(JsonError::DuplicateMember)
        );
        assert_eq!(of(r#"{"alg":"ES256"} x"#), JwsError::HeaderNotJson(JsonError::TrailingBytes));
    }

    #[test]
    fn r31_algorithms() {
        for header in ["{}", r#"{"alg":null}"#, r#"{"alg":["ES256"]}"#] {
            assert_eq!(refused(&token(header)), JwsError::AlgorithmMissing);
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
        assert_eq!(refused(&token(r#"{"alg":"ES256","kid":7}"#)), JwsError::KidNotString);
        assert_eq!(refused(&token(r#"{"alg":"ES256","typ":null}"#)), JwsError::TypNotString);
    }
}
