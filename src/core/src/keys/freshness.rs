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

/// For how many seconds a document is fresh yet as the lines of its headers say: `max-age` of `Cache-Control` (RFC 9111 section
/// 5.2.2.1), less the `Age` that it has already (section 4.2.3); 0 where it must not be kept.
pub fn max_age<'a>(
    cache_control: impl Iterator<Item = &'a str>,
    age_lines: impl Iterator<Item = &'a str>,
) -> Option<u64> {
    let mut seconds = None;
    for directive in cache_control.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let is = |wanted: &str| name.trim_ascii().eq_ignore_ascii_case(wanted);
        if is("no-store") || is("no-cache") {
            return Some(0);
        }
        if is("max-age") {
            seconds = value.trim_ascii().trim_matches('"').parse().ok().or(seconds);
        }
    }
    seconds.map(|seconds: u64| seconds.saturating_sub(age(age_lines)))
}

/// How long caches on the way have had it, in seconds: the first `Age`, if it is a number, however large (RFC 9111 section 5.1).
fn age<'a>(lines: impl Iterator<Item = &'a str>) -> u64 {
    let is_number = |age: &&str| !age.is_empty() && age.bytes().all(|byte| byte.is_ascii_digit());
    let first = lines.flat_map(|line| line.split(',')).map(str::trim_ascii).next();
    first.filter(is_number).map_or(0, |age| age.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::max_age;

    /// R51: what the headers say.
    #[test]
    fn r51_cache_control_and_age() {
        let of = |lines: &[&str], age: Option<&str>| max_age(lines.iter().copied(), age.into_iter());
        assert_eq!(of(&[], Some("5")), None);
        assert_eq!(of(&["public"], None), None);
        assert_eq!(of(&["public, Max-Age=300"], None), Some(300));
        assert_eq!(of(&["public", "s-maxage=5 , max-age = \"60\""], None), Some(60));
        for unreadable in ["max-age=-1", "max-age", "max-age=99999999999999999999999"] {
            assert_eq!(of(&[unreadable], None), None, "{unreadable}");
        }
        for forbidden in
            [&["max-age=60, no-store"][..], &["max-age=60", "No-Cache"], &["no-store,max-age=60"]]
        {
            assert_eq!(of(forbidden, None), Some(0), "{forbidden:?}");
        }
        for (age, left) in
            [("50", 250), (" 299 ", 1), ("300", 0), ("4000", 0), ("-1", 300), ("+1", 300), ("x", 300)]
        {
            assert_eq!(of(&["max-age=300"], Some(age)), Some(left), "{age}");
        }
        assert_eq!(of(&["max-age=300"], Some("99999999999999999999999")), Some(0));
        assert_eq!(of(&["max-age=300"], Some("100, 200")), Some(200));
    }
}
