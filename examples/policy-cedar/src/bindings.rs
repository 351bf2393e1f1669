//! What wit-bindgen makes of `wit/policy.wit`.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "policy-door",
    additional_derives: [PartialEq],
});

use super::Policy;
export!(Policy);
