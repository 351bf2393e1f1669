//! What is not there: its kind, and the name that was asked for.

use alloc::format;
use alloc::string::String;

use asserta_core::words::quoted;

use super::handled::Refused;
use crate::request::Request;

/// The same refusal; where something is not found, with what that is.
pub(super) fn named(refused: Refused, segments: &[&str], request: &Request) -> Refused {
    match refused {
        Refused::Problem(problem) if problem.is_missing() => {
            // Where there is a detail already, it is the organization: what is missing in one, only the path tells.
            let detail = match segments {
                ["organizations", name, ..] if problem.has_detail() => not_registered("organization", name),
                _ if problem.has_detail() => return Refused::Problem(problem),
                _ => in_organization(segments, request),
            };
            Refused::Problem(problem.detail(detail))
        }
        refused => refused,
    }
}

fn in_organization(segments: &[&str], request: &Request) -> String {
    match segments {
        [_, _, "metadata"] => "metadata: nothing is stated".into(),
        [_, _, "trusted-issuers", name] | [_, _, "trusted-issuers", name, "keys" | "check"] => {
            not_registered("trusted issuer", name)
        }
        [_, _, "applications", name] if request.method == "PUT" => {
            let missing = "a new one needs client_secret, client_secret_sha256 or private_key_jwt";
            format!("{}; {missing}", not_registered("application", name))
        }
        [_, _, "applications", name] | [_, _, "applications", name, "secret"] => {
            not_registered("application", name)
        }
        ["presets", name] => format!("preset {}: does not exist", quoted(name)),
        _ => "Nothing is served at this path".into(),
    }
}

fn not_registered(kind: &str, name: &str) -> String {
    format!("{kind} {}: is not registered", quoted(name))
}
