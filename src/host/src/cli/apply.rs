//! `asserta apply`: registrations from a file, as often as you like.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::admin::{AdminClient, Organization, Server};
use super::document;
use super::failure::Failure;
use super::output;

/// Brings registrations to what a file says: organizations, trusted issuers, applications.
///
/// The file is JSON, or TOML where its name ends in .toml. Applied again it changes nothing. What the
/// file does not name stays as it is. The server checks all of it before any of it is changed.
///
///   {"organizations": [{"name": "acme",
///     "trusted_issuers": [{"name": "partner", "issuer": "https://idp.example", "jwks_uri": "https://idp.example/jwks"}],
///     "applications": [{"client_id": "app-1", "client_secret_sha256": "…", "scope": "read",
///       "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"]}]}]}
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Apply {
    /// The file; - reads JSON from standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    server: Server,
}

/// A registration of the file, and what the server had before.
struct Registration {
    /// Where it stands in the file.
    place: String,
    /// Its organization and name, as the report has it.
    label: String,
    /// Its path in the admin API.
    path: String,
    wanted: Value,
    before: Option<Value>,
}

/// What became of one registration.
struct Outcome {
    label: String,
    done: String,
}

impl Apply {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let file = self.file.display().to_string();
        let named = |failure: Failure| failure.within(&file);
        let document = self.read(&file)?;
        let client = self.server.client()?;
        let mut registrations = registrations(&document).map_err(named)?;
        check(&client, &mut registrations)
            .map_err(|failure| Failure::NothingApplied(Box::new(named(failure))))?;
        let mut outcomes = Vec::new();
        let applied = apply(&client, registrations, &mut outcomes);
        // Printed whether all of it could be applied or not: it says of each whether it is.
        if self.server.json {
            let outcomes = outcomes.iter().map(|one| json!({"registration": one.label, "outcome": one.done}));
            output::json(&outcomes.collect())?;
        } else if !outcomes.is_empty() {
            let rows: Vec<_> = outcomes.into_iter().map(|one| vec![one.label, one.done]).collect();
            output::table(&["REGISTRATION", "OUTCOME"], &rows)?;
        }
        applied.map_err(named)
    }

    fn read(&self, name: &str) -> Result<Value, Failure> {
        let text = if name == "-" { document::standard_input()? } else { document::text(name, &self.file)? };
        let is_toml = self.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        document::registrations(if name == "-" { "standard input" } else { name }, &text, is_toml)
    }
}

/// The registrations of a file, in the order in which they are made. Mistakes in its shape are found here.
fn registrations(document: &Value) -> Result<Vec<Registration>, Failure> {
    check_members(document, &["organizations"], "")?;
    let mut registrations: Vec<Registration> = Vec::new();
    for (index, organization) in list_of(document, "organizations", "")?.iter().enumerate() {
        let place = format!("organizations[{index}]");
        check_members(organization, &["name", "display_name", "trusted_issuers", "applications"], &place)?;
        let name = text_of(organization, "name", &place)?;
        let path = |segments: &[&str]| Organization { org: name.to_owned() }.path(segments);
        let display_name = organization.get("display_name");
        let own = display_name.map(|display_name| ("display_name".to_owned(), display_name.clone()));
        registrations.push(Registration {
            place: place.clone(),
            label: name.to_owned(),
            path: path(&[]),
            wanted: Value::Object(own.into_iter().collect()),
            before: None,
        });
        let lists =
            [("trusted_issuers", "trusted-issuers", "name"), ("applications", "applications", "client_id")];
        for (member, collection, identifier) in lists {
            for (index, item) in list_of(organization, member, &place)?.iter().enumerate() {
                let place = format!("{place}.{member}[{index}]");
                let item_name = text_of(item, identifier, &place)?;
                registrations.push(Registration {
                    place,
                    label: format!("{name}/{item_name}"),
                    path: path(&[collection, item_name]),
                    wanted: item.clone(),
                    before: None,
                });
            }
        }
    }
    let twice = registrations.iter().enumerate().find(|(index, one)| {
        registrations[..*index]
            .iter()
            .any(|earlier| earlier.path == one.path || earlier.has_issuer_value_of(one))
    });
    match twice {
        Some((_, one)) => {
            Err(Failure::invalid(&one.place, "is there twice, by its name or its issuer value"))
        }
        None => Ok(registrations),
    }
}

impl Registration {
    /// The organization and issuer value of a trusted issuer.
    fn issuer_value<'a>(&'a self, record: Option<&'a Value>) -> Option<(&'a str, &'a str)> {
        let (organization, _) = self.path.split_once("/trusted-issuers/")?;
        Some((organization, record?.get("issuer")?.as_str()?))
    }

    fn has_issuer_value_of(&self, other: &Self) -> bool {
        let own = self.issuer_value(Some(&self.wanted));
        own.is_some() && own == other.issuer_value(Some(&other.wanted))
    }

    /// Whether it had this other one's issuer value, which it will have given up by then.
    fn gives_issuer_value_to(&self, other: &Self) -> bool {
        let before = self.issuer_value(self.before.as_ref());
        before.is_some() && before == other.issuer_value(Some(&other.wanted))
    }

    /// An organization's record is what it is called; its other members are registrations of their own.
    fn is_unchanged_organization(&self) -> bool {
        let Some(before) = self.before.as_ref().filter(|_| !self.label.contains('/')) else { return false };
        self.wanted.get("display_name").is_none_or(|wanted| before.get("display_name") == Some(wanted))
    }
}

