//! Carries out scenarios over HTTP, on any host that serves the endpoint.

mod access_token;
mod expect;
mod explain;
mod registrations;

use std::collections::HashMap;
use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::task::JoinSet;

pub use access_token::{AccessToken, verify_with};

use crate::client::{Answer, Connection, form, form_encoded, send};
use crate::key_endpoints::KeyEndpoints;
use crate::local_host::{ADMIN_TOKEN, StillClock};
use crate::scenario::placeholder::{Fill, Filling};
use crate::scenario::resolved::{Action, Exchange, Http, Scenario, Step};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Where a scenario is carried out.
pub struct Place<'a> {
    /// Where the endpoint listens.
    pub address: SocketAddr,
    /// Its clock.
    pub clock: &'a StillClock,
    /// The JWKS endpoints of its issuers.
    pub key_endpoints: &'a KeyEndpoints,
}

/// Carries a scenario out, from its first step to its last.
///
/// # Errors
/// The first thing that is not as the scenario expects it: names the step.
pub async fn run(scenario: &Scenario, place: &Place<'_>) -> Result<()> {
    for endpoint in scenario.key_endpoints.values() {
        place.key_endpoints.forget(&endpoint.url);
        place.key_endpoints.answers(&endpoint.url, endpoint.answers.clone());
    }
    let mut run = Run { scenario, place, known: HashMap::new(), used: Vec::new() };
    for step in &scenario.steps {
        place.clock.set(step.at);
        run.step(step).await.with_context(|| match step.number {
            Some(number) => format!("step {number}"),
            None => "registering".to_owned(),
        })?;
    }
    Ok(())
}

/// A scenario under way.
struct Run<'a> {
    scenario: &'a Scenario,
    place: &'a Place<'a>,
    /// What only the running system knows: `client_id:app`, `access_token:first`.
    known: HashMap<String, String>,
    /// The `jti`s of access tokens.
    used: Vec<String>,
}

impl Fill for Run<'_> {
    fn fill(&self, placeholder: &str) -> Result<Filling> {
        if let Some(application) = placeholder.strip_prefix("basic:") {
            let of =
                |what: &str| self.known.get(&format!("{what}:{application}")).cloned().unwrap_or_default();
            let pair = format!("{}:{}", form_encoded(&of("client_id")), form_encoded(&of("client_secret")));
            return Ok(STANDARD.encode(pair).into());
        }
        if let Some(application) = placeholder.strip_prefix("basic-escaped:") {
            let of =
                |what: &str| self.known.get(&format!("{what}:{application}")).cloned().unwrap_or_default();
            let escaped = |text: String| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
            let pair = format!("{}:{}", escaped(of("client_id")), escaped(of("client_secret")));
            return Ok(STANDARD.encode(pair).into());
        }
        if placeholder == "any" {
            return Ok(Filling::Later);
        }
        let known = self.known.get(placeholder).cloned();
        Ok(known.with_context(|| format!("${{{placeholder}}} is not known here"))?.into())
    }
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) -> Result<()> {
        match &step.action {
            Action::Advance(_) => {}
            Action::KeyEndpoint { name, answers } => {
                let endpoint = self.scenario.key_endpoints.get(name);
                let url = &endpoint.with_context(|| format!("there is no JWKS endpoint {name}"))?.url;
                self.place.key_endpoints.answers(url, answers.clone());
            }
            Action::Exchange(exchange) => self.exchange(step, exchange).await?,
            Action::Http(http) => self.http(step, http).await?,
            registration => self.registration(step, registration).await?,
        }
        self.check_fetches(step).await
    }

    async fn exchange(&mut self, step: &Step, exchange: &Exchange) -> Result<()> {
        let mut requests = Vec::new();
        for assertion in &exchange.assertions {
            requests.push(TokenRequest {
                address: self.place.address,
                path: token_path(&exchange.organization),
                credentials: exchange.credentials.clone(),
                client_id: self.text(&exchange.client_id)?,
                client_secret: self.text(&exchange.client_secret)?,
                assertion: self.text(assertion)?,
                scope: exchange.scope.clone(),
                resource: exchange.resource.clone(),
            });
        }
        if exchange.at_once {
            let mut posts = JoinSet::new();
            for request in requests.clone() {
                posts.spawn(async move { request.post().await });
            }
            for answer in posts.join_all().await {
                self.check_exchange(step, &requests[0], &answer?).await?;
            }
            return Ok(());
        }
        for request in requests {
            self.check_explanation(step, exchange, &request).await?;
            let answer = request.post().await?;
            self.check_exchange(step, &request, &answer).await?;
        }
        Ok(())
    }

    async fn check_exchange(&mut self, step: &Step, request: &TokenRequest, answer: &Answer) -> Result<()> {
        let secrets = [request.assertion.as_str(), request.client_secret.as_str()];
        self.check_token_answer(step, answer, &secrets)?;
        if answer.status != 200 {
            return Ok(());
        }
        let organization = request.path.strip_prefix("/t/").and_then(|rest| rest.split('/').next());
        self.check_access_token(step, organization, Some(&request.client_id), answer).await
    }

    async fn http(&mut self, step: &Step, http: &Http) -> Result<()> {
        let mut headers = Vec::new();
        for (name, value) in &http.headers {
            headers.push((name.as_str(), latin1(&self.text(value)?)?));
        }
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let body = latin1(&self.text(&http.body)?)?;
        let path = self.text(&http.path)?;
        let answer = send(self.place.address, &http.method, &path, &headers, body).await?;
        // OPTIONS is a question of a browser, not one for a token.
        let path_only = path.split('?').next().unwrap_or_default();
        if path_only.ends_with("/oauth2/token") && http.method != "OPTIONS" {
            self.check_token_answer(step, &answer, &[])?;
            if answer.status == 200 {
                let organization = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next());
                self.check_access_token(step, organization, None, &answer).await?;
            }
            return Ok(());
        }
        self.check_answer(step, &answer)
    }

    async fn admin(&self, method: &str, path: &str, body: Option<String>) -> Result<Answer> {
        let bearer = format!("Bearer {ADMIN_TOKEN}");
        let mut headers = vec![("authorization", bearer.as_bytes())];
        if body.is_some() {
            headers.push(("content-type", b"application/json"));
        }
        let path = format!("/admin/organizations/{path}");
        send(self.place.address, method, &path, &headers, body.unwrap_or_default()).await
    }
}

