//! The settings, as the host handed them over.

use asserta_http::{SETTINGS, SettingTexts};

use crate::bindings::exports::asserta::exchange::http::{BadSetting, Setting};

/// The texts, by name. `None`: none were handed over.
pub(crate) struct Texts(Option<Vec<Setting>>);

impl Texts {
    /// Of an instance that was not configured: it serves nothing.
    pub(crate) const fn missing() -> Self {
        Self(None)
    }

    /// Names that nobody knows are refused: a setting that is misspelt must not be ignored.
    pub(crate) fn new(settings: Vec<Setting>) -> Result<Self, BadSetting> {
        for (index, (name, _)) in settings.iter().enumerate() {
            let problem = if !SETTINGS.contains(&name.as_str()) {
                "is unknown"
            } else if settings[..index].iter().any(|(earlier, _)| earlier == name) {
                "is there twice"
            } else {
                continue;
            };
            return Err(BadSetting { name: name.clone(), problem: problem.to_string() });
        }
        Ok(Self(Some(settings)))
    }
}

impl SettingTexts for Texts {
    async fn text(&self, name: &str) -> Result<String, &'static str> {
        let settings = self.0.as_ref().ok_or("can't be read: nobody called configure")?;
        let found = settings.iter().find(|(known, _)| known == name);
        Ok(found.map(|(_, text)| text.clone()).unwrap_or_default())
    }
}
