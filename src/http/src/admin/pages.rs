//! Lists, which come in pages.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use asserta_core::field::FieldError;
use asserta_core::oauth::Form;
use asserta_core::service::{Listing, Page, UnreadableItem};
use serde::Serialize;

use crate::problem::Problem;
use crate::request::Request;
use crate::response::{Response, json};

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

/// A part of a list. `next` is the `after` of the next page; null at the end.
pub(super) fn list<'a, T, V: Serialize>(listing: &'a Listing<T>, view: impl Fn(&'a T) -> V) -> Response {
    #[derive(Serialize)]
    struct List<'a, V> {
        items: Vec<V>,
        next: Option<&'a str>,
        /// Those whose records can't be read (R74). Absent where there are none.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        unreadable: &'a [UnreadableItem],
    }
    let items = listing.items.iter().map(view).collect();
    json(200, &List { items, next: listing.next.as_deref(), unreadable: &listing.unreadable })
}
