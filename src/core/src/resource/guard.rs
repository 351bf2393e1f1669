//! The guard: what becomes of a request.

use alloc::rc::Rc;
use alloc::string::String;

use super::challenge::{Answer, Challenge, Reason};
use super::introspection::Introspection;
use super::key_life::KeyLife;
use super::passed::Passed;
use super::remembered::Remembered;
use super::request::Request;
use super::scheme::Scheme;
use super::settings::Settings;
use super::used_proofs::UsedProofs;
use super::{credentials, metadata, possession, token};
use crate::jwt::JwtProblem;
use crate::proof::ProofKey;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It goes on to the resource, with [`Passed::headers`] and without any other header of ours.
    Passed(Rc<Passed>),
    /// It is answered: the request was for the resource's metadata.
    Metadata(Answer),
    /// It is answered and goes no further.
    Challenge(Challenge),
    /// The keys are to be fetched from there and [supplied](Guard::supply_keys), or word that they can't be had, and the
    /// question repeated. All who are told so before that are to share one fetch.
    KeysNeeded(String),
    /// The issuer is to be asked about the token there, and the question repeated with the response.
    IntrospectionNeeded(String),
}

/// A guard and what it remembers. Times are seconds since 1970.
pub struct Guard {
    settings: Settings,
    keys: KeyLife,
    remembered: Remembered,
    used_proofs: UsedProofs,
}

impl Guard {
    /// One that knows no keys yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            keys: KeyLife::default(),
            remembered: Remembered::default(),
            used_proofs: UsedProofs::default(),
        }
    }

    /// Decides about a request (R120, R121).
    pub fn check(&mut self, request: &Request<'_>, introspection: Introspection<'_>, now: u64) -> Outcome {
        if let Some(answer) = metadata::answer(&self.settings, request.method, request.target) {
            return Outcome::Metadata(answer);
        }
        let scheme = Scheme::of(request.authorization);
        self.authorize(request, scheme, introspection, now).unwrap_or_else(|stop| match stop {
            Stop::Refused(reason) => Outcome::Challenge(Challenge::new(reason, scheme, &self.settings)),
            Stop::KeysNeeded => Outcome::KeysNeeded(self.settings.jwks_uri.clone()),
            Stop::Unavailable(reason, seconds) => {
                Outcome::Challenge(Challenge::unavailable(reason, &self.settings, seconds))
            }
        })
    }

    fn authorize(
        &mut self,
        request: &Request<'_>,
        scheme: Scheme,
        introspection: Introspection<'_>,
        now: u64,
    ) -> Result<Outcome, Stop> {
        let token = credentials::token(request.authorization)?;
        // Before the token: what comes with a bad proof causes no fetch.
        let proved = match scheme {
            Scheme::Bearer => None,
            Scheme::Dpop => Some(possession::prove(token, request, &self.settings, now)?),
        };
        let passed = self.verify(token, proved.as_ref(), now)?;
        possession::confirm(passed.bound_to.as_deref(), proved.as_ref())?;
        if proved.as_ref().is_some_and(|proof| self.used_proofs.contains(proof)) {
            return Err(Reason::ProofReplayed.into());
        }
        if !token::has_scopes(&passed.scope, &self.settings.scopes) {
            return Err(Reason::ScopeInsufficient.into());
        }
        if self.settings.introspect {
            if matches!(introspection, Introspection::NotAsked) {
                return Ok(Outcome::IntrospectionNeeded(self.settings.introspection_endpoint()));
            }
            introspection.judge().map_err(|reason| match reason {
                Reason::IntrospectionUnavailable => Stop::Unavailable(reason, 1),
                reason => reason.into(),
            })?;
        }
        // Only now: this request may have been looked at before, without keys or the issuer's word.
        if let Some(proof) = &proved {
            self.used_proofs.insert(proof, now);
        }
        Ok(Outcome::Passed(passed))
    }

    fn verify(&mut self, token: &str, proved: Option<&ProofKey>, now: u64) -> Result<Rc<Passed>, Stop> {
        let keys = self.keys.usable(now);
        let has_keys = !keys.is_empty();
        // Where the keys are too old to be used, so is what they verified.
        if let Some(passed) = self.remembered.get(token, now).filter(|_| has_keys) {
            return Ok(passed);
        }
        let passed = match token::verify(token, &self.settings, keys, proved, now) {
            Ok(passed) => passed,
            // R51, R52: another key could change it.
            Err(Reason::Token(problem)) if problem.may_be_of_an_old_key() => {
                return Err(match self.keys.begin_or_join(now) {
                    true => Stop::KeysNeeded,
                    false if has_keys => Reason::Token(problem).into(),
                    false => Stop::Unavailable(Reason::KeysUnavailable, self.keys.may_fetch_in(now)),
                });
            }
            Err(Reason::Token(JwtProblem::Bound)) if proved.is_some() => {
                return Err(Reason::ProofOfAnotherKey.into());
            }
            Err(reason) => return Err(reason.into()),
        };
        self.remembered.insert(token, &passed, now);
        Ok(passed)
    }

    /// Takes the JWK set of the issuer (`max_age`: the seconds of its `Cache-Control`), or, with none, word that it can't be
    /// had. What is no set with a key to use counts as none, and is not asked for again within 30 seconds of the first time. Of
    /// several documents that were fetched at the same moment, the first with a key to use is taken and no other.
    pub fn supply_keys(&mut self, document: Option<&[u8]>, max_age: Option<u64>, now: u64) {
        if self.keys.supply(document, max_age, now) {
            self.remembered.forget();
        }
    }

    /// Where to fetch keys that are stale by now, while nobody waits for them: after a response. Whoever is told so fetches
    /// them; nobody else is for 30 seconds.
    #[must_use]
    pub fn refresh_due(&mut self, now: u64) -> Option<&str> {
        self.keys.begin_refresh(now).then_some(self.settings.jwks_uri.as_str())
    }

    /// What it was told.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Why a request does not pass yet.
enum Stop {
    Refused(Reason),
    KeysNeeded,
    Unavailable(Reason, u64),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}
