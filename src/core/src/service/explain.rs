//! Looking into an assertion: each check, in order, with what it saw. Nothing is consumed or written.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::{RegistryError, Service};
use crate::application::{Application, ApplicationMetadata, AuthMethod, JWT_BEARER};
use crate::assertion::Assertion;
use crate::field::FieldError;
use crate::grant::{self, Facts};
use crate::oauth::MAX_ASSERTION;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, StoreError};
use crate::refusal::{Reason, Refusal};

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
        if assertion.len() > MAX_ASSERTION {
            return Err(FieldError::new("assertion", "must not exceed 16 KiB").into());
        }
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
        let allowed =
            if application.metadata.allows_jwt_bearer() { Ok(()) } else { Err(Reason::GrantNotAllowed) };
        let mut checks = Vec::from([step("R24", "grant allowed", allowed, "grant_types of the application")]);

        let parsed = Assertion::parse(assertion);
        checks.push(step("R30-R32", "well-formed", parsed.as_ref().map(drop).map_err(|reason| *reason), ""));
        let Ok(assertion) = parsed else { return Ok(Explanation::of(checks)) };

        let issuer = assertion.claims().issuer();
        let found = match issuer {
            Ok(issuer) => self.find_issuer(&tenant, issuer).await,
            Err(reason) => Err(Refusal::from(reason)),
        };
        let mut saw = alloc::format!("iss {:?}", issuer.unwrap_or_default());
        if let Some(cause) = found.as_ref().err().and_then(|refusal| refusal.cause.as_deref()) {
            saw = alloc::format!("{saw}; {cause}");
        }
        let verdict = found.as_ref().map(drop).map_err(|refusal| refusal.reason);
        checks.push(step("R40", "issuer known", verdict, &saw));
        let Ok(trusted) = found else { return Ok(Explanation::of(checks)) };

        let keys = self.issuer_keys(&tenant.id, &trusted, assertion.header(), now).await;
        if let Err(refusal) = &keys {
            checks.push(step("R51", "keys available", Err(refusal.reason), "the issuer's JWKS endpoint"));
        }
        let facts = Facts {
            urls: &tenant.urls,
            application,
            issuer: &trusted.issuer,
            source: &trusted.source,
            keys: keys.as_deref().unwrap_or_default(),
            assertion: &assertion,
            scope: None,
            resources: &[],
            signatures: self.ports.signatures(),
            now,
        };
        let (findings, granted) = grant::explain(&facts);
        for finding in findings {
            checks.push(step(finding.check.rule, finding.check.name, finding.verdict, &finding.saw));
        }
        if let Some(mark) = granted.as_ref().and_then(grant::Grant::replay) {
            let used = self.is_reserved(mark, &trusted.issuer, now).await?;
            let verdict = if used { Err(Reason::Replayed) } else { Ok(()) };
            checks.push(step("R45", "not used before", verdict, "the replay store"));
        }
        Ok(Explanation::of(checks))
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
