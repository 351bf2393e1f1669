//! A compact JWS that is accepted has one spelling, and says the same to another JSON parser (R30, R31, R32, R45).
#![no_main]

use asserta_core::jose::{Algorithm, CompactJws, base64url};
use serde_json::Value;

asserta_fuzz::target!(|input| {
    let Ok(token) = std::str::from_utf8(input) else { return };
    let Ok(jws) = CompactJws::parse(token) else { return };

    let segments: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = segments[..] else { panic!("R30: not three segments") };
    let header_bytes = base64url::decode(header).expect("R30: the header is base64url");
    assert_eq!(base64url::encode(&header_bytes), header, "R30: a second spelling of the header");
    assert_eq!(base64url::encode(&jws.payload), payload, "R30: a second spelling of the payload");
    assert_eq!(base64url::encode(&jws.signature), signature, "R30: a second spelling of the signature");
    assert_eq!(format!("{header}.{payload}").as_bytes(), jws.signing_input);
    assert!(!jws.signature.is_empty(), "R33");

    let theirs: Value = serde_json::from_slice(&header_bytes).expect("R30: JSON to others too");
    assert_eq!(Algorithm::from_name(theirs["alg"].as_str().expect("R31")), Some(jws.header.algorithm));
    assert_eq!(theirs.get("kid").map(|kid| kid.as_str().expect("R30: a string")), jws.header.kid.as_deref());
    assert_eq!(theirs.get("typ").map(|typ| typ.as_str().expect("R30: a string")), jws.header.typ.as_deref());
    for refused in ["crit", "b64", "enc"] {
        assert!(theirs.get(refused).is_none(), "R30, R32: {refused}");
    }

    let varied = format!("{header}.{payload}.{}", base64url::encode(b"another signature"));
    let varied = CompactJws::parse(&varied).expect("only the signature differs");
    assert_eq!(varied.header, jws.header);
    assert_eq!(varied.signing_input, jws.signing_input, "R45: the signature does not name it");
});
