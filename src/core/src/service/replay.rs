//! Replay: an assertion works once (R45).
//!
//! A replay key is `r/{bucket}/{digest}`, where the bucket is the hour in which it may be forgotten.
//! It is free if and only if `increment` brings it to 1. A `jti` may come back under another `exp` and
//! thus in another bucket; so the other buckets that an acceptable `exp` can fall in are looked at after
//! the increment. Two such assertions at the same moment see each other and both fail: never both succeed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Service;
use crate::grant::ReplayMark;
use crate::ports::{Clock as _, Ports, Store as _, StoreUnavailable};
use crate::refusal::{Reason, Refusal};
use crate::trust::TrustedIssuer;

/// The width of an expiry bucket, in seconds.
const BUCKET: u64 = 3600;
/// How often an instance sweeps, in seconds.
const SWEEP_EVERY: u64 = 60;

fn bucket(until: u64) -> u64 {
    until / BUCKET + 1
}

fn replay_key(bucket: u64, digest: &str) -> String {
    format!("r/{bucket:012}/{digest}")
}

impl<P: Ports> Service<P> {
    /// Reserves the assertion for this exchange, or refuses it as used.
    pub(super) async fn reserve(
        &self,
        mark: &ReplayMark,
        issuer: &TrustedIssuer,
        now: u64,
    ) -> Result<(), Refusal> {
        let store = self.ports.replay();
        let own = bucket(mark.until);
        if store.increment(&replay_key(own, &mark.digest)).await? != 1 {
            return Err(Reason::Replayed.into());
        }
        if self.is_reserved_elsewhere(mark, issuer, now).await? {
            Err(Reason::Replayed.into())
        } else {
            Ok(())
        }
    }

    /// Whether the assertion was used already; changes nothing.
    pub(super) async fn is_reserved(
        &self,
        mark: &ReplayMark,
        issuer: &TrustedIssuer,
        now: u64,
    ) -> Result<bool, StoreUnavailable> {
        let own = self.ports.replay().get(&replay_key(bucket(mark.until), &mark.digest)).await?;
        Ok(own.is_some() || self.is_reserved_elsewhere(mark, issuer, now).await?)
    }

    /// Whether its `jti` was used under another `exp`, in another bucket.
    async fn is_reserved_elsewhere(
        &self,
        mark: &ReplayMark,
        issuer: &TrustedIssuer,
        now: u64,
    ) -> Result<bool, StoreUnavailable> {
        if !mark.by_jwt_id {
            return Ok(false);
        }
        let own = bucket(mark.until);
        let latest = now + u64::from(issuer.max_lifetime) + 2 * u64::from(issuer.clock_skew) + 1;
        for other in (bucket(now)..=bucket(latest)).filter(|other| *other != own) {
            if self.ports.replay().get(&replay_key(other, &mark.digest)).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes the replay keys whose time has passed, and says how many.
    pub async fn sweep(&self) -> Result<usize, StoreUnavailable> {
        let store = self.ports.replay();
        let current = self.ports.clock().now() / BUCKET;
        let is_past = |key: &String| {
            let number = key.strip_prefix("r/").and_then(|rest| rest.split('/').next());
            number.and_then(|number| number.parse::<u64>().ok()).is_some_and(|bucket| bucket <= current)
        };
        let past: Vec<String> = store.keys("r/").await?.into_iter().filter(is_past).collect();
        for key in &past {
            store.delete(key).await?;
        }
        Ok(past.len())
    }

    /// Sweeps if this instance has not done so for a minute.
    pub(super) async fn sweep_if_due(&self) -> Result<usize, StoreUnavailable> {
        let now = self.ports.clock().now();
        {
            let mut cache = self.cache.borrow_mut();
            if now < cache.next_sweep {
                return Ok(0);
            }
            cache.next_sweep = now + SWEEP_EVERY;
        }
        self.sweep().await
    }
}
