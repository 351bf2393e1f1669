//! Organizations, and what all lists have in common.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::{self, Vec};

use serde::Serialize;

use super::Registry;
use super::error::RegistryError;
use super::lock::Lock;
use super::precondition::{Precondition, representation};
use super::put::Known;
use crate::field::{FieldError, check_text};
use crate::organization::{Organization, OrganizationId};
use crate::ports::{Ports, Store as _, StoreError};
use crate::service::record::{self, Key};

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// At most so many items: 1 to 100, the default.
    pub limit: Option<usize>,
    /// Only items after the one of this name.
    pub after: Option<String>,
}

/// A part of a list, in ascending order of the items' names.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the list goes on: the `after` of the next page. `None`: this is the end.
    pub next: Option<String>,
    /// Those of this part that can't be read (R74). They can be replaced and removed.
    pub unreadable: Vec<UnreadableItem>,
}

/// An item of a list whose record can't be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnreadableItem {
    /// Its name.
    pub name: String,
    /// What is wrong with its record, with nothing of its content.
    pub problem: &'static str,
}

/// A part of a list that is being read.
struct Part<'a> {
    prefix: &'a str,
    /// The names that are left of it.
    names: vec::IntoIter<String>,
    next: Option<String>,
    /// The name that was read last.
    last: Option<String>,
    /// So many bytes of records were read.
    bytes: usize,
}

/// Where a part of a list ends, in bytes of its records: what reads and answers it has little memory.
const MAX_PART: usize = 2 * 1024 * 1024;

impl<P: Ports> Registry<P> {
    /// The names of one kind of thing, cut to a page. A store that keeps its keys in order reads what is on the page and no
    /// more, however much there is.
    async fn names(&self, prefix: &str, page: &Page) -> Result<(Vec<String>, Option<String>), StoreError> {
        let limit = page.limit.unwrap_or(100).clamp(1, 100);
        let after = page.after.as_deref().map(|after| format!("{prefix}{after}"));
        let keys = self.shell.ports.registry().keys_after(prefix, after.as_deref(), limit + 1).await?;
        let names = keys.iter().filter_map(|key| key.strip_prefix(prefix));
        let mut items: Vec<String> = names.map(ToString::to_string).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = more.then(|| items.last().cloned()).flatten();
        Ok((items, next))
    }

    /// A part of the things of one kind; one that can't be read is named and keeps nothing of the others back (R74).
    pub(in crate::service) async fn list<T>(
        &self,
        prefix: &str,
        page: &Page,
        read: impl Fn(&str, &[u8]) -> Result<T, StoreError>,
    ) -> Result<Listing<T>, StoreError> {
        let (names, next) = self.names(prefix, page).await?;
        let mut part = Part { prefix, names: names.into_iter(), next, last: None, bytes: 0 };
        let mut listing = Listing { items: Vec::new(), next: None, unreadable: Vec::new() };
        while let Some((key, record)) = self.next_record(&mut part).await? {
            match read(&key, &record) {
                Ok(item) => listing.items.push(item),
                Err(error) => listing.unreadable.push(self.unreadable_item(&part, error)?),
            }
        }
        listing.next = part.next;
        Ok(listing)
    }

    // Of a list, what does not depend on its kind is compiled once.

    /// The next record of the part, with its key.
    async fn next_record(&self, part: &mut Part<'_>) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        for name in part.names.by_ref() {
            let key = format!("{}{name}", part.prefix);
            let record = self.shell.ports.registry().get(&key).await?.unwrap_or_default();
            if part.last.is_some() && part.bytes + record.len() > MAX_PART {
                part.next = part.last.take();
                return Ok(None);
            }
            part.bytes += record.len();
            part.last = Some(name);
            // Empty: it was removed since.
            if !record.is_empty() {
                return Ok(Some((key, record)));
            }
        }
        Ok(None)
    }

    /// The record that was read last, if all that is wrong is that it can't be read.
    fn unreadable_item(&self, part: &Part<'_>, error: StoreError) -> Result<UnreadableItem, StoreError> {
        self.shell.tell(&error);
        match error {
            StoreError::Unreadable(record) => {
                Ok(UnreadableItem { name: part.last.clone().unwrap_or_default(), problem: record.problem })
            }
            error => Err(error),
        }
    }

    /// Says that registrations of the organization have changed.
    pub(in crate::service) async fn changed(&self, organization: &OrganizationId) -> Result<(), StoreError> {
        self.shell.ports.registry().increment(&Key::generation(organization)).await.map(drop)
    }

    /// Registers an organization, or replaces its display name. True: it is new.
    pub async fn put_organization(
        &self,
        organization: &OrganizationId,
        display_name: Option<&str>,
    ) -> Result<bool, RegistryError> {
        self.put_organization_if(organization, display_name, &Precondition::default()).await
    }

    /// The same, if what is there allows it.
    pub async fn put_organization_if(
        &self,
        organization: &OrganizationId,
        display_name: Option<&str>,
        precondition: &Precondition,
    ) -> Result<bool, RegistryError> {
        check_display_name(display_name)?;
        let put = async |lock: &Lock| self.put_in_turn(lock, organization, display_name, precondition).await;
        self.in_turn(organization, put).await
    }

    /// An organization that is new has no counter before its record: who finds a counter takes it for registered.
    async fn put_in_turn(
        &self,
        lock: &Lock,
        organization: &OrganizationId,
        display_name: Option<&str>,
        precondition: &Precondition,
    ) -> Result<bool, RegistryError> {
        let known = match self.organization(organization).await {
            Ok(known) => Known::Readable(known),
            Err(RegistryError::OrganizationUnknown) => Known::Nothing,
            Err(RegistryError::Store(StoreError::Unreadable(_))) => Known::Unreadable,
            Err(error) => return Err(error),
        };
        precondition.check(&known, |known| representation(&self.described(organization, known.clone())))?;
        let record = Organization {
            name: organization.as_str().to_string(),
            display_name: display_name.map(ToString::to_string),
        };
        let key = Key::organization(organization);
        let is_new = self.shell.ports.registry().get(&key).await?.is_none();
        if !is_new {
            self.changed(organization).await?;
        }
        self.still_holds(lock)?;
        record::save(self.shell.ports.registry(), &key, &record).await?;
        self.changed(organization).await?;
        Ok(is_new)
    }

    /// An organization. The one at the root always exists.
    pub async fn organization(&self, organization: &OrganizationId) -> Result<Organization, RegistryError> {
        let record = self.shell.load(&Key::organization(organization)).await?;
        match record {
            Some(record) => Ok(record),
            None if organization.is_default() => {
                Ok(Organization { name: organization.as_str().to_string(), display_name: None })
            }
            None => Err(RegistryError::OrganizationUnknown),
        }
    }

    /// Refuses an organization that does not exist, whether its record can be read or not (R74).
    pub(in crate::service) async fn require(
        &self,
        organization: &OrganizationId,
    ) -> Result<(), RegistryError> {
        let exists = organization.is_default()
            || self.shell.ports.registry().get(&Key::organization(organization)).await?.is_some();
        if exists { Ok(()) } else { Err(RegistryError::OrganizationUnknown) }
    }

    /// The registered organizations.
    pub async fn organizations(&self, page: &Page) -> Result<Listing<Organization>, RegistryError> {
        Ok(self.list(Key::ORGANIZATIONS, page, record::read).await?)
    }
}

/// What people may call an organization.
pub(super) fn check_display_name(name: Option<&str>) -> Result<(), FieldError> {
    name.map_or(Ok(()), |name| check_text("display_name", name, 256))
}
