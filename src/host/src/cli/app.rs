//! `asserta app`: the OAuth clients that present assertions.

use clap::{Args, Subcommand};
use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
use serde_json::{Map, Value, json};

use super::admin::{Organization, Server, encoded};
use super::app_authentication::{Authentication, Written};
use super::failure::Failure;
use super::issuer::without_default;
use super::key_source::{tell_warnings, without_warnings};
use super::output;
use super::words::words;

/// The grant type of RFC 7523 section 2.1.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The grant type of RFC 8693 section 2.1.
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Manages applications: the OAuth clients that present assertions.
#[derive(Subcommand)]
pub(crate) enum App {
    /// Registers an application and prints its credentials.
    ///
    /// The secret is printed now and never again; what the server keeps is a digest of it. One that
    /// authenticates by key has none:
    ///
    ///   asserta app add orders --private-key-jwt --jwks-uri https://orders.example/jwks
    ///   asserta app add orders --private-key-jwt --certificate orders.pem
    #[command(verbatim_doc_comment, alias = "create")]
    Add(Box<Add>),
    /// Changes what is given, and leaves the rest as it is.
    #[command(alias = "update")]
    Set(Box<Set>),
    /// Lists the applications.
    #[command(alias = "ls")]
    List(List),
    /// Shows everything about one but its secret.
    #[command(alias = "get")]
    Show(Named),
    /// Gives one a new secret. The old one stops working at once. One that authenticates by key has none.
    Secret(Named),
    /// Removes one.
    #[command(aliases = ["delete", "rm"])]
    Remove(Named),
}

