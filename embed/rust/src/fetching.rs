//! Exchanges with the keys that they need, fetched by the caller's own function (R50 to R52, R56).

use crate::error::{BoxError, Error};
use crate::exchanger::{ExchangeRequest, Exchanger};
use crate::records::{AccessToken, ErrorCode, KeyDocument, KeysNeeded, Reason, Refusal};
use crate::store::Store;

/// For one exchange: twice, since the half minute in which keys are asked for once may end in between.
const MAX_FETCHES: u32 = 2;

impl<S: Store + Clone> Exchanger<S> {
    /// Exchanges an assertion for an access token. Where that takes an issuer's JWKS document, `fetch` GETs it: https
    /// only, status 200 only, `Accept-Encoding: identity`, no redirect followed, at most 64 KiB and 5 seconds, no private
    /// address. Whatever it fails with means that the keys can't be had: the last good ones are used on, if they may be.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::KeysFailed`] with what `fetch` said, or [`Error::Trapped`].
    pub fn exchange_fetching<E: Into<BoxError>>(
        &mut self,
        request: &ExchangeRequest<'_>,
        mut fetch: impl FnMut(&str) -> Result<KeyDocument, E>,
    ) -> Result<AccessToken, Error> {
        let mut failure = None;
        for _ in 0..MAX_FETCHES {
            let needed = match self.exchange(request) {
                Err(Error::KeysNeeded(needed)) => needed,
                outcome => return outcome.map_err(|error| with_cause(error, failure)),
            };
            let fetched = fetch(&needed.uri).map_err(Into::into);
            failure = self.supply(request.organization, &needed, fetched).err();
        }
        self.exchange(request).map_err(|error| match error {
            Error::KeysNeeded(_) => with_cause(Error::Refused(keys_unavailable()), failure),
            error => with_cause(error, failure),
        })
    }

    /// Hands a document over, or says that there is none.
    fn supply(
        &mut self,
        organization: &str,
        needed: &KeysNeeded,
        fetched: Result<KeyDocument, BoxError>,
    ) -> Result<(), BoxError> {
        let name = &needed.trusted_issuer;
        let supplied = fetched.and_then(|document| {
            let supplied = self.supply_keys(organization, name, &document.text, document.max_age);
            Ok(supplied.map(drop)?)
        });
        if supplied.is_err() {
            // Where this fails, the store does, or the issuer is gone: the exchange says so.
            _ = self.report_keys_unavailable(organization, name);
        }
        supplied
    }
}

/// A refusal for want of keys, with why they could not be had.
fn with_cause(error: Error, failure: Option<BoxError>) -> Error {
    match (error, failure) {
        (Error::Refused(refusal), Some(cause))
            if matches!(refusal.reason, Reason::KeysUnavailable | Reason::KeyUnknown) =>
        {
            Error::KeysFailed { refusal, cause }
        }
        (error, _) => error,
    }
}

fn keys_unavailable() -> Refusal {
    Refusal {
        code: ErrorCode::TemporarilyUnavailable,
        reason: Reason::KeysUnavailable,
        sentence: "The issuer's keys can not be obtained.".into(),
        retry_after: None,
    }
}
