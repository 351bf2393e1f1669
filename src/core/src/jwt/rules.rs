//! The checks of an assertion's claims against its issuer's policy: a function a rule, pure.

use super::claims::Claims;
use crate::jose::Header;
use crate::oauth::Reason;
use crate::organization::OrganizationUrls;
use crate::tokens;
use crate::trust::{AudienceMode, TrustedIssuer, subject_allowed};

/// Types of tokens that are made for another purpose: whoever signs them, they are no assertion, and no issuer can
/// be registered with one (R35). ID-JAG comes with its profile.
const OF_ANOTHER_PURPOSE: &[&str] = &[
    "logout+jwt",
    "secevent+jwt",
    "dpop+jwt",
    "token-introspection+jwt",
    "client-authentication+jwt",
    "oauth-id-jag+jwt",
];

/// R34: `typ`, where the issuer sets one. R35: else none that names another use, our own access tokens among them.
pub(crate) fn typ(header: &Header, issuer: &TrustedIssuer, urls: &OrganizationUrls) -> Result<(), Reason> {
    let typ = header.typ.as_deref().map(media_type);
    let passes = match (&issuer.typ, typ) {
        (Some(wanted), Some(typ)) => {
            let ours = typ.eq_ignore_ascii_case(tokens::TYP) && issuer.issuer == urls.issuer;
            typ.eq_ignore_ascii_case(media_type(wanted)) && can_be_wanted(wanted) && !ours
        }
        (Some(_), None) => false,
        (None, typ) => !typ.is_some_and(names_a_use),
    };
    if passes { Ok(()) } else { Err(Reason::TypeNotAllowed) }
}

/// Whether an issuer may be registered with this `typ`.
pub(crate) fn can_be_wanted(typ: &str) -> bool {
    !OF_ANOTHER_PURPOSE.iter().any(|other| media_type(typ).eq_ignore_ascii_case(other))
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

/// R36: a bound assertion is never taken from its bearer, whatever `cnf` says and be it null.
pub(crate) fn unbound(claims: &Claims) -> Result<(), Reason> {
    if claims.object().get("cnf").is_some() { Err(Reason::AssertionBound) } else { Ok(()) }
}

/// R41: `sub` is there and well-formed.
pub(crate) fn subject(claims: &Claims) -> Result<(), Reason> {
    claims.subject().map(drop)
}

/// R41: the issuer may speak for this subject.
pub(crate) fn subject_is_allowed(claims: &Claims, issuer: &TrustedIssuer) -> Result<(), Reason> {
    match &issuer.subjects {
        Some(allowed) if !subject_allowed(allowed, claims.subject()?) => Err(Reason::SubjectNotAllowed),
        _ => Ok(()),
    }
}

/// R42: `aud` names this organization or its token endpoint, else the issuer's alias for us.
pub(crate) fn audience(
    claims: &Claims,
    issuer: &TrustedIssuer,
    urls: &OrganizationUrls,
) -> Result<(), Reason> {
    let audience = claims.audience()?;
    if issuer.audience_mode == AudienceMode::ExactlyOne && audience.len() != 1 {
        return Err(Reason::AudienceMismatch);
    }
    let names = |name: &str| audience.contains(&name);
    let meant_for_us =
        names(&urls.issuer) || names(&urls.token_endpoint) || issuer.alias.as_deref().is_some_and(names);
    if meant_for_us { Ok(()) } else { Err(Reason::AudienceMismatch) }
}

/// R43: `exp` lies ahead, but not further than the issuer may ask.
pub(crate) fn expiry(claims: &Claims, issuer: &TrustedIssuer, now: u64) -> Result<(), Reason> {
    let (expiry, now, skew) = (claims.expiry()?, now as f64, f64::from(issuer.clock_skew));
    if expiry <= now - skew {
        return Err(Reason::Expired);
    }
    if expiry - now > f64::from(issuer.max_lifetime) + skew {
        return Err(Reason::LifetimeTooLong);
    }
    Ok(())
}

/// R44: `nbf` is not ahead.
pub(crate) fn not_before(claims: &Claims, issuer: &TrustedIssuer, now: u64) -> Result<(), Reason> {
    let not_before = claims.numeric_date("nbf").map_err(|_| Reason::NotBeforeInvalid)?;
    match not_before {
        Some(not_before) if not_before > now as f64 + f64::from(issuer.clock_skew) => {
            Err(Reason::NotYetValid)
        }
        _ => Ok(()),
    }
}

/// R44: `iat` is neither ahead nor too long ago, and not after `exp`.
pub(crate) fn issued_at(claims: &Claims, issuer: &TrustedIssuer, now: u64) -> Result<(), Reason> {
    let Some(issued_at) = claims.numeric_date("iat").map_err(|_| Reason::IssuedAtInvalid)? else {
        return Ok(());
    };
    let (now, skew) = (now as f64, f64::from(issuer.clock_skew));
    if issued_at > now + skew || issued_at > claims.expiry()? {
        return Err(Reason::IssuedAtInvalid);
    }
    if issued_at < now - f64::from(issuer.max_lifetime) - skew {
        return Err(Reason::TooOld);
    }
    Ok(())
}

/// R46: `jti` is well-formed, and there where the issuer must send it.
pub(crate) fn jwt_id(claims: &Claims, issuer: &TrustedIssuer) -> Result<(), Reason> {
    match claims.jwt_id()? {
        None if issuer.require_jti => Err(Reason::JwtIdInvalid),
        _ => Ok(()),
    }
}

/// R49: every condition holds.
pub(crate) fn claim_conditions(claims: &Claims, issuer: &TrustedIssuer) -> Result<(), Reason> {
    let all_hold = issuer.claims.iter().all(|condition| condition.holds(claims.object()));
    if all_hold { Ok(()) } else { Err(Reason::ClaimConditionFailed) }
}
