//! The methods that each path has. They are looked at before anything else of a request: what it asks for by another one is
//! never done, whatever else is wrong with it (RFC 9110 sections 13.2.1 and 15.5.6).

use super::handled::Refused;
use crate::request::Request;

/// Refuses a method that the path does not have. What is no path is not found later.
pub(super) fn check(request: &Request, segments: &[&str]) -> Result<(), Refused> {
    let allowed = of(segments);
    let has_it = allowed.is_empty() || allowed.split(", ").any(|method| method == request.method);
    if has_it { Ok(()) } else { Err(Refused::Method) }
}

/// As the header `Allow` lists them. Empty: there is no such path.
pub(super) fn of(segments: &[&str]) -> &'static str {
    let below = match segments {
        ["apply"] => return "POST",
        ["schema.json" | "openapi.json" | "presets" | "organizations"] => return "GET, HEAD",
        ["presets", _] => return "GET, HEAD, POST",
        ["organizations", _, below @ ..] => below,
        _ => return "",
    };
    match below {
        [] => "GET, HEAD, PUT",
        ["trusted-issuers" | "applications" | "revocations"] => "GET, HEAD, POST",
        ["metadata"] | ["trusted-issuers" | "applications", _] => "GET, HEAD, PUT, DELETE",
        ["keys" | "activity"] | ["trusted-issuers", _, "keys"] => "GET, HEAD",
        ["explain"]
        | ["keys", "rotate"]
        | ["trusted-issuers", _, "check"]
        | ["applications", _, "secret"] => "POST",
        _ => "",
    }
}
