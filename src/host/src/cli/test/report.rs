//! What came of the cases: a table and the differences for people, a document for programs.

use serde_json::{Value, json};

use super::cases::{Case, Outcome};
use super::stage::Decided;
use super::trust::{Ready, Signature};
use crate::cli::failure::Failure;
use crate::cli::{explain, output};

/// A case and what came of it.
pub(super) struct Judged {
    case: Case,
    organization: String,
    client: String,
    signature: Signature,
    decided: Decided,
    /// What explain says, where it is not as expected.
    checks: Vec<Value>,
}

impl Judged {
    pub(super) fn new(case: Case, ready: Ready, decided: Decided, mut checks: Vec<Value>) -> Self {
        let Ready { organization, client, signature, .. } = ready;
        if case.scope.is_some() {
            // An explanation is one of an exchange that asks for no scope.
            checks.retain(|check| check.get("rule").and_then(Value::as_str) != Some("R61"));
        }
        Self { case, organization, client, signature, decided, checks }
    }

    fn is_as_expected(&self) -> bool {
        as_expected(&self.case, &self.decided)
    }
}

/// Whether the decision is the one that the case expects.
pub(super) fn as_expected(case: &Case, decided: &Decided) -> bool {
    differences(case, decided).is_empty()
}

/// What differs, in words.
fn differences(case: &Case, decided: &Decided) -> Vec<String> {
    let mut found = Vec::new();
    match (&case.expected.outcome, &decided.outcome) {
        (Outcome::Granted(None), Outcome::Granted(_)) => {}
        (Outcome::Granted(Some(wanted)), Outcome::Granted(Some(got))) => {
            let words =
                |scopes: Vec<&String>| scopes.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
            let missing = words(wanted.difference(got).collect());
            let beyond = words(got.difference(wanted).collect());
            if !missing.is_empty() {
                found.push(format!("not granted: {missing}"));
            }
            if !beyond.is_empty() {
                found.push(format!("granted beyond: {beyond}"));
            }
        }
        (wanted, got) if wanted == got => {}
        (Outcome::Refused(_), Outcome::Granted(_)) => found.push("it is granted".to_owned()),
        (Outcome::Granted(_), Outcome::Refused(_)) => found.push("it is refused".to_owned()),
        (Outcome::Refused(_), Outcome::Refused(reason)) => {
            found.push(format!("it is refused for another reason: {reason}"));
        }
        (Outcome::Granted(_), Outcome::Granted(None)) => found.push("the scopes are not known".to_owned()),
    }
    if let Some(rule) = &case.expected.rule
        && decided.rule.as_ref() != Some(rule)
    {
        found.push(match &decided.rule {
            Some(got) => format!("the rule {got} decides, not {rule}"),
            None => format!("no rule decides, not {rule}"),
        });
    }
    found
}

fn shown(outcome: &Outcome, rule: Option<&str>) -> String {
    let shown = match outcome {
        Outcome::Granted(None) => "granted".to_owned(),
        Outcome::Granted(Some(scopes)) if scopes.is_empty() => "granted, no scope".to_owned(),
        Outcome::Granted(Some(scopes)) => {
            format!("granted {}", scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" "))
        }
        Outcome::Refused(reason) => format!("refused {reason}"),
    };
    rule.map_or(shown.clone(), |rule| format!("{shown} by {rule}"))
}

fn document(outcome: &Outcome, rule: Option<&str>) -> Value {
    let mut document = match outcome {
        Outcome::Granted(scopes) => json!({"outcome": "granted", "scopes": scopes}),
        Outcome::Refused(reason) => json!({"outcome": "refused", "reason": reason}),
    };
    document["rule"] = rule.into();
    document
}

/// Prints all of it, and fails where one is not as expected.
pub(super) fn print(judged: &[Judged], as_json: bool) -> Result<(), Failure> {
    let failed = judged.iter().filter(|one| !one.is_as_expected()).count();
    if as_json {
        let cases: Vec<Value> = judged.iter().map(of_program).collect();
        output::json(&json!({"cases": cases, "passed": judged.len() - failed, "failed": failed}))?;
    } else {
        table(judged, failed)?;
    }
    if failed > 0 { Err(Failure::CasesFailed { failed, all: judged.len() }) } else { Ok(()) }
}

fn of_program(one: &Judged) -> Value {
    let Judged { case, organization, client, signature, decided, checks } = one;
    json!({
        "file": case.file,
        "name": case.name,
        "organization": organization,
        "client": client,
        "signature": signature.name(),
        "passed": one.is_as_expected(),
        "expected": document(&case.expected.outcome, case.expected.rule.as_deref()),
        "got": document(&decided.outcome, decided.rule.as_deref()),
        "differences": differences(case, decided),
        "checks": checks,
    })
}

fn table(judged: &[Judged], failed: usize) -> Result<(), Failure> {
    let rows: Vec<_> = judged.iter().map(row).collect();
    output::table(&["", "CASE", "EXPECTED", "GOT"], &rows)?;
    for one in judged.iter().filter(|one| !one.is_as_expected()) {
        let Judged { case, decided, checks, .. } = one;
        output::line(format_args!(
            "\n{}: {}: {}",
            case.file,
            case.name,
            differences(case, decided).join("; ")
        ))?;
        if let Some(sentence) = &decided.sentence {
            output::line(format_args!("A client is told: {sentence}"))?;
        }
        let shown: Vec<_> = checks.iter().filter(|check| is_telling(check)).map(explain::row).collect();
        if !shown.is_empty() {
            output::table(&["", "RULE", "CHECK", "REASON", "SAW"], &shown)?;
        }
    }
    let unchecked = judged.iter().filter(|one| one.signature == Signature::Replaced).count();
    output::line("")?;
    if unchecked > 0 {
        let tokens = if unchecked == 1 { "token" } else { "tokens" };
        output::line(format_args!(
            "{unchecked} {tokens}: the signature was not checked, since the issuer's keys are fetched (marked with *)"
        ))?;
    }
    let as_expected = judged.len() - failed;
    Ok(output::line(format_args!("{as_expected} as expected, {failed} not"))?)
}

fn row(one: &Judged) -> Vec<String> {
    let Judged { case, decided, .. } = one;
    let mark = if one.is_as_expected() { "ok" } else { "NO" };
    let star = if one.signature == Signature::Replaced { "*" } else { "" };
    let rule = case.expected.rule.as_deref();
    vec![
        mark.to_owned(),
        format!("{}{star}", case.name),
        shown(&case.expected.outcome, rule),
        shown(&decided.outcome, decided.rule.as_deref()),
    ]
}

/// Whether a check tells why: it failed, or is of the policy. `--json` has all of them.
fn is_telling(check: &Value) -> bool {
    let rules = check.get("rule").and_then(Value::as_str).unwrap_or_default();
    let is_policy = rules.split(", ").any(|rule| POLICY.contains(&rule));
    is_policy || check.get("passed").and_then(Value::as_bool) == Some(false)
}

/// The conditions of the issuer, its rules, and scope.
const POLICY: [&str; 4] = ["R49", "R61", "R80", "R81"];
