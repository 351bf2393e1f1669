//! The stores of a Spin host: wasi:keyvalue of the draft that it serves, and SQLite; generated from `wit/`.

#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]

wit_bindgen::generate!({
    world: "storage",
    path: "wit",
    generate_all,
});
