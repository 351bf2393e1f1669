//! Why a JSON document was refused.

use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::words::quoted;

/// Why a JSON document was refused. No variant holds a value of the document; only
/// [`JsonError::Member`], for documents of an administrator, holds names of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// Not JSON at this place (both count from 1).
    Syntax {
        /// The line.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
    /// The document ends too early.
    Incomplete,
    /// The document begins with a byte order mark.
    ByteOrderMark,
    /// Something follows the value.
    TrailingBytes,
    /// A member occurs twice in one object.
    DuplicateMember,
    /// Arrays and objects are nested over [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// A number that no double can hold, such as `1e400`.
    NumberOutOfRange,
    /// The document is another value than an object.
    NotAnObject,
    /// A member is missing, unknown, twice there or of the wrong type.
    Member {
        /// Where, as in `trusted_issuers[0].claims`; empty for the document itself.
        path: String,
        /// What is wrong, without the value.
        problem: String,
    },
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Syntax { line, column } => write!(f, "not JSON at line {line}, column {column}"),
            Self::Incomplete => f.write_str("the JSON document ends too early"),
            Self::ByteOrderMark => f.write_str("a byte order mark before the JSON document"),
            Self::TrailingBytes => f.write_str("something follows the JSON document"),
            Self::DuplicateMember => f.write_str("a member occurs twice"),
            Self::TooDeep => f.write_str("nested deeper than 16 levels"),
            Self::NumberOutOfRange => f.write_str("a number is out of range"),
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::Member { path, problem } if path.is_empty() => f.write_str(problem),
            Self::Member { path, problem } => write!(f, "{path}: {problem}"),
        }
    }
}

impl core::error::Error for JsonError {}

/// Why a JSON document was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFault {
    /// Why.
    pub error: JsonError,
    /// The member or element in which it was met, as in `x[0].a`: made of names of members. Empty for the document
    /// itself.
    pub path: String,
    /// The byte at fault, counted from 1, where the error itself does not say.
    pub byte: Option<usize>,
}

impl JsonFault {
    /// A fault of the document as a whole.
    pub(super) const fn of_document(error: JsonError) -> Self {
        Self { error, path: String::new(), byte: None }
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        if let Some(byte) = self.byte {
            write!(f, " at byte {byte}")?;
        }
        if !self.path.is_empty() {
            write!(f, " (in {})", quoted(&self.path))?;
        }
        Ok(())
    }
}

impl core::error::Error for JsonFault {}

/// Puts a step before a path, as it is seen from the value around: `claims`, then `[0].claims`.
pub(super) fn prepend(path: &mut String, step: &str) {
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    *path = format!("{step}{dot}{path}");
}
