//! The settings, from the environment: `guard_issuer`, `guard_audience`, `guard_scopes`, `guard_jwks_uri`,
//! `guard_introspect`, `guard_client_id` and `guard_client_secret`, in upper or lower case.

use alloc::string::String;
use alloc::vec::Vec;

use asserta_core::resource::Settings;

use crate::bindings::wasi::cli::environment;

/// Who asks the issuer about tokens (RFC 7662 section 2.1): a `client_id` and its secret.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// None where they can't be used.
pub(crate) fn read() -> Option<(Settings, Credentials)> {
    let environment: Vec<(String, String)> = environment::get_environment();
    let text = |wanted: &str| {
        let found = environment.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map_or("", |(_, value)| value.as_str())
    };
    let introspect = match text("guard_introspect") {
        "" | "false" => false,
        "true" => true,
        _ => return None,
    };
    let credentials = Credentials {
        client_id: text("guard_client_id").into(),
        client_secret: text("guard_client_secret").into(),
    };
    let jwks_uri = Some(text("guard_jwks_uri"));
    let settings = Settings::parse(
        text("guard_issuer"),
        text("guard_audience"),
        text("guard_scopes"),
        jwks_uri,
        introspect,
    );
    Some((settings.ok()?, credentials))
}
