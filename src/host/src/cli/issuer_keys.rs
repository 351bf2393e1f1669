//! `asserta issuer check`, and what `add` and `show` say of an issuer's keys.

use clap::Args;
use serde_json::{Value, json};

use super::admin::{AdminClient, Organization, Server};
use super::failure::Failure;
use super::output::{self, member};
use super::time::{moment, utc};

/// How many keys `add` names.
const MAX_NAMED: usize = 4;
/// How much of a text that the issuer chose is shown, in characters.
const MAX_SHOWN: usize = 64;

/// Fetches its keys now and lists them.
///
/// Exit code 1 says that no key can be used, 2 that it could not be looked up.
#[derive(Args)]
pub(crate) struct Check {
    /// Its name.
    name: String,
    /// List what is there, and fetch nothing.
    #[arg(long)]
    no_fetch: bool,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let client = self.server.client()?;
        let report = match self.no_fetch {
            true => client.get(&self.organization.path(&["trusted-issuers", &self.name, "keys"]))?,
            false => fetch(&client, &self.organization, &self.name)?,
        };
        if self.server.json {
            output::json(&report)?;
        } else {
            print(&report)?;
        }
        if usable(&report) == 0 { Err(Failure::NoUsableKey) } else { Ok(()) }
    }
}

fn fetch(client: &AdminClient, organization: &Organization, name: &str) -> Result<Value, Failure> {
    client.post(&organization.path(&["trusted-issuers", name, "check"]), &json!({}))
}

/// Shows the keys of an issuer as far as they are there, below its registration.
pub(super) fn show(client: &AdminClient, organization: &Organization, name: &str) -> Result<(), Failure> {
    match client.find(&organization.path(&["trusted-issuers", name, "keys"])) {
        Ok(Some(report)) => {
            output::line("")?;
            print(&report)?;
        }
        // A server of before lists none.
        Ok(None) => {}
        Err(failure) => eprintln!("its keys can't be listed: {failure}"),
    }
    Ok(())
}

/// Fetches the keys of an issuer that was just registered, and says what came. It stays registered whatever that is: its
/// endpoint may be up later.
pub(super) fn try_out(
    client: &AdminClient,
    organization: &Organization,
    name: &str,
    as_json: bool,
) -> Result<(), Failure> {
    let again = "it is registered all the same; `asserta issuer check` tries again";
    match fetch(client, organization, name) {
        Err(failure) => eprintln!("warning: its keys were not tried: {failure}; {again}"),
        Ok(report) if usable(&report) == 0 => {
            let problem = problems(&report).pop().unwrap_or_else(|| "no key can be used".to_owned());
            eprintln!("warning: its keys did not come: {problem}; {again}");
        }
        Ok(_) if as_json => {}
        Ok(report) => {
            let keys = items(&report, "keys");
            let mut named: Vec<_> = keys.iter().take(MAX_NAMED).map(described).collect();
            if keys.len() > MAX_NAMED {
                named.push(format!("{} more", keys.len() - MAX_NAMED));
            }
            let from = items(&report, "documents").last().map(|document| shown(&member(document, "uri")));
            output::line(format_args!(
                "{} from {}: {}",
                counted(&report),
                from.unwrap_or_default(),
                named.join(", ")
            ))?;
        }
    }
    Ok(())
}

/// `k1 (RSA 2048)`.
fn described(key: &Value) -> String {
    let kid = key.get("kid").and_then(Value::as_str).map_or_else(|| "without kid".to_owned(), shown);
    format!("{kid} ({})", kind(key))
}

