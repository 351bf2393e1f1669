//! The documents of issuers' keys: this shell has no network, so the caller fetches them.

use asserta_core::ports::{FetchProblem, FetchRequest, FetchedDocument, KeyFetcher};

/// Answers that the caller is to supply the keys (the case `keys-needed` of `exchange-error`).
pub struct CallerSupplies;

impl KeyFetcher for CallerSupplies {
    const CALLER_SUPPLIES: bool = true;

    async fn fetch(&self, _: FetchRequest<'_>) -> Result<FetchedDocument, FetchProblem> {
        Err(FetchProblem::NotSupplied)
    }
}
