//! What `asserta serve` says when it is up.

use asserta::{Host, Secret};

use super::data::DataDirectory;
use super::demo::{self, Place};
use super::failure::Failure;
use super::output;

/// What there is to say.
pub(super) struct Greeting {
    pub(super) token: Option<Secret>,
    pub(super) token_was_made: bool,
    pub(super) dev: bool,
    pub(super) data: DataDirectory,
}

impl Greeting {
    pub(super) async fn print(self, host: &Host) -> Result<(), Failure> {
        output::line(format_args!("Asserta listens on {}", host.url()))?;
        let Some(token) = self.token else {
            // Not in the log: what it leaves out is chosen before anybody knows of this.
            eprintln!(
                "warning: no admin API and no console: set ASSERTA_ADMIN_TOKEN (openssl rand -hex 32), or ASSERTA_DEV=1 to \
                 try it"
            );
            return Ok(());
        };
        output::line(format_args!("Console: {}/console/", host.url()))?;
        if self.dev { welcome(host, token, self.token_was_made, self.data).await } else { Ok(()) }
    }
}

/// Prints what a newcomer needs next.
async fn welcome(
    host: &Host,
    token: Secret,
    token_was_made: bool,
    data: DataDirectory,
) -> Result<(), Failure> {
    if token_was_made {
        let (kept, token) = (data.file("admin-token"), token.reveal());
        output::line(format_args!("Admin token (kept in {}): {token}", kept.display()))?;
    }
    let place = Place::of(host);
    let prepared = tokio::task::spawn_blocking(move || demo::curl_line(&place, token.reveal(), &data)).await;
    match prepared {
        Ok(Ok(Some(line))) => {
            output::line(
                "\nThis line exchanges an assertion of the demo issuer for an access token, once:\n",
            )?;
            output::line(format_args!("{line}\n"))?;
        }
        Ok(Ok(None)) => {}
        Ok(Err(failure)) => tracing::warn!(%failure, "the demo cannot be prepared"),
        Err(error) => tracing::warn!(%error, "the demo cannot be prepared"),
    }
    Ok(())
}
