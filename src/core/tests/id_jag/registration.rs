//! What the registration of an issuer of ID-JAGs may say, and where the metadata has the profile.

use asserta_core::oauth::metadata as document;
use asserta_core::organization::OrganizationUrls;
use asserta_core::service::RegistryError;
use serde_json::{Value, json};

use super::{TYP, put};
use crate::world::{World, default_organization, run};

/// R34, R37: what contradicts the profile can't be registered, and the member is named.
#[test]
fn r37_registration() {
    let rule = json!({ "name": "ci", "client": "none", "client_id": "ci", "subjects": ["alice"], "scopes": ["read"] });
    let world = World::default();
    for (members, field) in [
        (json!({ "alias": "https://known-as.example" }), "alias"),
        (json!({ "typ": "JWT" }), "typ"),
        (json!({ "typ": "at+jwt" }), "typ"),
        (json!({ "replay": "allow" }), "replay"),
        (json!({ "rules": [{ "name": "all" }, rule] }), "rules[1].client"),
        (json!({ "rules": [rule], "enabled": false }), "rules[0].client"),
        (json!({ "issuer": "https://as.example" }), "issuer"),
        (json!({ "issuer": "https://as.example/t/acme" }), "issuer"),
        (json!({ "profile": "jwt-bearer", "typ": TYP }), "typ"),
    ] {
        let refused = put(&world, members.clone()).expect_err("refused");
        let RegistryError::Invalid(error) = refused else { panic!("{refused}") };
        assert_eq!(error.field, field, "{members}: {error}");
    }
    for members in [json!({ "typ": TYP }), json!({ "audience_mode": "exactly-one", "require_jti": true })] {
        put(&world, members).expect("no contradiction");
    }
    // A node of before reads the record of an issuer without the profile.
    put(&world, json!({ "profile": "jwt-bearer" })).expect("registered");
    let record = world.registry.entries.borrow()["trusted-issuer/default/idp"].clone();
    assert!(!String::from_utf8_lossy(&record).contains("profile"));
}

/// R38, R67: the metadata lists the profile as long as an enabled issuer has it.
#[test]
fn r38_r67_metadata() {
    let world = World::default();
    let listed = || {
        let offered = run(world.service().registry().offered(&default_organization())).expect("known");
        let urls = OrganizationUrls::new("https://as.example", &default_organization());
        let text = document(&urls, &[asserta_core::jose::SigningAlgorithm::Es256], &offered);
        let document: Value = serde_json::from_slice(&text).expect("JSON");
        document.get("authorization_grant_profiles_supported").cloned()
    };
    let profiles = Some(json!(["urn:ietf:params:oauth:grant-profile:id-jag"]));
    assert_eq!(listed(), None);
    for (members, expected) in [
        (json!({}), &profiles),
        (json!({ "enabled": false }), &None),
        (json!({ "enabled": true }), &profiles),
        (json!({ "profile": "jwt-bearer" }), &None),
        (json!({}), &profiles),
    ] {
        put(&world, members.clone()).expect("registered");
        assert_eq!(&listed(), expected, "{members}");
    }
    // Another one has it, too.
    put(&world, json!({ "name": "second", "issuer": "https://second.example" })).expect("registered");
    for (name, expected) in [("idp", &profiles), ("second", &None)] {
        run(world.service().registry().remove_trusted_issuer(&default_organization(), name))
            .expect("removed");
        assert_eq!(&listed(), expected, "{name}");
    }
    let kept = world.registry.entries.borrow();
    assert_eq!(kept.keys().filter(|key| key.starts_with("offered/")).count(), 0, "nothing is left behind");
}
