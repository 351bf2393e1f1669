//! What a caller has of a document that it was asked for (R51, R56).

use alloc::string::String;

use crate::field::check_text;
use crate::keys::KeysProblem;
use crate::ports::{FetchProblem, FetchedDocument};

/// The longest cause that a caller may give, in bytes.
const MAX_CAUSE: usize = 256;

/// A document, or why there is none.
pub enum Supplied {
    /// The document.
    Document(FetchedDocument),
    /// None. The cause is a sentence of at most 256 bytes without control characters; another text counts as no cause.
    Nothing(Option<String>),
}

impl From<Supplied> for Result<FetchedDocument, KeysProblem> {
    fn from(supplied: Supplied) -> Self {
        match supplied {
            Supplied::Document(document) => Ok(document),
            Supplied::Nothing(Some(cause)) if check_text("cause", &cause, MAX_CAUSE).is_ok() => {
                Err(KeysProblem::NotSupplied(cause))
            }
            Supplied::Nothing(_) => Err(FetchProblem::NotSupplied.into()),
        }
    }
}
