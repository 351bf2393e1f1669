//! Files that people hand over: read within a limit, and named for what they are where they are something else.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use serde_json::Value;

use super::failure::Failure;
use super::strict_json::Strict;

/// The most MiB that a file may have. A whole installation's registrations are a few.
const MOST_MIB: u64 = 16;

/// What a text is that is not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pem,
    Html,
    Jwt,
    Json,
    Toml,
    Yaml,
    Unknown,
}

impl Kind {
    fn of(text: &str) -> Self {
        let text = text.trim();
        let is_line = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let line = text.lines().map(str::trim).find(is_line).unwrap_or_default();
        if text.starts_with('{') {
            // First, since JSON may hold PEM.
            Self::Json
        } else if text.contains("-----BEGIN ") {
            Self::Pem
        } else if text.starts_with('<') {
            Self::Html
        } else if text.starts_with("eyJ") && text.matches('.').count() == 2 && !text.contains(' ') {
            Self::Jwt
        } else if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            Self::Json
        } else if line.starts_with('[') || is_assignment(line) {
            Self::Toml
        } else if line == "---" || line.starts_with("- ") || line.ends_with(':') || line.contains(": ") {
            Self::Yaml
        } else {
            Self::Unknown
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pem => "this is PEM",
            Self::Html => "this is HTML or XML",
            Self::Jwt => "this is a JWT",
            Self::Json => "this is JSON",
            Self::Toml => "this is TOML",
            Self::Yaml => "this is YAML",
            Self::Unknown => "this is neither",
        }
    }
}

/// `name = value`, as TOML has it.
fn is_assignment(line: &str) -> bool {
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.\"".contains(&byte));
    line.split_once('=').is_some_and(|(name, _)| !name.trim().is_empty() && is_name(name.trim()))
}

/// The bytes of a file. `place` is what the person wrote, and stands in each message.
pub(crate) fn bytes(place: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| Failure::invalid(place, error))?;
    limited(place, file, MOST_MIB)
}

fn limited(place: &str, source: impl Read, most_mib: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = source.take((most_mib << 20) + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::invalid(place, error))?;
    if bytes.len() as u64 > most_mib << 20 {
        return Err(Failure::invalid(place, format_args!("must not exceed {most_mib} MiB")));
    }
    Ok(bytes)
}

/// The text of a file, as it is: a mark of its encoding (BOM) stays in it.
pub(crate) fn text(place: &str, path: &Path) -> Result<String, Failure> {
    utf8(place, bytes(place, path)?)
}

/// The same of a file that has a limit of its own, in MiB.
pub(crate) fn text_within(place: &str, path: &Path, most_mib: u64) -> Result<String, Failure> {
    let file = File::open(path).map_err(|error| Failure::invalid(place, error))?;
    utf8(place, limited(place, file, most_mib)?)
}

/// The text on standard input.
pub(crate) fn standard_input() -> Result<String, Failure> {
    const PLACE: &str = "standard input";
    utf8(PLACE, limited(PLACE, stdin(), MOST_MIB)?)
}

/// The bytes as UTF-8, or what they are instead.
pub(crate) fn utf8(place: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    if is_utf16(&bytes) {
        return Err(Failure::invalid(
            place,
            "must be UTF-8; this is UTF-16, as `>` of Windows PowerShell writes it; `Out-File -Encoding ascii` does not",
        ));
    }
    String::from_utf8(bytes).map_err(|_| Failure::invalid(place, "must be text in UTF-8"))
}

/// It has the mark of UTF-16, or each of the first characters is ASCII and has a zero byte beside it.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    let [a, b, c, d, ..] = *bytes else { return false };
    let ascii = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    matches!((a, b), (0xff, 0xfe) | (0xfe, 0xff))
        || (b, d) == (0, 0) && ascii(a) && ascii(c)
        || (a, c) == (0, 0) && ascii(b) && ascii(d)
}

