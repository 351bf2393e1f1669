//! `asserta keys`: what signs an organization's access tokens.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::admin::{Organization, Server};
use super::failure::Failure;
use super::output;
use super::time::moment;

/// Manages the keys that sign an organization's access tokens.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Lists the keys, oldest first.
    #[command(alias = "ls")]
    List(Target),
    /// Makes a new key. It is published for a while before it signs; the old one stays published until
    /// the last token that it signed has expired.
    Rotate(Target),
}

#[derive(Args)]
pub(crate) struct Target {
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

impl Keys {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (server, keys) = match self {
            Self::List(Target { organization, server }) => {
                let keys = server.client()?.get(&organization.path(&["keys"]))?;
                (server, keys)
            }
            Self::Rotate(Target { organization, server }) => {
                let keys = server.client()?.post(&organization.path(&["keys", "rotate"]), &json!({}))?;
                (server, keys)
            }
        };
        let items = keys.get("items").cloned().unwrap_or(Value::Null);
        if server.json {
            output::json(&items)?;
            return Ok(());
        }
        let row = |key: &Value| {
            let [kid, alg] = ["kid", "alg"].map(|member| output::member(key, member));
            vec![kid, alg, moment(key, "signs_from"), moment(key, "signs_until")]
        };
        let rows: Vec<_> = items.as_array().into_iter().flatten().map(row).collect();
        output::table(&["KID", "ALG", "SIGNS FROM (UTC)", "SIGNS UNTIL (UTC)"], &rows)?;
        Ok(())
    }
}
