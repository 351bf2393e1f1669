//! From a scenario as it is written to one that hosts can carry out.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, anyhow, bail};
use asserta_core::trust::preset::{self, PresetRequest};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::placeholder::{Fill, Filling};
use super::recipe::{Defaults, mint};
use super::resolved::{
    Action, Exchange, Expectation, Http, KeyAnswer, KeyEndpoint, Named, Proof, Registration, Scenario, Step,
    TokenQuestion,
};
use super::{Scenario as Written, source};
use crate::driver::TokenExchange;
use crate::keys::key;
use crate::local_host::ADMIN_TOKEN;

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

/// The assertion with other claims.
fn varied(assertion: &source::Assertion, claims: &Map<String, Value>) -> Result<source::Assertion> {
    let source::Assertion::Recipe(recipe) = assertion else { bail!("each: the assertion is a text") };
    let mut recipe = recipe.clone();
    recipe.claims.extend(claims.clone());
    Ok(source::Assertion::Recipe(recipe))
}

/// The proof with what else is said of it.
fn varied_proof(proof: &source::Assertion, more: &source::Recipe) -> Result<source::Assertion> {
    let source::Assertion::Recipe(recipe) = proof else { bail!("each_proof: the proof is a text") };
    let mut recipe = recipe.clone();
    let more = more.clone();
    recipe.header.extend(more.header);
    recipe.claims.extend(more.claims);
    recipe.without.extend(more.without);
    recipe.key = more.key.or(recipe.key);
    recipe.sign_as = more.sign_as.or(recipe.sign_as);
    recipe.header_text = more.header_text.or(recipe.header_text);
    recipe.claims_text = more.claims_text.or(recipe.claims_text);
    recipe.signature = more.signature.or(recipe.signature);
    recipe.text = more.text.or(recipe.text);
    Ok(source::Assertion::Recipe(recipe))
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

    fn exchange(&self, written: &source::Exchange, label: Option<&str>) -> Result<Exchange> {
        let all = |one: &source::Assertion, each: &[Map<String, Value>]| match each {
            [] => Ok(vec![one.clone()]),
            each => each.iter().map(|claims| varied(one, claims)).collect::<Result<Vec<_>>>(),
        };
        let each = all(&written.assertion, &written.each)?;
        let mut each_client = Vec::new();
        if written.is_by_jwt() {
            each_client = all(&written.client_assertion, &written.each_client)?;
        }
        let each_proof = match (&written.proof, written.each_proof.as_slice()) {
            (None, []) => Vec::new(),
            (None, _) => bail!("each_proof: there is no proof"),
            (Some(proof), []) => vec![proof.clone()],
            (Some(proof), each) => {
                each.iter().map(|more| varied_proof(proof, more)).collect::<Result<Vec<_>>>()?
            }
        };
        let (mut assertions, mut client_assertions) = (Vec::new(), Vec::new());
        let mut proofs = Vec::new();
        for number in 0..each.len().max(each_client.len()).max(each_proof.len()) {
            for _ in 0..written.times {
                let assertion = each.get(number).or_else(|| each.last()).context("an assertion")?;
                assertions.push(self.assertion(assertion, &written.organization)?);
                if let Some(one) = each_client.get(number).or_else(|| each_client.last()) {
                    client_assertions.push(self.client_assertion(one, written)?);
                }
                if let Some(one) = each_proof.get(number).or_else(|| each_proof.last()) {
                    proofs.push(self.proof(one, &written.organization, written.nonce_of.as_deref())?);
                }
            }
        }
        for (suffix, made) in [("", &assertions), ("-client", &client_assertions)] {
            if let (Some(label), Some(first)) = (label, made.first()) {
                self.minted.borrow_mut().insert(format!("{label}{suffix}"), first.clone());
            }
        }
        if let (Some(label), Some(Proof::Made(first))) = (label, proofs.first()) {
            self.minted.borrow_mut().insert(format!("{label}-proof"), first.clone());
        }
        let token_exchange = written.token_exchange.as_ref();
        let token_exchange = token_exchange
            .map(|exchange| self.token_exchange(exchange, &written.organization))
            .transpose()?;
        let application = &written.application;
        let or_own = |text: &Option<String>, own: &str| match text {
            Some(text) => self.text(text),
            None => Ok(format!("${{{own}:{application}}}")),
        };
        let fill = |text: &Option<String>| text.as_ref().map(|text| self.text(text)).transpose();
        Ok(Exchange {
            organization: written.organization.clone(),
            credentials: written.credentials.clone(),
            client_id: match written.credentials.as_str() {
                // What the client assertion has to say, which is signed before anything runs.
                "key" => written.client_id.clone().unwrap_or_else(|| application.clone()),
                _ => or_own(&written.client_id, "client_id")?,
            },
            sends_client_id: match written.credentials.as_str() {
                "none" => false,
                "key" => written.client_id.is_some(),
                _ => true,
            },
            client_assertions,
            client_secret: or_own(&written.client_secret, "client_secret")?,
            scope: fill(&written.scope)?,
            resource: fill(&written.resource)?,
            assertions,
            token_exchange,
            proofs,
            at_once: written.at_once,
        })
    }

    fn token_exchange(&self, written: &source::TokenExchange, organization: &str) -> Result<TokenExchange> {
        let whole = |name: &str| match name.contains(':') {
            true => name.to_owned(),
            false => format!("urn:ietf:params:oauth:token-type:{name}"),
        };
        let actor = written.actor.as_ref().map(|actor| self.assertion(actor, organization)).transpose()?;
        Ok(TokenExchange {
            subject_token_type: whole(&written.subject_token_type),
            actor_token_type: actor.as_ref().map(|_| whole(&written.actor_token_type)),
            actor_token: actor,
            audience: written.audience.iter().map(|audience| self.text(audience)).collect::<Result<_>>()?,
        })
    }

    fn assertion(&self, written: &source::Assertion, organization: &str) -> Result<String> {
        let recipe = match written {
            source::Assertion::Text(text) => return self.text(text),
            source::Assertion::Recipe(recipe) => recipe,
        };
        let claims = json!({
            "iss": "https://partner.example",
            "sub": "user-1",
            "aud": self.issuer_identifier(organization),
            "exp": self.now.get() + 300,
            "iat": self.now.get(),
            "jti": self.unique(),
        });
        let Value::Object(mut claims) = claims else { bail!("claims are an object") };
        claims.extend(self.object(self.claims)?);
        let header = self.object(self.header)?;
        mint(recipe, Defaults { key: "es256".to_owned(), header, claims }, self)
    }

    /// What a client authenticates with: signed by a key of its own, or by the issuer that knows it.
    fn client_assertion(&self, written: &source::Assertion, exchange: &source::Exchange) -> Result<String> {
        let recipe = match written {
            source::Assertion::Text(text) => return self.text(text),
            source::Assertion::Recipe(recipe) => recipe,
        };
        let (key, iss, sub) = match exchange.credentials.as_str() {
            "federated" => ("es256", "https://partner.example", "client-1"),
            "svid" => ("es256/spire", "", "spiffe://prod.example.org/client-1"),
            _ => ("es256/client", exchange.application.as_str(), exchange.application.as_str()),
        };
        let mut claims = json!({
            "sub": sub,
            "aud": self.issuer_identifier(&exchange.organization),
            "exp": self.now.get() + 300,
            "iat": self.now.get(),
        });
        // SPIRE puts neither into a JWT-SVID, unless it is told to.
        if exchange.credentials != "svid" {
            claims["iss"] = iss.into();
            claims["jti"] = self.unique().into();
        }
        let Value::Object(claims) = claims else { bail!("claims are an object") };
        mint(recipe, Defaults { key: key.to_owned(), header: Map::new(), claims }, self)
    }

    /// A DPoP proof (RFC 9449 section 4.2), by the key `es256/dpop` where nothing else is said, for the token endpoint.
    fn proof(
        &self,
        written: &source::Assertion,
        organization: &str,
        nonce_of: Option<&str>,
    ) -> Result<Proof> {
        let mut recipe = match written {
            source::Assertion::Text(text) => return Ok(Proof::Made(self.text(text)?)),
            source::Assertion::Recipe(recipe) => recipe.clone(),
        };
        let name = recipe.key.clone().unwrap_or_else(|| "es256/dpop".to_owned());
        let mut header = Map::new();
        header.insert("typ".to_owned(), "dpop+jwt".into());
        header.insert("jwk".to_owned(), key(&name)?.jwk()?);
        let claims = json!({
            "htm": "POST",
            "htu": format!("{}/oauth2/token", self.issuer_identifier(organization)),
            "iat": self.now.get(),
            "jti": self.unique(),
        });
        let Value::Object(mut claims) = claims else { bail!("claims are an object") };
        if let Some(label) = nonce_of {
            header.insert("alg".to_owned(), key(&name)?.algorithm().into());
            claims.extend(self.object(&recipe.claims)?);
            return Ok(Proof::WithNonce { of: label.to_owned(), key: name, header, claims });
        }
        recipe.without.push("header.kid".to_owned());
        Ok(Proof::Made(mint(&recipe, Defaults { key: name, header, claims }, self)?))
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

    fn expectation(&self, written: &Map<String, Value>, action: &Action) -> Result<Expectation> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            status: Option<u16>,
            error: Option<String>,
            reason: Option<String>,
            field: Option<String>,
            #[serde(default)]
            headers: BTreeMap<String, String>,
            #[serde(default)]
            body: Map<String, Value>,
            #[serde(default)]
            without: Vec<String>,
            #[serde(default)]
            token: Map<String, Value>,
            #[serde(default)]
            token_without: Vec<String>,
            #[serde(default)]
            fetches: BTreeMap<String, usize>,
        }
        let filled = Value::Object(self.object(written)?);
        let written: Written = serde_json::from_value(filled).context("expect")?;
        let by_error = |error: &str| match error {
            "invalid_client" => 401,
            "server_error" => 500,
            "temporarily_unavailable" => 503,
            _ => 400,
        };
        let status = written.status.or_else(|| written.error.as_deref().map(by_error));
        let status = status.unwrap_or(match (action, &written.field) {
            (_, Some(_)) => 400,
            (Action::RegisterIssuer(_) | Action::RegisterApplication(_) | Action::RevokeAll { .. }, None) => {
                201
            }
            (Action::RemoveIssuer(_) | Action::RemoveApplication(_), None) => 204,
            _ => 200,
        });
        let Written { error, reason, field, headers, body, without, token, token_without, fetches, .. } =
            written;
        Ok(Expectation {
            status,
            error,
            reason,
            field,
            headers,
            body,
            without,
            token,
            token_without,
            fetches,
        })
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

    fn certificate_validity(&self, arguments: &[&str]) -> Result<(i64, i64)> {
        let now = i64::try_from(self.now.get())?;
        Ok(match arguments {
            [] => (now - 86_400, now + 365 * 86_400),
            [from, to] => (now + from.parse::<i64>()?, now + to.parse::<i64>()?),
            _ => bail!("a certificate has a beginning and an end"),
        })
    }
}

