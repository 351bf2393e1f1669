//! Drives the endpoint over HTTP: on the host in this process, or on Spin's stand-in.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use asserta::{Program, Secret};
use asserta_core::oauth::Reason;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::{Driver, Operation, Outcome, Profile, Refused, Rejected, Response};
use crate::client::{Answer, form_encoded, send};
use crate::local_host::{ADMIN_TOKEN, LocalHost, PUBLIC_URL, StillClock};
use crate::spin::{Spin, SpinApp};
use crate::token_request::{TokenRequest, organization_path, token_path};

/// What runs a component.
#[derive(Clone)]
pub enum Runtime {
    /// The host, in this process.
    Host(Program),
    /// Spin's stand-in.
    Spin(Spin),
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
        Profile { http: true, exact_integers: true }
    }

    async fn start(&mut self, at: u64, settings: &Map<String, Value>) -> Result<()> {
        let dev = settings.get("dev").and_then(Value::as_bool).unwrap_or(true);
        let algorithm = settings.get("access_token_algorithm").and_then(Value::as_str).map(str::to_owned);
        let trust = settings.get("trust").map(Value::to_string);
        self.running = Some(match &self.runtime {
            Runtime::Host(program) => {
                let host = LocalHost::of(program.clone()).clock(StillClock::at(at)).settings(|host| {
                    host.dev = dev;
                    host.access_token_algorithm = algorithm;
                    host.trust = trust.map(Secret::new);
                });
                Running::Host(host.start().await?)
            }
            Runtime::Spin(spin) => {
                // As spin.toml has them: each has a text, if an empty one.
                let variables = BTreeMap::from([
                    ("public_url", PUBLIC_URL.to_owned()),
                    ("admin_token", ADMIN_TOKEN.to_owned()),
                    ("dev", dev.to_string()),
                    ("access_token_algorithm", algorithm.unwrap_or_default()),
                    ("trust", trust.unwrap_or_default()),
                ]);
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
    let admin = |method: &'static str, path: String, document: Option<Value>| async move {
        let bearer = format!("Bearer {ADMIN_TOKEN}");
        let mut headers = vec![("authorization", bearer.as_bytes())];
        if document.is_some() {
            headers.push(("content-type", b"application/json"));
        }
        let body = document.map(|document| document.to_string()).unwrap_or_default();
        send(address, method, &format!("/admin/{path}"), &headers, body).await
    };
    match operation {
        Operation::Apply { document } => admin("POST", "apply".to_owned(), Some(document)).await,
        Operation::ReplaceOrganization { organization } => {
            admin("PUT", format!("organizations/{organization}"), Some(json!({}))).await
        }
        Operation::RegisterIssuer { organization, document } => {
            let path = format!("organizations/{organization}/trusted-issuers");
            admin("POST", path, Some(Value::Object(document))).await
        }
        Operation::ReplaceIssuer { organization, document } => {
            let name = document.get("name").and_then(Value::as_str).unwrap_or_default();
            admin("PUT", issuer_path(&organization, name), Some(Value::Object(document))).await
        }
        Operation::RemoveIssuer { organization, name } => {
            admin("DELETE", issuer_path(&organization, &name), None).await
        }
        Operation::RegisterApplication { organization, document } => {
            let path = format!("organizations/{organization}/applications");
            admin("POST", path, Some(Value::Object(document))).await
        }
        Operation::ReplaceApplication { organization, client_id, document } => {
            let path = application_path(&organization, &client_id);
            admin("PUT", path, Some(Value::Object(document))).await
        }
        Operation::RemoveApplication { organization, client_id } => {
            admin("DELETE", application_path(&organization, &client_id), None).await
        }
        Operation::RenewSecret { organization, client_id } => {
            admin("POST", format!("{}/secret", application_path(&organization, &client_id)), None).await
        }
        Operation::RotateKeys { organization } => {
            admin("POST", format!("organizations/{organization}/keys/rotate"), None).await
        }
        Operation::Explain { organization, assertion, client_id } => {
            let question = json!({"assertion": assertion, "client_id": client_id});
            admin("POST", format!("organizations/{organization}/explain"), Some(question)).await
        }
        Operation::Jwks { organization } => {
            let path = format!("{}/oauth2/jwks", organization_path(&organization));
            send(address, "GET", &path, &[], "").await
        }
        Operation::Exchange(exchange) => {
            let request = TokenRequest {
                address,
                path: token_path(&exchange.organization),
                credentials: exchange.credentials,
                client_id: exchange.client_id,
                client_secret: exchange.client_secret,
                assertion: exchange.assertion,
                scope: exchange.scope,
                resource: exchange.resource,
            };
            request.post().await
        }
        Operation::Http(http) => {
            let headers = http.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
            send(address, &http.method, &http.path, &headers.collect::<Vec<_>>(), http.body).await
        }
        Operation::SupplyKeys { .. } | Operation::KeysUnavailable { .. } => {
            anyhow::bail!("the endpoint fetches keys by itself")
        }
    }
}

fn issuer_path(organization: &str, name: &str) -> String {
    let name = form_encoded(name).replace('+', "%20");
    format!("organizations/{organization}/trusted-issuers/{name}")
}

fn application_path(organization: &str, client_id: &str) -> String {
    format!("organizations/{organization}/applications/{client_id}")
}

/// What an HTTP response says, in the words of all hosts.
fn response(answer: Answer) -> Response {
    let body = answer.json().unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let outcome = match text("error") {
        _ if (200..300).contains(&answer.status) => Outcome::Ok(body),
        Some(error) => {
            let error_description = text("error_description").unwrap_or_default();
            // There is one sentence for each reason.
            let reason = Reason::ALL.iter().find(|reason| reason.sentence() == error_description);
            let reason = reason.map_or_else(String::new, |reason| reason.name().to_owned());
            Outcome::Refused(Refused { error, reason, error_description })
        }
        None => Outcome::Rejected(Rejected { problem: answer.status.to_string(), field: text("field") }),
    };
    Response { outcome, http: Some(answer) }
}
