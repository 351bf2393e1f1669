//! What `explain` says of bound assertions and of proofs.

use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::service::{AssertionQuestion, GivenProof};
use asserta_core::tokens::TokenType;
use serde_json::json;

use super::{granted, jkt, own, proof, service, with};
use crate::world::{START, assertion, default_organization, key, run};

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
