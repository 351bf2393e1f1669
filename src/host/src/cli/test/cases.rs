//! Cases: what somebody presents, and what is expected of it. TOML or JSON, read member by member, so that a mistake is
//! named by its file, its case and its member.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use crate::cli::document;
use crate::cli::failure::Failure;

/// The most MiB that a file of cases may have.
const MOST_MIB: u64 = 1;
/// The most bytes of a name.
const MOST_NAME: usize = 256;
/// The most bytes of a text that is sent, such as a scope: twice what the endpoint reads, so that its limit can be tested.
const MOST_TEXT: usize = 8192;
/// The end of the year 9999, in seconds since 1970.
const LATEST: u64 = 253_402_300_799;

/// One case.
#[derive(Debug)]
pub(super) struct Case {
    /// Its file, as the person wrote it.
    pub(super) file: String,
    pub(super) name: String,
    /// Which of its file it is, from 1 on.
    number: usize,
    pub(super) organization: Option<String>,
    /// The name of the trusted issuer.
    pub(super) issuer: Option<String>,
    pub(super) client: Option<String>,
    /// The scope that is asked for.
    pub(super) scope: Option<String>,
    /// When: seconds since 1970.
    pub(super) at: Option<u64>,
    pub(super) presented: Presented,
    pub(super) expected: Expected,
}

/// What is presented.
#[derive(Debug)]
pub(super) enum Presented {
    /// Claims, and which of those that are filled in are left out.
    Claims { claims: Map<String, Value>, without: BTreeSet<String> },
    /// A compact JWT.
    Token(String),
}

/// What is expected.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) outcome: Outcome,
    /// By which rule of the issuer. `None`: that is not asked.
    pub(super) rule: Option<String>,
}

/// How an exchange ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A token, with these scopes; `None`: whichever.
    Granted(Option<BTreeSet<String>>),
    /// A refusal for this reason.
    Refused(String),
}

impl Case {
    /// Where a member of it stands, for messages.
    pub(super) fn place(&self, member: &str) -> String {
        place(&self.file, self.number, Some(&self.name), member)
    }

    pub(super) fn wrong(&self, member: &str, problem: impl ToString) -> Failure {
        Failure::invalid(self.place(member), problem)
    }
}

fn place(file: &str, number: usize, name: Option<&str>, member: &str) -> String {
    match name {
        Some(name) => format!("{file}: case {number} ({name}): {member}"),
        None => format!("{file}: case {number}: {member}"),
    }
}

/// Adds the cases of a file.
pub(super) fn read_file(path: &Path, cases: &mut Vec<Case>) -> Result<(), Failure> {
    let file = path.display().to_string();
    let text = document::text_within(&file, path, MOST_MIB)?;
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let wrong = |member: &str, problem: &str| Failure::invalid(format!("{file}: {member}"), problem);
    let Value::Object(mut document) = document::registrations(&file, &text, is_toml)? else {
        return Err(Failure::invalid(file, "must be an object with cases"));
    };
    let defaults = match document.remove("defaults") {
        None => Map::new(),
        Some(Value::Object(defaults)) => defaults,
        Some(_) => return Err(wrong("defaults", "must be a table")),
    };
    if let Some(other) = defaults.keys().find(|name| !DEFAULTS.contains(&name.as_str())) {
        let problem = format!("is unknown there; known are {}", DEFAULTS.join(", "));
        return Err(wrong(&format!("defaults.{other}"), &problem));
    }
    let found = match document.remove("cases") {
        Some(Value::Array(found)) if !found.is_empty() => found,
        Some(_) => return Err(wrong("cases", "must be one table or more ([[cases]])")),
        None => return Err(wrong("cases", "is missing")),
    };
    if let Some(other) = document.keys().next() {
        return Err(wrong(other, "is unknown; known are defaults and cases"));
    }
    let mut names = BTreeSet::new();
    for (index, found) in found.into_iter().enumerate() {
        let case = read_case(&file, index + 1, found, &defaults)?;
        if !names.insert(case.name.clone()) {
            return Err(case.wrong("name", "is that of an earlier case of this file"));
        }
        cases.push(case);
    }
    Ok(())
}

/// What a file may say once for all of its cases.
const DEFAULTS: [&str; 6] = ["organization", "issuer", "client", "scope", "at", "claims"];

fn read_case(
    file: &str,
    number: usize,
    found: Value,
    defaults: &Map<String, Value>,
) -> Result<Case, Failure> {
    let Value::Object(own) = found else {
        return Err(Failure::invalid(format!("{file}: case {number}"), "must be a table"));
    };
    let mut members = Members { file, number, name: None, own, defaults };
    let name = members.text("name")?.ok_or_else(|| members.wrong("name", "is missing"))?;
    if name.len() > MOST_NAME || name.chars().any(char::is_control) {
        let problem = format!("must have {MOST_NAME} bytes at most, and no control characters");
        return Err(members.wrong("name", problem));
    }
    members.name = Some(name.clone());
    let case = Case {
        file: file.to_owned(),
        name,
        number,
        organization: members.text("organization")?,
        issuer: members.text("issuer")?,
        client: members.text("client")?,
        scope: members.text("scope")?,
        at: members.time("at")?,
        presented: members.presented()?,
        expected: members.expected()?,
    };
    if let Some(other) = members.own.keys().next() {
        let problem = "is unknown; known are name, organization, issuer, client, scope, at, claims, without, token, \
                       granted, refused and rule";
        return Err(case.wrong(other, problem));
    }
    Ok(case)
}

