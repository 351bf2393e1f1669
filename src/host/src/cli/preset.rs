//! `asserta preset`, and the parameters of `asserta issuer add --preset`: the server knows the presets, this only asks.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, Subcommand};
use serde_json::{Map, Value, json};

use super::admin::{AdminClient, Server, encoded};
use super::failure::Failure;
use super::output;

/// Shows presets: platforms whose assertions can be trusted by a few parameters.
///
///   asserta preset show github-actions
///   asserta issuer add ci --preset github-actions --repository octo-org/app \
///     --ref refs/heads/main --scope deploy
#[derive(Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Preset {
    /// Lists the presets.
    #[command(alias = "ls")]
    List(List),
    /// Shows what a preset knows of its platform, and its parameters.
    #[command(alias = "get")]
    Show(Show),
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    server: Server,
}

#[derive(Args)]
pub(crate) struct Show {
    /// Its name.
    name: String,
    #[command(flatten)]
    server: Server,
}

const COLLECTION: &str = "/admin/presets";

impl Preset {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::List(List { server }) => {
                let client = server.client()?;
                let mut presets = client.get(COLLECTION)?;
                let Some(Value::Array(presets)) = presets.get_mut("items").map(Value::take) else {
                    return Err(client.strange(200));
                };
                if server.json {
                    return Ok(output::json(&Value::Array(presets))?);
                }
                let rows: Vec<_> = presets.iter().map(row).collect();
                Ok(output::table(&["NAME", "PLATFORM", "ISSUER", "NEEDS"], &rows)?)
            }
            Self::Show(Show { name, server }) => {
                let mut preset = find(&server.client()?, &name)?;
                if server.json {
                    return Ok(output::json(&preset)?);
                }
                let parameters =
                    preset.as_object_mut().and_then(|members| members.shift_remove("parameters"));
                output::record(false, &preset)?;
                output::line("")?;
                let parameters = parameters.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let rows: Vec<_> = parameters.iter().map(parameter_row).collect();
                Ok(output::table(&["PARAMETER", "NEED", "CLAIM", "MEANING"], &rows)?)
            }
        }
    }
}

fn row(preset: &Value) -> Vec<String> {
    let parameters = preset.get("parameters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let flags = |need: &str, separator: &str| {
        let such = parameters.iter().filter(|parameter| parameter["need"] == need);
        such.map(|parameter| flag(&output::member(parameter, "name"))).collect::<Vec<_>>().join(separator)
    };
    let needs = [flags("required", " "), flags("one-of", " or ")];
    let needs: Vec<_> = needs.into_iter().filter(|needs| !needs.is_empty()).collect();
    let text = |name| output::member(preset, name);
    vec![text("name"), text("title"), text("issuer"), needs.join(", and ")]
}

fn parameter_row(parameter: &Value) -> Vec<String> {
    let text = |name| output::member(parameter, name);
    let example = match parameter.get("default") {
        Some(default) => format!("By default {}.", output::plain(default)),
        None => format!("Such as {}.", text("example")),
    };
    let meaning = format!("{} {example}", text("description"));
    vec![flag(&text("name")), text("need"), text("claim"), meaning]
}

/// A preset by its name.
fn find(client: &AdminClient, name: &str) -> Result<Value, Failure> {
    let found = client.find(&format!("{COLLECTION}/{}", encoded(name)))?;
    found.ok_or_else(|| {
        Failure::invalid(format!("preset {name}"), "there is no such preset: asserta preset list shows them")
    })
}

/// The flag of a parameter.
fn flag(parameter: &str) -> String {
    format!("--{}", parameter.replace('_', "-"))
}

