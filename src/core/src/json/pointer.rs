//! Places in a document: the name of a member, or a JSON Pointer (RFC 6901).

use alloc::string::String;
use alloc::vec::Vec;

use super::read::MAX_DEPTH;
use super::value::{Object, Value};

/// A place in a document, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(Vec<Step>);

/// A step down: a member by its name, or an element by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: String,
    index: Option<usize>,
}

impl Pointer {
    /// Reads the name of a member, or what begins with `/` as a JSON Pointer.
    ///
    /// # Errors
    /// What is wrong with it, as the second half of a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(steps) = text.strip_prefix('/') else {
            return Ok(Self(Vec::from([Step { name: text.into(), index: None }])));
        };
        if steps.split('/').count() > MAX_DEPTH {
            return Err("must not have more than 16 steps, since no document that is read is deeper");
        }
        let steps = steps.split('/').map(|step| {
            let name = unescaped(step).ok_or("has a ~ that is neither ~0 nor ~1 (RFC 6901 section 3)")?;
            Ok(Step { index: index(&name), name })
        });
        steps.collect::<Result<_, _>>().map(Self)
    }

    /// What stands there.
    #[must_use]
    pub fn find<'a>(&self, document: &'a Object) -> Option<&'a Value> {
        let (first, more) = self.0.split_first()?;
        more.iter().try_fold(document.get(&first.name)?, |at, step| match at {
            Value::Object(object) => object.get(&step.name),
            Value::Array(elements) => elements.get(step.index?),
            _ => None,
        })
    }
}

/// RFC 6901 section 3: `~1` is a slash and `~0` a tilde.
fn unescaped(step: &str) -> Option<String> {
    let mut pieces = step.split('~');
    let mut name = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (escaped, rest) = match piece.as_bytes().first() {
            Some(b'0') => ('~', &piece[1..]),
            Some(b'1') => ('/', &piece[1..]),
            _ => return None,
        };
        name.push(escaped);
        name.push_str(rest);
    }
    Some(name)
}

/// RFC 6901 section 4: digits without a zero before them.
fn index(name: &str) -> Option<usize> {
    let is_canonical = name == "0" || !name.starts_with('0');
    let is_number = is_canonical && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { name.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn find(document: &str, pointer: &str) -> Option<Value> {
        let document = json::parse_object(document.as_bytes()).expect("JSON");
        Pointer::parse(pointer).expect("a pointer").find(&document).cloned()
    }

    /// R83: names, nested members, elements, and the escapes of RFC 6901.
    #[test]
    fn r83_places() {
        let document = r#"{"a":{"b":[{"c":1},true]},"a/b":2,"m~n":3,"":4,"/a":5,
            "kubernetes.io":{"namespace":"prod"},"https://sts.amazonaws.com/":{"tags":{"0":"x","01":"y"}}}"#;
        for (pointer, found) in [
            ("/a/b/0/c", "1"),
            ("/a/b/1", "true"),
            ("a/b", "2"),
            ("/a~1b", "2"),
            ("/m~0n", "3"),
            ("m~n", "3"),
            ("/", "4"),
            ("/~1a", "5"),
            ("/kubernetes.io/namespace", "\"prod\""),
            ("/https:~1~1sts.amazonaws.com~1/tags/0", "\"x\""),
            ("/https:~1~1sts.amazonaws.com~1/tags/01", "\"y\""),
        ] {
            assert_eq!(
                find(document, pointer).map(|value| value.to_text()).as_deref(),
                Some(found),
                "{pointer}"
            );
        }
        for pointer in [
            "/a/b/2",
            "/a/b/-",
            "/a/b/00",
            "/a/b/+0",
            "/a/b/ 0",
            "/a/b/0/c/d",
            "/b",
            "a.b",
            "kubernetes.io/namespace",
            "/a/b/99999999999999999999999",
        ] {
            assert_eq!(find(document, pointer), None, "{pointer}");
        }
    }

    /// R83: what is malformed, or deeper than anything that is read.
    #[test]
    fn r83_pointers_that_are_refused() {
        for pointer in ["/a~", "/~2", "/a~b/c", "/~~0"] {
            assert!(Pointer::parse(pointer).is_err(), "{pointer}");
        }
        assert!(Pointer::parse(&"/a".repeat(16)).is_ok());
        assert!(Pointer::parse(&"/a".repeat(17)).is_err());
        assert!(Pointer::parse(&"/".repeat(10_000)).is_err());
    }
}
