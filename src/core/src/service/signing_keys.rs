//! Our own keys: one set an organization, made when it is first needed (R64, R73).
//!
//! A new key is published a while before it signs, so that whoever caches `/oauth2/jwks` knows it by
//! then; an old one stays published until the last token that it signed has expired.
//!
//! Nodes that share a store may be set to different algorithms, while the setting is changed and by mistake. Each signs with
//! the key of its own, and takes nothing from the others: only a rotation ends the keys of all algorithms.

use alloc::rc::{Rc, Weak};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::entries::Entries;
use super::record::{self, Key};
use super::registry::{CurrentOrganization, Lock, Registry, RegistryError};
use super::shell::Shell;
use crate::application::MAX_LIFETIME;
use crate::jose::base64url;
use crate::jose::key::{SigningAlgorithm, SigningKey};
use crate::json::{Object, Value};
use crate::oauth::{Reason, Refusal};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Entropy as _, Event, Ports, StoreError};

/// How long `/oauth2/jwks` may be cached, in seconds.
pub const JWKS_MAX_AGE: u64 = 300;
/// How long a new key is published before it signs, in seconds: twice what caches may keep.
const PUBLISHED_BEFORE: u64 = 2 * JWKS_MAX_AGE;
/// Of how many organizations the key is kept.
const MAX_ORGANIZATIONS: usize = 256;
/// How far the clock of another node may be ahead, in seconds.
const OTHER_CLOCKS: u64 = 60;

/// A signing key as it is stored: with the key of nonces, the only secret in the store.
#[derive(Clone, Serialize, Deserialize)]
struct StoredKey {
    algorithm: String,
    private_key: String,
    /// From when it signs: seconds since 1970.
    signs_from: u64,
    /// Whether the keys of all algorithms sign no more from then on: it came of a rotation.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    ends_all: bool,
}

impl Drop for StoredKey {
    fn drop(&mut self) {
        self.private_key.zeroize();
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct StoredKeys {
    /// In the order in which they sign.
    keys: Vec<StoredKey>,
}

/// A signing key as people may see it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SigningKeyInfo {
    /// Its identifier in the JWKS.
    pub kid: String,
    /// Its algorithm.
    pub alg: &'static str,
    /// From when it signs: seconds since 1970.
    pub signs_from: u64,
    /// From when on it no longer signs; absent: it is the newest of its algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signs_until: Option<u64>,
}

impl StoredKey {
    fn read(&self, organization: &OrganizationId) -> Result<SigningKey, StoreError> {
        let error = |problem| record::unreadable(&Key::signing_keys(organization), problem);
        let algorithm = SigningAlgorithm::from_name(&self.algorithm)
            .ok_or_else(|| error("has a key of an unknown algorithm"))?;
        let bytes =
            base64url::decode(&self.private_key).map_err(|_| error("has a key that is no base64url"))?;
        SigningKey::from_stored(algorithm, &Zeroizing::new(bytes))
            .map_err(|_| error("has a key that can not be read"))
    }
}

impl StoredKeys {
    /// From when on this key signs no more: seconds since 1970.
    fn end(&self, index: usize) -> u64 {
        let ends = |later: &&StoredKey| later.ends_all || later.algorithm == self.keys[index].algorithm;
        let later = self.keys.iter().skip(index + 1).filter(ends);
        later.map(|later| later.signs_from).min().unwrap_or(u64::MAX)
    }

    /// Whether a key of this algorithm signs, or will, and goes on with that.
    fn has(&self, algorithm: &str) -> bool {
        (0..self.keys.len())
            .any(|index| self.keys[index].algorithm == algorithm && self.end(index) == u64::MAX)
    }

    /// The key that signs at this second where this algorithm is set: the newest of it, or of another one as long as none
    /// has begun. The very first key signs from the beginning: the request that made it may have begun a second before it,
    /// and waited for a JWKS endpoint since, and the clock that made it may have been ahead.
    fn active(&self, algorithm: &str, now: u64) -> Option<usize> {
        let signs = |key: &StoredKey, index| {
            key.algorithm == algorithm && key.signs_from <= now && now < self.end(index)
        };
        let own = (0..self.keys.len()).rfind(|index| signs(&self.keys[*index], *index));
        let newest = || self.keys.iter().rposition(|key| key.signs_from <= now);
        own.or_else(newest).or((!self.keys.is_empty()).then_some(0))
    }

    /// The same key, and until when it is that one.
    fn signing(&self, algorithm: &str, now: u64) -> Option<(&StoredKey, u64)> {
        let index = self.active(algorithm, now)?;
        let own = self.keys.iter().filter(|key| key.algorithm == algorithm && now < key.signs_from);
        let next = own.map(|key| key.signs_from).min().unwrap_or(u64::MAX);
        Some((&self.keys[index], next.min(self.end(index))))
    }

