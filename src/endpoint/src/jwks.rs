//! `GET /oauth2/jwks`: our public keys.

use asserta_core::oauth::HttpAnswer;
use asserta_core::organization::OrganizationId;
use asserta_core::service::JWKS_MAX_AGE;

use crate::http::{Problem, document};
use crate::instance::{Instance, NotStarted};

/// The JWK set of an organization.
pub(crate) async fn serve(
    instance: Result<&Instance, NotStarted>,
    organization: &OrganizationId,
) -> Result<HttpAnswer, Problem> {
    Ok(document(instance?.service.jwks(organization).await?, JWKS_MAX_AGE))
}
