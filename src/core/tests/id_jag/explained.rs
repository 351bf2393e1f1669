//! What `explain` says of ID-JAGs.

use serde_json::json;

use super::{RESOURCE, Scene, TYP};
use crate::world::{default_organization, run};

/// R37, R38: `explain` has a row for each check, with what it saw.
#[test]
fn r37_r38_explained() {
    let scene = Scene::new(json!({}));
    let id = scene.client_id().to_string();
    for (claims, check, saw) in [
        (json!({}), "typ", format!("typ {TYP:?}; the issuer is registered with typ {TYP:?}")),
        (json!({}), "client_id", format!("client_id {id:?}; that client alone may present it")),
        (
            json!({ "client_id": 7 }),
            "client_id",
            "client_id is a number; a string is wanted; that client alone may present it".into(),
        ),
        (
            json!({ "authorization_details": [] }),
            "authorization_details",
            "authorization_details are there; they are not supported".into(),
        ),
        (json!({ "scope": "read" }), "scope of the assertion", "scope \"read\"".into()),
        (
            json!({ "scope": "read" }),
            "scope",
            "nothing asked; the assertion is for \"read\"; granted may be \"\"".into(),
        ),
        (
            json!({ "resource": [] }),
            "resource of the assertion",
            "resource nothing; 1 to 8 are accepted".into(),
        ),
        (
            json!({ "resource": 7 }),
            "resource of the assertion",
            "resource is a number; a string or an array of strings is wanted".into(),
        ),
        (
            json!({ "act": {} }),
            "act",
            "act is there; accepted are objects with a sub that is text, at most 4 in each other".into(),
        ),
    ] {
        let found = scene.saw(claims.clone(), check);
        if check == "scope" {
            // The application that may do anything has no scope.
            assert!(found.starts_with("nothing asked; the assertion is for \"read\"; "), "{found}");
        } else {
            assert_eq!(found, saw, "{claims}");
        }
    }
    let saw = scene.saw(json!({ "resource": RESOURCE }), "resource");
    assert_eq!(saw, format!("nothing asked; the token is for {RESOURCE:?}"), "any application's");
    assert!(scene.saw(json!({ "iat": null }), "iat").contains("accepted is from "));
    let other = scene.id_jag(Some(TYP), json!({ "client_id": "other" }));
    let explained =
        run(scene.world.service().explain(&default_organization(), &other, Some(&id))).expect("explained");
    let step = explained.checks.into_iter().find(|step| step.check == "client_id").expect("the row");
    assert_eq!(step.saw, format!("client_id \"other\"; {id:?} asks"));
    // Without the profile there is none of these rows.
    let ordinary = Scene::new(json!({ "profile": "jwt-bearer" }));
    let explained = run(ordinary.world.service().explain(
        &default_organization(),
        &ordinary.id_jag(None, json!({})),
        None,
    ));
    let checks = explained.expect("explained").checks;
    assert!(checks.iter().all(|step| !matches!(step.check, "client_id" | "act")));
}
