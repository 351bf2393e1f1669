//! Who asks: the application that what a client presents proves it to be (R20 to R28).

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};

use super::Service;
use super::grants::IssuedJwt;
use super::issuer_keys::Owner;
use super::record::Key;
use super::registry::CurrentOrganization;
use super::trail::Trail;
use crate::application::{Application, ClientKeys};
use crate::client_auth::{
    AuthenticatedClient, ClientAssertion, ClientSecret, Presented, by_secret, private_key_jwt,
};
use crate::jwt::{Mark, Verification};
use crate::oauth::{Reason, Refusal, Role, in_role};
use crate::ports::{Ports, Store as _};
use crate::trust::Issuer;
use crate::words::quoted;

/// The application that a client assertion names, and the trusted issuer that is to vouch for it (R28).
struct Named {
    application: Rc<Application>,
    issuer: Option<Rc<Issuer>>,
}

impl<P: Ports> Service<P> {
    /// The client. Nothing is used up yet.
    pub(super) async fn authenticate(
        &self,
        organization: &Rc<CurrentOrganization>,
        presented: &Presented,
        now: u64,
        trail: &mut Trail,
    ) -> Result<AuthenticatedClient, Refusal> {
        match presented {
            Presented::Secret(secret) => self.authenticate_by_secret(organization, secret, trail).await,
            // Boxed, so that the future of an exchange by secret is not as large as this one.
            Presented::Assertion(assertion) => {
                Box::pin(self.authenticate_by_jwt(organization, assertion, now, trail)).await
            }
        }
    }

    /// R20 to R23: by a secret. Every failure looks the same and takes the same work.
    async fn authenticate_by_secret(
        &self,
        organization: &CurrentOrganization,
        secret: &ClientSecret,
        trail: &mut Trail,
    ) -> Result<AuthenticatedClient, Refusal> {
        let client_id = secret.client_id.as_str();
        let (application, was_kept) = self.registry.current_application(organization, client_id).await?;
        trail.asked_by(application.as_ref());
        match by_secret(secret, application) {
            Ok(client) => Ok(client),
            Err(reason) => {
                if was_kept {
                    // An unknown client cost this read.
                    self.shell.ports.registry().get(&Key::application(&organization.id, client_id)).await?;
                }
                Err(reason.into())
            }
        }
    }

    /// R27, R28: by a JWT, in the order of an assertion: its form, whose it is, its header, key and signature, its claims,
    /// and that it was not used before. It is reserved when all else has passed, before the grant's own mark.
    pub(super) async fn authenticate_by_jwt(
        &self,
        organization: &Rc<CurrentOrganization>,
        presented: &ClientAssertion,
        now: u64,
        trail: &mut Trail,
    ) -> Result<AuthenticatedClient, Refusal> {
        let role = Role::ClientAssertion;
        let jwt = IssuedJwt::parse(presented.assertion(), role, trail)?;
        let named = self.named_client(organization, presented, &jwt, trail).await;
        step_of_client(presented, &named, trail);
        let Named { application, issuer } = named?;
        let issuer = issuer.as_deref();
        let owner = issuer.map(Owner::of_issuer).or_else(|| Owner::of_application(&application));
        let owner = owner.ok_or_else(|| role.refusal(Reason::KeyUnknown))?;
        let expected = private_key_jwt::expectations(&application, issuer, &organization.urls);
        let mut verification = Verification::new(&jwt.unverified, expected, now, trail.is_kept());
        let header = verification.check_header().map_err(|problem| in_role(problem, role));
        trail.steps_of_jwt(verification.take_findings(), role);
        trail.go_on(header)?;
        let verified = self.verify(organization, owner, &jwt, &mut verification, now, trail).await;
        let verified = trail.go_on(verified)?;
        if trail.is_kept() {
            let claims = verification.claims_to_explain();
            let names = private_key_jwt::check_names(&application, issuer, claims);
            let refused = |reason| role.refusal(reason).reason;
            trail.step("R27, R28", "iss and sub", names.map_err(refused), || {
                words_of_names(names).to_string()
            });
        }
        // An explanation alone goes on without one.
        let Some(verified) = verified else { return Err(trail.refusal()) };
        let client =
            private_key_jwt::authenticate(&organization.id, Rc::clone(&application), issuer, &verified)
                .map_err(|reason| role.refusal(reason))?;
        if let Some(mark) = client.mark() {
            // Whoever has seen one on its way must not ask questions with it.
            let is_used = self.spent.is_reserved(mark, now).await?;
            let verdict = if is_used { Err(role.refusal(Reason::Replayed)) } else { Ok(()) };
            let told = verdict.as_ref().map(drop).map_err(|refusal| refusal.reason);
            trail.step("R27, R45", "not used before", told, || {
                let was = if is_used { "was" } else { "was not" };
                format!("a client assertion of this application with this jti {was} used before")
            });
            verdict?;
        }
        Ok(client)
    }

