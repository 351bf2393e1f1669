//! Fetching an issuer's keys now, because an administrator asks.
//!
//! What strangers send causes one fetch in 30 seconds and address (R52). Who administers the issuer has changed something
//! there and wants to see whether it works, so that pause does not hold here; but one fetch of an address at a time does,
//! over all instances: who asks meanwhile waits for its outcome, be it a request for a token that fetches or another check.
//! What comes is stored as ever, so the pause for strangers begins anew, and nobody uses other keys than those that are
//! shown.

use alloc::rc::Rc;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::document::KeyDocument;
use super::report::KeyReport;
use super::turns::{LOOKS, PAUSE};
use super::{IssuerKeys, Owner, Source};
use crate::keys::{DocumentKind, KeySource};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, KeyFetcher, Ports, Store as _, StoreError};
use crate::service::RegistryError;
use crate::service::record::{KEY_WINDOW, Key};

/// How often a check tries to be the one that fetches.
const TRIES: u32 = 2;

/// How many checks of an address at most wait for the one that fetches: each keeps an instance.
const MAX_CHECKS: i64 = 16;

const NO_OUTCOME: &str =
    "no outcome yet: another request still fetches it, or the registration was changed meanwhile";

impl<P: Ports> IssuerKeys<P> {
    /// Fetches the issuer's keys, and shows them. A caller who supplies documents is not asked for any: what is there is
    /// shown.
    pub(in crate::service) async fn check(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<KeyReport, RegistryError> {
        let issuer = self.registered(organization, name).await?;
        let mut missed = Vec::new();
        if !P::KeyFetcher::CALLER_SUPPLIES {
            let owner = Owner::of_issuer(&issuer);
            if let KeySource::Discovery(address) = owner.keys {
                let metadata = Source::of_metadata(organization, owner, address);
                if !self.fetch_now(metadata).await? {
                    missed.push(DocumentKind::Metadata.name());
                }
            }
            if let Some(uri) = self.endpoint(organization, owner).await? {
                let keys = Source::of_keys(organization, owner, &uri);
                if !self.fetch_now(keys).await? {
                    missed.push(DocumentKind::Jwks.name());
                }
            }
        }
        let mut report = self.report_on(organization, &issuer).await?;
        for document in report.documents.iter_mut().filter(|document| missed.contains(&document.document)) {
            document.problem = Some(NO_OUTCOME.to_string());
        }
        Ok(report)
    }

    /// Fetches the document, or waits for who does. False: nothing has come of that.
    async fn fetch_now(&self, source: Source<'_>) -> Result<bool, StoreError> {
        let store = self.shell.ports.registry();
        for _ in 0..TRIES {
            let window = self.shell.ports.clock().now() / KEY_WINDOW;
            // One that began at the end of the window before.
            self.wait_for_check(source, window.saturating_sub(1)).await?;
            let check = Key::jwks_check(&source.turn(window));
            let place = store.increment(&check).await?;
            if place == 1 {
                let document = self.fetch_or_share(source, window).await;
                // Its name ends with the window, so that one who is gone before this holds nobody up for longer.
                store.delete(&check).await?;
                return Ok(document?.is_some());
            }
            if place > MAX_CHECKS || !self.wait_for_check(source, window).await? {
                break;
            }
            // Without one, the other check was of a registration of before.
            if self.load_document(source).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits until the check of this window, if there is one, has its outcome. False: it takes longer than a fetch can.
    async fn wait_for_check(&self, source: Source<'_>, window: u64) -> Result<bool, StoreError> {
        let check = Key::jwks_check(&source.turn(window));
        for _ in 0..LOOKS {
            if self.shell.ports.registry().get(&check).await?.is_none() {
                return Ok(true);
            }
            self.shell.ports.clock().sleep(PAUSE).await;
        }
        Ok(false)
    }

    /// Fetches, unless a request for a token does so at this moment.
    async fn fetch_or_share(
        &self,
        source: Source<'_>,
        window: u64,
    ) -> Result<Option<Rc<KeyDocument>>, StoreError> {
        let store = self.shell.ports.registry();
        for taken in [window.saturating_sub(1), window] {
            if store.get(&source.turn(taken)).await?.is_none() {
                continue;
            }
            let has_outcome = |document: &Rc<KeyDocument>| document.stored.turn >= taken;
            if self.load_document(source).await?.as_ref().is_some_and(has_outcome) {
                continue;
            }
            let outcome = self.wait_for_fetch(source, taken).await?;
            if outcome.as_ref().is_some_and(has_outcome) {
                return Ok(outcome);
            }
        }
        // Requests for tokens of this window find it taken: they wait for what comes now, or have what came before.
        store.increment(&source.turn(window)).await?;
        self.fetch(source, window).await
    }
}
