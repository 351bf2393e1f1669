//! An issuer's keys as an administrator sees them: which there are, where they come from, and what is wrong.

use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::Serialize;

use super::document::KeyDocument;
use super::{IssuerKeys, Owner, Source};
use crate::jose::Algorithm;
use crate::jose::key::{KeyListing, KeyProblem, ListedKey, SkippedKey};
use crate::json::Value;
use crate::keys::KeySource;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, StoreError};
use crate::service::RegistryError;
use crate::trust::Issuer;

/// The keys of a trusted issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyReport {
    /// The name of the trusted issuer.
    pub name: String,
    /// Its issuer value.
    pub issuer: String,
    /// The member of its registration that its keys come from.
    pub source: &'static str,
    /// How many keys may verify an assertion now.
    pub usable: usize,
    /// The keys that its assertions are held against.
    pub keys: Vec<ListedKey>,
    /// What else there is, and why it is not used (R47, R53).
    pub skipped_keys: Vec<SkippedKey>,
    /// The documents that were fetched for them, in the order in which they are needed. Empty where the keys are in the
    /// registration.
    pub documents: Vec<DocumentReport>,
}

/// A document, and what came of its last fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DocumentReport {
    /// `metadata` or `jwks`.
    pub document: &'static str,
    /// Where it was fetched.
    pub uri: String,
    /// When that was last tried: seconds since 1970. Absent: never.
    pub fetched_at: Option<u64>,
    /// Until when it is fresh: seconds since 1970. Absent: it never came.
    pub fresh_until: Option<u64>,
    /// Why the last fetch brought nothing to use (R56). Absent: it did, or there was none.
    pub problem: Option<String>,
}

impl<P: Ports> IssuerKeys<P> {
    /// The issuer's keys as far as they are there; nothing is fetched.
    pub(in crate::service) async fn report(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<KeyReport, RegistryError> {
        let issuer = self.registered(organization, name).await?;
        Ok(self.report_on(organization, &issuer).await?)
    }

    /// The trusted issuer of this name, parsed.
    pub(super) async fn registered(
        &self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<Issuer, RegistryError> {
        let document = self.registry.trusted_issuer(organization, name).await?;
        Ok(Issuer::parse(document, self.shell.settings.dev())?)
    }

    pub(super) async fn report_on(
        &self,
        organization: &OrganizationId,
        issuer: &Issuer,
    ) -> Result<KeyReport, StoreError> {
        let now = self.shell.ports.clock().now();
        let (registered, owner) = (issuer.document(), Owner::of_issuer(issuer));
        let mut documents = Vec::new();
        let (source, listing) = match issuer.keys() {
            KeySource::Certificate(_) => {
                let text = registered.certificate.as_deref().unwrap_or_default();
                ("certificate", KeyListing::of_certificates(text, now))
            }
            KeySource::Inline(_) => {
                let set = registered.jwks.as_ref().and_then(Value::as_object);
                let set = set.map(|set| KeyListing::of_object(set, owner.key_use));
                ("jwks", set.and_then(Result::ok).unwrap_or_default())
            }
            KeySource::Endpoint(uri) => {
                let source = Source::of_keys(organization, owner, uri);
                ("jwks_uri", self.fetched(source, now, &mut documents).await?)
            }
            KeySource::Discovery(address) => {
                let source = Source::of_metadata(organization, owner, address);
                let metadata = self.load_document(source).await?;
                documents.push(DocumentReport::of(source, metadata.as_deref(), now));
                // What is too old leads nowhere any more.
                let metadata = metadata.filter(|metadata| metadata.is_usable(now));
                let listing = match metadata.as_ref().and_then(|metadata| metadata.jwks_uri()) {
                    Some(uri) => {
                        let source = Source::of_keys(organization, owner, uri);
                        self.fetched(source, now, &mut documents).await?
                    }
                    None => KeyListing::default(),
                };
                ("discovery", listing)
            }
        };
        let KeyListing { mut keys, skipped } = listing;
        for key in &mut keys {
            keep_allowed(key, registered.algorithms.as_deref());
        }
        let usable = keys.iter().filter(|key| key.problem.is_none()).count();
        let (name, issuer) = (registered.name.clone(), registered.issuer.clone());
        Ok(KeyReport { name, issuer, source, usable, keys, skipped_keys: skipped, documents })
    }

    /// The keys of a document as it is stored. Of one that was refused as a whole what is wrong with each of its keys, beside
    /// those that are used on.
    async fn fetched(
        &self,
        source: Source<'_>,
        now: u64,
        documents: &mut Vec<DocumentReport>,
    ) -> Result<KeyListing, StoreError> {
        let document: Option<Rc<KeyDocument>> = self.load_document(source).await?;
        let document = document.as_deref();
        documents.push(DocumentReport::of(source, document, now));
        let usable = document.filter(|document| document.is_usable(now));
        let text = usable.and_then(|document| document.stored.document.as_deref());
        let key_use = source.owner.key_use;
        let listing = text.map(|text| KeyListing::of_set(text.as_bytes(), key_use)).and_then(Result::ok);
        let mut listing = listing.unwrap_or_default();
        if let Some(document) = document.filter(|document| !document.refused.is_empty()) {
            listing.skipped.clone_from(&document.refused);
        }
        Ok(listing)
    }
}

impl DocumentReport {
    fn of(source: Source<'_>, document: Option<&KeyDocument>, now: u64) -> Self {
        let stored = document.map(|document| &document.stored);
        let problem = stored.and_then(|stored| stored.problem.clone());
        let too_old = document.is_some_and(|document| document.has_content() && !document.is_usable(now));
        Self {
            document: source.kind.name(),
            uri: stored.and_then(|stored| stored.came_from.as_deref()).unwrap_or(source.uri).into(),
            fetched_at: document.map(|document| document.stored.tried_at),
            fresh_until: document
                .filter(|document| document.has_content())
                .map(|known| known.stored.fresh_until),
            problem: problem.or_else(|| too_old.then(|| "it is too old to be used".to_string())),
        }
    }
}

/// What the registration allows of the key (R31).
fn keep_allowed(key: &mut ListedKey, allowed: Option<&[Algorithm]>) {
    if let Some(allowed) = allowed {
        key.algorithms.retain(|algorithm| allowed.contains(algorithm));
    }
    if key.problem.is_none() && key.algorithms.is_empty() {
        key.problem = Some(KeyProblem::NotAllowed.to_string());
    }
}
