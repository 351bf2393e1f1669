//! wasi:keyvalue, of the draft that Spin 4.1 serves; generated from `wit/`.

#![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]

spin_sdk::wit_bindgen::generate!({
    world: "storage",
    path: "wit",
    runtime_path: "::spin_sdk::wit_bindgen::rt",
    generate_all,
});
