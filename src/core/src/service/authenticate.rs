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
    AuthenticatedClient, ClientAssertion, ClientAssertionType, ClientSecret, NotVouchedFor, Presented,
    Voucher, by_jwt, by_secret,
};
use crate::jwt::{Claims, Mark, Verification};
use crate::oauth::{Reason, Refusal, Role, in_role};
use crate::ports::{Ports, Store as _};
use crate::words::quoted;

/// The application that a client assertion names, and who is to vouch for it.
struct Named {
    application: Rc<Application>,
    voucher: Voucher,
}

/// Why there is none.
enum NotNamed {
    /// The JWT can't be one of it.
    NotVouchedFor(NotVouchedFor),
    /// Its `iss` can't be read.
    NoIssuer(Refusal),
    /// The store fails, or a record can't be read.
    Unavailable(Refusal),
}

impl NotNamed {
    fn into_refusal(self) -> Refusal {
        match self {
            Self::NotVouchedFor(problem) => Refusal {
                cause: Some(problem.to_string()),
                ..Role::ClientAssertion.refusal(Reason::IssuerUnknown)
            },
            Self::NoIssuer(refusal) | Self::Unavailable(refusal) => refusal,
        }
    }
}

impl From<NotVouchedFor> for NotNamed {
    fn from(problem: NotVouchedFor) -> Self {
        Self::NotVouchedFor(problem)
    }
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
        let Named { application, voucher } = named.map_err(NotNamed::into_refusal)?;
        let owner = voucher.issuer().map(Owner::of_issuer).or_else(|| Owner::of_application(&application));
        let owner = owner.ok_or_else(|| role.refusal(Reason::KeyUnknown))?;
        let expected = by_jwt::expectations(&application, &voucher, &organization.urls);
        let mut verification = Verification::new(&jwt.unverified, expected, now, trail.is_kept());
        let header = verification.check_header().map_err(|problem| in_role(problem, role));
        trail.steps_of_jwt(verification.take_findings(), role);
        trail.go_on(header)?;
        let verified = self.verify(organization, owner, &jwt, &mut verification, now, trail).await;
        let verified = trail.go_on(verified)?;
        if trail.is_kept() {
            let claims = verification.claims_to_explain();
            let names = by_jwt::check_names(&application, &voucher, claims);
            let refused = |reason| role.refusal(reason).reason;
            trail.step("R27, R28", "iss and sub", names.map_err(refused), || {
                words_of_names(names, &voucher, claims)
            });
            trail.step_of_enabled(&application, refused(Reason::ClientUnauthenticated));
        }
        // An explanation alone goes on without one.
        let Some(verified) = verified else { return Err(trail.refusal()) };
        let client = by_jwt::authenticate(&organization.id, Rc::clone(&application), &voucher, &verified)
            .map_err(|reason| role.refusal(reason))?;
        if let Some(mark) = client.mark() {
            // Whoever has seen one on its way must not ask questions with it.
            let is_used = self.spent.is_reserved(mark, now).await?;
            let verdict = if is_used { Err(role.refusal(Reason::Replayed)) } else { Ok(()) };
            let told = verdict.as_ref().map(drop).map_err(|refusal| refusal.reason);
            trail.step("R27, R45", "not used before", told, || {
                let was = if is_used { "was" } else { "was not" };
                let what = match voucher.issuer_of_one_use() {
                    Some(_) => "a JWT of this issuer",
                    None => "a client assertion of this application",
                };
                format!("{what} with this jti {was} used before")
            });
            verdict?;
        } else {
            trail.step("R28", "not used before", Ok(()), || {
                "a JWT-SVID without jti may be used again until it expires".to_string()
            });
        }
        Ok(client)
    }

    /// R27, R28: once; the grant's own mark comes after it.
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
    ) -> Result<Named, NotNamed> {
        let is_svid = presented.assertion_type() == ClientAssertionType::JwtSpiffe;
        let iss = jwt.unverified.issuer();
        let client_id = match presented.client_id() {
            None if is_svid => return Err(NotVouchedFor::ClientIdMissing.into()),
            client_id => client_id.or_else(|| iss.ok()).ok_or(NotVouchedFor::OtherWay)?,
        };
        let application = self.registry.current_application(organization, client_id).await;
        let (application, _) = application.map_err(|error| NotNamed::Unavailable(error.into()))?;
        trail.asked_by(application.as_ref());
        let application = application.ok_or(NotVouchedFor::OtherWay)?;
        let iss = match iss {
            Err(_) if is_svid && jwt.unverified.iss().is_none() => None,
            iss => Some(iss.map_err(|problem| NotNamed::NoIssuer(in_role(problem, Role::ClientAssertion)))?),
        };
        let issuer = match (application.keys(), iss) {
            (Some(ClientKeys::Federated), _) if is_svid => {
                let name = application.metadata().client_assertion_issuer.as_deref().unwrap_or_default();
                Some(self.registry.current_issuer_named(organization, name).await)
            }
            (Some(ClientKeys::Federated), Some(iss)) => {
                Some(self.registry.current_issuer(organization, iss).await)
            }
            _ => None,
        };
        let issuer = issuer.transpose().map_err(|refusal| match refusal.reason {
            Reason::IssuerUnknown => NotVouchedFor::OtherWay.into(),
            _ => NotNamed::Unavailable(refusal),
        })?;
        let voucher = match issuer {
            Some(issuer) if is_svid => Voucher::TrustDomain(issuer),
            Some(issuer) => Voucher::Issuer(issuer),
            // R28: no application is a workload by a key of its own.
            None if is_svid => return Err(NotVouchedFor::OtherWay.into()),
            None => Voucher::Itself,
        };
        by_jwt::admit(presented, &application, &voucher, iss)?;
        Ok(Named { application, voucher })
    }
}

