//! The keys of a trusted issuer, and the life of a JWKS document (R50 to R53).
//!
//! A document is fresh for a while, then served stale while it is refreshed, and dropped a day after
//! that. Fetches take turns: in each window of 30 seconds one request of all instances fetches, decided
//! by an atomic counter; the others use what there is or wait for its result. So strangers with made-up
//! `kid`s cause two fetches a minute and no more. The same counter says how many wait already: a request
//! that waits keeps an instance, and a slow endpoint must not keep those of all other issuers.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::cache::Trusted;
use super::key_document::Usable;
use super::record::{self, Key};
use super::{RegistryError, Service};
use crate::field::FieldError;
use crate::jose::compact::Header;
use crate::jose::jwk::{JwkSet, VerificationKey};
use crate::organization::OrganizationId;
use crate::ports::{
    Clock as _, Event, FetchProblem, FetchedDocument, KeyFetcher, Ports, Store as _, StoreError,
};
use crate::refusal::{KeysNeeded, Reason, Refusal};
use crate::trust::{IssuerKeys, MAX_KEY_DOCUMENT};

/// How long a document is fresh where its endpoint does not say, and within which bounds it may say
/// so: seconds.
const FRESH: u64 = 600;
const FRESH_LEAST: u64 = 60;
const FRESH_MOST: u64 = 86_400;
/// How long a document is used after it stopped being fresh, in seconds.
const STALE: u64 = 86_400;
/// One fetch at most in a window, in seconds.
const WINDOW: u64 = 30;
/// How many requests at most fetch a document or wait for it, over all instances: a quarter of the instances
/// that our native host runs.
const MOST_WAITING: i64 = 64;
/// After how many seconds a request that found no room to wait may come again.
const COME_AGAIN: u64 = 1;
/// How often a request looks whether another one's fetch is done, and at which distance.
const LOOKS: u32 = 120;
const PAUSE: u64 = 50;

/// A JWKS document as it is stored. `document` is absent while no fetch has ever succeeded.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredDocument {
    uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    /// Until when it is fresh: seconds since 1970.
    fresh_until: u64,
    /// The window in which it was last tried to fetch it.
    turn: u64,
}

/// A JWKS document with its keys parsed.
pub(super) struct KeyDocument {
    /// The record as it is in the store: while that is the same, nothing is parsed again.
    record: Vec<u8>,
    stored: StoredDocument,
    keys: Rc<[VerificationKey]>,
}

impl KeyDocument {
    fn new(record: Vec<u8>, stored: StoredDocument) -> Self {
        let text = stored.document.as_deref().unwrap_or_default();
        let keys = JwkSet::parse(text.as_bytes()).map(|set| set.keys).unwrap_or_default();
        Self { record, stored, keys: keys.into() }
    }

    fn is_fresh(&self, now: u64) -> bool {
        now < self.stored.fresh_until
    }

    fn is_usable(&self, now: u64) -> bool {
        !self.keys.is_empty() && now < self.stored.fresh_until.saturating_add(STALE)
    }

    fn was_tried_in(&self, window: u64) -> bool {
        self.stored.turn == window
    }

    /// Whether it has the key that the header names; without a `kid`, any key will do (R48).
    fn has_key_for(&self, header: &Header) -> bool {
        let kid = header.kid.as_deref();
        self.keys.iter().any(|key| kid.is_none() || key.kid.as_deref() == kid)
    }
}

impl<P: Ports> Service<P> {
    /// The issuer's keys at this moment, fetched if need be.
    pub(super) async fn issuer_keys(
        &self,
        organization: &OrganizationId,
        trusted: &Trusted,
        header: &Header,
        now: u64,
    ) -> Result<Rc<[VerificationKey]>, Refusal> {
        let uri = match &trusted.source {
            IssuerKeys::Certificate(keys) | IssuerKeys::Inline(keys) => return Ok(Rc::clone(keys)),
            IssuerKeys::Endpoint(uri) => uri,
        };
        let name = &trusted.issuer.name;
        let kept = self.cache.borrow().document(organization, name);
        let current = |document: &Rc<KeyDocument>| document.stored.uri == *uri;
        let kept = kept.filter(|kept| current(kept) && kept.is_fresh(now) && kept.has_key_for(header));
        if let Some(document) = kept {
            return Ok(Rc::clone(&document.keys));
        }
        let stored = self.load_document(organization, name, uri).await?;
        match stored {
            Some(document) if document.is_usable(now) && document.has_key_for(header) => {
                if !document.is_fresh(now) {
                    self.ask_for_refresh(organization, &trusted.issuer.name, &document, uri, now)?;
                }
                Ok(Rc::clone(&document.keys))
            }
            stored => self.refresh(organization, name, uri, stored, now).await,
        }
    }

