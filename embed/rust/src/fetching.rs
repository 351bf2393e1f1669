//! Exchanges with the keys that they need, fetched by the caller's own function (R50 to R52, R56).

use crate::error::{BoxError, Error};
use crate::exchanger::{ExchangeRequest, Exchanger};
use crate::store::Store;
use crate::{AccessToken, FieldError, KeysNeeded, Refusal};

/// For one exchange: the metadata of an issuer at two places, and its keys; once more, since the half minute in which each is
/// asked for once may end in between; and as many for who vouches for the client.
const MAX_FETCHES: u32 = 8;

/// The largest JWKS document, in bytes (R50).
pub(crate) const MAX_DOCUMENT: usize = 64 * 1024;

/// The longest cause that the component takes, in bytes.
const MAX_CAUSE: usize = 256;

/// A JWKS document as its endpoint served it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDocument {
    /// The body, at most 64 KiB.
    pub text: String,
    /// `max-age` of its `Cache-Control` header less its `Age`, in seconds.
    pub max_age: Option<u64>,
}

impl<S: Store + Clone> Exchanger<S> {
    /// Exchanges an assertion for an access token. Where that takes an issuer's JWKS document or the metadata that leads to it, `fetch` GETs it: https
    /// only, status 200 only, `Accept-Encoding: identity`, no redirect followed, at most 64 KiB and 5 seconds, no private
    /// address. Whatever it fails with means that the keys can't be had: the last good ones are used on, if they may be.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::KeysFailed`] with what `fetch` said, or [`Error::Trapped`].
    pub fn exchange_fetching<E: Into<BoxError>>(
        &mut self,
        request: &ExchangeRequest<'_>,
        fetch: impl FnMut(&str) -> Result<KeyDocument, E>,
    ) -> Result<AccessToken, Error> {
        self.fetching(request.organization, fetch, |exchanger| exchanger.exchange(request))
    }

    /// The same for any other call that may need keys of this organization: [`exchange_token`](Self::exchange_token), or
    /// [`introspect`](Self::introspect) and [`revoke`](Self::revoke) by a client whose keys are at an endpoint.
    ///
    /// ```no_run
    /// # use asserta_exchanger::{AccessToken, Error, Exchanger, KeyDocument, MemoryStore, TokenExchangeRequest};
    /// # fn get(uri: &str) -> Result<KeyDocument, std::io::Error> { unimplemented!() }
    /// # fn example(exchanger: &mut Exchanger<MemoryStore>, request: &TokenExchangeRequest<'_>) -> Result<AccessToken, Error> {
    /// exchanger.fetching(request.organization, get, |exchanger| exchanger.exchange_token(request))
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of the call, but for [`Error::KeysNeeded`]; and [`Error::KeysFailed`] with what `fetch` said.
    pub fn fetching<T, E: Into<BoxError>>(
        &mut self,
        organization: &str,
        mut fetch: impl FnMut(&str) -> Result<KeyDocument, E>,
        mut call: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut failure = None;
        for _ in 0..MAX_FETCHES {
            let needed = match call(self) {
                Err(Error::KeysNeeded(needed)) => needed,
                outcome => return outcome.map_err(|error| with_cause(error, failure)),
            };
            let fetched = fetch(&needed.uri).map_err(Into::into);
            failure = self.supply(organization, &needed, fetched).err();
        }
        call(self).map_err(|error| match error {
            Error::KeysNeeded(_) => with_cause(Error::Refused(Box::new(keys_unavailable())), failure),
            error => with_cause(error, failure),
        })
    }

    /// Hands a document over, or says why there is none.
    fn supply(
        &mut self,
        organization: &str,
        needed: &KeysNeeded,
        fetched: Result<KeyDocument, BoxError>,
    ) -> Result<(), BoxError> {
        let supplied =
            fetched.and_then(|document| Ok(self.supply_keys(organization, needed, &document).map(drop)?));
        if let Err(failure) = &supplied {
            // Where this fails, the store does, or the issuer is gone: the exchange says so.
            _ = self.report_keys_unavailable(organization, needed, Some(&line(&failure.to_string())));
        }
        supplied
    }

    /// Hands over the document that [`Error::KeysNeeded`] asked for, and says how many of its keys are usable.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a document that can't be used; the last good one stays.
    pub fn supply_keys(
        &mut self,
        organization: &str,
        needed: &KeysNeeded,
        document: &KeyDocument,
    ) -> Result<u32, Error> {
        if document.text.len() > MAX_DOCUMENT {
            // Not handed over at all: a huge one would cost the component its memory.
            let problem = "must not exceed 64 KiB".into();
            return Err(Error::Invalid(FieldError { field: "document".into(), problem }));
        }
        Ok(self.call(|bindings, store| {
            let exchange = bindings.asserta_exchange_exchange();
            exchange.call_supply_keys(store, organization, needed, &document.text, document.max_age)
        })??)
    }

    /// Says that the document that was asked for can't be had, and why: a sentence of at most 256 bytes, which
    /// [`explain`](Self::explain) repeats.
    ///
    /// # Errors
    /// The store fails, or the issuer is gone.
    pub fn report_keys_unavailable(
        &mut self,
        organization: &str,
        needed: &KeysNeeded,
        cause: Option<&str>,
    ) -> Result<(), Error> {
        Ok(self.call(|bindings, store| {
            let exchange = bindings.asserta_exchange_exchange();
            exchange.call_report_keys_unavailable(store, organization, needed, cause)
        })??)
    }
}

/// A text in one line, as long as the component takes it.
fn line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        let space = usize::from(!line.is_empty());
        if word.is_empty() || line.len() + space + word.len() > MAX_CAUSE {
            continue;
        }
        line.extend((space == 1).then_some(' '));
        line.push_str(word);
    }
    line
}

/// A refusal for want of keys, with why they could not be had.
fn with_cause(error: Error, failure: Option<BoxError>) -> Error {
    match (error, failure) {
        (Error::Refused(refusal), Some(cause))
            if matches!(refusal.reason.as_str(), "keys-unavailable" | "key-unknown") =>
        {
            Error::KeysFailed { refusal, cause }
        }
        (error, _) => error,
    }
}

fn keys_unavailable() -> Refusal {
    Refusal {
        code: "temporarily_unavailable".into(),
        reason: "keys-unavailable".into(),
        sentence: "The keys that are needed can not be obtained at the moment.".into(),
        retry_after: None,
        cause: None,
        dpop_nonce: None,
    }
}
