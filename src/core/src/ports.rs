//! What core needs of the world. A shell (the Spin endpoint, the WIT component, a test) implements
//! these traits and bundles them in [`Ports`]; core does no input or output of its own.
//!
//! The methods are `async fn`, so that a shell with an event loop can await, while a shell without
//! one drives the always-ready future with a single poll.

mod event;
mod policy;

pub use event::{Audited, Decision, Event, Outcome, TokenDecision, TokenEndpoint};
pub use policy::{Policy, PolicyContext};

pub use crate::keys::FetchProblem;
pub use crate::trust::policy::{Narrowing, PolicyDecision};

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::jose::Signatures;
use crate::oauth::{Reason, Refusal};

/// Why the store is of no use. Core refuses what depends on it (R70, R74).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// It does not answer: what a shell's [`Store`] says.
    Unavailable,
    /// It answered, but a record can't be read: what core finds. Boxed: this is returned by everything, and rare.
    Unreadable(Box<UnreadableRecord>),
}

/// A record that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRecord {
    /// Its key.
    pub key: String,
    /// What is wrong with it, as the second half of a sentence, with nothing of its content.
    pub problem: &'static str,
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => formatter.write_str("the store does not answer at the moment"),
            Self::Unreadable(record) => write!(formatter, "the record {} {}", record.key, record.problem),
        }
    }
}

impl core::error::Error for StoreError {}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let cause = match &error {
            // The shell has told what its store says.
            StoreError::Unavailable => None,
            StoreError::Unreadable(_) => Some(error.to_string()),
        };
        Self { cause, ..Reason::StoreUnavailable.into() }
    }
}

/// Some of the keys of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys of this page.
    pub keys: Vec<String>,
    /// Where the next page begins, in the store's own terms; `None`: this is the last one.
    pub next: Option<String>,
}

/// A key-value store. Keys are at most 256 bytes of UTF-8.
#[allow(async_fn_in_trait, reason = "a Wasm instance has one thread: no Send bound is wanted")]
pub trait Store {
    /// The value of a key, or `None` where there is none.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Writes a value, whether the key exists or not.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Removes a key; no error where it does not exist.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
    /// Removes keys that stand beside each other in a page of keys. A store that can removes them in one step, and with
    /// them what has come between them meanwhile.
    async fn delete_listed(&self, keys: &[String]) -> Result<(), StoreError> {
        for key in keys {
            self.delete(key).await?;
        }
        Ok(())
    }
    /// The keys that begin with `prefix`, a page at a time: from the beginning, or from where the page
    /// before said that it goes on. A store that answers in several pages does so in ascending order.
    async fn page_of_keys(&self, prefix: &str, from: Option<&str>) -> Result<KeyPage, StoreError>;
    /// All keys that begin with `prefix`, in ascending order.
    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut page = self.page_of_keys(prefix, None).await?;
        let mut keys = page.keys;
        while let Some(next) = page.next {
            page = self.page_of_keys(prefix, Some(&next)).await?;
            keys.append(&mut page.keys);
        }
        // Ordered by the kind of set that scopes and members of JSON need as well: a sort would be 3 kB of code more.
        let mut ordered = BTreeSet::new();
        for key in &keys {
            ordered.insert(key.as_str());
        }
        Ok(ordered.iter().map(|key| String::from(*key)).collect())
    }
    /// The first keys that begin with `prefix` and come after the key `after`, in ascending order: at most `limit`, which is
    /// a few hundred. A store that keeps its keys in order reads no others; of any other one this reads all.
    async fn keys_after(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut keys = self.keys(prefix).await?;
        keys.retain(|key| after.is_none_or(|after| key.as_str() > after));
        keys.truncate(limit);
        Ok(keys)
    }
    /// Adds one to the counter under `key` (absent counts as 0) and returns the new value.
    /// Atomic among all users of the store: the only atomic step that core relies on.
    async fn increment(&self, key: &str) -> Result<i64, StoreError>;
}

