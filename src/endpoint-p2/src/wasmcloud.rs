//! A wasmCloud host: its stores, and the settings from the environment. A stock wasmtime is one as well.

use std::env::VarError;

use asserta_core::ports::KeyPage;
use asserta_endpoint_ports::{Bucket, KeyValue};
use asserta_http::SettingTexts;

use self::bindings::wasi::keyvalue::atomics;
use self::bindings::wasi::keyvalue::store::{self, Error};

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]

    wit_bindgen::generate!({
        world: "storage",
        path: "wit/wasmcloud",
        generate_all,
    });
}

/// One of the two stores.
pub(crate) type HostStore = KeyValue<HostBucket>;

/// The environment: `ASSERTA_` and the setting in upper case, as the native host has it.
pub(crate) struct Settings;

fn variable(name: &str) -> Result<Option<String>, &'static str> {
    match std::env::var(format!("ASSERTA_{}", name.to_ascii_uppercase())) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err("is not UTF-8"),
    }
}

impl SettingTexts for Settings {
    async fn text(&self, name: &str) -> Result<String, &'static str> {
        Ok(variable(name)?.unwrap_or_default())
    }
}

/// The store `default`.
pub(crate) fn registry() -> HostStore {
    KeyValue::named("default")
}

/// The store `replay`.
pub(crate) fn replay() -> HostStore {
    KeyValue::named("replay")
}

/// A bucket of wasi:keyvalue's first draft.
pub(crate) struct HostBucket(store::Bucket);

fn cause(error: Error) -> String {
    match error {
        Error::NoSuchStore => "no such store".to_owned(),
        Error::AccessDenied => "access denied".to_owned(),
        Error::Other(text) => text,
    }
}

impl Bucket for HostBucket {
    /// Hosts have identifiers of their own for buckets: `ASSERTA_BUCKET_DEFAULT` and `ASSERTA_BUCKET_REPLAY` say which.
    fn open(store: &'static str) -> Result<Self, String> {
        let identifier = variable(&format!("bucket_{store}"))?;
        store::open(identifier.as_deref().unwrap_or(store)).map(Self).map_err(cause)
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.get(key).map_err(cause)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), String> {
        self.0.set(key, value).map_err(cause)
    }

    fn delete(&self, key: &str) -> Result<(), String> {
        self.0.delete(key).map_err(cause)
    }

    fn list_keys(&self, cursor: Option<&str>) -> Result<KeyPage, String> {
        let cursor =
            cursor.map(str::parse).transpose().map_err(|_| "a cursor that is no number".to_owned())?;
        let page = self.0.list_keys(cursor).map_err(cause)?;
        Ok(KeyPage { keys: page.keys, next: page.cursor.map(|cursor| cursor.to_string()) })
    }

    fn list_keys_from(&self, _: &str) -> Option<KeyPage> {
        None
    }

    fn increment(&self, key: &str) -> Result<i64, String> {
        let count = atomics::increment(&self.0, key, 1).map_err(cause)?;
        i64::try_from(count).map_err(|_| "a counter is beyond its range".to_owned())
    }
}
