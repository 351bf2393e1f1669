//! A DPoP proof as it comes, and with a header or claims that its key has really signed. What is accepted is so to another JSON
//! parser and another URL parser, and by the key that signed (R100). The first byte of the input chooses.
#![no_main]

use std::sync::LazyLock;

use asserta_core::jose::key::{VerificationKey, thumbprint};
use asserta_core::jose::{Portable, SigningAlgorithm, SigningKey, base64url};
use asserta_core::proof::{Expected, MAX_PROOF, Proof, ProofHeader, ProofKey};
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;
const URL: &str = "https://as.example/oauth2/token";
const EXPECTED: Expected<'static> = Expected {
    method: "POST",
    url: URL,
    now: NOW,
    nonces: None,
    access_token: None,
    read_key: VerificationKey::from_jwk,
};

struct Setting {
    key: SigningKey,
    header: String,
    claims: String,
}

// A key keeps what is derived from it, for one thread; libFuzzer has only one.
struct OneThread(Setting);
// SAFETY: libFuzzer calls a target from one thread.
unsafe impl Sync for OneThread {}
// SAFETY: as above.
unsafe impl Send for OneThread {}

static SETTING: LazyLock<OneThread> = LazyLock::new(|| {
    let key = SigningKey::generate(SigningAlgorithm::EdDsa, &[7; 32]);
    let jwk: Value = serde_json::from_str(&key.public_jwk().to_text()).expect("JSON");
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk }).to_string();
    let claims = json!({ "htm": "POST", "htu": URL, "iat": NOW, "jti": "1" }).to_string();
    OneThread(Setting { key, header, claims })
});

asserta_fuzz::target!(|input| {
    let Setting { header, claims, .. } = &SETTING.0;
    assert!(check(header.as_bytes(), claims.as_bytes()).is_some(), "the good one");
    if let Ok(Some(proof)) = Proof::from_header(ProofHeader::Once(input)) {
        assert!(input.len() <= MAX_PROOF, "R100");
        _ = proof.check(&EXPECTED, &Portable);
    }
    let Some((choice, rest)) = input.split_first() else { return };
    if choice % 2 == 0 {
        let Some(proved) = check(rest, claims.as_bytes()) else { return };
        let header: Value = serde_json::from_slice(rest).expect("R30: JSON to others too");
        look_at_header(&header, &proved);
    } else {
        let Some(_) = check(header.as_bytes(), rest) else { return };
        let claims: Value = serde_json::from_slice(rest).expect("R30: JSON to others too");
        look_at_claims(&claims);
    }
});

fn check(header: &[u8], claims: &[u8]) -> Option<ProofKey> {
    let input = [header, claims].map(base64url::encode).join(".");
    let signature = base64url::encode(&SETTING.0.key.sign(input.as_bytes(), &[0; 32]));
    Proof::new(&format!("{input}.{signature}")).ok()?.check(&EXPECTED, &Portable).ok()
}

fn look_at_header(header: &Value, proved: &ProofKey) {
    let typ = header["typ"].as_str().expect("R100: a string").to_ascii_lowercase();
    assert!(["dpop+jwt", "application/dpop+jwt"].contains(&typ.as_str()), "R100: {typ}");
    assert!(["EdDSA", "Ed25519"].contains(&header["alg"].as_str().expect("R31")), "R31");
    for refused in ["crit", "b64", "enc"] {
        assert!(header.get(refused).is_none(), "R30, R32: {refused}");
    }
    for private in ["d", "p", "q", "k"] {
        assert!(header["jwk"].get(private).is_none(), "R100: {private}");
    }
    assert_eq!(proved.thumbprint(), thumbprint(SETTING.0.key.public_key()), "R100: the key that signed");
}

fn look_at_claims(claims: &Value) {
    assert_eq!(claims["htm"], "POST", "R100");
    let htu = claims["htu"].as_str().expect("R100: a string");
    let without_fragment = htu.split('#').next().expect("a text");
    let url: http::Uri = without_fragment.parse().expect("R100: a URL to others too");
    assert_eq!(url.scheme_str(), Some("https"), "R100: {htu}");
    assert!(url.host().is_some_and(|host| host.eq_ignore_ascii_case("as.example")), "R100: {htu}");
    assert!(url.port_u16().is_none_or(|port| port == 443), "R100: {htu}");
    assert_eq!(url.path(), "/oauth2/token", "R100: {htu}");
    let distance = claims["iat"].as_f64().expect("R100: a number") - NOW as f64;
    assert!(distance.abs() <= 300.0, "R100: {distance}");
    assert!((1..=256).contains(&claims["jti"].as_str().expect("R100: a string").len()), "R100");
    assert!(claims.get("ath").is_none(), "R100");
}
