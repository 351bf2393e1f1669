//! Carries out scenarios on any host that a driver reaches: decides what is called, and checks what comes of it.

mod access_token;
mod expect;
mod explain;
mod keys_needed;
mod own_tokens;
mod registrations;

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

pub use access_token::{AccessToken, verify_with};

use crate::driver::{self, Driver, Operation, Outcome, Profile, Response};
use crate::key_endpoints::KeyEndpoints;
use crate::keys::key;
use crate::scenario::placeholder::{Fill, Filling};
use crate::scenario::resolved::{Action, Exchange, Http, Proof, Scenario, Step};
use crate::token_request::basic;

/// What became of a scenario in which nothing was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it came out as expected.
    Passed,
    /// The host can't carry out the rest.
    PassedUntil {
        /// The number of the first step that it can't.
        step: usize,
        /// Why.
        why: String,
    },
    /// The host can't carry it out.
    Skipped(String),
}

/// Carries a scenario out, from its first step to its last.
///
/// # Errors
/// The first thing that is not as the scenario expects it: names the step.
pub async fn run(
    scenario: &Scenario,
    driver: &mut impl Driver,
    key_endpoints: &KeyEndpoints,
) -> Result<Verdict> {
    let profile = driver.profile();
    if let Some(why) = unable(scenario, profile) {
        return Ok(Verdict::Skipped(why));
    }
    for endpoint in scenario.key_endpoints.values() {
        key_endpoints.forget(&endpoint.url);
        key_endpoints.answers(&endpoint.url, endpoint.answers.clone());
    }
    let begin = scenario.steps.first().context("there are no steps")?.at;
    driver.start(begin, &scenario.settings).await.context("starting")?;
    let mut run = Run { scenario, driver, key_endpoints, at: begin, known: HashMap::new(), used: Vec::new() };
    let verdict = run.steps(profile).await;
    driver.stop().await;
    verdict
}

/// The methods that the Fetch standard normalizes.
const NORMALIZED_METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

/// Why a host can't carry a scenario out, if it can't.
fn unable(scenario: &Scenario, profile: Profile) -> Option<String> {
    if profile.http {
        let normalized = |step: &Step| match &step.action {
            Action::Http(http) => {
                let upper = http.method.to_ascii_uppercase();
                http.method != upper && NORMALIZED_METHODS.contains(&upper.as_str())
            }
            _ => false,
        };
        let twice = |step: &Step| match &step.action {
            Action::Http(http) => {
                let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("authorization");
                // Joined, they are one that can't be read: another refusal, but of the admin API.
                !http.path.starts_with("/admin") && http.headers.iter().filter(named).count() > 1
            }
            _ => false,
        };
        let why = if scenario.steps.iter().any(normalized) {
            "a Request writes its method in upper case"
        } else if scenario.steps.iter().any(twice) {
            "a Request joins two Authorization headers into one"
        } else {
            return None;
        };
        return (!profile.exact_methods).then(|| why.to_owned());
    }
    if let Some(why) = &scenario.http_only {
        return Some(why.clone());
    }
    let too_large = |step: &Step| match &step.action {
        Action::RegisterIssuer(new) => new.record.values().any(has_unsafe_integer),
        _ => false,
    };
    if !profile.exact_integers && scenario.steps.iter().any(too_large) {
        return Some("a number in JavaScript is no integer beyond 2^53".to_owned());
    }
    let steps = scenario.steps.iter().take_while(|step| step.http_only.is_none());
    let mut reasons = steps.filter_map(|step| match &step.action {
        Action::Exchange(exchange) if exchange.credentials == "post" => {
            Some("credentials in the request body exist only over HTTP")
        }
        Action::Http(http) if jwks_of(http).is_none() => Some("a step is an HTTP request"),
        _ => None,
    });
    reasons.next().map(str::to_owned)
}

/// What the response to a token exchange says of the token (R90).
const ISSUED_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Whether a number is in it that JavaScript would round.
fn has_unsafe_integer(value: &Value) -> bool {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.unsigned_abs() >= 1 << 53,
            None => number.is_u64(),
        },
        Value::Array(elements) => elements.iter().any(has_unsafe_integer),
        Value::Object(members) => members.values().any(has_unsafe_integer),
        _ => false,
    }
}

/// The organization whose JWK set a request asks for: that is no matter of HTTP.
fn jwks_of(http: &Http) -> Option<&str> {
    let of = http.path.strip_suffix("/oauth2/jwks").filter(|_| http.method == "GET")?;
    if of.is_empty() { Some("default") } else { of.strip_prefix("/t/") }
}

