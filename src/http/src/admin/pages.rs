//! Lists, which come in pages.

use alloc::borrow::ToOwned;

use asserta_core::field::FieldError;
use asserta_core::oauth::Form;
use asserta_core::service::Page;

use crate::problem::Problem;
use crate::request::Request;

/// Which part of a list the query asks for: `limit` (1 to 100; more counts as 100) and `after`.
pub(super) fn page(request: &Request) -> Result<Page, Problem> {
    let query = request.query.as_deref().unwrap_or_default();
    let malformed = |_| Problem::from(FieldError::new("query", "must be well-formed, each parameter once"));
    let form = Form::parse(query.as_bytes()).map_err(malformed)?;
    let limit = match form.one("limit").map_err(malformed)? {
        None => None,
        Some(text) => match text.parse() {
            Ok(limit) if limit > 0 => Some(limit),
            _ => return Err(FieldError::new("limit", "must be a number from 1 to 100").into()),
        },
    };
    Ok(Page { limit, after: form.one("after").map_err(malformed)?.map(ToOwned::to_owned) })
}
