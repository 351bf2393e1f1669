//! Decisions that wait in an instance until they are written.

use alloc::string::String;

use super::line::{self, Kind};
use crate::ports::Decision;
use crate::service::entries::Entries;

/// How many decisions a record holds, and from how many bytes of them on it is full.
const MAX_DECISIONS: u32 = 16;
const MAX_BYTES: usize = 4096;
/// How long after it was written last what waits is written, in seconds.
const PAUSE: u64 = 2;
/// How many full records an instance writes one after the other, and how many more in each second that passes. Beyond that it
/// would cost a busy server a fifth of its work to keep what is overwritten within the second.
const BURST: u64 = 32;
const PER_SECOND: u64 = 2;
/// Of how many organizations decisions wait.
const MAX_ORGANIZATIONS: usize = 256;

/// Whose decisions they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::service) enum Lane {
    /// Those about clients that were authenticated, and what was granted without one (R29).
    Clients,
    /// All others: whoever reaches the endpoint can cause them.
    Strangers,
}

impl Lane {
    pub(super) const ALL: [Self; 2] = [Self::Clients, Self::Strangers];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Strangers => "strangers",
        }
    }

    /// How many records the store has of it: 256 of both.
    pub(super) const fn records(self) -> u64 {
        match self {
            Self::Clients => 224,
            Self::Strangers => 32,
        }
    }
}

/// Decisions of one record.
#[derive(Default)]
pub(super) struct Batch {
    /// They, as JSON, separated by commas.
    pub(super) text: String,
    decisions: u32,
    /// How many of them the store has already.
    stored: u32,
    /// How many more there were, of which nothing is left.
    pub(super) dropped: u32,
    /// The number of their record, where it was written before.
    pub(super) sequence: Option<u64>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.decisions >= MAX_DECISIONS || self.text.len() >= MAX_BYTES
    }

    fn waits(&self) -> bool {
        self.decisions > self.stored
    }

    /// It stands in the store, under this number.
    pub(super) fn written(&mut self, sequence: u64) {
        self.sequence = Some(sequence);
        self.stored = self.decisions;
    }
}

/// A lane of an organization in this instance.
#[derive(Default)]
struct Waiting {
    batch: Batch,
    /// When it was written last: seconds since 1970.
    written: u64,
    /// How many of the records that may be written at once are used up.
    used_up: u64,
}

impl Waiting {
    /// From when on it is to be written. What strangers send is written no more often because there is much of it, and what
    /// clients send up to a bound.
    fn due(&self, lane: Lane) -> u64 {
        match self.batch.waits() {
            false => u64::MAX,
            true if self.batch.is_full() && lane == Lane::Clients && self.used_up < BURST => 0,
            true => self.written + PAUSE,
        }
    }

    fn take(&mut self, now: u64) -> Batch {
        let regained = now.saturating_sub(self.written).saturating_mul(PER_SECOND);
        self.used_up = self.used_up.saturating_sub(regained) + u64::from(self.batch.is_full());
        self.written = now;
        core::mem::take(&mut self.batch)
    }
}

/// Whether something that is due then is due now. Where the clock was set back, it is.
const fn is_due(due: u64, now: u64) -> bool {
    due <= now || (due != u64::MAX && due > now + PAUSE)
}

/// What is written.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// What is due.
    Due,
    /// All that waits of this organization.
    Of(&'a str),
}

/// What was taken out to be written.
pub(super) struct Taken {
    pub(super) organization: String,
    pub(super) lane: Lane,
    pub(super) batch: Batch,
}

/// All that waits.
pub(super) struct Gathered {
    organizations: Entries<[Waiting; 2]>,
    /// When the first of it is due: seconds since 1970. `u64::MAX`: nothing waits.
    due: u64,
    /// No other organization has room: all is written, due or not.
    is_full: bool,
}

impl Default for Gathered {
    fn default() -> Self {
        Self { organizations: Entries::default(), due: u64::MAX, is_full: false }
    }
}

impl Gathered {
    pub(super) fn note(&mut self, kind: Kind, decision: &Decision<'_>, lane: Lane, now: u64) {
        let name = decision.organization.as_str();
        if self.organizations.get(name).is_none() && !self.has_room() {
            (self.is_full, self.due) = (true, 0);
            return;
        }
        let lanes = self.organizations.keep(name, MAX_ORGANIZATIONS, |_| true, Default::default);
        let waiting = &mut lanes[lane as usize];
        let batch = &mut waiting.batch;
        if batch.is_full() {
            batch.dropped = batch.dropped.saturating_add(1);
            return;
        }
        line::write(&mut batch.text, kind, decision, now);
        batch.decisions += 1;
        self.due = self.due.min(waiting.due(lane));
    }

    /// Room for another organization, in place of those of which nothing waits.
    fn has_room(&mut self) -> bool {
        if self.organizations.len() >= MAX_ORGANIZATIONS {
            self.organizations.retain(|lanes| lanes.iter().any(|waiting| waiting.batch.waits()));
        }
        self.organizations.len() < MAX_ORGANIZATIONS
    }

    /// Whether nothing waits.
    pub(super) const fn is_idle(&self) -> bool {
        self.due == u64::MAX
    }

    pub(super) const fn is_due(&self, now: u64) -> bool {
        is_due(self.due, now)
    }

    /// Takes out one batch. While it is written the next one gathers beside it.
    pub(super) fn take(&mut self, which: Which<'_>, now: u64) -> Option<Taken> {
        let mut next = u64::MAX;
        for (name, lanes) in self.organizations.iter_mut() {
            for lane in Lane::ALL {
                let waiting = &mut lanes[lane as usize];
                let due = waiting.due(lane);
                let is_wanted = match which {
                    Which::Due => self.is_full || is_due(due, now),
                    Which::Of(organization) => organization == name,
                };
                if waiting.batch.waits() && is_wanted {
                    let batch = waiting.take(now);
                    return Some(Taken { organization: name.clone(), lane, batch });
                }
                next = next.min(due);
            }
        }
        self.is_full &= matches!(which, Which::Of(_));
        self.due = if self.is_full { 0 } else { next };
        None
    }

    /// A record was written. If it has room, and no other one has begun meanwhile, what comes next is added to it.
    pub(super) fn put_back(&mut self, taken: Taken) {
        if let Some(waiting) = self.waiting(&taken)
            && waiting.batch.decisions == 0
            && !taken.batch.is_full()
        {
            let dropped = waiting.batch.dropped;
            waiting.batch = taken.batch;
            waiting.batch.dropped = waiting.batch.dropped.saturating_add(dropped);
        }
    }

    /// A record was not written: its decisions are lost, and the next one says how many.
    pub(super) fn lose(&mut self, taken: &Taken) {
        let lost = taken.batch.decisions - taken.batch.stored;
        if let Some(waiting) = self.waiting(taken) {
            waiting.batch.dropped =
                waiting.batch.dropped.saturating_add(taken.batch.dropped).saturating_add(lost);
        }
    }

    fn waiting(&mut self, taken: &Taken) -> Option<&mut Waiting> {
        let lanes = self.organizations.get_mut(&taken.organization)?;
        Some(&mut lanes[taken.lane as usize])
    }
}
