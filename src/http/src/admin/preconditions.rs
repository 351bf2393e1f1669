//! `If-Match` and `If-None-Match` (RFC 9110 section 13.1), and the entity tags that they name (R76).

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use asserta_core::field::FieldError;
use asserta_core::service::{Precondition, Tags, entity_tag};

use super::handled::{Handled, Refused};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;

/// What the request says of what must be there, or must not.
pub(super) fn precondition(request: &Request) -> Result<Precondition, FieldError> {
    Ok(Precondition { if_match: tags(request, "if-match")?, if_none_match: tags(request, "if-none-match")? })
}

/// The response to a GET or HEAD of what can be replaced: with its tag, and without a body where the caller has that already.
pub(super) fn tagged(request: &Request, mut response: Response) -> Handled {
    let precondition = precondition(request)?;
    let tag = entity_tag(&response.body);
    if !precondition.expects(Some(&tag)) {
        return Err(Problem::precondition_failed().into());
    }
    if precondition.excludes(Some(&tag)) {
        response.status = 304;
    }
    response.headers.push(("etag", tag));
    Ok(response)
}

/// What is asked to do something is there, and has no tag.
pub(super) fn check_post(request: &Request) -> Result<(), Refused> {
    if request.method == "POST" && !precondition(request)?.allows(None) {
        return Err(Problem::precondition_failed().into());
    }
    Ok(())
}

/// A header that may come in several lines, each a list. One that can't be read is no less a condition: it is refused.
fn tags(request: &Request, name: &str) -> Result<Option<Tags>, FieldError> {
    let lines: Vec<&[u8]> = request.values(name).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let list = lines.join(&b',');
    let list = String::from_utf8_lossy(&list);
    let read = if list.trim() == "*" { Some(Tags::Any) } else { these(&list).map(Tags::These) };
    read.map(Some).ok_or_else(|| FieldError::new(name, "must be * or entity tags, with their quotes"))
}

fn these(list: &str) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return (!tags.is_empty()).then_some(tags);
        }
        let (_, after) = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        tags.push(rest[..rest.len() - after.len()].to_owned());
        rest = after;
    }
}
