//! The keys of a trusted issuer or of an application, and the life of a JWKS document and of the metadata that leads to it
//! (R50 to R54).
//!
//! A document is fresh for a while, then served stale while it is refreshed, and dropped a day after
//! that. Fetches take turns: in each window of 30 seconds one request of all instances fetches, decided
//! by an atomic counter; the others use what there is or wait for its result. So strangers with made-up
//! `kid`s cause one fetch in 30 seconds. The same counter says how many wait already: a request that
//! waits keeps an instance, and a slow endpoint must not keep those of all other issuers.
//!
//! A document that differs from the one before, and the end of its owner, bring the organization's counter
//! forward: each instance reads that first, so none goes on with the older one (R48).

mod check;
mod document;
mod owner;
mod registered;
mod report;
mod source;
mod stored;
mod supplied;
mod turns;

pub(super) use owner::Owner;
pub use report::{DocumentReport, KeyReport};
pub use supplied::Supplied;

use alloc::boxed::Box;
use alloc::rc::{Rc, Weak};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::pin::Pin;

use super::entries::Entries;
use super::record::{KEY_WINDOW, Key};
use super::registry::{CurrentOrganization, Registry, RegistryError};
use super::schedule::Schedule;
use super::shell::Shell;
use crate::field::FieldError;
use crate::jose::Header;
use crate::jose::key::VerificationKey;
use crate::keys::{KeyOwner, KeySource, MetadataAddress};
use crate::oauth::{KeysNeeded, Reason, Refusal};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, FetchProblem, KeyFetcher, Ports, Store as _, StoreError};
use document::KeyDocument;
use source::Source;

/// The keys of all trusted issuers and applications, as far as they come from endpoints.
pub(in crate::service) struct IssuerKeys<P: Ports> {
    shell: Rc<Shell<P>>,
    registry: Rc<Registry<P>>,
    cache: RefCell<Cache>,
    turn_sweeps: Schedule,
}

/// What an instance keeps.
#[derive(Default)]
struct Cache {
    /// JWKS documents with the bytes that they were parsed from: good for a record that was just read and has the same
    /// bytes.
    parsed: Entries<Parsed>,
    refreshes_due: Vec<(OrganizationId, KeyOwner)>,
}

struct Parsed {
    document: Rc<KeyDocument>,
    /// For which state of its organization it was read: under that it is the newest. A newer text brings the counter
    /// forward, so that none outlives it.
    newest_in: Weak<CurrentOrganization>,
}

impl<P: Ports> IssuerKeys<P> {
    pub(in crate::service) fn new(shell: Rc<Shell<P>>, registry: Rc<Registry<P>>) -> Self {
        let turn_sweeps = Schedule::new(Key::NEXT_TURN_SWEEP, turns::SWEEP_EVERY);
        Self { shell, registry, cache: RefCell::default(), turn_sweeps }
    }

    /// The owner's keys at this moment, fetched if need be.
    pub(in crate::service) async fn of(
        &self,
        organization: &Rc<CurrentOrganization>,
        owner: Owner<'_>,
        header: &Header,
        now: u64,
    ) -> Result<Rc<[VerificationKey]>, Refusal> {
        let metadata;
        let uri = match owner.keys {
            KeySource::Certificate(keys) | KeySource::Inline(keys) => return Ok(Rc::clone(keys)),
            KeySource::Endpoint(uri) => uri.as_str(),
            KeySource::Discovery(address) => {
                let source = Source::of_metadata(&organization.id, owner, address);
                metadata = self.current(organization, source, header, now).await?;
                metadata.jwks_uri().unwrap_or_default()
            }
        };
        let source = Source::of_keys(&organization.id, owner, uri);
        Ok(Rc::clone(&self.current(organization, source, header, now).await?.keys))
    }

