//! What each check of the policy looked at, in words for people who look into a refusal. Nothing secret or personal (R3).

use alloc::format;
use alloc::string::{String, ToString};

use super::caps::{grantable_scope, known_resources, takes_any_resource};
use super::{Asker, Look, Results};
use crate::json::Value;
use crate::jwt::{MAX_SUBJECT, as_subject};
use crate::words::{list, number_of, quoted};

/// What a `*` means, for people: the rest of a sentence that lists subjects (R84).
const SUBJECT_PATTERNS: &str = ": a * stands for one or more characters within a segment (between / : @ and |), ** for one or more across them";

pub(super) fn issuer_enabled(look: &Look<'_>, _: &Results<'_>) -> String {
    let state = if look.terms.issuer.document().enabled { "enabled" } else { "disabled" };
    format!("trusted issuer {}, {state}", quoted(&look.terms.issuer.document().name))
}

pub(super) fn issuer_accepted(look: &Look<'_>, _: &Results<'_>) -> String {
    let application = match look.terms.asker {
        Asker::Application(application) | Asker::Anybody(application) => application,
        Asker::NoClient(_) => {
            let has = if look.terms.issuer.document().labels().next().is_some() { "has" } else { "has no" };
            return format!("no client asks; the issuer {has} rules for that");
        }
    };
    match &application.metadata().trusted_issuers {
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

pub(super) fn sub_allowed(look: &Look<'_>, _: &Results<'_>) -> String {
    let domain = look.terms.issuer.trust_domain().map_or_else(String::new, |domain| {
        let found = match look.subject.map(|subject| domain.check(subject)) {
            None => "it can't be read".to_string(),
            Some(Ok(())) => "it is".to_string(),
            Some(Err(problem)) => problem.to_string(),
        };
        format!("sub must be a SPIFFE ID of the trust domain {}: {found}; ", quoted(domain.name()))
    });
    let Some(subjects) = &look.terms.issuer.document().subjects else {
        let of_domain = if domain.is_empty() { "" } else { " of it" };
        return format!("{domain}the issuer may speak for every subject{of_domain}");
    };
    let meaning = if subjects.iter().any(|subject| subject.contains('*')) { SUBJECT_PATTERNS } else { "" };
    format!("{domain}the issuer may speak for {}{meaning}", list(subjects.iter().map(String::as_str)))
}

pub(super) fn conditions(look: &Look<'_>, _: &Results<'_>) -> String {
    let conditions = &look.terms.issuer.document().claims;
    let required = look.terms.issuer.requirements();
    let failing = look.claims.as_ref().map(|claims| required.failures(claims)).unwrap_or_default();
    match (conditions.len(), failing.is_empty()) {
        (0, _) => "the issuer has no conditions".to_string(),
        (number, true) => format!("{}, and all hold", number_of(number, "condition", "conditions")),
        (number, false) => {
            format!("{}: {}", number_of(number, "condition", "conditions"), failing.join("; "))
        }
    }
}

pub(super) fn subject_of_token(look: &Look<'_>, _: &Results<'_>) -> String {
    let Some(claim) = look.terms.issuer.subject_claim() else {
        return "sub of the assertion".to_string();
    };
    let name = quoted(&look.terms.issuer.document().subject_claim);
    match look.claims.as_ref().and_then(|claims| claims.get(claim)) {
        None => format!("claim {name} in place of sub: it is absent"),
        Some(value) if as_subject(value).is_some() => format!("claim {name} in place of sub: it is there"),
        Some(Value::String(text)) if text.is_empty() => format!("claim {name} in place of sub: it is empty"),
        Some(Value::String(_)) => {
            format!("claim {name} in place of sub: it is longer than {MAX_SUBJECT} bytes")
        }
        Some(other) => {
            format!("claim {name} in place of sub: it is {}; a string is wanted", other.kind())
        }
    }
}

pub(super) fn scope(look: &Look<'_>, results: &Results<'_>) -> String {
    let grantable = grantable_scope(&look.terms, results.rule).to_text();
    let mut asked =
        look.terms.scope.map_or("nothing asked".to_string(), |scope| format!("asked is {}", quoted(scope)));
    if let Some(claimed) = &look.claimed.scope {
        asked = format!("{asked}; the assertion is for {}", quoted(&claimed.to_text()));
    }
    if !grantable.is_empty() {
        return format!("{asked}; granted may be {}", quoted(&grantable));
    }
    let application = look.terms.application(results.rule);
    if application.is_some_and(|application| application.scope().is_empty()) {
        return format!("{asked}; the application has no scope");
    }
    let who = match results.rule {
        _ if application.is_none() => "the issuer and of the rule",
        None => "the application and of the issuer",
        Some(_) => "the application, of the issuer and of the rule",
    };
    format!("{asked}; the scopes of {who} have none in common")
}

pub(super) fn resource(look: &Look<'_>, results: &Results<'_>) -> String {
    let (known, asked) = (known_resources(&look.terms, results.rule), look.terms.resources);
    if known.is_empty() {
        return "the audiences of the application and of the rule have none in common".to_string();
    }
    let known = list(known.into_iter());
    let asked = if asked.is_empty() {
        "nothing asked".to_string()
    } else {
        format!("asked is {}", list(asked.iter().map(String::as_str)))
    };
    match &look.claimed.resources {
        Some(claimed) if takes_any_resource(&look.terms, results.rule) => {
            format!("{asked}; the token is for {}", list(claimed.iter().copied()))
        }
        Some(claimed) => {
            format!("{asked}; the assertion is for {}; known are {known}", list(claimed.iter().copied()))
        }
        None if look.terms.resources.is_empty() => format!("{asked}; the token is for {known}"),
        None => format!("{asked}; known are {known}"),
    }
}
