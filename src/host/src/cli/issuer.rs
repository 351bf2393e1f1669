//! `asserta issuer`: the third parties whose assertions an organization accepts.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::admin::{Organization, Server};
use super::document;
use super::failure::Failure;
use super::issuer_exchange::Exchange;
use super::issuer_keys::{self, Check};
use super::key_source::{KeySource, Keys, named, tell_skipped};
use super::output;
use super::preset::Parameters;

/// Looks after trusted issuers: the third parties whose assertions are accepted.
#[derive(Subcommand)]
pub(crate) enum Issuer {
    /// Trusts a new issuer.
    ///
    /// Where its keys are its metadata says, if nothing else does: its JWKS endpoint, a JWKS file, or its certificate or
    /// public key in PEM or DER. An endpoint is tried at once; that its keys don't come is a warning.
    ///
    ///   asserta issuer add sso --issuer https://login.partner.example
    ///   asserta issuer add partner --issuer https://idp.partner.example --jwks-uri https://idp.partner.example/jwks
    ///   asserta issuer add legacy  --issuer https://legacy.example --certificate legacy.pem
    ///
    /// A preset knows its platform, and makes a rule of its parameters (asserta preset list). --scope is the rule's then.
    ///
    ///   asserta issuer add ci --preset github-actions --repository octo-org/app --ref refs/heads/main --scope deploy
    #[command(verbatim_doc_comment)]
    Add(Box<Add>),
    /// Changes what is given, and leaves the rest as it is.
    Set(Box<Set>),
    /// Lists the trusted issuers.
    List(List),
    /// Shows everything about one, with the keys that are there. Nothing is fetched.
    Show(Named),
    Check(Check),
    /// Stops trusting one.
    Remove(Named),
}

