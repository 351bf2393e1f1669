//! An event of the component, as far as it is counted. What it says beside this is the log's.

use std::borrow::Cow;

use serde::Deserialize;

/// One event. A kind has some of the members; the names are those of `wit/events.wit`.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    pub(super) event: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) organization: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) grant_type: Option<Cow<'a, str>>,
    /// Of an application that there is.
    #[serde(borrow)]
    pub(super) client_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) trusted_issuer: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) rule: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) audit: Vec<Audited<'a>>,
    #[serde(borrow, default)]
    pub(super) outcome: Cow<'a, str>,
    #[serde(default)]
    pub(super) microseconds: u64,
    #[serde(default)]
    pub(super) deleted: u64,
}

/// A rule that fits and is only watched (R82).
#[derive(Deserialize)]
pub(super) struct Audited<'a> {
    #[serde(borrow)]
    pub(super) rule: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) outcome: Cow<'a, str>,
}
