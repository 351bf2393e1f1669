//! `asserta explain`: what an exchange of an assertion or of a subject token would come to, check by check.

use std::path::Path;

use clap::Args;
use serde_json::{Map, Value};

use super::admin::{Organization, Server};
use super::document;
use super::failure::Failure;
use super::output;

/// The `client_assertion_type` of a JWT-SVID (draft-ietf-oauth-spiffe-client-auth).
const JWT_SPIFFE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";

/// Explains, check by check, whether an assertion would be accepted. Nothing is used up.
///
/// With --subject-token it is a token exchange (RFC 8693). Exit code 1 says that the assertion, or the token, would be
/// refused, 2 that it could not be explained.
#[derive(Args)]
pub(crate) struct Explain {
    /// The assertion: itself, @FILE, or - for standard input; sent as it is, white space at its end included, as
    /// `curl --data-urlencode assertion@FILE` sends it.
    #[arg(required_unless_present = "subject_token")]
    assertion: Option<String>,
    /// It is a client assertion: whether it authenticates its application (private_key_jwt).
    #[arg(long)]
    client_assertion: bool,
    /// It is a JWT-SVID: whether it authenticates the application that --client-id names (jwt-spiffe).
    #[arg(long, conflicts_with = "client_assertion", requires = "client_id")]
    jwt_svid: bool,
    /// The DPoP proof that comes with the assertion or the subject token: itself, @FILE, or - for standard input.
    #[arg(long, value_name = "PROOF", conflicts_with_all = ["client_assertion", "jwt_svid"])]
    dpop_proof: Option<String>,
    /// The scopes that are asked for, separated by spaces; repeatable.
    #[arg(long, value_name = "SCOPES", conflicts_with = "client_assertion")]
    scope: Option<Vec<String>>,
    /// A resource that the token is asked for (RFC 8707); repeatable.
    #[arg(long, conflicts_with = "client_assertion")]
    resource: Vec<String>,
    /// The same of a token exchange, by its other name (RFC 8693); repeatable.
    #[arg(long, value_name = "AUD", requires = "subject_token")]
    audience: Vec<String>,
    /// The application that would present it. By default one that may do anything; the one that a client assertion names.
    // One that somebody chose, or that an older server made, may begin with a hyphen.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client_id: Option<String>,
    /// The token that would be exchanged, given like an assertion. It needs --client-id.
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["assertion", "client_assertion", "jwt_svid"], requires = "client_id")]
    subject_token: Option<String>,
    /// Its type [default: urn:ietf:params:oauth:token-type:jwt].
    #[arg(long, value_name = "TYPE", requires = "subject_token")]
    subject_token_type: Option<String>,
    /// The token of who would act for the subject.
    #[arg(long, value_name = "TOKEN", requires = "subject_token")]
    actor_token: Option<String>,
    /// Its type [default: urn:ietf:params:oauth:token-type:jwt].
    #[arg(long, value_name = "TYPE", requires = "actor_token")]
    actor_token_type: Option<String>,
    /// What is asked for [default: urn:ietf:params:oauth:token-type:access_token].
    #[arg(long, value_name = "TYPE", requires = "subject_token")]
    requested_token_type: Option<String>,
    #[command(flatten)]
    organization: Organization,
    #[command(flatten)]
    server: Server,
}

impl Explain {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut question = Map::new();
        let is_of_client = self.client_assertion || self.jwt_svid;
        let member = if is_of_client { "client_assertion" } else { "assertion" };
        if self.jwt_svid {
            question.insert("client_assertion_type".to_owned(), JWT_SPIFFE.into());
        }
        let texts = [
            (member, self.assertion),
            ("subject_token", self.subject_token),
            ("actor_token", self.actor_token),
        ];
        for (member, text) in texts {
            if let Some(text) = text {
                question.insert(member.to_owned(), read_argument(&text)?.into());
            }
        }
        for (member, name) in [
            ("client_id", self.client_id),
            ("scope", self.scope.map(|given| given.join(" "))),
            ("subject_token_type", self.subject_token_type),
            ("actor_token_type", self.actor_token_type),
            ("requested_token_type", self.requested_token_type),
        ] {
            if let Some(name) = name {
                question.insert(member.to_owned(), name.into());
            }
        }
        if let Some(proof) = self.dpop_proof {
            question.insert("dpop_proof".to_owned(), read_argument(&proof)?.into());
        }
        for (member, several) in [("resource", self.resource), ("audience", self.audience)] {
            if !several.is_empty() {
                question.insert(member.to_owned(), several.into());
            }
        }
        let path = self.organization.path(&["explain"]);
        let explanation = self.server.client()?.post(&path, &Value::Object(question))?;
        let accepted = explanation.get("accepted").and_then(Value::as_bool).unwrap_or(false);
        if self.server.json {
            output::json(&explanation)?;
        } else {
            let checks = explanation.get("checks").and_then(Value::as_array);
            let rows: Vec<_> = checks.into_iter().flatten().map(row).collect();
            output::table(&["", "RULE", "CHECK", "REASON", "SAW"], &rows)?;
        }
        if accepted { Ok(()) } else { Err(Failure::AssertionRefused) }
    }
}

pub(super) fn row(check: &Value) -> Vec<String> {
    let passed = check.get("passed").and_then(Value::as_bool).unwrap_or(false);
    let mut row = vec![if passed { "ok" } else { "NO" }.to_owned()];
    row.extend(["rule", "check", "reason", "saw"].map(|member| output::member(check, member)));
    row
}

/// A text given as itself, as @FILE, or as - for standard input.
pub(crate) fn read_argument(argument: &str) -> Result<String, Failure> {
    match argument.strip_prefix('@') {
        Some(path) => document::text(path, Path::new(path)),
        None if argument == "-" => document::standard_input(),
        None => Ok(argument.to_owned()),
    }
}
