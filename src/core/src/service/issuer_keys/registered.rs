//! Who has keys, as a registration says it at this moment.

use alloc::boxed::Box;

use super::{IssuerKeys, Owner};
use crate::application::Application;
use crate::keys::KeyOwner;
use crate::organization::OrganizationId;
use crate::ports::Ports;
use crate::service::RegistryError;
use crate::trust::Issuer;

/// An owner of keys, parsed.
pub(super) enum Registered {
    Issuer(Box<Issuer>),
    Application(Box<Application>),
}

impl Registered {
    /// `None`: an application without keys of its own.
    pub(super) fn owner(&self) -> Option<Owner<'_>> {
        match self {
            Self::Issuer(issuer) => Some(Owner::of_issuer(issuer)),
            Self::Application(application) => Owner::of_application(application),
        }
    }
}

impl<P: Ports> IssuerKeys<P> {
    /// What is registered under this name.
    pub(super) async fn registered_owner(
        &self,
        organization: &OrganizationId,
        owner: &KeyOwner,
    ) -> Result<Registered, RegistryError> {
        Ok(match owner {
            KeyOwner::Issuer(name) => {
                Registered::Issuer(Box::new(self.registered(organization, name).await?))
            }
            KeyOwner::Application(client_id) => {
                let application = self.registry.application(organization, client_id).await?;
                Registered::Application(Box::new(application))
            }
        })
    }
}