/// Has the server judge each registration, and says of which it is that it refuses. Nothing is changed.
fn check(client: &AdminClient, registrations: &mut [Registration]) -> Result<(), Failure> {
    for index in 0..registrations.len() {
        let (earlier, rest) = registrations.split_at_mut(index);
        let Some(one) = rest.first_mut() else { break };
        one.before = client.find(&one.path).map_err(|failure| match failure {
            // A name that can't be in a path.
            Failure::Refused { status: 400, .. } => at(failure, &one.place),
            other => other,
        })?;
        match client.post(&format!("{}/check", one.path), &one.wanted) {
            Ok(_) => {}
            Err(Failure::Refused { status: 409, field: Some(field), .. })
                if field == "issuer" && earlier.iter().any(|earlier| earlier.gives_issuer_value_to(one)) => {}
            Err(failure) => return Err(at(failure, &one.place)),
        }
    }
    Ok(())
}

fn apply(
    client: &AdminClient,
    registrations: Vec<Registration>,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), Failure> {
    let mut failed = None;
    for one in registrations {
        let done = match failed {
            None => put(client, &one).unwrap_or_else(|failure| {
                // Where the server or its store failed, it may have been done or not.
                let refused = matches!(failure, Failure::Refused { status: 400..=499, .. });
                let done = if refused { "not applied" } else { "unknown" };
                failed = Some(at(failure, &one.place));
                done.to_owned()
            }),
            Some(_) => "not applied".to_owned(),
        };
        outcomes.push(Outcome { label: one.label, done });
    }
    failed.map_or(Ok(()), Err)
}

/// Puts a registration and says what that changed. Defaults are the server's affair: what it has
/// afterwards is compared with what it had before.
fn put(client: &AdminClient, one: &Registration) -> Result<String, Failure> {
    if one.is_unchanged_organization() {
        return Ok("unchanged".to_owned());
    }
    let (_, after) = client.put(&one.path, &one.wanted)?;
    let Some(before) = &one.before else { return Ok("created".to_owned()) };
    let changed = differing_members(before, &after);
    Ok(if changed.is_empty() { "unchanged".to_owned() } else { format!("changed: {}", changed.join(", ")) })
}

fn differing_members(before: &Value, after: &Value) -> Vec<String> {
    let names = [before, after].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
    // What is said of a registration's keys is no member of it.
    let names = names.filter(|name| *name != "skipped_keys");
    let mut names: Vec<_> = names.filter(|name| before.get(name) != after.get(name)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// Says where in the file the refused field is.
fn at(failure: Failure, place: &str) -> Failure {
    match failure {
        Failure::Refused { status, title, detail, field } => {
            let sentence = detail.unwrap_or(title);
            let problem = match &field {
                Some(field) => sentence.strip_prefix(&format!("{field}: ")).unwrap_or(&sentence).to_owned(),
                None => sentence,
            };
            let field = field.map_or_else(|| place.to_owned(), |field| format!("{place}.{field}"));
            Failure::Refused { status, title: problem, detail: None, field: Some(field) }
        }
        other => other,
    }
}

fn list_of<'a>(value: &'a Value, member: &str, place: &str) -> Result<&'a [Value], Failure> {
    match value.get(member) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Failure::invalid(join(place, member), "must be an array")),
    }
}

fn text_of<'a>(value: &'a Value, member: &str, place: &str) -> Result<&'a str, Failure> {
    let text = value.get(member).and_then(Value::as_str);
    text.ok_or_else(|| Failure::invalid(join(place, member), "must be there, as a string"))
}

fn check_members(value: &Value, known: &[&str], place: &str) -> Result<(), Failure> {
    let Value::Object(members) = value else {
        let place = if place.is_empty() { "the document" } else { place };
        return Err(Failure::invalid(place, "must be an object"));
    };
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Failure::invalid(join(place, name), "is unknown")),
        None => Ok(()),
    }
}

fn join(place: &str, member: &str) -> String {
    if place.is_empty() { member.to_owned() } else { format!("{place}.{member}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_the_members_that_differ() {
        let before = json!({"name": "a", "enabled": true, "alias": "x"});
        let after = json!({"name": "a", "enabled": false, "typ": "y"});
        assert_eq!(differing_members(&before, &after), ["alias", "enabled", "typ"]);
        assert!(differing_members(&before, &before).is_empty());
    }

    #[test]
    fn a_mistake_is_found_by_its_place() {
        let document = json!({"name": 1, "else": true, "applications": {}});
        let failures = [
            text_of(&document, "name", "organizations[0]").unwrap_err(),
            list_of(&document, "applications", "organizations[0]").unwrap_err(),
            check_members(&document, &["name", "applications"], "organizations[0]").unwrap_err(),
        ];
        assert_eq!(
            failures.map(|failure| failure.to_string()),
            [
                "organizations[0].name: must be there, as a string",
                "organizations[0].applications: must be an array",
                "organizations[0].else: is unknown",
            ]
        );
    }
}
