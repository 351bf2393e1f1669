//! Looking into an assertion: each check, in order, with what it saw. Nothing is consumed or written.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::trail::Trail;
use super::{RegistryError, Service};
use crate::application::{Application, ApplicationMetadata, OneOrMany};
use crate::check::Finding;
use crate::client_auth::{ClientAssertion, ClientAssertionType};
use crate::field::FieldError;
use crate::grants::Granted;
use crate::grants::jwt_bearer::Request;
use crate::grants::token_exchange;
use crate::jwt::Mark;
use crate::oauth::{ClientAuthMethod, GrantType, MAX_ASSERTION, Reason, Refusal};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, StoreError};
use crate::trust::policy::Asker;

/// One check and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ExplainedCheck"))]
pub struct Step {
    /// The rules of the rule book.
    pub rule: &'static str,
    /// The name of the check.
    pub check: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// The reason that an exchange would be refused with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What it looked at; nothing secret or personal.
    pub saw: String,
}

impl From<Finding<Reason>> for Step {
    fn from(finding: Finding<Reason>) -> Self {
        let Finding { rule, name, verdict, saw } = finding;
        let reason = verdict.err().map(Reason::name);
        Self { rule, check: name, passed: reason.is_none(), reason, saw }
    }
}

/// What an exchange of the assertion would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// Whether every check passed.
    pub accepted: bool,
    /// The checks, in the order in which an exchange runs them. The list ends early where a check is
    /// the ground for all that follow.
    pub checks: Vec<Step>,
}

impl Explanation {
    fn of(trail: Trail) -> Self {
        let checks: Vec<Step> = trail.into_findings().into_iter().map(Into::into).collect();
        Self { accepted: checks.iter().all(|step| step.passed), checks }
    }
}

/// The DPoP proof that comes with what is explained.
#[derive(Clone, Copy, Debug)]
pub struct GivenProof<'a> {
    /// The value of the header `DPoP`.
    pub text: &'a str,
    /// Where the client's request went. `None`, or empty: our token endpoint.
    pub url: Option<&'a str>,
}

/// What a request with an assertion would say.
#[derive(Clone, Debug, Default)]
pub struct AssertionQuestion<'a> {
    /// The assertion.
    pub assertion: &'a str,
    /// For whom: see [`Service::explain`].
    pub client_id: Option<&'a str>,
    /// The scope asked for (R61).
    pub scope: Option<&'a str>,
    /// The resources asked for (R63).
    pub resources: Vec<&'a str>,
    /// The DPoP proof that comes with it, if one does (R36, R100 to R102).
    pub proof: Option<GivenProof<'a>>,
}

impl<'a> From<&'a str> for GivenProof<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, url: None }
    }
}

impl<P: Ports> Service<P> {
    /// Explains what an exchange of this assertion would come to: for this application; without a client, where
    /// `client_id` is the label of a rule for that (R29); or, where it is absent, for an application that may do anything and
    /// without a client, whichever the rule is for. Fetches keys if need be, reserves nothing.
    pub async fn explain(
        &self,
        organization: &OrganizationId,
        assertion: &str,
        client_id: Option<&str>,
    ) -> Result<Explanation, RegistryError> {
        self.explain_request(organization, &AssertionQuestion { assertion, client_id, ..Default::default() })
            .await
    }