/// The members of a case that are not read yet.
struct Members<'a> {
    file: &'a str,
    number: usize,
    name: Option<String>,
    own: Map<String, Value>,
    defaults: &'a Map<String, Value>,
}

impl Members<'_> {
    fn wrong(&self, member: &str, problem: impl ToString) -> Failure {
        Failure::invalid(place(self.file, self.number, self.name.as_deref(), member), problem)
    }

    fn take(&mut self, member: &str) -> Option<Value> {
        self.own.remove(member).or_else(|| self.defaults.get(member).cloned())
    }

    fn text(&mut self, member: &str) -> Result<Option<String>, Failure> {
        match self.take(member) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() && text.len() <= MOST_TEXT => Ok(Some(text)),
            Some(_) => Err(self.wrong(member, format_args!("must be a text of 1 to {MOST_TEXT} bytes"))),
        }
    }

    fn texts(&self, member: &str, value: Value) -> Result<BTreeSet<String>, Failure> {
        let texts = match value {
            Value::Array(items) => items.into_iter().map(|item| match item {
                Value::String(text) if !text.is_empty() && !text.contains(' ') => Some(text),
                _ => None,
            }),
            _ => return Err(self.wrong(member, "must be an array of texts")),
        };
        texts
            .collect::<Option<_>>()
            .ok_or_else(|| self.wrong(member, "must be an array of texts without spaces"))
    }

    fn time(&mut self, member: &str) -> Result<Option<u64>, Failure> {
        match self.take(member) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(seconds) if seconds <= LATEST => Ok(Some(seconds)),
                _ => Err(self.wrong(member, "must be seconds since 1970, a whole number")),
            },
        }
    }

    fn presented(&mut self) -> Result<Presented, Failure> {
        let without = match self.own.remove("without") {
            None => BTreeSet::new(),
            Some(value) => self.texts("without", value)?,
        };
        let own = match self.own.remove("claims") {
            None => None,
            Some(Value::Object(claims)) => Some(claims),
            Some(_) => return Err(self.wrong("claims", "must be a table")),
        };
        match self.own.remove("token") {
            None => {}
            Some(_) if own.is_some() => {
                return Err(self.wrong("token", "claims are given as well: one of them"));
            }
            Some(_) if !without.is_empty() => {
                return Err(self.wrong("without", "leaves out claims, not those of a token"));
            }
            Some(Value::String(token)) if !token.is_empty() => return Ok(Presented::Token(token)),
            Some(_) => return Err(self.wrong("token", "must be a text that is not empty")),
        }
        let mut claims = match self.defaults.get("claims") {
            None => Map::new(),
            Some(Value::Object(claims)) => claims.clone(),
            Some(_) => return Err(self.wrong("defaults.claims", "must be a table")),
        };
        if let Some(name) = own.iter().flat_map(Map::keys).find(|name| without.contains(*name)) {
            return Err(self.wrong("without", format_args!("{name} stands in claims as well")));
        }
        claims.extend(own.unwrap_or_default());
        claims.retain(|name, _| !without.contains(name));
        if let Some(name) = claims.iter().find_map(|(name, value)| has_date(value).then_some(name)) {
            let problem = "is a date of TOML: JSON has none; write a text, or seconds since 1970";
            return Err(self.wrong(&format!("claims.{name}"), problem));
        }
        if !claims.contains_key("sub") && !without.contains("sub") {
            return Err(self.wrong("claims.sub", "is missing; without = [\"sub\"] says that it is meant so"));
        }
        Ok(Presented::Claims { claims, without })
    }

    fn expected(&mut self) -> Result<Expected, Failure> {
        let rule = self.own.remove("rule").map(|rule| match rule {
            Value::String(rule) if !rule.is_empty() => Ok(rule),
            _ => Err(self.wrong("rule", "must be the name of a rule")),
        });
        let outcome = match (self.own.remove("granted"), self.own.remove("refused")) {
            (Some(_), Some(_)) => return Err(self.wrong("refused", "granted is given as well: one of them")),
            (None, None) => return Err(self.wrong("granted", "or refused is needed: what is expected")),
            (Some(Value::Bool(true)), None) => Outcome::Granted(None),
            (Some(Value::String(scopes)), None) => Outcome::Granted(Some(scope(&scopes))),
            (Some(scopes @ Value::Array(_)), None) => Outcome::Granted(Some(self.texts("granted", scopes)?)),
            (Some(_), None) => {
                return Err(self.wrong("granted", "must be the scopes, or true for whichever"));
            }
            (None, Some(Value::String(reason))) if is_reason(&reason) => Outcome::Refused(reason),
            (None, Some(_)) => {
                return Err(self
                    .wrong("refused", "must be a reason, such as no-rule-fits (wit/types.wit lists them)"));
            }
        };
        Ok(Expected { outcome, rule: rule.transpose()? })
    }
}

