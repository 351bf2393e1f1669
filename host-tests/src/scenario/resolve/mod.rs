//! From a scenario as it is written to one that hosts can carry out.

mod exchange;
mod expectation;
mod placeholders;
mod signed;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, anyhow, bail};
use asserta_core::trust::preset::{self, PresetRequest};
use serde_json::{Map, Value, json};

use super::placeholder::Fill as _;
use super::resolved::{
    Action, Expectation, Http, KeyAnswer, KeyEndpoint, Named, Proof, Registration, Scenario, Step,
    TokenQuestion,
};
use super::{Scenario as Written, source};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What a scenario is resolved for.
pub struct Setting<'a> {
    /// The public URL of the installation.
    pub public_url: &'a str,
    /// What the clock says at the first step.
    pub now: u64,
    /// The address of a JWKS endpoint, by the scenario's id and the endpoint's name.
    pub endpoint_url: &'a dyn Fn(&str, &str) -> String,
}

/// Mints the assertions of a scenario and fills its placeholders.
///
/// # Errors
/// The scenario is not in the form that README.md describes.
pub fn resolve(written: &Written, setting: &Setting<'_>) -> Result<Scenario> {
    let id = written.id();
    let context = Context {
        setting,
        id: &id,
        header: &written.source.header,
        claims: &written.source.claims,
        now: Cell::new(setting.now),
        serial: Cell::new(0),
        minted: RefCell::default(),
    };
    context.scenario(written).with_context(|| id.clone())
}

struct Context<'a> {
    setting: &'a Setting<'a>,
    id: &'a str,
    /// Members of the header of every assertion.
    header: &'a Map<String, Value>,
    /// Claims of every assertion.
    claims: &'a Map<String, Value>,
    now: Cell<u64>,
    serial: Cell<u32>,
    /// The assertions of the steps that have a label.
    minted: RefCell<HashMap<String, String>>,
}

/// The registration that a preset makes: `{ of = "github-actions", parameters = { … }, scopes = [ … ] }`.
fn made(written: &Value) -> Result<Map<String, Value>> {
    let Value::Object(mut written) = written.clone() else { bail!("$preset: no table") };
    let of = written.shift_remove("of").context("$preset: of is missing")?;
    let preset = of.as_str().and_then(preset::find).with_context(|| format!("{of} is no preset"))?;
    written.entry("name").or_insert_with(|| "partner".into());
    let request: PresetRequest = serde_json::from_value(Value::Object(written)).context("$preset")?;
    let document = preset.document(&request).map_err(|error| anyhow!("$preset: {error}"))?;
    Ok(serde_json::from_str(&asserta_core::json::to_text(&document))?)
}

