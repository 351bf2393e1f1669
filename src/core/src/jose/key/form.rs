//! What a document is that should have been another one, so that an error can say it.

use core::fmt;

/// A form of document that people hand over by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// PEM (RFC 7468).
    Pem,
    /// JSON.
    Json,
    /// A page for a browser, which a server shows in place of a document.
    Html,
    /// Text in UTF-16, as PowerShell writes it.
    Utf16,
}

impl Form {
    /// The form of a document, where it is one of these.
    #[must_use]
    pub fn of(document: &[u8]) -> Option<Self> {
        if matches!(document, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
            || matches!(document, [0, b' '..=b'~', 0, b' '..=b'~', ..] | [b' '..=b'~', 0, b' '..=b'~', 0, ..])
        {
            return Some(Self::Utf16);
        }
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document).trim_ascii_start();
        match document.first()? {
            b'{' => Some(Self::Json),
            // A table of TOML begins with it, too.
            b'[' if matches!(document[1..].trim_ascii_start().first(), Some(b'{' | b'"' | b']')) => {
                Some(Self::Json)
            }
            b'<' => Some(Self::Html),
            // In DER the same bytes may stand somewhere, and mean nothing.
            _ if core::str::from_utf8(document).is_ok_and(|text| text.contains("-----BEGIN ")) => {
                Some(Self::Pem)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pem => "PEM",
            Self::Json => "JSON",
            Self::Html => "HTML or XML",
            Self::Utf16 => "UTF-16 (save it as UTF-8)",
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn forms() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for (document, form) in [
            (&b"-----BEGIN CERTIFICATE-----"[..], Some(Form::Pem)),
            (b"subject=CN\n-----BEGIN CERTIFICATE-----", Some(Form::Pem)),
            (b"\xef\xbb\xbf {\"keys\":[]}", Some(Form::Json)),
            (b"[ {\"kty\":\"EC\"}]", Some(Form::Json)),
            (b"[]", Some(Form::Json)),
            (b"[server]\nlisten = \"127.0.0.1:3917\"", None),
            (b"[[organizations]]\nname = \"acme\"", None),
            (b"[", None),
            (b"<!doctype html>", Some(Form::Html)),
            (&utf16("\u{feff}-----BEGIN"), Some(Form::Utf16)),
            (&utf16("-----BEGIN"), Some(Form::Utf16)),
            (b"MIIB", None),
            (b"", None),
            (b"\x30\x82\x01\x00", None),
            (b"\x30\x82\x01\x00-----BEGIN CERTIFICATE-----", None),
        ] {
            assert_eq!(Form::of(document), form, "{document:?}");
        }
    }
}
