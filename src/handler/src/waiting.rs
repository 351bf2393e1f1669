//! Work that waits: each is kept as far as it came, and goes on when the host says so.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use asserta_core::ports::{FetchProblem, FetchRequest, FetchedDocument};

/// A request on its way, or the work after it.
pub(crate) type Work<T> = Pin<Box<dyn Future<Output = T>>>;

/// What came of a fetch.
pub(crate) type Fetched = Result<FetchedDocument, FetchProblem>;

/// How much work may wait in an instance. What would be more waits for nothing: it looks again at once, a bounded number
/// of times, and has no document.
const MAX_WAITING: usize = 64;

/// What work waits for.
pub(crate) enum Wanted {
    /// So many milliseconds.
    Time(u64),
    /// A document.
    Document(WantedDocument),
}

/// A document that is wanted, and the way to it that its registration allows (R55).
pub(crate) struct WantedDocument {
    pub(crate) uri: String,
    pub(crate) authorities: Option<String>,
    pub(crate) allow_private: bool,
}

thread_local! {
    /// Whether the work that runs may wait.
    static MAY_WAIT: Cell<bool> = const { Cell::new(false) };
    /// What it waits for.
    static WANTED: RefCell<Option<Wanted>> = const { RefCell::new(None) };
    /// What the host hands to the work that it resumes.
    static FETCHED: RefCell<Option<Fetched>> = const { RefCell::new(None) };
}

/// Waits, once. False: this work can't.
async fn wait(wanted: Wanted) -> bool {
    let mut wanted = Some(wanted);
    poll_fn(move |_| match wanted.take() {
        Some(_) if !MAY_WAIT.get() => Poll::Ready(false),
        Some(wanted) => {
            WANTED.set(Some(wanted));
            Poll::Pending
        }
        None => Poll::Ready(true),
    })
    .await
}

/// Lets so many milliseconds pass.
pub(crate) async fn sleep(milliseconds: u64) {
    wait(Wanted::Time(milliseconds)).await;
}

/// Has the host fetch a document.
pub(crate) async fn fetch(request: FetchRequest<'_>) -> Fetched {
    let FetchRequest { uri, authorities, allow_private } = request;
    let (uri, authorities) = (uri.to_owned(), authorities.map(str::to_owned));
    if !wait(Wanted::Document(WantedDocument { uri, authorities, allow_private })).await {
        return Err(FetchProblem::Unknown);
    }
    FETCHED.take().unwrap_or(Err(FetchProblem::Unknown))
}

/// How far work has come.
pub(crate) enum Progress<T> {
    /// To its end.
    Done(T),
    /// It waits under this ticket.
    Waits(u32, Wanted),
}

/// The work that waits.
pub(crate) struct Waiting<T> {
    works: RefCell<BTreeMap<u32, Work<T>>>,
    next: Cell<u32>,
}

impl<T> Waiting<T> {
    pub(crate) const fn new() -> Self {
        Self { works: RefCell::new(BTreeMap::new()), next: Cell::new(0) }
    }

    /// Runs work until it is done or waits.
    pub(crate) fn run(&self, mut work: Work<T>) -> Progress<T> {
        MAY_WAIT.set(self.works.borrow().len() < MAX_WAITING);
        let polled = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        FETCHED.set(None);
        match (polled, WANTED.take()) {
            (Poll::Ready(done), _) => Progress::Done(done),
            (Poll::Pending, Some(wanted)) => {
                let ticket = self.next.replace(self.next.get().wrapping_add(1));
                self.works.borrow_mut().insert(ticket, work);
                Progress::Waits(ticket, wanted)
            }
            (Poll::Pending, None) => unreachable!("nothing here waits but for time and documents"),
        }
    }

    /// Goes on with work. `None`: there is none of this ticket.
    pub(crate) fn resume(&self, ticket: u32, fetched: Option<Fetched>) -> Option<Progress<T>> {
        let work = self.works.borrow_mut().remove(&ticket)?;
        FETCHED.set(fetched);
        Some(self.run(work))
    }
}
