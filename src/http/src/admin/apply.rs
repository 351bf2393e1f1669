//! `POST /admin/apply`: a document of registrations, applied as a whole or, with `?dry_run=true`, not at all.

use asserta_core::field::FieldError;
use asserta_core::ports::Ports;
use asserta_core::service::{Report, Run, Service, TrustDocument};

use super::body;
use super::handled::{Handled, post_only};
use crate::request::Request;
use crate::response::json;

pub(super) async fn apply(service: &Service<impl Ports>, request: &Request) -> Handled {
    post_only(request)?;
    let run = run(request.query.as_deref())?;
    let document = TrustDocument::read(body::object(request)?.into()).map_err(body::problem)?;
    document.check(service.settings().dev())?;
    let items = service.registry().apply_each(&document, run).await?;
    Ok(json(200, &Report { dry_run: run == Run::Dry, items }))
}

/// Whoever misspells `dry_run` must not apply.
fn run(query: Option<&str>) -> Result<Run, FieldError> {
    match query {
        None | Some("" | "dry_run=false") => Ok(Run::Real),
        Some("dry_run=true") => Ok(Run::Dry),
        Some(_) => Err(FieldError::new("query", "must be dry_run=true or dry_run=false")),
    }
}
