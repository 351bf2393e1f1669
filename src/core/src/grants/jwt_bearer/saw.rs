//! What each check looked at, in words for people who look into a refusal: what was found and what was wanted.
//! Nothing secret or personal: no `sub`, no value of a claim but those that name the parties and the time (R3).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Facts, MOST_KEYS, candidates, fitting_keys, grantable_scope, known_resources, named_keys};
use crate::jose::key::VerificationKey;
use crate::json::Value;
use crate::keys::KeySource;
use crate::oauth::Scope;
use crate::trust::{AudienceMode, SUBJECT_PATTERNS};
use crate::words::{list, number_of, quoted};

pub(super) fn issuer_enabled(facts: &Facts<'_>) -> String {
    let state = if facts.issuer.enabled { "enabled" } else { "disabled" };
    format!("trusted issuer {}, {state}", quoted(&facts.issuer.name))
}

pub(super) fn issuer_accepted(facts: &Facts<'_>) -> String {
    match &facts.application.metadata.trusted_issuers {
        None => "the application accepts every trusted issuer".to_string(),
        Some(names) => {
            let accepted = list(names.iter().map(String::as_str));
            format!("this is {}; the application accepts {accepted}", quoted(&facts.issuer.name))
        }
    }
}

pub(super) fn algorithm(facts: &Facts<'_>) -> String {
    let algorithm = facts.assertion.header().algorithm.name();
    match &facts.issuer.algorithms {
        None => format!("alg {algorithm}; the issuer may use every asymmetric algorithm"),
        Some(allowed) => {
            let allowed: Vec<&str> = allowed.iter().map(|algorithm| algorithm.name()).collect();
            format!("alg {algorithm}; the issuer may use {}", allowed.join(", "))
        }
    }
}

pub(super) fn typ(facts: &Facts<'_>) -> String {
    let found = match &facts.assertion.header().typ {
        None => "no typ".to_string(),
        Some(typ) => format!("typ {}", quoted(typ)),
    };
    match &facts.issuer.typ {
        Some(wanted) => format!("{found}; the issuer is registered with typ {}", quoted(wanted)),
        None => format!(
            "{found}; the issuer is registered without typ: any but those that end in +jwt, which name another use"
        ),
    }
}

pub(super) fn keys(facts: &Facts<'_>) -> String {
    let header = facts.assertion.header();
    let named: Vec<&VerificationKey> = named_keys(facts).collect();
    let mut words = format!("{} of the issuer", number_of(facts.keys.len(), "key", "keys"));
    match &header.kid {
        Some(_) if matches!(facts.source, KeySource::Certificate(_)) => {
            words += ", registered as certificates or public keys, which have no kid: each is looked at";
        }
        Some(kid) => words += &format!(", {} with kid {}", counted(named.len()), quoted(kid)),
        None => words += ", and no kid in the assertion: each is looked at",
    }
    let of_type = named.iter().filter(|key| key.fits(header.algorithm)).count();
    let fitting = fitting_keys(facts).count();
    if !named.is_empty() {
        words += &format!("; {} of a type for {}", counted(of_type), header.algorithm.name());
    }
    if fitting < of_type {
        let expired =
            named.iter().filter(|key| key.validity.is_some_and(|v| v.not_after < facts.now)).count();
        words += &format!("; {} whose certificate has expired or is not valid yet", of_type - fitting);
        if expired == of_type {
            words += " (expired)";
        }
    }
    let tried = candidates(facts).count();
    if tried < fitting {
        words += &format!(
            "; {tried} of these {fitting} are tried: at most {MOST_KEYS}, and 2 RSA keys of more than 4096 bits"
        );
    }
    words
}

fn counted(number: usize) -> String {
    if number == 0 { "none".to_string() } else { number.to_string() }
}

pub(super) fn signature(facts: &Facts<'_>) -> String {
    let tried = number_of(candidates(facts).count(), "key", "keys");
    format!("alg {}, {tried} to verify it with", facts.assertion.header().algorithm.name())
}

pub(super) fn cnf(facts: &Facts<'_>) -> String {
    match facts.assertion.claims().object().get("cnf") {
        None => "no cnf: whoever has the assertion may use it".to_string(),
        Some(_) => {
            "cnf is there: only who proves to have that key may use it, and such a proof is not supported"
                .to_string()
        }
    }
}

pub(super) fn sub(facts: &Facts<'_>) -> String {
    text_claim(facts, "sub", 1024)
}

fn text_claim(facts: &Facts<'_>, name: &str, longest: usize) -> String {
    match facts.assertion.claims().object().get(name) {
        None => format!("no {name}"),
        Some(Value::String(text)) if text.is_empty() => format!("{name} is empty"),
        Some(Value::String(text)) if text.len() > longest => format!("{name} is longer than {longest} bytes"),
        Some(Value::String(_)) => format!("{name} is there"),
        Some(other) => format!("{name} is {}; a string is wanted", other.kind()),
    }
}

