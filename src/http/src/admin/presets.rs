//! `/admin/presets`: platforms whose assertions can be trusted by a few parameters. Nothing here is stored.

use asserta_core::trust::preset::{self, PresetRequest};
use serde::Serialize;

use super::body;
use super::handled::{Handled, Refused};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::json;

/// All presets with their facts and parameters.
pub(super) fn collection() -> Handled {
    #[derive(Serialize)]
    struct Presets {
        items: alloc::vec::Vec<&'static preset::Preset>,
    }
    Ok(json(200, &Presets { items: preset::all().collect() }))
}

/// One preset, and the trusted issuer that it makes of parameters.
pub(super) fn one(name: &str, request: &Request) -> Handled {
    let preset = preset::find(name).ok_or_else(Problem::not_found)?;
    match request.method.as_str() {
        "GET" | "HEAD" => Ok(json(200, preset)),
        "POST" => {
            let asked: PresetRequest = body::read(request)?;
            Ok(json(200, &preset.document(&asked)?))
        }
        _ => Err(Refused::Method),
    }
}
