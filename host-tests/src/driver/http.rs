//! Drives the endpoint over HTTP, on the host in this process or on Spin's stand-in; and how operations are written as
//! HTTP requests, for every host that speaks HTTP.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use asserta::{Program, Secret};
use asserta_core::oauth::Reason;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::{Driver, Http, Operation, Outcome, Profile, Refused, Rejected, Response, TokenQuestion};
use crate::client::{Answer, form_encoded, send};
use crate::local_host::{ADMIN_TOKEN, LocalHost, StillClock};
use crate::spin::{self, Spin, SpinApp};
use crate::token_request::{basic, client_assertion_type_name, organization_path, token_path, written};

/// What runs a component.
#[derive(Clone)]
pub enum Runtime {
    /// The host, in this process.
    Host(Program),
    /// Spin's stand-in, with this store for used assertions.
    Spin(Spin, &'static str),
}

/// The endpoint, served.
pub struct HttpDriver {
    runtime: Runtime,
    running: Option<Running>,
}

enum Running {
    Host(LocalHost),
    Spin(SpinApp),
}

impl HttpDriver {
    /// A driver of this component.
    pub fn of(runtime: Runtime) -> Self {
        Self { runtime, running: None }
    }
}

impl Running {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Host(host) => host.address(),
            Self::Spin(app) => app.address,
        }
    }

    fn set_clock(&self, at: u64) -> Result<()> {
        match self {
            Self::Host(host) => host.clock.set(at),
            Self::Spin(app) => app.set_clock(at)?,
        }
        Ok(())
    }
}

impl Driver for HttpDriver {
    fn profile(&self) -> Profile {
        Profile { http: true, exact_integers: true, exact_methods: true }
    }

    async fn start(&mut self, at: u64, settings: &Map<String, Value>) -> Result<()> {
        let dev = settings.get("dev").and_then(Value::as_bool).unwrap_or(true);
        let algorithm = settings.get("access_token_algorithm").and_then(Value::as_str).map(str::to_owned);
        let dpop_nonce = settings.get("dpop_nonce").and_then(Value::as_bool).unwrap_or(false);
        let trust = settings.get("trust").map(Value::to_string);
        self.running = Some(match &self.runtime {
            Runtime::Host(program) => {
                let host = LocalHost::of(program.clone()).clock(StillClock::at(at)).settings(|host| {
                    host.dev = dev;
                    host.access_token_algorithm = algorithm;
                    host.dpop_nonce = dpop_nonce;
                    host.trust = trust.map(Secret::new);
                });
                Running::Host(host.start().await?)
            }
            Runtime::Spin(spin, replay_store) => {
                let mut variables = spin::variables(replay_store);
                variables.insert("dev", dev.to_string());
                variables.insert("access_token_algorithm", algorithm.unwrap_or_default());
                variables.insert("dpop_nonce", dpop_nonce.to_string());
                variables.insert("trust", trust.unwrap_or_default());
                Running::Spin(spin.start(at, &variables)?)
            }
        });
        Ok(())
    }

    async fn call(&mut self, at: u64, operations: Vec<Operation>) -> Result<Vec<Response>> {
        let running = self.running.as_ref().context("the host is not started")?;
        running.set_clock(at)?;
        let address = running.address();
        let mut calls = JoinSet::new();
        for (index, operation) in operations.into_iter().enumerate() {
            calls.spawn(async move { (index, perform(address, operation).await) });
        }
        let mut answers = calls.join_all().await;
        answers.sort_by_key(|(index, _)| *index);
        answers.into_iter().map(|(_, answer)| answer.map(response)).collect()
    }

    async fn stop(&mut self) {
        if let Some(Running::Host(host)) = self.running.take() {
            host.stop().await;
        }
    }
}

async fn perform(address: SocketAddr, operation: Operation) -> Result<Answer> {
    let http = request(operation)?;
    let headers = http.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    send(address, &http.method, &http.path, &headers.collect::<Vec<_>>(), http.body).await
}

