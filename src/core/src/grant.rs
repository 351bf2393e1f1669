//! The grant: every check of an exchange after its facts have been gathered, in their order.
//!
//! [`evaluate`] is pure: the same facts at the same second give the same decision. It reads like the
//! rule book, one line a rule; what a check saw is told by [`explain`] from the same list.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::application::Application;
use crate::assertion::{self, Assertion};
use crate::jose::digest;
use crate::jose::json::Value;
use crate::jose::jwk::VerificationKey;
use crate::jose::signatures::Signatures;
use crate::organization::OrganizationUrls;
use crate::refusal::Reason;
use crate::scope::Scope;
use crate::trust::{IssuerKeys, MOST_CLOCK_SKEW, Replay, TrustedIssuer};

/// How many keys are tried for an assertion (R48).
const MOST_KEYS: usize = 16;

/// All that a decision depends on.
pub struct Facts<'a> {
    /// The organization's own URLs.
    pub urls: &'a OrganizationUrls,
    /// The authenticated application.
    pub application: &'a Application,
    /// The issuer that the assertion names.
    pub issuer: &'a TrustedIssuer,
    /// Where its keys come from.
    pub source: &'a IssuerKeys,
    /// Its keys at this moment.
    pub keys: &'a [VerificationKey],
    /// The assertion.
    pub assertion: &'a Assertion<'a>,
    /// The scope asked for, unparsed.
    pub scope: Option<&'a str>,
    /// The resource asked for.
    pub resource: Option<&'a str>,
    /// The implementation of signature checks.
    pub signatures: &'a dyn Signatures,
    /// The time: seconds since 1970.
    pub now: u64,
}

