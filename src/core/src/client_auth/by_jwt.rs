//! A JWT in place of a secret: signed by a key of the application (`private_key_jwt`, RFC 7523 section 2.2, R27), by a trusted
//! issuer that knows it, or by that of its trust domain (a JWT-SVID, R28).

use alloc::format;
use alloc::rc::Rc;

use super::authenticated::AuthenticatedClient;
use super::client_assertion::ClientAssertion;
use super::jwt_svid;
use super::voucher::{Names, NotVouchedFor, Voucher};
use crate::application::Application;
use crate::json::Value;
use crate::jwt::{Bound, Claims, Expectations, Mark, Tolerance, Typ, VerifiedJwt};
use crate::oauth::Reason;
use crate::organization::{OrganizationId, OrganizationUrls};
use crate::trust::MAX_CLOCK_SKEW;

/// The `typ` that a JWT may have, if any, that is no JWT-SVID (RFC 10070).
const TYPES: &[&str] = &["JWT", "client-authentication+jwt"];
/// How far the clock of an application may be off, and how far `exp` may lie ahead whoever signs, in seconds.
const CLOCK_SKEW: u32 = 60;
const MAX_LIFETIME: u32 = 3600;

/// R27, R28: whether a JWT of this `iss` can be one of the application: what is refused here never causes a fetch. `iss`:
/// `None` where it has none.
///
/// # Errors
/// Why it can't.
pub fn admit(
    presented: &ClientAssertion,
    application: &Application,
    voucher: &Voucher,
    iss: Option<&str>,
) -> Result<(), NotVouchedFor> {
    let Names { issuer, .. } = voucher.names(application)?;
    if presented.client_id().is_none() && voucher.issuer().is_some() {
        return Err(NotVouchedFor::ClientIdMissing);
    }
    match iss {
        Some(iss) if iss == issuer => Ok(()),
        None if matches!(voucher, Voucher::TrustDomain(_)) => Ok(()),
        _ => Err(NotVouchedFor::OtherIssuer),
    }
}

/// What the JWT must say of itself (R27, R28): `aud` names us by our issuer identifier and nobody else (RFC 10070).
pub fn expectations<'a>(
    application: &'a Application,
    voucher: &'a Voucher,
    urls: &'a OrganizationUrls,
) -> Expectations<'a> {
    let of_issuer = voucher.issuer().map(|issuer| issuer.document().algorithms.as_deref());
    let algorithms = match voucher {
        Voucher::Itself => {
            application.metadata().token_endpoint_auth_signing_alg.as_ref().map(core::slice::from_ref)
        }
        Voucher::Issuer(_) => of_issuer.flatten(),
        Voucher::TrustDomain(_) => of_issuer.flatten().or(Some(jwt_svid::ALGORITHMS)),
    };
    let is_svid = matches!(voucher, Voucher::TrustDomain(_));
    let Tolerance { clock_skew, max_lifetime, .. } = tolerance(voucher);
    Expectations {
        algorithms,
        typ: Typ::NoneOr(if is_svid { jwt_svid::TYPES } else { TYPES }),
        audiences: [Some(&urls.issuer), None, None, None],
        no_other_audience: true,
        clock_skew,
        max_lifetime,
        require_jti: !is_svid,
        require_iat: false,
        bound: Bound::Never,
    }
}

fn tolerance(voucher: &Voucher) -> Tolerance {
    let (clock_skew, max_lifetime) = voucher.issuer().map_or((CLOCK_SKEW, MAX_LIFETIME), |issuer| {
        let document = issuer.document();
        (document.clock_skew, document.max_lifetime.min(MAX_LIFETIME))
    });
    Tolerance { clock_skew, max_lifetime, most_skew: MAX_CLOCK_SKEW }
}

/// R27, R28: `iss` and `sub`. The `sub` of a JWT-SVID is the SPIFFE ID that the application names, byte for byte, which is
/// one of the issuer's trust domain.
///
/// # Errors
/// The reason, as it would be with an assertion.
pub fn check_names(application: &Application, voucher: &Voucher, claims: &Claims) -> Result<(), Reason> {
    let Names { issuer, subject } = voucher.names(application).map_err(|_| Reason::IssuerUnknown)?;
    let claim = |name: &str| claims.object().get(name);
    match claim("iss") {
        Some(Value::String(found)) if found == issuer => {}
        None if matches!(voucher, Voucher::TrustDomain(_)) => {}
        _ => return Err(Reason::IssuerUnknown),
    }
    match claim("sub").and_then(Value::as_str) {
        None => Err(Reason::SubjectInvalid),
        Some(found) if found != subject => Err(Reason::SubjectNotAllowed),
        Some(_) => Ok(()),
    }
}

/// The client, where this JWT proves that it is the application. One of its own key works once, in a namespace of its own
/// (R27). One of a trusted issuer works once in whichever role it is used, for whichever application (R28, R35), or once for
/// each application where the issuer's assertions may be used again. A JWT-SVID without a `jti` works until it expires:
/// whoever asks the Workload API gets the same one for a while, and can't have another (R28).
///
/// # Errors
/// The reason, as it would be with an assertion.
pub fn authenticate(
    organization: &OrganizationId,
    application: Rc<Application>,
    voucher: &Voucher,
    jwt: &VerifiedJwt<'_>,
) -> Result<AuthenticatedClient, Reason> {
    check_names(&application, voucher, jwt.claims())?;
    // R21, as with a secret.
    if !application.metadata().enabled {
        return Err(Reason::ClientUnauthenticated);
    }
    let works_once = jwt.jwt_id().is_some() || !matches!(voucher, Voucher::TrustDomain(_));
    let mark = works_once.then(|| match voucher.issuer_of_one_use() {
        Some(issuer) => issuer.mark(organization, jwt),
        None => {
            let namespace = format!("{organization}\nclient\n{}", application.client_id());
            Mark::of(jwt, &namespace, tolerance(voucher))
        }
    });
    Ok(AuthenticatedClient { application, mark })
}
