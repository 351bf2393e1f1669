use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::Deserialize;

use super::*;

fn refused(text: &str) -> JsonError {
    parse(text.as_bytes()).expect_err(text)
}

#[test]
fn member_order_is_kept() {
    let text = r#"{"z":1,"a":[true,null,-1.5,"x"],"m":{"":"é"}}"#;
    assert_eq!(parse(text.as_bytes()).expect("valid").to_text(), text);
}

#[cfg(feature = "exact-floats")]
#[test]
fn numbers_are_exact() {
    let text = "[1.0500000000000001e+301,0.1,5e-324,18446744073709551615,-9223372036854775808]";
    let value = parse(text.as_bytes()).expect("valid");
    assert_eq!(parse(value.to_text().as_bytes()), Ok(value.clone()));
    assert_eq!(value.to_text(), text);
}

#[test]
fn r30_duplicate_members_anywhere() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"\u0061":3}"#,
        r#"{"x":{"a":1,"a":2}}"#,
        r#"[[{"a":null,"a":null}]]"#,
    ] {
        assert_eq!(refused(text), JsonError::DuplicateMember, "{text}");
    }
    assert!(parse(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    let many = |last: usize| {
        let names: Vec<String> = (0..40).chain([last]).map(|i| format!(r#""m{i}":0"#)).collect();
        format!("{{{}}}", names.join(","))
    };
    assert!(parse(many(40).as_bytes()).is_ok());
    assert_eq!(refused(&many(7)), JsonError::DuplicateMember);
}

#[test]
fn r30_nesting() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(16).as_bytes()).is_ok());
    assert_eq!(refused(&nested(17)), JsonError::TooDeep);
    assert_eq!(refused(&nested(30_000)), JsonError::TooDeep);
    assert_eq!(refused(&r#"{"a":"#.repeat(17)), JsonError::TooDeep);
}

#[test]
fn r30_bytes_and_syntax() {
    assert_eq!(parse(b"\"\xff\""), Err(JsonError::NotUtf8));
    assert_eq!(refused("{} {}"), JsonError::TrailingBytes);
    assert_eq!(refused("{}\0"), JsonError::TrailingBytes);
    assert_eq!(refused(r#"{"a":1"#), JsonError::Incomplete);
    assert_eq!(refused(""), JsonError::Incomplete);
    assert_eq!(refused("[1e400]"), JsonError::NumberOutOfRange);
    for text in ["{'a':1}", "[1,]", "[01]", "[NaN]", "[\"\n\"]", r#"["\ud800"]"#, "[+1]"] {
        assert!(matches!(refused(text), JsonError::Syntax { .. }), "{text:?}");
    }
    assert_eq!(refused("\u{feff}{}"), JsonError::ByteOrderMark);
    assert_eq!(parse_object(b"[]"), Err(JsonError::NotAnObject));
    assert!(parse(b" \t\r\n{ } \n").is_ok());
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by serde only")]
struct Document {
    issuers: Vec<Issuer>,
    skew: Option<u32>,
    time: Option<u64>,
    names: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by serde only")]
struct Issuer {
    name: String,
    #[serde(default)]
    replay: Replay,
    #[serde(default)]
    keys: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Replay {
    #[default]
    Once,
    Allow,
}

#[test]
fn typed_errors_name_the_member_and_never_the_value() {
    let read = |text: &str| from_slice::<Document>(text.as_bytes()).map_err(|e| e.to_string());
    assert!(read(r#"{"issuers":[{"name":"a","replay":"allow","keys":{"k":[1]}}],"skew":60}"#).is_ok());
    for (text, sentence) in [
        ("[]", "expected an object, found an array"),
        ("7", "expected an object, found a number"),
        ("{}", "issuers: is missing"),
        (r#"{"issuers":"s3cret"}"#, "issuers: expected a list, found a string"),
        (r#"{"issuers":[{"name":7}]}"#, "issuers[0].name: expected a string, found a number"),
        (r#"{"issuers":[{"nam":"a"}]}"#, "issuers[0].nam: unknown member; known are name, replay, keys"),
        (r#"{"issuers":[{"name":"a","replay":"s3cret"}]}"#, "issuers[0].replay: expected one of once, allow"),
        (r#"{"issuers":[],"skew":-1}"#, "skew: expected a whole number from 0 to 4294967295"),
        (r#"{"issuers":[],"skew":1.5}"#, "skew: expected a whole number from 0 to 4294967295"),
        (r#"{"issuers":[],"skew":4294967296}"#, "skew: expected a whole number from 0 to 4294967295"),
        (
            r#"{"issuers":[],"skew":"60"}"#,
            "skew: expected a whole number from 0 to 4294967295, found a string",
        ),
        (r#"{"issuers":[],"time":-1}"#, "time: expected a whole number that is not negative"),
        (r#"{"issuers":[],"time":1e300}"#, "time: expected a whole number that is not negative"),
        (r#"{"issuers":[],"names":["a"]}"#, "names: expected an object, found an array"),
        (r#"{"issuers":[{"name":"a","name":"b"}]}"#, "issuers[0].name: a member occurs twice"),
        (r#"{"issuers":[],"#, "the JSON document ends too early"),
    ] {
        assert_eq!(read(text).expect_err(text), sentence, "{text}");
    }
}

/// R30: what is wrong, and where: by names of members and positions, never by values.
#[test]
fn r30_faults_have_a_place() {
    for (text, words) in [
        (&b"\"abc\xff\""[..], "not UTF-8 at byte 5"),
        (br#"{"sub":"a","sub":"b"}"#, "a member occurs twice (in \"sub\")"),
        (br#"{"x":[{"a":1},{"a":1,"a":2}]}"#, "a member occurs twice (in \"x[1].a\")"),
        (br#"{"exp":1e400}"#, "a number is out of range (in \"exp\")"),
        (br#"{"sub":"\ud800"}"#, "not JSON at line 1, column 15 (in \"sub\")"),
        (b"\xef\xbb\xbf{}", "a byte order mark before the JSON document"),
        (b"[]", "not a JSON object"),
        (b"{} x", "something follows the JSON document"),
        (b"", "the JSON document ends too early"),
    ] {
        let fault = object(text).expect_err("malformed");
        assert_eq!(fault.to_string(), words, "{}", String::from_utf8_lossy(text));
    }
}
