//! The console in headless Chromium: the product guide's whole path, each kind of mistake, and every page under axe.

use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, ensure};
use host_tests::local_host::ADMIN_TOKEN;
use host_tests::process::Server;
use host_tests::standard_clients::{Interpreter, browser};
use host_tests::summary::not_tested;

/// The packages are installed once, whichever test is first.
static BROWSER: LazyLock<Result<Interpreter>> = LazyLock::new(browser);

/// One browser at a time: how quick the first paint is, is told of a machine that does not do the same three times.
static TURN: Mutex<()> = Mutex::new(());

/// Runs the cases of a script in `console/` against a server that is reached at its public URL.
fn run(script: &str) -> Result<()> {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !Path::new(&chromium).exists() {
        not_tested("the console: there is no Chromium (apt-get install chromium)");
        return Ok(());
    }
    let browser = BROWSER.as_ref().map_err(|problem| anyhow!("{problem:#}"))?;
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let data = tempfile::tempdir()?;
    let server = Server::start_where_it_listens(data.path())?;
    let cases = browser.client(script, &[&format!("http://{}/", server.address), ADMIN_TOKEN])?;
    let passed = cases["passed"].as_u64().context("how many passed")?;
    ensure!(passed > 0, "{script} has no case");
    Ok(())
}

/// By mouse, by keyboard alone, and with discovery and a preset: from signing in to the decision in Activity.
#[test]
fn the_guide() -> Result<()> {
    run("guide.mjs")
}

/// Each is shown at its field; a private key is not sent; a name that is markup is a text.
#[test]
fn mistakes() -> Result<()> {
    run("mistakes.mjs")
}

/// They have every member that a registration can have; what is written is what is stored.
#[test]
fn forms() -> Result<()> {
    run("forms.mjs")
}

/// Every page in both colour schemes, and at 360 pixels; a list of many issuers, page by page.
#[test]
fn pages() -> Result<()> {
    run("pages.mjs")
}