#[derive(Args)]
pub(crate) struct Add {
    /// A name for it: unique in the organization.
    name: String,
    /// The exact value of `iss` in its assertions.
    #[arg(long, value_name = "ISS", required_unless_present = "preset")]
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
pub(crate) struct Set {
    /// Its name.
    name: String,
    /// The exact value of `iss` in its assertions.
    #[arg(long, value_name = "ISS")]
    issuer: Option<String>,
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
#[command(next_help_heading = "Fetching keys")]
struct Way {
    /// A file with the certificate authorities of its endpoints, in PEM. There they count in place of all others.
    #[arg(long, value_name = "FILE")]
    jwks_ca: Option<PathBuf>,
    /// Whether its endpoints may be in a private network. The server has to allow that, too
    /// (`asserta serve --allow-private-jwks registered`).
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_private: Option<bool>,
}

#[derive(Args)]
#[command(next_help_heading = "Policy")]
struct Policy {
    /// The name by which it knows us, tried where `aud` does not name us.
    #[arg(long, value_name = "AUD")]
    alias: Option<String>,
    /// Whether its assertions are accepted at all.
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,
    /// The algorithms that it may use, such as RS256,ES256. By default all that its keys allow.
    #[arg(long, value_delimiter = ',', value_name = "ALG")]
    algorithms: Option<Vec<String>>,
    /// How far its clock may be off [default: 60].
    #[arg(long, value_name = "SECONDS")]
    clock_skew: Option<u32>,
    /// How long its assertions may live [default: 3600].
    #[arg(long, value_name = "SECONDS")]
    max_lifetime: Option<u32>,
    /// Whether `aud` may name others besides us [default: any].
    #[arg(long, value_name = "MODE")]
    audience_mode: Option<AudienceMode>,
    /// Whether an assertion works again [default: once].
    #[arg(long, value_name = "MODE")]
    replay: Option<Replay>,
    /// Whether an assertion needs a `jti`.
    #[arg(long, value_name = "BOOL")]
    require_jti: Option<bool>,
    /// The `typ` that its assertions need in their header.
    #[arg(long)]
    typ: Option<String>,
    /// What its assertions are: any JWT for the grant, or ID-JAGs of an enterprise alone [default: jwt-bearer].
    #[arg(long, value_name = "PROFILE")]
    profile: Option<Profile>,
    /// The claim that becomes the subject of access tokens, by its name or a JSON Pointer [default: sub].
    #[arg(long, value_name = "CLAIM")]
    subject_claim: Option<String>,
    /// The SPIFFE trust domain that it speaks for: each `sub` must be a SPIFFE ID of it.
    #[arg(long, value_name = "NAME")]
    trust_domain: Option<String>,
    /// A subject that it may speak for; repeatable. `*` stands for one or more characters within a segment of
    /// `/ : @ |`, `**` for one or more across.
    #[arg(long = "subject", value_name = "SUB")]
    subjects: Option<Vec<String>>,
    /// A condition on a claim, such as '{"claim":"hd","equals":"example.com"}'; repeatable, all must hold.
    #[arg(long = "condition", value_name = "JSON")]
    conditions: Option<Vec<String>>,
    /// A scope that its assertions may be exchanged for; repeatable. By default all of the application's.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Option<Vec<String>>,
    /// A claim to carry over into the access token, as FROM=TO; repeatable.
    #[arg(long = "map", value_name = "FROM=TO")]
    mappings: Option<Vec<String>>,
    #[command(flatten)]
    exchange: Exchange,
}

#[derive(Clone, Copy, ValueEnum)]
enum AudienceMode {
    Any,
    ExactlyOne,
}

#[derive(Clone, Copy, ValueEnum)]
enum Replay {
    Once,
    Allow,
}

#[derive(Clone, Copy, ValueEnum)]
enum Profile {
    JwtBearer,
    IdJag,
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
                let scopes = self.policy.scopes.take();
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
            tell_what_to_look_at(&created);
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
            tell_what_to_look_at(&changed);
            if let Value::Object(members) = &mut changed {
                members.shift_remove("skipped_keys");
                members.shift_remove("warnings");
            }
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

/// Says which of the registered keys will verify nothing, and why (R53), and what may not be meant so (R86): on standard
/// error, where a script sees it too.
fn tell_what_to_look_at(issuer: &Value) {
    tell_skipped(issuer);
    let warnings = issuer.get("warnings").and_then(Value::as_array);
    // Those of certificates were told above.
    for warning in warnings.into_iter().flatten().filter(|warning| warning["field"] != "certificate") {
        eprintln!("{}: {}", output::member(warning, "field"), output::member(warning, "detail"));
    }
}

impl Way {
    fn write(&self, issuer: &mut Map<String, Value>) -> Result<(), Failure> {
        if let Some(path) = &self.jwks_ca {
            let place = format!("--jwks-ca {}", path.display());
            issuer.insert("jwks_ca".to_owned(), document::text(&place, path)?.into());
        }
        if let Some(allow) = self.allow_private {
            issuer.insert("allow_private".to_owned(), allow.into());
        }
        Ok(())
    }
}

impl Policy {
    fn write(self, issuer: &mut Map<String, Value>) -> Result<(), Failure> {
        let mut set = |member: &str, value: Option<Value>| {
            if let Some(value) = value {
                issuer.insert(member.to_owned(), value);
            }
        };
        set("alias", self.alias.map(Value::from));
        set("enabled", self.enabled.map(Value::from));
        set("algorithms", self.algorithms.map(Value::from));
        set("clock_skew", self.clock_skew.map(Value::from));
        set("max_lifetime", self.max_lifetime.map(Value::from));
        set(
            "audience_mode",
            self.audience_mode.map(|mode| match mode {
                AudienceMode::Any => "any".into(),
                AudienceMode::ExactlyOne => "exactly-one".into(),
            }),
        );
        set(
            "replay",
            self.replay.map(|mode| match mode {
                Replay::Once => "once".into(),
                Replay::Allow => "allow".into(),
            }),
        );
        set("require_jti", self.require_jti.map(Value::from));
        set("typ", self.typ.map(Value::from));
        set(
            "profile",
            self.profile.map(|profile| match profile {
                Profile::JwtBearer => "jwt-bearer".into(),
                Profile::IdJag => "id-jag".into(),
            }),
        );
        set("subject_claim", self.subject_claim.map(Value::from));
        set("trust_domain", self.trust_domain.map(Value::from));
        set("subjects", self.subjects.map(Value::from));
        set("scopes", self.scopes.map(Value::from));
        set("claims", self.conditions.map(|texts| conditions(&texts)).transpose()?);
        set("claim_mappings", self.mappings.map(|texts| mappings(&texts)).transpose()?);
        self.exchange.write(issuer)
    }
}

fn conditions(texts: &[String]) -> Result<Value, Failure> {
    let parsed = texts.iter().map(|text| document::json("--condition", text, "must be JSON"));
    parsed.collect::<Result<_, _>>().map(Value::Array)
}

fn mappings(texts: &[String]) -> Result<Value, Failure> {
    let mut mappings = Map::new();
    for text in texts {
        let (from, to) = text.split_once('=').ok_or_else(|| Failure::invalid("--map", "must be FROM=TO"))?;
        mappings.insert(from.to_owned(), to.into());
    }
    Ok(Value::Object(mappings))
}
