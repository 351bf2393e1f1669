//! Why a command failed, in words for the person at the terminal.

use std::io::ErrorKind;
use std::path::PathBuf;

use asserta::keyvalue::StoreError;
use asserta::outbound::AuthorityError;
use asserta::ownership::Exposed;
use asserta::{ProgramError, StartError};

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The server refused, and said why.
    #[error("{}", describe(*status, title, detail.as_deref(), field.as_deref()))]
    Refused { status: u16, title: String, detail: Option<String>, field: Option<String> },
    /// What `apply` found before it changed anything.
    #[error("{0}; nothing was applied")]
    NothingApplied(Box<Failure>),
    #[error("the server at {url} does not answer: {source}{}", what_to_look_at(url, source))]
    Unreachable { url: String, source: Box<ureq::Error> },
    #[error("the server at {url} answered {status} with something that is not its admin API")]
    NotTheAdminApi { url: String, status: u16 },
    #[error("the server at {url} answered {status} with something that Asserta does not")]
    NotAsserta { url: String, status: u16 },
    #[error("no admin token{}", where_from(elsewhere.as_deref()))]
    NoAdminToken {
        /// The server, where it is not on this machine.
        elsewhere: Option<String>,
    },
    #[error(
        "{url}: the admin token would pass in the clear; use https://, or --insecure-http (ASSERTA_INSECURE_HTTP) \
         where everybody on the way may read it"
    )]
    InClear { url: String },
    #[error(
        "{url}: the token and the credentials would pass in the clear; use https://, or --insecure-http \
         (ASSERTA_INSECURE_HTTP) where everybody on the way may read them"
    )]
    SecretInClear { url: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// A value on the command line or in a file that cannot be used.
    #[error("{field}: {problem}")]
    Invalid { field: String, problem: String },
    /// The explained assertion would be refused: the report is printed, this is only the exit code.
    #[error("the assertion would be refused")]
    AssertionRefused,
    /// What is told of the token is printed, this is only the exit code.
    #[error("the token is not active for this application")]
    TokenInactive,
    /// Why there is no verdict, for commands whose exit code is one.
    #[error("{0}")]
    NoVerdict(Box<Failure>),
    /// Cases that went otherwise than expected: the report is printed, this is only the exit code.
    #[error("{failed} of {all} cases are not as expected")]
    CasesFailed { failed: usize, all: usize },
    /// Why no case could be run.
    #[error("{0}; no case was run")]
    Untestable(Box<Failure>),
    /// The keys are listed, this is only the exit code.
    #[error("no key can be used now")]
    NoUsableKey,
    #[error("the output cannot be written: {0}")]
    Output(#[from] std::io::Error),
    #[error("{place}: {source}")]
    Program { place: String, source: ProgramError },
    #[error(transparent)]
    Start(StartError),
    #[error("--data: the directory cannot be used: {0}")]
    Store(#[from] StoreError),
    #[error("--data: the directory cannot be used: {0}")]
    Exposed(#[from] Exposed),
    #[error("{option}: {source}")]
    Authorities { option: &'static str, source: AuthorityError },
}

impl Failure {
    pub(crate) fn invalid(field: impl Into<String>, problem: impl ToString) -> Self {
        Self::Invalid { field: field.into(), problem: problem.to_string() }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::File { path: path.into(), source }
    }

    /// The same, with the file in which the fault is.
    pub(crate) fn within(self, file: &str) -> Self {
        match self {
            Self::Invalid { field, problem } => Self::Invalid { field: format!("{file}: {field}"), problem },
            Self::Refused { status, title, detail, field: Some(field) } => {
                let sentence = detail.unwrap_or(title);
                let problem = sentence.strip_prefix(&format!("{field}: ")).unwrap_or(&sentence).to_owned();
                Self::Refused {
                    status,
                    title: problem,
                    detail: None,
                    field: Some(format!("{file}: {field}")),
                }
            }
            other => other,
        }
    }

    /// Whether it may work again by itself: the server is away, or something before it says so.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } | Self::NotTheAdminApi { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// The same of a command whose exit code 1 is a verdict: what is none has another.
    pub(crate) fn beside_the_verdict(self) -> Self {
        match self {
            Self::AssertionRefused | Self::TokenInactive | Self::NoUsableKey | Self::Output(_) => self,
            other => Self::NoVerdict(Box::new(other)),
        }
    }

    /// 2 for a command that was used wrongly, as clap has it, or that has no verdict; else 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NoAdminToken { .. }
            | Self::InClear { .. }
            | Self::SecretInClear { .. }
            | Self::NoVerdict(_)
            | Self::Untestable(_) => 2,
            _ => 1,
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Setting { setting, problem } => {
                Self::invalid(format_args!("--{}", setting.replace('_', "-")).to_string(), problem)
            }
            other => Self::Start(other),
        }
    }
}

fn where_from(elsewhere: Option<&str>) -> String {
    match elsewhere {
        None => {
            ": give --admin-token or ASSERTA_ADMIN_TOKEN, or --data with the server's directory".to_owned()
        }
        Some(url) => format!(
            " for {url}: give --admin-token or ASSERTA_ADMIN_TOKEN; one that is found in a data directory goes to a \
             server on this machine alone"
        ),
    }
}

/// What may be the matter with a server that is not reached.
fn what_to_look_at(url: &str, error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            "; is it running (asserta serve)? --url or ASSERTA_URL says where"
        }
        // What it says in place of a handshake.
        _ if url.starts_with("https://") && error.to_string().contains("InvalidContentType") => {
            "; does it speak http? Then --url or ASSERTA_URL begins with http://"
        }
        _ => "",
    }
}

fn describe(status: u16, title: &str, detail: Option<&str>, field: Option<&str>) -> String {
    let sentence = detail.unwrap_or(title);
    match field {
        // Most sentences begin with the field already.
        Some(field) if !sentence.starts_with(field) => format!("{field}: {sentence} ({status})"),
        _ => format!("{sentence} ({status})"),
    }
}