    /// A stale document does for now, but is to be fetched again: by us after the answer, or by a caller
    /// who supplies keys (at most once in a window).
    fn ask_for_refresh(
        &self,
        organization: &OrganizationId,
        name: &str,
        document: &KeyDocument,
        uri: &str,
        now: u64,
    ) -> Result<(), Refusal> {
        if document.was_tried_in(now / WINDOW) {
            return Ok(());
        }
        if P::KeyFetcher::CALLER_SUPPLIES {
            return Err(keys_needed(name, uri));
        }
        self.cache.borrow_mut().refreshes_due.push((organization.clone(), name.to_string()));
        Ok(())
    }

    /// Fetches the document, or waits for the request that does; R52.
    async fn refresh(
        &self,
        organization: &OrganizationId,
        name: &str,
        uri: &str,
        stored: Option<Rc<KeyDocument>>,
        now: u64,
    ) -> Result<Rc<[VerificationKey]>, Refusal> {
        let window = now / WINDOW;
        let mut stored = stored;
        if !stored.as_ref().is_some_and(|document| document.was_tried_in(window)) {
            if P::KeyFetcher::CALLER_SUPPLIES {
                return Err(keys_needed(name, uri));
            }
            let turn = Key::jwks_turn(organization, name, window);
            stored = match self.ports.registry().increment(&turn).await? {
                1 => Some(self.fetch(organization, name, uri, stored, window).await?),
                2..=MOST_WAITING => self.wait_for_fetch(organization, name, uri, window).await?,
                // Whether the key is in the document to come nobody knows yet.
                _ => return Err(unavailable(COME_AGAIN)),
            };
        }
        let now = self.ports.clock().now();
        match stored {
            Some(document) if document.is_usable(now) => Ok(Rc::clone(&document.keys)),
            _ => Err(unavailable(WINDOW - now % WINDOW)),
        }
    }

    /// Fetches in this window's turn and stores the outcome, good or not.
    async fn fetch(
        &self,
        organization: &OrganizationId,
        name: &str,
        uri: &str,
        before: Option<Rc<KeyDocument>>,
        window: u64,
    ) -> Result<Rc<KeyDocument>, StoreError> {
        let fetched = self.ports.key_fetcher().fetch(uri).await;
        let document = self.store_document(organization, name, uri, before, fetched, window).await?;
        if let Some(last) = window.checked_sub(1) {
            // What earlier windows left behind; the current counter must stay until its window is over.
            let turn = Key::jwks_turn(organization, name, last);
            if self.ports.registry().get(&turn).await?.is_some() {
                self.ports.registry().delete(&turn).await?;
            }
        }
        Ok(document)
    }

    /// R52: what is empty or unreadable keeps the last good document.
    async fn store_document(
        &self,
        organization: &OrganizationId,
        name: &str,
        uri: &str,
        before: Option<Rc<KeyDocument>>,
        fetched: Result<FetchedDocument, FetchProblem>,
        turn: u64,
    ) -> Result<Rc<KeyDocument>, StoreError> {
        let usable = fetched.map_err(Into::into).and_then(Usable::read);
        self.ports.events().emit(&match &usable {
            Ok(usable) => Event::KeysFetched {
                organization,
                trusted_issuer: name,
                keys: usable.set.keys.len(),
                skipped: &usable.set.skipped,
            },
            Err(problem) => Event::KeysFailed { organization, trusted_issuer: name, problem },
        });
        let (document, fresh_until) = match (usable, before) {
            (Ok(usable), _) => {
                let fresh = usable.max_age.unwrap_or(FRESH).clamp(FRESH_LEAST, FRESH_MOST);
                (Some(usable.text), self.ports.clock().now() + fresh)
            }
            (Err(_), Some(before)) => (before.stored.document.clone(), before.stored.fresh_until),
            (Err(_), None) => (None, 0),
        };
        let stored = StoredDocument { uri: uri.into(), document, fresh_until, turn };
        let record = record::write(&stored);
        self.ports.registry().set(&Key::jwks(organization, name), &record).await?;
        let document = Rc::new(KeyDocument::new(record, stored));
        self.cache.borrow_mut().keep_document(organization, name, Rc::clone(&document));
        Ok(document)
    }

