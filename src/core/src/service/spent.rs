//! Marks that expire. Replay: an assertion works once (R45); a token that was revoked stays so (R111).
//!
//! A token of ours has one `exp`, so that its mark is `r/{bucket}/{digest}` and nothing else.
//!
//! A replay key is `r/{bucket}/{digest}`, where the bucket is the hour in which it may be forgotten.
//! It is free if and only if `increment` brings it to 1. A `jti` may come back under another `exp` and
//! thus in another bucket; so the other buckets that an acceptable `exp` can fall in are looked at after
//! the increment. Two such assertions at the same moment see each other and both fail: never both succeed.
//!
//! An issuer with a long `max_lifetime` has fifty such buckets. So what is used long before its end has a second
//! mark, in a bucket of two days, and only the hours near by and these are looked at: five reads at most.

use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::Cell;

use serde::{Deserialize, Serialize};

use super::record::{self, Key};
use super::schedule::Schedule;
use super::shell::Shell;
use crate::jwt::Mark;
use crate::oauth::{Reason, Refusal};
use crate::ports::{Clock as _, Event, Ports, Store as _, StoreError};
use crate::trust::MAX_CLOCK_SKEW;

/// The width of an expiry bucket, in seconds.
const BUCKET: u64 = 3600;
/// The width of the buckets of second marks, in buckets of an hour, and how long before its end an assertion that is
/// used gets one, in seconds. What a node with a clock that is `CLOCKS` seconds off has used is found, too.
const WIDE: u64 = 50;
const NEAR: u64 = 7200;
const CLOCKS: u64 = 1800;
/// How long after its bucket a mark is deleted at the earliest, in seconds; how much faster than the time the sweep's
/// horizon may move, and how far at once: clocks are wrong sometimes, and then nothing that is valid must go.
const LATE: u64 = 7200;
const FASTER: u64 = 10;
const MAX_STEP: u64 = 3600;
/// How often the instances together sweep, in seconds, and how many pages of keys one sweep looks at: it
/// runs after a response, in an instance that others wait for. What is left is swept a second later.
const SWEEP_EVERY: u64 = 60;
const PAGES_AT_ONCE: u32 = 10;

/// Up to where marks may be deleted, and when that was moved last, by the clock of whoever did: seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredHorizon {
    horizon: u64,
    moved: u64,
}

impl StoredHorizon {
    /// The horizon after a sweep at `now`. It never goes back, moves by at most ten minutes in a minute and an hour at
    /// once, and where it lies ahead of what our clock says, it waits. The first one begins by the `oldest` mark, not by a clock.
    fn moved(known: Option<Self>, oldest: u64, now: u64) -> Self {
        let wanted = now.saturating_sub(LATE);
        let Some(known) = known else {
            return Self { horizon: (oldest * BUCKET).saturating_sub(LATE + MAX_STEP), moved: now };
        };
        // Where the last one to move it was ahead of us, how long ago it was nobody knows: a minute.
        let passed = now.checked_sub(known.moved).unwrap_or(SWEEP_EVERY);
        let step = passed.saturating_mul(FASTER).min(MAX_STEP);
        if wanted <= known.horizon {
            return known;
        }
        Self { horizon: wanted.min(known.horizon.saturating_add(step)), moved: now }
    }
}

/// When a sweep failed: seconds since 1970.
#[derive(Serialize)]
struct StoredFailure {
    at: u64,
}

/// What a sweep came to.
struct Swept {
    deleted: usize,
    /// Nothing that has passed is left.
    is_done: bool,
    /// Up to when marks could be deleted. `None`: there are none.
    past: Option<u64>,
}

fn bucket(until: u64) -> u64 {
    until / BUCKET + 1
}

/// The bucket of the second mark: a multiple of [`WIDE`], and never before the first mark's.
fn wide_bucket(until: u64) -> u64 {
    (until / BUCKET / WIDE + 1) * WIDE
}

fn wide_key(bucket: u64, digest: &str) -> String {
    format!("r/{bucket:012}/{digest}/wide")
}

fn replay_key(bucket: u64, digest: &str) -> String {
    format!("r/{bucket:012}/{digest}")
}

/// The bucket in a replay key.
fn bucket_of(key: &str) -> Option<u64> {
    key.strip_prefix("r/")?.split('/').next()?.parse().ok()
}

