//! Who acts for a subject: the claim `act` (RFC 8693 section 4.1).

use alloc::string::String;

use crate::json::{Object, Value};
use crate::jwt::{Claims, VerifiedJwt, as_subject};
use crate::oauth::Reason;
use crate::trust::Issuer;

/// How many actors an access token names at most, each for the one before it (R92).
pub(super) const MAX_ACTORS: usize = 4;

/// Whom an actor token is about.
pub struct Actor {
    /// Who says so: `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
}

impl Actor {
    /// Whom this token of this issuer is about.
    pub fn of(issuer: &Issuer, token: &VerifiedJwt<'_>) -> Self {
        Self { issuer: issuer.document().issuer.clone(), subject: token.subject().into() }
    }
}

/// R92: `act` of the new token: the actor, and within it those of the JWT that is exchanged. Without an actor theirs stays as
/// it is: who has acted so far does not get lost.
///
/// # Errors
/// [`Reason::ActorInvalid`]
pub fn act(actor: Option<&Actor>, claims: &Claims) -> Result<Option<Value>, Reason> {
    let before = claims.object().get("act");
    if count(before)? + usize::from(actor.is_some()) > MAX_ACTORS {
        return Err(Reason::ActorInvalid);
    }
    let Some(actor) = actor else { return Ok(before.cloned()) };
    let mut act = Object::new();
    act.insert("sub", actor.subject.as_str());
    act.insert("iss", actor.issuer.as_str());
    if let Some(before) = before {
        act.insert("act", before.clone());
    }
    Ok(Some(Value::Object(act)))
}

/// How many actors are named: each by its `sub`, beside which others may stand. A number that lost its value when it was read
/// is not passed on (R49).
///
/// # Errors
/// [`Reason::ActorInvalid`]
pub(super) fn count(act: Option<&Value>) -> Result<usize, Reason> {
    if act.is_some_and(|act| !act.is_exact()) {
        return Err(Reason::ActorInvalid);
    }
    let (mut next, mut count) = (act, 0);
    while let Some(act) = next {
        let actor = act.as_object().filter(|actor| names_somebody(actor)).ok_or(Reason::ActorInvalid)?;
        next = actor.get("act");
        count += 1;
    }
    Ok(count)
}

fn names_somebody(actor: &Object) -> bool {
    let is_text = |name: &str| actor.get(name).is_none_or(|value| as_subject(value).is_some());
    actor.get("sub").is_some() && is_text("sub") && is_text("iss")
}
