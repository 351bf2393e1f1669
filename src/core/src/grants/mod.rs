//! The grants: the token request of each, its checks, and what is granted.

mod actor;
pub mod id_jag;
pub mod jwt_bearer;
mod question;
mod request;
pub mod token_exchange;

pub use actor::{Actor, act};
pub use question::TokenQuestion;
pub use request::{GrantRequest, HttpTokenRequest, PresentedProof, TokenRequest};

use alloc::string::String;
use alloc::vec::Vec;

use crate::application::{Application, DEFAULT_LIFETIME, MIN_LIFETIME};
use crate::json::Value;
use crate::jwt::Mark;
use crate::oauth::Reason;
use crate::trust::policy::{Allowed, MalformedDecision, Narrowing};

/// What is granted: only the decision of a grant makes one, after every check of it has passed.
pub struct Granted {
    rule: Option<String>,
    allowed: Allowed,
    /// `act` of the access token (RFC 8693 section 4.1).
    actor: Option<Value>,
    tells_scope: bool,
    /// How long the access token may be valid, in seconds; `None`: as long as the application says (R66).
    lifetime: Option<u32>,
    issuer: String,
    mark: Option<Mark>,
}

/// What a grant comes to.
pub struct Decided {
    /// The name of the rule that decided (R80).
    pub rule: Option<String>,
    /// The label of that rule, where it is one without a client (R29).
    pub label: Option<String>,
    /// The rules that only watch and fit, with what each would have come to (R82).
    pub audited: Vec<(String, Result<(), Reason>)>,
    /// What is granted, or the reason of the refusal.
    pub granted: Result<Granted, Reason>,
}

impl Decided {
    /// Refused before a rule was looked for.
    pub(crate) const fn refused(reason: Reason) -> Self {
        Self { rule: None, label: None, audited: Vec::new(), granted: Err(reason) }
    }
}

impl Granted {
    /// The resource owner.
    pub fn subject(&self) -> &str {
        self.allowed.subject()
    }

    /// The scope granted: tokens, separated by single spaces.
    pub fn scope(&self) -> &str {
        self.allowed.scope()
    }

    /// Whether the response has to state the scope (R60).
    pub fn tells_scope(&self) -> bool {
        self.tells_scope
    }

    /// `aud` of the access token.
    pub fn audience(&self) -> &[String] {
        self.allowed.audience()
    }

    /// The name of the rule that granted it, where the issuer has rules (R80).
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// How long the access token of this application, or without one, is valid, in seconds: the shortest counts (R66).
    pub fn expires_in(&self, application: Option<&Application>) -> u32 {
        let lifetime =
            application.map_or(DEFAULT_LIFETIME, |application| application.metadata().access_token_lifetime);
        self.lifetime.map_or(lifetime, |of_rule| of_rule.min(lifetime))
    }

    /// The same, no more than a policy leaves of it, where it would be valid for `lifetime` seconds (R87).
    ///
    /// # Errors
    /// The first member that asks for more than is granted.
    pub fn narrowed(self, narrowing: &Narrowing, lifetime: u32) -> Result<Self, MalformedDecision> {
        let shorter = narrowing.lifetime;
        if shorter.is_some_and(|shorter| !(MIN_LIFETIME..=lifetime).contains(&shorter)) {
            return Err(MalformedDecision::Lifetime);
        }
        let before = self.allowed.scope().len();
        let allowed = self.allowed.narrowed(narrowing.scopes.as_deref(), narrowing.claims.as_deref())?;
        // What is narrowed differs from what was asked (R60); its order stays, so that it is shorter if it differs.
        let tells_scope = self.tells_scope || allowed.scope().len() != before;
        Ok(Self { allowed, tells_scope, lifetime: shorter.or(self.lifetime), ..self })
    }

    /// What stands for the client, where it is granted without one (R29).
    pub fn label(&self) -> Option<&str> {
        self.allowed.label()
    }

    /// Who has vouched for the subject.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The claims carried over.
    pub fn claims(&self) -> &[(String, Value)] {
        self.allowed.claims()
    }

    /// Who acts for the subject, where somebody does: `act` of the access token (RFC 8693 section 4.1).
    pub fn actor(&self) -> Option<&Value> {
        self.actor.as_ref()
    }

    /// What to reserve before anything is issued; `None` where the issuer allows repetition.
    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }
}
