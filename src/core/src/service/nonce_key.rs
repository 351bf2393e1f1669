//! The key of the nonces in DPoP proofs (R101): one for the whole installation, made when it is first needed.

use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::record::{self, Key};
use super::registry::{Registry, RegistryError};
use super::shell::Shell;
use super::signing_keys::refusal;
use crate::jose::base64url;
use crate::oauth::Refusal;
use crate::organization::OrganizationId;
use crate::ports::{Entropy as _, Ports, StoreError};
use crate::proof::NonceKey;

/// How long it is kept, in seconds: whoever deletes it from the store has a new one everywhere by then.
const KEPT: u64 = 60;

/// The key as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredNonceKey {
    key: String,
}

impl Drop for StoredNonceKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl StoredNonceKey {
    fn read(&self) -> Result<NonceKey, StoreError> {
        let unreadable =
            || record::unreadable(Key::DPOP_NONCE_KEY, "has a key that is not 32 bytes of base64url");
        let decoded = Zeroizing::new(base64url::decode(&self.key).map_err(|_| unreadable())?);
        let bytes: &[u8; 32] = decoded.as_slice().try_into().map_err(|_| unreadable())?;
        Ok(NonceKey::new(Zeroizing::new(*bytes)))
    }
}

/// The key, and since which second it is kept.
struct Kept {
    key: Rc<NonceKey>,
    since: u64,
}

/// The key of nonces, read from the store or made.
pub(super) struct NonceKeys<P: Ports> {
    shell: Rc<Shell<P>>,
    registry: Rc<Registry<P>>,
    kept: RefCell<Option<Kept>>,
}

impl<P: Ports> NonceKeys<P> {
    pub(super) fn new(shell: Rc<Shell<P>>, registry: Rc<Registry<P>>) -> Self {
        Self { shell, registry, kept: RefCell::default() }
    }

    /// The key.
    pub(super) async fn current(&self, now: u64) -> Result<Rc<NonceKey>, Refusal> {
        if let Some(Kept { key, since }) = &*self.kept.borrow()
            && (*since..*since + KEPT).contains(&now)
        {
            return Ok(Rc::clone(key));
        }
        let stored = match self.stored().await? {
            Some(stored) => stored,
            None => self.make().await.map_err(refusal)?,
        };
        let key = Rc::new(self.shell.told(stored.read())?);
        self.kept.replace(Some(Kept { key: Rc::clone(&key), since: now }));
        Ok(key)
    }

    async fn stored(&self) -> Result<Option<StoredNonceKey>, StoreError> {
        self.shell.load(Key::DPOP_NONCE_KEY).await
    }

    /// Makes it in the turn of the default organization: two that find none at the same moment end up with one.
    async fn make(&self) -> Result<StoredNonceKey, RegistryError> {
        self.registry
            .change(&OrganizationId::default_organization(), async |lock| {
                if let Some(stored) = self.stored().await? {
                    return Ok(stored);
                }
                let ports = &self.shell.ports;
                let mut bytes = Zeroizing::new([0; 32]);
                ports.entropy().fill(&mut *bytes);
                let made = StoredNonceKey { key: base64url::encode(&*bytes) };
                self.registry.still_holds(lock)?;
                record::save(ports.registry(), Key::DPOP_NONCE_KEY, &made).await?;
                Ok(made)
            })
            .await
    }
}
