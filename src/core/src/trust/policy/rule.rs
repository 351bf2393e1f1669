//! The rule of an issuer that decides (R80 to R82), and in words why another one does not.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Asker, Look, PolicyProblem, Results, caps};
use crate::trust::requirements::Requirements;
use crate::trust::{IssuerRule, RuleClient, RuleMode};
use crate::words::{number_of, quoted};

/// How many conditions that fail are named of one rule.
const MAX_FAILURES: usize = 4;

/// R80: the first rule that fits decides. One that is only watched never does (R82).
pub(super) fn choose<'a>(look: &Look<'a>, results: &mut Results<'a>) -> Result<(), PolicyProblem> {
    let Some(rules) = look.terms.issuer.rules() else {
        // R29: what an issuer without rules is trusted with is for authenticated clients alone.
        let without_client = matches!(look.terms.asker, Asker::NoClient(_));
        return if without_client { Err(PolicyProblem::NoRuleFits) } else { Ok(()) };
    };
    for (rule, required) in rules {
        if !fits(look, rule, required) {
            continue;
        }
        match rule.mode {
            RuleMode::Enforce => {
                results.rule = Some(rule);
                return label_fits(look, rule);
            }
            RuleMode::Audit => results.audited.push((&rule.name, outcome(look, rule))),
        }
    }
    Err(PolicyProblem::NoRuleFits)
}

fn fits(look: &Look<'_>, rule: &IssuerRule, required: &Requirements) -> bool {
    fits_asker(look, rule)
        && fits_subject(look, required)
        && look.claims.as_ref().is_some_and(|claims| required.hold(claims))
}

/// R29, R80: a rule is for requests without a client alone, or for applications that have authenticated: all, or these.
fn fits_asker(look: &Look<'_>, rule: &IssuerRule) -> bool {
    match (look.terms.asker, rule.client) {
        (Asker::NoClient(_) | Asker::Anybody(_), RuleClient::None) => true,
        (Asker::Application(application) | Asker::Anybody(application), RuleClient::Required) => {
            let client_id = application.client_id();
            rule.applications
                .as_ref()
                .is_none_or(|fitting| fitting.iter().any(|fitting| fitting == client_id))
        }
        (Asker::Application(_), RuleClient::None) | (Asker::NoClient(_), RuleClient::Required) => false,
    }
}

/// R29: a `client_id` that stands alone is the rule's.
fn label_fits(look: &Look<'_>, rule: &IssuerRule) -> Result<(), PolicyProblem> {
    match look.terms.asker {
        Asker::NoClient(Some(given)) if rule.label() != Some(given) => Err(PolicyProblem::LabelDiffers),
        _ => Ok(()),
    }
}

fn fits_subject(look: &Look<'_>, required: &Requirements) -> bool {
    required.allows_every_subject() || look.subject.is_some_and(|subject| required.allow_subject(subject))
}

/// What the rule would come to, if it decided.
fn outcome(look: &Look<'_>, rule: &IssuerRule) -> Result<(), PolicyProblem> {
    caps::scope(&look.terms, Some(rule), look.claimed)?;
    caps::audience(&look.terms, Some(rule), look.claimed).map(drop)
}

/// R81: of each rule up to the one that decides, why it does not.
pub(super) fn saw(look: &Look<'_>, _: &Results<'_>) -> String {
    let Some(rules) = look.terms.issuer.rules() else {
        return "the issuer has no rules: what it is trusted with is the one rule".to_string();
    };
    let mut told = Vec::new();
    for (rule, required) in rules {
        let name = quoted(&rule.name);
        if !fits(look, rule, required) {
            told.push(format!("{name} does not fit ({})", why_not(look, rule, required).join("; ")));
            continue;
        }
        match rule.mode {
            RuleMode::Enforce => {
                let fits = if label_fits(look, rule).is_ok() { "" } else { "; it has another client_id" };
                told.push(format!("{name} fits, and decides{fits}"));
                break;
            }
            RuleMode::Audit => told.push(format!("{name} fits, and is only watched")),
        }
    }
    told.join("; ")
}

/// Why it does not fit: neither the subject nor the value of a claim is told (R3).
fn why_not(look: &Look<'_>, rule: &IssuerRule, required: &Requirements) -> Vec<String> {
    let mut told = Vec::new();
    if !fits_asker(look, rule) {
        let why = match (look.terms.asker, rule.client) {
            (Asker::NoClient(_), _) => "it is for applications",
            (_, RuleClient::None) => "it is for requests without a client",
            _ => "the application is none of those it fits",
        };
        told.push(why.to_string());
    }
    if !fits_subject(look, required) {
        told.push("sub is none of those it fits".to_string());
    }
    let mut failures = look.claims.as_ref().map(|claims| required.failures(claims)).unwrap_or_default();
    let more = failures.len().saturating_sub(MAX_FAILURES);
    failures.truncate(MAX_FAILURES);
    told.append(&mut failures);
    if more > 0 {
        told.push(format!("{} more", number_of(more, "condition", "conditions")));
    }
    told
}
