//! That whoever presents a token has the key that it is bound to (RFC 9449 section 7; R120).

use alloc::string::String;

use super::challenge::Reason;
use super::request::Request;
use super::settings::Settings;
use crate::jose::OfOurTokens;
use crate::jose::key::VerificationKey;
use crate::jwt::JwtProblem;
use crate::proof::{Expected, Proof, ProofHeader, ProofKey, ProofProblem};

/// The key of the proof that comes with this token, for this request alone. Whether the proof was used before is for the
/// caller to find.
pub(super) fn prove(
    token: &str,
    request: &Request<'_>,
    settings: &Settings,
    now: u64,
) -> Result<ProofKey, Reason> {
    let url = url(request.target, settings)?;
    let header = ProofHeader::of(request.dpop.iter().map(|value| value.as_bytes()));
    let proof = Proof::from_header(header).map_err(Reason::Proof)?.ok_or(Reason::ProofMissing)?;
    let expected = Expected {
        method: request.method,
        url: &url,
        now,
        nonces: None,
        access_token: Some(token),
        read_key: VerificationKey::of_our_types,
    };
    proof.check(&expected, &OfOurTokens).map_err(Reason::Proof)
}

/// The URL of the request: the origin is that of the audience, and never what the request says of itself.
fn url(target: &str, settings: &Settings) -> Result<String, Reason> {
    let metadata = settings.metadata.as_ref().ok_or(Reason::ProofNotSupported)?;
    // What is no path (`*`, or a URL of its own) would run on from the host.
    if !target.starts_with('/') {
        return Err(Reason::Proof(ProofProblem::UrlMismatch));
    }
    Ok([metadata.origin(), target].concat())
}

/// R36: a bound token comes with a proof of its key, and one that is not bound with none.
pub(super) fn confirm(bound_to: Option<&str>, proved: Option<&ProofKey>) -> Result<(), Reason> {
    match (bound_to, proved.map(ProofKey::thumbprint)) {
        (None, None) => Ok(()),
        (Some(named), Some(proved)) if named == proved => Ok(()),
        (Some(_), Some(_)) => Err(Reason::ProofOfAnotherKey),
        (Some(_), None) => Err(Reason::Token(JwtProblem::Bound)),
        (None, Some(_)) => Err(Reason::TokenNotBound),
    }
}
