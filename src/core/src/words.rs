//! Values in sentences for people: quoted and escaped, lists cut off before they tire.

use alloc::format;
use alloc::string::{String, ToString};

/// How many elements of a list are shown, and how many characters of a text.
const MAX_SHOWN: usize = 10;
const MAX_CHARACTERS: usize = 300;

/// A text in quotation marks, what a terminal would obey escaped, its end cut off where it is long.
#[must_use]
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", &text[..end]),
    }
}

/// Texts, quoted; `nothing` where there are none.
pub(crate) fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut words = String::new();
    let mut left_out = 0;
    for (number, text) in texts.enumerate() {
        if number >= MAX_SHOWN {
            left_out += 1;
            continue;
        }
        if number > 0 {
            words += ", ";
        }
        words += &quoted(text);
    }
    match (words.is_empty(), left_out) {
        (true, _) => "nothing".to_string(),
        (false, 0) => words,
        (false, more) => format!("{words} and {more} more"),
    }
}

/// A number and what it counts.
pub(crate) fn number_of(number: usize, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_people() {
        assert_eq!(list(["a", "b\u{1b}[31m"].into_iter()), r#""a", "b\u{1b}[31m""#);
        assert_eq!(list(core::iter::empty()), "nothing");
        assert!(list(core::iter::repeat_n("a", 12)).ends_with(r#""a" and 2 more"#));
        assert_eq!(quoted(&"ä".repeat(301)).chars().count(), 305);
        assert_eq!([0, 1, 2].map(|n| number_of(n, "key", "keys")), ["no key", "1 key", "2 keys"]);
    }
}
