//! Form data (`application/x-www-form-urlencoded`), read strictly: malformed percent-encoding and
//! invalid UTF-8 are errors (R16), where the URL standard's parser would repair them.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use memchr::memchr;

use crate::oauth::Reason;

/// The longest request body that is read, in bytes (R15).
pub const MAX_BODY: usize = 64 * 1024;
/// The longest assertion, client assertion, subject token or actor token that is parsed, in bytes (R15).
pub const MAX_ASSERTION: usize = 16 * 1024;
/// The longest `scope`, `resource` and `audience`, in bytes: no application has a longer one (R15).
pub(crate) const MAX_PARAMETER: usize = 4096;

/// The parameters of a form, decoded, in their order.
#[derive(Debug)]
pub struct Form<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Form<'a> {
    /// Decodes a body or a query string.
    pub fn parse(text: &'a [u8]) -> Result<Self, Reason> {
        let mut parameters = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (pair, after) = cut(b'&', rest);
            let (name, value) = cut(b'=', pair);
            rest = after;
            if !pair.is_empty() {
                // Of what is too long no byte is looked at more than once.
                check_length(name, value)?;
                parameters.push((decode(utf8(name)?)?, decode(utf8(value)?)?));
            }
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter that may occur once. Without a value it counts as absent (R13).
    pub fn one(&self, name: &str) -> Result<Option<&str>, Reason> {
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Reason::ParameterRepeated);
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The values of a parameter that may occur so often, in their order, without those that are empty (R13).
    pub fn several(&self, name: &str, most: usize) -> Result<impl Iterator<Item = &str>, Reason> {
        if self.values(name).nth(most).is_some() {
            return Err(Reason::ParameterRepeated);
        }
        Ok(self.values(name).filter(|value| !value.is_empty()))
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// The names of all parameters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// Whether the parameter occurs at all.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

/// What stands before and behind the first separator.
fn cut(separator: u8, text: &[u8]) -> (&[u8], &[u8]) {
    memchr(separator, text).map_or((text, &[]), |at| (&text[..at], &text[at + 1..]))
}

fn utf8(text: &[u8]) -> Result<&str, Reason> {
    core::str::from_utf8(text).map_err(|_| Reason::RequestMalformed)
}

/// R15: what is too long even if each of its bytes stands there as `%XX` is refused before that is decoded.
fn check_length(name: &[u8], value: &[u8]) -> Result<(), Reason> {
    match name {
        b"assertion" | b"client_assertion" | b"subject_token" | b"actor_token"
            if value.len() / 3 > MAX_ASSERTION =>
        {
            Err(Reason::AssertionTooLarge)
        }
        b"scope" | b"resource" | b"audience" if value.len() / 3 > MAX_PARAMETER => {
            Err(Reason::ParameterTooLarge)
        }
        _ => Ok(()),
    }
}

/// Decodes one name or value.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, Reason> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(bytes.next())? << 4 | hex_digit(bytes.next())?,
            other => other,
        });
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| Reason::RequestMalformed)
}

fn hex_digit(byte: Option<u8>) -> Result<u8, Reason> {
    byte.and_then(|byte| (byte as char).to_digit(16)).map(|digit| digit as u8).ok_or(Reason::RequestMalformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R16: malformed percent-encoding and invalid UTF-8.
    #[test]
    fn malformed() {
        for bad in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%ff", b"%c3=1", b"a=\xff"] {
            assert!(matches!(Form::parse(bad), Err(Reason::RequestMalformed)), "{bad:?}");
        }
    }

    /// R15: too long to be decoded at all; what is shorter is measured afterwards.
    #[test]
    fn too_long() {
        let of =
            |name: &str, length| Form::parse([name, "=", &"a".repeat(length)].concat().as_bytes()).map(drop);
        assert_eq!(of("scope", 3 * MAX_PARAMETER + 2), Ok(()));
        assert_eq!(of("scope", 3 * MAX_PARAMETER + 3), Err(Reason::ParameterTooLarge));
        assert_eq!(of("resource", 60_000), Err(Reason::ParameterTooLarge));
        assert_eq!(of("audience", 60_000), Err(Reason::ParameterTooLarge));
        // What is unknown is ignored, whatever its length.
        assert_eq!(of("padding", 60_000), Ok(()));
        assert_eq!(of("assertion", 3 * MAX_ASSERTION + 2), Ok(()));
        for name in ["assertion", "subject_token", "actor_token"] {
            assert_eq!(of(name, 3 * MAX_ASSERTION + 3), Err(Reason::AssertionTooLarge));
        }
    }

    /// R13: repeated and empty parameters.
    #[test]
    fn once() {
        let form = Form::parse(b"a=1&b=&a=2&c=x+y%2B&d").expect("well-formed");
        assert_eq!(form.one("a"), Err(Reason::ParameterRepeated));
        assert_eq!(form.one("b"), Ok(None));
        assert_eq!(form.one("c"), Ok(Some("x y+")));
        assert_eq!(form.one("d"), Ok(None));
        assert!(form.has("d") && !form.has("e"));
        let several = |most| form.several("a", most).map(|values| values.collect::<Vec<_>>());
        assert_eq!((several(1), several(2)), (Err(Reason::ParameterRepeated), Ok(["1", "2"].to_vec())));
    }
}