/// An operation as an HTTP request.
pub(super) fn request(operation: Operation) -> Result<Http> {
    let admin = |method: &str, path: String, document: Option<Value>| {
        let bearer = format!("Bearer {ADMIN_TOKEN}");
        let mut headers = vec![("authorization".to_owned(), bearer.into_bytes())];
        if document.is_some() {
            headers.push(("content-type".to_owned(), b"application/json".to_vec()));
        }
        let body = document.map(|document| document.to_string()).unwrap_or_default().into_bytes();
        Http { method: method.to_owned(), path: format!("/admin/{path}"), headers, body }
    };
    Ok(match operation {
        Operation::Apply { document } => admin("POST", "apply".to_owned(), Some(document)),
        Operation::ReplaceOrganization { organization } => {
            admin("PUT", format!("organizations/{organization}"), Some(json!({})))
        }
        Operation::RegisterIssuer { organization, document } => {
            let path = format!("organizations/{organization}/trusted-issuers");
            admin("POST", path, Some(Value::Object(document)))
        }
        Operation::ReplaceIssuer { organization, document } => {
            let name = document.get("name").and_then(Value::as_str).unwrap_or_default();
            admin("PUT", issuer_path(&organization, name), Some(Value::Object(document)))
        }
        Operation::RemoveIssuer { organization, name } => {
            admin("DELETE", issuer_path(&organization, &name), None)
        }
        Operation::RegisterApplication { organization, document } => {
            let path = format!("organizations/{organization}/applications");
            admin("POST", path, Some(Value::Object(document)))
        }
        Operation::ReplaceApplication { organization, client_id, document } => {
            let path = application_path(&organization, &client_id);
            admin("PUT", path, Some(Value::Object(document)))
        }
        Operation::RemoveApplication { organization, client_id } => {
            admin("DELETE", application_path(&organization, &client_id), None)
        }
        Operation::RenewSecret { organization, client_id } => {
            admin("POST", format!("{}/secret", application_path(&organization, &client_id)), None)
        }
        Operation::RotateKeys { organization } => {
            admin("POST", format!("organizations/{organization}/keys/rotate"), None)
        }
        Operation::Explain {
            organization,
            assertion,
            client_id,
            token_exchange,
            dpop_proof,
            scope,
            resource,
        } => {
            let mut question = match token_exchange {
                None => json!({"assertion": assertion}),
                Some(exchange) => json!({
                    "subject_token": assertion,
                    "subject_token_type": exchange.subject_token_type,
                    "actor_token": exchange.actor_token,
                    "actor_token_type": exchange.actor_token_type,
                    "audience": exchange.audience,
                }),
            };
            question["client_id"] = client_id.into();
            question["dpop_proof"] = dpop_proof.into();
            question["scope"] = scope.into();
            question["resource"] = Vec::from_iter(resource).into();
            admin("POST", format!("organizations/{organization}/explain"), Some(question))
        }
        Operation::ExplainClient { organization, client_assertion, client_assertion_type, client_id } => {
            let question = json!({
                "client_assertion": client_assertion,
                "client_assertion_type": client_assertion_type.map(client_assertion_type_name),
                "client_id": client_id,
            });
            admin("POST", format!("organizations/{organization}/explain"), Some(question))
        }
        Operation::Introspect(question) => of_token("introspect", &question),
        Operation::Revoke(question) => of_token("revoke", &question),
        Operation::RevokeAll { organization, document } => {
            admin("POST", format!("organizations/{organization}/revocations"), Some(Value::Object(document)))
        }
        Operation::Jwks { organization } => Http {
            method: "GET".to_owned(),
            path: format!("{}/oauth2/jwks", organization_path(&organization)),
            headers: Vec::new(),
            body: Vec::new(),
        },
        Operation::Exchange(exchange) => written(&token_path(&exchange.organization), &exchange),
        Operation::Http(http) => http,
        Operation::SupplyKeys { .. } | Operation::KeysUnavailable { .. } => {
            anyhow::bail!("the endpoint fetches keys by itself")
        }
    })
}

/// A question about a token, or the wish that it be revoked.
fn of_token(endpoint: &str, question: &TokenQuestion) -> Http {
    let authorization = format!("Basic {}", basic(&question.client_id, &question.client_secret));
    let content_type = b"application/x-www-form-urlencoded".to_vec();
    Http {
        method: "POST".to_owned(),
        path: format!("{}/oauth2/{endpoint}", organization_path(&question.organization)),
        headers: vec![
            ("authorization".to_owned(), authorization.into_bytes()),
            ("content-type".to_owned(), content_type),
        ],
        body: format!("token={}", form_encoded(&question.token)).into_bytes(),
    }
}

fn issuer_path(organization: &str, name: &str) -> String {
    let name = form_encoded(name).replace('+', "%20");
    format!("organizations/{organization}/trusted-issuers/{name}")
}

fn application_path(organization: &str, client_id: &str) -> String {
    format!("organizations/{organization}/applications/{client_id}")
}

/// Whether this is the sentence of that reason, be it about the token of a token exchange.
pub(crate) fn is_told_by(reason: Reason, sentence: &str) -> bool {
    reason.sentence() == sentence || reason.sentence_of_subject_token() == sentence
}

/// What an HTTP response says, in the words of all hosts.
pub(super) fn response(answer: Answer) -> Response {
    let body = answer.json().unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let outcome = match text("error") {
        _ if (200..300).contains(&answer.status) => Outcome::Ok(body),
        Some(error) => {
            let error_description = text("error_description").unwrap_or_default();
            // There is one sentence for each reason, but one for all that a client may not learn of its refusal (R21, R27).
            let reason = Reason::ALL.iter().find(|reason| is_told_by(**reason, &error_description));
            let reason = reason.map_or_else(String::new, |reason| reason.name().to_owned());
            let dpop_nonce = answer.header("dpop-nonce").map(str::to_owned);
            Outcome::Refused(Refused { error, reason, error_description, dpop_nonce })
        }
        None => Outcome::Rejected(Rejected { problem: answer.status.to_string(), field: text("field") }),
    };
    Response { outcome, http: Some(answer) }
}
