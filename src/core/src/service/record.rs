//! How things are stored: JSON with a `version`, under keys of at most 256 bytes.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::application::{Application, ApplicationMetadata, from_hex};
use crate::jose::digest;
use crate::json::{self, Object, Value};
use crate::organization::OrganizationId;
use crate::ports::{Store, StoreError, UnreadableRecord};

/// The version of the form of every record, in its member `version`.
pub(super) const VERSION: u64 = 1;

/// One fetch at most of an issuer's keys in so many seconds.
pub(super) use crate::keys::KEY_WINDOW;

/// Reads the record under `key`. One that can't be read is named, and refuses what depends on it (R74): never guess.
pub(super) fn read<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StoreError> {
    // What is wrong in detail may quote a value.
    json::from_value(members(key, bytes)?.into())
        .map_err(|_| unreadable(key, "does not have the members of its kind"))
}

/// The members of the record under `key`, of whichever kind it is: this is compiled once, not for each kind.
pub(super) fn members(key: &str, bytes: &[u8]) -> Result<Object, StoreError> {
    let mut record = json::parse_object(bytes).map_err(|_| unreadable(key, "is not a JSON object"))?;
    match record.remove("version") {
        Some(version) if version == VERSION.into() => {}
        Some(_) => return Err(unreadable(key, "is of another version")),
        None => return Err(unreadable(key, "has no version")),
    }
    Ok(record)
}

/// The record under `key` can't be read. The problem is the second half of a sentence and quotes nothing.
pub(super) fn unreadable(key: &str, problem: &'static str) -> StoreError {
    StoreError::Unreadable(Box::new(UnreadableRecord { key: key.into(), problem }))
}

/// The bytes of a record.
pub(super) fn write<T: Serialize>(record: T) -> Vec<u8> {
    #[derive(Serialize)]
    struct Versioned<T> {
        version: u64,
        #[serde(flatten)]
        record: T,
    }
    serde_json::to_vec(&Versioned { version: VERSION, record }).expect("records are plain structures")
}

/// The members in which two records of a kind differ, by the names that people give them.
pub(super) fn differing<T: Serialize>(before: T, after: T) -> Vec<String> {
    members_in_which(&write(before), &write(after))
}

/// The same of what is stored: this is compiled once.
fn members_in_which(before: &[u8], after: &[u8]) -> Vec<String> {
    let flat = |record: &[u8]| {
        let mut flat = json::parse_object(record).unwrap_or_default();
        if let Some(Value::Object(metadata)) = flat.remove("metadata") {
            for (name, value) in metadata.iter() {
                flat.insert(name, value.clone());
            }
        }
        flat
    };
    let (before, after) = (flat(before), flat(after));
    let others = after.iter().filter(|(name, _)| before.get(name).is_none());
    let changed = before.iter().filter(|(name, value)| after.get(name) != Some(value));
    // One by one: collecting into a set sorts, which is 3 kB of code more.
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for (name, _) in others.chain(changed) {
        names.insert(name);
    }
    let shown = |name: &&str| String::from(if *name == "secret_sha256" { "client_secret" } else { *name });
    names.iter().map(shown).collect()
}

/// Stores a record that has no type but its members, none of which is `version`.
pub(super) async fn save_members(
    store: &impl Store,
    key: &str,
    mut members: Object,
) -> Result<(), StoreError> {
    members.insert("version", VERSION);
    store.set(key, Value::from(members).to_text().as_bytes()).await
}

/// Stores a record.
pub(super) async fn save<T: Serialize>(store: &impl Store, key: &str, record: T) -> Result<(), StoreError> {
    store.set(key, &write(record)).await
}

/// An application as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredApplication {
    client_id: String,
    /// Absent where it authenticates by JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_sha256: Option<String>,
    created_at: u64,
    metadata: ApplicationMetadata,
}

impl From<&Application> for StoredApplication {
    fn from(application: &Application) -> Self {
        Self {
            client_id: application.client_id().into(),
            secret_sha256: application.secret_sha256().map(|digest| base16ct::lower::encode_string(digest)),
            created_at: application.created_at(),
            metadata: application.metadata().clone().as_stored(),
        }
    }
}

impl StoredApplication {
    /// The application that was stored under `key`.
    pub(super) fn into_application(self, key: &str, dev: bool) -> Result<Application, StoreError> {
        let Self { client_id, secret_sha256, created_at, metadata } = self;
        let digest = |hex: String| {
            from_hex(&hex).ok_or_else(|| unreadable(key, "has a secret_sha256 that is no digest"))
        };
        let secret_sha256 = secret_sha256.map(digest).transpose()?;
        Application::parse(client_id, secret_sha256, created_at, metadata, dev)
            .map_err(|_| unreadable(key, "has a member that can not be accepted"))
    }
}

/// The keys of the store `default`.
pub(super) struct Key;

impl Key {
    pub(super) const ORGANIZATIONS: &'static str = "organization/";

    /// The seed document that was applied last.
    pub(super) const SEED_LAST: &'static str = "seed-last";

    /// Says that the seed document with this digest was applied to its end.
    pub(super) fn seed_applied(digest: &str) -> String {
        format!("seed-applied/{digest}")
    }

    /// Up to where the replay store may be swept.
    pub(super) const SWEEP_HORIZON: &'static str = "sweep-horizon";

    /// When the replay store is swept next.
    pub(super) const NEXT_SWEEP: &'static str = "next-sweep";

    /// The key of the nonces in DPoP proofs, of the whole installation.
    pub(super) const DPOP_NONCE_KEY: &'static str = "dpop-nonce-key";

    /// There since the last sweep of used assertions failed.
    pub(super) const SWEEP_FAILING: &'static str = "sweep-failing";

