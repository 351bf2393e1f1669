//! Options that take several words.

/// The words of an option that may be repeated, and may have several of them each time: `--scope "read write"`.
pub(super) fn words(given: &[String]) -> Vec<String> {
    given.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
}
