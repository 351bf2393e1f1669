//! The grant: every check of an exchange after its facts have been gathered, in their order.
//!
//! [`evaluate`] is pure: the same facts at the same second give the same decision. It reads like the
//! rule book, one line a rule; what a check saw is told by [`explain`] from the same list.

mod saw;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::application::Application;
use crate::jose::Signatures;
use crate::jose::digest;
use crate::jose::key::VerificationKey;
use crate::json::Value;
use crate::jwt::{Assertion, rules};
use crate::keys::KeySource;
use crate::oauth::Reason;
use crate::oauth::Scope;
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::trust::{MOST_CLOCK_SKEW, Replay, TrustedIssuer};

/// How many keys are tried for an assertion (R48).
const MOST_KEYS: usize = 16;
/// How many of them may be RSA keys of more than 4096 bits: each takes as long as several of the others, and an
/// issuer that may choose its keys must not cost everybody else a second.
const MOST_COSTLY_KEYS: usize = 2;

/// All that a decision depends on.
pub struct Facts<'a> {
    /// The organization.
    pub organization: &'a OrganizationId,
    /// The organization's own URLs.
    pub urls: &'a OrganizationUrls,
    /// The authenticated application.
    pub application: &'a Application,
    /// The issuer that the assertion names.
    pub issuer: &'a TrustedIssuer,
    /// Where its keys come from.
    pub source: &'a KeySource,
    /// Its keys at this moment.
    pub keys: &'a [VerificationKey],
    /// The assertion.
    pub assertion: &'a Assertion<'a>,
    /// The scope asked for, unparsed.
    pub scope: Option<&'a str>,
    /// The resources asked for, each once.
    pub resources: &'a [String],
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
    run: fn(&Facts<'_>, &mut Results) -> Result<(), Reason>,
    saw: fn(&Facts<'_>) -> String,
}

/// What checks work out on their way: it makes the grant, so that nothing is worked out twice.
#[derive(Default)]
struct Results {
    scope: String,
    audience: Vec<String>,
}

/// The checks, in the order in which they run.
pub const CHECKS: &[Check] = &[
    Check { rule: "R40", name: "issuer enabled", run: issuer_enabled, saw: saw::issuer_enabled },
    Check {
        rule: "R25",
        name: "issuer accepted by the application",
        run: issuer_accepted,
        saw: saw::issuer_accepted,
    },
    Check { rule: "R31", name: "algorithm allowed", run: algorithm_allowed, saw: saw::algorithm },
    Check {
        rule: "R34, R35",
        name: "typ",
        run: |f, _| rules::typ(f.assertion.header(), f.issuer, f.urls),
        saw: saw::typ,
    },
    Check { rule: "R47, R48", name: "key", run: key_found, saw: saw::keys },
    Check { rule: "R33", name: "signature", run: signature_verifies, saw: saw::signature },
    Check { rule: "R36", name: "cnf", run: |f, _| rules::unbound(f.assertion.claims()), saw: saw::cnf },
    Check { rule: "R41", name: "sub", run: |f, _| rules::subject(f.assertion.claims()), saw: saw::sub },
    Check {
        rule: "R42",
        name: "aud",
        run: |f, _| rules::audience(f.assertion.claims(), f.issuer, f.urls),
        saw: saw::aud,
    },
    Check {
        rule: "R43",
        name: "exp",
        run: |f, _| rules::expiry(f.assertion.claims(), f.issuer, f.now),
        saw: saw::exp,
    },
    Check {
        rule: "R44",
        name: "nbf",
        run: |f, _| rules::not_before(f.assertion.claims(), f.issuer, f.now),
        saw: saw::nbf,
    },
    Check {
        rule: "R44",
        name: "iat",
        run: |f, _| rules::issued_at(f.assertion.claims(), f.issuer, f.now),
        saw: saw::iat,
    },
    Check {
        rule: "R46",
        name: "jti",
        run: |f, _| rules::jwt_id(f.assertion.claims(), f.issuer),
        saw: saw::jti,
    },
    Check {
        rule: "R41",
        name: "sub allowed",
        run: |f, _| rules::subject_is_allowed(f.assertion.claims(), f.issuer),
        saw: saw::sub_allowed,
    },
    Check {
        rule: "R49",
        name: "claim conditions",
        run: |f, _| rules::claim_conditions(f.assertion.claims(), f.issuer),
        saw: saw::conditions,
    },
    Check { rule: "R61", name: "scope", run: grant_scope, saw: saw::scope },
    Check { rule: "R63", name: "resource", run: audience_of_token, saw: saw::resource },
];

/// What is granted: only [`evaluate`] makes one, after every check has passed.
pub struct Grant {
    subject: String,
    scope: String,
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

    /// The scope granted: tokens, separated by single spaces.
    pub fn scope(&self) -> &str {
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
    let mut results = Results::default();
    CHECKS
        .iter()
        .take_while(|check| check.name != "key")
        .try_for_each(|check| (check.run)(facts, &mut results))
}

/// The decision on an exchange.
pub fn evaluate(facts: &Facts<'_>) -> Result<Grant, Reason> {
    let mut results = Results::default();
    for check in CHECKS {
        (check.run)(facts, &mut results)?;
    }
    grant(facts, results)
}

/// Every check has passed.
fn grant(facts: &Facts<'_>, results: Results) -> Result<Grant, Reason> {
    let Results { scope, audience } = results;
    Ok(Grant {
        subject: facts.assertion.claims().subject()?.to_string(),
        tell_scope: !scope.is_empty() && facts.scope != Some(scope.as_str()),
        scope,
        audience,
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

/// Runs every check, whatever the others found; and what is granted where all pass.
pub fn explain(facts: &Facts<'_>) -> (Vec<Finding>, Option<Grant>) {
    let mut results = Results::default();
    let findings: Vec<Finding> = CHECKS
        .iter()
        .map(|check| Finding { check, verdict: (check.run)(facts, &mut results), saw: (check.saw)(facts) })
        .collect();
    let all_pass = findings.iter().all(|finding| finding.verdict.is_ok());
    let granted = if all_pass { grant(facts, results).ok() } else { None };
    (findings, granted)
}

fn issuer_enabled(facts: &Facts<'_>, _: &mut Results) -> Result<(), Reason> {
    if facts.issuer.enabled { Ok(()) } else { Err(Reason::IssuerUnknown) }
}

fn issuer_accepted(facts: &Facts<'_>, _: &mut Results) -> Result<(), Reason> {
    let accepted = facts.application.metadata.accepts_issuer(&facts.issuer.name);
    if accepted { Ok(()) } else { Err(Reason::IssuerNotAllowed) }
}

fn algorithm_allowed(facts: &Facts<'_>, _: &mut Results) -> Result<(), Reason> {
    let algorithm = facts.assertion.header().algorithm;
    let listed = facts.issuer.algorithms.as_ref().is_none_or(|list| list.contains(&algorithm));
    if listed { Ok(()) } else { Err(Reason::AlgorithmNotAllowed) }
}

fn key_found(facts: &Facts<'_>, _: &mut Results) -> Result<(), Reason> {
    if candidates(facts).next().is_some() {
        return Ok(());
    }
    // R31 and not R48, where the issuer has the key, but of another type or curve than `alg` says.
    let of_other_type =
        named_keys(facts).next().is_some_and(|key| !key.fits(facts.assertion.header().algorithm));
    Err(if of_other_type { Reason::AlgorithmNotAllowed } else { Reason::KeyUnknown })
}

fn signature_verifies(facts: &Facts<'_>, _: &mut Results) -> Result<(), Reason> {
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
    if candidates(facts).any(verifies) { Ok(()) } else { Err(Reason::SignatureInvalid) }
}

/// The keys that the assertion's `kid` names (R48). Certificates have no `kid` of the issuer's.
fn named_keys<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a VerificationKey> {
    let kid = match facts.source {
        KeySource::Certificate(_) => None,
        _ => facts.assertion.header().kid.as_deref(),
    };
    facts.keys.iter().filter(move |key| kid.is_none() || key.kid.as_deref() == kid)
}

/// The keys that may verify it: named, of fitting type, valid now (R47).
fn fitting_keys<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a VerificationKey> {
    let (algorithm, now) = (facts.assertion.header().algorithm, facts.now);
    named_keys(facts).filter(move |key| key.fits(algorithm) && key.valid_at(now))
}

/// Those that are tried, in the order of the set: a bounded number, and few of those that take long (R48).
fn candidates<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a VerificationKey> {
    let mut costly = 0;
    let within_budget = move |key: &&VerificationKey| {
        let is_costly = key.material.is_costly();
        costly += usize::from(is_costly);
        !is_costly || costly <= MOST_COSTLY_KEYS
    };
    fitting_keys(facts).filter(within_budget).take(MOST_KEYS)
}

/// R61: what was asked for, within what may be granted; else all that may be granted.
fn grant_scope(facts: &Facts<'_>, results: &mut Results) -> Result<(), Reason> {
    let grantable = grantable_scope(facts)?;
    results.scope = match facts.scope {
        None => grantable.to_text(),
        Some(asked) => {
            let asked = Scope::parse(asked)?;
            if !asked.is_within(&grantable) {
                return Err(Reason::ScopeNotAllowed);
            }
            asked.to_text()
        }
    };
    Ok(())
}

/// The scope of the application, cut to what the issuer's assertions may be exchanged for.
fn grantable_scope<'a>(facts: &Facts<'a>) -> Result<Scope<'a>, Reason> {
    let own = Scope::parse(&facts.application.metadata.scope)?;
    Ok(match facts.issuer.scope_cap() {
        None => own,
        Some(cap) => own.cut_to(&cap),
    })
}

/// R62, R63: the resources asked for, else the application's audience, else ourselves.
fn audience_of_token(facts: &Facts<'_>, results: &mut Results) -> Result<(), Reason> {
    let audience = known_resources(facts);
    results.audience = if facts.resources.is_empty() {
        audience.to_vec()
    } else if facts.resources.iter().all(|asked| audience.contains(asked)) {
        facts.resources.to_vec()
    } else {
        return Err(Reason::ResourceUnknown);
    };
    Ok(())
}

/// What a token of the application may be for.
fn known_resources<'a>(facts: &Facts<'a>) -> &'a [String] {
    match &facts.application.metadata.audience {
        Some(audience) => audience.as_slice(),
        None => core::slice::from_ref(&facts.urls.issuer),
    }
}

/// A number that lost its value when it was read is not passed on (R49).
fn mapped_claims(facts: &Facts<'_>) -> Vec<(String, Value)> {
    let claims = facts.assertion.claims().object();
    let mappings = facts.issuer.claim_mappings.iter();
    let exact =
        mappings.filter_map(|(from, to)| Some((to, claims.get(from).filter(|value| value.is_exact())?)));
    exact.map(|(to, value)| (to.clone(), value.clone())).collect()
}

/// R45: the organization by its name, since its URLs can change and nodes can differ in them; never the raw token,
/// since an ECDSA signature can be varied without the key.
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
        digest::sha256_base64url(format!("{}\n{issuer}\n{kind}\n{identity}", facts.organization).as_bytes());
    // The value is finite, not negative and at most two days ahead: R43 has passed.
    let expiry = claims.expiry()? as u64 + 1;
    Ok(Some(ReplayMark { by_jwt_id: jwt_id.is_some(), digest, until: expiry + u64::from(MOST_CLOCK_SKEW) }))
}

#[cfg(test)]
mod tests;
