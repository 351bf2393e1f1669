//! Revocation: a client takes back a token of its own (RFC 7009, R111), and an administrator all of somebody (R112).

use super::Service;
use super::activity::{Kind, Lane};
use super::own_token::{Asked, Told, revocation_mark};
use super::registry::RegistryError;
use super::token::told_cause;
use super::trail::Trail;
use crate::grants::TokenQuestion;
use crate::oauth::{Reason, Refusal};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Decision, Outcome, Ports, TokenEndpoint};
use crate::tokens::{Revocation, RevocationRequest};

/// The outcome of a token that is revoked from now on.
const REVOKED: &str = "revoked";

impl<P: Ports> Service<P> {
    /// Revokes a token of the client, at once on every node that shares the store. There is nothing to do about one that is
    /// not valid, whatever it is: that is no error (RFC 7009 section 2.2).
    ///
    /// # Errors
    /// The client did not authenticate, the token is another client's, or the store fails.
    pub async fn revoke(
        &self,
        organization: &OrganizationId,
        question: &TokenQuestion,
    ) -> Result<(), Refusal> {
        let began = self.shell.ports.clock().microseconds();
        let mut trail = Trail::none();
        let revoked = self.take_back(organization, question, &mut trail).await;
        self.tell_of_token(TokenEndpoint::Revocation, organization, &trail, revoked.as_ref(), began);
        self.note_revocation(organization, &trail, revoked.as_ref(), began);
        revoked.map(drop)
    }

    /// Revokes all tokens that an issuer or an application got before a time, and tells it (R112).
    ///
    /// # Errors
    /// A member can't be accepted; the organization or the trusted issuer does not exist.
    pub async fn revoke_all(
        &self,
        organization: &OrganizationId,
        request: &RevocationRequest,
    ) -> Result<Revocation, RegistryError> {
        let began = self.shell.ports.clock().microseconds();
        let revocation = self.registry.revoke_all(organization, request).await?;
        let decision = Decision {
            client_id: revocation.client_id.as_deref(),
            trusted_issuer: revocation.trusted_issuer.as_deref(),
            ..Decision::of(organization, Outcome::Granted, self.since(began))
        };
        self.activity.note(Kind::AllRevoked, &decision, Lane::Clients);
        Ok(revocation)
    }

    /// In the activity log stands what was revoked, and what was refused (R75): not that there was nothing to revoke.
    fn note_revocation(
        &self,
        organization: &OrganizationId,
        trail: &Trail,
        told: Result<&Told, &Refusal>,
        began: u64,
    ) {
        let (outcome, jti_sha256, cause) = match told {
            Ok(told) if told.outcome == REVOKED => (Outcome::Granted, told.jti_sha256.as_deref(), None),
            Ok(_) => return,
            // The caller brings the keys and asks again: nothing is decided yet.
            Err(refusal) if refusal.keys_needed.is_some() => return,
            Err(refusal) => (Outcome::Refused(refusal.reason), None, told_cause(refusal)),
        };
        let client_id = trail.client_id();
        let decision = Decision {
            client_id,
            jti_sha256,
            cause,
            ..Decision::of(organization, outcome, self.since(began))
        };
        let lane = if trail.is_client_authentic() { Lane::Clients } else { Lane::Strangers };
        self.activity.note(Kind::Revocation, &decision, lane);
    }

    /// So many microseconds have passed.
    fn since(&self, began: u64) -> u64 {
        self.shell.ports.clock().microseconds().saturating_sub(began)
    }

    async fn take_back(
        &self,
        organization: &OrganizationId,
        question: &TokenQuestion,
        trail: &mut Trail,
    ) -> Result<Told, Refusal> {
        let Asked { organization, client, token } = self.asked(organization, question, trail).await?;
        let token = match token {
            Ok(token) => token,
            Err(problem) => return Ok(Told::of("nothing-to-revoke", Some(problem.name()), None)),
        };
        if token.client_id() != client.application().client_id() {
            return Err(Reason::TokenOfOtherClient.into());
        }
        self.spent.set_mark(&revocation_mark(&organization.id, &token), token.expires_at()).await?;
        Ok(Told::of(REVOKED, None, Some(&token)))
    }
}
