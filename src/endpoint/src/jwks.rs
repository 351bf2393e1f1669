//! `GET /oauth2/jwks`: our public keys.

use asserta_core::oauth::HttpAnswer;
use asserta_core::organization::OrganizationId;

use crate::http::{Problem, document};
use crate::instance::{Instance, NotStarted};

/// How long they may be cached, in seconds. Core publishes a new key for twice as long before it signs (R73).
const MAX_AGE: u32 = 300;

/// The JWK set of an organization.
pub(crate) async fn serve(
    instance: Result<&Instance, NotStarted>,
    organization: &OrganizationId,
) -> Result<HttpAnswer, Problem> {
    Ok(document(instance?.service.jwks(organization).await?, MAX_AGE))
}
