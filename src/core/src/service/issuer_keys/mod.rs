//! The keys of a trusted issuer, and the life of a JWKS document (R50 to R53).
//!
//! A document is fresh for a while, then served stale while it is refreshed, and dropped a day after
//! that. Fetches take turns: in each window of 30 seconds one request of all instances fetches, decided
//! by an atomic counter; the others use what there is or wait for its result. So strangers with made-up
//! `kid`s cause one fetch in 30 seconds. The same counter says how many wait already: a request that
//! waits keeps an instance, and a slow endpoint must not keep those of all other issuers.
//!
//! A document that differs from the one before, and the end of an issuer, bring the organization's counter
//! forward: each instance reads that first, so none goes on with the older one (R48).

mod document;
mod stored;
mod supplied;
mod turns;

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
use crate::keys::KeySource;
use crate::oauth::{KeysNeeded, Reason, Refusal};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, KeyFetcher, Ports, Store as _, StoreError};
use crate::trust::Issuer;
use document::KeyDocument;

/// Whose document it is, and where it comes from.
#[derive(Clone, Copy)]
pub(in crate::service) struct Source<'a> {
    pub(in crate::service) organization: &'a OrganizationId,
    pub(in crate::service) name: &'a str,
    pub(in crate::service) uri: &'a str,
}

impl Source<'_> {
    pub(in crate::service) fn turn(&self, window: u64) -> String {
        Key::jwks_turn(self.organization, self.name, self.uri, window)
    }
}

