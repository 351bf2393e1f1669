//! What a proof must be, what it binds and what it uses up (R36, R100, R102).

use asserta_core::client_auth::{Client, Presented};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::oauth::{ErrorCode, HttpResponse, Reason, Refusal};
use asserta_core::organization::OrganizationId;
use asserta_core::tokens::TokenType;
use serde_json::{Value, json};

use super::{claims, granted, jkt, nonce_of, own, proof, service, signed, with};
use crate::world::{
    ISSUER, START, assertion, default_organization, issuer, jwks, key, metadata, request, run, run_all,
};

/// R102, R60: a proof of any application binds its token; without one it is a bearer's, as ever.
#[test]
fn r102_a_proof_binds() {
    let endpoint = with(json!({}));
    let service = service(&endpoint.world, false);
    let token = endpoint.ask(&service, &granted("1"), Some(&proof(&own(), "1", json!({})))).expect("granted");
    assert_eq!((token.token_type, token.token_type.name()), (TokenType::DPoP, "DPoP"));
    assert_eq!(claims(&token)["cnf"], json!({ "jkt": jkt(&own()) }));
    let response = HttpResponse::granted(&token);
    assert_eq!(serde_json::from_slice::<Value>(&response.body).expect("JSON")["token_type"], "DPoP");
    assert_eq!(nonce_of(&response), None);
    let token = endpoint.ask(&service, &granted("2"), None).expect("granted");
    assert_eq!((token.token_type, claims(&token).get("cnf")), (TokenType::Bearer, None));
}

/// R102: an application that is registered so gets no token without a proof, and its assertion is not used up.
#[test]
fn r102_bound_application() {
    let endpoint = with(json!({ "dpop_bound_access_tokens": true }));
    assert_eq!(endpoint.reason(&granted("1"), None), Err(Reason::ProofMissing));
    assert_eq!(Reason::ProofMissing.code(), ErrorCode::InvalidDpopProof);
    assert_eq!(endpoint.reason(&granted("1"), Some(&proof(&own(), "1", json!({})))), Ok(TokenType::DPoP));
}

/// R100: a bad proof is 400 `invalid_dpop_proof`, uses nothing up, and is looked at after the client alone.
#[test]
fn r100_bad_proof() {
    let endpoint = with(json!({}));
    for (bad, reason) in [
        (String::new(), Reason::ProofMalformed),
        ("a.b.c".into(), Reason::ProofMalformed),
        (proof(&own(), "1", json!({ "htm": "GET" })), Reason::ProofMismatch),
        (
            proof(&own(), "1", json!({ "htu": "https://as.example/t/acme/oauth2/token" })),
            Reason::ProofMismatch,
        ),
        (proof(&own(), "1", json!({ "iat": START - 301 })), Reason::ProofNotFresh),
        (proof(&own(), "1", json!({})) + "A", Reason::ProofSignatureInvalid),
        (String::new(), Reason::ProofMalformed),
    ] {
        assert_eq!(endpoint.reason(&granted("1"), Some(&bad)), Err(reason), "{bad}");
        let refusal = Refusal::from(reason);
        assert_eq!((refusal.code.name(), refusal.status()), ("invalid_dpop_proof", 400));
    }
    let told = endpoint.world.events.1.borrow().last().cloned().expect("an event");
    assert_eq!([&told["outcome"], &told["status"]], [&json!("dpop-proof-malformed"), &json!(400)]);
    assert!(told["cause"].as_str().expect("a cause").contains("compact form"), "{told}");
    assert_eq!(endpoint.reason(&granted("1"), Some(&proof(&own(), "1", json!({})))), Ok(TokenType::DPoP));
    // Whoever is no client learns nothing of a proof, be it too long to be read.
    for bad in ["a.b.c", &"a".repeat(4097)] {
        let nobody =
            TokenRequest::jwt_bearer(Client::nothing(None), &granted("2"), None, None).expect("short");
        let asked = nobody.with_proof(bad, None);
        let refusal = run(service(&endpoint.world, true).exchange(&default_organization(), &asked))
            .expect_err("no client");
        assert_eq!((refusal.reason, refusal.dpop_nonce), (Reason::ClientUnauthenticated, None));
        assert_eq!(endpoint.reason(&granted("2"), Some(bad)), Err(Reason::ProofMalformed));
    }
}

