//! A client of the admin API (DESIGN section 3).

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderValue, Method, Request};
use ureq::tls::{RootCerts, TlsConfig};

use super::data::DataDirectory;
use super::failure::Failure;
use super::output;
use super::server_url::{ServerUrl, Way};

/// Where the server is, and what proves that we may administer it.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub(crate) struct Server {
    /// The URL of the server.
    #[arg(long, env = "ASSERTA_URL", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    pub(crate) url: String,

    /// The admin token. By default the one in the server's data directory, for a server on this machine alone.
    #[arg(long, env = "ASSERTA_ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    admin_token: Option<String>,

    /// The server's data directory, for the admin token that it keeps there in development.
    #[arg(long, env = "ASSERTA_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,

    /// Send the admin token over http to another machine, where everybody on the way can read it.
    #[arg(long, env = "ASSERTA_INSECURE_HTTP", value_parser = FalseyValueParser::new())]
    insecure_http: bool,

    /// Print JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The organization that a command is about.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Organization {
    /// The organization.
    #[arg(long, env = "ASSERTA_ORG", default_value = "default", value_name = "NAME")]
    pub(crate) org: String,
}

impl Organization {
    /// The path of something in the organization; the segments are encoded.
    pub(crate) fn path(&self, segments: &[&str]) -> String {
        let mut path = format!("/admin/organizations/{}", encoded(&self.org));
        for segment in segments {
            path.push('/');
            path.push_str(&encoded(segment).to_string());
        }
        path
    }
}

impl Server {
    pub(crate) fn client(&self) -> Result<AdminClient, Failure> {
        let url = ServerUrl::parse(&self.url)?;
        let token = self.token(&url)?;
        AdminClient::new(url, &token)
    }

    /// The token for the server at `url`, and for nobody else.
    fn token(&self, url: &ServerUrl) -> Result<String, Failure> {
        let given = self.admin_token.as_deref().map(str::trim).filter(|token| !token.is_empty());
        match (given, url.way()) {
            (Some(_), Way::Clear) if !self.insecure_http => Err(Failure::InClear { url: url.to_string() }),
            (Some(token), _) => Ok(token.to_owned()),
            (None, Way::Loopback) => {
                DataDirectory::at(&self.data).admin_token()?.ok_or(Failure::NoAdminToken { elsewhere: None })
            }
            // One that is found is that of a server with this directory, so of this machine.
            (None, _) => Err(Failure::NoAdminToken { elsewhere: Some(url.to_string()) }),
        }
    }
}

/// Speaks the admin API.
pub(crate) struct AdminClient {
    agent: Agent,
    url: ServerUrl,
    authorization: HeaderValue,
}

impl AdminClient {
    pub(crate) fn new(url: ServerUrl, token: &str) -> Result<Self, Failure> {
        let authorization = HeaderValue::try_from(format!("Bearer {token}"));
        let mut authorization = authorization
            .map_err(|_| Failure::invalid("the admin token", "must be characters of a header (RFC 6750)"))?;
        authorization.set_sensitive(true);
        Ok(Self { agent: agent(&url), url, authorization })
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        Ok(self.send(Method::GET, path, None)?.1)
    }

    /// The document behind a path, or `None` where there is none.
    pub(crate) fn find(&self, path: &str) -> Result<Option<Value>, Failure> {
        match self.get(path) {
            Ok(found) => Ok(Some(found)),
            Err(Failure::Refused { status: 404, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// All items of a list, page by page.
    pub(crate) fn list(&self, path: &str) -> Result<Listing, Failure> {
        let mut listing = Listing::default();
        let mut query = "?limit=100".to_owned();
        loop {
            let mut page = self.get(&format!("{path}{query}"))?;
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(found)) => listing.items.extend(found),
                _ => return Err(self.strange(200)),
            }
            if let Some(Value::Array(unreadable)) = page.get_mut("unreadable").map(Value::take) {
                listing.unreadable.extend(unreadable);
            }
            match page.get("next").and_then(Value::as_str) {
                Some(next) => query = format!("?limit=100&after={}", encoded(next)),
                None => return Ok(listing),
            }
        }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        Ok(self.send(Method::POST, path, Some(body))?.1)
    }

    /// Creates or replaces. True: it is new.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<(bool, Value), Failure> {
        let (status, value) = self.send(Method::PUT, path, Some(body))?;
        Ok((status == 201, value))
    }

    pub(crate) fn delete(&self, path: &str) -> Result<(), Failure> {
        self.send(Method::DELETE, path, None)?;
        Ok(())
    }

    /// Posts, and gives a refusal with all that its problem document says.
    pub(crate) fn post_for_answer(
        &self,
        path: &str,
        body: &Value,
    ) -> Result<Result<Value, (Failure, Value)>, Failure> {
        Ok(match self.exchange(Method::POST, path, Some(body))? {
            (200..300, value) => Ok(value),
            (status, problem) => Err((refused(status, &problem), problem)),
        })
    }

    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value), Failure> {
        match self.exchange(method, path, body)? {
            (status @ 200..300, value) => Ok((status, value)),
            (status, problem) => Err(refused(status, &problem)),
        }
    }

