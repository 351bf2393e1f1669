//! Who fetches a document: in a request, after a response, and the turns that were left behind.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::document::KeyDocument;
use super::{IssuerKeys, Source, unavailable};
use crate::keys::{KeyOwner, KeySource};
use crate::oauth::Refusal;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, FetchProblem, KeyFetcher as _, Ports, Store as _, StoreError};
use crate::service::record::{KEY_WINDOW, Key};

/// How often the instances together look for turns that were left behind, in seconds, and how many pages of keys one
/// look goes through. What is left is looked at a minute later.
pub(super) const SWEEP_EVERY: u64 = 3600;
const SWEEP_AGAIN: u64 = 60;
const PAGES_AT_ONCE: u32 = 4;

/// How many requests at most fetch a document or wait for it, over all instances: a quarter of the instances
/// that our native host runs.
const MAX_WAITING: i64 = 64;
/// After how many seconds a request that found no room to wait may come again.
const COME_AGAIN: u64 = 1;
/// How often a request looks whether another one's fetch is done, and at which distance.
pub(super) const LOOKS: u32 = 120;
pub(super) const PAUSE: u64 = 50;

impl<P: Ports> IssuerKeys<P> {
    /// Fetches if this is the first of all requests of the window, or waits for the one that does.
    pub(super) async fn take_turn(
        &self,
        source: Source<'_>,
        window: u64,
    ) -> Result<Option<Rc<KeyDocument>>, Refusal> {
        Ok(match self.shell.ports.registry().increment(&source.turn(window)).await? {
            1 => self.fetch(source, window).await?,
            2..=MAX_WAITING => self.wait_for_fetch(source, window).await?,
            // Whether the key is in the document to come nobody knows yet.
            _ => return Err(unavailable(COME_AGAIN, Some("too many requests wait for its answer"))),
        })
    }

    /// Fetches in this window's turn and stores the outcome, good or not. `None`: the registration was changed or
    /// removed meanwhile, and what came may be older than that. The turn does not tell: another request may have it anew.
    pub(super) async fn fetch(
        &self,
        source: Source<'_>,
        window: u64,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let begun = self.begin(source).await?;
        let fetcher = self.shell.ports.key_fetcher();
        let (mut uri, mut fetched) = (source.uri, fetcher.fetch(source.request(source.uri)).await);
        if let (Err(FetchProblem::Status(404)), Some(otherwise)) = (&fetched, source.otherwise) {
            (uri, fetched) = (otherwise, fetcher.fetch(source.request(otherwise)).await);
        }
        let stored = self.store_document(source, uri, fetched.map_err(Into::into), &begun).await?;
        let Some((before, document)) = stored else { return Ok(None) };
        let store = self.shell.ports.registry();
        if let Some(turn) = before.map(|before| before.stored.turn).filter(|turn| *turn != window) {
            // This window's counter must stay until the window is over: the next fetch deletes it.
            let turn = source.turn(turn);
            store.delete(&turn).await?;
            store.delete(&Key::jwks_turn_over(&turn)).await?;
        }
        Ok(Some(document))
    }

    /// Another request fetches: looks until its outcome is stored. The instance that fetched may be gone; who has
    /// waited in vain for longer than a fetch can take says so, and nobody waits for that turn again.
    pub(super) async fn wait_for_fetch(
        &self,
        source: Source<'_>,
        window: u64,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let store = self.shell.ports.registry();
        let over = Key::jwks_turn_over(&source.turn(window));
        let is_done = |document: &Rc<KeyDocument>| (window..window + 2).contains(&document.stored.turn);
        if store.get(&over).await?.is_some() {
            return self.load_document(source).await;
        }
        for _ in 0..LOOKS {
            let stored = self.load_document(source).await?;
            if stored.as_ref().is_some_and(is_done) {
                return Ok(stored);
            }
            self.shell.ports.clock().sleep(PAUSE).await;
        }
        store.set(&over, b"1").await?;
        self.load_document(source).await
    }

    /// Refreshes what a request found to be stale.
    pub(in crate::service) async fn refresh_due(&self) -> Result<(), StoreError> {
        let due: Vec<(OrganizationId, KeyOwner)> =
            core::mem::take(&mut self.cache.borrow_mut().refreshes_due);
        let mut done = Ok(());
        for (organization, owner) in due {
            // One that fails, on a full disk, keeps neither the others nor what makes room.
            done = done.and(self.refresh_unless_another_does(&organization, &owner).await);
            done = done.and(self.sweep_turns_if_due().await);
        }
        done
    }

    /// What is stale of an owner's documents: the metadata first, which says where the keys are.
    async fn refresh_unless_another_does(
        &self,
        organization: &OrganizationId,
        owner: &KeyOwner,
    ) -> Result<(), StoreError> {
        let Ok(registered) = self.registered_owner(organization, owner).await else { return Ok(()) };
        let Some(owner) = registered.owner() else { return Ok(()) };
        if let KeySource::Discovery(address) = owner.keys {
            self.refresh_alone(Source::of_metadata(organization, owner, address)).await?;
        }
        let Some(uri) = self.endpoint(organization, owner).await? else { return Ok(()) };
        self.refresh_alone(Source::of_keys(organization, owner, &uri)).await
    }

    /// Nobody waits for this refresh, so it waits for nobody: a failure is tried again in the next window.
    async fn refresh_alone(&self, source: Source<'_>) -> Result<(), StoreError> {
        let now = self.shell.ports.clock().now();
        let window = now / KEY_WINDOW;
        let (store, turn) = (self.shell.ports.registry(), source.turn(window));
        // A read is cheaper than the write that would decide it.
        if store.get(&turn).await?.is_some() {
            return Ok(());
        }
        let stored = self.load_document(source).await?;
        let is_done = stored.is_some_and(|document| document.is_fresh(now) || document.was_tried(now));
        if !is_done && store.increment(&turn).await? == 1 {
            self.fetch(source, window).await?;
        }
        Ok(())
    }

    /// Turns whose instance was gone before it had an outcome, which nothing else deletes.
    async fn sweep_turns_if_due(&self) -> Result<(), StoreError> {
        let window = self.shell.ports.clock().now() / KEY_WINDOW;
        if !self.turn_sweeps.is_due(&self.shell).await? {
            return Ok(());
        }
        let noted = self.turn_sweeps.note(&self.shell).await;
        if !self.sweep_turns(window).await? {
            self.turn_sweeps.again_in(&self.shell, SWEEP_AGAIN).await?;
        }
        noted
    }

    /// Deletes turns of other windows than those around this one; true: none is left.
    async fn sweep_turns(&self, window: u64) -> Result<bool, StoreError> {
        let store = self.shell.ports.registry();
        let mut from = None;
        for _ in 0..PAGES_AT_ONCE {
            let page = store.page_of_keys(Key::JWKS_TURNS, from.as_deref()).await?;
            for key in &page.keys {
                let named = key.split('/').nth(2).and_then(|part| part.parse::<u64>().ok());
                if named.is_none_or(|named| named.abs_diff(window) > 2) {
                    store.delete(key).await?;
                }
            }
            from = page.next;
            if from.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
