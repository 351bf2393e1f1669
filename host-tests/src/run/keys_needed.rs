//! Gets the JWKS document that an exchange needs, for a host whose caller does that (R50 to R52).

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Run;
use crate::client::{Answer, send};
use crate::driver::{self, Driver, KeysNeeded, Operation, Outcome, Response};

/// For one exchange: the metadata of an issuer at two places, and its keys; once more, since the half minute in which each
/// is asked for once may end in between; and as many for who vouches for the client.
const MAX_FETCHES: usize = 8;
/// The limits that the WIT interface asks of a caller.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const SIZE_LIMIT: usize = 64 << 10;

impl<D: Driver> Run<'_, D> {
    /// Asks for access tokens, at once where there are several. Supplies the keys that are needed, each document once for
    /// all that wait for it, and repeats what needed them.
    pub(super) async fn exchanged(&mut self, requests: &[driver::Exchange]) -> Result<Vec<Response>> {
        let operations = requests.iter().cloned().map(Operation::Exchange).collect();
        let mut responses = self.driver.call(self.at, operations).await?;
        for _ in 0..MAX_FETCHES {
            let mut supplied = Vec::new();
            let mut waiting = Vec::new();
            for (index, (request, response)) in requests.iter().zip(&responses).enumerate() {
                let Outcome::KeysNeeded(needed) = &response.outcome else { continue };
                let document = (request.organization.clone(), needed.clone());
                if !supplied.contains(&document) {
                    self.supply(&request.organization, needed.clone()).await?;
                    supplied.push(document);
                }
                waiting.push(index);
            }
            let again = waiting.iter().map(|&index| Operation::Exchange(requests[index].clone())).collect();
            for (index, response) in waiting.into_iter().zip(self.driver.call(self.at, again).await?) {
                responses[index] = response;
            }
        }
        Ok(responses)
    }

    async fn supply(&mut self, organization: &str, needed: KeysNeeded) -> Result<()> {
        let KeysNeeded { trusted_issuer, client_id, uri } = needed;
        let organization = organization.to_owned();
        if let Some((document, max_age)) = fetch(&uri).await? {
            let (organization, uri) = (organization.clone(), uri.clone());
            let (trusted_issuer, client_id) = (trusted_issuer.clone(), client_id.clone());
            let supply =
                Operation::SupplyKeys { organization, trusted_issuer, client_id, uri, document, max_age };
            if matches!(self.call(supply).await?.outcome, Outcome::Ok(_)) {
                return Ok(());
            }
        }
        self.call(Operation::KeysUnavailable { organization, trusted_issuer, client_id, uri }).await?;
        Ok(())
    }
}

/// A document and its `max-age`; none where it can't be had within the limits.
async fn fetch(uri: &str) -> Result<Option<(String, Option<u64>)>> {
    let url: http::Uri = uri.parse().with_context(|| uri.to_owned())?;
    let address = url.authority().context("an authority")?.as_str().parse()?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let Ok(answer) = tokio::time::timeout(TIME_LIMIT, send(address, "GET", path, &[], "")).await else {
        return Ok(None);
    };
    let answer = answer?;
    let acceptable = answer.status == 200 && answer.body.len() <= SIZE_LIMIT;
    Ok(acceptable.then(|| (answer.text(), max_age(&answer))))
}

fn max_age(answer: &Answer) -> Option<u64> {
    let header = answer.header("cache-control")?;
    if header.contains("no-store") || header.contains("no-cache") {
        return Some(0);
    }
    let (_, rest) = header.split_once("max-age=")?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}
