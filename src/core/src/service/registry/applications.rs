//! Registering applications.

use alloc::string::String;

use zeroize::Zeroizing;

use super::Registry;
use super::error::RegistryError;
use super::lock::Lock;
use super::organizations::{Listing, Page};
use super::precondition::Precondition;
use super::put::Known;
use crate::application::{Application, ApplicationMetadata, ClientKeys, check_client_id, check_metadata};
use crate::field::FieldError;
use crate::jose::{base64url, digest};
use crate::keys::KeySource;
use crate::oauth::ClientAuthMethod;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Entropy as _, Ports, Store as _, StoreError};
use crate::service::record::{self, KEY_WINDOW, Key, StoredApplication};

/// A new application, or one with a new secret: the only time that the secret is known.
pub struct NewApplication {
    /// The application.
    pub application: Application,
    /// Its secret: 256 random bits, base64url. `None`: it authenticates by JWT.
    pub client_secret: Option<Zeroizing<String>>,
}

impl<P: Ports> Registry<P> {
    /// Registers an application under a new identifier.
    pub async fn create_application(
        &self,
        organization: &OrganizationId,
        metadata: ApplicationMetadata,
    ) -> Result<NewApplication, RegistryError> {
        // 12 characters with 71 random bits: with the colon and the secret it encodes to one line of base64 (R20).
        let mut id = [0; 9];
        self.shell.ports.entropy().fill(&mut id);
        // So it begins with a letter: commands take an argument that begins with a hyphen for an option.
        id[0] &= 0x7f;
        let has_secret = metadata.token_endpoint_auth_method != ClientAuthMethod::PrivateKeyJwt;
        let client_secret = has_secret.then(|| self.new_secret());
        let secret_sha256 = client_secret.as_ref().map(|secret| digest::sha256(secret.as_bytes()));
        let (now, dev) = (self.shell.ports.clock().now(), self.shell.settings.dev());
        check_metadata(&metadata, dev)?;
        let application = Application::parse(base64url::encode(&id), secret_sha256, now, metadata, dev)?;
        self.require(organization).await?;
        self.change(organization, async |lock| {
            let key = Key::application(organization, application.client_id());
            if self.shell.ports.registry().get(&key).await?.is_some() {
                return Err(RegistryError::ClientIdTaken);
            }
            self.check_is_no_label(organization, application.client_id()).await?;
            self.write_application(lock, organization, &application).await
        })
        .await?;
        Ok(NewApplication { application, client_secret })
    }

    fn new_secret(&self) -> Zeroizing<String> {
        let mut secret = Zeroizing::new([0; 32]);
        self.shell.ports.entropy().fill(&mut *secret);
        Zeroizing::new(base64url::encode(&*secret))
    }

    /// Within [`change`](Self::change).
    pub(super) async fn write_application(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        application: &Application,
    ) -> Result<(), RegistryError> {
        self.still_holds(lock)?;
        let key = Key::application(organization, application.client_id());
        Ok(record::save(self.shell.ports.registry(), &key, StoredApplication::from(application)).await?)
    }

    pub(in crate::service) async fn load_application(
        &self,
        organization: &OrganizationId,
        client_id: &str,
    ) -> Result<Option<Application>, StoreError> {
        if check_client_id(client_id).is_err() {
            return Ok(None);
        }
        let key = Key::application(organization, client_id);
        let stored: Option<StoredApplication> = self.shell.load(&key).await?;
        let dev = self.shell.settings.dev();
        self.shell.told(stored.map(|stored| stored.into_application(&key, dev)).transpose())
    }

    /// The application with this identifier.
    pub async fn application(
        &self,
        organization: &OrganizationId,
        client_id: &str,
    ) -> Result<Application, RegistryError> {
        self.require(organization).await?;
        self.load_application(organization, client_id).await?.ok_or(RegistryError::NotFound)
    }