/// A text without the mark that some editors put before UTF-8 (RFC 8259 section 8.1 lets us ignore it).
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A text as JSON. `wanted` says what it must be.
pub(crate) fn json(place: &str, text: &str, wanted: &str) -> Result<Value, Failure> {
    let text = without_mark(text);
    let parsed = serde_json::from_str(text).map(|Strict(value)| value);
    parsed.map_err(|error| {
        let problem = match Kind::of(text) {
            _ if text.trim().is_empty() => format!("{wanted}; this is empty"),
            Kind::Json | Kind::Unknown => format!("{wanted}: {error}"),
            kind => format!("{wanted}; {}", kind.name()),
        };
        Failure::invalid(place, problem)
    })
}

/// Registrations: TOML in a file whose name ends so, else JSON.
pub(crate) fn registrations(place: &str, text: &str, is_toml: bool) -> Result<Value, Failure> {
    let text = without_mark(text);
    let wanted = |rest: &str| Failure::invalid(place, format_args!("must be JSON or TOML; {rest}"));
    if text.trim().is_empty() {
        return Err(wanted("this is empty"));
    }
    // Read first: registrations may hold certificates, which look like a file of them.
    let read = match is_toml {
        true => toml::from_str(text).map_err(|error| Failure::invalid(place, in_line(text, &error))),
        false => json(place, text, "must be JSON or TOML"),
    };
    let begins_as_toml = text.trim_start().starts_with(['[', '#']);
    read.map_err(|failure| match (Kind::of(text), is_toml) {
        (Kind::Json, true) => wanted("this is JSON in a file whose name ends in .toml"),
        (Kind::Toml, false) => wanted("TOML is read from a file whose name ends in .toml"),
        (Kind::Pem, _) if begins_as_toml => failure,
        (kind @ (Kind::Pem | Kind::Html | Kind::Jwt | Kind::Yaml), _) => wanted(kind.name()),
        _ => failure,
    })
}

/// A mistake in TOML with its place, but without its line: that may hold a secret.
fn in_line(text: &str, error: &toml::de::Error) -> String {
    let begin = error.span().map_or(0, |span| span.start);
    let before = text.get(..begin).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{} at line {line} column {column}", error.message())
}

/// What a file of certificates holds.
pub(crate) enum Certificates {
    /// PEM, as far as can be told.
    Text(String),
    /// One in DER.
    Der(Vec<u8>),
}

/// A file of certificates. What no certificate is at first sight is named; the rest is the server's to judge.
pub(crate) fn certificates(place: &str, path: &Path) -> Result<Certificates, Failure> {
    let wanted = |rest: &str| {
        Failure::invalid(
            place,
            format_args!("must be certificates or public keys in PEM, or one in DER; {rest}"),
        )
    };
    let bytes = bytes(place, path)?;
    if bytes.is_empty() {
        return Err(wanted("this is empty"));
    }
    // DER begins with the tag of a sequence, and is no UTF-8 but by a chance that nobody will see.
    let text = match String::from_utf8(bytes) {
        Err(error) if error.as_bytes().first() == Some(&0x30) => {
            return Ok(Certificates::Der(error.into_bytes()));
        }
        Err(error) => utf8(place, error.into_bytes())?,
        Ok(text) if is_utf16(text.as_bytes()) => utf8(place, text.into_bytes())?,
        Ok(text) => without_mark(&text).to_owned(),
    };
    match Kind::of(&text) {
        _ if text.trim().is_empty() => Err(wanted("this is empty")),
        Kind::Json => Err(wanted("this is JSON: a JWK set is given with --jwks")),
        kind @ (Kind::Html | Kind::Jwt) => Err(wanted(kind.name())),
        Kind::Pem | Kind::Toml | Kind::Yaml | Kind::Unknown => Ok(Certificates::Text(text)),
    }
}

