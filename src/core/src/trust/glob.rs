//! Globs (R84): `*` stands for one or more characters within a segment, `**` for one or more across segments. Segments
//! end at `/`, `:`, `@` and `|`. Whatever is no star stands for itself, and no glob ever matches a part of a text.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// What ends a segment.
const SEPARATORS: &[u8] = b"/:@|";

/// A glob, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    /// What comes before the first star; all of it, where there is none.
    beginning: String,
    stars: Option<Stars>,
}

/// From the first star to the last one, and what comes after.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stars {
    pieces: Vec<Piece>,
    end: String,
}

/// A piece of a glob. Bytes do for characters: both texts are UTF-8, whose characters begin with bytes of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    /// `*`
    InSegment,
    /// `**`
    Across,
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// What is wrong with it, as the second half of a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(problem) = problem(text) {
            return Err(problem);
        }
        let (Some(first), Some(last)) = (text.find('*'), text.rfind('*')) else {
            return Ok(Self { beginning: text.into(), stars: None });
        };
        let stars = Stars { pieces: pieces(&text[first..=last]), end: text[last + 1..].into() };
        Ok(Self { beginning: text[..first].into(), stars: Some(stars) })
    }

    /// Whether it matches the whole text. With one star the work is as long as the text, with several it is at most
    /// the product of both lengths, whatever they say.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(Stars { pieces, end }) = &self.stars else { return text == self.beginning };
        let rest = text.strip_prefix(self.beginning.as_str());
        let Some(rest) = rest.and_then(|rest| rest.strip_suffix(end.as_str())) else { return false };
        match pieces[..] {
            [Piece::InSegment] => !rest.is_empty() && !rest.bytes().any(|byte| SEPARATORS.contains(&byte)),
            [Piece::Across] => !rest.is_empty(),
            _ => matches(pieces, rest),
        }
    }
}

fn pieces(glob: &str) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(glob.len());
    for &byte in glob.as_bytes() {
        match (byte, pieces.last()) {
            (b'*', Some(Piece::InSegment)) => *pieces.last_mut().expect("it has a last one") = Piece::Across,
            (b'*', _) => pieces.push(Piece::InSegment),
            _ => pieces.push(Piece::Byte(byte)),
        }
    }
    pieces
}

/// What is wrong with a glob, as the second half of a sentence.
fn problem(glob: &str) -> Option<&'static str> {
    let says_nothing = |byte: u8| byte == b'*' || SEPARATORS.contains(&byte);
    if glob.contains("***") {
        Some("must not have more than two stars in a row")
    } else if glob.contains('*') && glob.bytes().all(says_nothing) {
        Some(
            "must have more than stars and separators: leave the member out where everything is allowed (R84)",
        )
    } else {
        None
    }
}

/// Of a glob that ends in a star, a text that it does not match although everybody thinks so: what comes before the star,
/// which stands for one character at least. `None`: it ends otherwise, or with an empty segment, which no value has.
pub(super) fn own_beginning(glob: &str) -> Option<String> {
    let beginning = glob.trim_end_matches('*');
    let ends_in_star = beginning.len() < glob.len();
    let is_within_segment = beginning.bytes().next_back().is_some_and(|byte| !SEPARATORS.contains(&byte));
    // A star before that stands for any character.
    (ends_in_star && is_within_segment).then(|| beginning.replace('*', "x"))
}

