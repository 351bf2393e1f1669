//! `asserta org`: the tenants of a server.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::admin::{Organization, Server};
use super::failure::Failure;
use super::output;

/// Manages organizations: tenants with issuers, applications and keys of their own.
#[derive(Subcommand)]
pub(crate) enum Org {
    /// Makes an organization, or changes its display name. It is served below /t/NAME.
    #[command(alias = "create")]
    Add(Add),
    /// Lists the organizations.
    #[command(alias = "ls")]
    List(List),
}

#[derive(Args)]
pub(crate) struct Add {
    /// Its name: lower-case letters, digits and hyphens. Part of its URLs.
    name: String,
    /// What people call it.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    server: Server,
}

impl Org {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Add(command) => command.run(),
            Self::List(command) => command.run(),
        }
    }
}

impl Add {
    fn run(self) -> Result<(), Failure> {
        let mut organization = Map::new();
        if let Some(name) = self.display_name {
            organization.insert("display_name".to_owned(), name.into());
        }
        let path = Organization { org: self.name.clone() }.path(&[]);
        let (is_new, organization) = self.server.client()?.put(&path, &Value::Object(organization))?;
        if self.server.json {
            output::json(&organization)?;
        } else {
            let done = if is_new { "is made" } else { "was there already" };
            output::line(format_args!("{} {done}: its token endpoint is /t/{0}/oauth2/token", self.name))?;
        }
        Ok(())
    }
}

impl List {
    fn run(self) -> Result<(), Failure> {
        let organizations = self.server.client()?.list("/admin/organizations")?;
        let row = |one: &Value| vec![output::member(one, "name"), output::member(one, "display_name")];
        organizations.print(self.server.json, &["NAME", "DISPLAY NAME"], row)
    }
}
