//! A document of registrations in parts that the server reads at once.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::failure::Failure;

/// The most bytes of a body that the admin API reads.
const MAX_BODY: usize = 64 * 1024;
/// The most registrations in a part: storing them must not take the server the second that a request may compute.
const MAX_REGISTRATIONS: usize = 100;

/// Of an organization, the lists, and what tells the items of a list apart.
const LISTS: [(&str, &[&str]); 2] =
    [("trusted_issuers", &["name", "issuer"]), ("applications", &["client_id"])];

/// A document that the server can read: the whole, or some registrations of one organization.
pub(crate) struct Part {
    pub(crate) document: Value,
    origin: Option<Origin>,
}

/// Where a part's registrations stand in the whole document.
struct Origin {
    organization: usize,
    /// How many items of each list stand before.
    before: [usize; 2],
    is_first: bool,
}

impl Part {
    /// A place in this part as a place in the whole document.
    pub(crate) fn place(&self, field: &str) -> String {
        let (Some(origin), Some(rest)) = (&self.origin, field.strip_prefix("organizations[0]")) else {
            return field.to_owned();
        };
        for ((list, _), before) in LISTS.into_iter().zip(origin.before) {
            let item = rest.strip_prefix(&format!(".{list}[")).and_then(|rest| rest.split_once(']'));
            if let Some((number, rest)) = item
                && let Ok(number) = number.parse::<usize>()
            {
                return format!("organizations[{}].{list}[{}]{rest}", origin.organization, before + number);
            }
        }
        format!("organizations[{}]{rest}", origin.organization)
    }

    /// How many of the first registrations an earlier part has had already: the organization.
    pub(crate) fn known_before(&self) -> usize {
        usize::from(self.origin.as_ref().is_some_and(|origin| !origin.is_first))
    }

    /// Organization and name of each registration, in the order in which the server applies them.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for organization in items(&self.document, "organizations") {
            let name = text(organization, "name");
            names.push(name.to_owned());
            for (list, identifiers) in LISTS {
                let items = items(organization, list).iter();
                names.extend(items.map(|item| format!("{name}/{}", text(item, identifiers[0]))));
            }
        }
        names.drain(..self.known_before().min(names.len()));
        names
    }
}

/// The document in parts: one, where it isn't too large. What is wrong with it the server finds, but for what no part
/// shows.
pub(crate) fn parts(document: Value) -> Result<Vec<Part>, Failure> {
    if !document.is_object() {
        return Err(Failure::invalid("the document", "must be an object"));
    }
    let is_small = document.to_string().len() <= MAX_BODY;
    let whole = Part { document, origin: None };
    if is_small && whole.names().len() <= MAX_REGISTRATIONS {
        return Ok(vec![whole]);
    }
    let document = whole.document;
    if let Some(other) = document.as_object().and_then(|members| {
        members.keys().find(|name| !["$schema", "organizations"].contains(&name.as_str()))
    }) {
        return Err(Failure::invalid(other, "is unknown"));
    }
    let mut names = HashSet::new();
    let mut parts = Vec::new();
    for (index, organization) in items(&document, "organizations").iter().enumerate() {
        let name = text(organization, "name");
        if !names.insert(name) {
            return Err(Failure::invalid(format!("organizations[{index}].name"), "is there twice"));
        }
        check_twice(index, organization)?;
        split(index, organization, &mut parts);
    }
    Ok(parts)
}

/// Of two with one name in different parts, the second would count.
fn check_twice(index: usize, organization: &Value) -> Result<(), Failure> {
    for (list, identifiers) in LISTS {
        for identifier in identifiers {
            let mut known = HashSet::new();
            for (number, item) in items(organization, list).iter().enumerate() {
                if !known.insert(text(item, identifier)) {
                    let place = format!("organizations[{index}].{list}[{number}].{identifier}");
                    return Err(Failure::invalid(place, "is there twice"));
                }
            }
        }
    }
    Ok(())
}

