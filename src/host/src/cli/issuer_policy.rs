//! The options of `asserta issuer` about what an issuer's assertions must be, and how its keys are fetched.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::document;
use super::failure::Failure;
use super::issuer_exchange::Exchange;
use super::words::words;

#[derive(Args)]
#[command(next_help_heading = "Fetching keys")]
pub(super) struct Way {
    /// A file with the certificate authorities of its endpoints, in PEM. For these endpoints they replace all others.
    #[arg(long, value_name = "FILE")]
    jwks_ca: Option<PathBuf>,
    /// Whether its endpoints may be in a private network. The server has to allow that, too
    /// (`asserta serve --allow-private-jwks registered`).
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_private: Option<bool>,
}

#[derive(Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct Policy {
    /// The name by which it knows us, tried where `aud` does not name us.
    #[arg(long, value_name = "AUD")]
    pub(super) alias: Option<String>,
    /// Whether its assertions are accepted at all.
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,
    /// The algorithms that it may use, separated by commas or spaces; repeatable. By default all that its keys allow.
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
    pub(super) trust_domain: Option<String>,
    /// A subject that it may speak for; repeatable. `*` stands for one or more characters within a segment of
    /// `/ : @ |`, `**` for one or more across.
    #[arg(long = "subject", value_name = "SUB")]
    subjects: Option<Vec<String>>,
    /// A condition on a claim, such as '{"claim":"hd","equals":"example.com"}'; repeatable, all must hold.
    #[arg(long = "condition", value_name = "JSON")]
    conditions: Option<Vec<String>>,
    /// The scopes that its assertions may be exchanged for, separated by spaces; repeatable. By default all of the
    /// application's.
    #[arg(long = "scope", value_name = "SCOPES")]
    pub(super) scopes: Option<Vec<String>>,
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

impl Way {
    pub(super) fn write(&self, issuer: &mut Map<String, Value>) -> Result<(), Failure> {
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
    pub(super) fn write(self, issuer: &mut Map<String, Value>) -> Result<(), Failure> {
        let mut set = |member: &str, value: Option<Value>| {
            if let Some(value) = value {
                issuer.insert(member.to_owned(), value);
            }
        };
        set("alias", self.alias.map(Value::from));
        set("enabled", self.enabled.map(Value::from));
        set("algorithms", self.algorithms.map(|given| words(&given).into()));
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
        set("scopes", self.scopes.map(|given| words(&given).into()));
        set("claims", self.conditions.map(|texts| conditions(&texts)).transpose()?);
        set("claim_mappings", self.mappings.map(|texts| mappings(&texts)).transpose()?);
        self.exchange.write(issuer)
    }
}

fn conditions(texts: &[String]) -> Result<Value, Failure> {
    const WANTED: &str = r#"must be JSON, such as '{"claim":"hd","equals":"example.com"}'"#;
    let parsed = texts.iter().map(|text| match text.trim_start().starts_with('{') {
        true => document::json("--condition", text, "must be JSON"),
        // What else it could be is no help: the form is what was missing.
        false => Err(Failure::invalid("--condition", WANTED)),
    });
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
