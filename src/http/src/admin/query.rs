//! Query parameters: a path has those that it names and no other, so that a typo is found and not ignored.

use asserta_core::field::FieldError;
use asserta_core::oauth::{Form, Reason};

use crate::request::Request;

/// The parameters of a request, if all of them are known here.
pub(super) fn parameters<'a>(request: &'a Request, known: &[&str]) -> Result<Form<'a>, FieldError> {
    let form = Form::parse(request.query.as_deref().unwrap_or_default().as_bytes()).map_err(malformed)?;
    if let Some(unknown) = form.names().find(|name| !known.contains(name)) {
        return Err(FieldError::new(unknown, "is no query parameter here"));
    }
    Ok(form)
}

/// The query string can't be read, or a parameter is there twice.
pub(super) fn malformed(_: Reason) -> FieldError {
    FieldError::new("query", "must be well-formed, each parameter once")
}

/// Refuses parameters where there are none: everywhere but where a handler reads its own.
pub(super) fn check(request: &Request, segments: &[&str]) -> Result<(), FieldError> {
    let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
    let has_parameters = match segments {
        ["apply"] | ["organizations", _, "activity"] => true,
        ["organizations"] | ["organizations", _, "trusted-issuers" | "applications" | "revocations"] => {
            is_read
        }
        _ => false,
    };
    if has_parameters { Ok(()) } else { parameters(request, &[]).map(drop) }
}
