//! What each check of the policy looked at, in words for people who look into a refusal. Nothing secret or personal (R3).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Look, grantable_scope, known_resources};
use crate::trust::ClaimCondition;
use crate::words::{list, number_of, quoted};

/// What a `*` means, for people: the rest of a sentence that lists subjects (R84).
const SUBJECT_PATTERNS: &str = ": a * stands for one or more characters within a segment (between / : @ and |), ** for one or more across them";

pub(super) fn issuer_enabled(look: &Look<'_>) -> String {
    let state = if look.terms.issuer.document().enabled { "enabled" } else { "disabled" };
    format!("trusted issuer {}, {state}", quoted(&look.terms.issuer.document().name))
}

pub(super) fn issuer_accepted(look: &Look<'_>) -> String {
    match &look.terms.application.metadata().trusted_issuers {
        None => "the application accepts every trusted issuer".to_string(),
        Some(names) => {
            let accepted = list(names.iter().map(String::as_str));
            format!(
                "this is {}; the application accepts {accepted}",
                quoted(&look.terms.issuer.document().name)
            )
        }
    }
}

pub(super) fn sub_allowed(look: &Look<'_>) -> String {
    let Some(subjects) = &look.terms.issuer.document().subjects else {
        return "the issuer may speak for every subject".to_string();
    };
    let meaning = if subjects.iter().any(|subject| subject.contains('*')) { SUBJECT_PATTERNS } else { "" };
    format!("the issuer may speak for {}{meaning}", list(subjects.iter().map(String::as_str)))
}

pub(super) fn conditions(look: &Look<'_>) -> String {
    let conditions = &look.terms.issuer.document().claims;
    let failure = |condition: &ClaimCondition| condition.failure(look.claims?.object());
    let failing: Vec<String> = conditions.iter().filter_map(failure).collect();
    match (conditions.len(), failing.is_empty()) {
        (0, _) => "the issuer has no conditions".to_string(),
        (number, true) => format!("{}, and all hold", number_of(number, "condition", "conditions")),
        (number, false) => {
            format!("{}: {}", number_of(number, "condition", "conditions"), failing.join("; "))
        }
    }
}

pub(super) fn scope(look: &Look<'_>) -> String {
    let grantable = grantable_scope(&look.terms).to_text();
    let asked =
        look.terms.scope.map_or("nothing asked".to_string(), |scope| format!("asked is {}", quoted(scope)));
    match (grantable.is_empty(), look.terms.issuer.document().scopes.is_some()) {
        (false, _) => format!("{asked}; granted may be {}", quoted(&grantable)),
        (true, false) => format!("{asked}; the application has no scope"),
        (true, true) => {
            format!("{asked}; the scopes of the application and of the issuer have none in common")
        }
    }
}

pub(super) fn resource(look: &Look<'_>) -> String {
    let (known, asked) = (known_resources(&look.terms), look.terms.resources);
    let known = list(known.iter().map(String::as_str));
    if asked.is_empty() {
        return format!("nothing asked; the token is for {known}");
    }
    format!("asked is {}; known are {known}", list(asked.iter().map(String::as_str)))
}
