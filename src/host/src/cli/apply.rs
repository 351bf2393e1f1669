//! `asserta apply`: registrations from a file, as often as you like.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::admin::{AdminClient, Organization, Server};
use super::failure::Failure;
use super::output;

/// Brings registrations to what a file says: organizations, trusted issuers, applications.
///
/// The file is JSON, or TOML where its name ends in .toml. Applied again it changes nothing. What the
/// file does not name stays as it is.
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

/// What became of one registration.
struct Outcome {
    place: String,
    done: String,
}

impl Apply {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let document = self.read()?;
        let client = self.server.client()?;
        let mut outcomes = Vec::new();
        let applied = apply(&client, &document, &mut outcomes);
        // Printed whether all of it could be applied or not: what is listed is done.
        if self.server.json {
            let outcomes = outcomes.iter().map(|one| json!({"registration": one.place, "outcome": one.done}));
            output::json(&outcomes.collect())?;
        } else if !outcomes.is_empty() {
            let rows: Vec<_> = outcomes.into_iter().map(|one| vec![one.place, one.done]).collect();
            output::table(&["REGISTRATION", "OUTCOME"], &rows)?;
        }
        applied
    }

    fn read(&self) -> Result<Value, Failure> {
        let name = self.file.display().to_string();
        let text = if name == "-" {
            super::explain::read_argument("-")?
        } else {
            std::fs::read_to_string(&self.file).map_err(|error| Failure::file(&self.file, error))?
        };
        if self.file.extension().is_some_and(|extension| extension == "toml") {
            toml::from_str(&text).map_err(|error| Failure::invalid(name, error))
        } else {
            serde_json::from_str(&text).map_err(|error| Failure::invalid(name, error))
        }
    }
}

fn apply(client: &AdminClient, document: &Value, outcomes: &mut Vec<Outcome>) -> Result<(), Failure> {
    check_members(document, &["organizations"], "")?;
    let organizations = list_of(document, "organizations", "")?;
    // Mistakes in the shape of the file are found before anything is stored.
    for (index, organization) in organizations.iter().enumerate() {
        check_shape(organization, &format!("organizations[{index}]"))?;
    }
    for (index, organization) in organizations.iter().enumerate() {
        apply_organization(client, organization, &format!("organizations[{index}]"), outcomes)?;
    }
    Ok(())
}

fn check_shape(organization: &Value, place: &str) -> Result<(), Failure> {
    check_members(organization, &["name", "display_name", "trusted_issuers", "applications"], place)?;
    text_of(organization, "name", place)?;
    for (member, identifier) in [("trusted_issuers", "name"), ("applications", "client_id")] {
        for (index, item) in list_of(organization, member, place)?.iter().enumerate() {
            text_of(item, identifier, &format!("{place}.{member}[{index}]"))?;
        }
    }
    Ok(())
}

fn apply_organization(
    client: &AdminClient,
    organization: &Value,
    place: &str,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), Failure> {
    let name = text_of(organization, "name", place)?;
    let path = |segments: &[&str]| Organization { org: name.to_owned() }.path(segments);

    let mut own = Map::new();
    if let Some(display_name) = organization.get("display_name") {
        own.insert("display_name".to_owned(), display_name.clone());
    }
    let known = client.find(&path(&[]))?;
    let as_wanted = known.as_ref().is_some_and(|known| {
        own.get("display_name").is_none_or(|wanted| known.get("display_name") == Some(wanted))
    });
    let done = match known {
        Some(_) if as_wanted => "unchanged".to_owned(),
        known => put(client, &path(&[]), &Value::Object(own), known.as_ref(), place)?,
    };
    outcomes.push(Outcome { place: name.to_owned(), done });

    for (index, issuer) in list_of(organization, "trusted_issuers", place)?.iter().enumerate() {
        let place = format!("{place}.trusted_issuers[{index}]");
        let issuer_name = text_of(issuer, "name", &place)?;
        let path = path(&["trusted-issuers", issuer_name]);
        let done = put(client, &path, issuer, client.find(&path)?.as_ref(), &place)?;
        outcomes.push(Outcome { place: format!("{name}/{issuer_name}"), done });
    }
    for (index, application) in list_of(organization, "applications", place)?.iter().enumerate() {
        let place = format!("{place}.applications[{index}]");
        let client_id = text_of(application, "client_id", &place)?;
        let path = path(&["applications", client_id]);
        let done = put(client, &path, application, client.find(&path)?.as_ref(), &place)?;
        outcomes.push(Outcome { place: format!("{name}/{client_id}"), done });
    }
    Ok(())
}

/// Puts a registration and says what that changed. Defaults are the server's affair: what it has
/// afterwards is compared with what it had before.
fn put(
    client: &AdminClient,
    path: &str,
    wanted: &Value,
    before: Option<&Value>,
    place: &str,
) -> Result<String, Failure> {
    let (_, after) = client.put(path, wanted).map_err(|failure| at(failure, place))?;
    let Some(before) = before else { return Ok("created".to_owned()) };
    let changed = differing_members(before, &after);
    Ok(if changed.is_empty() { "unchanged".to_owned() } else { format!("changed: {}", changed.join(", ")) })
}

fn differing_members(before: &Value, after: &Value) -> Vec<String> {
    let names = [before, after].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
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