#[derive(Args)]
pub(crate) struct Add {
    /// What people call it.
    name: String,
    #[command(flatten)]
    metadata: Metadata,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
#[command(mut_args = without_default)]
pub(crate) struct Set {
    /// Its client identifier.
    // One that somebody chose, or that an older server made, may begin with a hyphen.
    #[arg(allow_hyphen_values = true)]
    client_id: String,
    /// What people call it.
    #[arg(long)]
    name: Option<String>,
    /// A member to take back, by its name in `app show`; repeatable.
    #[arg(long, value_name = "MEMBER", value_parser = MEMBERS)]
    unset: Vec<String>,
    #[command(flatten)]
    metadata: Metadata,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
struct Metadata {
    /// Whether it may use the JWT bearer grant; `add` allows it unless told otherwise.
    #[arg(long, value_name = "BOOL")]
    jwt_bearer: Option<bool>,
    /// Whether it may exchange tokens of issuers that allow it (RFC 8693).
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    token_exchange: Option<bool>,
    /// The scopes that it may ask for, separated by spaces; repeatable.
    #[arg(long, value_name = "SCOPES")]
    scope: Option<Vec<String>>,
    /// A trusted issuer whose assertions it may present; repeatable. By default all of the organization.
    #[arg(long = "issuer", value_name = "NAME", conflicts_with = "all_issuers")]
    issuers: Option<Vec<String>>,
    /// Assertions of all trusted issuers may be presented.
    #[arg(long)]
    all_issuers: bool,
    /// How long its access tokens are valid [default: 3600].
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<u32>,
    /// A resource that its access tokens are for; repeatable. By default the organization itself.
    #[arg(long, value_name = "AUD")]
    audience: Option<Vec<String>>,
    /// Whether its access tokens are always bound to a key, so that each request needs a DPoP proof.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dpop_bound: Option<bool>,
    /// Whether it may be used at all.
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,
    #[command(flatten)]
    authentication: Authentication,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
pub(crate) struct Named {
    /// Its client identifier.
    // One that somebody chose, or that an older server made, may begin with a hyphen.
    #[arg(allow_hyphen_values = true)]
    client_id: String,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

const COLLECTION: &str = "applications";

/// What a registration need not have.
const MEMBERS: [&str; 15] = [
    "client_name",
    "grant_types",
    "scope",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "jwks_uri",
    "jwks",
    "certificate",
    "client_assertion_issuer",
    "client_assertion_subject",
    "trusted_issuers",
    "access_token_lifetime",
    "audience",
    "dpop_bound_access_tokens",
    "enabled",
];

impl App {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Add(command) => command.run(),
            Self::Set(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(Named { client_id, organization, server }) => {
                let application = server.client()?.get(&organization.path(&[COLLECTION, &client_id]))?;
                Ok(output::record(server.json, &application)?)
            }
            Self::Secret(Named { client_id, organization, server }) => {
                let path = organization.path(&[COLLECTION, &client_id, "secret"]);
                credentials(&server, &server.client()?.post(&path, &json!({}))?)
            }
            Self::Remove(Named { client_id, organization, server }) => {
                server.client()?.delete(&organization.path(&[COLLECTION, &client_id]))?;
                if !server.json {
                    output::line(format_args!("{client_id} is removed"))?;
                }
                Ok(())
            }
        }
    }
}

impl Add {
    fn run(self) -> Result<(), Failure> {
        let mut application = Map::from_iter([
            ("client_name".to_owned(), json!(self.name)),
            ("grant_types".to_owned(), json!([JWT_BEARER])),
        ]);
        let written = self.metadata.write(&mut application)?;
        let path = self.organization.path(&[COLLECTION]);
        let created = self.server.client()?.post(&path, &Value::Object(application));
        let created = created.map_err(|failure| written.named(failure))?;
        if !self.server.json {
            tell_warnings(&created);
        }
        credentials(&self.server, &created)
    }
}

impl Set {
    fn run(self) -> Result<(), Failure> {
        let client = self.server.client()?;
        let path = self.organization.path(&[COLLECTION, &self.client_id]);
        let Value::Object(mut application) = client.get(&path)? else {
            return Err(Failure::NotTheAdminApi { url: self.server.url, status: 200 });
        };
        for member in &self.unset {
            application.shift_remove(member);
        }
        if let Some(name) = self.name {
            application.insert("client_name".to_owned(), name.into());
        }
        let was_by_key = is_by_key(&application);
        let written = self.metadata.write(&mut application)?;
        if was_by_key && !is_by_key(&application) {
            eprintln!("It has no secret yet: asserta app secret {} gives it one.", self.client_id);
        }
        let changed = client.put(&path, &Value::Object(application));
        let (_, mut changed) = changed.map_err(|failure| written.named(failure))?;
        if !self.server.json {
            tell_warnings(&changed);
            without_warnings(&mut changed);
        }
        Ok(output::record(self.server.json, &changed)?)
    }
}

impl List {
    fn run(self) -> Result<(), Failure> {
        let applications = self.server.client()?.list(&self.organization.path(&[COLLECTION]))?;
        applications.print(self.server.json, &["CLIENT ID", "NAME", "SCOPE", "JWT BEARER", "STATE"], row)
    }
}

fn row(application: &Value) -> Vec<String> {
    let grants = application.get("grant_types").and_then(Value::as_array);
    let granted = grants.is_some_and(|grants| grants.iter().any(|grant| grant == JWT_BEARER));
    let enabled = application.get("enabled").and_then(Value::as_bool).unwrap_or(true);
    vec![
        output::member(application, "client_id"),
        output::member(application, "client_name"),
        output::member(application, "scope"),
        if granted { "yes" } else { "no" }.to_owned(),
        if enabled { "enabled" } else { "disabled" }.to_owned(),
    ]
}

fn is_by_key(application: &Map<String, Value>) -> bool {
    application.get("token_endpoint_auth_method").is_some_and(|method| method == "private_key_jwt")
}

/// Prints what is shown only once.
fn credentials(server: &Server, application: &Value) -> Result<(), Failure> {
    if server.json {
        output::json(application)?;
    } else if application.get("client_secret").is_none() {
        let id = output::member(application, "client_id");
        output::line(format_args!("client_id      {id}"))?;
        output::line("It authenticates with private_key_jwt, and has no secret.")?;
    } else {
        let [id, secret] = ["client_id", "client_secret"].map(|member| output::member(application, member));
        output::line(format_args!("client_id      {id}"))?;
        output::line(format_args!("client_secret  {secret}"))?;
        output::line(format_args!("Authorization: Basic {}", basic(&id, &secret)?))?;
        output::line("Keep the secret: it is not shown again.")?;
    }
    Ok(())
}

/// Client credentials as Basic has them, on one line (RFC 6749 section 2.3.1).
pub(super) fn basic(id: &str, secret: &str) -> Result<String, Failure> {
    Base64::encode_to_string(format!("{}:{}", encoded(id), encoded(secret)))
        .map_err(|error| Failure::invalid("the credentials", error))
}

/// Adds the grant to those of the application, or takes it away.
fn allow(application: &mut Map<String, Value>, grant: &str, allowed: bool) {
    let grants = application.entry("grant_types").or_insert_with(|| json!([]));
    if let Value::Array(grants) = grants {
        grants.retain(|known| known != grant);
        if allowed {
            grants.push(grant.into());
        }
    }
}

impl Metadata {
    fn write(self, application: &mut Map<String, Value>) -> Result<Written, Failure> {
        let written = self.authentication.write(application)?;
        if self.all_issuers {
            application.remove("trusted_issuers");
        }
        for (grant, allowed) in [(JWT_BEARER, self.jwt_bearer), (TOKEN_EXCHANGE, self.token_exchange)] {
            if let Some(allowed) = allowed {
                allow(application, grant, allowed);
            }
        }
        let mut set = |member: &str, value: Option<Value>| {
            if let Some(value) = value {
                application.insert(member.to_owned(), value);
            }
        };
        set("scope", self.scope.map(|given| words(&given).join(" ").into()));
        set("trusted_issuers", self.issuers.map(Value::from));
        set("access_token_lifetime", self.token_lifetime.map(Value::from));
        set("audience", self.audience.map(Value::from));
        set("dpop_bound_access_tokens", self.dpop_bound.map(Value::from));
        set("enabled", self.enabled.map(Value::from));
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{apply, issuer};
    use super::*;

    #[test]
    fn what_can_be_taken_back_is_all_that_need_not_be_there() {
        for (definition, known) in
            [("ApplicationMetadata", &MEMBERS[..]), ("TrustedIssuer", &issuer::MEMBERS)]
        {
            let schema: Value = serde_json::from_str(apply::SCHEMA).unwrap();
            let definition = &schema["$defs"][definition];
            let required = definition["required"].as_array().cloned().unwrap_or_default();
            let members = definition["properties"].as_object().unwrap().keys();
            let optional: Vec<_> = members.filter(|&name| !required.contains(&json!(name))).collect();
            assert_eq!(optional, known);
        }
    }
}