/// The flags of the parameters of all presets, and the presets that have them. `--issuer`, `--alias` and
/// `--trust-domain` are flags of every issuer. A test holds this against the server.
const PARAMETERS: &[(&str, &str)] = &[
    ("repository", "OWNER/REPO, or with the ids OWNER@ID/REPO@ID (github-actions)"),
    ("repository-id", "The repository's id (github-actions)"),
    ("repository-owner", "The organization or user that owns the repository (github-actions)"),
    ("repository-owner-id", "The owner's id (github-actions)"),
    ("ref", "The branch or tag: refs/heads/main (github-actions), main (gitlab)"),
    ("event", "What started the workflow; without it, no pull request (github-actions)"),
    ("workflow", "The file that defines the job: OWNER/REPO/.github/workflows/FILE@REF (github-actions)"),
    ("environment", "The job's environment (github-actions, gitlab)"),
    ("project", "The project's path (gitlab) or name (terraform-cloud)"),
    ("project-id", "The project's id (gitlab, terraform-cloud)"),
    ("namespace", "The group or user (gitlab), or the pod's namespace (kubernetes)"),
    ("namespace-id", "The group's or user's id (gitlab)"),
    ("ref-type", "branch or tag (gitlab)"),
    ("ref-protected", "Whether the branch or tag is protected: true or false (gitlab)"),
    ("pipeline-source", "What started the pipeline; without it, no merge request (gitlab)"),
    ("service-account", "The pod's service account (kubernetes)"),
    ("service-account-uid", "The service account's uid (kubernetes)"),
    ("unique-id", "The service account's unique id (google)"),
    ("email", "The service account's address (google)"),
    ("tenant", "The directory's id (entra)"),
    ("app-id", "The client's application id (entra)"),
    ("object-id", "The id of the service principal or managed identity (entra)"),
    ("token-version", "v1 or v2 [default: v2] (entra)"),
    ("domain", "The domain of the organization or tenant (okta, auth0)"),
    ("authorization-server", "The id of the authorization server [default: default] (okta)"),
    ("client-id", "The application's client id (okta, auth0, asgardeo, keycloak)"),
    ("path", "The workload's path: /ns/prod/sa/api (spiffe)"),
    ("account-id", "The account (aws)"),
    ("principal", "The ARN of the role or user (aws)"),
    ("organization", "The slug or name of the organization (buildkite, terraform-cloud, asgardeo)"),
    ("organization-id", "The organization's id (auth0, aws, buildkite, terraform-cloud, asgardeo)"),
    ("pipeline", "The pipeline's slug (buildkite)"),
    ("pipeline-id", "The pipeline's id (buildkite)"),
    ("branch", "The branch that is built (buildkite)"),
    ("step", "The key of the step (buildkite)"),
    ("workspace", "The workspace's name (terraform-cloud)"),
    ("workspace-id", "The workspace's id (terraform-cloud)"),
    ("run-phase", "plan or apply (terraform-cloud)"),
];

/// The parameters that were given, by name.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl FromArgMatches for Parameters {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = PARAMETERS.iter().filter_map(|(flag, _)| {
            matches.get_one::<String>(flag).map(|value| (flag.replace('-', "_"), value.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Parameters {
    fn augment_args(command: Command) -> Command {
        command.args(PARAMETERS.iter().map(|(flag, help)| {
            Arg::new(*flag)
                .long(*flag)
                .value_name("VALUE")
                .help(*help)
                .help_heading("Parameters of presets")
                .requires("preset")
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl Parameters {
    /// The registration that a preset makes of them. Every issuer has `--issuer` and the flags of `members`: they
    /// are parameters, too, where the preset has them.
    pub(crate) fn fill(
        mut self,
        client: &AdminClient,
        preset: &str,
        name: &str,
        scopes: Option<Vec<String>>,
        issuer: Option<&str>,
        members: [(&str, Option<&str>); 2],
    ) -> Result<Map<String, Value>, Failure> {
        let known = find(client, preset)?;
        let known = known.get("parameters").and_then(Value::as_array);
        self.0.extend(issuer.map(|issuer| ("issuer".to_owned(), issuer.to_owned())));
        for (name, value) in members {
            let is_one = known.is_some_and(|known| known.iter().any(|parameter| parameter["name"] == name));
            // Where it is none, the registration has it all the same.
            self.0.extend(value.filter(|_| is_one).map(|value| (name.to_owned(), value.to_owned())));
        }
        let mut asked = json!({"name": name, "parameters": self.0});
        if let Some(scopes) = scopes {
            asked["scopes"] = scopes.into();
        }
        match client.post(&format!("{COLLECTION}/{}", encoded(preset)), &asked).map_err(named)? {
            Value::Object(document) => Ok(document),
            _ => Err(client.strange(200)),
        }
    }
}

/// A refused parameter under the name of its flag.
fn named(failure: Failure) -> Failure {
    match failure {
        Failure::Refused { detail: Some(detail), field: Some(field), .. }
            if field.starts_with("parameters.") =>
        {
            let problem = detail.strip_prefix(&format!("{field}: ")).unwrap_or(&detail);
            Failure::invalid(flag(field.trim_start_matches("parameters.")), problem)
        }
        other => other,
    }
}