    /// The document at this moment, fetched if need be, with what this header wants of it if there is that anywhere.
    async fn current(
        &self,
        organization: &Rc<CurrentOrganization>,
        source: Source<'_>,
        header: &Header,
        now: u64,
    ) -> Result<Rc<KeyDocument>, Refusal> {
        let is_good = |kept: &Rc<KeyDocument>| {
            kept.stored.uri == source.uri && kept.is_fresh(now) && kept.serves(header)
        };
        if let Some(document) = self.kept(organization, source).filter(is_good) {
            return Ok(document);
        }
        let stored = self.load_document(source).await?;
        if let Some(document) = &stored {
            // It was read after the counter that says under which the entry is kept.
            self.keep(source, document, Rc::downgrade(organization));
        }
        match stored {
            Some(document) if document.is_usable(now) && document.serves(header) => {
                if !document.is_fresh(now) {
                    self.ask_for_refresh(source, &document, now).await?;
                }
                Ok(document)
            }
            stored => self.refresh(source, stored, now).await,
        }
    }

    /// The owner's keys once more, where none of the `tried` ones made the signature good: a key may have changed
    /// under the same `kid`, or without one (R52). `None`: there are no others.
    pub(in crate::service) async fn newer_keys(
        &self,
        organization: &CurrentOrganization,
        owner: Owner<'_>,
        tried: &[VerificationKey],
        now: u64,
    ) -> Result<Option<Rc<[VerificationKey]>>, Refusal> {
        let Some(uri) = self.endpoint(&organization.id, owner).await? else { return Ok(None) };
        let source = Source::of_keys(&organization.id, owner, &uri);
        let stored = self.load_document(source).await?;
        let keys = Rc::clone(&self.refresh(source, stored, now).await?.keys);
        Ok((*keys != *tried).then_some(keys))
    }

    /// Where the owner's keys are, as far as that is known: nothing is fetched.
    async fn endpoint(
        &self,
        organization: &OrganizationId,
        owner: Owner<'_>,
    ) -> Result<Option<String>, StoreError> {
        let address = match owner.keys {
            KeySource::Certificate(_) | KeySource::Inline(_) => return Ok(None),
            KeySource::Endpoint(uri) => return Ok(Some(uri.clone())),
            KeySource::Discovery(address) => address,
        };
        let metadata = self.load_document(Source::of_metadata(organization, owner, address)).await?;
        Ok(metadata.and_then(|metadata| metadata.jwks_uri().map(ToString::to_string)))
    }

    /// The owner's keys as far as they are there, for people: nothing is fetched.
    pub(in crate::service) async fn keys_at_hand(
        &self,
        organization: &CurrentOrganization,
        owner: Owner<'_>,
    ) -> Result<Rc<[VerificationKey]>, Refusal> {
        if let KeySource::Certificate(keys) | KeySource::Inline(keys) = owner.keys {
            return Ok(Rc::clone(keys));
        }
        match self.stored_document(organization, owner).await? {
            Some(document) if !document.keys.is_empty() => Ok(Rc::clone(&document.keys)),
            _ => Err(unavailable(KEY_WINDOW, Some("it is not asked for what is refused anyway"))),
        }
    }

    /// The JWKS document as it is stored, for people; nothing is fetched.
    pub(in crate::service) async fn stored_document(
        &self,
        organization: &CurrentOrganization,
        owner: Owner<'_>,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let Some(uri) = self.endpoint(&organization.id, owner).await? else { return Ok(None) };
        self.load_document(Source::of_keys(&organization.id, owner, &uri)).await
    }

    /// The metadata as it is stored, for people; nothing is fetched. `None`, too, where the keys are not discovered.
    pub(in crate::service) async fn stored_metadata(
        &self,
        organization: &CurrentOrganization,
        owner: Owner<'_>,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let KeySource::Discovery(address) = owner.keys else { return Ok(None) };
        self.load_document(Source::of_metadata(&organization.id, owner, address)).await
    }

    /// A stale document does for now, but is to be fetched again: by us after the response, or by a caller
    /// who supplies documents, of whom one is asked in a window.
    async fn ask_for_refresh(
        &self,
        source: Source<'_>,
        document: &KeyDocument,
        now: u64,
    ) -> Result<(), Refusal> {
        if P::KeyFetcher::CALLER_SUPPLIES {
            let Some(uri) = source.wanted_of_caller(Some(document), now) else { return Ok(()) };
            let turn = Source { uri, ..source }.turn(now / KEY_WINDOW);
            return match self.shell.ports.registry().increment(&turn).await? {
                1 => Err(needed(source, uri)),
                _ => Ok(()),
            };
        }
        if document.was_tried(now) {
            return Ok(());
        }
        let due = (source.organization.clone(), source.owner.named());
        self.cache.borrow_mut().refreshes_due.push(due);
        Ok(())
    }