/// One check of the grant.
pub struct Check {
    /// The rules it enforces.
    pub rule: &'static str,
    /// Its name, for people.
    pub name: &'static str,
    run: fn(&Facts<'_>) -> Result<(), Reason>,
    saw: fn(&Facts<'_>) -> String,
}

/// The checks, in the order in which they run.
pub const CHECKS: &[Check] = &[
    Check { rule: "R40", name: "issuer enabled", run: issuer_enabled, saw: saw_issuer },
    Check { rule: "R25", name: "issuer accepted by the application", run: issuer_accepted, saw: saw_issuer },
    Check { rule: "R31", name: "algorithm allowed", run: algorithm_allowed, saw: saw_algorithm },
    Check { rule: "R34", name: "typ", run: |f| assertion::typ(f.assertion.header(), f.issuer), saw: saw_typ },
    Check { rule: "R47, R48", name: "key", run: key_found, saw: saw_keys },
    Check { rule: "R33", name: "signature", run: signature_verifies, saw: saw_algorithm },
    Check { rule: "R41", name: "sub", run: |f| assertion::subject(f.assertion.claims()), saw: saw_nothing },
    Check {
        rule: "R42",
        name: "aud",
        run: |f| assertion::audience(f.assertion.claims(), f.issuer, f.urls),
        saw: saw_audience,
    },
    Check {
        rule: "R43",
        name: "exp",
        run: |f| assertion::expiry(f.assertion.claims(), f.issuer, f.now),
        saw: |f| saw_time(f, "exp"),
    },
    Check {
        rule: "R44",
        name: "nbf",
        run: |f| assertion::not_before(f.assertion.claims(), f.issuer, f.now),
        saw: |f| saw_time(f, "nbf"),
    },
    Check {
        rule: "R44",
        name: "iat",
        run: |f| assertion::issued_at(f.assertion.claims(), f.issuer, f.now),
        saw: |f| saw_time(f, "iat"),
    },
    Check {
        rule: "R46",
        name: "jti",
        run: |f| assertion::jwt_id(f.assertion.claims(), f.issuer),
        saw: saw_jwt_id,
    },
    Check {
        rule: "R41",
        name: "sub allowed",
        run: |f| assertion::subject_is_allowed(f.assertion.claims(), f.issuer),
        saw: saw_nothing,
    },
    Check {
        rule: "R49",
        name: "claim conditions",
        run: |f| assertion::claim_conditions(f.assertion.claims(), f.issuer),
        saw: saw_conditions,
    },
    Check { rule: "R61", name: "scope", run: |f| granted_scope(f).map(drop), saw: saw_scope },
    Check { rule: "R63", name: "resource", run: |f| audience_of_token(f).map(drop), saw: saw_resource },
];

/// What is granted: only [`evaluate`] makes one, after every check has passed.
pub struct Grant {
    subject: String,
    scope: Scope,
    tell_scope: bool,
    audience: Vec<String>,
    mapped: Vec<(String, Value)>,
    replay: Option<ReplayMark>,
}

/// By what an assertion is known again (R45).
pub struct ReplayMark {
    /// Whether it has a `jti`; the same one may then come back under another `exp`.
    pub by_jwt_id: bool,
    /// A digest of organization, issuer and `jti`, or of the signed part.
    pub digest: String,
    /// Until when it must be remembered, whatever becomes of the issuer's `clock_skew` meanwhile: seconds since
    /// 1970. It depends on the assertion alone, so that the same one is looked for where it was marked.
    pub until: u64,
}

impl Grant {
    /// The resource owner.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The scope granted.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether the answer has to state the scope (R60).
    pub fn tells_scope(&self) -> bool {
        self.tell_scope
    }

    /// `aud` of the access token.
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// The claims carried over from the assertion.
    pub fn mapped(&self) -> &[(String, Value)] {
        &self.mapped
    }

    /// What to reserve before anything is issued; `None` where the issuer allows repetition.
    pub fn replay(&self) -> Option<&ReplayMark> {
        self.replay.as_ref()
    }
}

/// The checks that need no key, for a first look: what they refuse never causes a fetch.
pub fn admit(facts: &Facts<'_>) -> Result<(), Reason> {
    CHECKS.iter().take_while(|check| check.name != "key").try_for_each(|check| (check.run)(facts))
}

/// The decision on an exchange.
pub fn evaluate(facts: &Facts<'_>) -> Result<Grant, Reason> {
    for check in CHECKS {
        (check.run)(facts)?;
    }
    let claims = facts.assertion.claims();
    let scope = granted_scope(facts)?;
    Ok(Grant {
        subject: claims.subject()?.to_string(),
        tell_scope: !scope.is_empty() && facts.scope != Some(scope.to_text().as_str()),
        scope,
        audience: audience_of_token(facts)?,
        mapped: mapped_claims(facts),
        replay: replay_mark(facts)?,
    })
}

/// What one check found, for people who look into a refusal.
pub struct Finding {
    /// The check.
    pub check: &'static Check,
    /// Its verdict.
    pub verdict: Result<(), Reason>,
    /// What it looked at: nothing secret or personal (R3).
    pub saw: String,
}

/// Runs every check, whatever the others found.
pub fn explain(facts: &Facts<'_>) -> Vec<Finding> {
    CHECKS
        .iter()
        .map(|check| Finding { check, verdict: (check.run)(facts), saw: (check.saw)(facts) })
        .collect()
}

fn issuer_enabled(facts: &Facts<'_>) -> Result<(), Reason> {
    if facts.issuer.enabled { Ok(()) } else { Err(Reason::IssuerUnknown) }
}

fn issuer_accepted(facts: &Facts<'_>) -> Result<(), Reason> {
    let accepted = facts.application.metadata.accepts_issuer(&facts.issuer.name);
    if accepted { Ok(()) } else { Err(Reason::IssuerNotAllowed) }
}

fn algorithm_allowed(facts: &Facts<'_>) -> Result<(), Reason> {
    let algorithm = facts.assertion.header().algorithm;
    let listed = facts.issuer.algorithms.as_ref().is_none_or(|list| list.contains(&algorithm));
    if listed { Ok(()) } else { Err(Reason::AlgorithmNotAllowed) }
}

fn key_found(facts: &Facts<'_>) -> Result<(), Reason> {
    if fitting_keys(facts).next().is_some() {
        return Ok(());
    }
    // R31 and not R48, where the issuer has the key, but of another type or curve than `alg` says.
    let of_other_type =
        named_keys(facts).next().is_some_and(|key| !key.fits(facts.assertion.header().algorithm));
    Err(if of_other_type { Reason::AlgorithmNotAllowed } else { Reason::KeyUnknown })
}

fn signature_verifies(facts: &Facts<'_>) -> Result<(), Reason> {
    let (algorithm, assertion) = (facts.assertion.header().algorithm, facts.assertion);
    let verifies = |key: &VerificationKey| {
        let verdict = facts.signatures.verify(
            algorithm,
            &key.material,
            assertion.signing_input(),
            assertion.signature(),
        );
        verdict.is_ok()
    };
    if fitting_keys(facts).any(verifies) { Ok(()) } else { Err(Reason::SignatureInvalid) }
}

/// The keys that the assertion's `kid` names (R48). Certificates have no `kid` of the issuer's.
fn named_keys<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a VerificationKey> {
    let kid = match facts.source {
        IssuerKeys::Certificate(_) => None,
        _ => facts.assertion.header().kid.as_deref(),
    };
    facts.keys.iter().filter(move |key| kid.is_none() || key.kid.as_deref() == kid)
}

/// The keys that are tried: named, of fitting type, valid now (R47), a bounded number.
fn fitting_keys<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a VerificationKey> {
    let (algorithm, now) = (facts.assertion.header().algorithm, facts.now);
    let fits = move |key: &&VerificationKey| {
        let in_time = key.validity.as_ref().is_none_or(|validity| validity.contains(now));
        key.fits(algorithm) && in_time
    };
    named_keys(facts).filter(fits).take(MOST_KEYS)
}

/// R61: what was asked for, within what may be granted; else all that may be granted.
fn granted_scope(facts: &Facts<'_>) -> Result<Scope, Reason> {
    let own = Scope::parse(&facts.application.metadata.scope)?;
    let grantable = facts.issuer.scope_cap().map_or_else(|| own.clone(), |cap| own.cut_to(&cap));
    match facts.scope {
        None => Ok(grantable),
        Some(asked) => {
            let asked = Scope::parse(asked)?;
            if asked.is_within(&grantable) { Ok(asked) } else { Err(Reason::ScopeNotAllowed) }
        }
    }
}

/// R62, R63: the resource asked for, else the application's audience, else ourselves.
fn audience_of_token(facts: &Facts<'_>) -> Result<Vec<String>, Reason> {
    let own = facts.application.metadata.audience.as_ref().map(|audience| audience.as_slice());
    match (facts.resource, own) {
        (None, Some(own)) => Ok(own.to_vec()),
        (None, None) => Ok(Vec::from([facts.urls.issuer.clone()])),
        (Some(asked), own) if own.unwrap_or_default().iter().any(|known| known == asked) => {
            Ok(Vec::from([asked.to_string()]))
        }
        (Some(asked), None) if asked == facts.urls.issuer => Ok(Vec::from([asked.to_string()])),
        _ => Err(Reason::ResourceUnknown),
    }
}

fn mapped_claims(facts: &Facts<'_>) -> Vec<(String, Value)> {
    let claims = facts.assertion.claims().object();
    let mappings = facts.issuer.claim_mappings.iter();
    mappings.filter_map(|(from, to)| claims.get(from).map(|value| (to.clone(), value.clone()))).collect()
}

/// R45: never the raw token, since an ECDSA signature can be varied without the key.
fn replay_mark(facts: &Facts<'_>) -> Result<Option<ReplayMark>, Reason> {
    if facts.issuer.replay == Replay::Allow {
        return Ok(None);
    }
    let claims = facts.assertion.claims();
    let jwt_id = claims.jwt_id()?;
    let (kind, identity) = match jwt_id {
        Some(jwt_id) => ("jti", digest::sha256_base64url(jwt_id.as_bytes())),
        None => ("signed", digest::sha256_base64url(facts.assertion.signing_input())),
    };
    let issuer = digest::sha256_base64url(facts.issuer.issuer.as_bytes());
    let digest =
        digest::sha256_base64url(format!("{}\n{issuer}\n{kind}\n{identity}", facts.urls.issuer).as_bytes());
    // The value is finite, not negative and at most a day ahead: R43 has passed.
    let expiry = claims.expiry()? as u64 + 1;
    Ok(Some(ReplayMark { by_jwt_id: jwt_id.is_some(), digest, until: expiry + u64::from(MOST_CLOCK_SKEW) }))
}

fn saw_nothing(_: &Facts<'_>) -> String {
    String::new()
}

fn saw_issuer(facts: &Facts<'_>) -> String {
    format!("trusted issuer {:?}, enabled: {}", facts.issuer.name, facts.issuer.enabled)
}

fn saw_algorithm(facts: &Facts<'_>) -> String {
    format!("alg {}", facts.assertion.header().algorithm.name())
}

fn saw_typ(facts: &Facts<'_>) -> String {
    format!("typ {:?}, expected {:?}", facts.assertion.header().typ, facts.issuer.typ)
}

fn saw_keys(facts: &Facts<'_>) -> String {
    let (named, fitting) = (named_keys(facts).count(), fitting_keys(facts).count());
    let kid = &facts.assertion.header().kid;
    format!(
        "kid {kid:?}: {} keys of the issuer, {named} named, {fitting} that fit and are valid",
        facts.keys.len()
    )
}

fn saw_audience(facts: &Facts<'_>) -> String {
    let (urls, alias) = (facts.urls, &facts.issuer.alias);
    let aud = facts.assertion.claims().audience().unwrap_or_default();
    format!("aud {aud:?}, accepted {:?}, {:?}, alias {alias:?}", urls.issuer, urls.token_endpoint)
}

fn saw_time(facts: &Facts<'_>, name: &str) -> String {
    let value = match facts.assertion.claims().object().get(name) {
        None => "absent".to_string(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => "not a number".to_string(),
    };
    let (skew, most) = (facts.issuer.clock_skew, facts.issuer.max_lifetime);
    format!("{name} {value}, now {}, clock_skew {skew}, max_lifetime {most}", facts.now)
}

fn saw_jwt_id(facts: &Facts<'_>) -> String {
    let there = facts.assertion.claims().object().get("jti").is_some();
    format!("jti present: {there}, required: {}", facts.issuer.require_jti)
}

fn saw_conditions(facts: &Facts<'_>) -> String {
    let claims = facts.assertion.claims().object();
    let failing = facts.issuer.claims.iter().filter(|condition| !condition.holds(claims));
    let names: Vec<&str> = failing.map(|condition| condition.claim.as_str()).collect();
    format!("{} conditions, failing on {names:?}", facts.issuer.claims.len())
}

fn saw_scope(facts: &Facts<'_>) -> String {
    let own = &facts.application.metadata.scope;
    format!("asked {:?}, application {own:?}, issuer's cap {:?}", facts.scope, facts.issuer.scopes)
}

fn saw_resource(facts: &Facts<'_>) -> String {
    format!("asked {:?}", facts.resource)
}
