//! A JWKS document as it came from its endpoint: its text, its keys, and what is wrong with it (R50 to R53, R56).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::jose::json::JsonError;
use crate::jose::jwk::{JwkSet, JwkSetError, SkippedKey};
use crate::ports::{FetchProblem, FetchedDocument};
use crate::trust::MAX_KEY_DOCUMENT;

/// How many skipped keys a sentence names.
const MOST_NAMED: usize = 8;

/// Why an issuer's keys did not come (R56). Its sentence has nothing of the document's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysProblem {
    /// There is no document.
    Fetch(FetchProblem),
    /// The document is no JWK set.
    NotASet(JwkSetError),
    /// It is a JWK set without a key.
    NoKey,
    /// It is a JWK set of which no key can verify an assertion, and why (R47, R53).
    NoUsableKey(Vec<SkippedKey>),
}

impl fmt::Display for KeysProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(problem) => problem.fmt(formatter),
            Self::NotASet(problem) => write!(formatter, "its document: {problem}"),
            Self::NoKey => formatter.write_str("its JWK set is empty"),
            Self::NoUsableKey(skipped) => {
                write!(formatter, "no key of its document is usable: {}", Skipped(skipped))
            }
        }
    }
}

impl core::error::Error for KeysProblem {}

impl From<FetchProblem> for KeysProblem {
    fn from(problem: FetchProblem) -> Self {
        Self::Fetch(problem)
    }
}

/// Skipped keys in words (R53): the first few, and how many more.
pub(super) struct Skipped<'a>(pub(super) &'a [SkippedKey]);

impl fmt::Display for Skipped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, skipped) in self.0.iter().take(MOST_NAMED).enumerate() {
            let comma = if place == 0 { "" } else { "; " };
            write!(formatter, "{comma}{skipped}")?;
        }
        match self.0.len().saturating_sub(MOST_NAMED) {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}

/// The text of a document that was fetched, and its usable keys: at least one.
pub(super) struct Usable {
    pub(super) text: String,
    pub(super) set: JwkSet,
    pub(super) max_age: Option<u64>,
}

impl Usable {
    /// R52, R53: a document that has a key to use, or what is wrong with it.
    pub(super) fn read(fetched: FetchedDocument) -> Result<Self, KeysProblem> {
        if fetched.body.len() > MAX_KEY_DOCUMENT {
            return Err(FetchProblem::TooLarge.into());
        }
        let set = JwkSet::parse(&fetched.body).map_err(KeysProblem::NotASet)?;
        if set.keys.is_empty() {
            let skipped = set.skipped;
            return Err(if skipped.is_empty() {
                KeysProblem::NoKey
            } else {
                KeysProblem::NoUsableKey(skipped)
            });
        }
        let text = String::from_utf8(fetched.body)
            .map_err(|_| KeysProblem::NotASet(JwkSetError::NotJson(JsonError::NotUtf8)))?;
        Ok(Self { text, set, max_age: fetched.max_age })
    }
}
