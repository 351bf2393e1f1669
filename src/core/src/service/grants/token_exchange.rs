//! What a token exchange decides on: the subject token and the actor token, their issuers and keys. The subject token goes
//! the way of an assertion, in the same order; the actor token, if there is one, after it.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};

use super::issued_jwt::IssuedJwt;
use crate::application::Application;
use crate::grants::jwt_bearer::{self, Facts};
use crate::grants::token_exchange::{self, Consent, Request, TypedToken};
use crate::grants::{Actor, Granted, act};
use crate::jwt::{Claims, Verification};
use crate::oauth::{GrantType, Reason, Refusal, Role, in_role};
use crate::ports::Ports;
use crate::service::Service;
use crate::service::issuer_keys::Owner;
use crate::service::registry::CurrentOrganization;
use crate::service::trail::Trail;
use crate::trust::Issuer;
use crate::trust::policy::{self, Asker, Claimed, Terms};
use crate::words::quoted;

impl<P: Ports> Service<P> {
    /// The decision on a request of this application: without a client nothing is exchanged (R29).
    pub(in crate::service) async fn token_exchange(
        &self,
        organization: &Rc<CurrentOrganization>,
        application: &Application,
        request: &Request,
        now: u64,
        trail: &mut Trail,
    ) -> Result<Granted, Refusal> {
        let role = Role::SubjectToken;
        let jwt = IssuedJwt::parse(&request.subject.text, role, trail)?;
        let issuer = self.issuer_of(organization, &jwt, trail).await?;
        let can_be = check_issuer(&issuer, &request.subject, role, trail);
        trail.go_on(can_be)?;
        let terms = Terms {
            urls: &organization.urls,
            asker: Asker::Application(application),
            issuer: &issuer,
            scope: request.scope.as_deref(),
            resources: &request.resources,
        };
        if trail.is_kept() {
            trail.steps_of_policy(policy::explain_admission(terms), jwt_bearer::reason);
        }
        let admitted = trail.go_on(policy::admit(terms).map_err(jwt_bearer::reason))?;
        let mut verification =
            Verification::new(&jwt.unverified, token_exchange::expectations(&terms), now, trail.is_kept());
        let header = verification.check_header().map_err(|problem| in_role(problem, role));
        trail.steps_of_jwt(verification.take_findings(), role);
        trail.go_on(header)?;
        let owner = Owner::of_issuer(&issuer);
        let verified = self.verify(organization, owner, &jwt, &mut verification, now, trail).await;
        let verified = trail.go_on(verified)?;
        let mut actor = None;
        if let Some(token) = &request.actor {
            // Boxed, since most requests have none.
            let found = Box::pin(self.actor(organization, application, token, now, trail)).await;
            // The event is about the subject token.
            trail.vouched_by(&issuer);
            actor = trail.go_on(found)?;
        }
        if trail.is_kept() {
            let claims = verification.claims_to_explain();
            steps_of_consent(&terms, claims, actor.as_ref(), trail);
            trail.steps_of_policy(
                policy::explain_judgement(terms, claims, &Claimed::NOTHING),
                jwt_bearer::reason,
            );
        }
        match (admitted, verified) {
            (Some(terms), Some(assertion)) if !trail.has_failed() => {
                let time_left = jwt_bearer::time_left(issuer.document(), &assertion, now);
                let facts = Facts { organization: &organization.id, terms, assertion, time_left };
                let decided = token_exchange::decide(&facts, actor.as_ref());
                self.judged(GrantType::TokenExchange, &facts, decided, now, trail)
            }
            // An explanation alone comes here.
            _ => Err(trail.refusal()),
        }
    }

