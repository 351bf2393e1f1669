//! `GET /console/`: the web console. Its files are the same for everybody and hold nothing secret; what it shows and does
//! goes over the admin API, with the token that is typed into it. So there is none where there is no admin API.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use asserta_core::ports::Ports;

use crate::endpoint::{NotStarted, Started};
use crate::gzip;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;

/// A file of the console, compressed when this crate was built.
struct File {
    name: &'static str,
    /// The entity tag, with its quotes.
    tag: &'static str,
    /// A gzip member.
    body: &'static [u8],
}

/// Written by `build.rs`.
static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

/// The page that `/console/` itself is.
const PAGE: &str = "index.html";

/// Nothing but our own files runs, shows or is asked; no text becomes markup or code (Trusted Types), and no page frames
/// this one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// Serves the paths below `/console`.
pub(crate) fn serve<P: Ports>(
    started: Result<&Started<P>, NotStarted>,
    segments: &[&str],
    request: &Request,
) -> Response {
    let found = match started {
        Ok(started) if started.admin_token_sha256.is_some() => {
            look_up(segments).ok_or_else(Problem::not_found)
        }
        Ok(_) => Err(Problem::not_found()),
        Err(not_started) => Err(not_started.into()),
    };
    match found {
        Err(problem) => problem.response(),
        Ok(_) if !matches!(request.method.as_str(), "GET" | "HEAD") => {
            Problem::response_allowing("GET, HEAD")
        }
        Ok(Found::Elsewhere) => elsewhere(),
        Ok(Found::File(file)) if is_known(file, request) => unchanged(file),
        Ok(Found::File(_)) if !gzip::is_acceptable(request) => Problem::not_acceptable().response(),
        Ok(Found::File(file)) => whole(file),
    }
}

enum Found {
    File(&'static File),
    /// The address without its slash, from which the page's own addresses would not resolve.
    Elsewhere,
}

fn look_up(segments: &[&str]) -> Option<Found> {
    let name = match segments {
        [] => return Some(Found::Elsewhere),
        [""] => PAGE,
        [name] if *name != PAGE => *name,
        _ => return None,
    };
    FILES.iter().find(|file| file.name == name).map(Found::File)
}

/// Relative: the public URL may have a path that a proxy takes off.
fn elsewhere() -> Response {
    let headers = vec![("location", "console/".to_owned()), ("cache-control", "no-cache".to_owned())];
    Response { status: 308, headers, body: Vec::new() }
}

fn whole(file: &File) -> Response {
    let mut headers = validators(file);
    headers.extend([
        ("content-type", media_type(file.name).to_owned()),
        ("content-encoding", "gzip".to_owned()),
        ("content-security-policy", POLICY.to_owned()),
        ("cross-origin-opener-policy", "same-origin".to_owned()),
        ("cross-origin-resource-policy", "same-origin".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-frame-options", "DENY".to_owned()),
    ]);
    Response { status: 200, headers, body: file.body.to_vec() }
}

fn unchanged(file: &File) -> Response {
    Response { status: 304, headers: validators(file), body: Vec::new() }
}

/// A browser keeps the files and asks each time: the next version of the endpoint is the next version of the console.
fn validators(file: &File) -> Vec<(&'static str, String)> {
    vec![
        ("etag", file.tag.to_owned()),
        ("cache-control", "no-cache".to_owned()),
        ("vary", "accept-encoding".to_owned()),
    ]
}

/// Whether the client has this very file (RFC 9110 section 13.1.2, where tags are compared weakly).
fn is_known(file: &File, request: &Request) -> bool {
    let known = request.header("if-none-match").ok().flatten().unwrap_or_default();
    known.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == file.tag)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