fn step_of_client(presented: &ClientAssertion, named: &Result<Named, NotNamed>, trail: &mut Trail) {
    if !trail.is_kept() {
        return;
    }
    let given = match (presented.client_id(), presented.assertion_type()) {
        (Some(client_id), _) => format!("client_id {}", quoted(client_id)),
        (None, ClientAssertionType::JwtBearer) => {
            "no client_id beside it: iss names the application".to_string()
        }
        (None, ClientAssertionType::JwtSpiffe) => "no client_id beside it".to_string(),
    };
    let (verdict, saw): (_, String) = match named {
        Ok(Named { voucher, .. }) => {
            let voucher = match voucher {
                Voucher::Itself => "it has keys of its own".to_string(),
                Voucher::Issuer(issuer) => {
                    format!("the trusted issuer {} vouches for it", quoted(&issuer.document().name))
                }
                Voucher::TrustDomain(issuer) => format!(
                    "the trusted issuer {} vouches for it, as for a workload of its trust domain {}",
                    quoted(&issuer.document().name),
                    quoted(issuer.document().trust_domain.as_deref().unwrap_or_default()),
                ),
            };
            (Ok(()), format!("{given}; {voucher}"))
        }
        Err(NotNamed::NotVouchedFor(problem)) => (Err(()), format!("{given}; {problem}")),
        Err(NotNamed::NoIssuer(_)) => (Err(()), format!("{given}; iss is absent, or no text")),
        // The store fails, and the explanation ends.
        Err(NotNamed::Unavailable(_)) => return,
    };
    let verdict = verdict.map_err(|()| Reason::ClientAssertionRefused);
    trail.step("R27, R28", "client known", verdict, || saw);
}

fn words_of_names(names: Result<(), Reason>, voucher: &Voucher, claims: &Claims) -> String {
    let of_workload = match voucher {
        Voucher::TrustDomain(issuer) => claims.subject().ok().and_then(|sub| issuer.check_workload(sub)),
        _ => None,
    };
    match (names, of_workload) {
        (Ok(()), _) => "both are those of the application".to_string(),
        (Err(Reason::IssuerUnknown), _) => {
            "iss is not the one that authenticates this application".to_string()
        }
        (Err(_), Some(Err(problem))) => {
            format!("sub must be the SPIFFE ID of a workload in the issuer's trust domain: {problem}")
        }
        (Err(_), _) => "sub is not the one that authenticates this application".to_string(),
    }
}
