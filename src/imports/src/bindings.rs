//! What wit-bindgen makes of the imported interfaces. A component has those of them that it uses.

#![allow(unsafe_code, reason = "the canonical ABI passes pointers and lengths")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated; the documentation is in the WIT files"
)]

wit_bindgen::generate!({
    inline: "
        package asserta:imports;
        world imports {
            import asserta:exchange/store@0.2.0;
            import asserta:exchange/events@0.2.0;
            import asserta:exchange/signatures@0.2.0;
            import asserta:exchange/policy@0.2.0;
            import wasi:clocks/wall-clock@0.2.6;
            import wasi:random/random@0.2.6;
        }
    ",
    path: "../../wit",
    world: "asserta:imports/imports",
    generate_all,
});