impl Context<'_> {
    fn scenario(&self, written: &Written) -> Result<Scenario> {
        let source = &written.source;
        let mut settings = self.object(&source.settings)?;
        settings.insert("public_url".to_owned(), self.setting.public_url.into());
        let mut key_endpoints = BTreeMap::new();
        for (name, answers) in &source.key_endpoints {
            let url = (self.setting.endpoint_url)(self.id, name);
            key_endpoints.insert(name.clone(), KeyEndpoint { url, answers: self.answers(answers)? });
        }
        Ok(Scenario {
            topic: written.topic.clone(),
            name: source.name.clone(),
            intent: source.intent.clone(),
            rules: source.rules.clone(),
            http_only: source.http_only.clone(),
            settings,
            key_endpoints,
            steps: self.steps(source)?,
        })
    }

    fn steps(&self, source: &source::Scenario) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        let mut given = |action| -> Result<()> {
            let expect = Expectation { status: 201, ..Expectation::default() };
            let at = self.now.get();
            steps.push(Step { number: None, at, label: None, http_only: None, action, expect });
            Ok(())
        };
        for organization in source.organizations.iter().filter(|name| *name != "default") {
            given(Action::RegisterOrganization(organization.clone()))?;
        }
        for issuer in &source.trusted_issuers {
            given(Action::RegisterIssuer(self.issuer(issuer)?))?;
        }
        for application in &source.applications {
            given(Action::RegisterApplication(self.application(application)?))?;
        }
        for (index, step) in source.steps.iter().enumerate() {
            let resolved = self.step(step).with_context(|| format!("step {}", index + 1))?;
            steps.push(Step { number: Some(index + 1), ..resolved });
        }
        Ok(steps)
    }

    fn step(&self, step: &source::Step) -> Result<Step> {
        let mut actions = Vec::new();
        if let Some(seconds) = step.advance {
            self.now.set(self.now.get() + seconds);
            actions.push(Action::Advance(seconds));
        }
        if let Some(exchange) = &step.exchange {
            actions.push(Action::Exchange(self.exchange(exchange, step.label.as_deref())?));
        }
        if let Some(http) = &step.http {
            actions.push(Action::Http(self.http(http)?));
        }
        if let Some(endpoint) = &step.key_endpoint {
            let answers = self.answers(&endpoint.answers)?;
            actions.push(Action::KeyEndpoint { name: endpoint.name.clone(), answers });
        }
        let issuer = |record: &Map<String, Value>| self.issuer(record);
        let application = |record: &Map<String, Value>| self.application(record);
        type Record = Map<String, Value>;
        type Complete<'a> = &'a dyn Fn(&Record) -> Result<Registration>;
        type AsAction = fn(Registration) -> Action;
        let registrations: [(&Option<Record>, Complete<'_>, AsAction); 4] = [
            (&step.register_issuer, &issuer, Action::RegisterIssuer),
            (&step.replace_issuer, &issuer, Action::ReplaceIssuer),
            (&step.register_application, &application, Action::RegisterApplication),
            (&step.replace_application, &application, Action::ReplaceApplication),
        ];
        for (record, complete, action) in registrations {
            if let Some(record) = record {
                actions.push(action(complete(record)?));
            }
        }
        type ByName = fn(Named) -> Action;
        let named: [(&Option<Record>, &str, ByName); 4] = [
            (&step.remove_issuer, "partner", Action::RemoveIssuer),
            (&step.remove_application, "app", Action::RemoveApplication),
            (&step.renew_secret, "app", Action::RenewSecret),
            (&step.rotate_keys, "", Action::RotateKeys),
        ];
        for (what, default, action) in named {
            if let Some(what) = what {
                let text = |name: &str, default: &str| {
                    what.get(name).and_then(Value::as_str).unwrap_or(default).to_owned()
                };
                actions.push(action(Named {
                    organization: text("organization", "acme"),
                    name: text("name", default),
                }));
            }
        }
        if let Some(question) = &step.introspect {
            actions.push(Action::Introspect(self.token_question(question)?));
        }
        if let Some(question) = &step.revoke {
            actions.push(Action::Revoke(self.token_question(question)?));
        }
        if let Some(written) = &step.revoke_all {
            let mut document = self.object(written)?;
            let organization = match document.shift_remove("organization") {
                Some(Value::String(name)) => name,
                _ => "acme".to_owned(),
            };
            actions.push(Action::RevokeAll { organization, document });
        }
        let Ok([action]) = <[Action; 1]>::try_from(actions) else { bail!("needs exactly one action") };
        let expect = self.expectation(&step.expect, &action)?;
        Ok(Step {
            number: None,
            at: self.now.get(),
            label: step.label.clone(),
            http_only: step.http_only.clone(),
            action,
            expect,
        })
    }

    fn token_question(&self, written: &source::TokenQuestion) -> Result<TokenQuestion> {
        let application = &written.application;
        let own = format!("${{client_secret:{application}}}");
        Ok(TokenQuestion {
            organization: written.organization.clone(),
            client_id: format!("${{client_id:{application}}}"),
            client_secret: self.text(written.client_secret.as_ref().unwrap_or(&own))?,
            token: self.text(&written.token)?,
        })
    }

    /// A trusted issuer over the default one.
    fn issuer(&self, written: &Map<String, Value>) -> Result<Registration> {
        let mut record = Map::new();
        record.insert("name".to_owned(), "partner".into());
        record.insert("issuer".to_owned(), "https://partner.example".into());
        let mut written = written.clone();
        if let Some(preset) = written.shift_remove("$preset") {
            record = made(&preset)?;
            // The keys are ours.
            record.shift_remove("discovery");
        }
        if !["jwks", "jwks_uri", "certificate", "discovery"]
            .iter()
            .any(|source| written.contains_key(*source))
        {
            record.insert("jwks".to_owned(), "${jwks:es256}".into());
        }
        self.registration(record, &written, "name")
    }

    /// An application over the default one.
    fn application(&self, written: &Map<String, Value>) -> Result<Registration> {
        let mut record = Map::new();
        record.insert("client_name".to_owned(), "app".into());
        record.insert("grant_types".to_owned(), json!([JWT_BEARER]));
        record.insert("scope".to_owned(), "read write".into());
        self.registration(record, written, "client_name")
    }

    fn registration(
        &self,
        mut record: Map<String, Value>,
        written: &Map<String, Value>,
        name: &str,
    ) -> Result<Registration> {
        record.extend(written.clone());
        let organization = match record.shift_remove("organization") {
            Some(Value::String(name)) => name,
            _ => "acme".to_owned(),
        };
        if let Some(Value::Array(without)) = record.shift_remove("$without") {
            for member in without {
                record.shift_remove(member.as_str().unwrap_or_default());
            }
        }
        let record = self.object(&record)?;
        let name = record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Registration { organization, name, record })
    }

    fn answers(&self, answers: &[source::KeyAnswer]) -> Result<Vec<KeyAnswer>> {
        let answer = |answer: &source::KeyAnswer| {
            let mut body = match self.json(&answer.body)? {
                Value::Null => String::new(),
                Value::String(text) => text,
                value => value.to_string(),
            };
            body.push_str(&" ".repeat(answer.pad_to.saturating_sub(body.len())));
            let fill = |(name, value): (&String, &String)| Ok((name.clone(), self.text(value)?));
            let headers = answer.headers.iter().map(fill).collect::<Result<_>>()?;
            Ok(KeyAnswer { status: answer.status, headers, body, delay_ms: answer.delay_ms })
        };
        answers.iter().map(answer).collect()
    }

    fn http(&self, written: &source::Http) -> Result<Http> {
        let assertion = self.assertion(&written.assertion, "acme")?;
        self.minted.borrow_mut().insert(String::new(), assertion);
        if let Proof::Made(proof) = self.proof(&written.proof, "acme", None)? {
            self.minted.borrow_mut().insert("-proof".to_owned(), proof);
        }
        let header = |(name, value): &(String, String)| Ok((name.clone(), self.latin1(value)?));
        Ok(Http {
            method: written.method.clone(),
            path: self.text(&written.path)?,
            headers: written.headers.iter().map(header).collect::<Result<_>>()?,
            body: self.latin1(&written.body)?,
        })
    }

    /// Bytes as text, each a character of Latin-1.
    fn latin1(&self, text: &str) -> Result<String> {
        Ok(self.bytes(text)?.into_iter().map(char::from).collect())
    }

    fn issuer_identifier(&self, organization: &str) -> String {
        match organization {
            "default" => self.setting.public_url.to_owned(),
            name => format!("{}/t/{name}", self.setting.public_url),
        }
    }

    /// A text that occurs once in the scenario.
    fn unique(&self) -> String {
        self.serial.set(self.serial.get() + 1);
        format!("{}-{}", self.id, self.serial.get())
    }
}
