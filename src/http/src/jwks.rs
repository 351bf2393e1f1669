//! `GET /oauth2/jwks`: our public keys.

use asserta_core::organization::OrganizationId;
use asserta_core::ports::Ports;
use asserta_core::service::JWKS_MAX_AGE;

use crate::endpoint::{NotStarted, Started};
use crate::problem::Problem;
use crate::response::{Response, document};

/// The JWK set of an organization.
pub(crate) async fn serve<P: Ports>(
    started: Result<&Started<P>, NotStarted>,
    organization: &OrganizationId,
) -> Result<Response, Problem> {
    Ok(document(started?.service.signing_keys().jwks(organization).await?, JWKS_MAX_AGE))
}
