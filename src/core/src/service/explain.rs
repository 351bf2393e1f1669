//! Looking into an assertion: each check, in order, with what it saw. Nothing is consumed or written.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::registry::cache::Trusted;
use super::token::Tenant;
use super::{RegistryError, Service};
use crate::application::{Application, ApplicationMetadata, AuthMethod, JWT_BEARER};
use crate::grants::jwt_bearer::{self as grant, Facts};
use crate::jose::JwsError;
use crate::json::Value;
use crate::jwt::{Assertion, NotAssertion};
use crate::oauth::MAX_ASSERTION;
use crate::oauth::{Reason, Refusal};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, StoreError};
use crate::words::quoted;

/// One check and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// What an exchange of the assertion would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether every check passed.
    pub accepted: bool,
    /// The checks, in the order in which an exchange runs them. The list ends early where a check is
    /// the ground for all that follow.
    pub checks: Vec<Step>,
}

impl Explanation {
    fn of(checks: Vec<Step>) -> Self {
        Self { accepted: checks.iter().all(|step| step.passed), checks }
    }
}

fn step(rule: &'static str, check: &'static str, verdict: Result<(), Reason>, saw: &str) -> Step {
    let reason = verdict.err().map(Reason::name);
    Step { rule, check, passed: reason.is_none(), reason, saw: saw.to_string() }
}

impl<P: Ports> Service<P> {
    /// Explains what an exchange of this assertion would come to, for this application or for one that
    /// may do anything. Fetches keys if need be, reserves nothing.
    pub async fn explain(
        &self,
        organization: &OrganizationId,
        assertion: &str,
        client_id: Option<&str>,
    ) -> Result<Explanation, RegistryError> {
        self.require(organization).await?;
        let application = match client_id {
            Some(client_id) => self.application(organization, client_id).await?,
            None => any_application(),
        };
        self.explain_for(organization, assertion, &application).await
    }

    async fn explain_for(
        &self,
        organization: &OrganizationId,
        assertion: &str,
        application: &Application,
    ) -> Result<Explanation, RegistryError> {
        let now = self.ports.clock().now();
        // That the organization exists is known here.
        let tenant = self.tenant(organization).await.map_err(|_| StoreError::Unavailable)?;
        let mut checks = Vec::new();
        if let Some(refused) = refused_as_it_is_read(assertion) {
            checks.push(refused);
            return Ok(Explanation::of(checks));
        }
        checks.extend(of_the_application(application));

        let (parsed, form) = parse(assertion);
        checks.push(form);
        let Some(assertion) = parsed else { return Ok(Explanation::of(checks)) };

        let issuer = assertion.claims().issuer();
        let found = match issuer {
            Ok(issuer) => self.find_issuer(&tenant, issuer).await,
            Err(reason) => Err(Refusal::from(reason)),
        };
        let mut saw = match (assertion.claims().object().get("iss"), &found) {
            (None, _) => "no iss".to_string(),
            (Some(Value::String(issuer)), Ok(trusted)) => {
                format!("iss {} is the trusted issuer {}", quoted(issuer), quoted(&trusted.issuer.name))
            }
            (Some(Value::String(issuer)), Err(refusal)) if refusal.reason == Reason::IssuerUnknown => {
                format!(
                    "iss {}, and no trusted issuer has exactly this value: case and a slash at the end count",
                    quoted(issuer)
                )
            }
            (Some(Value::String(issuer)), Err(_)) => format!("iss {}", quoted(issuer)),
            (Some(other), _) => format!("iss is {}; a string is wanted", other.kind()),
        };
        match &found {
            // Nothing is known of the issuer then.
            Err(Refusal { reason: Reason::StoreUnavailable, cause: None, .. }) => {
                return Err(StoreError::Unavailable.into());
            }
            Err(Refusal { cause: Some(cause), .. }) => saw = format!("{saw}; {cause}"),
            _ => {}
        }
        let verdict = found.as_ref().map(drop).map_err(|refusal| refusal.reason);
        checks.push(step("R40", "issuer known", verdict, &saw));
        let Ok(trusted) = found else { return Ok(Explanation::of(checks)) };

        let keys = self.issuer_keys(&tenant, &trusted, assertion.header(), now).await;
        let mut facts = Facts {
            organization: &tenant.id,
            urls: &tenant.urls,
            application,
            issuer: &trusted.issuer,
            source: &trusted.source,
            keys: &[],
            assertion: &assertion,
            scope: None,
            resources: &[],
            signatures: self.ports.signatures(),
            now,
        };
        facts.keys = keys.as_deref().unwrap_or_default();
        let (mut findings, mut granted) = grant::explain(&facts);
        let first = findings.iter().find_map(|finding| finding.verdict.err());
        // As an exchange does it: what its first look refuses causes no fetch.
        let newer;
        let mut refusal = keys.as_ref().err();
        if first.is_some_and(Reason::may_be_of_an_old_key)
            && grant::admit(&facts).is_ok()
            && let Ok(tried) = &keys
            && let Some(others) = self.newer_keys(&tenant, &trusted, tried, now).await.transpose()
        {
            newer = others;
            refusal = newer.as_ref().err();
            facts.keys = newer.as_deref().unwrap_or_default();
            (findings, granted) = grant::explain(&facts);
        }
        checks.extend(self.keys_step(&tenant, &trusted, refusal).await?);
        // Without keys nothing can be said of these two.
        let told = |name| refusal.is_none() || !matches!(name, "key" | "signature");
        for finding in findings.into_iter().filter(|finding| told(finding.check.name)) {
            checks.push(step(finding.check.rule, finding.check.name, finding.verdict, &finding.saw));
        }
        if let Some(mark) = granted.as_ref().and_then(grant::Grant::replay) {
            let used = self.is_reserved(mark, &trusted.issuer, now).await?;
            let by =
                if mark.by_jwt_id { "an assertion of this issuer with this jti" } else { "this assertion" };
            let (verdict, saw) = match used {
                true => (Err(Reason::Replayed), format!("{by} was used before")),
                false => (Ok(()), format!("{by} was not used before")),
            };
            checks.push(step("R45", "not used before", verdict, &saw));
        }
        Ok(Explanation::of(checks))
    }
}

