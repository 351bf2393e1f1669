//! What the admin API takes and returns, for programs: `/admin/schema.json`, the shape of registrations as JSON Schema, and
//! `/admin/openapi.json`, the whole interface as OpenAPI 3.1.

use super::handled::Handled;
use crate::gzip;
use crate::request::Request;

/// Both are written by `make documents`, and are a tenth of their size in here.
const SCHEMA: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/schema.json.gz"));
const OPENAPI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

pub(super) fn schema(request: &Request) -> Handled {
    description(request, SCHEMA, "application/schema+json")
}

pub(super) fn openapi(request: &Request) -> Handled {
    description(request, OPENAPI, "application/json")
}

fn description(request: &Request, member: &[u8], media_type: &str) -> Handled {
    Ok(gzip::description(request, member, media_type))
}
