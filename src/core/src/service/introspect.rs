//! Introspection (RFC 7662): whether a token is active, told to the client that has it and to the resources that it is for
//! (R110).

use super::Service;
use super::own_token::{Asked, Told};
use super::trail::Trail;
use crate::application::{Application, OneOrMany};
use crate::grants::TokenQuestion;
use crate::oauth::Refusal;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, TokenEndpoint};
use crate::tokens::{Introspection, IssuedToken};

/// Whether the application may know what the token says: it got it, or is one of the resources that it is for.
fn may_know(application: &Application, token: &IssuedToken) -> bool {
    let resources = application.metadata().audience.as_ref().map_or(&[][..], OneOrMany::as_slice);
    application.client_id() == token.client_id() || resources.iter().any(|resource| token.is_for(resource))
}

impl<P: Ports> Service<P> {
    /// Says of a token what the client may know. Who may know nothing is told the same as of a token that does not exist.
    ///
    /// # Errors
    /// The client did not authenticate, or the store fails.
    pub async fn introspect(
        &self,
        organization: &OrganizationId,
        question: &TokenQuestion,
    ) -> Result<Introspection, Refusal> {
        let began = self.shell.ports.clock().microseconds();
        let mut trail = Trail::none();
        let answered = self.look_up(organization, question, &mut trail).await;
        let told = answered.as_ref().map(|(_, told)| told);
        self.tell_of_token(TokenEndpoint::Introspection, organization, &trail, told, began);
        answered.map(|(introspection, _)| introspection)
    }

    async fn look_up(
        &self,
        organization: &OrganizationId,
        question: &TokenQuestion,
        trail: &mut Trail,
    ) -> Result<(Introspection, Told), Refusal> {
        let Asked { organization, client, token } = self.asked(organization, question, trail).await?;
        let cause = match &token {
            Err(problem) => Some(problem.name()),
            Ok(token) if !may_know(client.application(), token) => Some("of-other-client"),
            Ok(token) if self.is_revoked(&organization, token).await? => Some("revoked"),
            Ok(_) => None,
        };
        let token = token.ok();
        Ok(match (&token, cause) {
            (Some(token), None) => (Introspection::active(token), Told::of("active", None, Some(token))),
            _ => (Introspection::inactive(), Told::of("inactive", cause, token.as_ref())),
        })
    }
}