fn print(report: &Value) -> Result<(), Failure> {
    output::line(format_args!("{} of {}", counted(report), shown(&member(report, "name"))))?;
    for document in items(report, "documents") {
        // The moment is that of the last attempt, whatever came of it.
        let done = if document.get("problem").is_some_and(Value::is_string) { "tried" } else { "fetched" };
        let fetched = match document.get("fetched_at").and_then(Value::as_u64) {
            Some(at) => format!("{done} {} UTC", utc(at)),
            None => "never fetched".to_owned(),
        };
        let fresh = document.get("fresh_until").and_then(Value::as_u64);
        let fresh = fresh.map_or_else(String::new, |until| format!(", fresh until {} UTC", utc(until)));
        let (kind, uri) = (member(document, "document"), shown_whole(&member(document, "uri")));
        output::line(format_args!("{kind}: {uri}: {fetched}{fresh}"))?;
    }
    for problem in problems(report) {
        output::line(format_args!("problem: {problem}"))?;
    }
    let (keys, skipped) = (items(report, "keys"), items(report, "skipped_keys"));
    if keys.is_empty() && skipped.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = keys.iter().map(row).chain(skipped.iter().map(row_of_skipped)).collect();
    let header =
        ["KEY", "KID", "TYPE", "USE", "ALGORITHMS", "THUMBPRINT", "CERTIFICATE", "EXPIRES (UTC)", "STATE"];
    Ok(output::table(&header, &rows)?)
}

fn row(key: &Value) -> Vec<String> {
    let certificate = key.get("certificate").unwrap_or(&Value::Null);
    let problem = key.get("problem").or_else(|| certificate.get("problem")).and_then(Value::as_str);
    vec![
        member(key, "key"),
        shown(&member(key, "kid")),
        kind(key),
        shown(&member(key, "use")),
        member(key, "algorithms"),
        member(key, "thumbprint"),
        shown(&member(certificate, "subject")),
        moment(certificate, "not_after"),
        problem.unwrap_or("usable").to_owned(),
    ]
}

fn row_of_skipped(skipped: &Value) -> Vec<String> {
    let mut row = vec!["-".to_owned(); 9];
    row[0] = member(skipped, "key");
    row[8] = format!("skipped: {}", member(skipped, "reason"));
    row
}

/// `RSA 2048`, `EC P-256`, `OKP Ed25519`.
fn kind(key: &Value) -> String {
    let size = key.get("bits").or_else(|| key.get("crv")).unwrap_or(&Value::Null);
    format!("{} {}", member(key, "kty"), output::plain(size))
}

fn counted(report: &Value) -> String {
    let usable = match usable(report) {
        1 => "1 usable key".to_owned(),
        count => format!("{count} usable keys"),
    };
    match items(report, "skipped_keys").len() {
        0 => usable,
        skipped => format!("{usable} ({skipped} skipped)"),
    }
}

fn usable(report: &Value) -> u64 {
    report.get("usable").and_then(Value::as_u64).unwrap_or(0)
}

/// What is wrong with the documents, or else with the keys, in the order in which they are needed.
fn problems(report: &Value) -> Vec<String> {
    let of = |list: &str| {
        let texts = items(report, list).iter().filter_map(|item| item.get("problem").and_then(Value::as_str));
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    let documents = of("documents");
    if documents.is_empty() && usable(report) == 0 { of("keys") } else { documents }
}

fn items<'a>(report: &'a Value, list: &str) -> &'a [Value] {
    report.get(list).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text that the issuer chose, as it can do no harm to a terminal: the beginning of it.
fn shown(text: &str) -> String {
    let mut shown: String = shown_whole(&text.chars().take(MAX_SHOWN).collect::<String>());
    if text.chars().count() > MAX_SHOWN {
        shown.push('…');
    }
    shown
}

/// The same, all of it.
fn shown_whole(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_issuer_chose_does_no_harm() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}\nb"), r"a\u{1b}[2J\u{202e}\nb");
        assert_eq!(shown(r#"é "x" \"#), r#"é "x" \"#);
        assert_eq!(shown(&"ä".repeat(65)), format!("{}…", "ä".repeat(64)));
    }

    #[test]
    fn problems_of_keys_count_where_none_is_usable() {
        let expired = json!({"usable": 0, "documents": [], "keys": [{"problem": "expired"}]});
        assert_eq!(problems(&expired), ["expired"]);
        let one = json!({"usable": 1, "keys": [{"problem": "expired"}, {}]});
        assert!(problems(&one).is_empty());
    }
}
