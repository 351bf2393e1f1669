//! The compact serialisation of a JWS (RFC 7515 section 3.1), read strictly (R30 to R32).

mod problem;

use alloc::string::String;
use alloc::vec::Vec;

use problem::malformed;
pub use problem::{Base64Problem, JwsError, Segment};

use super::algorithm::Algorithm;
use super::base64url;
use crate::json::{self, Object, Value};

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
/// not among them: a token never chooses its own key (R32). What proves possession of a key does (R100).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`.
    pub kid: Option<String>,
    /// `typ`.
    pub typ: Option<String>,
}

impl<'a> CompactJws<'a> {
    /// Reads a token. Nothing of it is trusted yet.
    ///
    /// # Errors
    /// The first reason why it is no signed token.
    pub fn parse(token: &'a str) -> Result<Self, JwsError> {
        Self::parse_with_members(token).map(|(jws, _)| jws)
    }

    /// The same, and all members of the header: for what brings its key along, as a DPoP proof does (RFC 9449 section 4.2).
    ///
    /// # Errors
    /// The first reason why it is no signed token.
    pub(crate) fn parse_with_members(token: &'a str) -> Result<(Self, Object), JwsError> {
        let (signing_input, header, payload, signature) = segments(token).ok_or_else(|| malformed(token))?;
        let decode = |text| base64url::decode(text).map_err(|_| malformed(token));
        let members = json::object(&decode(header)?).map_err(JwsError::HeaderNotJson)?;
        let header = Header::read(&members)?;
        let payload = decode(payload)?;
        let signature = decode(signature)?;
        if signature.is_empty() {
            return Err(JwsError::SignatureEmpty);
        }
        Ok((Self { header, payload, signing_input: signing_input.as_bytes(), signature }, members))
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