    /// The same with what is asked for beside the assertion.
    pub async fn explain_request(
        &self,
        organization: &OrganizationId,
        question: &AssertionQuestion<'_>,
    ) -> Result<Explanation, RegistryError> {
        let AssertionQuestion { assertion, client_id, scope, ref resources, proof } = *question;
        self.registry.require(organization).await?;
        let application = match client_id {
            Some(label) if self.registry.is_label(organization, label, |_| false).await? => None,
            Some(client_id) => Some(self.asking_application(organization, client_id).await?),
            None => Some(any_application(question)),
        };
        let asker = match (&application, client_id) {
            (Some(application), Some(_)) => Asker::Application(application),
            (Some(application), None) => Asker::Anybody(application),
            (None, label) => Asker::NoClient(label),
        };
        let now = self.shell.ports.clock().now();
        // That the organization exists is known here.
        let organization = self.registry.current(organization).await.map_err(|_| StoreError::Unavailable)?;
        let mut trail = Trail::new();
        let request = match Request::new(assertion, scope, resources.iter().copied()) {
            Ok(request) => request,
            Err(reason) => {
                step_of_request(assertion, reason, &mut trail);
                return Ok(Explanation::of(trail));
            }
        };
        match &application {
            Some(application) => steps_of_application(application, GrantType::JwtBearer, &mut trail),
            None => step_of_no_client(self.registry.grants_without_client(&organization).await?, &mut trail),
        }
        let needed = application.as_ref().is_some_and(|known| known.metadata().dpop_bound_access_tokens);
        let proved = self.explain_proof(&organization, proof, needed, now, &mut trail).await?;
        let granted = self.jwt_bearer(&organization, asker, &request, proved.as_ref(), now, &mut trail).await;
        self.explained(granted, now, trail).await
    }

    /// Explains what a token exchange would come to, for this application (R90 to R93), with the DPoP proof that comes with it,
    /// if one does (R100 to R102). Fetches keys if need be, reserves nothing.
    pub async fn explain_exchange(
        &self,
        organization: &OrganizationId,
        parameters: &token_exchange::Parameters<'_>,
        client_id: &str,
        proof: Option<GivenProof<'_>>,
    ) -> Result<Explanation, RegistryError> {
        self.registry.require(organization).await?;
        let application = self.asking_application(organization, client_id).await?;
        let now = self.shell.ports.clock().now();
        // That the organization exists is known here.
        let organization = self.registry.current(organization).await.map_err(|_| StoreError::Unavailable)?;
        let mut trail = Trail::new();
        let request = match parameters.check() {
            Ok(request) => request,
            Err(reason) => {
                trail.step("R15, R90", "parameters", Err(reason), || reason.sentence().to_string());
                return Ok(Explanation::of(trail));
            }
        };
        steps_of_application(&application, GrantType::TokenExchange, &mut trail);
        let needed = application.metadata().dpop_bound_access_tokens;
        self.explain_proof(&organization, proof, needed, now, &mut trail).await?;
        let granted =
            Box::pin(self.token_exchange(&organization, &application, &request, now, &mut trail)).await;
        self.explained(granted, now, trail).await
    }

    /// Explains whether this JWT authenticates a client, and which (R27, R28). `client_id`: what the client says beside it, if
    /// anything. Fetches keys if need be, reserves nothing.
    pub async fn explain_client(
        &self,
        organization: &OrganizationId,
        assertion_type: ClientAssertionType,
        client_assertion: &str,
        client_id: Option<&str>,
    ) -> Result<Explanation, RegistryError> {
        self.registry.require(organization).await?;
        let now = self.shell.ports.clock().now();
        // That the organization exists is known here.
        let organization = self.registry.current(organization).await.map_err(|_| StoreError::Unavailable)?;
        let mut trail = Trail::new();
        let presented = match ClientAssertion::new(assertion_type, client_id, client_assertion) {
            Ok(presented) => presented,
            Err(reason) => {
                step_of_request(client_assertion, reason, &mut trail);
                return Ok(Explanation::of(trail));
            }
        };
        match self.authenticate_by_jwt(&organization, &presented, now, &mut trail).await {
            Ok(_) => {}
            Err(refusal) if !trail.names(refusal.reason) => return Err(StoreError::Unavailable.into()),
            Err(_) => {}
        }
        Ok(Explanation::of(trail))
    }

    /// The application that is said to ask: it is a member of the question that is wrong where there is none.
    async fn asking_application(
        &self,
        organization: &OrganizationId,
        client_id: &str,
    ) -> Result<Application, RegistryError> {
        match self.registry.application(organization, client_id).await {
            Err(RegistryError::NotFound) => Err(FieldError::new("client_id", "does not exist").into()),
            found => found,
        }
    }

