//! How long a document of keys may be used (R51), and how often it may be fetched (R52).

/// How long a document is fresh where its endpoint does not say, and within which bounds it may say
/// so: seconds.
const FRESH: u64 = 600;
const MIN_FRESH: u64 = 60;
/// See [`FRESH`]: no document can be fresh for longer.
pub(crate) const MAX_FRESH: u64 = 86_400;
/// How long a document is used after it stopped being fresh, in seconds.
pub(crate) const STALE: u64 = 86_400;
/// How many seconds lie between two fetches of a document that lacks a key, at least.
pub(crate) const KEY_WINDOW: u64 = 30;

/// Until when a document is fresh that was fetched now: seconds since 1970. `max_age`: of its `Cache-Control`.
pub(crate) fn fresh_until(max_age: Option<u64>, now: u64) -> u64 {
    now.saturating_add(max_age.unwrap_or(FRESH).clamp(MIN_FRESH, MAX_FRESH))
}
