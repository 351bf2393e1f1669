//! `asserta metadata`: what an administrator states in an organization's metadata.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::admin::{Organization, Server};
use super::failure::Failure;
use super::output;
use super::words::words;

/// Says what stands in an organization's metadata (RFC 8414) besides what the server finds by itself.
#[derive(Subcommand)]
pub(crate) enum Metadata {
    /// Shows what is stated.
    #[command(alias = "get")]
    Show(Target),
    /// Changes what is given, and leaves the rest as it is.
    ///
    /// You answer for it: the server grants nothing because of it.
    ///
    ///   asserta metadata set --scope "read write" --protected-resource https://api.example/v1
    ///   asserta metadata set --authorization-endpoint https://sign-in.example/authorize
    #[command(verbatim_doc_comment)]
    Set(Set),
    /// Takes it back: all of it, or the members that are named.
    #[command(aliases = ["delete", "rm"])]
    Remove(Remove),
}

#[derive(Args)]
pub(crate) struct Target {
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
pub(crate) struct Set {
    #[command(flatten)]
    stated: Stated,
    #[command(flatten)]
    target: Target,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Stated {
    /// The scopes that clients may ask for, separated by spaces; repeatable.
    #[arg(long, value_name = "SCOPES")]
    scope: Option<Vec<String>>,
    /// The resource identifier of an API that takes the tokens (RFC 9728); repeatable.
    #[arg(long = "protected-resource", value_name = "URL")]
    protected_resources: Option<Vec<String>>,
    /// Where people read how a client is registered.
    #[arg(long, value_name = "URL")]
    service_documentation: Option<String>,
    /// For clients that take no metadata without one. No grant of the server uses it.
    #[arg(long, value_name = "URL")]
    authorization_endpoint: Option<String>,
}

#[derive(Args)]
pub(crate) struct Remove {
    /// The members.
    #[arg(value_name = "MEMBER", value_parser = MEMBERS)]
    members: Vec<String>,
    #[command(flatten)]
    target: Target,
}

const MEMBERS: [&str; 4] =
    ["scopes_supported", "protected_resources", "service_documentation", "authorization_endpoint"];

impl Metadata {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Show(target) => {
                let stated = target.server.client()?.get(&target.path())?;
                Ok(output::record(target.server.json, &stated)?)
            }
            Self::Set(command) => command.target.change(|stated| command.stated.write(stated)),
            Self::Remove(Remove { members, target }) if members.is_empty() => {
                target.server.client()?.delete(&target.path())?;
                if !target.server.json {
                    output::line("nothing is stated any more")?;
                }
                Ok(())
            }
            Self::Remove(Remove { members, target }) => {
                target.change(|stated| stated.retain(|name, _| !members.contains(name)))
            }
        }
    }
}

impl Target {
    fn path(&self) -> String {
        self.organization.path(&["metadata"])
    }

    /// Changes what is stated, be it nothing, and prints it.
    fn change(&self, change: impl FnOnce(&mut Map<String, Value>)) -> Result<(), Failure> {
        let (client, path) = (self.server.client()?, self.path());
        let mut stated = match client.find(&path)? {
            Some(Value::Object(stated)) => stated,
            None => Map::new(),
            Some(_) => return Err(Failure::NotTheAdminApi { url: self.server.url.clone(), status: 200 }),
        };
        change(&mut stated);
        let (_, stated) = client.put(&path, &Value::Object(stated))?;
        Ok(output::record(self.server.json, &stated)?)
    }
}

impl Stated {
    fn write(self, stated: &mut Map<String, Value>) {
        let given = [
            self.scope.map(|given| words(&given).into()),
            self.protected_resources.map(Value::from),
            self.service_documentation.map(Value::from),
            self.authorization_endpoint.map(Value::from),
        ];
        for (member, value) in MEMBERS.into_iter().zip(given) {
            if let Some(value) = value {
                stated.insert(member.to_owned(), value);
            }
        }
    }
}