/// R100: a proof works once for an organization, whatever else comes with it; the assertion that came with a used one is still
/// good, and so is a proof that came with a refused assertion.
#[test]
fn r100_once() {
    let endpoint = with(json!({}));
    let first = proof(&own(), "1", json!({}));
    let unknown = assertion(&key(7), START, json!({ "jti": "0" }));
    assert_eq!(endpoint.reason(&unknown, Some(&first)), Err(Reason::KeyUnknown));
    assert_eq!(endpoint.reason(&granted("1"), Some(&first)), Ok(TokenType::DPoP));
    assert_eq!(endpoint.reason(&granted("2"), Some(&first)), Err(Reason::ProofReplayed));
    let same_jti = proof(&own(), "1", json!({ "iat": START + 1 }));
    assert_eq!(endpoint.reason(&granted("2"), Some(&same_jti)), Err(Reason::ProofReplayed));
    let of_another_key = proof(&SigningKey::generate(SigningAlgorithm::Es256, &[8; 32]), "1", json!({}));
    assert_eq!(endpoint.reason(&granted("2"), Some(&of_another_key)), Ok(TokenType::DPoP));
    // A used assertion costs its proof: the reservation has begun.
    let second = proof(&own(), "2", json!({}));
    assert_eq!(endpoint.reason(&granted("2"), Some(&second)), Err(Reason::Replayed));
    assert_eq!(endpoint.reason(&granted("3"), Some(&second)), Err(Reason::ProofReplayed));
    // For as long as it is accepted: the mark outlives it by the greatest skew, and a sweep comes two hours later still.
    endpoint.world.advance(299);
    assert_eq!(endpoint.reason(&granted("3"), Some(&first)), Err(Reason::ProofReplayed));
    endpoint.world.advance(2);
    assert_eq!(endpoint.reason(&granted("3"), Some(&first)), Err(Reason::ProofNotFresh));
}

/// R100, R45: of many at once one gets a token, on two nodes.
#[test]
fn r100_many_at_once() {
    let endpoint = with(json!({}));
    let nodes = [service(&endpoint.world, false), service(&endpoint.world, false)];
    let one = proof(&own(), "1", json!({}));
    let requests: Vec<TokenRequest> =
        (0..64).map(|n| request(&endpoint.client, &granted(&n.to_string())).with_proof(&one, None)).collect();
    let organization = default_organization();
    let asked = requests.iter().enumerate().map(|(n, request)| nodes[n % 2].exchange(&organization, request));
    let answers = run_all(asked);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.clone().all(|refusal| refusal.reason == Reason::ProofReplayed), "{refused:?}");
}

/// R100, R27: the marks in their order: client assertion, proof, assertion.
#[test]
fn r100_order_of_the_marks() {
    let endpoint = with(json!({}));
    let service = service(&endpoint.world, false);
    let by_key =
        metadata(json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key(2)]) }));
    let registered =
        run(service.registry().create_application(&default_organization(), by_key)).expect("new");
    let id = registered.application.client_id();
    let ask = |jti: &str, client_jti: &str, proof: &str| {
        let claims = json!({
            "iss": id, "sub": id, "aud": "https://as.example", "exp": START + 300, "jti": client_jti
        });
        let text = signed(&key(2), &json!({ "alg": "EdDSA", "kid": key(2).kid() }), &claims);
        let presented = Presented::assertion(None, &text).expect("short");
        let request = TokenRequest::jwt_bearer(presented, &granted(jti), None, None).expect("short");
        let asked = run(service.exchange(&default_organization(), &request.with_proof(proof, None)));
        asked.map(drop).map_err(|refusal| refusal.reason)
    };
    let (first, second) = (proof(&own(), "1", json!({})), proof(&own(), "2", json!({})));
    assert_eq!(ask("1", "c1", &first), Ok(()));
    assert_eq!(ask("2", "c2", &first), Err(Reason::ProofReplayed));
    assert_eq!(ask("2", "c2", &second), Err(Reason::ClientAssertionRefused), "it was used up");
    assert_eq!(ask("2", "c3", &second), Ok(()), "and neither proof nor assertion was");
}

/// R70: where the marks can't be kept, nothing is issued.
#[test]
fn r100_store_fails() {
    let endpoint = with(json!({}));
    endpoint.world.replay.broken.set(true);
    let asked = endpoint.reason(&granted("1"), Some(&proof(&own(), "1", json!({}))));
    assert_eq!(asked, Err(Reason::StoreUnavailable));
    // The key of the nonces, too.
    let endpoint = with(json!({}));
    let service = service(&endpoint.world, true);
    assert!(endpoint.ask(&service, &granted("1"), None).is_ok(), "what is needed is kept");
    endpoint.world.registry.fails_after.set(Some(1));
    let refusal =
        endpoint.ask(&service, &granted("2"), Some(&proof(&own(), "1", json!({})))).expect_err("fails");
    assert_eq!(refusal.reason, Reason::StoreUnavailable);
}