impl Mark {
    /// Whether its use at this moment needs a second mark.
    fn is_wide(&self, now: u64) -> bool {
        self.by_jwt_id && self.until > now + NEAR
    }
}

/// The marks of what works once.
pub struct Spent<P: Ports> {
    shell: Rc<Shell<P>>,
    schedule: Schedule,
    /// The horizon where the store did not take it: a full one takes nothing before something was deleted.
    unwritten: Cell<Option<StoredHorizon>>,
    /// When a sweep of this instance failed, where the store did not take that either.
    failed_at: Cell<Option<u64>>,
}

impl<P: Ports> Spent<P> {
    pub(super) fn new(shell: Rc<Shell<P>>) -> Self {
        let schedule = Schedule::new(Key::NEXT_SWEEP, SWEEP_EVERY);
        Self { shell, schedule, unwritten: Cell::default(), failed_at: Cell::default() }
    }

    /// Reserves the assertion for this exchange, or refuses it as used.
    pub(super) async fn reserve(&self, mark: &Mark, now: u64) -> Result<(), Refusal> {
        let store = self.shell.ports.replay();
        let own = bucket(mark.until);
        if store.increment(&replay_key(own, &mark.digest)).await? != 1 {
            return Err(Reason::Replayed.into());
        }
        if mark.is_wide(now) && store.increment(&wide_key(wide_bucket(mark.until), &mark.digest)).await? != 1
        {
            return Err(Reason::Replayed.into());
        }
        if self.is_reserved_elsewhere(mark, now).await? { Err(Reason::Replayed.into()) } else { Ok(()) }
    }

    /// Whether the assertion was used already; changes nothing.
    pub(super) async fn is_reserved(&self, mark: &Mark, now: u64) -> Result<bool, StoreError> {
        let (store, own) = (self.shell.ports.replay(), wide_key(wide_bucket(mark.until), &mark.digest));
        Ok(store.get(&replay_key(bucket(mark.until), &mark.digest)).await?.is_some()
            || mark.is_wide(now) && store.get(&own).await?.is_some()
            || self.is_reserved_elsewhere(mark, now).await?)
    }

    /// Marks what is known to be valid until then, in seconds since 1970: it is in one bucket, whoever marks it.
    pub(super) async fn set_mark(&self, digest: &str, until: u64) -> Result<(), StoreError> {
        self.shell.ports.replay().increment(&replay_key(bucket(until), digest)).await.map(drop)
    }

    /// Whether [`set_mark`](Self::set_mark) was called for it.
    pub(super) async fn has_mark(&self, digest: &str, until: u64) -> Result<bool, StoreError> {
        Ok(self.shell.ports.replay().get(&replay_key(bucket(until), digest)).await?.is_some())
    }

