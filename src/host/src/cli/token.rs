//! `asserta token`: asks about an access token, or takes it back, as an application does.

use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use ureq::Agent;
use ureq::http::Request;

use super::admin::{Organization, agent, encoded};
use super::app::basic;
use super::data::random_text;
use super::document;
use super::explain::read_argument;
use super::failure::Failure;
use super::mint::claims;
use super::output;
use super::server_url::{ServerUrl, Way};
use super::signer::{Algorithm, Signer};

/// Asks about an access token, or takes it back, as an application.
///
/// The application authenticates with its secret or its key; no admin token is needed.
#[derive(Subcommand)]
pub(crate) enum Token {
    /// Says whether a token is active, and what it says (RFC 7662).
    ///
    /// Exit code 1 says that it is not active, or that this application may not look it up; 2 that
    /// nobody could say.
    Introspect(Question),
    /// Revokes a token of the application (RFC 7009), at once on every node.
    Revoke(Question),
}

#[derive(Args)]
pub(crate) struct Question {
    /// The token: itself, @FILE, or - for standard input.
    token: String,
    #[command(flatten)]
    application: Application,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    endpoint: Endpoint,
}

#[derive(Args)]
#[command(next_help_heading = "Application")]
struct Application {
    /// The application that asks.
    // One that somebody chose, or that an older server made, may begin with a hyphen.
    #[arg(long, env = "ASSERTA_CLIENT_ID", value_name = "ID", allow_hyphen_values = true)]
    client_id: String,
    /// Its secret.
    #[arg(
        long,
        env = "ASSERTA_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET",
        allow_hyphen_values = true,
        required_unless_present = "private_key"
    )]
    client_secret: Option<String>,
    /// Its private key in PEM, in place of a secret (private_key_jwt).
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// What to sign with.
    #[arg(long, default_value = "ES256", value_name = "ALG")]
    alg: Algorithm,
    /// Which of the application's keys it is.
    #[arg(long)]
    kid: Option<String>,
}

#[derive(Args)]
#[command(next_help_heading = "Server")]
struct Endpoint {
    /// The URL of the server.
    #[arg(long, env = "ASSERTA_URL", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    url: String,
    /// Send token and credentials over http to another machine, where everybody on the way can read them.
    #[arg(long, env = "ASSERTA_INSECURE_HTTP", value_parser = FalseyValueParser::new())]
    insecure_http: bool,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Token {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Introspect(question) => question.introspect().map_err(Failure::beside_the_verdict),
            Self::Revoke(question) => {
                question.ask("revoke")?;
                if !question.endpoint.json {
                    output::line("the token is revoked, if it was a valid one of this application")?;
                }
                Ok(())
            }
        }
    }
}

impl Question {
    fn introspect(&self) -> Result<(), Failure> {
        let told = self.ask("introspect")?;
        output::record(self.endpoint.json, &told)?;
        let is_active = told.get("active").and_then(Value::as_bool).unwrap_or(false);
        if is_active { Ok(()) } else { Err(Failure::TokenInactive) }
    }

    /// What the endpoint of this name says.
    fn ask(&self, endpoint: &str) -> Result<Value, Failure> {
        let url = ServerUrl::parse(&self.endpoint.url)?;
        if url.way() == Way::Clear && !self.endpoint.insecure_http {
            return Err(Failure::SecretInClear { url: url.to_string() });
        }
        let agent = agent(&url);
        let base = match self.organization.org.as_str() {
            "default" => url.to_string(),
            name => format!("{url}/t/{}", encoded(name)),
        };
        let token = read_argument(&self.token)?;
        let mut form = format!("token={}", encoded(token.trim()));
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("{base}/oauth2/{endpoint}"))
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded");
        let application = &self.application;
        match (&application.private_key, &application.client_secret) {
            (Some(key), _) => {
                let assertion = application.assertion(key, &issuer(&agent, &url, &base)?)?;
                form.push_str("&client_assertion_type=");
                form.push_str(&encoded("urn:ietf:params:oauth:client-assertion-type:jwt-bearer").to_string());
                form.push_str(&format!("&client_assertion={assertion}"));
            }
            (None, secret) => {
                let secret = secret.as_deref().unwrap_or_default();
                let credentials = basic(&application.client_id, secret)?;
                request = request.header("Authorization", format!("Basic {credentials}"));
            }
        }
        let request = request.body(form).map_err(|error| Failure::invalid("--url", error))?;
        read(&url, agent.run(request))
    }
}

impl Application {
    /// What authenticates it by its key: once, within a minute, to this issuer (RFC 7523 section 2.2, RFC 10070).
    fn assertion(&self, key: &Path, issuer: &str) -> Result<String, Failure> {
        let place = format!("--private-key {}", key.display());
        let pem = document::text(&place, key)?;
        let mut signer = Signer::from_pem(&place, self.alg, document::without_mark(&pem))?;
        if let Some(kid) = &self.kid {
            signer = signer.with_kid(kid);
        }
        let id = &self.client_id;
        let mut claims = claims(id, id, &[issuer.to_owned()], 60, Map::new());
        claims.jwt_id = Some(random_text()?);
        signer.sign(claims, Some("client-authentication+jwt"))
    }
}

/// The organization's issuer identifier, which need not be the URL that we reach it by.
fn issuer(agent: &Agent, url: &ServerUrl, base: &str) -> Result<String, Failure> {
    let address = format!("{base}/.well-known/openid-configuration");
    let request = Request::builder().method("GET").uri(address).body(());
    let metadata = read(url, agent.run(request.map_err(|error| Failure::invalid("--url", error))?))?;
    let issuer = metadata.get("issuer").and_then(Value::as_str);
    issuer.map(str::to_owned).ok_or(Failure::NotAsserta { url: url.to_string(), status: 200 })
}

/// The document of a response; an error of OAuth or of our HTTP face as a failure.
fn read(
    url: &ServerUrl,
    sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Value, Failure> {
    let unreachable =
        |source: ureq::Error| Failure::Unreachable { url: url.to_string(), source: Box::new(source) };
    let mut response = sent.map_err(unreachable)?;
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().map_err(unreachable)?;
    let strange = || Failure::NotAsserta { url: url.to_string(), status };
    let document: Value = serde_json::from_str(&text).map_err(|_| strange())?;
    if (200..300).contains(&status) {
        return Ok(document);
    }
    let told = |member: &str| document.get(member).and_then(Value::as_str).map(str::to_owned);
    let title = told("error_description").or_else(|| told("title")).ok_or_else(strange)?;
    Err(Failure::Refused { status, title, detail: None, field: told("error") })
}