    /// Another request fetches: looks until its outcome is stored.
    async fn wait_for_fetch(
        &self,
        organization: &OrganizationId,
        name: &str,
        uri: &str,
        window: u64,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        for _ in 0..LOOKS {
            let stored = self.load_document(organization, name, uri).await?;
            if stored.as_ref().is_some_and(|document| document.stored.turn >= window) {
                return Ok(stored);
            }
            self.ports.clock().sleep(PAUSE).await;
        }
        self.load_document(organization, name, uri).await
    }

    /// The stored document, unless it is another endpoint's.
    async fn load_document(
        &self,
        organization: &OrganizationId,
        name: &str,
        uri: &str,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let key = Key::jwks(organization, name);
        let record = self.ports.registry().get(&key).await?;
        let Some(record) = record else { return Ok(None) };
        let kept = self.cache.borrow().document(organization, name);
        if let Some(kept) = kept.filter(|kept| kept.record == record && kept.stored.uri == uri) {
            return Ok(Some(kept));
        }
        let stored: StoredDocument = record::read(&key, &record)?;
        if stored.uri != uri {
            return Ok(None);
        }
        let document = Rc::new(KeyDocument::new(record, stored));
        self.cache.borrow_mut().keep_document(organization, name, Rc::clone(&document));
        Ok(Some(document))
    }

    /// Takes a JWKS document that the caller fetched, and says how many of its keys are usable.
    /// `None` says that the caller could not fetch it: what is stored is used on, if it may be (R51).
    pub async fn supply_keys(
        &self,
        organization: &OrganizationId,
        name: &str,
        fetched: Option<FetchedDocument>,
    ) -> Result<usize, RegistryError> {
        let issuer = self.trusted_issuer(organization, name).await?;
        let Some(uri) = &issuer.jwks_uri else {
            return Err(FieldError::new("name", "names a trusted issuer without a jwks_uri").into());
        };
        if let Some(fetched) = &fetched {
            let error = |problem: &dyn core::fmt::Display| FieldError::new("document", problem);
            if fetched.body.len() > MAX_KEY_DOCUMENT {
                return Err(error(&"must not exceed 64 KiB").into());
            }
            let set = JwkSet::parse(&fetched.body).map_err(|problem| error(&problem))?;
            if set.keys.is_empty() {
                return Err(error(&"has no usable key").into());
            }
        }
        let before = self.load_document(organization, name, uri).await?;
        let window = self.ports.clock().now() / WINDOW;
        let fetched = fetched.ok_or(FetchProblem::NotSupplied);
        let document = self.store_document(organization, name, uri, before, fetched, window).await?;
        Ok(document.keys.len())
    }

    /// Forgets the document of an issuer that is removed or has another endpoint.
    pub(super) async fn forget_document(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<(), StoreError> {
        self.cache.borrow_mut().forget_document(organization, name);
        self.ports.registry().delete(&Key::jwks(organization, name)).await
    }

    /// Work that should not delay an answer: refreshing stale documents, sweeping the replay store.
    /// A shell calls it after it has answered.
    pub async fn after_answer(&self) -> Result<(), StoreError> {
        let due: Vec<(OrganizationId, String)> = core::mem::take(&mut self.cache.borrow_mut().refreshes_due);
        for (organization, name) in due {
            self.refresh_unless_another_does(&organization, &name).await?;
        }
        self.sweep_if_due().await
    }

    /// Nobody waits for this refresh, so it waits for nobody: a failure is tried again in the next window.
    async fn refresh_unless_another_does(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<(), StoreError> {
        let now = self.ports.clock().now();
        let window = now / WINDOW;
        let (store, turn) = (self.ports.registry(), Key::jwks_turn(organization, name, window));
        // A read is cheaper than the write that would decide it.
        if store.get(&turn).await?.is_some() {
            return Ok(());
        }
        let Ok(issuer) = self.trusted_issuer(organization, name).await else { return Ok(()) };
        let Some(uri) = &issuer.jwks_uri else { return Ok(()) };
        let stored = self.load_document(organization, name, uri).await?;
        let is_done = |document: &Rc<KeyDocument>| document.is_fresh(now) || document.was_tried_in(window);
        if !stored.as_ref().is_some_and(is_done) && store.increment(&turn).await? == 1 {
            self.fetch(organization, name, uri, stored, window).await?;
        }
        Ok(())
    }
}

fn unavailable(retry_after: u64) -> Refusal {
    Refusal { retry_after: Some(retry_after), ..Reason::KeysUnavailable.into() }
}

fn keys_needed(name: &str, uri: &str) -> Refusal {
    let keys_needed = Some(KeysNeeded { trusted_issuer: name.into(), uri: uri.into() });
    Refusal { keys_needed, ..Reason::KeysNeeded.into() }
}
