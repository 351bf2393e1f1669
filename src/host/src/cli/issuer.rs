//! `asserta issuer`: the third parties whose assertions an organization accepts.

use clap::{Arg, ArgGroup, Args, Subcommand};
use serde_json::{Map, Value, json};

use super::admin::{Organization, Server};
use super::failure::Failure;
use super::issuer_keys::{self, Check};
use super::issuer_policy::{Policy, Way};
use super::key_source::{KeySource, Keys, named, tell_warnings, without_warnings};
use super::output;
use super::preset::Parameters;
use super::words::words;

/// Manages trusted issuers: the third parties whose assertions are accepted.
#[derive(Subcommand)]
pub(crate) enum Issuer {
    /// Trusts a new issuer.
    ///
    /// Unless an option says where its keys are, they are found through its metadata. Options name its
    /// JWKS endpoint, a JWKS file, or its certificate or public key in PEM or DER. An endpoint is tried
    /// at once; that its keys don't come is a warning.
    ///
    ///   asserta issuer add sso --issuer https://login.partner.example
    ///   asserta issuer add partner --issuer https://idp.partner.example \
    ///     --jwks-uri https://idp.partner.example/jwks
    ///   asserta issuer add legacy --issuer https://legacy.example --certificate legacy.pem
    ///
    /// A preset knows its platform, and makes a rule of its parameters (asserta preset list). --scope
    /// is the rule's then.
    ///
    ///   asserta issuer add ci --preset github-actions --repository octo-org/app \
    ///     --ref refs/heads/main --scope deploy
    #[command(verbatim_doc_comment, alias = "create")]
    Add(Box<Add>),
    /// Changes what is given, and leaves the rest as it is.
    #[command(alias = "update")]
    Set(Box<Set>),
    /// Lists the trusted issuers.
    #[command(alias = "ls")]
    List(List),
    /// Shows everything about one, with the keys that are there. Nothing is fetched.
    #[command(alias = "get")]
    Show(Named),
    Check(Check),
    /// Stops trusting one.
    #[command(aliases = ["delete", "rm"])]
    Remove(Named),
}

