//! What is registered: organizations, trusted issuers and applications, and how they are stored.

mod applications;
mod apply;
pub(super) mod cache;
pub(super) mod current;
mod document;
mod entries;
mod error;
mod issuers;
mod lock;
mod organizations;
pub(super) mod record;

pub use applications::NewApplication;
pub use apply::{Applied, ApplyError, ApplyReport, Kind, Outcome, Put, Run, Seeding};
pub use document::{SeedApplication, SeedOrganization, TrustDocument};
pub use error::RegistryError;
pub use organizations::{Listing, Page, UnreadableItem};