/// R14, R15: what is refused before anybody is asked who it is.
fn refused_as_it_is_read(assertion: &str) -> Option<Step> {
    if assertion.is_empty() {
        return Some(step("R14", "assertion", Err(Reason::AssertionMissing), "the text is empty"));
    }
    let saw = format!("{} bytes; accepted are {MAX_ASSERTION} at most", assertion.len());
    let too_large = step("R15", "size", Err(Reason::AssertionTooLarge), &saw);
    (assertion.len() > MAX_ASSERTION).then_some(too_large)
}

/// R21, R24: whether the application may use the grant at all.
fn of_the_application(application: &Application) -> [Step; 2] {
    let (enabled, seen) = match application.metadata.enabled {
        true => (Ok(()), "the application is enabled"),
        false => (Err(Reason::ClientUnauthenticated), "the application is disabled"),
    };
    let (allowed, saw) = match application.metadata.allows_jwt_bearer() {
        true => (Ok(()), "the application has the JWT bearer grant".to_string()),
        false => {
            let missing = format!("grant_types of the application lacks {JWT_BEARER}");
            (Err(Reason::GrantNotAllowed), missing)
        }
    };
    [step("R21", "application enabled", enabled, seen), step("R24", "grant allowed", allowed, &saw)]
}

/// R30 to R32. White space around it is refused here as everywhere; the checks go on with what is inside, so that
/// whoever has a line end too much learns the rest as well.
fn parse(text: &str) -> (Option<Assertion<'_>>, Step) {
    let check = |verdict, saw: &str| step("R30-R32", "well-formed", verdict, saw);
    match Assertion::parse(text) {
        Ok(assertion) => (Some(assertion), check(Ok(()), "a signed JWT in compact form")),
        Err(error) => {
            let refused = check(Err(error.reason()), &error.to_string());
            let inside = text.trim();
            let around =
                matches!(error, NotAssertion::Form(JwsError::LineBreakAtEnd | JwsError::WhiteSpace { .. }));
            (if around { Assertion::parse(inside).ok() } else { None }, refused)
        }
    }
}

impl<P: Ports> Service<P> {
    /// R51 to R53, R56: what there is of the issuer's keys, which were skipped, and why the last fetch brought none.
    async fn keys_step(
        &self,
        tenant: &Tenant,
        trusted: &Trusted,
        refusal: Option<&Refusal>,
    ) -> Result<Option<Step>, RegistryError> {
        let document = self.stored_document(tenant, trusted).await?;
        let (cause, verdict) = match refusal {
            Some(refusal) => (refusal.cause.as_deref(), Err(refusal.reason)),
            None => (None, Ok(())),
        };
        let saw = match (&document, cause) {
            (Some(document), _) if !document.keys.is_empty() => document.to_string(),
            (_, Some(cause)) => format!("the issuer's JWKS endpoint: {cause}"),
            (Some(document), None) => document.to_string(),
            (None, None) if refusal.is_some() => "the issuer's JWKS endpoint: no document yet".to_string(),
            // Keys that were registered.
            (None, None) => return Ok(None),
        };
        Ok(Some(step("R51-R53", "keys available", verdict, &saw)))
    }
}

/// An application that may do anything, to look at the assertion alone.
fn any_application() -> Application {
    Application {
        client_id: "any".to_string(),
        secret_sha256: [0; 32],
        created_at: 0,
        metadata: ApplicationMetadata {
            client_name: None,
            grant_types: Vec::from([JWT_BEARER.to_string()]),
            scope: String::new(),
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            trusted_issuers: None,
            access_token_lifetime: 3600,
            audience: None,
            enabled: true,
        },
    }
}