    /// Fetches the document, or waits for the request that does; R52.
    async fn refresh(
        &self,
        source: Source<'_>,
        stored: Option<Rc<KeyDocument>>,
        now: u64,
    ) -> Result<Rc<KeyDocument>, Refusal> {
        let mut stored = stored;
        if P::KeyFetcher::CALLER_SUPPLIES {
            if let Some(uri) = source.wanted_of_caller(stored.as_deref(), now) {
                return Err(needed(source, uri));
            }
        } else if !stored.as_ref().is_some_and(|document| document.was_tried(now)) {
            // Boxed, so that a shell that never comes here has none of its code: a future keeps that of all its steps.
            let turn: Pin<Box<dyn Future<Output = _> + '_>> =
                Box::pin(self.take_turn(source, now / KEY_WINDOW));
            stored = turn.await?;
        }
        let now = self.shell.ports.clock().now();
        match stored {
            Some(document) if document.is_usable(now) => Ok(document),
            stored => {
                let until = stored
                    .as_ref()
                    .map_or(KEY_WINDOW - now % KEY_WINDOW, |document| document.untried_in(now));
                let problem = stored.and_then(|document| document.stored.problem.clone());
                let is_unasked = P::KeyFetcher::CALLER_SUPPLIES && source.owner.authorities.is_some();
                let problem = problem.or_else(|| is_unasked.then(|| FetchProblem::Authorities.to_string()));
                Err(unavailable(until, problem.as_deref()))
            }
        }
    }

    /// Takes the document of `uri` that the caller fetched, and says how many of its keys are usable; metadata has none.
    /// Where there is no document, what is stored is used on, if it may be (R51). One that can't be used is an error, and
    /// counts as none: nobody is asked for it again for 30 seconds. One of an address that the owner no longer has is
    /// nobody's.
    pub(in crate::service) async fn supply(
        &self,
        organization: &OrganizationId,
        owner: &KeyOwner,
        uri: &str,
        supplied: Supplied,
    ) -> Result<usize, RegistryError> {
        let registered = self.registered_owner(organization, owner).await?;
        let elsewhere = || FieldError::new("uri", "must be where its owner's keys are");
        let owner = registered.owner().ok_or_else(elsewhere)?;
        let endpoint = self.endpoint(organization, owner).await?;
        let source = match owner.keys {
            KeySource::Discovery(address) if is_of(address, uri) => {
                Source::of_metadata(organization, owner, address)
            }
            _ if endpoint.as_deref() == Some(uri) => Source::of_keys(organization, owner, uri),
            _ => return Err(elsewhere().into()),
        };
        let is_supplied = matches!(supplied, Supplied::Document(_));
        let begun = self.begin(source).await?;
        let stored = self.store_document(source, uri, supplied.into(), &begun).await?;
        let (_, document) = stored.ok_or_else(elsewhere)?;
        match &document.stored.problem {
            Some(problem) if is_supplied => Err(FieldError::new("document", problem).into()),
            _ => Ok(document.keys.len()),
        }
    }
}

fn is_of(address: &MetadataAddress, uri: &str) -> bool {
    address.uri == uri || address.otherwise.as_deref() == Some(uri)
}

fn unavailable(retry_after: u64, problem: Option<&str>) -> Refusal {
    let cause = problem.map(ToString::to_string);
    Refusal { retry_after: Some(retry_after), cause, ..Reason::KeysUnavailable.into() }
}

fn needed(source: Source<'_>, uri: &str) -> Refusal {
    let (owner, kind) = (source.owner.named(), source.kind.name());
    let keys_needed = Some(Box::new(KeysNeeded { owner, kind, uri: uri.into() }));
    Refusal { keys_needed, ..Reason::KeysNeeded.into() }
}
