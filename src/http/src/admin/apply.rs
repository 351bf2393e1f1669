//! `POST /admin/apply`: a document of registrations, applied as a whole or, with `?dry_run=true`, not at all. With
//! `&against=activity` a dry run also says which recorded decisions would come out otherwise.

use alloc::vec::Vec;

use asserta_core::field::FieldError;
use asserta_core::ports::Ports;
use asserta_core::service::{Applied, Comparison, Report, Run, Service, TrustDocument};
use serde::Serialize;

use super::body;
use super::handled::Handled;
use super::query::{malformed, parameters};
use crate::request::Request;
use crate::response::json;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Run(Run),
    /// A dry run, and what it makes of the activity log.
    DryRunAgainstActivity,
}

/// A dry run, and what it makes of the activity log.
#[derive(Serialize)]
struct ComparedReport {
    dry_run: bool,
    items: Vec<Applied>,
    activity: Comparison,
}

pub(super) async fn apply(service: &Service<impl Ports>, request: &Request) -> Handled {
    let wanted = wanted(request)?;
    let document = TrustDocument::read(body::object(request)?.into()).map_err(body::problem)?;
    document.check(service.settings().dev())?;
    let run = match wanted {
        Wanted::Run(run) => run,
        Wanted::DryRunAgainstActivity => Run::Dry,
    };
    let items = service.registry().apply_each(&document, run).await?;
    if wanted == Wanted::DryRunAgainstActivity {
        let activity = service.activity().compare(&document, &items).await?;
        return Ok(json(200, &ComparedReport { dry_run: true, items, activity }));
    }
    Ok(json(200, &Report { dry_run: run == Run::Dry, items }))
}

/// Whoever misspells `dry_run` must not apply.
fn wanted(request: &Request) -> Result<Wanted, FieldError> {
    let form = parameters(request, &["dry_run", "against"])?;
    let run = match form.one("dry_run").map_err(malformed)? {
        None if !form.has("dry_run") => Run::Real,
        Some("false") => Run::Real,
        Some("true") => Run::Dry,
        _ => return Err(FieldError::new("dry_run", "must be true or false")),
    };
    match (form.one("against").map_err(malformed)?, run) {
        (None, _) if !form.has("against") => Ok(Wanted::Run(run)),
        (Some("activity"), Run::Dry) => Ok(Wanted::DryRunAgainstActivity),
        (Some("activity"), Run::Real) => Err(FieldError::new("against", "needs dry_run=true")),
        _ => Err(FieldError::new("against", "must be activity")),
    }
}