// One of the two says who it is; a refusal names both.
#[derive(Args)]
#[command(group = ArgGroup::new("who").args(["issuer", "preset"]).required(true).multiple(true))]
pub(crate) struct Add {
    /// A name for it: unique in the organization.
    name: String,
    /// The exact value of `iss` in its assertions.
    #[arg(long, value_name = "ISS")]
    issuer: Option<String>,
    /// A platform whose assertions are known: `asserta preset list`.
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    #[command(flatten)]
    parameters: Parameters,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    way: Way,
    /// Don't try its endpoint after the registration.
    #[arg(long, help_heading = "Fetching keys")]
    no_fetch: bool,
    #[command(flatten)]
    policy: Policy,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
#[command(mut_args = without_default)]
pub(crate) struct Set {
    /// Its name.
    name: String,
    /// The exact value of `iss` in its assertions.
    #[arg(long, value_name = "ISS")]
    issuer: Option<String>,
    /// A member to take back, by its name in `issuer show`; repeatable.
    #[arg(long, value_name = "MEMBER", value_parser = MEMBERS)]
    unset: Vec<String>,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    way: Way,
    #[command(flatten)]
    policy: Policy,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
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
    /// Its name.
    name: String,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

const COLLECTION: &str = "trusted-issuers";

/// What a registration need not have.
pub(super) const MEMBERS: [&str; 26] = [
    "alias",
    "jwks_uri",
    "jwks",
    "certificate",
    "discovery",
    "jwks_ca",
    "allow_private",
    "enabled",
    "algorithms",
    "clock_skew",
    "max_lifetime",
    "audience_mode",
    "replay",
    "require_jti",
    "limit_to_assertion",
    "subject_claim",
    "trust_domain",
    "typ",
    "profile",
    "subjects",
    "claims",
    "scopes",
    "claim_mappings",
    "rules",
    "token_exchange",
    "allow_any_tenant",
];

/// An option of `set`: what it is by default counts where a registration is made, and not where it is changed.
pub(super) fn without_default(option: Arg) -> Arg {
    let help = option.get_help().map(ToString::to_string).unwrap_or_default();
    let Some((before, rest)) = help.split_once(" [default: ") else { return option };
    let after = rest.split_once(']').map_or("", |(_, after)| after);
    option.help(format!("{before}{after}"))
}

impl Issuer {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Add(command) => command.run(),
            Self::Set(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Show(Named { name, organization, server }) => {
                let client = server.client()?;
                let issuer = client.get(&organization.path(&[COLLECTION, &name]))?;
                output::record(server.json, &issuer)?;
                if server.json { Ok(()) } else { issuer_keys::show(&client, &organization, &name) }
            }
            Self::Check(command) => command.run().map_err(Failure::beside_the_verdict),
            Self::Remove(Named { name, organization, server }) => {
                server.client()?.delete(&organization.path(&[COLLECTION, &name]))?;
                if !server.json {
                    output::line(format_args!("{name} is no longer trusted"))?;
                }
                Ok(())
            }
        }
    }
}

impl Add {
    fn run(mut self) -> Result<(), Failure> {
        let keys = self.keys.read()?;
        let client = self.server.client()?;
        let mut issuer = match &self.preset {
            Some(preset) => {
                let scopes = self.policy.scopes.take().map(|given| words(&given));
                let members = [
                    ("alias", self.policy.alias.as_deref()),
                    ("trust_domain", self.policy.trust_domain.as_deref()),
                ];
                self.parameters.fill(&client, preset, &self.name, scopes, self.issuer.as_deref(), members)?
            }
            None => Map::from_iter([
                ("name".to_owned(), json!(self.name)),
                ("issuer".to_owned(), json!(self.issuer)),
            ]),
        };
        // A preset says itself where the keys are.
        let keys = match (keys, &self.preset) {
            (None, Some(_)) => None,
            (keys, _) => Some(keys.unwrap_or_else(KeySource::discovered)),
        };
        if let Some(keys) = &keys {
            keys.write(&mut issuer);
        }
        self.way.write(&mut issuer)?;
        self.policy.write(&mut issuer)?;
        let path = self.organization.path(&[COLLECTION]);
        let is_fetched = ["jwks_uri", "discovery"].iter().any(|member| issuer.contains_key(*member));
        let created = client.post(&path, &Value::Object(issuer));
        let created = created.map_err(|failure| named(keys.as_ref(), failure))?;
        if self.server.json {
            output::json(&created)?;
        } else {
            let issuer = output::member(&created, "issuer");
            output::line(format_args!("{} is trusted: assertions with iss {issuer}", self.name))?;
            tell_warnings(&created);
        }
        if is_fetched && !self.no_fetch {
            issuer_keys::try_out(&client, &self.organization, &self.name, self.server.json)?;
        }
        Ok(())
    }
}

impl Set {
    fn run(self) -> Result<(), Failure> {
        let client = self.server.client()?;
        let path = self.organization.path(&[COLLECTION, &self.name]);
        let Value::Object(mut issuer) = client.get(&path)? else {
            return Err(Failure::NotTheAdminApi { url: self.server.url, status: 200 });
        };
        for member in &self.unset {
            issuer.shift_remove(member);
        }
        if let Some(value) = self.issuer {
            issuer.insert("issuer".to_owned(), value.into());
        }
        let keys = self.keys.read()?;
        if let Some(keys) = &keys {
            keys.write(&mut issuer);
        }
        self.way.write(&mut issuer)?;
        self.policy.write(&mut issuer)?;
        let changed = client.put(&path, &Value::Object(issuer));
        let (_, mut changed) = changed.map_err(|failure| named(keys.as_ref(), failure))?;
        if !self.server.json {
            tell_warnings(&changed);
            without_warnings(&mut changed);
        }
        Ok(output::record(self.server.json, &changed)?)
    }
}

impl List {
    fn run(self) -> Result<(), Failure> {
        let issuers = self.server.client()?.list(&self.organization.path(&[COLLECTION]))?;
        issuers.print(self.server.json, &["NAME", "ISSUER", "KEYS", "STATE"], row)
    }
}

fn row(issuer: &Value) -> Vec<String> {
    let keys = match issuer.get("jwks_uri").and_then(Value::as_str) {
        Some(uri) => uri,
        None if issuer.get("jwks").is_some_and(Value::is_object) => "JWKS",
        None if issuer.get("discovery").is_some_and(|given| !given.is_null()) => "discovery",
        None => "certificate",
    };
    let enabled = issuer.get("enabled").and_then(Value::as_bool).unwrap_or(true);
    let any_tenant = issuer.get("allow_any_tenant").and_then(Value::as_bool).unwrap_or(false);
    let state = match (enabled, any_tenant) {
        (true, false) => "enabled",
        (true, true) => "enabled, any tenant",
        (false, _) => "disabled",
    };
    vec![output::member(issuer, "name"), output::member(issuer, "issuer"), keys.to_owned(), state.to_owned()]
}