pub(super) fn aud(facts: &Facts<'_>) -> String {
    let claims = facts.assertion.claims();
    let found = match (claims.audience(), claims.object().get("aud")) {
        (Ok(audience), _) => format!("aud {}", list(audience.iter().copied())),
        (Err(_), None) => "no aud".to_string(),
        (Err(_), Some(Value::Array(elements))) if elements.is_empty() => "aud is an empty array".to_string(),
        (Err(_), Some(Value::Array(_))) => {
            "aud is an array with something other than strings in it".to_string()
        }
        (Err(_), Some(other)) => {
            format!("aud is {}; a string or an array of strings is wanted", other.kind())
        }
    };
    let (urls, alias) = (facts.urls, &facts.issuer.alias);
    let accepted = [&urls.issuer, &urls.token_endpoint].into_iter().chain(alias).map(String::as_str);
    let alone = match facts.issuer.audience_mode {
        AudienceMode::Any => "",
        AudienceMode::ExactlyOne => ", and nothing beside it",
    };
    format!("{found}; accepted is any of {}{alone}", list(accepted))
}

pub(super) fn exp(facts: &Facts<'_>) -> String {
    let (skew, most) = (u64::from(facts.issuer.clock_skew), u64::from(facts.issuer.max_lifetime));
    format!(
        "{}; accepted is from {} (clock_skew {skew} s) to {} (max_lifetime {most} s and clock_skew)",
        time(facts, "exp"),
        facts.now.saturating_sub(skew).saturating_add(1),
        facts.now.saturating_add(most + skew),
    )
}

pub(super) fn nbf(facts: &Facts<'_>) -> String {
    let skew = u64::from(facts.issuer.clock_skew);
    let until = facts.now.saturating_add(skew);
    format!("{}; accepted is none, or up to {until} (clock_skew {skew} s)", time(facts, "nbf"))
}

pub(super) fn iat(facts: &Facts<'_>) -> String {
    let (skew, most) = (u64::from(facts.issuer.clock_skew), u64::from(facts.issuer.max_lifetime));
    format!(
        "{}; accepted is none, or from {} (max_lifetime {most} s and clock_skew) to {} (clock_skew {skew} s), not after exp",
        time(facts, "iat"),
        facts.now.saturating_sub(most + skew),
        facts.now.saturating_add(skew),
    )
}

fn time(facts: &Facts<'_>, name: &str) -> String {
    let now = facts.now;
    match facts.assertion.claims().object().get(name) {
        None => format!("no {name}; now {now}"),
        Some(Value::Number(number)) => format!("{name} {number}; now {now}"),
        Some(other) => {
            format!("{name} is {}; a number of seconds since 1970 is wanted; now {now}", other.kind())
        }
    }
}

pub(super) fn jti(facts: &Facts<'_>) -> String {
    let wanted =
        if facts.issuer.require_jti { "the issuer must send one" } else { "the issuer need not send one" };
    format!("{}; {wanted}", text_claim(facts, "jti", 256))
}

pub(super) fn sub_allowed(facts: &Facts<'_>) -> String {
    let Some(subjects) = &facts.issuer.subjects else {
        return "the issuer may speak for every subject".to_string();
    };
    let meaning = if subjects.iter().any(|subject| subject.contains('*')) { SUBJECT_PATTERNS } else { "" };
    format!("the issuer may speak for {}{meaning}", list(subjects.iter().map(String::as_str)))
}

pub(super) fn conditions(facts: &Facts<'_>) -> String {
    let claims = facts.assertion.claims().object();
    let conditions = &facts.issuer.claims;
    let failing: Vec<String> = conditions.iter().filter_map(|condition| condition.failure(claims)).collect();
    match (conditions.len(), failing.is_empty()) {
        (0, _) => "the issuer has no conditions".to_string(),
        (number, true) => format!("{}, and all hold", number_of(number, "condition", "conditions")),
        (number, false) => {
            format!("{}: {}", number_of(number, "condition", "conditions"), failing.join("; "))
        }
    }
}

pub(super) fn scope(facts: &Facts<'_>) -> String {
    let grantable = grantable_scope(facts).as_ref().map(Scope::to_text).unwrap_or_default();
    let asked =
        facts.scope.map_or("nothing asked".to_string(), |scope| format!("asked is {}", quoted(scope)));
    match (grantable.is_empty(), facts.issuer.scopes.is_some()) {
        (false, _) => format!("{asked}; granted may be {}", quoted(&grantable)),
        (true, false) => format!("{asked}; the application has no scope"),
        (true, true) => {
            format!("{asked}; the scopes of the application and of the issuer have none in common")
        }
    }
}

pub(super) fn resource(facts: &Facts<'_>) -> String {
    let known = list(known_resources(facts).iter().map(String::as_str));
    if facts.resources.is_empty() {
        return format!("nothing asked; the token is for {known}");
    }
    format!("asked is {}; known are {known}", list(facts.resources.iter().map(String::as_str)))
}
