//! `asserta activity`: an organization's last decisions.

use std::collections::HashSet;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::admin::{AdminClient, Organization, Server, encoded};
use super::failure::Failure;
use super::output;
use super::time::moment;

/// Shows an organization's last decisions, the newest at the end.
///
/// The server keeps a few thousand per organization, without subjects and assertions. A decision
/// appears within two seconds while its instance is serving.
///
///   asserta activity --outcome refused
///   asserta activity --client-id app-1 --follow
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Activity {
    /// Only those that were granted or refused; or only what was revoked.
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<Outcome>,
    /// Only those refused for this reason, such as assertion-expired.
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Only those about this application.
    #[arg(long, value_name = "CLIENT_ID")]
    client_id: Option<String>,
    /// Only those about this issuer, by its name.
    #[arg(long, value_name = "NAME")]
    trusted_issuer: Option<String>,
    /// Only those by this rule.
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// At most so many, 100 or fewer.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Go on, and show new ones as they come. With --json, one a line.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

#[derive(Clone, Copy, ValueEnum)]
enum Outcome {
    Granted,
    Refused,
    Revoked,
}

const HEADER: [&str; 7] = ["TIME (UTC)", "OUTCOME", "REASON", "CLIENT", "ISSUER", "RULE", "MICROSECONDS"];
/// How wide its columns are where what comes is not known yet.
const WIDTHS: [usize; 7] = [19, 8, 24, 24, 16, 16, 0];
/// How long after the last look the next one is.
const PAUSE: Duration = Duration::from_secs(2);
/// How many pages of new decisions are looked at in one go.
const MAX_PAGES: usize = 10;
/// How many decisions that were shown are remembered at least: more than the server keeps.
const MAX_SHOWN: usize = 10_000;
/// How many decisions there are on a page of new ones.
const PAGE: u32 = 100;

impl Activity {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let client = self.server.client()?;
        // Whoever goes on has to know what was there, even where less of it is shown.
        let page = client.get(&self.path(if self.follow { PAGE } else { self.limit }))?;
        let mut items = items(&client, &page)?;
        if page.get("recording") == Some(&Value::Bool(false)) {
            eprintln!("the server records no decisions: its setting `activity` is off");
        }
        if let Some(dropped @ 1..) = page.get("dropped").and_then(Value::as_u64) {
            eprintln!("{dropped} more decisions are not in the log: too many came at once");
        }
        if self.follow {
            return self.follow(&client, items, page.get("next").is_some_and(Value::is_string));
        }
        items.reverse();
        if self.server.json {
            output::json(&Value::Array(items))?;
        } else {
            output::table(&HEADER, &items.iter().map(row).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn path(&self, limit: u32) -> String {
        format!("{}?limit={limit}{}", self.organization.path(&["activity"]), self.filters())
    }

    fn filters(&self) -> String {
        let outcome = self.outcome.and_then(|outcome| outcome.to_possible_value());
        let given = [
            ("outcome", outcome.as_ref().map(|outcome| outcome.get_name())),
            ("reason", self.reason.as_deref()),
            ("client_id", self.client_id.as_deref()),
            ("trusted_issuer", self.trusted_issuer.as_deref()),
            ("rule", self.rule.as_deref()),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.map(|(name, value)| format!("&{name}={}", encoded(value))).collect()
    }

    /// Shows the last of what is there and then what comes, until somebody ends it. One that an instance writes late is
    /// shown late. `is_full`: there is more than the first page.
    fn follow(&self, client: &AdminClient, first: Vec<Value>, is_full: bool) -> Result<(), Failure> {
        if !self.server.json {
            output::line(columns(&HEADER.map(str::to_owned)))?;
        }
        // What is older was there before, though nobody has looked at it.
        let floor = first.last().filter(|_| is_full).and_then(place);
        let mut shown: HashSet<String> = first.iter().map(|item| output::member(item, "id")).collect();
        let mut before = HashSet::new();
        let mut new = first;
        new.truncate(self.limit as usize);
        let mut is_waiting = false;
        loop {
            for item in new.iter().rev() {
                shown.insert(output::member(item, "id"));
                output::line(if self.server.json { item.to_string() } else { columns(&row(item)) })?;
            }
            if shown.len() > MAX_SHOWN {
                before = std::mem::take(&mut shown);
            }
            std::thread::sleep(PAUSE);
            let is_new = |item: &Value| {
                let id = output::member(item, "id");
                !shown.contains(&id) && !before.contains(&id) && place(item) >= floor
            };
            new = match self.news(client, is_new) {
                Err(failure) if failure.may_pass() => {
                    if !is_waiting {
                        eprintln!("{failure}; waiting for it");
                    }
                    is_waiting = true;
                    Vec::new()
                }
                news => {
                    is_waiting = false;
                    news?
                }
            };
        }
    }

    /// What was not shown yet, the newest first: pages of it, up to one on which something was.
    fn news(&self, client: &AdminClient, is_new: impl Fn(&Value) -> bool) -> Result<Vec<Value>, Failure> {
        let path = self.path(PAGE);
        let (mut new, mut after) = (Vec::new(), String::new());
        for _ in 0..MAX_PAGES {
            let page = client.get(&format!("{path}{after}"))?;
            let mut found = items(client, &page)?;
            let all = found.len();
            found.retain(&is_new);
            let are_all_new = found.len() == all;
            new.extend(found);
            match page.get("next").and_then(Value::as_str) {
                Some(next) if are_all_new => after = format!("&after={}", encoded(next)),
                _ => break,
            }
        }
        Ok(new)
    }
}

/// Where a decision stands in the log, by its `id`: later ones are greater.
fn place(item: &Value) -> Option<Vec<u64>> {
    let numbers = item.get("id")?.as_str()?.split('.').map(|number| number.parse().ok());
    numbers.collect()
}

fn items(client: &AdminClient, page: &Value) -> Result<Vec<Value>, Failure> {
    page.get("items").and_then(Value::as_array).cloned().ok_or_else(|| client.strange(200))
}

fn row(item: &Value) -> Vec<String> {
    let mut row = vec![moment(item, "time")];
    let members = ["outcome", "reason", "client_id", "trusted_issuer", "rule", "microseconds"];
    row.extend(members.map(|member| output::member(item, member)));
    row
}

fn columns(row: &[String]) -> String {
    let cells = row.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:width$}"));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
