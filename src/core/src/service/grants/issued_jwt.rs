//! A JWT of a trusted issuer or of an application, in whatever role: who issued it, whose keys those are, and the verification
//! with them.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};

use crate::jose::JwsError;
use crate::json::Value;
use crate::jwt::{Keys, NotJwt, UnverifiedJwt, Verification, VerifiedJwt};
use crate::keys::KeySource;
use crate::oauth::{Reason, Refusal, Role, in_role};
use crate::ports::Ports;
use crate::service::Service;
use crate::service::issuer_keys::Owner;
use crate::service::registry::CurrentOrganization;
use crate::service::trail::Trail;
use crate::trust::Issuer;
use crate::words::quoted;

/// A JWT, and what it is for.
pub(in crate::service) struct IssuedJwt<'a> {
    pub(in crate::service) unverified: UnverifiedJwt<'a>,
    role: Role,
}

impl<'a> IssuedJwt<'a> {
    /// R30 to R32. White space around it is refused here as everywhere; an explanation goes on with what is inside, so
    /// that whoever has a line end too much learns the rest as well.
    pub(in crate::service) fn parse(text: &'a str, role: Role, trail: &mut Trail) -> Result<Self, Refusal> {
        let (rule, name) = ("R30-R32", "well-formed");
        let error = match UnverifiedJwt::parse(text) {
            Ok(unverified) => {
                trail.step(rule, name, Ok(()), || "a signed JWT in compact form".to_string());
                return Ok(Self { unverified, role });
            }
            Err(error) => error,
        };
        let refusal = in_role(error.problem(), role);
        trail.step(rule, name, Err(refusal.reason), || error.to_string());
        let around = matches!(error, NotJwt::Form(JwsError::LineBreakAtEnd | JwsError::WhiteSpace { .. }));
        if !around || !trail.is_kept() {
            return Err(refusal);
        }
        match UnverifiedJwt::parse(text.trim()) {
            Ok(unverified) => Ok(Self { unverified, role }),
            Err(_) => Err(refusal),
        }
    }
}

impl<P: Ports> Service<P> {
    /// R40: the trusted issuer that the JWT names.
    pub(in crate::service) async fn issuer_of(
        &self,
        organization: &Rc<CurrentOrganization>,
        jwt: &IssuedJwt<'_>,
        trail: &mut Trail,
    ) -> Result<Rc<Issuer>, Refusal> {
        let found = match jwt.unverified.issuer() {
            Ok(issuer) => match self.registry.current_issuer(organization, issuer).await {
                Err(refusal) if refusal.reason == Reason::IssuerUnknown => {
                    Err(jwt.role.refusal(refusal.reason))
                }
                found => found,
            },
            Err(problem) => Err(in_role(problem, jwt.role)),
        };
        if let Ok(issuer) = &found {
            trail.vouched_by(issuer);
        }
        if trail.is_kept() {
            step_of_issuer(jwt.unverified.iss(), &found, trail);
        }
        found
    }

