//! What one organization gets of a host that it shares with others (R71).
//!
//! Whoever controls an organization's requests or an issuer's keys can have the server compute and wait. So an
//! organization has at most a part of the requests and of the instances, and it takes turns: of its requests no more
//! are runnable at once than there are workers. The others wait here and not in the runtime's queue, where a request of
//! another organization would stand behind all of them.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use percent_encoding::percent_decode_str;
use pin_project_lite::pin_project;
use tokio::sync::Semaphore;

/// The shares of those organizations that have requests at this moment. Strangers choose the names: one that has no
/// request takes no memory.
pub(crate) struct Shares {
    limits: ShareLimits,
    in_use: Mutex<HashMap<String, InUse>>,
    recent: Recent,
}

/// What was seen lately; milliseconds since the beginning.
struct Recent {
    begin: Instant,
    /// The number of the share that had the last turn.
    last: AtomicU64,
    /// Until when several organizations count as having something to compute.
    together_until: AtomicU64,
    shares: AtomicU64,
}

/// A turn that is longer than this makes its organization one that computes for long; how long it counts as such.
const LONG: Duration = Duration::from_millis(10);
const LONG_COUNTS: u64 = 1000;
/// How long turns of two organizations in a row count as both having something to compute.
const TOGETHER_COUNTS: u64 = 200;

/// The same for each organization.
#[derive(Clone, Copy)]
pub(crate) struct ShareLimits {
    /// Requests that run or wait.
    pub(crate) requests: usize,
    /// Instances.
    pub(crate) instances: usize,
    /// Requests that compute.
    pub(crate) computing: usize,
}

struct InUse {
    requests: usize,
    share: Arc<Share>,
}

/// The share of one organization.
struct Share {
    number: u64,
    instances: Semaphore,
    computing: usize,
    turns: Mutex<Turns>,
    /// Until when it counts as one that computes for long.
    long_until: AtomicU64,
}

/// A request's place in the share of its organization, until it is dropped.
pub(crate) struct Place<'a> {
    shares: &'a Shares,
    name: String,
    share: Arc<Share>,
}

impl Shares {
    pub(crate) fn new(limits: ShareLimits) -> Self {
        let recent = Recent {
            begin: Instant::now(),
            last: AtomicU64::new(0),
            together_until: AtomicU64::new(0),
            shares: AtomicU64::new(0),
        };
        Self { limits, in_use: Mutex::default(), recent }
    }

    /// A place for a request to this path; `None` where its organization has no more of them.
    pub(crate) fn enter(&self, path: &str) -> Option<Place<'_>> {
        let name = organization(path).into_owned();
        let mut in_use = lock(&self.in_use);
        let of_this = in_use.entry(name.clone()).or_insert_with(|| InUse {
            requests: 0,
            share: Arc::new(Share {
                number: self.recent.shares.fetch_add(1, Relaxed) + 1,
                instances: Semaphore::new(self.limits.instances),
                computing: self.limits.computing,
                turns: Mutex::default(),
                long_until: AtomicU64::new(0),
            }),
        });
        if of_this.requests >= self.limits.requests {
            return None;
        }
        of_this.requests += 1;
        Some(Place { shares: self, name, share: of_this.share.clone() })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut in_use = lock(&self.shares.in_use);
        if let Some(of_this) = in_use.get_mut(&self.name) {
            of_this.requests -= 1;
            if of_this.requests == 0 {
                in_use.remove(&self.name);
            }
        }
    }
}

impl Place<'_> {
    /// Runs the work of a request as its organization's share allows.
    pub(crate) async fn run<F: Future>(&self, work: F) -> F::Output {
        let _instance = self.share.instances.acquire().await.expect("the semaphore is never closed");
        InTurn {
            turn: Turn { recent: &self.shares.recent, share: &self.share, ticket: None },
            computed: Duration::ZERO,
            work,
        }
        .await
    }
}

impl Recent {
    fn now(&self) -> u64 {
        self.begin.elapsed().as_millis() as u64
    }

    /// How many requests of this share may compute at once.
    fn limit(&self, share: &Share, now: u64) -> usize {
        let leaves_one = now < share.long_until.load(Relaxed) && now < self.together_until.load(Relaxed);
        share.computing.saturating_sub(usize::from(leaves_one)).max(1)
    }
}

