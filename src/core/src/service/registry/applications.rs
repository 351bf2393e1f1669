//! Registering applications.

use alloc::string::String;

use zeroize::Zeroizing;

use super::Registry;
use super::error::RegistryError;
use super::organizations::{Listing, Page};
use crate::application::{Application, ApplicationMetadata, check_client_id, check_metadata};
use crate::field::FieldError;
use crate::jose::{base64url, digest};
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Entropy as _, Ports, Store as _, StoreError};
use crate::service::record::{self, Key, StoredApplication};

/// A new application, or one with a new secret: the only time that the secret is known.
pub struct NewApplication {
    /// The application.
    pub application: Application,
    /// Its secret: 256 random bits, base64url.
    pub client_secret: Zeroizing<String>,
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
        let client_secret = self.new_secret();
        let (secret_sha256, now) = (digest::sha256(client_secret.as_bytes()), self.shell.ports.clock().now());
        let application = Application::parse(base64url::encode(&id), secret_sha256, now, metadata)?;
        self.require(organization).await?;
        self.change(organization, async {
            let key = Key::application(organization, application.client_id());
            if self.shell.ports.registry().get(&key).await?.is_some() {
                return Err(RegistryError::ClientIdTaken);
            }
            self.check_is_no_label(organization, application.client_id()).await?;
            self.write_application(organization, &application).await.map_err(Into::into)
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
    pub(in crate::service) async fn write_application(
        &self,
        organization: &OrganizationId,
        application: &Application,
    ) -> Result<(), StoreError> {
        let key = Key::application(organization, application.client_id());
        record::save(self.shell.ports.registry(), &key, StoredApplication::from(application)).await
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
        self.shell.told(stored.map(|stored| stored.into_application(&key)).transpose())
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
        let read =
            |key: &str, record: &[u8]| record::read::<StoredApplication>(key, record)?.into_application(key);
        Ok(self.list(&Key::applications(organization), page, read).await?)
    }

    /// Replaces what an application may do; its secret stays.
    pub async fn replace_application(
        &self,
        organization: &OrganizationId,
        client_id: &str,
        metadata: ApplicationMetadata,
    ) -> Result<Application, RegistryError> {
        check_metadata(&metadata)?;
        let change = |application: Application| application.with_metadata(metadata);
        self.change_application(organization, client_id, change).await
    }

    /// Gives an application a new secret; the old one stops working.
    pub async fn renew_secret(
        &self,
        organization: &OrganizationId,
        client_id: &str,
    ) -> Result<NewApplication, RegistryError> {
        let client_secret = self.new_secret();
        let digest = digest::sha256(client_secret.as_bytes());
        let change = |application: Application| Ok(application.with_secret(digest));
        let application = self.change_application(organization, client_id, change).await?;
        Ok(NewApplication { application, client_secret })
    }

    /// Reads, changes and writes under the organization's lock, so that no change is lost.
    async fn change_application(
        &self,
        organization: &OrganizationId,
        client_id: &str,
        change: impl FnOnce(Application) -> Result<Application, FieldError>,
    ) -> Result<Application, RegistryError> {
        self.require(organization).await?;
        self.change(organization, async {
            let known = self.load_application(organization, client_id).await?;
            let application = change(known.ok_or(RegistryError::NotFound)?)?;
            self.write_application(organization, &application).await?;
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
        self.require(organization).await?;
        if check_client_id(client_id).is_err() {
            return Err(RegistryError::NotFound);
        }
        let key = Key::application(organization, client_id);
        self.change(organization, async {
            // A record that can't be read is there, too.
            self.shell.ports.registry().get(&key).await?.ok_or(RegistryError::NotFound)?;
            self.shell.ports.registry().delete(&key).await.map_err(Into::into)
        })
        .await
    }
}
