//! From a preset and its parameters to the document of a trusted issuer.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use super::form::{self, Form};
use super::{Dialect, FixedTest, Need, Parameter, Preset, PresetRequest, When};
use crate::field::FieldError;
use crate::json::{self, JsonError, Object, Value};
use crate::trust::document::{Replay, TrustedIssuer};

/// The parameters by name: each fits its form.
type Given<'a> = BTreeMap<&'a str, String>;

impl Preset {
    /// The registration that the parameters make: an issuer with one rule. It has the members that the preset decides
    /// about, and no others.
    ///
    /// # Errors
    /// The parameter that is missing, unknown or malformed, as `parameters.NAME`.
    pub fn document(&self, request: &PresetRequest) -> Result<Object, FieldError> {
        let given = self.read(&request.parameters)?;
        let dialect = self
            .dialects
            .iter()
            .find(|dialect| given.get(dialect.parameter).is_some_and(|value| value == dialect.value));
        let mut rule = Object::new();
        rule.insert("name", request.name.as_str());
        if let Some(subject) = self.subjects.iter().find_map(|template| fill(template, &given)) {
            rule.insert("subjects", vec![Value::from(subject)]);
        }
        rule.insert("claims", self.conditions(&given, dialect));
        if let Some(scopes) = &request.scopes {
            rule.insert("scopes", scopes.iter().map(|scope| scope.as_str().into()).collect::<Vec<Value>>());
        }
        let (issuer, discovery) = match dialect {
            Some(dialect) => (dialect.issuer, dialect.discovery),
            None => (self.issuer, self.discovery),
        };
        let issuer = given.get("issuer").cloned().or_else(|| fill(issuer, &given));
        let discovery = discovery.and_then(|template| fill(template, &given));
        let mut document = Object::new();
        document.insert("name", request.name.as_str());
        document.insert("issuer", issuer.unwrap_or_default());
        // Parameters that are members by their own name.
        for member in ["alias", "trust_domain"] {
            if let Some(value) = given.get(member) {
                document.insert(member, value.as_str());
            }
        }
        document.insert("discovery", discovery.map_or(Value::Bool(true), Value::String));
        document.insert("max_lifetime", u64::from(self.max_lifetime));
        document.insert("replay", if self.replay == Replay::Allow { "allow" } else { "once" });
        document.insert("rules", vec![Value::Object(rule)]);
        Ok(document)
    }

    /// The same as the type of a registration.
    ///
    /// # Errors
    /// As [`document`](Self::document); a name or scope that is malformed is found by who registers it.
    pub fn issuer(&self, request: &PresetRequest) -> Result<TrustedIssuer, FieldError> {
        let document = Value::Object(self.document(request)?);
        json::from_value(document).map_err(|error| match error {
            JsonError::Member { path, problem } => FieldError::new(path, problem),
            other => FieldError::new("", other),
        })
    }

