//! What the JWT bearer grant decides on: the assertion, its issuer and its keys, in the order that the design fixes.
//!
//! An explanation goes the same way. It goes on after a refusal, where that leaves something to look at, and fetches no
//! keys from then on: an exchange would not either.

use alloc::rc::Rc;

use super::issued_jwt::IssuedJwt;
use crate::grants::jwt_bearer::{self, Facts, Request};
use crate::grants::{Granted, id_jag};
use crate::jwt::{Bound, Expectations, Verification};
use crate::oauth::{GrantType, Refusal, Role, in_role};
use crate::ports::Ports;
use crate::proof::ProofKey;
use crate::service::Service;
use crate::service::issuer_keys::Owner;
use crate::service::registry::CurrentOrganization;
use crate::service::trail::Trail;
use crate::trust::policy::{self, Asker, Terms};

impl<P: Ports> Service<P> {
    /// The decision on a request, for whoever asks.
    pub(in crate::service) async fn jwt_bearer(
        &self,
        organization: &Rc<CurrentOrganization>,
        asker: Asker<'_>,
        request: &Request,
        proved: Option<&ProofKey>,
        now: u64,
        trail: &mut Trail,
    ) -> Result<Granted, Refusal> {
        let role = Role::Assertion;
        let jwt = IssuedJwt::parse(&request.assertion, role, trail)?;
        let issuer = self.issuer_of(organization, &jwt, trail).await?;
        let terms = Terms {
            urls: &organization.urls,
            asker,
            issuer: &issuer,
            scope: request.scope.as_deref(),
            resources: &request.resources,
        };
        if trail.is_kept() {
            trail.steps_of_policy(policy::explain_admission(terms), jwt_bearer::reason);
        }
        let admitted = policy::admit(terms).map_err(jwt_bearer::reason);
        if admitted.is_err() && matches!(asker, Asker::NoClient(_)) {
            // R21, R29: an unknown issuer cost this read.
            self.registry.registered_name(&organization.id, &issuer.document().issuer).await?;
        }
        let admitted = trail.go_on(admitted)?;
        let bound = Bound::To(proved.map(ProofKey::thumbprint));
        let expected = Expectations { bound, ..jwt_bearer::expectations(&terms) };
        let mut verification = Verification::new(&jwt.unverified, expected, now, trail.is_kept());
        let header = verification.check_header().map_err(|problem| in_role(problem, role));
        trail.steps_of_jwt(verification.take_findings(), role);
        trail.go_on(header)?;
        let owner = Owner::of_issuer(&issuer);
        let verified = self.verify(organization, owner, &jwt, &mut verification, now, trail).await;
        let verified = trail.go_on(verified)?;
        if trail.is_kept() {
            let claims = verification.claims_to_explain();
            let (found, read) = id_jag::explain(&terms, claims);
            trail.steps_of_grant(found);
            let found = policy::explain_judgement(terms, claims, &read.claimed);
            trail.steps_of_policy(found, jwt_bearer::reason);
        }
        match (admitted, verified) {
            (Some(terms), Some(assertion)) if !trail.has_failed() => {
                let time_left = jwt_bearer::time_left(issuer.document(), &assertion, now);
                let facts = Facts { organization: &organization.id, terms, assertion, time_left };
                self.judged(GrantType::JwtBearer, &facts, jwt_bearer::decide(&facts), now, trail)
            }
            // An explanation alone comes here.
            _ => Err(trail.refusal()),
        }
    }
}
