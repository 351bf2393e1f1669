//! A token of ours that a client asks about: who the client is, whether the token is one, and what is told of the answer.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;

use super::Service;
use super::registry::CurrentOrganization;
use super::token::told_cause;
use super::trail::Trail;
use crate::client_auth::AuthenticatedClient;
use crate::grants::TokenQuestion;
use crate::jose::digest;
use crate::oauth::Refusal;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, StoreError, TokenDecision, TokenEndpoint};
use crate::tokens::{IssuedToken, PresentedToken, TokenProblem};

/// Who asks, and about which token.
pub(super) struct Asked {
    pub(super) organization: Rc<CurrentOrganization>,
    pub(super) client: AuthenticatedClient,
    pub(super) token: Result<IssuedToken, TokenProblem>,
}

/// What a question came to, for the operator.
pub(super) struct Told {
    /// What was decided.
    pub(super) outcome: &'static str,
    /// Why, where the client is not told.
    pub(super) cause: Option<&'static str>,
    pub(super) jti_sha256: Option<String>,
}

impl Told {
    pub(super) fn of(
        outcome: &'static str,
        cause: Option<&'static str>,
        token: Option<&IssuedToken>,
    ) -> Self {
        let jti_sha256 = token.map(|token| digest::sha256_base64url(token.id().as_bytes()));
        Self { outcome, cause, jti_sha256 }
    }
}

/// By what a revoked token is known again. No trusted issuer has an empty name, so that no assertion has such a mark.
pub(super) fn revocation_mark(organization: &OrganizationId, token: &IssuedToken) -> String {
    let id = digest::sha256_base64url(token.id().as_bytes());
    digest::sha256_base64url(alloc::format!("{organization}\n\nrevoked\n{id}").as_bytes())
}

impl<P: Ports> Service<P> {
    /// Authenticates the client as the token endpoint does, and only then looks at the token.
    pub(super) async fn asked(
        &self,
        organization: &OrganizationId,
        question: &TokenQuestion,
        trail: &mut Trail,
    ) -> Result<Asked, Refusal> {
        let now = self.shell.ports.clock().now();
        let organization = self.registry.current(organization).await?;
        // Boxed, so that the future of each question is not as large as this one.
        let client = Box::pin(self.authenticate(&organization, &question.client, now, trail)).await?;
        trail.client_is_authentic();
        if let Some(mark) = client.mark() {
            self.reserve_client(mark, now).await?;
        }
        let token = match PresentedToken::parse(&question.token) {
            Ok(token) => self.verified_token(&organization, token, now).await?,
            Err(problem) => Err(problem),
        };
        Ok(Asked { organization, client, token })
    }

    async fn verified_token(
        &self,
        organization: &Rc<CurrentOrganization>,
        token: PresentedToken<'_>,
        now: u64,
    ) -> Result<Result<IssuedToken, TokenProblem>, Refusal> {
        let Some(kid) = token.kid() else { return Ok(Err(TokenProblem::Foreign)) };
        Ok(match self.signing_keys.published(organization, kid, now).await? {
            Some(key) => {
                token.verify(key.public_key(), &organization.urls.issuer, now, self.shell.ports.signatures())
            }
            None => Err(TokenProblem::Foreign),
        })
    }

    /// Whether the token was revoked: by itself (R111), or with all of its client or of its issuer (R112).
    pub(super) async fn is_revoked(
        &self,
        organization: &CurrentOrganization,
        token: &IssuedToken,
    ) -> Result<bool, StoreError> {
        Ok(self.spent.has_mark(&revocation_mark(&organization.id, token), token.expires_at()).await?
            || self.registry.has_revoked(organization, token).await?)
    }

    /// Tells what a question came to. Where the caller is to bring keys first, nothing is
    /// decided yet.
    pub(super) fn tell_of_token(
        &self,
        endpoint: TokenEndpoint,
        organization: &OrganizationId,
        trail: &Trail,
        told: Result<&Told, &Refusal>,
        began: u64,
    ) {
        if told.is_err_and(|refusal| refusal.keys_needed.is_some()) {
            return;
        }
        let ports = &self.shell.ports;
        let (outcome, status, cause) = match told {
            Ok(told) => (told.outcome, 200, told.cause),
            Err(refusal) => (refusal.reason.name(), refusal.status(), told_cause(refusal)),
        };
        ports.events().emit(&endpoint.event(&TokenDecision {
            organization,
            client_id: trail.client_id(),
            outcome,
            status,
            cause,
            jti_sha256: told.ok().and_then(|told| told.jti_sha256.as_deref()),
            microseconds: ports.clock().microseconds().saturating_sub(began),
        }));
    }
}
