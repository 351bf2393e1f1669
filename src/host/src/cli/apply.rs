//! `asserta apply`: registrations from a file, as often as you like. The server judges and applies them; this reads the
//! file, sends it and shows what the server says.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::admin::{AdminClient, Server};
use super::document;
use super::failure::Failure;
use super::output;
use super::parts::{Part, parts};

/// Makes the registrations match a file: organizations, trusted issuers, applications.
///
/// The file is JSON, or TOML where its name ends in .toml. Applied again it changes nothing. What the
/// file does not name stays as it is. The server checks all of it before any of it is changed.
///
///   {"organizations": [{"name": "acme",
///     "trusted_issuers": [{"name": "partner", "issuer": "https://idp.example",
///       "jwks_uri": "https://idp.example/jwks"}],
///     "applications": [{"client_id": "app-1", "client_secret_sha256": "…", "scope": "read",
///       "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"]}]}]}
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Apply {
    /// The file; - reads JSON from standard input.
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    file: Option<PathBuf>,
    /// Print the JSON Schema of such files, for editors, and do nothing else.
    #[arg(long, conflicts_with_all = ["file", "dry_run", "against"])]
    schema: bool,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// With `activity`: say also which of the recorded decisions would have come out otherwise, as far as the log tells.
    #[arg(long, value_name = "LOG", requires = "dry_run")]
    against: Option<Against>,
    #[command(flatten)]
    server: Server,
}

#[derive(Clone, Copy, ValueEnum)]
enum Against {
    Activity,
}

/// The schema that the server serves at `/admin/schema.json`.
pub(super) const SCHEMA: &str = include_str!("../../../core/schema.json");

/// What became of one registration, or would become of it.
struct Outcome {
    /// Its organization and name.
    label: String,
    done: String,
    /// What to look at again (R86), as the server has it.
    warnings: Vec<Value>,
}

impl Outcome {
    fn as_json(&self) -> Value {
        let mut one = json!({"registration": self.label, "outcome": self.done});
        if !self.warnings.is_empty() {
            one["warnings"] = json!(self.warnings);
        }
        one
    }

    /// On standard error, where a script sees it too.
    fn tell_warnings(&self) {
        for warning in &self.warnings {
            let [field, detail] = ["field", "detail"].map(|member| output::member(warning, member));
            eprintln!("warning: {}: {field}: {detail}", self.label);
        }
    }
}

/// Why a part was not applied, or not to its end.
struct Halted {
    failure: Failure,
    /// How far it came; `None`: nothing of it was applied.
    outcomes: Option<Vec<Outcome>>,
}

impl Apply {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Some(path) = &self.file else {
            return Ok(output::text(SCHEMA)?);
        };
        let file = path.display().to_string();
        let named = |failure: Failure| failure.within(&file);
        let parts = parts(read(path, &file)?).map_err(named)?;
        let client = self.server.client()?;
        if self.against.is_some() {
            let [whole] = &parts[..] else {
                let problem = "needs a document of at most 64 KiB and 100 registrations; take an organization at a time";
                return Err(Failure::invalid("--against", problem));
            };
            return self.compare(&client, whole).map_err(named);
        }
        if parts.len() > 1 && !self.dry_run {
            // None of them is applied before the server has judged all.
            for part in &parts {
                let judged = send(&client, part, true);
                judged.map_err(|halted| Failure::NothingApplied(Box::new(named(halted.failure))))?;
            }
        }
        let mut outcomes = Vec::new();
        let mut failed = None;
        for part in &parts {
            if failed.is_some() {
                outcomes.extend(part.names().into_iter().map(not_applied));
                continue;
            }
            match send(&client, part, self.dry_run) {
                Ok(done) => outcomes.extend(done),
                Err(Halted { failure, outcomes: None }) if outcomes.is_empty() && !self.dry_run => {
                    let failure = named(failure);
                    // What has a place the server has judged; where it failed, nobody has said what was applied.
                    let is_judged = matches!(
                        &failure,
                        Failure::Refused { status: 400..=499, .. } | Failure::Refused { field: Some(_), .. }
                    );
                    return Err(if is_judged { Failure::NothingApplied(Box::new(failure)) } else { failure });
                }
                Err(Halted { failure, outcomes: done }) => {
                    outcomes
                        .extend(done.unwrap_or_else(|| part.names().into_iter().map(not_applied).collect()));
                    failed = Some(named(failure));
                }
            }
        }
        if parts.len() > 1 {
            // What one part names may stand in a later one, which the server had not seen.
            outcomes.iter_mut().for_each(|one| one.warnings.clear());
        }
        // Printed whether all of it could be applied or not: it says of each whether it is.
        self.print(outcomes)?;
        failed.map_or(Ok(()), Err)
    }

    fn print(&self, outcomes: Vec<Outcome>) -> Result<(), Failure> {
        if self.server.json {
            output::json(&outcomes.iter().map(Outcome::as_json).collect())?;
        } else if !outcomes.is_empty() {
            outcomes.iter().for_each(Outcome::tell_warnings);
            let rows: Vec<_> = outcomes.into_iter().map(|one| vec![one.label, one.done]).collect();
            output::table(&["REGISTRATION", if self.dry_run { "WOULD BE" } else { "OUTCOME" }], &rows)?;
        }
        Ok(())
    }

    /// A dry run, and what it makes of the activity log.
    fn compare(&self, client: &AdminClient, whole: &Part) -> Result<(), Failure> {
        let path = "/admin/apply?dry_run=true&against=activity";
        let report = client.post_for_answer(path, &whole.document)?.map_err(|(failure, _)| failure)?;
        let (Some(outcomes), Some(activity)) = (outcomes(whole, &report), report.get("activity")) else {
            return Err(client.strange(200));
        };
        if self.server.json {
            output::json(&report)?;
            return Ok(());
        }
        outcomes.iter().for_each(Outcome::tell_warnings);
        let rows: Vec<_> = outcomes.into_iter().map(|one| vec![one.label, one.done]).collect();
        output::table(&["REGISTRATION", "WOULD BE"], &rows)?;
        let [compared, same, otherwise, unknown] =
            ["compared", "same", "otherwise", "unknown"].map(|member| output::member(activity, member));
        output::line(format_args!(
            "\n{compared} recorded decisions: {same} would be the same, {otherwise} otherwise, of {unknown} it can't be told"
        ))?;
        let items = activity.get("items").and_then(Value::as_array);
        let rows: Vec<_> = items.into_iter().flatten().map(compared_row).collect();
        if !rows.is_empty() {
            let header = ["COUNT", "ORGANIZATION", "CLIENT", "ISSUER", "RULE", "WAS", "WOULD BE"];
            output::table(&header, &rows)?;
        }
        Ok(())
    }
}

