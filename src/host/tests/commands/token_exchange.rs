//! Token exchange (R90, R91) on the command line: an issuer that consents, an application with the grant, and what an
//! exchange would come to.

use serde_json::{Value, json};

use crate::server::Server;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// R91: from a key to a subject token that would be exchanged, and back.
#[test]
fn from_a_key_to_an_explained_exchange() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let mint = |claims: &[&str]| {
        let mint =
            ["mint", "--key", "p.pem", "--generate", "--iss", "https://p.example", "--sub", "alice", "--aud"];
        server.out(&[&mint[..], &[&server.url], claims].concat()).trim().to_owned()
    };
    let subject = mint(&["--claim", "azp=web"]);
    let add = ["issuer", "add", "p", "--issuer", "https://p.example", "--certificate", "p.pub.pem"];
    server.out(
        &[&add[..], &["--actor-claim", "azp", "--allowed-actor", "web", "--allowed-actor", "mobile"]]
            .concat(),
    );
    let shown = json(&server.out(&["issuer", "show", "p", "--json"]));
    assert_eq!(shown["token_exchange"], json!({"actor_claim": "azp", "allowed_actors": ["web", "mobile"]}));

    let made =
        json(&server.out(&["app", "add", "web", "--token-exchange", "--jwt-bearer", "false", "--json"]));
    assert_eq!(made["grant_types"], json!([GRANT]));
    let id = made["client_id"].as_str().unwrap();
    let explain = ["explain", "--client-id", id, "--subject-token"];
    let told = server.out(&[&explain[..], &[&subject, "--actor-token", &subject]].concat());
    assert!(told.contains("R91") && told.contains("R92"), "{told}");
    let refused = server.run(&[&explain[..], &[&*mint(&["--claim", "azp=other"])]].concat());
    assert_eq!((refused.code, refused.out.contains("consent-missing")), (1, true), "{refused:?}");

    server.out(&["issuer", "set", "p", "--exchange-replay", "once", "--allow-may-act", "true"]);
    let shown = json(&server.out(&["issuer", "show", "p", "--json"]));
    let expected = json!({"allow_may_act": true, "actor_claim": "azp", "allowed_actors": ["web", "mobile"], "replay": "once"});
    assert_eq!(shown["token_exchange"], expected);
    server.out(&["issuer", "set", "p", "--token-exchange", "false"]);
    assert_eq!(json(&server.out(&["issuer", "show", "p", "--json"]))["token_exchange"], Value::Null);
    let refused = server.run(&[&explain[..], &[&*subject]].concat());
    assert_eq!((refused.code, refused.out.contains("exchange-not-allowed")), (1, true), "{refused:?}");

    let both = json(&server.out(&["app", "set", id, "--jwt-bearer", "true", "--json"]));
    assert_eq!(both["grant_types"].as_array().map(Vec::len), Some(2), "{both}");
}

/// What can't be is told by the option that it stands in.
#[test]
fn what_can_not_be() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let add = ["issuer", "add", "p", "--issuer", "https://p.example", "--jwks-uri", "https://p.example/jwks"];
    for (options, told) in [
        (&["--actor-claim", "azp"][..], "token_exchange.actor_claim"),
        (&["--allowed-actor", "web"], "token_exchange.allowed_actors"),
        (&["--token-exchange", "false", "--actor-claim", "azp"], "--token-exchange"),
    ] {
        let refused = server.run(&[&add[..], options].concat());
        assert_eq!((refused.code, refused.err.contains(told)), (1, true), "{options:?}: {refused:?}");
    }
    for usage in [
        &["explain"][..],
        &["explain", "--subject-token", "a.b.c"],
        &["explain", "a.b.c", "--subject-token", "a.b.c", "--client-id", "x"],
        &["explain", "a.b.c", "--actor-token", "a.b.c"],
    ] {
        assert_eq!(server.run(usage).code, 2, "{usage:?}");
    }
}
