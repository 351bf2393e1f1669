//! Scopes (RFC 6749 section 3.3): a set of case-sensitive tokens, in the order they were written.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use crate::oauth::Reason;

/// A well-formed list of scope tokens without repetitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope<'a>(Vec<&'a str>);

/// Up to so many tokens, looking at each is cheaper than a set of them. Beyond, it would take quadratic time.
const FEW: usize = 8;

impl<'a> Scope<'a> {
    /// Parses `scope-token *( SP scope-token )`; R61. The empty text has no scope in it.
    pub fn parse(text: &'a str) -> Result<Self, Reason> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let tokens: Vec<&str> = text.split(' ').collect();
        if tokens.iter().all(|token| is_token(token)) {
            Ok(Self::without_repetitions(tokens))
        } else {
            Err(Reason::ScopeMalformed)
        }
    }

    /// The scope of tokens that were checked when they were registered.
    pub fn of_tokens(tokens: &'a [String]) -> Self {
        Self::without_repetitions(tokens.iter().map(String::as_str).collect())
    }

    fn without_repetitions(mut tokens: Vec<&'a str>) -> Self {
        if tokens.len() <= FEW {
            let mut kept = 0;
            while let Some(token) = tokens.get(kept) {
                if tokens[..kept].contains(token) {
                    tokens.remove(kept);
                } else {
                    kept += 1;
                }
            }
        } else {
            let mut seen = BTreeSet::new();
            tokens.retain(|token| seen.insert(*token));
        }
        Self(tokens)
    }

    /// Whether there is no scope in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes are in it.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether every token is among those of `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        let known = other.lookup();
        self.0.iter().all(|token| known.has(token))
    }

    /// The tokens that are also in `cap`.
    pub fn cut_to(mut self, cap: &Self) -> Self {
        let known = cap.lookup();
        self.0.retain(|token| known.has(token));
        self
    }

    /// The tokens, separated by single spaces.
    pub fn to_text(&self) -> String {
        self.0.join(" ")
    }

    fn lookup(&self) -> Lookup<'_> {
        if self.0.len() <= FEW {
            Lookup::Few(&self.0)
        } else {
            let mut set = BTreeSet::new();
            for token in &self.0 {
                set.insert(*token);
            }
            Lookup::Many(set)
        }
    }
}

/// One scope token: `1*( %x21 / %x23-5B / %x5D-7E )`.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// Tokens to be looked up among.
enum Lookup<'a> {
    Few(&'a [&'a str]),
    Many(BTreeSet<&'a str>),
}

impl Lookup<'_> {
    fn has(&self, token: &str) -> bool {
        match self {
            Self::Few(tokens) => tokens.contains(&token),
            Self::Many(tokens) => tokens.contains(token),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    /// R61: the grammar of RFC 6749 section 3.3.
    #[test]
    fn grammar() {
        for bad in [" ", "a  b", " a", "a ", "a\tb", "a\"b", "a\\b", "ä"] {
            assert_eq!(Scope::parse(bad), Err(Reason::ScopeMalformed), "{bad:?}");
        }
        assert_eq!(Scope::parse("a b a").map(|scope| scope.to_text()), Ok("a b".to_string()));
    }

    /// R61: few tokens and many are treated alike.
    #[test]
    fn few_and_many() {
        for many in [0, 3, 40] {
            let filling: String = (0..many).map(|number| format!(" f{number}")).collect();
            let text = format!("b a b{filling} a f1");
            let scope = Scope::parse(&text).expect("well-formed");
            let last = if many == 0 { " f1" } else { "" };
            assert_eq!(scope.to_text(), format!("b a{filling}{last}"));
            let part = Scope::parse("a b").expect("well-formed");
            assert!(part.is_within(&scope) && !scope.is_within(&part));
            assert_eq!(scope.clone().cut_to(&part).to_text(), "b a");
            assert_eq!(part.cut_to(&scope).to_text(), "a b");
        }
    }
}
