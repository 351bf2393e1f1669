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

impl<P: Ports> IssuerKeys<P> {
    /// Stores what a fetch from `uri` that began then has brought, and tells it. Returns the document before, and the newest.
    /// R52: what is empty or unreadable keeps the last good one.
    pub(super) async fn store_document(
        &self,
        source: Source<'_>,
        uri: &str,
        fetched: Result<FetchedDocument, KeysProblem>,
        began: u64,
    ) -> Result<(Option<Rc<KeyDocument>>, Rc<KeyDocument>), StoreError> {
        let Source { organization, owner, kind, .. } = source;
        let not_supplied = matches!(
            fetched,
            Err(KeysProblem::Fetch(FetchProblem::NotSupplied) | KeysProblem::NotSupplied(_))
        );
        let dev = self.shell.settings.dev();
        let key_use = owner.key_use;
        let usable = match kind {
            DocumentKind::Jwks => fetched.and_then(|document| Usable::read(document, key_use)),
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
        let now = self.shell.ports.clock().now();
        let before = self.load_document(source).await?;
        if let Some(newer) = before.as_ref().filter(|before| before.was_tried_after(began, now)) {
            return Ok((None, Rc::clone(newer)));
        }
        let last = before.as_ref();
        let mut other_due = false;
        let mut refused = Vec::new();
        let (document, fresh_until, problem) = match usable {
            Ok(usable) => {
                let fresh_until = usable.fresh_until(now);
                (Some(usable.text), fresh_until, None)
            }
            Err(problem) => {
                // A caller whose document could not be used may say next that it has none.
                let known = last.filter(|last| not_supplied && last.was_tried(now) && !last.stored.other_due);
                let known = known.and_then(|last| last.stored.problem.clone());
                other_due =
                    not_supplied && known.is_none() && uri == source.uri && source.otherwise.is_some();
                if let KeysProblem::NoUsableKey(skipped) = &problem {
                    refused.clone_from(skipped);
                }
                let document = last.and_then(|last| last.stored.document.clone());
                let fresh_until = last.map_or(0, |last| last.healed_fresh_until(now));
                (document, fresh_until, Some(known.unwrap_or_else(|| problem.to_string())))
            }
        };
        let replaces =
            last.is_some_and(|last| last.stored.document.is_some() && last.stored.document != document);
        let (turn, tried_at) = (began / KEY_WINDOW, Some(began));
        let came_from = (uri != source.uri).then(|| uri.into());
        let uri = source.uri.into();
        let stored =
            StoredDocument { uri, came_from, document, fresh_until, turn, tried_at, problem, other_due };
        let record = record::write(&stored);
        if replaces {
            // Before and after: whichever step a failure keeps from happening, nobody goes on with the older one.
            self.registry.changed(organization).await?;
        }
        self.shell.ports.registry().set(&source.key(), &record).await?;
        let mut document = KeyDocument::new(record, stored, kind, key_use);
        document.refused = refused;
        let document = Rc::new(document);
        self.keep(source, &document, Weak::new());
        if replaces {
            self.forget_fetch_from_before(source, last, now).await?;
            self.registry.changed(organization).await?;
        }
        Ok((before, document))
    }

    /// Where metadata says that the keys are elsewhere now, what is still being fetched from there is nobody's any more.
    async fn forget_fetch_from_before(
        &self,
        source: Source<'_>,
        before: Option<&Rc<KeyDocument>>,
        now: u64,
    ) -> Result<(), StoreError> {
        let Some(uri) = before.and_then(|before| before.jwks_uri()) else { return Ok(()) };
        let keys = Source::of_keys(source.organization, source.owner, uri);
        self.shell.ports.registry().delete(&keys.turn(now / KEY_WINDOW)).await
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
