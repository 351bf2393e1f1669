//! The nonce of a proof (R101).

use asserta_core::grants::TokenRequest;
use asserta_core::oauth::{HttpResponse, Reason};
use asserta_core::tokens::TokenType;
use serde_json::json;

use super::{granted, nonce_of, own, proof, service, with};
use crate::world::{START, assertion, default_organization, key, request, run_all};

/// R101: a nonce is asked for, given, good for five minutes on every node, and of one organization.
#[test]
fn r101_nonce() {
    let endpoint = with(json!({}));
    let (one, other) = (service(&endpoint.world, true), service(&endpoint.world, true));
    let refusal =
        endpoint.ask(&one, &granted("1"), Some(&proof(&own(), "1", json!({})))).expect_err("no nonce");
    assert_eq!(
        (refusal.reason, refusal.code.name(), refusal.status()),
        (Reason::NonceNeeded, "use_dpop_nonce", 400)
    );
    let response = HttpResponse::refused(&refusal, "https://as.example");
    let nonce = nonce_of(&response).expect("a nonce").to_owned();
    // Nothing was used up, its jti neither; the other node knows the nonce, and gives the next one.
    let with_nonce = |jti, nonce: &str| proof(&own(), jti, json!({ "nonce": nonce }));
    endpoint.world.advance(300);
    let asked = endpoint.ask(&other, &granted("1"), Some(&with_nonce("1", &nonce)));
    let next = asked.expect("granted");
    let next = nonce_of(&HttpResponse::granted(&next)).expect("the next one").to_owned();
    assert_ne!(next, nonce);
    endpoint.world.advance(1);
    let late = proof(&own(), "2", json!({ "nonce": nonce, "iat": START + 301 }));
    let fresh = |jti, nonce: &str| proof(&own(), jti, json!({ "nonce": nonce, "iat": START + 301 }));
    let again = assertion(&key(1), START + 301, json!({ "jti": "2" }));
    let refusal = endpoint.ask(&one, &again, Some(&late)).expect_err("old");
    assert_eq!((refusal.reason, refusal.dpop_nonce.is_some()), (Reason::NonceNeeded, true));
    assert!(endpoint.ask(&one, &again, Some(&fresh("2", &next))).is_ok());
    // A request without a proof is as it ever was, and another organization takes its own nonces alone.
    let bearer = assertion(&key(1), START + 301, json!({ "jti": "3" }));
    let token = endpoint.ask(&one, &bearer, None).expect("granted");
    assert_eq!((token.token_type, token.dpop_nonce), (TokenType::Bearer, None));
    // Where nonces are off, one is as good as none.
    assert!(
        endpoint
            .reason(&assertion(&key(1), START + 301, json!({ "jti": "4" })), Some(&fresh("3", "x")))
            .is_ok()
    );
}

/// R101: one key for the installation, whoever is first, and read once a minute.
#[test]
fn r101_one_key_of_nonces() {
    let endpoint = with(json!({}));
    let nodes =
        [service(&endpoint.world, true), service(&endpoint.world, true), service(&endpoint.world, true)];
    let requests: Vec<TokenRequest> = (0..3)
        .map(|n| {
            let proof = proof(&own(), &n.to_string(), json!({}));
            request(&endpoint.client, &granted(&n.to_string())).with_proof(&proof, None)
        })
        .collect();
    let organization = default_organization();
    let asked = nodes.iter().zip(&requests).map(|(node, request)| node.exchange(&organization, request));
    let nonces: Vec<_> =
        run_all(asked).into_iter().map(|asked| asked.expect_err("no nonce").dpop_nonce).collect();
    assert!(nonces[0].is_some() && nonces[0] == nonces[1] && nonces[1] == nonces[2], "{nonces:?}");
    let reads = || endpoint.world.registry.reads.get();
    let again = |jti: &str| {
        let before = reads();
        let asked = endpoint.ask(&nodes[0], &granted(jti), Some(&proof(&own(), jti, json!({}))));
        assert_eq!(asked.expect_err("no nonce").reason, Reason::NonceNeeded);
        reads() - before
    };
    // The first one finds the registrations anew, which the making of the key has brought forward.
    assert_eq!((again("a"), again("b"), again("c")), (2, 1, 1));
    // A record that can't be read refuses what depends on it (R74).
    endpoint
        .world
        .registry
        .entries
        .borrow_mut()
        .insert("dpop-nonce-key".into(), b"{\"version\":1,\"key\":\"AA\"}".to_vec());
    let proved = proof(&own(), "d", json!({}));
    let refusal =
        endpoint.ask(&service(&endpoint.world, true), &granted("d"), Some(&proved)).expect_err("unreadable");
    assert_eq!(refusal.reason, Reason::StoreUnavailable);
}