    /// Whether its `jti` was used under another `exp`, in another bucket.
    async fn is_reserved_elsewhere(&self, mark: &Mark, now: u64) -> Result<bool, StoreError> {
        if !mark.by_jwt_id {
            return Ok(false);
        }
        let own = bucket(mark.until);
        let (skew, most) = (u64::from(mark.clock_skew), u64::from(MAX_CLOCK_SKEW));
        let earliest = now + most - skew;
        let latest = now + u64::from(mark.max_lifetime) + skew + 1 + most;
        let near = latest.min(now + NEAR + CLOCKS);
        let store = self.shell.ports.replay();
        for other in (bucket(earliest)..=bucket(near)).filter(|other| *other != own) {
            if store.get(&replay_key(other, &mark.digest)).await?.is_some() {
                return Ok(true);
            }
        }
        if latest <= now + NEAR {
            return Ok(false);
        }
        let own = mark.is_wide(now).then(|| wide_bucket(mark.until));
        let wide = (wide_bucket(earliest)..=wide_bucket(latest)).step_by(WIDE as usize);
        for other in wide.filter(|other| Some(*other) != own) {
            if store.get(&wide_key(other, &mark.digest)).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes the replay keys whose time has passed, and says how many.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let mut deleted = 0;
        loop {
            let swept = self.sweep_some().await?;
            deleted += swept.deleted;
            if swept.is_done {
                return Ok(deleted);
            }
        }
    }

    /// Up to which bucket marks may be deleted now.
    async fn last_bucket(&self, oldest: u64) -> Result<u64, StoreError> {
        let (registry, now) = (self.shell.ports.registry(), self.shell.ports.clock().now());
        let stored = match self.shell.load(Key::SWEEP_HORIZON).await {
            // It begins anew.
            Err(StoreError::Unreadable(_)) => None,
            stored => stored?,
        };
        let known = stored.into_iter().chain(self.unwritten.get()).max_by_key(|known| known.horizon);
        let moved = StoredHorizon::moved(known, oldest, now);
        let is_unwritten =
            stored != Some(moved) && record::save(registry, Key::SWEEP_HORIZON, moved).await.is_err();
        self.unwritten.set(is_unwritten.then_some(moved));
        // A horizon that lies too far ahead must not count for those whose clocks are right.
        Ok(moved.horizon.min(now.saturating_sub(LATE)) / BUCKET)
    }

    /// Deletes what has passed among the first keys. Keys begin with their bucket, so that what has passed
    /// comes first: a page without any is followed by none with some.
    async fn sweep_some(&self) -> Result<Swept, StoreError> {
        let store = self.shell.ports.replay();
        let (mut deleted, mut from, mut last) = (0, None, None);
        for _ in 0..PAGES_AT_ONCE {
            let page = store.page_of_keys("r/", from.as_deref()).await?;
            let last = match (last, page.keys.iter().filter_map(|key| bucket_of(key)).min()) {
                (Some(last), _) => last,
                (None, Some(oldest)) => *last.insert(self.last_bucket(oldest).await?),
                (None, None) => 0,
            };
            let any = !page.keys.is_empty();
            let mut passed = page.keys;
            passed.retain(|key| bucket_of(key).is_some_and(|bucket| bucket <= last));
            store.delete_listed(&passed).await?;
            deleted += passed.len();
            from = page.next;
            if from.is_none() || (passed.is_empty() && any) {
                return Ok(Swept { deleted, is_done: true, past: any.then_some(last * BUCKET) });
            }
        }
        Ok(Swept { deleted, is_done: false, past: None })
    }

    /// The same; where it fails, or the store does not take what is `noted` about it, that is told: nobody waits for it, and
    /// the store only grows from then on.
    async fn sweep_some_or_tell(&self, noted: Result<(), StoreError>) -> Result<Swept, StoreError> {
        let (registry, events) = (self.shell.ports.registry(), self.shell.ports.events());
        let swept = self.sweep_some().await;
        if let Ok(Swept { deleted: deleted @ 1.., .. }) = swept {
            events.emit(&Event::Swept { deleted });
        }
        let cause = match &swept {
            Err(_) => "used assertions are not deleted, and the store only grows; the line before says why",
            Ok(_) if noted.is_err() => "the store takes no writes; what has expired is deleted all the same",
            Ok(_) => {
                if self.is_sweep_failing().await? {
                    self.failed_at.set(None);
                    registry.delete(Key::SWEEP_FAILING).await?;
                }
                return swept;
            }
        };
        events.emit(&Event::MaintenanceFailed { what: "sweep", cause });
        let at = self.shell.ports.clock().now();
        // The shell has told what its store says.
        let is_unwritten = record::save(registry, Key::SWEEP_FAILING, StoredFailure { at }).await.is_err();
        self.failed_at.set(is_unwritten.then_some(at));
        swept
    }

    /// Whether the last sweep failed, in whichever instance it was. What this one alone knows, since the store took no word
    /// of it, counts until another sweep is overdue.
    pub async fn is_sweep_failing(&self) -> Result<bool, StoreError> {
        let now = self.shell.ports.clock().now();
        let stored = self.shell.ports.registry().get(Key::SWEEP_FAILING).await?;
        let is_recent = |at: u64| now.abs_diff(at) < 2 * SWEEP_EVERY;
        Ok(stored.is_some() || self.failed_at.get().is_some_and(is_recent))
    }

    /// Sweeps a part if no instance has done so lately. Returns up to when all that expires may be deleted, where a sweep
    /// came to its end: seconds since 1970.
    pub(super) async fn sweep_if_due(&self) -> Result<Option<u64>, StoreError> {
        if !self.schedule.is_due(&self.shell).await? {
            return Ok(None);
        }
        let noted = self.schedule.note(&self.shell).await;
        let Swept { is_done, past, .. } = self.sweep_some_or_tell(noted).await?;
        if !is_done {
            // What can't be written is known here, and told above.
            _ = self.schedule.again_in(&self.shell, 1).await;
        }
        Ok(past.filter(|_| is_done))
    }
}