    /// Drops the keys whose last token has expired, and those of this algorithm that have not signed yet: another one takes
    /// their place.
    fn make_room(&mut self, algorithm: &str, now: u64) {
        let active = self.active(algorithm, now);
        let stays = |index: usize| {
            let key = &self.keys[index];
            let has_not_signed = key.algorithm == algorithm
                && now.saturating_add(OTHER_CLOCKS) < key.signs_from
                && active.is_some_and(|active| active < index);
            !has_not_signed && now <= self.end(index).saturating_add(MAX_LIFETIME.into())
        };
        let stay: Vec<bool> = (0..self.keys.len()).map(stays).collect();
        let mut stay = stay.into_iter();
        self.keys.retain(|_| stay.next().unwrap_or(true));
    }
}

/// Our own keys, of all organizations.
pub struct SigningKeys<P: Ports> {
    shell: Rc<Shell<P>>,
    registry: Rc<Registry<P>>,
    /// The key that signs, by organization.
    cache: RefCell<Entries<Signing>>,
}

/// A key that signs.
struct Signing {
    key: Rc<SigningKey>,
    /// Until which second it does.
    until: u64,
    /// For which state of its organization it was read: a new key brings the counter forward.
    newest_in: Weak<CurrentOrganization>,
}

impl<P: Ports> SigningKeys<P> {
    pub(super) fn new(shell: Rc<Shell<P>>, registry: Rc<Registry<P>>) -> Self {
        Self { shell, registry, cache: RefCell::default() }
    }

    /// The key that signs now, kept while it does; made if the organization has none of the algorithm set.
    pub(super) async fn current(
        &self,
        organization: &Rc<CurrentOrganization>,
        now: u64,
    ) -> Result<Rc<SigningKey>, Refusal> {
        if let Some(known) = self.cache.borrow().get(organization.id.as_str())
            && now < known.until
            && core::ptr::eq(known.newest_in.as_ptr(), Rc::as_ptr(organization))
        {
            return Ok(Rc::clone(&known.key));
        }
        let (key, until) = self.load(&organization.id, now).await.map_err(refusal)?;
        let signing = Signing { key: Rc::clone(&key), until, newest_in: Rc::downgrade(organization) };
        self.cache.borrow_mut().keep(organization.id.as_str(), MAX_ORGANIZATIONS, |_| false, || signing);
        Ok(key)
    }

    /// The key of ours with this identifier: the one that signs now, which is kept, or another one that is published.
    pub(super) async fn published(
        &self,
        organization: &Rc<CurrentOrganization>,
        kid: &str,
        now: u64,
    ) -> Result<Option<Rc<SigningKey>>, Refusal> {
        let current = self.current(organization, now).await?;
        if current.kid() == kid {
            return Ok(Some(current));
        }
        let stored = self.stored_keys(&organization.id).await?;
        for key in &stored.keys {
            let key = self.shell.told(key.read(&organization.id))?;
            if key.kid() == kid {
                return Ok(Some(Rc::new(key)));
            }
        }
        Ok(None)
    }

    async fn load(
        &self,
        organization: &OrganizationId,
        now: u64,
    ) -> Result<(Rc<SigningKey>, u64), RegistryError> {
        let keys = self.current_keys(organization).await?;
        let (key, until) = keys
            .signing(self.algorithm(), now)
            .ok_or_else(|| record::unreadable(&Key::signing_keys(organization), "has no key"))?;
        Ok((Rc::new(self.shell.told(key.read(organization))?), until))
    }

    /// The name of the algorithm that this node signs with.
    fn algorithm(&self) -> &'static str {
        self.shell.settings.access_token_algorithm().name()
    }

    /// The organization's keys; one of the set algorithm is added where it is missing.
    async fn current_keys(&self, organization: &OrganizationId) -> Result<StoredKeys, RegistryError> {
        let stored = self.stored_keys(organization).await?;
        if stored.has(self.algorithm()) {
            return Ok(stored);
        }
        self.registry.require(organization).await?;
        self.registry
            .change(organization, async |lock| {
                let stored = self.stored_keys(organization).await?;
                if stored.has(self.algorithm()) {
                    return Ok(stored);
                }
                self.add_key(lock, organization, stored, false).await
            })
            .await
    }

    async fn stored_keys(&self, organization: &OrganizationId) -> Result<StoredKeys, StoreError> {
        let key = Key::signing_keys(organization);
        Ok(self.shell.load(&key).await?.unwrap_or_default())
    }

    /// Adds a key, within [`change`](Self::change). The very first one signs at once: there is nothing cached that could miss it.
    async fn add_key(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        mut stored: StoredKeys,
        ends_all: bool,
    ) -> Result<StoredKeys, RegistryError> {
        let now = self.shell.ports.clock().now();
        let mut seed = Zeroizing::new([0; 32]);
        self.shell.ports.entropy().fill(&mut *seed);
        let algorithm = self.shell.settings.access_token_algorithm();
        let key = SigningKey::generate(algorithm, &seed);
        let signs_from = if stored.keys.is_empty() { now } else { now + PUBLISHED_BEFORE };
        stored.make_room(algorithm.name(), now);
        stored.keys.push(StoredKey {
            algorithm: algorithm.name().to_string(),
            private_key: base64url::encode(&key.to_stored()),
            signs_from,
            ends_all,
        });
        let ports = &self.shell.ports;
        self.registry.still_holds(lock)?;
        record::save(ports.registry(), &Key::signing_keys(organization), &stored).await?;
        ports.events().emit(&Event::SigningKeyAdded { organization, kid: key.kid(), signs_from });
        Ok(stored)
    }