    pub(super) fn organization(organization: &OrganizationId) -> String {
        format!("organization/{organization}")
    }

    /// What an administrator states in the organization's metadata.
    pub(super) fn stated_metadata(organization: &OrganizationId) -> String {
        format!("stated-metadata/{organization}")
    }

    pub(super) fn trusted_issuers(organization: &OrganizationId) -> String {
        format!("trusted-issuer/{organization}/")
    }

    pub(super) fn trusted_issuer(organization: &OrganizationId, name: &str) -> String {
        format!("trusted-issuer/{organization}/{name}")
    }

    /// Leads from an issuer value to the name it is registered under. Strangers choose the value, so it
    /// is hashed. The record under the name has the last word: this is only a signpost.
    pub(super) fn issuer_value(organization: &OrganizationId, issuer: &str) -> String {
        format!("issuer-value/{organization}/{}", digest::sha256_base64url(issuer.as_bytes()))
    }

    /// Leads to a trusted issuer that grants without a client, or that has a rule with this label (R29).
    pub(super) fn without_client(organization: &OrganizationId, label: Option<&str>) -> String {
        let which = label.map_or("any".into(), |label| digest::sha256_base64url(label.as_bytes()));
        format!("without-client/{organization}/{which}")
    }

    /// Leads to a trusted issuer since which something is offered: `id-jag` (R38), `token-exchange` (R90).
    pub(super) fn offered(organization: &OrganizationId, what: &str) -> String {
        format!("offered/{organization}/{what}")
    }

    /// Says of one issuer what the signpost beside it says of at least one.
    pub(super) fn mark_beside(signpost: &str, issuer: &str) -> String {
        format!("{signpost}/{issuer}")
    }

    pub(super) fn applications(organization: &OrganizationId) -> String {
        format!("application/{organization}/")
    }

    pub(super) fn application(organization: &OrganizationId, client_id: &str) -> String {
        format!("application/{organization}/{client_id}")
    }

    /// What every record begins with that revokes all tokens of a client or an issuer (R112).
    pub(super) const REVOCATIONS: &'static str = "revocation/";

    pub(super) fn revocations(organization: &OrganizationId) -> String {
        format!("{}{organization}/", Self::REVOCATIONS)
    }

    pub(super) fn revocation_of_client(organization: &OrganizationId, client_id: &str) -> String {
        format!("{}client/{client_id}", Self::revocations(organization))
    }

    /// A token names its issuer by the value, which may be long.
    pub(super) fn revocation_of_issuer(organization: &OrganizationId, issuer: &str) -> String {
        let value = digest::sha256_base64url(issuer.as_bytes());
        format!("{}issuer/{value}", Self::revocations(organization))
    }

    pub(super) fn signing_keys(organization: &OrganizationId) -> String {
        format!("signing-keys/{organization}")
    }

    /// The keys of an application.
    pub(super) fn client_jwks(organization: &OrganizationId, client_id: &str) -> String {
        format!("client-jwks/{organization}/{client_id}")
    }

    pub(super) fn jwks(organization: &OrganizationId, name: &str) -> String {
        format!("jwks/{organization}/{name}")
    }

    /// A counter of how often what was fetched for an issuer was forgotten. It outlives the issuer: a fetch that began
    /// before the end of one may end after the next one of that name is registered.
    pub(super) fn jwks_forgotten(organization: &OrganizationId, name: &str) -> String {
        format!("jwks-forgotten/{organization}/{name}")
    }

    /// The same of an application.
    pub(super) fn client_jwks_forgotten(organization: &OrganizationId, client_id: &str) -> String {
        format!("client-jwks-forgotten/{organization}/{client_id}")
    }

    /// Where an issuer's metadata says that its keys are.
    pub(super) fn issuer_metadata(organization: &OrganizationId, name: &str) -> String {
        format!("issuer-metadata/{organization}/{name}")
    }

    /// What every counter of a turn begins with.
    pub(super) const JWKS_TURNS: &'static str = "jwks-turn/";

    /// When turns that were left behind are deleted next.
    pub(super) const NEXT_TURN_SWEEP: &'static str = "next-turn-sweep";

    /// A counter that decides who fetches the document of this address in a window of time.
    pub(super) fn jwks_turn(organization: &OrganizationId, name: &str, uri: &str, window: u64) -> String {
        let address = digest::sha256_base64url(uri.as_bytes());
        format!("{}{organization}/{window}/{name}/{}", Self::JWKS_TURNS, &address[..16])
    }

    /// The same of an application. It ends in another way than that of an issuer, whatever that is called.
    pub(super) fn client_jwks_turn(
        organization: &OrganizationId,
        client_id: &str,
        uri: &str,
        window: u64,
    ) -> String {
        format!("{}/client", Self::jwks_turn(organization, client_id, uri, window))
    }

    /// Says that whoever had this turn will not finish.
    pub(super) fn jwks_turn_over(turn: &str) -> String {
        format!("{turn}/over")
    }

    /// Says that an administrator's check fetches the document of this turn.
    pub(super) fn jwks_check(turn: &str) -> String {
        format!("{turn}/check")
    }

    /// A record of the activity log.
    pub(super) fn activity(organization: &str, lane: &str, slot: u64) -> String {
        format!("activity/{organization}/{lane}/{slot}")
    }

    /// A counter that numbers these records.
    pub(super) fn activity_counter(organization: &str, lane: &str) -> String {
        format!("activity-count/{organization}/{lane}")
    }

    /// A counter that each change of an organization's registrations brings forward.
    pub(super) fn generation(organization: &OrganizationId) -> String {
        format!("generation/{organization}")
    }
}
