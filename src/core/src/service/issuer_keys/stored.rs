//! JWKS documents as they are stored, and as an instance keeps them parsed.

use alloc::rc::{Rc, Weak};
use alloc::string::ToString;

use super::document::{KeyDocument, StoredDocument, Usable};
use super::{IssuerKeys, Parsed, Source};
use crate::keys::KeysProblem;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Event, FetchProblem, FetchedDocument, Ports, Store as _, StoreError};
use crate::service::record::{self, KEY_WINDOW, Key};
use crate::service::registry::CurrentOrganization;

impl<P: Ports> IssuerKeys<P> {
    /// Stores what a fetch that began then has brought, and tells it. Returns the document before, and the newest.
    /// R52: what is empty or unreadable keeps the last good one.
    pub(super) async fn store_document(
        &self,
        source: Source<'_>,
        fetched: Result<FetchedDocument, KeysProblem>,
        began: u64,
    ) -> Result<(Option<Rc<KeyDocument>>, Rc<KeyDocument>), StoreError> {
        let Source { organization, name, uri } = source;
        let not_supplied = matches!(
            fetched,
            Err(KeysProblem::Fetch(FetchProblem::NotSupplied) | KeysProblem::NotSupplied(_))
        );
        let usable = fetched.and_then(Usable::read);
        self.shell.ports.events().emit(&match &usable {
            Ok(usable) => Event::KeysFetched {
                organization,
                trusted_issuer: name,
                keys: usable.set.keys.len(),
                skipped: &usable.set.skipped,
            },
            Err(problem) => Event::KeysFailed { organization, trusted_issuer: name, problem },
        });
        let now = self.shell.ports.clock().now();
        let before = self.load_document(source).await?;
        if let Some(newer) = before.as_ref().filter(|before| before.was_tried_after(began, now)) {
            return Ok((None, Rc::clone(newer)));
        }
        let last = before.as_ref();
        let (document, fresh_until, problem) = match usable {
            Ok(usable) => {
                let fresh_until = usable.fresh_until(now);
                (Some(usable.text), fresh_until, None)
            }
            Err(problem) => {
                // A caller whose document could not be used may say next that it has none.
                let known = last.filter(|last| not_supplied && last.was_tried(now));
                let known = known.and_then(|last| last.stored.problem.clone());
                let document = last.and_then(|last| last.stored.document.clone());
                let fresh_until = last.map_or(0, |last| last.healed_fresh_until(now));
                (document, fresh_until, Some(known.unwrap_or_else(|| problem.to_string())))
            }
        };
        let replaces =
            last.is_some_and(|last| last.stored.document.is_some() && last.stored.document != document);
        let (turn, tried_at) = (began / KEY_WINDOW, Some(began));
        let stored = StoredDocument { uri: uri.into(), document, fresh_until, turn, tried_at, problem };
        let record = record::write(&stored);
        if replaces {
            // Before and after: whichever step a failure keeps from happening, nobody goes on with the older one.
            self.registry.changed(organization).await?;
        }
        self.shell.ports.registry().set(&Key::jwks(organization, name), &record).await?;
        let document = Rc::new(KeyDocument::new(record, stored));
        self.keep(organization, name, &document, Weak::new());
        if replaces {
            self.registry.changed(organization).await?;
        }
        Ok((before, document))
    }

    /// The document that is the newest in this state of the organization, if it was read.
    pub(super) fn kept(&self, organization: &Rc<CurrentOrganization>, name: &str) -> Option<Rc<KeyDocument>> {
        let cache = self.cache.borrow();
        let parsed = cache.parsed.get(&Key::jwks(&organization.id, name))?;
        let is_newest = core::ptr::eq(parsed.newest_in.as_ptr(), Rc::as_ptr(organization));
        is_newest.then(|| Rc::clone(&parsed.document))
    }

    pub(super) fn keep(
        &self,
        organization: &OrganizationId,
        name: &str,
        document: &Rc<KeyDocument>,
        newest_in: Weak<CurrentOrganization>,
    ) {
        let parsed = Parsed { document: Rc::clone(document), newest_in };
        self.cache.borrow_mut().parsed.put(&Key::jwks(organization, name), parsed);
    }

    /// The stored document, unless it is another endpoint's.
    pub(super) async fn load_document(
        &self,
        source: Source<'_>,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let Source { organization, name, uri } = source;
        let key = Key::jwks(organization, name);
        let Some(record) = self.shell.ports.registry().get(&key).await? else { return Ok(None) };
        let parsed = self.cache.borrow().parsed.get(&key).map(|parsed| Rc::clone(&parsed.document));
        if let Some(parsed) = parsed.filter(|parsed| parsed.is_of(&record)) {
            return Ok((parsed.stored.uri == uri).then_some(parsed));
        }
        let stored: StoredDocument = match record::read(&key, &record) {
            Ok(stored) => stored,
            Err(error) => {
                // R74: it can be had again, so nothing is refused for its sake.
                let cause = error.to_string();
                self.shell.ports.events().emit(&Event::RecordUnreadable { key: &key, cause: &cause });
                return Ok(None);
            }
        };
        if stored.uri != uri {
            return Ok(None);
        }
        let document = Rc::new(KeyDocument::new(record, stored));
        self.keep(organization, name, &document, Weak::new());
        Ok(Some(document))
    }
}
