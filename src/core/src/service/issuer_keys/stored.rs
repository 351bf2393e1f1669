//! Documents as they are stored, and as an instance keeps them parsed.

use alloc::boxed::Box;
use alloc::rc::{Rc, Weak};
use alloc::string::ToString;
use alloc::vec::Vec;

use super::document::{KeyDocument, StoredDocument, Usable};
use super::{IssuerKeys, Parsed, Source};
use crate::keys::{DocumentKind, KeysProblem, check_uri};
use crate::ports::{Clock as _, Event, FetchProblem, FetchedDocument, Ports, Store as _, StoreError};
use crate::service::record::{self, KEY_WINDOW};
use crate::service::registry::CurrentOrganization;

/// A fetch that has begun.
pub(super) struct Begun {
    /// When: seconds since 1970.
    at: u64,
    /// How often what was fetched for the owner had been forgotten by then.
    forgotten: Option<Vec<u8>>,
}

/// What a fetch has brought, read.
struct Brought {
    usable: Result<Usable, KeysProblem>,
    /// The caller, who supplies documents, had none.
    not_supplied: bool,
}

/// The document before, and the newest.
type Stored = (Option<Rc<KeyDocument>>, Rc<KeyDocument>);

impl<P: Ports> IssuerKeys<P> {
    /// Begins a fetch: before anything is asked for.
    pub(super) async fn begin(&self, source: Source<'_>) -> Result<Begun, StoreError> {
        let at = self.shell.ports.clock().now();
        Ok(Begun { at, forgotten: self.shell.ports.registry().get(&source.forgotten()).await? })
    }

    /// Whether the owner was removed, or gets its keys in another way, since the fetch began.
    async fn is_forgotten(&self, source: Source<'_>, begun: &Begun) -> Result<bool, StoreError> {
        Ok(self.shell.ports.registry().get(&source.forgotten()).await? != begun.forgotten)
    }

    /// Stores what a fetch from `uri` has brought, and tells it. R52: what is empty or unreadable keeps the last good one.
    /// `None`: what came may be older than the registration that there is now.
    pub(super) async fn store_document(
        &self,
        source: Source<'_>,
        uri: &str,
        fetched: Result<FetchedDocument, KeysProblem>,
        begun: &Begun,
    ) -> Result<Option<Stored>, StoreError> {
        if self.is_forgotten(source, begun).await? {
            return Ok(None);
        }
        let brought = self.read_and_tell(source, fetched);
        let now = self.shell.ports.clock().now();
        let before = self.load_document(source).await?;
        if let Some(newer) = before.as_ref().filter(|before| before.was_tried_after(begun.at, now)) {
            return Ok(Some((None, Rc::clone(newer))));
        }
        let last = before.as_deref();
        let refused = match &brought.usable {
            Err(KeysProblem::NoUsableKey(skipped)) => skipped.clone(),
            _ => Vec::new(),
        };
        let stored = brought.into_record(source, uri, last, begun.at, now);
        let Some(mut document) = self.write_document(source, stored, last, begun).await? else {
            return Ok(None);
        };
        document.refused = refused;
        let document = Rc::new(document);
        self.keep(source, &document, Weak::new());
        Ok(Some((before, document)))
    }

    /// Reads what came, and tells what is in it or wrong with it.
    fn read_and_tell(&self, source: Source<'_>, fetched: Result<FetchedDocument, KeysProblem>) -> Brought {
        let Source { organization, owner, kind, .. } = source;
        let not_supplied = matches!(
            fetched,
            Err(KeysProblem::Fetch(FetchProblem::NotSupplied) | KeysProblem::NotSupplied(_))
        );
        let dev = self.shell.settings.dev();
        let usable = match kind {
            DocumentKind::Jwks => fetched.and_then(|document| Usable::read(document, owner.key_use)),
            DocumentKind::Metadata => fetched
                .and_then(|document| Usable::read_metadata(document, owner.issuer, dev))
                .map_err(|problem| KeysProblem::Metadata(Box::new(problem))),
        };
        let owner = &owner.named();
        match &usable {
            Ok(usable) if kind == DocumentKind::Jwks => {
                let (keys, skipped) = (usable.set.keys.len(), usable.set.skipped.as_slice());
                self.tell(&Event::KeysFetched { organization, owner, keys, skipped });
            }
            // What comes of it is told of the keys.
            Ok(_) => {}
            Err(problem) => self.tell(&Event::KeysFailed { organization, owner, problem }),
        }
        Brought { usable, not_supplied }
    }

