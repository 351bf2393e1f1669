//! Path segments, percent-decoded strictly: what is malformed is an error, not a guess.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use percent_encoding::percent_decode_str;

/// The path is malformed: a `%` without two hexadecimal digits, or not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MalformedPath;

/// Splits a path at its slashes and decodes each segment. A segment `..` is a name like any other.
pub(crate) fn segments(path: &str) -> Result<Vec<Cow<'_, str>>, MalformedPath> {
    path.strip_prefix('/').ok_or(MalformedPath)?.split('/').map(decode).collect()
}

fn decode(segment: &str) -> Result<Cow<'_, str>, MalformedPath> {
    let well_formed = segment.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    if !well_formed {
        return Err(MalformedPath);
    }
    percent_decode_str(segment).decode_utf8().map_err(|_| MalformedPath)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn well_formed() {
        assert_eq!(segments("/"), Ok(vec!["".into()]));
        assert_eq!(
            segments("/t/acme/oauth2/token"),
            Ok(["t", "acme", "oauth2", "token"].map(Cow::from).to_vec())
        );
        assert_eq!(segments("/a%2Fb/%C3%A9/+"), Ok(["a/b", "é", "+"].map(Cow::from).to_vec()));
        assert_eq!(segments("/a//../"), Ok(["a", "", "..", ""].map(Cow::from).to_vec()));
    }

    #[test]
    fn malformed() {
        for bad in ["", "*", "/%", "/%4", "/%zz", "/%+1", "/%ff", "/a/%c3/b", "/%%41"] {
            assert_eq!(segments(bad), Err(MalformedPath), "{bad:?}");
        }
    }
}