/// A scenario under way.
struct Run<'a, D> {
    scenario: &'a Scenario,
    driver: &'a mut D,
    key_endpoints: &'a KeyEndpoints,
    /// What the host's clock shows.
    at: u64,
    /// What only the running system knows: `client_id:app`, `access_token:first`.
    known: HashMap<String, String>,
    /// The `jti`s of access tokens.
    used: Vec<String>,
}

impl<D> Fill for Run<'_, D> {
    fn fill(&self, placeholder: &str) -> Result<Filling> {
        let of = |what: &str, application: &str| {
            self.known.get(&format!("{what}:{application}")).cloned().unwrap_or_default()
        };
        if let Some(application) = placeholder.strip_prefix("basic:") {
            return Ok(basic(&of("client_id", application), &of("client_secret", application)).into());
        }
        if let Some(application) = placeholder.strip_prefix("basic-escaped:") {
            let escaped = |text: String| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
            let (id, secret) = (of("client_id", application), of("client_secret", application));
            return Ok(STANDARD.encode(format!("{}:{}", escaped(id), escaped(secret))).into());
        }
        if placeholder == "any" {
            return Ok(Filling::Later);
        }
        let known = self.known.get(placeholder).cloned();
        Ok(known.with_context(|| format!("${{{placeholder}}} is not known here"))?.into())
    }
}