/// A file with a JWK set. Whether its keys can be used is the server's to judge.
pub(crate) fn jwk_set(place: &str, path: &Path) -> Result<Value, Failure> {
    const WANTED: &str = "must be a JWK set in JSON";
    let wanted = |rest: &str| Failure::invalid(place, format_args!("{WANTED}; {rest}"));
    let bytes = bytes(place, path)?;
    if bytes.first() == Some(&0x30) && std::str::from_utf8(&bytes).is_err() {
        return Err(wanted("this is DER: a certificate or public key is given with --certificate"));
    }
    let text = utf8(place, bytes)?;
    if Kind::of(&text) == Kind::Pem && !text.contains("PRIVATE KEY-----") {
        return Err(wanted("this is PEM: certificates and public keys are given with --certificate"));
    }
    let document = json(place, &text, WANTED)?;
    match &document {
        Value::Object(members) if members.contains_key("keys") => Ok(document),
        Value::Object(members) if members.contains_key("kty") => {
            Err(wanted("this is one JWK: write {\"keys\": [ ... ]} around it"))
        }
        Value::Object(members) if members.contains_key("jwks_uri") => {
            Err(wanted("this is a discovery document: its jwks_uri is given with --jwks-uri"))
        }
        _ => Err(wanted("this has no member keys")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_named_for_what_it_is() {
        let kinds = [
            ("-----BEGIN CERTIFICATE-----", Kind::Pem),
            ("subject=/CN=x\n-----BEGIN CERTIFICATE-----", Kind::Pem),
            ("{\"keys\":", Kind::Json),
            (" [1]", Kind::Json),
            ("# c\n[[organizations]]\nname = 1", Kind::Toml),
            ("name = \"x: y\"", Kind::Toml),
            ("---\norganizations:\n", Kind::Yaml),
            ("# c\norganizations:\n  - name: acme", Kind::Yaml),
            ("name: acme", Kind::Yaml),
            ("- a", Kind::Yaml),
            ("<!doctype html>", Kind::Html),
            ("eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x", Kind::Jwt),
            ("junk", Kind::Unknown),
        ];
        for (text, kind) in kinds {
            assert_eq!(Kind::of(text), kind, "{text}");
        }
    }

    #[test]
    fn utf_16_is_told_from_utf_8_and_der() {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        for text in ["{\"keys\":[]}", "-----BEGIN", "\r\n{", "\u{feff}é{"] {
            let little: Vec<u8> = units(text).into_iter().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = units(text).into_iter().flat_map(u16::to_be_bytes).collect();
            assert!(is_utf16(&little) && is_utf16(&big), "{text}");
        }
        for bytes in
            [&b"{}"[..], b"", b"{\"keys\":[]}", b"\xef\xbb\xbf{}", b"0\x82\x01\x00", b"0\x05\x00\x00"]
        {
            assert!(!is_utf16(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn a_mistake_in_toml_has_its_place_and_no_secret() {
        let text = "[[organizations]]\nname = \"a\"\nclient_secret = hidden secret\n";
        let refused = registrations("t.toml", text, true).unwrap_err().to_string();
        assert!(refused.starts_with("t.toml: ") && refused.contains("line 3"), "{refused}");
        assert!(!refused.contains("hidden") && !refused.contains('\n'), "{refused}");
    }

    #[test]
    fn registrations_may_hold_certificates() {
        let pem = "-----BEGIN PUBLIC KEY-----\\nx\\n-----END PUBLIC KEY-----";
        assert!(registrations("t.json", &format!("{{\"certificate\": \"{pem}\"}}"), false).is_ok());
        assert!(registrations("t.toml", &format!("certificate = \"{pem}\""), true).is_ok());
        let lines = pem.replace("\\n", "\n");
        assert!(registrations("t.toml", &format!("certificate = \"\"\"\n{lines}\"\"\"\n"), true).is_ok());
        let refused = registrations("t.toml", &lines, true).unwrap_err().to_string();
        assert_eq!(refused, "t.toml: must be JSON or TOML; this is PEM");
    }

    #[test]
    fn what_never_ends_is_not_read_for_ever() {
        let refused = limited("x", std::io::repeat(b' '), MOST_MIB).unwrap_err().to_string();
        assert_eq!(refused, "x: must not exceed 16 MiB");
    }
}