/// A request for an access token, complete.
#[derive(Clone)]
pub struct TokenRequest {
    /// Where the endpoint listens.
    pub address: SocketAddr,
    /// The path of the token endpoint.
    pub path: String,
    /// `basic`, `post` or `none`.
    pub credentials: String,
    /// The client identifier.
    pub client_id: String,
    /// The secret.
    pub client_secret: String,
    /// The assertion.
    pub assertion: String,
    /// The parameter `scope`.
    pub scope: Option<String>,
    /// The parameter `resource`.
    pub resource: Option<String>,
}

impl TokenRequest {
    /// Sends it.
    ///
    /// # Errors
    /// The endpoint can't be reached, or there is no whole answer.
    pub async fn post(&self) -> Result<Answer> {
        self.post_on(&mut Connection::open(self.address).await?).await
    }

    /// Sends it on a connection that is kept.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn post_on(&self, connection: &mut Connection) -> Result<Answer> {
        let mut parameters = vec![("grant_type", GRANT_TYPE), ("assertion", &self.assertion)];
        parameters.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        parameters.extend(self.resource.as_deref().map(|resource| ("resource", resource)));
        if self.credentials == "post" {
            parameters.push(("client_id", &self.client_id));
            parameters.push(("client_secret", &self.client_secret));
        }
        let pair = format!("{}:{}", form_encoded(&self.client_id), form_encoded(&self.client_secret));
        let basic = format!("Basic {}", STANDARD.encode(pair));
        let mut headers: Vec<(&str, &[u8])> = vec![("content-type", b"application/x-www-form-urlencoded")];
        if self.credentials == "basic" {
            headers.push(("authorization", basic.as_bytes()));
        }
        connection.send("POST", &self.path, &headers, form(&parameters)).await
    }
}

/// The path of an organization's token endpoint.
pub fn token_path(organization: &str) -> String {
    format!("{}/oauth2/token", organization_path(organization))
}

fn organization_path(organization: &str) -> String {
    match organization {
        "default" => String::new(),
        name => format!("/t/{name}"),
    }
}

fn latin1(text: &str) -> Result<Vec<u8>> {
    let byte = |character: char| u8::try_from(u32::from(character));
    let bytes = text.chars().map(byte).collect::<Result<Vec<_>, _>>();
    let bytes = bytes.ok();
    ensure!(bytes.is_some(), "a character beyond Latin-1 in {text:?}");
    Ok(bytes.unwrap_or_default())
}
