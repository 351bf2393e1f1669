//! Bound tokens at the token endpoint (R36, R100 to R102): the proof, its nonce, what it binds and what it uses up.

mod world;

use asserta_core::client_auth::{Client, Presented};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::base64url;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey, VerificationKey, thumbprint};
use asserta_core::oauth::{ErrorCode, HttpResponse, Reason, Refusal};
use asserta_core::organization::OrganizationId;
use asserta_core::service::{AssertionQuestion, GivenProof, NewApplication, Service, Settings};
use asserta_core::tokens::{AccessToken, TokenType};
use serde_json::{Value, json};
use world::*;

const URL: &str = "https://as.example/oauth2/token";

struct Served {
    world: World,
    client: NewApplication,
}

/// A world that trusts the issuer of the assertions, with an application of these members.
fn with(members: Value) -> Served {
    let world = World::default();
    let service = world.service();
    let trusted = issuer(json!({ "jwks": jwks(&[&key(1)]) }));
    run(service.registry().create_trusted_issuer(&default_organization(), &trusted)).expect("trusted");
    let client = run(service.registry().create_application(&default_organization(), metadata(members)));
    let client = client.expect("registered");
    Served { world, client }
}

fn service(world: &World, dpop_nonce: bool) -> Service<&World> {
    let settings = Settings::new("https://as.example", SigningAlgorithm::Es256, false).expect("a good URL");
    Service::new(world, settings.with_dpop_nonce(dpop_nonce))
}

/// The key of a client's proofs.
fn own() -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256, &[9; 32])
}

fn jkt(key: &SigningKey) -> String {
    thumbprint(
        &VerificationKey::from_jwk(key.public_jwk().as_object().expect("an object"))
            .expect("public")
            .material,
    )
}

fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let input = [header, claims].map(|part| base64url::encode(part.to_string().as_bytes())).join(".");
    let signature = base64url::encode(&key.sign(input.as_bytes(), &[0; 32]));
    format!("{input}.{signature}")
}

/// A proof, with members over good ones.
fn proof(key: &SigningKey, jti: &str, members: Value) -> String {
    let jwk = serde_json::to_value(key.public_jwk()).expect("a JWK");
    let header = json!({ "typ": "dpop+jwt", "alg": key.algorithm().name(), "jwk": jwk });
    let mut claims = json!({ "htm": "POST", "htu": URL, "iat": START, "jti": jti });
    claims.as_object_mut().expect("an object").append(&mut members.as_object().expect("an object").clone());
    signed(key, &header, &claims)
}

impl Served {
    fn ask(
        &self,
        service: &Service<&World>,
        assertion: &str,
        proof: Option<&str>,
    ) -> Result<AccessToken, Refusal> {
        let request = request(&self.client, assertion);
        let request = match proof {
            Some(proof) => request.with_proof(proof, None),
            None => request,
        };
        run(service.exchange(&default_organization(), &request))
    }

    fn reason(&self, assertion: &str, proof: Option<&str>) -> Result<TokenType, Reason> {
        let asked = self.ask(&service(&self.world, false), assertion, proof);
        asked.map(|token| token.token_type).map_err(|refusal| refusal.reason)
    }
}

fn granted(jti: &str) -> String {
    assertion(&key(1), START, json!({ "jti": jti }))
}

fn claims(token: &AccessToken) -> Value {
    let text = token.token.split('.').nth(1).and_then(|text| base64url::decode(text).ok());
    serde_json::from_slice(&text.expect("claims")).expect("JSON")
}

fn nonce_of(response: &HttpResponse) -> Option<&str> {
    response.headers.iter().find(|(name, _)| *name == "dpop-nonce").map(|(_, value)| value.as_str())
}

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

fn question<'a>(assertion: &'a str, id: &'a str, proof: Option<GivenProof<'a>>) -> AssertionQuestion<'a> {
    AssertionQuestion { assertion, client_id: Some(id), proof, ..Default::default() }
}

/// R100: an explanation looks at the proof as that host's exchange does.
#[test]
fn r100_explained_for_the_url_of_a_host() {
    let endpoint = with(json!({}));
    let service = service(&endpoint.world, false);
    let at_the_host = proof(&own(), "1", json!({ "htu": "https://gateway.example/token" }));
    let explained = |url: Option<&str>| {
        let proof = Some(GivenProof { text: &at_the_host, url });
        let id = endpoint.client.application.client_id();
        let explained =
            run(service.explain_request(&default_organization(), &question(&granted("1"), id, proof)));
        explained
            .expect("explained")
            .checks
            .into_iter()
            .find(|step| step.check == "DPoP proof")
            .expect("a step")
            .reason
    };
    assert_eq!(explained(Some("https://gateway.example/token")), None);
    for url in [None, Some(""), Some("https://other.example/token")] {
        assert_eq!(explained(url), Some("dpop-proof-mismatch"), "{url:?}");
    }
}

/// R36, R100 to R102: what an explanation says of the proof, of the key that an assertion is bound to, and of an application that
/// needs one.
#[test]
fn r36_explained() {
    let endpoint = with(json!({ "dpop_bound_access_tokens": true }));
    let service = service(&endpoint.world, false);
    let bound = assertion(&key(1), START, json!({ "cnf": { "jkt": jkt(&own()) } }));
    let id = endpoint.client.application.client_id();
    let explained = |proof: Option<&str>| {
        let organization = default_organization();
        let explained =
            run(service.explain_request(&organization, &question(&bound, id, proof.map(Into::into))))
                .expect("explained");
        let saw = |name: &str| {
            let step = explained.checks.iter().find(|step| step.check == name);
            step.map(|step| (step.reason, step.saw.clone())).unwrap_or_default()
        };
        (explained.accepted, saw("DPoP proof"), saw("cnf"))
    };
    let good = proof(&own(), "1", json!({}));
    let (accepted, (reason, saw), cnf) = explained(Some(&good));
    assert_eq!((accepted, reason), (true, None));
    assert!(saw.contains(&jkt(&own())) && saw.contains("was not used"), "{saw}");
    assert_eq!(cnf.1, "cnf has a jkt, and the DPoP proof is by that key");
    let (accepted, (reason, _), cnf) = explained(None);
    assert_eq!((accepted, reason), (false, Some("dpop-proof-missing")));
    assert!(cnf.1.ends_with("there is no DPoP proof"), "{}", cnf.1);
    let other = SigningKey::generate(SigningAlgorithm::Es256, &[8; 32]);
    let (_, (reason, _), cnf) = explained(Some(&proof(&other, "1", json!({}))));
    assert_eq!((reason, cnf.0), (None, Some("assertion-bound")));
    let (_, (reason, saw), _) = explained(Some(&proof(&own(), "1", json!({ "htm": "GET" }))));
    assert_eq!((reason, saw.as_str()), (Some("dpop-proof-mismatch"), "htm is not the method of the request"));
    // Nothing was used up, until it is.
    assert_eq!(endpoint.reason(&bound, Some(&good)), Ok(TokenType::DPoP));
    assert_eq!(explained(Some(&good)).1.0, Some("dpop-proof-replayed"));
}