/// R36: an assertion that is bound to a key is taken with a proof by that key, and with nothing else.
#[test]
fn r36_bound_assertion() {
    let endpoint = with(json!({}));
    let other = SigningKey::generate(SigningAlgorithm::Es256, &[8; 32]);
    let bound = |jti: &str, cnf: Value| {
        let header = json!({ "alg": "EdDSA", "kid": key(1).kid() });
        let claims = json!({
            "iss": ISSUER, "sub": "alice", "aud": "https://as.example", "exp": START + 300, "jti": jti, "cnf": cnf
        });
        signed(&key(1), &header, &claims)
    };
    let own_jkt = jkt(&own());
    let exact = json!({ "jkt": own_jkt });
    assert_eq!(endpoint.reason(&bound("1", exact.clone()), None), Err(Reason::AssertionBound));
    let by_other = proof(&other, "1", json!({}));
    assert_eq!(endpoint.reason(&bound("1", exact.clone()), Some(&by_other)), Err(Reason::AssertionBound));
    for (index, cnf) in [
        Value::Null,
        json!({}),
        json!("jkt"),
        json!({ "jkt": null }),
        json!({ "jkt": [own_jkt] }),
        json!({ "jkt": own_jkt.to_lowercase() }),
        json!({ "jkt": own_jkt, "kid": "1" }),
        json!({ "x5t#S256": own_jkt }),
        json!({ "jwk": own().public_jwk() }),
    ]
    .into_iter()
    .enumerate()
    {
        let proved = proof(&own(), &format!("r36-{index}"), json!({}));
        let asked = endpoint.reason(&bound("1", cnf.clone()), Some(&proved));
        assert_eq!(asked, Err(Reason::AssertionBound), "{cnf}");
    }
    assert_eq!(
        endpoint.reason(&bound("1", exact), Some(&proof(&own(), "2", json!({})))),
        Ok(TokenType::DPoP)
    );
}

/// R100: each organization has an endpoint of its own, and the same proof is for none but its own.
#[test]
fn r100_other_organization() {
    let endpoint = with(json!({}));
    let service = service(&endpoint.world, false);
    let acme = OrganizationId::parse("acme").expect("a name");
    run(service.registry().put_organization(&acme, None)).expect("new");
    let trusted = issuer(json!({ "jwks": jwks(&[&key(1)]) }));
    run(service.registry().create_trusted_issuer(&acme, &trusted)).expect("trusted");
    let client = run(service.registry().create_application(&acme, metadata(json!({})))).expect("registered");
    let ask = |proof: &str| {
        let assertion = assertion(&key(1), START, json!({ "aud": "https://as.example/t/acme" }));
        let request = request(&client, &assertion).with_proof(proof, None);
        run(service.exchange(&acme, &request)).map(|token| token.token_type).map_err(|refusal| refusal.reason)
    };
    assert_eq!(ask(&proof(&own(), "1", json!({}))), Err(Reason::ProofMismatch));
    let theirs = json!({ "htu": "https://as.example/t/acme/oauth2/token" });
    assert_eq!(ask(&proof(&own(), "1", theirs)), Ok(TokenType::DPoP));
}

/// R100: a host whose token endpoint has another URL says so, and the proof is for that one.
#[test]
fn r100_url_of_a_host() {
    let endpoint = with(json!({}));
    let ask = |jti: &str, proof: &str, url: &str| {
        let request = request(&endpoint.client, &granted(jti)).with_proof(proof, Some(url));
        let asked = run(service(&endpoint.world, false).exchange(&default_organization(), &request));
        asked.map(drop).map_err(|refusal| refusal.reason)
    };
    let at_the_host = proof(&own(), "1", json!({ "htu": "https://gateway.example/token" }));
    assert_eq!(ask("1", &at_the_host, ""), Err(Reason::ProofMismatch));
    assert_eq!(ask("1", &at_the_host, "https://other.example/token"), Err(Reason::ProofMismatch));
    assert_eq!(ask("1", &at_the_host, "https://gateway.example/token"), Ok(()));
}
