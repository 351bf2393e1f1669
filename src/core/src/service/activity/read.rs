//! The activity log as it is shown.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Activity;
use super::gather::{Lane, Which};
use super::query::{ActivityQuery, Place};
use super::recorded::RecordedDecision;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, StoreError};
use crate::service::record;
use crate::service::registry::RegistryError;

/// A decision of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivityItem {
    /// What tells it from all others: the `after` of those before it.
    pub id: String,
    /// What was recorded.
    #[serde(flatten)]
    pub decision: RecordedDecision,
}

/// A record of the store.
#[derive(Deserialize)]
struct StoredRecord {
    sequence: u64,
    #[serde(default)]
    dropped: u64,
    decisions: Vec<RecordedDecision>,
}

/// A part of the activity log, the newest decision first.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivityPage {
    /// The decisions.
    pub items: Vec<ActivityItem>,
    /// The `after` of the next page; null: this is the end.
    pub next: Option<String>,
    /// Whether decisions are recorded: the setting `activity`.
    pub recording: bool,
    /// How many decisions of the same time are not in the log: too many came at once, or the store failed.
    pub dropped: u64,
}

/// What the log has, the newest first.
#[derive(Default)]
pub(super) struct Log {
    #[expect(clippy::vec_box, reason = "one that comes between others moves no more than their addresses")]
    pub(super) decisions: Vec<Box<(Place, RecordedDecision)>>,
    dropped: u64,
}

impl Log {
    fn add(&mut self, lane: Lane, record: StoredRecord, wanted: impl Fn(Place, &RecordedDecision) -> bool) {
        let StoredRecord { sequence, dropped, decisions } = record;
        self.dropped += dropped;
        for (index, decision) in decisions.into_iter().enumerate() {
            let place = Place { time: decision.time, lane: lane as u64, sequence, index: index as u64 };
            if wanted(place, &decision) {
                let before = self.decisions.partition_point(|known| known.0 > place);
                self.decisions.insert(before, Box::new((place, decision)));
            }
        }
    }
}

impl<P: Ports> Activity<P> {
    /// The last decisions of an organization. What waits in this instance is written before.
    pub async fn list(
        &self,
        organization: &OrganizationId,
        query: &ActivityQuery,
    ) -> Result<ActivityPage, RegistryError> {
        self.registry.require(organization).await?;
        // The log of two thousand decisions is a megabyte: only what is asked for is kept.
        let mut log = self.log(organization, |place, decision| query.wants(place, decision)).await?;
        let limit = query.limit.unwrap_or(100).clamp(1, 100);
        let more = log.decisions.len() > limit;
        log.decisions.truncate(limit);
        let item = |entry: Box<(Place, RecordedDecision)>| {
            let Place { time, lane, sequence, index } = entry.0;
            ActivityItem { id: format!("{time}.{lane}.{sequence}.{index}"), decision: entry.1 }
        };
        let items: Vec<_> = log.decisions.into_iter().map(item).collect();
        let next = items.last().filter(|_| more).map(|last| last.id.clone());
        Ok(ActivityPage { next, recording: self.shell.settings.activity(), dropped: log.dropped, items })
    }

    /// What is wanted of an organization's log. A record that can't be read is told, and left out (R74).
    pub(super) async fn log(
        &self,
        organization: &OrganizationId,
        wanted: impl Fn(Place, &RecordedDecision) -> bool,
    ) -> Result<Log, StoreError> {
        let name = organization.as_str();
        self.write(self.shell.ports.clock().now(), Which::Of(name)).await?;
        let mut log = Log::default();
        self.records(name, |lane, key, bytes| {
            if let Ok(record) = self.shell.told(record::read(key, bytes)) {
                log.add(lane, record, &wanted);
            }
        })
        .await?;
        Ok(log)
    }
}
