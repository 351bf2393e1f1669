//! Scopes (RFC 6749 section 3.3): a set of case-sensitive tokens, in the order they were written.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::refusal::Reason;

/// A well-formed list of scope tokens without repetitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Parses `scope-token *( SP scope-token )`; R61. The empty text has no scope in it.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let mut tokens: Vec<String> = Vec::new();
        if text.is_empty() {
            return Ok(Self(tokens));
        }
        for token in text.split(' ') {
            let allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            if token.is_empty() || !token.bytes().all(allowed) {
                return Err(Reason::ScopeMalformed);
            }
            if !tokens.iter().any(|known| known == token) {
                tokens.push(token.to_string());
            }
        }
        Ok(Self(tokens))
    }

    /// Whether there is no scope in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every token is among those of `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|token| other.0.contains(token))
    }

    /// The tokens that are also in `cap`.
    pub fn cut_to(&self, cap: &Self) -> Self {
        Self(self.0.iter().filter(|token| cap.0.contains(token)).cloned().collect())
    }

    /// The tokens, separated by single spaces.
    pub fn to_text(&self) -> String {
        self.0.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R61: the grammar of RFC 6749 section 3.3.
    #[test]
    fn grammar() {
        for bad in [" ", "a  b", " a", "a ", "a\tb", "a\"b", "a\\b", "ä"] {
            assert_eq!(Scope::parse(bad), Err(Reason::ScopeMalformed), "{bad:?}");
        }
        assert_eq!(Scope::parse("a b a").map(|scope| scope.to_text()), Ok("a b".to_string()));
    }
}