    /// The status and the document of what comes back, be it a problem.
    fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Value), Failure> {
        let url = format!("{}{path}", self.url);
        let unreachable = |source: ureq::Error| Failure::Unreachable {
            url: self.url.to_string(),
            source: Box::new(source),
        };
        let request = Request::builder()
            .method(method)
            .uri(&url)
            .header("Authorization", &self.authorization)
            .header("Accept", "application/json");
        let sent = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string());
                self.agent.run(request.map_err(|error| Failure::invalid("--url", error))?)
            }
            None => self.agent.run(request.body(()).map_err(|error| Failure::invalid("--url", error))?),
        };
        let mut response = sent.map_err(unreachable)?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(unreachable)?;
        let is_success = (200..300).contains(&status);
        match serde_json::from_str(&text) {
            _ if is_success && text.is_empty() => Ok((status, Value::Null)),
            Ok(value) if is_success => Ok((status, value)),
            Ok(problem @ Value::Object(_)) => Ok((status, problem)),
            _ if status == 404 => Err(Failure::Refused {
                status,
                title: "no admin API here: the server was started without an admin token".to_owned(),
                detail: None,
                field: None,
            }),
            _ => Err(self.strange(status)),
        }
    }

    pub(crate) fn strange(&self, status: u16) -> Failure {
        Failure::NotTheAdminApi { url: self.url.to_string(), status }
    }
}

/// What sends requests to a server, and what is secret in them to nobody else.
pub(super) fn agent(url: &ServerUrl) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // A redirect would carry the admin token to another place.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(url.proxy())
        .timeout_global(Some(Duration::from_secs(60)))
        .user_agent(concat!("asserta/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build();
    config.into()
}

/// All items of a list.
#[derive(Default)]
pub(crate) struct Listing {
    /// Those that can be read.
    pub(crate) items: Vec<Value>,
    /// The names of the others, and what is wrong with their records (R74).
    pub(crate) unreadable: Vec<Value>,
}

impl Listing {
    /// Whether nothing is registered, readable or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.unreadable.is_empty()
    }

    /// Prints the items as JSON, or as rows below a header; then, on standard error, what the list lacks.
    pub(crate) fn print(
        self,
        as_json: bool,
        header: &[&str],
        row: impl Fn(&Value) -> Vec<String>,
    ) -> Result<(), Failure> {
        if as_json {
            output::json(&Value::Array(self.items))?;
        } else {
            output::table(header, &self.items.iter().map(row).collect::<Vec<_>>())?;
        }
        for item in &self.unreadable {
            let (name, problem) = (output::member(item, "name"), output::member(item, "problem"));
            eprintln!("the record of {name} {problem}; replace it or remove it");
        }
        Ok(())
    }
}

/// A problem document (RFC 9457) as a failure.
fn refused(status: u16, problem: &Value) -> Failure {
    let text = |member: &str| problem.get(member).and_then(Value::as_str).map(str::to_owned);
    Failure::Refused {
        status,
        title: text("title").unwrap_or_else(|| "the server refused".to_owned()),
        detail: text("detail"),
        field: text("field"),
    }
}

/// All but the unreserved characters (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a name for a path or a query.
pub(crate) fn encoded(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cannot_leave_their_place() {
        let organization = Organization { org: "a/../b".to_owned() };
        let path = organization.path(&["trusted-issuers", "x?y#z é"]);
        assert_eq!(path, "/admin/organizations/a%2F..%2Fb/trusted-issuers/x%3Fy%23z%20%C3%A9");
    }

    #[test]
    fn a_problem_names_its_field_once() {
        let refused = |text| super::refused(400, &serde_json::from_str(text).unwrap()).to_string();
        assert_eq!(
            refused(r#"{"title":"Bad Request","detail":"name: is empty","field":"name"}"#),
            "name: is empty (400)"
        );
        assert_eq!(
            refused(r#"{"title":"Bad Request","detail":"must be a URL","field":"jwks_uri"}"#),
            "jwks_uri: must be a URL (400)"
        );
        assert_eq!(refused("{}"), "the server refused (400)");
    }
}
