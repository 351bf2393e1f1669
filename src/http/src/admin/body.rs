//! JSON bodies of the admin API: limited, strictly read, unknown members refused by name.

use alloc::format;

use asserta_core::field::FieldError;
use asserta_core::json::{self, JsonError, Object, Value};
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::request::{BodyProblem, Request};

/// The body as a JSON object.
pub(super) fn object(request: &Request) -> Result<Object, Problem> {
    let media_type = request.header("content-type").ok().flatten().unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::unsupported_media_type());
    }
    let bytes = request.body.as_ref().map_err(|problem| match problem {
        BodyProblem::TooLarge => Problem::too_large(),
        BodyProblem::Broken => FieldError::new("", "The body ended early").into(),
    })?;
    json::from_slice(bytes).map_err(problem)
}

/// An object as `T`, which decides about members that it does not know.
pub(super) fn typed<T: DeserializeOwned>(object: &Object) -> Result<T, Problem> {
    json::from_slice(Value::from(object.clone()).to_text().as_bytes()).map_err(problem)
}

/// The body as `T`.
pub(super) fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    typed(&object(request)?)
}

/// For what needs no body: there is none, or an empty object. A member would be ignored otherwise, as if it had been obeyed.
pub(super) fn nothing(request: &Request) -> Result<(), Problem> {
    if matches!(&request.body, Ok(body) if body.is_empty()) {
        return Ok(());
    }
    match object(request)?.iter().next() {
        Some((member, _)) => Err(FieldError::new(member, "is not known: no member is taken here").into()),
        None => Ok(()),
    }
}

/// Takes a member out that the path determines: it may be repeated in the body, but not differ.
pub(super) fn take_fixed(object: Object, member: &str, value: &str) -> Result<Object, Problem> {
    if object.get(member).is_some_and(|given| given.as_str() != Some(value)) {
        return Err(FieldError::new(member, "must be what the path says").into());
    }
    Ok(without(object, member))
}

/// The object without a member.
pub(super) fn without(mut object: Object, member: &str) -> Object {
    object.remove(member);
    object
}

/// What is wrong with a document, and with which member of it.
pub(super) fn problem(error: JsonError) -> Problem {
    match error {
        JsonError::Member { path, problem } => FieldError::new(path, problem),
        other => FieldError::new("", format!("The body is not acceptable: {other}")),
    }
    .into()
}
