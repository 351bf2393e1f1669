//! A Spin host: its stores, and the settings from its variables.

use asserta_endpoint_ports::{EndpointStore, SpinBucket, SpinDatabase};
use asserta_http::SettingTexts;

use self::bindings::fermyon::spin::variables::{self, Error};

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]

    wit_bindgen::generate!({
        world: "settings",
        path: "wit/spin",
        generate_all,
    });
}

/// One of the two stores.
pub(crate) type HostStore = EndpointStore<SpinBucket, SpinDatabase, Settings>;

/// The variables of the application.
pub(crate) struct Settings;

impl SettingTexts for Settings {
    async fn text(&self, name: &str) -> Result<String, &'static str> {
        match variables::get(name) {
            Ok(value) => Ok(value),
            // The manifest does not define it.
            Err(Error::Undefined(_)) => Ok(String::new()),
            // What the provider says may quote a value.
            Err(Error::InvalidName(_)) => Err("is not a variable name the host accepts"),
            Err(Error::Provider(_)) => Err("can not be read from its provider"),
            Err(Error::Other(_)) => Err("can not be read"),
        }
    }
}

/// The store `default`.
pub(crate) fn registry() -> HostStore {
    HostStore::registry()
}

/// The store `replay`.
pub(crate) fn replay() -> HostStore {
    HostStore::replay(Settings)
}
