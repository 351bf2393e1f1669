//! Whether a text is an access token of ours for this resource: its signature and its claims (RFC 9068 section 4). The
//! checks are those of every JWT, with what we expect of our own.

use alloc::rc::Rc;
use alloc::string::{String, ToString as _};

use super::challenge::Reason;
use super::passed::Passed;
use super::settings::Settings;
use crate::jose::OfOurTokens;
use crate::jose::key::VerificationKey;
use crate::json::Value;
use crate::jwt::{Bound, Expectations, JwtProblem, Keys, Typ, UnverifiedJwt, Verification, VerifiedJwt};
use crate::proof::ProofKey;
use crate::tokens::TYP;

/// How far the clock here may be behind or ahead of the issuer's, in seconds.
const CLOCK_SKEW: u32 = 30;
/// The issuer decides how long its tokens live.
const ANY_LIFETIME: u32 = u32::MAX;

/// What the token says, verified with one of these keys. With `cnf` it is for who has proved to have the key that it names, and
/// else [`JwtProblem::Bound`] (R36).
pub(super) fn verify(
    token: &str,
    settings: &Settings,
    keys: &[VerificationKey],
    proved: Option<&ProofKey>,
    now: u64,
) -> Result<Rc<Passed>, Reason> {
    let jwt = UnverifiedJwt::parse(token).map_err(|problem| Reason::Token(problem.problem()))?;
    // Before any key is looked for: who sends the tokens of others causes no fetch.
    if jwt.issuer().map_err(Reason::Token)? != settings.issuer {
        return Err(Reason::Token(JwtProblem::IssuerInvalid));
    }
    let expected = Expectations {
        algorithms: Some(OfOurTokens::ALGORITHMS),
        typ: Typ::Exactly(TYP),
        audiences: [Some(&settings.audience), None, None, None],
        require_iat: true,
        bound: Bound::To(proved.map(ProofKey::thumbprint)),
        no_other_audience: false,
        clock_skew: CLOCK_SKEW,
        max_lifetime: ANY_LIFETIME,
        require_jti: true,
    };
    let mut verification = Verification::without_findings(&jwt, expected, now);
    let keys = Keys { keys, have_kid: true };
    let verified = verification.verify(keys, &OfOurTokens).map_err(Reason::Token)?;
    passed(&verified, proved).map(Rc::new)
}

fn passed(token: &VerifiedJwt<'_>, proved: Option<&ProofKey>) -> Result<Passed, Reason> {
    let claims = token.claims().object();
    let client_id = match claims.get("client_id") {
        Some(Value::String(id)) if !id.is_empty() => id,
        _ => return Err(Reason::ClientIdInvalid),
    };
    let scope = match claims.get("scope") {
        None => "",
        Some(Value::String(scope)) => scope,
        Some(_) => return Err(Reason::ScopeInvalid),
    };
    Ok(Passed {
        subject: token.subject().to_string(),
        client_id: client_id.clone(),
        scope: scope.to_string(),
        // It was read as strict JSON, which is UTF-8.
        claims: String::from_utf8_lossy(token.payload()).into_owned(),
        expires_at: token.expiry() as u64,
        // It was verified: what `cnf` names is what was proved.
        bound_to: claims.get("cnf").and(proved).map(|key| key.thumbprint().to_string()),
    })
}

/// Whether the scope of a token has each of those that are needed, as whole words.
pub(super) fn has_scopes(scope: &str, needed: &[String]) -> bool {
    needed.iter().all(|needed| scope.split(' ').any(|word| word == needed))
}
