//! The rules of a JWT's claims: a function a rule, pure. Each hands on what it has read, so that nothing is read twice.

use super::claims::Claims;
use super::expect::{Bound, Expectations, Typ};
use super::problem::JwtProblem;
use crate::jose::Header;
use crate::json::Value;

/// Types of tokens that are made for another purpose: whoever signs them, no registration may expect one (R35). An ID-JAG
/// is expected where the issuer has its profile (R37).
const OF_ANOTHER_PURPOSE: &[&str] = &[
    "logout+jwt",
    "secevent+jwt",
    "dpop+jwt",
    "token-introspection+jwt",
    "client-authentication+jwt",
    "oauth-id-jag+jwt",
];

/// R34, R27: `typ`, where certain ones are expected. R35: else none that names another use, our own access tokens among them.
pub(super) fn typ(header: &Header, expected: &Expectations<'_>) -> Result<(), JwtProblem> {
    let typ = header.typ.as_deref();
    let is = |wanted: &str| typ.is_some_and(|typ| is_same_type(typ, wanted));
    let passes = match expected.typ {
        Typ::Any => !typ.map(media_type).is_some_and(names_a_use),
        Typ::Exactly(wanted) => is(wanted),
        Typ::NoneOr(wanted) => typ.is_none() || wanted.iter().any(|wanted| is(wanted)),
    };
    if passes { Ok(()) } else { Err(JwtProblem::TypeNotAllowed) }
}

/// R34: whether two media types are the same.
pub(crate) fn is_same_type(typ: &str, other: &str) -> bool {
    media_type(typ).eq_ignore_ascii_case(media_type(other))
}

/// Whether this `typ` is that of a token for another purpose, which no registration may expect.
pub(crate) fn is_of_another_purpose(typ: &str) -> bool {
    OF_ANOTHER_PURPOSE.iter().any(|other| is_same_type(typ, other))
}

/// RFC 8725 section 3.11: a type that ends in `+jwt`, parameters and white space aside, says what the token is for.
fn names_a_use(typ: &str) -> bool {
    // What is no character of a media type (RFC 6838 section 4.2) ends it.
    let outside = |c: char| !c.is_ascii_alphanumeric() && !"!#$&-^_.+/".contains(c);
    typ.split(outside)
        .any(|part| part.len() >= 4 && part.as_bytes()[part.len() - 4..].eq_ignore_ascii_case(b"+jwt"))
}

/// RFC 7515 section 4.1.9: `application/` may be left out where no other slash follows.
fn media_type(typ: &str) -> &str {
    match typ.split_at_checked("application/".len()) {
        Some((beginning, rest)) if beginning.eq_ignore_ascii_case("application/") && !rest.contains('/') => {
            rest
        }
        _ => typ,
    }
}

/// R31: the algorithm is one that the issuer may use.
pub(super) fn algorithm(header: &Header, expected: &Expectations<'_>) -> Result<(), JwtProblem> {
    let listed = expected.algorithms.is_none_or(|list| list.contains(&header.algorithm));
    if listed { Ok(()) } else { Err(JwtProblem::AlgorithmNotAllowed) }
}

/// R36: a bound JWT is never taken from its bearer, whatever `cnf` says and be it null; only from whoever has proved to have
/// the one key that it names (RFC 9449 section 6.1).
pub(super) fn confirmation(claims: &Claims, expected: &Expectations<'_>) -> Result<(), JwtProblem> {
    let Some(cnf) = claims.object().get("cnf") else { return Ok(()) };
    match (confirmed_key(cnf), expected.bound) {
        (Some(named), Bound::To(Some(proved))) if named == proved => Ok(()),
        _ => Err(JwtProblem::Bound),
    }
}

/// The thumbprint of the key that `cnf` names, where it says that and nothing else.
pub(super) fn confirmed_key(cnf: &Value) -> Option<&str> {
    let cnf = cnf.as_object().filter(|members| members.len() == 1)?;
    cnf.get("jkt")?.as_str()
}

/// R42: `aud` has one of the names that are expected.
pub(super) fn audience(claims: &Claims, expected: &Expectations<'_>) -> Result<(), JwtProblem> {
    let audience = claims.audience()?;
    if expected.no_other_audience && audience.len() != 1 {
        return Err(JwtProblem::AudienceMismatch);
    }
    let meant_for_us = expected.audiences.iter().flatten().any(|name| audience.contains(name));
    if meant_for_us { Ok(()) } else { Err(JwtProblem::AudienceMismatch) }
}

/// R43: `exp` lies ahead, but not further than it may.
pub(super) fn expiry(expiry: f64, expected: &Expectations<'_>, now: u64) -> Result<(), JwtProblem> {
    let (now, skew) = (now as f64, f64::from(expected.clock_skew));
    if expiry <= now - skew {
        return Err(JwtProblem::Expired);
    }
    if expiry - now > f64::from(expected.max_lifetime) + skew {
        return Err(JwtProblem::LifetimeTooLong);
    }
    Ok(())
}

/// R44: `nbf` is not ahead.
pub(super) fn not_before(claims: &Claims, expected: &Expectations<'_>, now: u64) -> Result<(), JwtProblem> {
    match claims.numeric_date("nbf", JwtProblem::NotBeforeInvalid)? {
        Some(not_before) if not_before > now as f64 + f64::from(expected.clock_skew) => {
            Err(JwtProblem::NotYetValid)
        }
        _ => Ok(()),
    }
}

/// R44: `iat` is neither ahead nor too long ago, and not after `exp`. R37: it is there, where it must be.
pub(super) fn issued_at(
    claims: &Claims,
    expiry: Option<f64>,
    expected: &Expectations<'_>,
    now: u64,
) -> Result<(), JwtProblem> {
    let Some(issued_at) = claims.numeric_date("iat", JwtProblem::IssuedAtInvalid)? else {
        return if expected.require_iat { Err(JwtProblem::IssuedAtInvalid) } else { Ok(()) };
    };
    let (now, skew) = (now as f64, f64::from(expected.clock_skew));
    if issued_at > now + skew || issued_at > expiry.ok_or(JwtProblem::ExpiryInvalid)? {
        return Err(JwtProblem::IssuedAtInvalid);
    }
    if issued_at < now - f64::from(expected.max_lifetime) - skew {
        return Err(JwtProblem::TooOld);
    }
    Ok(())
}

/// R46: a `jti`, where the issuer must send one.
pub(super) fn jwt_id(jwt_id: Option<&str>, expected: &Expectations<'_>) -> Result<(), JwtProblem> {
    match jwt_id {
        None if expected.require_jti => Err(JwtProblem::JwtIdInvalid),
        _ => Ok(()),
    }
}
