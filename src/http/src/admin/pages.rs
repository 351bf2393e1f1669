//! Lists, which come in pages.

use alloc::borrow::ToOwned;

use asserta_core::field::FieldError;
use asserta_core::service::Page;

use super::query::{malformed, parameters};
use crate::problem::Problem;
use crate::request::Request;

/// Which part of a list the query asks for: `limit` (1 to 100; more counts as 100) and `after`.
pub(super) fn page(request: &Request) -> Result<Page, Problem> {
    let form = parameters(request, &["limit", "after"])?;
    let limit = match form.one("limit").map_err(malformed)? {
        None => None,
        Some(text) => match text.parse() {
            Ok(limit) if limit > 0 => Some(limit),
            _ => return Err(FieldError::new("limit", "must be a number from 1 to 100").into()),
        },
    };
    Ok(Page { limit, after: form.one("after").map_err(malformed)?.map(ToOwned::to_owned) })
}