    /// R27: once for each client; the grant's own mark comes after it.
    pub(super) async fn reserve_client(&self, mark: &Mark, now: u64) -> Result<(), Refusal> {
        self.spent.reserve(mark, now).await.map_err(|refusal| match refusal.reason {
            reason @ Reason::Replayed => Role::ClientAssertion.refusal(reason),
            _ => refusal,
        })
    }

    /// The application that the client says it is, where a JWT of this `iss` can be one of it.
    async fn named_client(
        &self,
        organization: &CurrentOrganization,
        presented: &ClientAssertion,
        jwt: &IssuedJwt<'_>,
        trail: &mut Trail,
    ) -> Result<Named, Refusal> {
        let role = Role::ClientAssertion;
        let unknown = || role.refusal(Reason::IssuerUnknown);
        let iss = jwt.unverified.issuer();
        let client_id = presented.client_id().or_else(|| iss.ok()).ok_or_else(unknown)?;
        let (application, _) = self.registry.current_application(organization, client_id).await?;
        trail.asked_by(application.as_ref());
        let application = application.ok_or_else(unknown)?;
        let iss = iss.map_err(|problem| in_role(problem, role))?;
        let issuer = match application.keys() {
            Some(ClientKeys::Federated) => match self.registry.current_issuer(organization, iss).await {
                Ok(issuer) => Some(issuer),
                Err(refusal) if refusal.reason == Reason::IssuerUnknown => return Err(unknown()),
                Err(refusal) => return Err(refusal),
            },
            _ => None,
        };
        private_key_jwt::admit(presented, &application, issuer.as_deref(), iss)
            .map_err(|reason| role.refusal(reason))?;
        Ok(Named { application, issuer })
    }
}

fn step_of_client(presented: &ClientAssertion, named: &Result<Named, Refusal>, trail: &mut Trail) {
    if !trail.is_kept() {
        return;
    }
    let given = match presented.client_id() {
        Some(client_id) => format!("client_id {}", quoted(client_id)),
        None => "no client_id beside it: iss names the application".to_string(),
    };
    let saw: String = match named {
        Ok(Named { issuer: Some(issuer), .. }) => {
            format!("{given}; the trusted issuer {} vouches for it", quoted(&issuer.document().name))
        }
        Ok(_) => format!("{given}; it has keys of its own"),
        Err(refusal) if refusal.reason == Reason::ClientAssertionRefused => {
            format!("{given}; there is no such application, or it does not authenticate by JWTs of this iss")
        }
        // The store fails, and the explanation ends.
        Err(_) => return,
    };
    trail.step(
        "R27, R28",
        "client known",
        named.as_ref().map(drop).map_err(|refusal| refusal.reason),
        || saw,
    );
}

const fn words_of_names(names: Result<(), Reason>) -> &'static str {
    match names {
        Ok(()) => "both are those of the application",
        Err(Reason::IssuerUnknown) => "iss is not the one that authenticates this application",
        Err(_) => "sub is not the one that authenticates this application",
    }
}