/// A document that is to be fetched, and what its registration says of the way there (R55).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchRequest<'a> {
    /// Where it is: a JWK set, or metadata that says where one is.
    pub uri: &'a str,
    /// The certificate authorities that count there, in place of all others: certificates in PEM. A shell that can't go by
    /// these fetches nothing and says [`FetchProblem::Authorities`].
    pub authorities: Option<&'a str>,
    /// Whether the registration allows addresses of private networks. Whether a registration may, the shell's operator
    /// says; one that can't tell or can't choose goes by its own rules.
    pub allow_private: bool,
}

/// A document as its endpoint served it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedDocument {
    /// The body: at most 64 KiB (R50).
    pub body: Vec<u8>,
    /// `max-age` of its `Cache-Control` header, less its `Age`, in seconds.
    pub max_age: Option<u64>,
}

/// Fetches the documents of issuers' keys, under the limits of R50.
#[allow(async_fn_in_trait, reason = "a Wasm instance has one thread: no Send bound is wanted")]
pub trait KeyFetcher {
    /// Whether this shell can't fetch: an exchange then answers
    /// [`Reason::KeysNeeded`](crate::oauth::Reason::KeysNeeded), and the caller supplies the document.
    const CALLER_SUPPLIES: bool;
    /// GETs a document.
    async fn fetch(&self, request: FetchRequest<'_>) -> Result<FetchedDocument, FetchProblem>;
}

/// The wall clock.
#[allow(async_fn_in_trait, reason = "a Wasm instance has one thread: no Send bound is wanted")]
pub trait Clock {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> u64;
    /// A reading that never goes back, for how long something takes: microseconds since whenever. A shell without one
    /// says 0.
    fn microseconds(&self) -> u64 {
        0
    }
    /// Lets about so many milliseconds pass. A shell that can't wait returns at once.
    async fn sleep(&self, milliseconds: u64);
}

/// The source of random bytes: cryptographically secure.
pub trait Entropy {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// Where events go.
pub trait Events {
    /// Takes note of an event. It must not fail and should not wait.
    fn emit(&self, event: &Event<'_>);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvents;

impl Events for NoEvents {
    fn emit(&self, _event: &Event<'_>) {}
}

/// The ports of one shell, bundled.
pub trait Ports {
    /// The key-value store.
    type Store: Store;
    /// The reader of JWKS endpoints.
    type KeyFetcher: KeyFetcher;
    /// The wall clock.
    type Clock: Clock;
    /// The source of randomness.
    type Entropy: Entropy;
    /// What verifies signatures and makes ours.
    type Signatures: Signatures;

    /// The store `default`: registrations, keys, JWKS documents.
    fn registry(&self) -> &Self::Store;
    /// The store `replay`: used assertions.
    fn replay(&self) -> &Self::Store;
    /// The reader of JWKS endpoints.
    fn key_fetcher(&self) -> &Self::KeyFetcher;
    /// The wall clock.
    fn clock(&self) -> &Self::Clock;
    /// The source of randomness.
    fn entropy(&self) -> &Self::Entropy;
    /// What verifies signatures and makes ours.
    fn signatures(&self) -> &Self::Signatures;
    /// Where events go; nowhere, unless the shell says otherwise.
    fn events(&self) -> &dyn Events {
        &NoEvents
    }
    /// What decides last; nothing, unless the shell says otherwise. Then nothing of it is compiled into the shell.
    fn policy(&self) -> Option<&dyn Policy> {
        None
    }
}

/// One shell's ports in several hands.
impl<P: Ports> Ports for Rc<P> {
    type Store = P::Store;
    type KeyFetcher = P::KeyFetcher;
    type Clock = P::Clock;
    type Entropy = P::Entropy;
    type Signatures = P::Signatures;

    fn registry(&self) -> &P::Store {
        (**self).registry()
    }

    fn replay(&self) -> &P::Store {
        (**self).replay()
    }

    fn key_fetcher(&self) -> &P::KeyFetcher {
        (**self).key_fetcher()
    }

    fn clock(&self) -> &P::Clock {
        (**self).clock()
    }

    fn entropy(&self) -> &P::Entropy {
        (**self).entropy()
    }

    fn signatures(&self) -> &P::Signatures {
        (**self).signatures()
    }

    fn events(&self) -> &dyn Events {
        (**self).events()
    }

    fn policy(&self) -> Option<&dyn Policy> {
        (**self).policy()
    }
}