    fn read(&self, parameters: &BTreeMap<String, String>) -> Result<Given<'static>, FieldError> {
        let refused = |name: &str, problem: &str| FieldError::new(format!("parameters.{name}"), problem);
        let mut given = Given::new();
        for (name, value) in parameters {
            let parameter = self.parameters.iter().find(|parameter| parameter.name == name);
            let Some(parameter) = parameter else {
                let known: Vec<_> = self.parameters.iter().map(|parameter| parameter.name).collect();
                // What was sent is not repeated at length: it may be anything.
                let shown: String =
                    name.chars().filter(|letter| letter.is_ascii_graphic()).take(40).collect();
                let problem =
                    format!("is no parameter of the preset {}, which has {}", self.name, known.join(", "));
                return Err(refused(&shown, &problem));
            };
            parameter.form.check(value).map_err(|problem| {
                let problem = format!("{problem}, such as {} (preset {})", parameter.example, self.name);
                refused(parameter.name, &problem)
            })?;
            given.insert(parameter.name, value.clone());
        }
        if let Some(Parameter { name, example, need, .. }) = self.missing(&given) {
            let others = self.one_of().filter(|other| other.name != *name);
            let others: Vec<_> = others.map(|other| other.name).collect();
            let instead = match need {
                Need::OneOf => format!(", or one of {}", others.join(", ")),
                Need::Required | Need::Optional => String::new(),
            };
            let problem = format!("is needed by the preset {}{instead}: such as {example}", self.name);
            return Err(refused(name, &problem));
        }
        self.split_repository(&mut given)?;
        for parameter in self.parameters {
            if let Some(default) = parameter.default {
                given.entry(parameter.name).or_insert_with(|| default.to_string());
            }
        }
        Ok(given)
    }

    fn one_of(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.need == Need::OneOf)
    }

    /// The first that must be given and is not; of those of which one will do, the first.
    fn missing(&self, given: &Given<'_>) -> Option<&Parameter> {
        let lacks = |parameter: &&Parameter| !given.contains_key(parameter.name);
        let mut required = self.parameters.iter().filter(|parameter| parameter.need == Need::Required);
        required.find(lacks).or_else(|| {
            let has_one = self.one_of().any(|parameter| given.contains_key(parameter.name));
            self.one_of().next().filter(|_| !has_one)
        })
    }

    /// `octo-org@1/app@7` is the name, and the ids besides.
    fn split_repository(&self, given: &mut Given<'static>) -> Result<(), FieldError> {
        for parameter in self.parameters.iter().filter(|parameter| matches!(parameter.form, Form::Repository))
        {
            let Some(text) = given.get(parameter.name).cloned() else { continue };
            let Some(repository) = form::repository(&text) else { continue };
            given.insert(parameter.name, format!("{}/{}", repository.owner, repository.name));
            let Some((owner_id, id)) = repository.ids else { continue };
            for (name, value) in [("repository_id", id), ("repository_owner_id", owner_id)] {
                let before = given.insert(name, value.to_string());
                if before.is_some_and(|before| before != value) {
                    let problem =
                        format!("must be the id that {} names (preset {})", parameter.name, self.name);
                    return Err(FieldError::new(format!("parameters.{name}"), problem));
                }
            }
        }
        Ok(())
    }

    fn conditions(&self, given: &Given<'_>, dialect: Option<&Dialect>) -> Vec<Value> {
        let called = |claim: &'static str| match dialect {
            Some(dialect) if dialect.claim.0 == claim => dialect.claim.1,
            _ => claim,
        };
        let of_parameters = self.parameters.iter().filter_map(|parameter| {
            let (claim, value) = (parameter.claim?, given.get(parameter.name)?);
            Some(condition(called(claim), "equals", value.as_str().into()))
        });
        let fixed = self.fixed.iter().filter(|fixed| match fixed.when {
            When::Given(name) => given.contains_key(name),
            When::NotGiven(name) => !given.contains_key(name),
        });
        let fixed = fixed.map(|fixed| match fixed.test {
            FixedTest::IsTrue => condition(fixed.claim, "equals", true.into()),
            FixedTest::BeginsOtherwise(text) => {
                condition(fixed.claim, "not", Object::from_iter([("prefix", text)]).into())
            }
            FixedTest::NoneOf(words) => {
                let words: Vec<Value> = words.iter().map(|word| (*word).into()).collect();
                condition(fixed.claim, "not", Object::from_iter([("one_of", words)]).into())
            }
        });
        of_parameters.chain(fixed).collect()
    }
}

fn condition(claim: &str, test: &str, wanted: Value) -> Value {
    Object::from_iter([("claim", Value::from(claim)), (test, wanted)]).into()
}

/// A template with the parameters in it; `None` where one is not given.
fn fill(template: &str, given: &Given<'_>) -> Option<String> {
    let mut filled = String::new();
    let mut left = template;
    while let Some((before, rest)) = left.split_once('{') {
        let (name, after) = rest.split_once('}')?;
        filled += before;
        filled += given.get(name)?;
        left = after;
    }
    Some(filled + left)
}
