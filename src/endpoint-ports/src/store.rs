//! The two stores of an endpoint, and where used assertions are kept.

use std::cell::OnceCell;

use asserta_core::ports::{Event, Events as _, KeyPage, Store, StoreError};
use asserta_http::SettingTexts;

use crate::key_value::{Bucket, KeyValue};
use crate::log::Log;
use crate::marks::{Database, Marks};

/// The setting that says where used assertions are kept.
const REPLAY_STORE: &str = "replay_store";

/// One of the two stores.
pub enum EndpointStore<B, D, T> {
    /// `default`: registrations, keys, JWKS documents.
    Registry(KeyValue<B>),
    /// `replay`: used assertions, in the key-value store or in the database.
    Replay {
        /// The key-value store.
        key_value: KeyValue<B>,
        /// The database.
        marks: Marks<D>,
        /// Where the setting is.
        texts: T,
        /// Whether it is the database, once that was read.
        is_database: OnceCell<bool>,
    },
}

/// Where an operation goes.
enum Place<'a, B, D> {
    KeyValue(&'a KeyValue<B>),
    Marks(&'a Marks<D>),
}

impl<B: Bucket, D: Database, T: SettingTexts> EndpointStore<B, D, T> {
    /// The store `default`.
    pub fn registry() -> Self {
        Self::Registry(KeyValue::named("default"))
    }

    /// The store `replay`, where the setting says.
    pub fn replay(texts: T) -> Self {
        Self::Replay {
            key_value: KeyValue::named("replay"),
            marks: Marks::default(),
            texts,
            is_database: OnceCell::new(),
        }
    }

    async fn place(&self) -> Result<Place<'_, B, D>, StoreError> {
        Ok(match self {
            Self::Registry(store) => Place::KeyValue(store),
            Self::Replay { key_value, marks, texts, is_database } => {
                let is_database = match is_database.get() {
                    Some(known) => *known,
                    None => {
                        let read = read(texts).await?;
                        *is_database.get_or_init(|| read)
                    }
                };
                if is_database { Place::Marks(marks) } else { Place::KeyValue(key_value) }
            }
        })
    }
}

/// Whether used assertions go into the database. What can't be understood is neither place: nothing is reserved (R70).
async fn read(texts: &impl SettingTexts) -> Result<bool, StoreError> {
    let problem = match texts.text(REPLAY_STORE).await.as_deref() {
        Ok("" | "key-value") => return Ok(false),
        Ok("sqlite") => return Ok(true),
        Ok(_) => "must be key-value or sqlite",
        Err(problem) => *problem,
    };
    Log.emit(&Event::BadSetting { setting: REPLAY_STORE, problem });
    Err(StoreError::Unavailable)
}

/// What each operation does in either place.
macro_rules! there {
    ($self:ident.$operation:ident($($argument:expr),*)) => {
        match $self.place().await? {
            Place::KeyValue(store) => store.$operation($($argument),*).await,
            Place::Marks(store) => store.$operation($($argument),*).await,
        }
    };
}

impl<B: Bucket, D: Database, T: SettingTexts> Store for EndpointStore<B, D, T> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        there!(self.get(key))
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        there!(self.set(key, value))
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        there!(self.delete(key))
    }

    async fn delete_listed(&self, keys: &[String]) -> Result<(), StoreError> {
        there!(self.delete_listed(keys))
    }

    async fn page_of_keys(&self, prefix: &str, from: Option<&str>) -> Result<KeyPage, StoreError> {
        there!(self.page_of_keys(prefix, from))
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        there!(self.increment(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at_once;
    use crate::marks::Value;

    /// A setting of this text.
    struct Text(Result<&'static str, &'static str>);

    impl SettingTexts for Text {
        async fn text(&self, name: &str) -> Result<String, &'static str> {
            assert_eq!(name, REPLAY_STORE);
            self.0.map(str::to_owned)
        }
    }

    /// A key-value store that counts from 10, and a database that counts from 20.
    struct Ten;
    struct Twenty;

    impl Bucket for Ten {
        fn open(_: &'static str) -> Result<Self, String> {
            Ok(Self)
        }
        fn get(&self, _: &str) -> Result<Option<Vec<u8>>, String> {
            Ok(None)
        }
        fn set(&self, _: &str, _: &[u8]) -> Result<(), String> {
            Ok(())
        }
        fn delete(&self, _: &str) -> Result<(), String> {
            Ok(())
        }
        fn list_keys(&self, _: Option<&str>) -> Result<KeyPage, String> {
            Ok(KeyPage::default())
        }
        fn list_keys_from(&self, _: &str) -> Option<KeyPage> {
            None
        }
        fn increment(&self, _: &str) -> Result<i64, String> {
            Ok(10)
        }
    }

    impl Database for Twenty {
        fn open(_: &str) -> Result<Self, String> {
            Ok(Self)
        }
        fn execute(&self, _: &str, _: &[Value]) -> Result<Vec<Value>, String> {
            Ok(vec![Value::Integer(20)])
        }
    }

    fn counted(text: Result<&'static str, &'static str>) -> Result<i64, StoreError> {
        at_once(EndpointStore::<Ten, Twenty, Text>::replay(Text(text)).increment("r/1/a"))
    }

    /// R70: the setting chooses, and one that says nothing that can be done reserves nothing.
    #[test]
    fn the_setting_chooses() {
        assert_eq!(counted(Ok("")), Ok(10));
        assert_eq!(counted(Ok("key-value")), Ok(10));
        assert_eq!(counted(Ok("sqlite")), Ok(20));
        for wrong in ["SQLite", "sqlite ", "redis", "true"] {
            assert_eq!(counted(Ok(wrong)), Err(StoreError::Unavailable), "{wrong}");
        }
        assert_eq!(counted(Err("can not be read")), Err(StoreError::Unavailable));
    }
}
