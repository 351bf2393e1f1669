//! Revocation (RFC 7009): a client takes back a token of its own (R111).

use super::Service;
use super::own_token::{Asked, Told, revocation_mark};
use super::trail::Trail;
use crate::grants::TokenQuestion;
use crate::oauth::{Reason, Refusal};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, TokenEndpoint};

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
        revoked.map(drop)
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
        Ok(Told::of("revoked", None, Some(&token)))
    }
}
