//! An error that names the member at fault, for everything that people register.

use alloc::string::{String, ToString};
use core::fmt;

/// A member of a document that can't be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The member, as in the JSON document: `certificate`, `claims[0].equals`.
    pub field: String,
    /// What is wrong with it, as the second half of a sentence: "must be …".
    pub problem: String,
}

impl FieldError {
    /// An error of the member `field`.
    pub fn new(field: impl ToString, problem: impl ToString) -> Self {
        Self { field: field.to_string(), problem: problem.to_string() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field, self.problem)
    }
}

/// Refuses a name that stands in a URL and that clients take out of it: no request of theirs would come to it.
pub(crate) fn check_segment(field: &str, name: &str) -> Result<(), FieldError> {
    if matches!(name, "." | "..") {
        return Err(FieldError::new(
            field,
            "must not be . or .., which no URL can name (RFC 3986 section 5.2.4)",
        ));
    }
    Ok(())
}

/// Checks a text that people choose: its length in bytes, and no control characters.
pub(crate) fn check_text(field: &str, text: &str, longest: usize) -> Result<(), FieldError> {
    if text.is_empty() {
        return Err(FieldError::new(field, "must not be empty"));
    }
    if text.len() > longest {
        return Err(FieldError::new(field, alloc::format!("must not exceed {longest} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(FieldError::new(field, "must not contain control characters"));
    }
    Ok(())
}