/// Whether the pieces match the whole text.
fn matches(pieces: &[Piece], text: &str) -> bool {
    // Before which pieces we may stand: all of them at once, so that nothing is ever tried again.
    let mut places = vec![false; pieces.len() + 1];
    let mut next = places.clone();
    places[0] = true;
    for &byte in text.as_bytes() {
        next.fill(false);
        for (place, piece) in pieces.iter().enumerate().filter(|(place, _)| places[*place]) {
            let (fits, is_star) = match piece {
                Piece::Byte(wanted) => (byte == *wanted, false),
                Piece::InSegment => (!SEPARATORS.contains(&byte), true),
                Piece::Across => (true, true),
            };
            if fits {
                next[place + 1] = true;
                next[place] |= is_star;
            }
        }
        core::mem::swap(&mut places, &mut next);
        if !places.contains(&true) {
            return false;
        }
    }
    places[pieces.len()]
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    fn matches(glob: &str, text: &str) -> bool {
        Glob::parse(glob).expect("a glob").matches(text)
    }

    /// R84, R41: what a glob matches, and what it does not.
    #[test]
    fn r84_globs() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("prod", &["prod"], &["prod-evil", "evil-prod", "PROD", "", "prod "]),
            (
                "repo:acme/*:ref:refs/heads/main",
                &["repo:acme/web:ref:refs/heads/main", "repo:acme/a.b-c_d:ref:refs/heads/main"],
                &[
                    "repo:acme/:ref:refs/heads/main",
                    "repo:acme/web:environment:x:ref:refs/heads/main",
                    "repo:acme/web/evil:ref:refs/heads/main",
                    "repo:acme/web:ref:refs/heads/main-evil",
                    "repo:acme/web:ref:refs/heads/mai",
                    "repo:acme-evil/web:ref:refs/heads/main",
                    "x-repo:acme/web:ref:refs/heads/main",
                    "repo:acme/web:ref:refs/heads/main:ref:refs/heads/main",
                    "repo:acme/web@x:ref:refs/heads/main",
                    "repo:acme/web|x:ref:refs/heads/main",
                ],
            ),
            ("repo:acme/*", &["repo:acme/web"], &["repo:acme/", "repo:acme/web:ref:x", "repo:acme/web/x"]),
            (
                "repo:acme/**",
                &["repo:acme/web", "repo:acme/web:ref:refs/heads/main"],
                &["repo:acme/", "repo:acme"],
            ),
            ("a*b", &["axb", "axxb", "abb", "a*b", "aéb"], &["ab", "a/b", "a:b", "axbx", "xaxb"]),
            ("a**b", &["a/b", "a:/@|b", "axb", "abbb"], &["ab", "a/bx"]),
            (
                "*@example.com",
                &["alice@example.com"],
                &["@example.com", "a@b@example.com", "a/b@example.com"],
            ),
            ("**:main", &["x:main", "a:b:main", "a:main:main"], &[":main", "main", "a:main:x"]),
            ("*/*/x", &["a/b/x"], &["a/x", "a//x", "a/b/c/x"]),
            ("a*b*c", &["axbxc", "abbxbcc"], &["abc", "axbc", "axb/c"]),
            ("auth0|*", &["auth0|1"], &["auth0|", "auth0|1|2"]),
            ("é*", &["éé"], &["é", "e"]),
        ];
        for (glob, matching, others) in cases {
            for text in *matching {
                assert!(matches(glob, text), "{glob} matches {text}");
            }
            for text in *others {
                assert!(!matches(glob, text), "{glob} does not match {text}");
            }
        }
    }

    /// R84: what matches everything is refused, and so is what nobody can read.
    #[test]
    fn r84_globs_that_say_nothing() {
        for glob in ["*", "**", "***", "*/*", "**:**", "*@*", ":*", "a***", "a***b"] {
            assert!(problem(glob).is_some(), "{glob}");
        }
        for glob in ["a", "a*", "*a", "**a", "a/**", ":", "a*b**c", "*.*"] {
            assert_eq!(problem(glob), None, "{glob}");
        }
    }

    /// R84: a star stands for one character at least, so what comes before it is not matched.
    #[test]
    fn r84_the_beginning_of_a_glob() {
        for (glob, beginning) in [
            ("pull_request*", Some("pull_request")),
            ("pull_request**", Some("pull_request")),
            ("*/pull*", Some("x/pull")),
            ("repo:acme/**:pull*", Some("repo:acme/xx:pull")),
            ("refs/pull/*", None),
            ("a@**", None),
            ("*main", None),
            ("main", None),
        ] {
            let found = own_beginning(glob);
            assert_eq!(found.as_deref(), beginning, "{glob}");
            assert!(found.is_none_or(|text| !matches(glob, &text)), "{glob}");
        }
    }

    /// A glob that is made to be slow is not.
    #[test]
    fn the_work_is_bounded() {
        let glob = "*a".repeat(512);
        assert!(!matches(&glob, &"a".repeat(1024).replace("aa", "ab").to_string()));
        assert!(matches(&glob, &"a".repeat(1024)));
        assert!(!matches(&"**a".repeat(341), &"b".repeat(1024)));
    }
}
