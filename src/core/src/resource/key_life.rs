//! The keys of the issuer as a guard has them, and when it wants them again: R51 and R52, for one address and without a
//! store.

use alloc::vec::Vec;

use crate::jose::key::VerificationKey;
use crate::keys::{KEY_WINDOW, MAX_FRESH, MAX_KEY_DOCUMENT, STALE, fresh_until};

/// The keys, how fresh they are, and what has become of the last fetch.
#[derive(Default)]
pub(super) struct KeyLife {
    keys: Vec<VerificationKey>,
    fresh_until: u64,
    tried_at: Option<u64>,
    last: Fetch,
}

/// A fetch, from the moment that somebody was told to do it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Fetch {
    UnderWay,
    /// It brought nothing to use.
    #[default]
    Failed,
    Done,
}

impl KeyLife {
    /// Those that may be used now: fresh ones, and stale ones for a day.
    pub(super) fn usable(&self, now: u64) -> &[VerificationKey] {
        if now < self.fresh_until.saturating_add(STALE) { &self.keys } else { &[] }
    }

    /// Whether who asks is to fetch them, while nobody waits for them.
    pub(super) fn begin_refresh(&mut self, now: u64) -> bool {
        // A clock that was ahead must not keep them for good.
        let is_fresh = now < self.fresh_until && self.fresh_until <= now.saturating_add(MAX_FRESH);
        !is_fresh && self.begin(now)
    }

    /// Whether who asks is to wait for keys: for a fetch that it begins, or for the one that is under way.
    pub(super) fn begin_or_join(&mut self, now: u64) -> bool {
        self.begin(now) || self.last == Fetch::UnderWay
    }

    fn begin(&mut self, now: u64) -> bool {
        if !self.may_fetch(now) {
            return false;
        }
        self.tried_at = Some(now);
        self.last = Fetch::UnderWay;
        true
    }

    /// Whether half a minute has gone since the last fetch began, whatever strangers send.
    fn may_fetch(&self, now: u64) -> bool {
        self.tried_at.is_none_or(|tried_at| now.abs_diff(tried_at) >= KEY_WINDOW)
    }

    /// In how many seconds they may be fetched again.
    pub(super) fn may_fetch_in(&self, now: u64) -> u64 {
        let next = self.tried_at.map_or(now, |tried_at| tried_at.saturating_add(KEY_WINDOW));
        next.saturating_sub(now).clamp(1, KEY_WINDOW)
    }

    /// Takes a document, or word that there is none. One without a usable key leaves the last good one in place. Whether the
    /// keys are others than before.
    pub(super) fn supply(&mut self, document: Option<&[u8]>, max_age: Option<u64>, now: u64) -> bool {
        if self.last != Fetch::UnderWay && self.may_fetch(now) {
            // Nobody asked for it: it counts as a fetch all the same.
            self.tried_at = Some(now);
        } else if self.last == Fetch::Done {
            // It was fetched beside the one that was taken, and may be older.
            return false;
        }
        self.last = Fetch::Failed;
        let Some(document) = document.filter(|document| document.len() <= MAX_KEY_DOCUMENT) else {
            return false;
        };
        let keys = VerificationKey::of_our_set(document);
        if keys.is_empty() {
            return false;
        }
        self.last = Fetch::Done;
        let changed = keys != self.keys;
        self.keys = keys;
        self.fresh_until = fresh_until(max_age, now);
        changed
    }
}