/// Decisions that have something in common, and what they would come to.
fn compared_row(item: &Value) -> Vec<String> {
    let text = |member: &str| item.get(member).and_then(Value::as_str);
    let mut row: Vec<_> = ["count", "organization", "client_id", "trusted_issuer", "rule"]
        .map(|member| output::member(item, member))
        .into();
    row.push(text("reason").or_else(|| text("outcome")).unwrap_or("-").to_owned());
    row.push(match (text("would_be"), text("would_be_reason")) {
        (Some("refused"), Some(reason)) => reason.to_owned(),
        (Some("unknown"), _) => format!("unknown: depends on {}", output::member(item, "because")),
        (would_be, _) => would_be.unwrap_or("-").to_owned(),
    });
    row
}

fn read(path: &Path, name: &str) -> Result<Value, Failure> {
    let text = if name == "-" { document::standard_input()? } else { document::text(name, path)? };
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    document::registrations(if name == "-" { "standard input" } else { name }, &text, is_toml)
}

/// Has the server apply a part, or say what that would do.
fn send(client: &AdminClient, part: &Part, dry_run: bool) -> Result<Vec<Outcome>, Halted> {
    let path = if dry_run { "/admin/apply?dry_run=true" } else { "/admin/apply" };
    let halted = |failure| Halted { failure, outcomes: None };
    match client.post_for_answer(path, &part.document).map_err(halted)? {
        Ok(report) => outcomes(part, &report).ok_or_else(|| halted(client.strange(200))),
        Err((failure, problem)) => {
            Err(Halted { failure: placed(failure, part), outcomes: outcomes(part, &problem) })
        }
    }
}

/// The field at fault, by its place in the whole document.
pub(super) fn placed(failure: Failure, part: &Part) -> Failure {
    match failure {
        Failure::Refused { status, title, detail, field: Some(field) } => {
            let sentence = detail.unwrap_or(title);
            let problem = sentence.strip_prefix(&format!("{field}: ")).unwrap_or(&sentence).to_owned();
            Failure::Refused { status, title: problem, detail: None, field: Some(part.place(&field)) }
        }
        other => other,
    }
}

fn outcomes(part: &Part, report: &Value) -> Option<Vec<Outcome>> {
    let items = report.get("items")?.as_array()?;
    items.iter().skip(part.known_before()).map(outcome).collect()
}

fn outcome(item: &Value) -> Option<Outcome> {
    let text = |member: &str| item.get(member).and_then(Value::as_str);
    let organization = text("organization")?;
    let label = text("name").map_or_else(|| organization.to_owned(), |name| format!("{organization}/{name}"));
    let changed = item.get("changed").and_then(Value::as_array);
    let changed: Vec<&str> = changed.into_iter().flatten().filter_map(Value::as_str).collect();
    let done = match text("outcome")? {
        "replaced" if !changed.is_empty() => format!("changed: {}", changed.join(", ")),
        other => other.replace('_', " "),
    };
    let warnings = item.get("warnings").and_then(Value::as_array).cloned().unwrap_or_default();
    Some(Outcome { label, done, warnings })
}

fn not_applied(label: String) -> Outcome {
    Outcome { label, done: "not applied".to_owned(), warnings: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_registration() {
        let shown = |item| outcome(&item).map(|one| format!("{} {}", one.label, one.done));
        let issuer = |outcome: &str| json!({"organization": "a", "name": "b", "outcome": outcome});
        assert_eq!(shown(json!({"organization": "a", "outcome": "created"})).as_deref(), Some("a created"));
        assert_eq!(shown(issuer("not_applied")).as_deref(), Some("a/b not applied"));
        assert_eq!(shown(issuer("replaced")).as_deref(), Some("a/b replaced"));
        let mut replaced = issuer("replaced");
        replaced["changed"] = json!(["alias", "typ"]);
        assert_eq!(shown(replaced).as_deref(), Some("a/b changed: alias, typ"));
        assert_eq!(shown(json!({"name": "b"})), None);
    }

    #[test]
    fn what_decisions_would_come_to() {
        let refused = json!({"count": 2, "organization": "a", "client_id": "c", "trusted_issuer": "i",
            "outcome": "granted", "would_be": "refused", "would_be_reason": "issuer-not-allowed"});
        assert_eq!(compared_row(&refused).join("|"), "2|a|c|i|-|granted|issuer-not-allowed");
        let unknown = json!({"count": 1, "organization": "a", "outcome": "refused", "reason": "no-rule-fits",
            "would_be": "unknown", "because": ["trusted_issuer.rules", "trusted_issuer.claims"]});
        assert_eq!(
            compared_row(&unknown).join("|"),
            "1|a|-|-|-|no-rule-fits|unknown: depends on trusted_issuer.rules, trusted_issuer.claims"
        );
    }
}