    /// Writes the record. `None`: it was written too late, and is deleted.
    async fn write_document(
        &self,
        source: Source<'_>,
        stored: StoredDocument,
        last: Option<&KeyDocument>,
        begun: &Begun,
    ) -> Result<Option<KeyDocument>, StoreError> {
        let replaces = last
            .is_some_and(|last| last.stored.document.is_some() && last.stored.document != stored.document);
        let record = record::write(&stored);
        let store = self.shell.ports.registry();
        if replaces {
            // Before and after: whichever step a failure keeps from happening, nobody goes on with the older one.
            self.registry.changed(source.organization).await?;
        }
        store.set(&source.key(), &record).await?;
        // Who forgets counts first and deletes then: what was written after that deletion is seen here.
        if self.is_forgotten(source, begun).await? {
            store.delete(&source.key()).await?;
            self.registry.changed(source.organization).await?;
            return Ok(None);
        }
        if replaces {
            if last.is_some_and(|last| last.jwks_uri().is_some()) {
                // The keys are elsewhere now: what is still being fetched from there is nobody's any more.
                store.increment(&source.forgotten()).await?;
            }
            self.registry.changed(source.organization).await?;
        }
        Ok(Some(KeyDocument::new(record, stored, source.kind, source.owner.key_use)))
    }

    /// The document that is the newest in this state of the organization, if it was read.
    pub(super) fn kept(
        &self,
        organization: &Rc<CurrentOrganization>,
        source: Source<'_>,
    ) -> Option<Rc<KeyDocument>> {
        let cache = self.cache.borrow();
        let parsed = cache.parsed.get(&source.key())?;
        let is_newest = core::ptr::eq(parsed.newest_in.as_ptr(), Rc::as_ptr(organization));
        is_newest.then(|| Rc::clone(&parsed.document))
    }

    pub(super) fn keep(
        &self,
        source: Source<'_>,
        document: &Rc<KeyDocument>,
        newest_in: Weak<CurrentOrganization>,
    ) {
        let parsed = Parsed { document: Rc::clone(document), newest_in };
        self.cache.borrow_mut().parsed.put(&source.key(), parsed);
    }

    fn tell(&self, event: &Event<'_>) {
        self.shell.ports.events().emit(event);
    }

    /// The stored document, unless it is another endpoint's.
    pub(super) async fn load_document(
        &self,
        source: Source<'_>,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let key = source.key();
        let Some(record) = self.shell.ports.registry().get(&key).await? else { return Ok(None) };
        let parsed = self.cache.borrow().parsed.get(&key).map(|parsed| Rc::clone(&parsed.document));
        let key_use = source.owner.key_use;
        if let Some(parsed) = parsed.filter(|parsed| parsed.is_of(&record, key_use)) {
            return Ok((parsed.stored.uri == source.uri).then_some(parsed));
        }
        let stored: StoredDocument = match record::read(&key, &record) {
            Ok(stored) => stored,
            Err(error) => {
                // R74: it can be had again, so nothing is refused for its sake.
                let cause = error.to_string();
                self.tell(&Event::RecordUnreadable { key: &key, cause: &cause });
                return Ok(None);
            }
        };
        if stored.uri != source.uri {
            return Ok(None);
        }
        let document = Rc::new(KeyDocument::new(record, stored, source.kind, key_use));
        // What was good under another setting may not be under this one (R50).
        let dev = self.shell.settings.dev();
        if document.jwks_uri().is_some_and(|uri| check_uri("jwks_uri", uri, dev).is_err()) {
            return Ok(None);
        }
        self.keep(source, &document, Weak::new());
        Ok(Some(document))
    }
}

impl Brought {
    /// The record that takes the place of the last one.
    fn into_record(
        self,
        source: Source<'_>,
        uri: &str,
        last: Option<&KeyDocument>,
        began: u64,
        now: u64,
    ) -> StoredDocument {
        let mut other_due = false;
        let (document, fresh_until, problem) = match self.usable {
            Ok(usable) => {
                let fresh_until = usable.fresh_until(now);
                (Some(usable.text), fresh_until, None)
            }
            Err(problem) => {
                // A caller whose document could not be used may say next that it has none.
                let known =
                    last.filter(|last| self.not_supplied && last.was_tried(now) && !last.stored.other_due);
                let known = known.and_then(|last| last.stored.problem.clone());
                other_due =
                    self.not_supplied && known.is_none() && uri == source.uri && source.otherwise.is_some();
                let document = last.and_then(|last| last.stored.document.clone());
                let fresh_until = last.map_or(0, |last| last.healed_fresh_until(now));
                (document, fresh_until, Some(known.unwrap_or_else(|| problem.to_string())))
            }
        };
        StoredDocument {
            uri: source.uri.into(),
            came_from: (uri != source.uri).then(|| uri.into()),
            document,
            fresh_until,
            turn: began / KEY_WINDOW,
            tried_at: began,
            problem,
            other_due,
        }
    }
}