/// The tokens of a scope (RFC 6749 section 3.3).
pub(super) fn scope(text: &str) -> BTreeSet<String> {
    text.split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect()
}

fn is_reason(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    text.split('-').all(is_word)
}

/// Whether a date of TOML is in it, which becomes a table of a name that nobody writes.
fn has_date(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.keys().any(|name| name == "$__toml_private_datetime") || members.values().any(has_date)
        }
        Value::Array(items) => items.iter().any(has_date),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(text: &str) -> Result<Vec<Case>, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("c.toml");
        std::fs::write(&file, text).unwrap();
        let shown = format!("{}/", directory.path().display());
        let mut cases = Vec::new();
        let read = read_file(&file, &mut cases).map(|()| cases);
        read.map_err(|failure| failure.to_string().replace(&shown, ""))
    }

    #[test]
    fn a_case_adds_to_the_defaults_of_its_file() {
        let text = r#"
            [defaults]
            issuer = "ci"
            claims = { sub = "a", ref = "main", n = 1 }
            [[cases]]
            name = "one"
            claims = { ref = "x" }
            without = ["n", "exp"]
            granted = "b a"
            rule = "r"
            [[cases]]
            name = "two"
            issuer = "other"
            refused = "no-rule-fits"
        "#;
        let cases = cases(text).unwrap();
        let Presented::Claims { claims, without } = &cases[0].presented else { panic!("claims") };
        assert_eq!(Value::from(claims.clone()), serde_json::json!({"sub": "a", "ref": "x"}));
        assert_eq!(*without, ["exp", "n"].map(str::to_owned).into());
        assert_eq!(cases[0].expected.outcome, Outcome::Granted(Some(scope("a b"))));
        let issuers: Vec<_> = cases.iter().map(|case| case.issuer.as_deref().unwrap()).collect();
        assert_eq!(issuers, ["ci", "other"]);
        assert_eq!(cases[1].expected.outcome, Outcome::Refused("no-rule-fits".to_owned()));
    }

    #[test]
    fn a_mistake_has_its_file_its_case_and_its_member() {
        let refused = |text: &str| cases(text).map(drop).unwrap_err();
        for (text, message) in [
            ("x = 1", "c.toml: cases: is missing"),
            ("cases = 1", "c.toml: cases: must be"),
            ("[defaults]\nname = 'x'\n", "c.toml: defaults.name: is unknown there"),
            ("y = 1\n[[cases]]\nname = 'a'\n", "c.toml: y: is unknown"),
            ("[[cases]]\n", "c.toml: case 1: name: is missing"),
            ("[[cases]]\nname = 'a'\n", "c.toml: case 1 (a): claims.sub: is missing"),
        ] {
            assert!(refused(text).starts_with(message), "{text}: {}", refused(text));
        }
        let case = |rest: &str| refused(&format!("[[cases]]\nname = 'a'\n{rest}"));
        let sub = "claims = { sub = 's' }\n";
        for (rest, message) in [
            (sub.to_owned(), "granted: or refused is needed"),
            (format!("{sub}granted = true\nrefused = 'x'"), "refused: granted is given as well"),
            (format!("{sub}granted = false"), "granted: must be the scopes"),
            (format!("{sub}granted = [1]"), "granted: must be an array of texts"),
            (format!("{sub}refused = 'No rule fits'"), "refused: must be a reason"),
            (format!("{sub}granted = true\nrule = 1"), "rule: must be"),
            (
                format!("{sub}granted = true\nscope = '{}'", "x".repeat(8193)),
                "scope: must be a text of 1 to 8192",
            ),
            (format!("{sub}granted = true\nat = -1"), "at: must be seconds"),
            (format!("{sub}granted = true\nat = 2026-01-01"), "at: must be seconds"),
            (format!("{sub}granted = true\nclient_id = 'x'"), "client_id: is unknown"),
            (format!("{sub}granted = true\ntoken = 'x'"), "token: claims are given as well"),
            (format!("{sub}granted = true\nwithout = ['sub']"), "without: sub stands in claims"),
            ("claims = { sub = 's', d = 2026-01-01 }\ngranted = true".to_owned(), "claims.d: is a date"),
            ("token = ''\ngranted = true".to_owned(), "token: must be a text"),
        ] {
            let refused = case(&rest);
            assert!(refused.starts_with(&format!("c.toml: case 1 (a): {message}")), "{rest}: {refused}");
        }
        let twice = format!("[[cases]]\nname = 'a'\n{sub}granted = true\n").repeat(2);
        assert!(refused(&twice).starts_with("c.toml: case 2 (a): name: is that of an earlier case"));
        assert!(refused(&"#".repeat(1 << 20).repeat(2)).contains("must not exceed 1 MiB"));
    }
}