/// Which part of the server a path belongs to, as the endpoint reads paths: the organization of `/t/{organization}`, the
/// admin API, or the organization at the root. Health is looked at also where that one has no room.
fn organization(path: &str) -> Cow<'_, str> {
    let mut segments = path.split('/').skip(1).map(|segment| percent_decode_str(segment).decode_utf8_lossy());
    // No organization has these names: they are not among the characters of one.
    match segments.next().as_deref() {
        Some("t") => segments.next().unwrap_or_default(),
        Some("admin") => "/admin".into(),
        Some("health") => "/health".into(),
        _ => "/".into(),
    }
}

/// Who may compute.
#[derive(Default)]
struct Turns {
    /// So many have their turn, those that are called among them.
    computing: usize,
    next_ticket: u64,
    waiting: VecDeque<(u64, Waker)>,
    /// Tickets whose turn it is and that have not begun.
    called: Vec<u64>,
}

/// A request's place in the line.
struct Turn<'a> {
    recent: &'a Recent,
    share: &'a Share,
    ticket: Option<u64>,
}

impl Turn<'_> {
    /// Whether it is this request's turn. If not, `waker` is called when it is.
    fn comes(&mut self, waker: &Waker) -> bool {
        let now = self.recent.now();
        if self.recent.last.swap(self.share.number, Relaxed) != self.share.number {
            self.recent.together_until.store(now + TOGETHER_COUNTS, Relaxed);
        }
        let mut turns = lock(&self.share.turns);
        let Some(ticket) = self.ticket else {
            if turns.computing < self.recent.limit(self.share, now) {
                turns.computing += 1;
                return true;
            }
            let ticket = turns.next_ticket;
            turns.next_ticket += 1;
            turns.waiting.push_back((ticket, waker.clone()));
            self.ticket = Some(ticket);
            return false;
        };
        if let Some(index) = turns.called.iter().position(|called| *called == ticket) {
            turns.called.swap_remove(index);
            self.ticket = None;
            return true;
        }
        if let Some((_, known)) = turns.waiting.iter_mut().find(|(waiting, _)| *waiting == ticket) {
            known.clone_from(waker);
        }
        false
    }

    /// Calls those that have waited longest, as many as may compute now.
    fn ends(&self) {
        let mut wakers = Vec::new();
        {
            let mut turns = lock(&self.share.turns);
            turns.computing -= 1;
            while turns.computing < self.recent.limit(self.share, self.recent.now()) {
                let Some((ticket, waker)) = turns.waiting.pop_front() else { break };
                turns.computing += 1;
                turns.called.push(ticket);
                wakers.push(waker);
            }
        }
        for waker in wakers {
            waker.wake();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut turns = lock(&self.share.turns);
        turns.waiting.retain(|(waiting, _)| *waiting != ticket);
        let called = turns.called.iter().position(|called| *called == ticket);
        if let Some(index) = called {
            turns.called.swap_remove(index);
            drop(turns);
            self.ends();
        }
    }
}

thread_local! {
    /// How long the work of the turn that this thread is in had computed before it, and when the turn began.
    static TURN: Cell<Option<(Duration, Instant)>> = const { Cell::new(None) };
}

/// How long the work has computed that is in its turn on this thread. What it waits for does not count.
pub(crate) fn computed() -> Duration {
    TURN.get().map_or(Duration::ZERO, |(before, begin)| before + begin.elapsed())
}

pin_project! {
    /// Work that goes on only when its turn comes: each step of it is a turn.
    struct InTurn<'a, F> {
        turn: Turn<'a>,
        computed: Duration,
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for InTurn<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if !this.turn.comes(context.waker()) {
            return Poll::Pending;
        }
        // Also where the step panics.
        struct Ends<'a, 'b>(&'a Turn<'b>, &'a mut Duration, Instant);
        impl Drop for Ends<'_, '_> {
            fn drop(&mut self) {
                let Self(turn, computed, begin) = self;
                TURN.set(None);
                let step = begin.elapsed();
                **computed += step;
                if step > LONG {
                    turn.share.long_until.store(turn.recent.now() + LONG_COUNTS, Relaxed);
                }
                turn.ends();
            }
        }
        let begin = Instant::now();
        TURN.set(Some((*this.computed, begin)));
        let _ends = Ends(this.turn, this.computed, begin);
        this.work.poll(context)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
