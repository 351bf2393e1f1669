//! Which addresses documents are fetched from.

use fluent_uri::Uri;
use fluent_uri::component::Scheme;

use crate::field::FieldError;

/// What is fetched (R50): `https`, or `http` from this machine while developing.
pub(crate) fn check_uri(field: &str, uri: &str, dev: bool) -> Result<(), FieldError> {
    let error = |problem: &str| FieldError::new(field, problem);
    if uri.len() > 2048 {
        return Err(error("must not exceed 2048 bytes"));
    }
    let parsed = Uri::parse(uri).map_err(|_| error("must be a URL"))?;
    let Some(authority) = parsed.authority().filter(|authority| !authority.host().is_empty()) else {
        return Err(error("must be a URL with a host"));
    };
    if authority.userinfo().is_some() {
        return Err(error("must not contain credentials"));
    }
    if parsed.fragment().is_some() {
        return Err(error("must not have a fragment"));
    }
    if authority.port_to_u16().is_err() {
        return Err(error("must have a port below 65536"));
    }
    let loopback = matches!(authority.host(), "127.0.0.1" | "[::1]" | "localhost");
    let https = parsed.scheme() == Scheme::new_or_panic("https");
    let http = parsed.scheme() == Scheme::new_or_panic("http");
    if !(https || http && dev && loopback) {
        return Err(error("must begin with https:// (http:// only to this machine, with the setting dev)"));
    }
    Ok(())
}
