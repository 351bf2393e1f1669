//! What a certificate is called, for people: nothing is decided by it.

use alloc::string::{String, ToString as _};

use der::asn1::{AnyRef, ObjectIdentifier, SequenceRef};
use der::{Decode as _, Reader as _, SliceReader};

/// The most of a name that is shown, in bytes.
const MAX_NAME: usize = 256;

/// The attributes that names have, and how they are written (RFC 4514 section 3).
const SHORT: [(&str, ObjectIdentifier); 10] = [
    ("CN", ObjectIdentifier::new_unwrap("2.5.4.3")),
    ("serialNumber", ObjectIdentifier::new_unwrap("2.5.4.5")),
    ("C", ObjectIdentifier::new_unwrap("2.5.4.6")),
    ("L", ObjectIdentifier::new_unwrap("2.5.4.7")),
    ("ST", ObjectIdentifier::new_unwrap("2.5.4.8")),
    ("O", ObjectIdentifier::new_unwrap("2.5.4.10")),
    ("OU", ObjectIdentifier::new_unwrap("2.5.4.11")),
    ("UID", ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1")),
    ("DC", ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25")),
    ("emailAddress", ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1")),
];

/// A name (RFC 5280 section 4.1.2.4) as `O=Asserta tests, CN=p256`, in the order of the certificate. What can't be read
/// ends it, control characters are left out, and of a long one the beginning is shown.
pub(super) fn of_name(name: &SequenceRef) -> String {
    let mut text = String::new();
    // What was written up to a mistake is shown.
    _ = write(name.as_bytes(), &mut text);
    if text.len() > MAX_NAME {
        let end = (0..=MAX_NAME).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

fn write(name: &[u8], text: &mut String) -> Result<(), der::Error> {
    let mut sets = SliceReader::new(name)?;
    while !sets.is_finished() {
        let set = AnyRef::decode(&mut sets)?;
        let mut attributes = SliceReader::new(set.value())?;
        while !attributes.is_finished() {
            let attribute = AnyRef::decode(&mut attributes)?;
            let (oid, value) = attribute.sequence(|reader| {
                let oid = ObjectIdentifier::decode(reader)?;
                Ok::<_, der::Error>((oid, AnyRef::decode(reader)?))
            })?;
            if !text.is_empty() {
                text.push_str(", ");
            }
            match SHORT.iter().find(|(_, known)| *known == oid) {
                Some((short, _)) => text.push_str(short),
                None => text.push_str(&oid.to_string()),
            }
            text.push('=');
            let value = core::str::from_utf8(value.value()).unwrap_or("?");
            text.extend(value.chars().filter(|character| !character.is_control()));
        }
    }
    Ok(())
}