    /// What a decision on a grant comes to, after all its steps.
    async fn explained(
        &self,
        decided: Result<Granted, Refusal>,
        now: u64,
        mut trail: Trail,
    ) -> Result<Explanation, RegistryError> {
        match decided {
            Ok(granted) => {
                if let Some(mark) = granted.mark() {
                    self.step_of_mark(mark, now, &mut trail).await?;
                }
            }
            // What is told of no step is the store that fails.
            Err(refusal) if !trail.names(refusal.reason) => return Err(StoreError::Unavailable.into()),
            Err(_) => {}
        }
        Ok(Explanation::of(trail))
    }

    /// R45: whether the assertion would be reserved.
    async fn step_of_mark(&self, mark: &Mark, now: u64, trail: &mut Trail) -> Result<(), StoreError> {
        let used = self.spent.is_reserved(mark, now).await?;
        let by = if mark.by_jwt_id { "a JWT of this issuer with this jti" } else { "this assertion" };
        let (verdict, was) = if used { (Err(Reason::Replayed), "was") } else { (Ok(()), "was not") };
        trail.step("R45", "not used before", verdict, || format!("{by} {was} used before"));
        Ok(())
    }
}

/// R14, R15: what is refused before anybody is asked who it is.
fn step_of_request(assertion: &str, reason: Reason, trail: &mut Trail) {
    if assertion.is_empty() {
        trail.step("R14", "assertion", Err(reason), || "the text is empty".to_string());
    } else if matches!(reason, Reason::ParameterTooLarge | Reason::ParameterRepeated) {
        trail.step("R13, R15", "parameters", Err(reason), || reason.sentence().to_string());
    } else {
        let saw = || format!("{} bytes; accepted are {MAX_ASSERTION} at most", assertion.len());
        trail.step("R15", "size", Err(reason), saw);
    }
}

/// R21, R24: whether the application may use the grant at all.
fn steps_of_application(application: &Application, grant: GrantType, trail: &mut Trail) {
    trail.step_of_enabled(application, Reason::ClientUnauthenticated);
    let (allowed, saw) = match application.allows(grant) {
        true => (Ok(()), format!("grant_types of the application has {}", grant.name())),
        false => {
            let missing = format!("grant_types of the application lacks {}", grant.name());
            (Err(Reason::GrantNotAllowed), missing)
        }
    };
    trail.step("R24", "grant allowed", allowed, || saw);
}

/// R29: whether anything is granted without a client.
fn step_of_no_client(grants: bool, trail: &mut Trail) {
    let (verdict, seen) = match grants {
        true => (Ok(()), "the organization has a rule without a client"),
        false => (
            Err(Reason::ClientUnauthenticated),
            "no rule without a client decides: all are only watched, or of disabled issuers",
        ),
    };
    trail.step("R29", "no client needed", verdict, || seen.to_string());
}

/// An application that may do anything, to look at the assertion alone: it may have what is asked for.
fn any_application(asked: &AssertionQuestion<'_>) -> Application {
    let scope = asked.scope.unwrap_or_default().to_string();
    let resources = asked.resources.iter().filter(|resource| !resource.is_empty());
    let resources: Vec<String> = resources.map(ToString::to_string).collect();
    let audience = (!resources.is_empty()).then_some(OneOrMany::Many(resources));
    // What no application could have is refused as what this one has not.
    any(scope, audience).or_else(|_| any(String::new(), None)).expect("nothing in it is out of bounds")
}

fn any(scope: String, audience: Option<OneOrMany>) -> Result<Application, FieldError> {
    let metadata = ApplicationMetadata {
        client_name: None,
        grant_types: GrantType::ALL.iter().map(|grant| grant.name().to_string()).collect(),
        scope,
        token_endpoint_auth_method: ClientAuthMethod::ClientSecretBasic,
        token_endpoint_auth_signing_alg: None,
        jwks_uri: None,
        jwks: None,
        certificate: None,
        client_assertion_issuer: None,
        client_assertion_subject: None,
        trusted_issuers: None,
        access_token_lifetime: 3600,
        audience,
        dpop_bound_access_tokens: false,
        enabled: true,
    };
    Application::parse("any".to_string(), None, 0, metadata, false)
}