    /// Whom an actor token is about. It is verified like a subject token and used up by nothing: all that it does is to name
    /// the actor.
    async fn actor(
        &self,
        organization: &Rc<CurrentOrganization>,
        application: &Application,
        token: &TypedToken,
        now: u64,
        trail: &mut Trail,
    ) -> Result<Actor, Refusal> {
        let role = Role::ActorToken;
        trail.step("R90", "actor token", Ok(()), || {
            "the checks that follow are of the actor token".to_string()
        });
        let jwt = IssuedJwt::parse(&token.text, role, trail)?;
        let issuer = self.issuer_of(organization, &jwt, trail).await?;
        let can_be = check_issuer(&issuer, token, role, trail);
        trail.go_on(can_be)?;
        let asker = Asker::Application(application);
        let terms = Terms { urls: &organization.urls, asker, issuer: &issuer, scope: None, resources: &[] };
        let refused = |problem| role.refusal(jwt_bearer::reason(problem));
        let admitted = policy::admit(terms).map_err(refused);
        step(trail, "R25, R40", "issuer accepted", &admitted, || {
            let does = if admitted.is_ok() { "accepts" } else { "does not accept, or which is disabled" };
            [quoted(&issuer.document().name).as_str(), ", which the application ", does].concat()
        });
        let mut verification =
            Verification::new(&jwt.unverified, token_exchange::expectations(&terms), now, trail.is_kept());
        let header = verification.check_header().map_err(|problem| in_role(problem, role));
        trail.steps_of_jwt(verification.take_findings(), role);
        trail.go_on(header)?;
        let admitted = admitted?;
        let owner = Owner::of_issuer(&issuer);
        let verified = self.verify(organization, owner, &jwt, &mut verification, now, trail).await?;
        let vouched = token_exchange::vouch(&admitted, &verified).map_err(refused);
        step(trail, "R41, R49, R80", "issuer's policy", &vouched, || {
            words_of_policy(&issuer, vouched.is_ok())
        });
        vouched.map(|()| Actor::of(&issuer, &verified))
    }
}

fn step<T>(
    trail: &mut Trail,
    rule: &'static str,
    name: &'static str,
    verdict: &Result<T, Refusal>,
    saw: impl FnOnce() -> String,
) {
    trail.step(rule, name, verdict.as_ref().map(drop).map_err(|refusal| refusal.reason), saw);
}

fn words_of_policy(issuer: &Issuer, vouches: bool) -> String {
    let does = if vouches { "speaks for" } else { "may not speak for" };
    [quoted(&issuer.document().name).as_str(), " ", does, " this actor"].concat()
}

/// R90: whether such tokens of this issuer can be exchanged.
fn check_issuer(issuer: &Issuer, token: &TypedToken, role: Role, trail: &mut Trail) -> Result<(), Refusal> {
    let verdict =
        token_exchange::check_issuer(issuer, token.token_type).map_err(|reason| role.refusal(reason));
    step(trail, "R90", "token exchange", &verdict, || {
        let typ = issuer.document().typ.as_deref();
        let typ = typ.map_or_else(|| "without typ".to_string(), |typ| ["with typ ", &quoted(typ)].concat());
        let has = if issuer.document().token_exchange.is_some() { "has" } else { "has no" };
        let token_type = token.token_type.name();
        alloc::format!("{token_type}; the issuer {has} token_exchange, and is registered {typ}")
    });
    verdict
}

/// R91, R92: who may exchange the token, and whom the new one names.
fn steps_of_consent(terms: &Terms<'_>, claims: &Claims, actor: Option<&Actor>, trail: &mut Trail) {
    let consent = token_exchange::consent(terms, claims, actor);
    trail.step("R91", "consent", consent.map(drop), || {
        let why = match consent {
            Ok(Consent::Audience) => "aud names the application",
            Ok(Consent::AllowedActor) => "actor_claim of the issuer has one of its allowed_actors",
            Ok(Consent::MayAct) => match actor {
                Some(_) => "may_act names the actor",
                None => "may_act names the application",
            },
            Err(_) => "may_act counts and names others; or aud does not name the application, and actor_claim has none of allowed_actors",
        };
        why.to_string()
    });
    let act = act(actor, claims);
    trail.step("R92", "act", act.as_ref().map(drop).map_err(|reason: &Reason| *reason), || {
        let why = match (&act, actor) {
            (Err(_), _) => "act has to be an object, with one in it for each actor before, 4 at most",
            (Ok(None), _) => "nobody acts for the subject but the client",
            (Ok(Some(_)), Some(_)) => "the actor, and within it who acted before",
            (Ok(Some(_)), None) => "who acted before",
        };
        why.to_string()
    });
}
