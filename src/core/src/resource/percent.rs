//! Percent-encoding (RFC 3986 section 2.1), for whoever writes a header or a form.

use alloc::string::String;

/// A text with each byte percent-encoded that is not to stay as it is: a byte at a place, counted from 0. What stays is ASCII.
#[must_use]
pub fn percent_encoded(text: &str, stays: &dyn Fn(usize, u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        if byte.is_ascii() && stays(index, byte) {
            encoded.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half)]);
            encoded.push('%');
            encoded.push(digit(byte >> 4));
            encoded.push(digit(byte & 15));
        }
    }
    encoded
}
