//! What is stated in an organization's metadata, on the command line (R67).

use serde_json::{Value, json};

use crate::server::Server;

const ENDPOINT: &str = "https://sign-in.example/authorize";

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// R67: what is given is stated, the rest stays, and members go by name or all at once.
#[test]
fn it_is_stated_and_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let none = server.run(&["metadata", "show"]);
    assert_eq!(none.code, 1, "{none:?}");
    let set = server.out(&["metadata", "set", "--authorization-endpoint", ENDPOINT]);
    assert!(set.contains("authorization_endpoint") && set.contains(ENDPOINT), "{set}");
    let set =
        ["metadata", "set", "--scope", "read write", "--protected-resource", "https://a.example", "--json"];
    let stated = json!({
        "scopes_supported": ["read", "write"], "protected_resources": ["https://a.example"],
        "authorization_endpoint": ENDPOINT,
    });
    assert_eq!(parsed(&server.out(&set)), stated);
    assert_eq!(parsed(&server.out(&["metadata", "show", "--json"])), stated);
    let left = server.out(&["metadata", "remove", "scopes_supported", "protected_resources", "--json"]);
    assert_eq!(parsed(&left), json!({"authorization_endpoint": ENDPOINT}));
    server.out(&["metadata", "remove"]);
    assert_eq!(server.run(&["metadata", "remove"]).code, 1);
}

/// R67: a mistake is named, and changes nothing.
#[test]
fn what_can_not_be_stated() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let cases: [(&[&str], i32, &str); 5] = [
        (&["set"], 2, "--scope"),
        (&["set", "--scope", "read read"], 1, "scopes_supported[1]"),
        (&["set", "--service-documentation", "javascript:alert(1)"], 1, "service_documentation"),
        (&["set", "--scope", "read", "--org", "nobody"], 1, "organization"),
        (&["remove", "issuer"], 2, "issuer"),
    ];
    for (arguments, code, told) in cases {
        let ran = server.run(&[&["metadata"][..], arguments].concat());
        assert_eq!((ran.code, ran.err.contains(told)), (code, true), "{arguments:?}: {ran:?}");
    }
    assert_eq!(server.run(&["metadata", "show"]).code, 1);
}
