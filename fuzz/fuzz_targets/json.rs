//! The strict JSON reader against serde_json's own: it refuses duplicates and depth, and nothing else (R30).
#![no_main]

use asserta_core::json::{self, JsonError, MAX_DEPTH, Value};

asserta_fuzz::target!(|input| {
    let theirs = serde_json::from_slice::<serde_json::Value>(input);
    match json::parse(input) {
        Ok(ours) => {
            let theirs = theirs.expect("R30: what is strict is JSON");
            let text = ours.to_text();
            assert_eq!(json::parse(text.as_bytes()).as_ref(), Ok(&ours), "written and read again");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&text).expect("JSON"),
                theirs,
                "R30: another value"
            );
            assert!(depth(&ours) <= MAX_DEPTH, "R30: nesting");
        }
        Err(JsonError::DuplicateMember | JsonError::TooDeep) => {}
        Err(error) => assert!(theirs.is_err(), "R30: {error}, but it is JSON"),
    }
});

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(object) => 1 + object.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}