    /// The verified JWT, with keys that are fetched if need be, and fetched again where a newer one could change the
    /// verdict (R52).
    pub(in crate::service) async fn verify<'a>(
        &self,
        organization: &Rc<CurrentOrganization>,
        owner: Owner<'_>,
        jwt: &IssuedJwt<'_>,
        verification: &mut Verification<'a>,
        now: u64,
        trail: &mut Trail,
    ) -> Result<VerifiedJwt<'a>, Refusal> {
        let (signatures, have_kid) = (self.shell.ports.signatures(), owner.keys().has_kid());
        let keys = if trail.has_failed() {
            self.issuer_keys.keys_at_hand(organization, owner).await
        } else {
            self.issuer_keys.of(organization, owner, jwt.unverified.header(), now).await
        };
        let keys = match keys {
            Ok(keys) => keys,
            Err(refusal) => {
                return self.without_keys(organization, owner, jwt, verification, refusal, trail).await;
            }
        };
        let mut verified = verification.verify(Keys { keys: &keys, have_kid }, signatures);
        if let Err(problem) = &verified
            && problem.may_be_of_an_old_key()
            && !trail.has_failed()
        {
            match self.issuer_keys.newer_keys(organization, owner, &keys, now).await {
                Ok(None) => {}
                Ok(Some(keys)) => verified = verification.verify(Keys { keys: &keys, have_kid }, signatures),
                Err(refusal) => {
                    return self.without_keys(organization, owner, jwt, verification, refusal, trail).await;
                }
            }
        }
        if trail.is_kept() {
            self.step_of_keys(organization, owner, None, trail).await?;
            trail.steps_of_jwt(verification.take_findings(), jwt.role);
        }
        verified.map_err(|problem| in_role(problem, jwt.role))
    }

    /// Nothing can be said of the key and the signature then; an explanation tells the rest.
    async fn without_keys<'a>(
        &self,
        organization: &Rc<CurrentOrganization>,
        owner: Owner<'_>,
        jwt: &IssuedJwt<'_>,
        verification: &mut Verification<'_>,
        refusal: Refusal,
        trail: &mut Trail,
    ) -> Result<VerifiedJwt<'a>, Refusal> {
        if trail.is_kept() {
            verification.explain_claims();
            self.step_of_keys(organization, owner, Some(&refusal), trail).await?;
            trail.steps_of_jwt(verification.take_findings(), jwt.role);
        }
        Err(refusal)
    }

    /// R51 to R54, R56: what there is of the owner's keys, which were skipped, and why the last fetch brought none.
    async fn step_of_keys(
        &self,
        organization: &Rc<CurrentOrganization>,
        owner: Owner<'_>,
        refusal: Option<&Refusal>,
        trail: &mut Trail,
    ) -> Result<(), Refusal> {
        let document = self.issuer_keys.stored_document(organization, owner).await?;
        let metadata = self.issuer_keys.stored_metadata(organization, owner).await?;
        let is_discovered = matches!(owner.keys(), KeySource::Discovery(_));
        let knows_endpoint = !is_discovered || metadata.as_ref().is_some_and(|one| one.jwks_uri().is_some());
        let cause = refusal.and_then(|refusal| refusal.cause.as_deref());
        let saw = match (&document, cause) {
            (Some(document), _) if !document.keys.is_empty() => document.to_string(),
            // Its metadata says in the cause that it is at fault.
            (_, Some(cause)) if !knows_endpoint => cause.to_string(),
            (_, Some(cause)) => format!("the {}'s JWKS endpoint: {cause}", owner.noun()),
            (Some(document), None) => document.to_string(),
            (None, None) if refusal.is_some() => {
                format!("the {}'s JWKS endpoint: no document yet", owner.noun())
            }
            // Keys that were registered.
            (None, None) => return Ok(()),
        };
        let by = if is_discovered { "by discovery: " } else { "" };
        let problem = metadata.filter(|_| knows_endpoint).and_then(|one| one.stored.problem.clone());
        let saw = match problem {
            Some(problem) => format!("{by}{saw}; when it was last fetched, {problem}"),
            None => format!("{by}{saw}"),
        };
        let verdict = refusal.map_or(Ok(()), |refusal| Err(refusal.reason));
        trail.step("R51-R53", "keys available", verdict, || saw);
        Ok(())
    }
}

fn step_of_issuer(iss: Option<&Value>, found: &Result<Rc<Issuer>, Refusal>, trail: &mut Trail) {
    let named = || match iss {
        None => "no iss".to_string(),
        Some(Value::String(issuer)) => format!("iss {}", quoted(issuer)),
        Some(other) => format!("iss is {}; a string is wanted", other.kind()),
    };
    let saw: String = match found {
        Ok(issuer) => format!("{} is the trusted issuer {}", named(), quoted(&issuer.document().name)),
        Err(Refusal { reason: Reason::StoreUnavailable, cause: Some(cause), .. }) => {
            // It is known, or not: nobody can say.
            let refused = Err(Reason::StoreUnavailable);
            return trail
                .step("R74", "issuer's record readable", refused, || format!("{}; {cause}", named()));
        }
        // The store fails: nothing is known of the issuer, and the explanation ends.
        Err(refusal) if refusal.reason == Reason::StoreUnavailable => return,
        Err(_) if matches!(iss, Some(Value::String(_))) => format!(
            "{}, and no trusted issuer has exactly this value: case and a slash at the end count",
            named()
        ),
        Err(_) => named(),
    };
    trail.step("R40", "issuer known", found.as_ref().map(drop).map_err(|refusal| refusal.reason), || saw);
}
