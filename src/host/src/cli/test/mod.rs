//! `asserta test`: whether registrations decide as they should, before they are applied. Each case is an exchange from end
//! to end in the component itself, with rules that no copy of them could miss.

mod cases;
mod files;
mod key;
mod report;
mod stage;
mod token;
mod trust;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::failure::Failure;
use super::{component, serve};
use cases::Case;
use report::Judged;
use stage::Theatre;
use trust::Trust;

/// Tests registrations: what each assertion is granted, and which are refused.
///
/// It needs no server and no network.
///
/// TRUST is a file as `asserta apply` takes it. A case says what is presented and what is expected
/// of it:
///
///   [[cases]]
///   name = "the main branch deploys"
///   claims = { sub = "repo:acme/app:ref:refs/heads/main", repository_id = "1296269" }
///   granted = "deploy"
///   rule = "app"
///
///   [[cases]]
///   name = "a pull request does not"
///   claims = { sub = "repo:acme/app:pull_request", repository_id = "1296269" }
///   refused = "no-rule-fits"
///
/// Exit code 0 says that all went as expected, 1 that one did not, 2 that they could not be run.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Test {
    /// The registrations: JSON, or TOML where the name ends in .toml; - reads JSON from standard input.
    trust: PathBuf,
    /// Files of cases (TOML or JSON), and folders of them.
    #[arg(required = true)]
    cases: Vec<PathBuf>,
    /// The URL under which clients reach the installation: what assertions name as their audience.
    #[arg(long, env = "ASSERTA_PUBLIC_URL", default_value = "http://127.0.0.1:3000", value_name = "URL")]
    public_url: String,
    /// As the server with this setting: JWKS endpoints on loopback may be http.
    #[arg(long, env = "ASSERTA_DEV", value_parser = FalseyValueParser::new())]
    dev: bool,
    /// The endpoint component. By default handler.wasm beside this program, or where it was built.
    #[arg(long, env = "ASSERTA_COMPONENT", value_name = "FILE")]
    component: Option<PathBuf>,
    /// A directory that keeps the compiled component, so that the next run starts at once.
    #[arg(long, value_name = "DIR")]
    compiled: Option<PathBuf>,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Test {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let judged = self.judged().map_err(|failure| Failure::Untestable(Box::new(failure)))?;
        report::print(&judged, self.json)
    }

    fn judged(&self) -> Result<Vec<Judged>, Failure> {
        let cases = files::read(&self.cases)?;
        let trust = Trust::read(&self.trust)?;
        let public_url = serve::check_public_url(&self.public_url)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let program = component::load(self.component.as_deref(), false, self.compiled.as_deref())?;
        let theatre = Theatre::new(program, public_url.clone(), self.dev)?;
        let stage = theatre.stage(now)?;
        trust.check(&stage.client)?;
        stage.close();
        // What is wrong with a case is said before the first one runs.
        let public_url = public_url.trim_end_matches('/');
        for case in &cases {
            trust.prepare(case, public_url, now)?;
        }
        cases.into_iter().map(|case| judge(&theatre, &trust, case, public_url, now)).collect()
    }
}

/// Runs a case on a stage of its own: what one uses up is there for the next.
fn judge(
    theatre: &Theatre,
    trust: &Trust,
    case: Case,
    public_url: &str,
    now: u64,
) -> Result<Judged, Failure> {
    let ready = trust.prepare(&case, public_url, now)?;
    let stage = theatre.stage(ready.at)?;
    trust.register(&stage.client, &ready.document)?;
    // Before the exchange: that uses the assertion up.
    let checks = stage.explain(&ready)?;
    let decided = stage.exchange(&ready, case.scope.as_deref(), trust.secret())?;
    stage.close();
    let checks = if report::as_expected(&case, &decided) { Vec::new() } else { checks };
    Ok(Judged::new(case, ready, decided, checks))
}