impl Fill for Context<'_> {
    fn fill(&self, placeholder: &str) -> Result<Filling> {
        use base64::Engine as _;
        let base64 = |bytes: Vec<u8>| base64::engine::general_purpose::STANDARD.encode(bytes);
        let parts: Vec<&str> = placeholder.split(':').collect();
        let filling = match parts.as_slice() {
            ["assertion"] => self.known_assertion("")?.into(),
            ["assertion", label] => self.known_assertion(label)?.into(),
            ["proof"] => self.known_assertion("-proof")?.into(),
            ["proof", label] => self.known_assertion(&format!("{label}-proof"))?.into(),
            ["jkt", name] => key(name)?.thumbprint()?.into(),
            ["any"] => Filling::Later,
            ["client_id" | "client_secret" | "previous_client_secret", _] => Filling::Later,
            ["basic" | "basic-escaped" | "access_token", _] => Filling::Later,
            ["issuer"] => self.issuer_identifier("acme").into(),
            ["issuer", organization] => self.issuer_identifier(organization).into(),
            ["token-endpoint"] => format!("{}/oauth2/token", self.issuer_identifier("acme")).into(),
            ["admin-token"] => ADMIN_TOKEN.to_owned().into(),
            ["grant-type"] => JWT_BEARER.replace(':', "%3A").into(),
            ["endpoint", name] => (self.setting.endpoint_url)(self.id, name).into(),
            ["unique"] => self.unique().into(),
            ["byte", hex] => Filling::Bytes(vec![u8::from_str_radix(hex, 16)?]),
            ["repeat", text, times] => text.repeat(times.parse()?).into(),
            ["nested", depth] => {
                let depth: usize = depth.parse()?;
                format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into()
            }
            ["jwk", name] => Filling::Json(key(name)?.jwk()?),
            ["jwks", names] => {
                let keys = names.split(',').map(|name| key(name)?.jwk()).collect::<Result<Vec<_>>>()?;
                Filling::Json(json!({ "keys": keys }))
            }
            ["private-jwk", name] => Filling::Json(key(name)?.private_jwk()?),
            ["pem", name] => key(name)?.public_pem()?.into(),
            ["public-der", name] => base64(key(name)?.public_der()?).into(),
            ["private-pem", name] => key(name)?.private_pem()?.into(),
            ["certificate", name, validity @ ..] => {
                let (from, to) = self.certificate_validity(validity)?;
                key(name)?.certificate_pem(from, to)?.into()
            }
            ["certificate-der", name, validity @ ..] => {
                let (from, to) = self.certificate_validity(validity)?;
                base64(key(name)?.certificate_der(from, to)?).into()
            }
            [time] if time.starts_with("now") => Filling::Json(self.time(time)?),
            _ => bail!("there is no placeholder {placeholder:?}"),
        };
        Ok(filling)
    }
}

impl Context<'_> {
    fn known_assertion(&self, label: &str) -> Result<String> {
        self.minted
            .borrow()
            .get(label)
            .cloned()
            .with_context(|| format!("no earlier step is labelled {label:?}"))
    }

    /// `now`, `now+300`, `now-61`, `now+0.5`.
    fn time(&self, text: &str) -> Result<Value> {
        let offset = text.trim_start_matches("now");
        let now = i64::try_from(self.now.get())?;
        if offset.is_empty() {
            return Ok(now.into());
        }
        match offset.parse::<i64>() {
            Ok(whole) => Ok((now + whole).into()),
            Err(_) => Ok((now as f64 + offset.parse::<f64>().context("a time")?).into()),
        }
    }
}