/// Adds the parts of one organization: as much in each as has room.
fn split(index: usize, organization: &Value, parts: &mut Vec<Part>) {
    let mut own = organization.clone();
    if let Value::Object(members) = &mut own {
        members.retain(|name, value| !(value.is_array() && LISTS.iter().any(|(list, _)| list == name)));
    }
    let part = |organization: Value, before, is_first| Part {
        document: json!({ "organizations": [organization] }),
        origin: Some(Origin { organization: index, before, is_first }),
    };
    let (mut before, mut counts, mut is_first) = ([0; 2], [0; 2], true);
    let mut size = own.to_string().len();
    let mut current = own;
    for (list, (member, _)) in LISTS.into_iter().enumerate() {
        for item in items(organization, member) {
            // With room for what is around it.
            let length = item.to_string().len() + 64;
            let count = counts.iter().sum::<usize>() - before.iter().sum::<usize>();
            if count > 0 && (size + length > MAX_BODY || count >= MAX_REGISTRATIONS) {
                let mut next = Map::new();
                next.insert("name".to_owned(), organization.get("name").cloned().unwrap_or_default());
                let full = std::mem::replace(&mut current, Value::Object(next));
                parts.push(part(full, before, is_first));
                (before, is_first, size) = (counts, false, current.to_string().len());
            }
            if let Value::Object(members) = &mut current
                && let Value::Array(items) = members.entry(member).or_insert_with(|| json!([]))
            {
                items.push(item.clone());
            }
            counts[list] += 1;
            size += length;
        }
    }
    parts.push(part(current, before, is_first));
}

fn items<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(number: usize) -> Value {
        json!({"name": format!("i{number}"), "issuer": number.to_string(), "alias": "x".repeat(1000)})
    }

    #[test]
    fn a_small_document_is_one_part() {
        let document = json!({"organizations": [{"name": "a"}], "else": 1});
        let parts = parts(document.clone()).unwrap();
        assert_eq!((parts.len(), &parts[0].document), (1, &document));
        assert_eq!(parts[0].place("organizations[0].x"), "organizations[0].x");
        assert_eq!(parts[0].known_before(), 0);
    }

    #[test]
    fn a_large_one_is_split_where_the_server_can_read_it() {
        let issuers: Vec<Value> = (0..100).map(issuer).collect();
        let applications: Vec<Value> = (0..50)
            .map(|number| json!({"client_id": format!("c{number}"), "scope": "y".repeat(900)}))
            .collect();
        let document = json!({"organizations": [
            {"name": "a"},
            {"name": "b", "display_name": "B", "trusted_issuers": issuers, "applications": applications},
        ]});
        let parts = parts(document.clone()).unwrap();
        assert!(parts.len() > 3 && parts.iter().all(|part| part.document.to_string().len() <= MAX_BODY));
        let names: Vec<String> = parts.iter().flat_map(Part::names).collect();
        let whole = Part { document: document.clone(), origin: None };
        assert_eq!(names, whole.names(), "each registration once");
        for part in &parts {
            for (list, _) in LISTS {
                for (number, item) in items(&part.document["organizations"][0], list).iter().enumerate() {
                    let place = part.place(&format!("organizations[0].{list}[{number}].x"));
                    let pointer = place.replace(['[', '.'], "/").replace(']', "");
                    let pointer = format!("/{}", pointer.strip_suffix("/x").unwrap());
                    assert_eq!(document.pointer(&pointer), Some(item), "{place}");
                }
            }
        }
        assert_eq!(parts[1].document["organizations"][0]["display_name"], "B");
        assert_eq!(parts[2].document["organizations"][0].get("display_name"), None);
        assert_eq!(parts[2].place("organizations[0].name"), "organizations[1].name");
    }

    #[test]
    fn many_small_registrations_are_split() {
        let applications: Vec<Value> =
            (0..250).map(|number| json!({"client_id": number.to_string()})).collect();
        let document =
            |count: usize| json!({"organizations": [{"name": "a", "applications": applications[..count]}]});
        let lengths =
            |count| parts(document(count)).unwrap().iter().map(|part| part.names().len()).collect::<Vec<_>>();
        assert_eq!(lengths(99), [100]);
        assert_eq!(lengths(250), [101, 100, 50]);
    }

    #[test]
    fn what_no_part_shows_is_found() {
        let mut issuers: Vec<Value> = (0..100).map(issuer).collect();
        issuers[99]["issuer"] = json!("0");
        let found = |document| parts(document).map(drop).unwrap_err().to_string();
        let twice = json!({"organizations": [{"name": "a", "trusted_issuers": issuers}]});
        assert_eq!(found(twice), "organizations[0].trusted_issuers[99].issuer: is there twice");
        let long = "x".repeat(MAX_BODY);
        assert_eq!(
            found(json!({"organizations": [{"name": "a", "display_name": long}, {"name": "a"}]})),
            "organizations[1].name: is there twice"
        );
        assert_eq!(found(json!({"organizations": [], "else": long})), "else: is unknown");
        assert_eq!(found(json!([])), "the document: must be an object");
    }
}