    /// The organization's applications.
    pub async fn applications(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listing<Application>, RegistryError> {
        self.require(organization).await?;
        let dev = self.shell.settings.dev();
        let read = |key: &str, record: &[u8]| {
            record::read::<StoredApplication>(key, record)?.into_application(key, dev)
        };
        Ok(self.list(&Key::applications(organization), page, read).await?)
    }

    /// Replaces what an application may do; its secret stays, unless it authenticates by JWT from now on.
    pub async fn replace_application(
        &self,
        organization: &OrganizationId,
        client_id: &str,
        metadata: ApplicationMetadata,
    ) -> Result<Application, RegistryError> {
        self.replace_application_if(organization, client_id, metadata, &Precondition::default()).await
    }

    pub(super) async fn replace_application_if(
        &self,
        organization: &OrganizationId,
        client_id: &str,
        metadata: ApplicationMetadata,
        precondition: &Precondition,
    ) -> Result<Application, RegistryError> {
        let dev = self.shell.settings.dev();
        check_metadata(&metadata, dev)?;
        let change = |application: Application| application.with_metadata(metadata, dev);
        self.change_application(organization, client_id, precondition, change).await
    }

    /// Gives an application a new secret; the old one stops working.
    pub async fn renew_secret(
        &self,
        organization: &OrganizationId,
        client_id: &str,
    ) -> Result<NewApplication, RegistryError> {
        let client_secret = self.new_secret();
        let digest = digest::sha256(client_secret.as_bytes());
        let change = |application: Application| application.with_secret(digest);
        let any = Precondition::default();
        let application = self.change_application(organization, client_id, &any, change).await?;
        Ok(NewApplication { application, client_secret: Some(client_secret) })
    }

    /// Reads, changes and writes under the organization's lock, so that no change is lost.
    async fn change_application(
        &self,
        organization: &OrganizationId,
        client_id: &str,
        precondition: &Precondition,
        change: impl FnOnce(Application) -> Result<Application, FieldError>,
    ) -> Result<Application, RegistryError> {
        self.require(organization).await?;
        self.change(organization, async |lock| {
            let before = self.load_application(organization, client_id).await?;
            let before = before.ok_or(RegistryError::NotFound)?;
            self.check_precondition(precondition, &Known::Readable(before.clone()))?;
            let application = change(before.clone())?;
            self.forget_unless_kept(organization, Some(&before), &application).await?;
            self.write_application(lock, organization, &application).await?;
            Ok(application)
        })
        .await
    }

    /// Removes an application.
    pub async fn remove_application(
        &self,
        organization: &OrganizationId,
        client_id: &str,
    ) -> Result<(), RegistryError> {
        self.remove_application_if(organization, client_id, &Precondition::default()).await
    }

    /// The same, if what is there allows it.
    pub async fn remove_application_if(
        &self,
        organization: &OrganizationId,
        client_id: &str,
        precondition: &Precondition,
    ) -> Result<(), RegistryError> {
        self.require(organization).await?;
        if check_client_id(client_id).is_err() {
            return Err(RegistryError::NotFound);
        }
        let key = Key::application(organization, client_id);
        self.change(organization, async |lock| {
            let known = Known::of(self.load_application(organization, client_id).await)?;
            if matches!(known, Known::Nothing) {
                return Err(RegistryError::NotFound);
            }
            self.check_precondition(precondition, &known)?;
            // What goes, goes first: the record tells what is left to do.
            if let Some(before) = known.readable() {
                self.forget_client_keys(organization, before).await?;
            }
            self.still_holds(lock)?;
            self.shell.ports.registry().delete(&key).await.map_err(Into::into)
        })
        .await
    }

    /// Forgets the keys that were fetched for an application, unless it gets them as before; also where it is new, since a
    /// removal that failed halfway may have left some. Within [`change`](Self::change), before its record is written.
    pub(super) async fn forget_unless_kept(
        &self,
        organization: &OrganizationId,
        before: Option<&Application>,
        after: &Application,
    ) -> Result<(), StoreError> {
        match before {
            Some(before) if before.keys() == after.keys() => Ok(()),
            Some(before) => self.forget_client_keys(organization, before).await,
            None => self.forget_client_keys(organization, after).await,
        }
    }

    /// The document, and the turn of this window: whoever registers the application again has one at once (R52).
    async fn forget_client_keys(
        &self,
        organization: &OrganizationId,
        application: &Application,
    ) -> Result<(), StoreError> {
        let Some(ClientKeys::Own(KeySource::Endpoint(uri))) = application.keys() else { return Ok(()) };
        let (store, client_id) = (self.shell.ports.registry(), application.client_id());
        let window = self.shell.ports.clock().now() / KEY_WINDOW;
        let turn = Key::client_jwks_turn(organization, client_id, uri, window);
        store.delete(&turn).await?;
        store.delete(&Key::jwks_turn_over(&turn)).await?;
        // A fetch that is under way drops what it brings.
        store.increment(&Key::client_jwks_forgotten(organization, client_id)).await?;
        self.changed(organization).await?;
        store.delete(&Key::client_jwks(organization, client_id)).await?;
        self.changed(organization).await
    }
}