    /// Adds a key that will sign in a while, in place of those of all algorithms, and returns all keys. A node with another
    /// algorithm adds its own then.
    pub async fn rotate(&self, organization: &OrganizationId) -> Result<Vec<SigningKeyInfo>, RegistryError> {
        self.registry.require(organization).await?;
        let stored = self
            .registry
            .change(organization, async |lock| {
                let stored = self.stored_keys(organization).await?;
                self.add_key(lock, organization, stored, true).await
            })
            .await?;
        infos(organization, &stored).map_err(Into::into)
    }

    /// The organization's keys, oldest first.
    pub async fn list(&self, organization: &OrganizationId) -> Result<Vec<SigningKeyInfo>, RegistryError> {
        self.registry.require(organization).await?;
        infos(organization, &self.current_keys(organization).await?).map_err(Into::into)
    }

    /// Which algorithms good tokens are signed with: those of all published keys, and the one that is set (R67). A record that
    /// can't be read keeps nothing else back (R74).
    pub async fn algorithms(
        &self,
        organization: &OrganizationId,
    ) -> Result<Vec<SigningAlgorithm>, StoreError> {
        let stored = match self.stored_keys(organization).await {
            Err(StoreError::Unreadable(_)) => StoredKeys::default(),
            stored => stored?,
        };
        let published = |name| stored.keys.iter().any(|key| key.algorithm == name);
        let is_listed = |one: &SigningAlgorithm| one.name() == self.algorithm() || published(one.name());
        Ok(SigningAlgorithm::ALL.into_iter().filter(is_listed).collect())
    }

    /// Our public keys as a JWK set (RFC 7517): what `/oauth2/jwks` serves.
    pub async fn jwks(&self, organization: &OrganizationId) -> Result<Vec<u8>, RegistryError> {
        self.registry.require(organization).await?;
        let stored = self.current_keys(organization).await?;
        let keys = stored.keys.iter().map(|key| Ok(key.read(organization)?.public_jwk()));
        let keys = keys.collect::<Result<Vec<_>, StoreError>>()?;
        let set: Object = [("keys", keys)].into_iter().collect();
        Ok(Value::Object(set).to_text().into_bytes())
    }
}

fn infos(organization: &OrganizationId, stored: &StoredKeys) -> Result<Vec<SigningKeyInfo>, StoreError> {
    let info = |(index, key): (usize, &StoredKey)| {
        let read = key.read(organization)?;
        Ok(SigningKeyInfo {
            kid: read.kid().to_string(),
            alg: read.algorithm().name(),
            signs_from: key.signs_from,
            signs_until: Some(stored.end(index)).filter(|end| *end != u64::MAX),
        })
    };
    stored.keys.iter().enumerate().map(info).collect()
}

/// Why an exchange can't be signed, or its proof not be checked: what it needs of ours can't be read or made.
pub(super) fn refusal(error: RegistryError) -> Refusal {
    match error {
        RegistryError::OrganizationUnknown => Reason::OrganizationUnknown.into(),
        RegistryError::Store(error) => error.into(),
        _ => Reason::StoreUnavailable.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn key(algorithm: String, signs_from: u64, ends_all: bool) -> StoredKey {
        StoredKey { algorithm, private_key: String::new(), signs_from, ends_all }
    }

    /// R73: a key signs until the next one begins, and the first one before its own beginning, too.
    #[test]
    fn which_key_signs() {
        let of = |signs_from| key("a".into(), signs_from, false);
        let keys = StoredKeys { keys: Vec::from([of(100), of(200)]) };
        let signing = |now| keys.signing("a", now).map(|(key, until)| (key.signs_from, until));
        assert_eq!(signing(99), Some((100, 100)));
        assert_eq!(signing(199), Some((100, 200)));
        assert_eq!(signing(200), Some((200, u64::MAX)));
        assert!(StoredKeys::default().signing("a", 0).is_none());
    }

    /// R73: each algorithm has a key, until a rotation; where it has none yet, the newest of all signs.
    #[test]
    fn which_key_signs_for_which_algorithm() {
        let keys = [key("a".into(), 0, false), key("b".into(), 100, false), key("a".into(), 200, true)];
        let keys = StoredKeys { keys: keys.into() };
        let signing = |algorithm: &str, now| {
            keys.signing(algorithm, now).map(|(key, until)| (key.signs_from, until)).expect("a key")
        };
        assert_eq!((signing("a", 150), signing("b", 150)), ((0, 200), (100, 200)));
        assert_eq!((signing("a", 50), signing("b", 50)), ((0, 200), (0, 100)));
        assert_eq!((signing("a", 200), signing("b", 200)), ((200, u64::MAX), (200, u64::MAX)));
        assert!(keys.has("a") && !keys.has("b"), "another one of b is needed");
    }
}
