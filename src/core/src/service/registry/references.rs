//! Names in a registration that lead nowhere yet: the trusted issuers of an application, the applications of a rule. They are
//! warned of and no error, since registrations are made in any order (R86).

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::Registry;
use crate::application::ApplicationMetadata;
use crate::organization::OrganizationId;
use crate::ports::{Ports, Store as _};
use crate::service::entries::Entries;
use crate::service::record::Key;
use crate::trust::{TrustedIssuer, Warning};
use crate::words::quoted;

/// How many names are looked up for one request. What is named beyond that is not warned of: a registration may have
/// thousands, and each is a read of the store.
const MAX_LOOKUPS: usize = 64;

/// A name in a registration, and the member that it stands in.
pub(super) struct Reference<'a> {
    field: String,
    to: Target<'a>,
}

/// What is named.
enum Target<'a> {
    Issuer(&'a str),
    Application(&'a str),
}

/// Which records are there, by their keys: what was looked up, and what a document brings.
pub(super) struct KnownRecords {
    there: Entries<bool>,
    lookups: usize,
}

impl KnownRecords {
    /// These are there, whatever the store says.
    pub(super) fn new(keys: impl Iterator<Item = String>) -> Self {
        let mut known = Self { there: Entries::default(), lookups: 0 };
        keys.for_each(|key| known.keep(&key, true));
        known
    }

    fn keep(&mut self, key: &str, is_there: bool) {
        self.there.keep(key, usize::MAX, |_| false, || is_there);
    }
}

impl Target<'_> {
    fn key(&self, organization: &OrganizationId) -> String {
        match self {
            Self::Issuer(name) => Key::trusted_issuer(organization, name),
            Self::Application(client_id) => Key::application(organization, client_id),
        }
    }

    fn warning(&self) -> String {
        match self {
            Self::Issuer(name) => format!("No trusted issuer has this name yet: {}.", quoted(name)),
            Self::Application(client_id) => {
                format!("No application has this client_id yet: {}.", quoted(client_id))
            }
        }
    }
}

/// What an application names.
pub(super) fn of_application(metadata: &ApplicationMetadata) -> Vec<Reference<'_>> {
    let names = metadata.trusted_issuers.iter().flatten().enumerate();
    let listed = names.map(|(index, name)| (format!("trusted_issuers[{index}]"), name));
    let voucher = metadata.client_assertion_issuer.iter();
    let all = listed.chain(voucher.map(|name| ("client_assertion_issuer".to_string(), name)));
    all.map(|(field, name)| Reference { field, to: Target::Issuer(name) }).collect()
}

/// What the rules of an issuer name.
pub(super) fn of_issuer(issuer: &TrustedIssuer) -> Vec<Reference<'_>> {
    let mut references = Vec::new();
    for (rule, one) in issuer.rules.iter().flatten().enumerate() {
        for (index, client_id) in one.applications.iter().flatten().enumerate() {
            let field = format!("rules[{rule}].applications[{index}]");
            references.push(Reference { field, to: Target::Application(client_id) });
        }
    }
    references
}

impl<P: Ports> Registry<P> {
    /// A warning for each name that leads nowhere. A store that fails keeps nobody from what was registered: then there is
    /// none.
    pub(super) async fn warn_of_references(
        &self,
        organization: &OrganizationId,
        references: Vec<Reference<'_>>,
        known: &mut KnownRecords,
    ) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for Reference { field, to } in references {
            let key = to.key(organization);
            let is_there = match known.there.get(&key) {
                Some(is_there) => *is_there,
                None if known.lookups == MAX_LOOKUPS => continue,
                None => {
                    known.lookups += 1;
                    let Ok(record) = self.shell.ports.registry().get(&key).await else { return warnings };
                    known.keep(&key, record.is_some());
                    record.is_some()
                }
            };
            if !is_there {
                warnings.push(Warning { field, detail: to.warning() });
            }
        }
        warnings
    }
}
