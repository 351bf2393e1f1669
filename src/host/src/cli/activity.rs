//! `asserta activity`: an organization's last decisions.

use std::collections::HashSet;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::admin::{AdminClient, Organization, Server, encoded};
use super::failure::Failure;
use super::output;

/// Shows an organization's last decisions, the newest at the end.
///
/// The server keeps some thousand of each organization, without subjects and assertions. A decision is there two seconds
/// after it was made at the latest, if its instance has gone on serving.
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

impl Activity {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let client = self.server.client()?;
        let path =
            format!("{}?limit={}{}", self.organization.path(&["activity"]), self.limit, self.filters());
        let page = client.get(&path)?;
        let mut items = items(&client, &page)?;
        if page.get("recording") == Some(&Value::Bool(false)) {
            eprintln!("the server records no decisions: its setting `activity` is off");
        }
        if let Some(dropped @ 1..) = page.get("dropped").and_then(Value::as_u64) {
            eprintln!("{dropped} more decisions are not in the log: too many came at once");
        }
        if self.follow {
            return self.follow(&client, items);
        }
        if self.server.json {
            output::json(&Value::Array(items))?;
        } else {
            items.reverse();
            output::table(&HEADER, &items.iter().map(row).collect::<Vec<_>>())?;
        }
        Ok(())
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

    /// Shows these and then what comes, until somebody ends it. One that an instance writes late is shown late.
    fn follow(&self, client: &AdminClient, first: Vec<Value>) -> Result<(), Failure> {
        if !self.server.json {
            output::line(columns(&HEADER.map(str::to_owned)))?;
        }
        let (mut shown, mut before) = (HashSet::new(), HashSet::new());
        let mut new = first;
        loop {
            for item in new.iter().rev() {
                shown.insert(output::member(item, "id"));
                output::line(if self.server.json { item.to_string() } else { columns(&row(item)) })?;
            }
            if shown.len() > MAX_SHOWN {
                before = std::mem::take(&mut shown);
            }
            std::thread::sleep(PAUSE);
            new = self.news(client, |id| shown.contains(id) || before.contains(id))?;
        }
    }

    /// What was not shown yet, the newest first: pages of it, up to one on which something was.
    fn news(&self, client: &AdminClient, was_shown: impl Fn(&str) -> bool) -> Result<Vec<Value>, Failure> {
        let path = format!("{}?limit=100{}", self.organization.path(&["activity"]), self.filters());
        let (mut new, mut after) = (Vec::new(), String::new());
        for _ in 0..MAX_PAGES {
            let page = client.get(&format!("{path}{after}"))?;
            let mut found = items(client, &page)?;
            let all = found.len();
            found.retain(|item| !was_shown(&output::member(item, "id")));
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

fn items(client: &AdminClient, page: &Value) -> Result<Vec<Value>, Failure> {
    page.get("items").and_then(Value::as_array).cloned().ok_or_else(|| client.strange(200))
}

fn row(item: &Value) -> Vec<String> {
    let mut row = vec![item.get("time").and_then(Value::as_u64).map_or_else(|| "-".to_owned(), utc)];
    let members = ["outcome", "reason", "client_id", "trusted_issuer", "rule", "microseconds"];
    row.extend(members.map(|member| output::member(item, member)));
    row
}

fn columns(row: &[String]) -> String {
    let cells = row.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:width$}"));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// Seconds since 1970 as date and time.
fn utc(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Years of 365.2425 days that begin in March, in eras of 400 of them.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month, is_next) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1, month >= 10);
    let year = era * 400 + year + u64::from(is_next);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_709_251_199, "2024-02-29 23:59:59"),
            (1_735_689_599, "2024-12-31 23:59:59"),
            (1_735_689_600, "2025-01-01 00:00:00"),
            (1_800_000_000, "2027-01-15 08:00:00"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }
}
