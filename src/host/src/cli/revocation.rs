//! `asserta revocation`: all tokens that an issuer or an application got before a time.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::admin::{Organization, Server};
use super::failure::Failure;
use super::output;
use super::time::moment;

/// Revokes all access tokens that a trusted issuer or an application got.
#[derive(Subcommand)]
pub(crate) enum Revocation {
    /// Revokes them, at once on every node.
    ///
    /// Introspection says so; a resource server that verifies tokens locally is not told.
    ///
    ///   asserta issuer set partner --enabled false
    ///   asserta revocation add --trusted-issuer partner
    ///
    /// It can't be taken back, and ends by itself when the last of the tokens has expired.
    #[command(verbatim_doc_comment, alias = "create")]
    Add(Add),
    /// Lists what is revoked like that.
    #[command(alias = "ls")]
    List(List),
}

#[derive(Args)]
pub(crate) struct Add {
    #[command(flatten)]
    whose: Whose,
    /// Those that were issued before this second: since 1970 [default: all that were issued up to now].
    #[arg(long, value_name = "SECONDS")]
    issued_before: Option<u64>,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// All that came of the assertions of this trusted issuer.
    #[arg(long, value_name = "NAME")]
    trusted_issuer: Option<String>,
    /// All that this application got. It may have been removed.
    // One that somebody chose, or that an older server made, may begin with a hyphen.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client_id: Option<String>,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

const COLLECTION: &str = "revocations";

impl Revocation {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Add(command) => command.run(),
            Self::List(List { organization, server }) => {
                let revocations = server.client()?.list(&organization.path(&[COLLECTION]))?;
                revocations.print(
                    server.json,
                    &["TRUSTED ISSUER", "CLIENT ID", "ISSUED BEFORE (UTC)", "EXPIRES AT (UTC)"],
                    |one| {
                        let [issuer, client] =
                            ["trusted_issuer", "client_id"].map(|member| output::member(one, member));
                        vec![issuer, client, moment(one, "issued_before"), moment(one, "expires_at")]
                    },
                )
            }
        }
    }
}

impl Add {
    fn run(self) -> Result<(), Failure> {
        let mut revocation = Map::new();
        let mut set = |member: &str, value: Option<Value>| {
            if let Some(value) = value {
                revocation.insert(member.to_owned(), value);
            }
        };
        set("trusted_issuer", self.whose.trusted_issuer.map(Value::from));
        set("client_id", self.whose.client_id.map(Value::from));
        set("issued_before", self.issued_before.map(Value::from));
        let path = self.organization.path(&[COLLECTION]);
        let made = self.server.client()?.post(&path, &Value::Object(revocation))?;
        Ok(output::record(self.server.json, &made)?)
    }
}