/// The keys of all trusted issuers, as far as they come from endpoints.
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
    refreshes_due: Vec<(OrganizationId, String)>,
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

    /// The issuer's keys at this moment, fetched if need be.
    pub(in crate::service) async fn of(
        &self,
        organization: &Rc<CurrentOrganization>,
        issuer: &Issuer,
        header: &Header,
        now: u64,
    ) -> Result<Rc<[VerificationKey]>, Refusal> {
        let uri = match issuer.keys() {
            KeySource::Certificate(keys) | KeySource::Inline(keys) => return Ok(Rc::clone(keys)),
            KeySource::Endpoint(uri) => uri,
        };
        let name = &issuer.document().name;
        let kept = self.kept(organization, name);
        let is_good = |kept: &Rc<KeyDocument>| {
            kept.stored.uri == *uri && kept.is_fresh(now) && kept.has_key_for(header)
        };
        if let Some(document) = kept.filter(is_good) {
            return Ok(Rc::clone(&document.keys));
        }
        let source = Source { organization: &organization.id, name, uri };
        let stored = self.load_document(source).await?;
        if let Some(document) = &stored {
            // It was read after the counter that says under which the entry is kept.
            self.keep(&organization.id, name, document, Rc::downgrade(organization));
        }
        match stored {
            Some(document) if document.is_usable(now) && document.has_key_for(header) => {
                if !document.is_fresh(now) {
                    self.ask_for_refresh(source, &document, now).await?;
                }
                Ok(Rc::clone(&document.keys))
            }
            stored => self.refresh(source, stored, now).await,
        }
    }

    /// The issuer's keys once more, where none of the `tried` ones made the signature good: a key may have changed
    /// under the same `kid`, or without one (R52). `None`: there are no others.
    pub(in crate::service) async fn newer_keys(
        &self,
        organization: &CurrentOrganization,
        issuer: &Issuer,
        tried: &[VerificationKey],
        now: u64,
    ) -> Result<Option<Rc<[VerificationKey]>>, Refusal> {
        let KeySource::Endpoint(uri) = issuer.keys() else { return Ok(None) };
        let source = Source { organization: &organization.id, name: &issuer.document().name, uri };
        let stored = self.load_document(source).await?;
        let keys = self.refresh(source, stored, now).await?;
        Ok((*keys != *tried).then_some(keys))
    }

    /// The issuer's keys as far as they are there, for people: nothing is fetched.
    pub(in crate::service) async fn keys_at_hand(
        &self,
        organization: &CurrentOrganization,
        issuer: &Issuer,
    ) -> Result<Rc<[VerificationKey]>, Refusal> {
        if let KeySource::Certificate(keys) | KeySource::Inline(keys) = issuer.keys() {
            return Ok(Rc::clone(keys));
        }
        match self.stored_document(organization, issuer).await? {
            Some(document) if !document.keys.is_empty() => Ok(Rc::clone(&document.keys)),
            _ => Err(unavailable(KEY_WINDOW, Some("it is not asked for what is refused anyway"))),
        }
    }

    /// The JWKS document as it is stored, for people; nothing is fetched.
    pub(in crate::service) async fn stored_document(
        &self,
        organization: &CurrentOrganization,
        issuer: &Issuer,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let KeySource::Endpoint(uri) = issuer.keys() else { return Ok(None) };
        self.load_document(Source { organization: &organization.id, name: &issuer.document().name, uri })
            .await
    }

    /// A stale document does for now, but is to be fetched again: by us after the response, or by a caller
    /// who supplies keys, of whom one is asked in a window.
    async fn ask_for_refresh(
        &self,
        source: Source<'_>,
        document: &KeyDocument,
        now: u64,
    ) -> Result<(), Refusal> {
        if document.was_tried(now) {
            return Ok(());
        }
        if P::KeyFetcher::CALLER_SUPPLIES {
            return match self.shell.ports.registry().increment(&source.turn(now / KEY_WINDOW)).await? {
                1 => Err(keys_needed(source)),
                _ => Ok(()),
            };
        }
        self.cache.borrow_mut().refreshes_due.push((source.organization.clone(), source.name.to_string()));
        Ok(())
    }

    /// Fetches the document, or waits for the request that does; R52.
    async fn refresh(
        &self,
        source: Source<'_>,
        stored: Option<Rc<KeyDocument>>,
        now: u64,
    ) -> Result<Rc<[VerificationKey]>, Refusal> {
        let mut stored = stored;
        if !stored.as_ref().is_some_and(|document| document.was_tried(now)) {
            if P::KeyFetcher::CALLER_SUPPLIES {
                return Err(keys_needed(source));
            }
            // Boxed, so that a shell that never comes here has none of its code: a future keeps that of all its steps.
            let turn: Pin<Box<dyn Future<Output = _> + '_>> =
                Box::pin(self.take_turn(source, now / KEY_WINDOW));
            stored = turn.await?;
        }
        let now = self.shell.ports.clock().now();
        match &stored {
            Some(document) if document.is_usable(now) => Ok(Rc::clone(&document.keys)),
            _ => {
                let problem = stored.as_ref().and_then(|document| document.stored.problem.as_deref());
                let until = stored
                    .as_ref()
                    .map_or(KEY_WINDOW - now % KEY_WINDOW, |document| document.untried_in(now));
                Err(unavailable(until, problem))
            }
        }
    }

    /// Takes the JWKS document of `uri` that the caller fetched, and says how many of its keys are usable. Where there
    /// is none, what is stored is used on, if it may be (R51). A document that can't be used is an error, and counts as
    /// none: nobody is asked for it again for 30 seconds. One of an address that the issuer no longer has is nobody's.
    pub(in crate::service) async fn supply(
        &self,
        organization: &OrganizationId,
        name: &str,
        uri: &str,
        supplied: Supplied,
    ) -> Result<usize, RegistryError> {
        let issuer = self.registry.trusted_issuer(organization, name).await?;
        if issuer.jwks_uri.as_deref() != Some(uri) {
            return Err(FieldError::new("uri", "must be the jwks_uri of the trusted issuer").into());
        }
        let source = Source { organization, name, uri };
        let (is_supplied, now) = (matches!(supplied, Supplied::Document(_)), self.shell.ports.clock().now());
        let (_, document) = self.store_document(source, supplied.into(), now).await?;
        match &document.stored.problem {
            Some(problem) if is_supplied => Err(FieldError::new("document", problem).into()),
            _ => Ok(document.keys.len()),
        }
    }
}

fn unavailable(retry_after: u64, problem: Option<&str>) -> Refusal {
    let cause = problem.map(ToString::to_string);
    Refusal { retry_after: Some(retry_after), cause, ..Reason::KeysUnavailable.into() }
}

fn keys_needed(source: Source<'_>) -> Refusal {
    let keys_needed = Some(KeysNeeded { trusted_issuer: source.name.into(), uri: source.uri.into() });
    Refusal { keys_needed, ..Reason::KeysNeeded.into() }
}
