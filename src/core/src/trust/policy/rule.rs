//! The rule of an issuer that decides (R80 to R82), and in words why another one does not.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Look, PolicyProblem, Results, caps};
use crate::trust::requirements::Requirements;
use crate::trust::{IssuerRule, RuleMode};
use crate::words::{number_of, quoted};

/// How many conditions that fail are named of one rule.
const MAX_FAILURES: usize = 4;

/// R80: the first rule that fits decides. One that is only watched never does (R82).
pub(super) fn choose<'a>(look: &Look<'a>, results: &mut Results<'a>) -> Result<(), PolicyProblem> {
    let Some(rules) = look.terms.issuer.rules() else { return Ok(()) };
    for (rule, required) in rules {
        if !fits(look, rule, required) {
            continue;
        }
        match rule.mode {
            RuleMode::Enforce => {
                results.rule = Some(rule);
                return Ok(());
            }
            RuleMode::Audit => results.audited.push((&rule.name, outcome(look, rule))),
        }
    }
    Err(PolicyProblem::NoRuleFits)
}

fn fits(look: &Look<'_>, rule: &IssuerRule, required: &Requirements) -> bool {
    fits_application(look, rule)
        && fits_subject(look, required)
        && look.claims.as_ref().is_some_and(|claims| required.hold(claims))
}

fn fits_application(look: &Look<'_>, rule: &IssuerRule) -> bool {
    let client_id = look.terms.application.client_id();
    rule.applications.as_ref().is_none_or(|fitting| fitting.iter().any(|fitting| fitting == client_id))
}

fn fits_subject(look: &Look<'_>, required: &Requirements) -> bool {
    required.allows_every_subject() || look.subject.is_some_and(|subject| required.allow_subject(subject))
}

/// What the rule would come to, if it decided.
fn outcome(look: &Look<'_>, rule: &IssuerRule) -> Result<(), PolicyProblem> {
    caps::scope(&look.terms, Some(rule))?;
    caps::audience(&look.terms, Some(rule)).map(drop)
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
                told.push(format!("{name} fits, and decides"));
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
    if !fits_application(look, rule) {
        told.push("the application is none of those it fits".to_string());
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
