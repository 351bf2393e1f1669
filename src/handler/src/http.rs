//! `asserta:exchange/http`.

use std::cell::RefCell;
use std::rc::Rc;

use asserta_core::ports::{FetchProblem, FetchedDocument};
use asserta_http::{BodyProblem, Endpoint, Request, Response};
use asserta_imports::run as at_once;

use crate::bindings::Component;
use crate::bindings::exports::asserta::exchange::http as wit;
use crate::ports::HandlerPorts;
use crate::settings::Texts;
use crate::waiting::{Progress, Waiting, Wanted, WantedDocument, Work};

type Handler = Endpoint<HandlerPorts, Texts>;

thread_local! {
    /// The endpoint of this instance, from the moment it is configured.
    static ENDPOINT: RefCell<Option<Rc<Handler>>> = const { RefCell::new(None) };
    /// What waits.
    static WAITING: Waiting<Option<Response>> = const { Waiting::new() };
}

/// The endpoint; before it is configured, one that has no settings and serves nothing.
fn endpoint() -> Rc<Handler> {
    ENDPOINT.with_borrow_mut(|endpoint| {
        let made =
            endpoint.get_or_insert_with(|| Rc::new(Endpoint::new(HandlerPorts::default(), Texts::missing())));
        Rc::clone(made)
    })
}

fn run(work: Work<Option<Response>>) -> wit::Outcome {
    outcome(WAITING.with(|waiting| waiting.run(work)))
}

fn outcome(progress: Progress<Option<Response>>) -> wit::Outcome {
    match progress {
        Progress::Done(Some(response)) => wit::Outcome::Response(wit::Response {
            status: response.status,
            headers: response.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            body: response.body,
        }),
        Progress::Done(None) => wit::Outcome::Done,
        Progress::Waits(ticket, Wanted::Time(milliseconds)) => {
            let milliseconds = u32::try_from(milliseconds).unwrap_or(u32::MAX);
            wit::Outcome::Later(wit::Later { ticket, milliseconds })
        }
        Progress::Waits(ticket, Wanted::Document(wanted)) => {
            let WantedDocument { uri, authorities, allow_private } = wanted;
            wit::Outcome::Fetch(wit::Fetch { ticket, uri, authorities, allow_private })
        }
    }
}

fn problem(problem: wit::FetchProblem) -> FetchProblem {
    match problem {
        wit::FetchProblem::BadAddress => FetchProblem::BadAddress,
        wit::FetchProblem::NameUnknown => FetchProblem::NameUnknown,
        wit::FetchProblem::AddressRefused => FetchProblem::AddressRefused,
        wit::FetchProblem::Unreachable => FetchProblem::Unreachable,
        wit::FetchProblem::Tls => FetchProblem::Tls,
        wit::FetchProblem::Certificate => FetchProblem::Certificate,
        wit::FetchProblem::TimedOut => FetchProblem::TimedOut,
        wit::FetchProblem::Incomplete => FetchProblem::Incomplete,
        wit::FetchProblem::Redirect(status) => FetchProblem::Redirect(status),
        wit::FetchProblem::Status(status) => FetchProblem::Status(status),
        wit::FetchProblem::TooLarge => FetchProblem::TooLarge,
        wit::FetchProblem::Encoded => FetchProblem::Encoded,
        wit::FetchProblem::Authorities => FetchProblem::Authorities,
        wit::FetchProblem::Unknown => FetchProblem::Unknown,
    }
}

impl wit::Guest for Component {
    fn configure(settings: Vec<wit::Setting>) -> Result<(), wit::BadSetting> {
        let endpoint = Endpoint::new(HandlerPorts::default(), Texts::new(settings)?);
        at_once(endpoint.check_settings())
            .map_err(|error| wit::BadSetting { name: error.field, problem: error.problem })?;
        ENDPOINT.set(Some(Rc::new(endpoint)));
        Ok(())
    }

    fn handle(request: wit::Request) -> wit::Outcome {
        let wit::Request { method, path, query, headers, body } = request;
        let body = match body {
            wit::Body::Bytes(bytes) => Ok(bytes),
            wit::Body::TooLarge => Err(BodyProblem::TooLarge),
            wit::Body::Broken => Err(BodyProblem::Broken),
        };
        let request = Request { method, path, query, headers, body };
        let endpoint = endpoint();
        run(Box::pin(async move { Some(endpoint.handle(request).await) }))
    }

    fn resume(ticket: u32, fetched: Option<wit::Fetched>) -> wit::Outcome {
        let fetched = fetched.map(|fetched| match fetched {
            Ok(document) => Ok(FetchedDocument { body: document.body, max_age: document.max_age }),
            Err(reason) => Err(problem(reason)),
        });
        match WAITING.with(|waiting| waiting.resume(ticket, fetched)) {
            Some(progress) => outcome(progress),
            None => wit::Outcome::Done,
        }
    }

    fn after_response() -> wit::Outcome {
        let endpoint = endpoint();
        run(Box::pin(async move {
            endpoint.after_response().await;
            None
        }))
    }
}
