//! The texts of the settings, from Spin's variables.

use asserta_http::SettingTexts;
use spin_sdk::variables::{self, Error};

/// The variables of the application.
pub(crate) struct Variables;

impl SettingTexts for Variables {
    async fn text(&self, name: &str) -> Result<String, &'static str> {
        match variables::get(name).await {
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