impl<D: Driver> Run<'_, D> {
    async fn steps(&mut self, profile: Profile) -> Result<Verdict> {
        for step in &self.scenario.steps {
            if let (Some(why), false) = (&step.http_only, profile.http) {
                let step = step.number.context("a step of the file")?;
                return Ok(Verdict::PassedUntil { step, why: why.clone() });
            }
            self.at = step.at;
            self.step(step).await.with_context(|| {
                let what = step.action.name();
                step.number.map_or_else(|| format!("beforehand: {what}"), |n| format!("step {n}: {what}"))
            })?;
        }
        Ok(Verdict::Passed)
    }

    async fn step(&mut self, step: &Step) -> Result<()> {
        match &step.action {
            Action::Advance(_) => {}
            Action::KeyEndpoint { name, answers } => {
                let endpoint = self.scenario.key_endpoints.get(name);
                let url = &endpoint.with_context(|| format!("there is no JWKS endpoint {name}"))?.url;
                self.key_endpoints.answers(url, answers.clone());
            }
            Action::Exchange(exchange) => self.exchange(step, exchange).await?,
            Action::Introspect(question) | Action::Revoke(question) => self.own_token(step, question).await?,
            Action::Http(http) => self.http(step, http).await?,
            registration => self.registration(step, registration).await?,
        }
        self.check_fetches(step).await
    }

    async fn call(&mut self, operation: Operation) -> Result<Response> {
        let responses = self.driver.call(self.at, vec![operation]).await?;
        responses.into_iter().next().context("there is no response")
    }

    async fn exchange(&mut self, step: &Step, exchange: &Exchange) -> Result<()> {
        let mut requests = Vec::new();
        let client_id = self.text(&exchange.client_id)?;
        let has_secret = matches!(exchange.credentials.as_str(), "basic" | "post");
        for (index, assertion) in exchange.assertions.iter().enumerate() {
            let client_assertion = exchange.client_assertions.get(index);
            let client_secret = has_secret.then(|| self.text(&exchange.client_secret)).transpose()?;
            requests.push(driver::Exchange {
                organization: exchange.organization.clone(),
                credentials: exchange.credentials.clone(),
                client_id: Some(client_id.clone()).filter(|_| exchange.sends_client_id),
                client_secret,
                client_assertion: client_assertion.map(|text| self.text(text)).transpose()?,
                client_assertion_type: (exchange.credentials == "svid").then_some("jwt-spiffe"),
                dpop_proof: exchange.proofs.get(index).map(|proof| self.proof(proof)).transpose()?,
                assertion: self.text(assertion)?,
                token_exchange: exchange.token_exchange.clone(),
                scope: exchange.scope.clone(),
                resource: exchange.resource.clone(),
            });
        }
        if exchange.at_once {
            for (request, response) in requests.iter().zip(self.exchanged(&requests).await?) {
                self.check_exchange(step, request, &client_id, &response).await?;
            }
            return Ok(());
        }
        for (index, request) in requests.iter().enumerate() {
            let done = self.one_exchange(step, request, &client_id).await;
            done.with_context(|| format!("assertion {} of {}", index + 1, requests.len()))?;
        }
        Ok(())
    }

    /// A proof as it is sent.
    fn proof(&self, proof: &Proof) -> Result<String> {
        let (of, name, header, claims) = match proof {
            Proof::Made(text) => return Ok(text.clone()),
            Proof::WithNonce { of, key, header, claims } => (of, key, header, claims),
        };
        let mut claims = claims.clone();
        claims.insert("nonce".to_owned(), self.text(&format!("${{dpop_nonce:{of}}}"))?.into());
        let parts = [header, &claims].map(|part| Value::Object(part.clone()).to_string());
        let message = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let key = key(name)?;
        let signature = key.sign(key.algorithm(), message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    async fn one_exchange(&mut self, step: &Step, request: &driver::Exchange, client_id: &str) -> Result<()> {
        self.check_explanation(step, request, client_id).await?;
        for response in self.exchanged(std::slice::from_ref(request)).await? {
            self.check_exchange(step, request, client_id, &response).await?;
        }
        Ok(())
    }

    async fn check_exchange(
        &mut self,
        step: &Step,
        request: &driver::Exchange,
        client_id: &str,
        response: &Response,
    ) -> Result<()> {
        let secret = request.client_secret.as_deref().or(request.client_assertion.as_deref());
        let actor = request.token_exchange.as_ref().and_then(|exchange| exchange.actor_token.as_deref());
        let proof = request.dpop_proof.as_deref().unwrap_or_default();
        let secrets = [&*request.assertion, secret.unwrap_or_default(), actor.unwrap_or_default(), proof];
        self.check_token_response(step, response, &secrets)?;
        if let (Some(label), Some(nonce)) = (&step.label, nonce_of(response)) {
            self.known.insert(format!("dpop_nonce:{label}"), nonce);
        }
        let Outcome::Ok(body) = &response.outcome else { return Ok(()) };
        let issued = body.get("issued_token_type").and_then(Value::as_str);
        let expected = request.token_exchange.is_some().then_some(ISSUED_TOKEN_TYPE);
        ensure!(issued == expected, "R90: issued_token_type is {issued:?}");
        let token_type = if request.dpop_proof.is_some() { "DPoP" } else { "Bearer" };
        ensure!(body["token_type"] == token_type, "R60, R102: token_type is {}", body["token_type"]);
        self.check_access_token(step, &request.organization, Some(client_id), body).await
    }

    async fn http(&mut self, step: &Step, http: &Http) -> Result<()> {
        if !self.driver.profile().http {
            let organization = jwks_of(http).context("an HTTP request")?.to_owned();
            let response = self.call(Operation::Jwks { organization }).await?;
            return self.check_response(step, &response);
        }
        let mut headers = Vec::new();
        for (name, value) in &http.headers {
            headers.push((name.clone(), latin1(&self.text(value)?)?));
        }
        let (path, body) = (self.text(&http.path)?, latin1(&self.text(&http.body)?)?);
        let request = driver::Http { method: http.method.clone(), path: path.clone(), headers, body };
        let response = self.call(Operation::Http(request)).await?;
        // OPTIONS is a question of a browser, not one for a token.
        let path_only = path.split('?').next().unwrap_or_default();
        if !path_only.ends_with("/oauth2/token") || http.method == "OPTIONS" {
            return self.check_response(step, &response);
        }
        self.check_token_response(step, &response, &[])?;
        let Outcome::Ok(body) = &response.outcome else { return Ok(()) };
        let organization = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next());
        self.check_access_token(step, organization.unwrap_or("default"), None, body).await
    }
}

/// The nonce for the next DPoP proof, in a header over HTTP.
fn nonce_of(response: &Response) -> Option<String> {
    match (&response.outcome, &response.http) {
        (_, Some(answer)) => answer.header("dpop-nonce").map(str::to_owned),
        (Outcome::Refused(refused), None) => refused.dpop_nonce.clone(),
        (Outcome::Ok(body), None) => body["dpop_nonce"].as_str().map(str::to_owned),
        _ => None,
    }
}

fn latin1(text: &str) -> Result<Vec<u8>> {
    let byte = |character: char| u8::try_from(u32::from(character));
    let bytes = text.chars().map(byte).collect::<Result<Vec<_>, _>>().ok();
    ensure!(bytes.is_some(), "a character beyond Latin-1 in {text:?}");
    Ok(bytes.unwrap_or_default())
}
