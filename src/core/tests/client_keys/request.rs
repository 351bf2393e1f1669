//! The parameters of a client assertion, and what the application may.

use asserta_core::client_auth::Presented;
use asserta_core::grants::{HttpTokenRequest, TokenRequest};
use asserta_core::oauth::Reason;
use serde_json::{Value, json};

use crate::world::keyed_clients::{
    REFUSED, ask, client, client_assertion, good, granted, overlay, refused, register, trusting,
};
use crate::world::{World, default_organization, issuer, jwks, key, run};

const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
const TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

/// A request as it comes over HTTP.
fn over_http(
    world: &World,
    authorization: Option<&str>,
    query: Option<&str>,
    more: &str,
    jti: &str,
) -> Result<(), Reason> {
    let body = format!("grant_type={GRANT}&assertion={}{more}", granted(jti));
    let request = TokenRequest::from_http(HttpTokenRequest {
        method: "POST",
        content_type: Some("application/x-www-form-urlencoded"),
        authorization,
        dpop: Default::default(),
        query,
        body: body.as_bytes(),
    })?;
    let exchanged = run(world.service().exchange(&default_organization(), &request));
    exchanged.map(drop).map_err(|refusal| refusal.reason)
}

/// R22, R27: the parameters.
#[test]
fn r22_r27_the_parameters() {
    let world = trusting();
    let id = client(&world);
    let both = |jti: &str| format!("&client_assertion_type={TYPE}&client_assertion={}", good(&id, jti));
    assert_eq!(over_http(&world, None, None, &both("1"), "1"), Ok(()));
    assert_eq!(over_http(&world, None, None, &format!("{}&client_id={id}", both("2")), "2"), Ok(()));
    let incomplete = Err(Reason::ClientAssertionIncomplete);
    assert_eq!(
        over_http(&world, None, None, &format!("&client_assertion={}", good(&id, "3")), "3"),
        incomplete
    );
    assert_eq!(over_http(&world, None, None, &format!("&client_assertion_type={TYPE}"), "3"), incomplete);
    let no_value = format!("&client_assertion_type={TYPE}&client_assertion=");
    assert_eq!(
        over_http(&world, None, None, &no_value, "3"),
        incomplete,
        "R13: no value is as good as absent"
    );
    let unknown = both("3").replace("jwt-bearer", "saml2-bearer");
    assert_eq!(over_http(&world, None, None, &unknown, "3"), Err(Reason::ClientAssertionRefused));
    let twice = Err(Reason::CredentialsTwice);
    assert_eq!(over_http(&world, None, None, &format!("{}&client_secret=x", both("3")), "3"), twice);
    // Whatever either is.
    for header in ["Basic YTpi", "Basic !!!", "Bearer x"] {
        assert_eq!(over_http(&world, Some(header), None, &both("3"), "3"), twice, "{header}");
        assert_eq!(over_http(&world, Some(header), None, &unknown, "3"), twice, "{header}");
    }
    let repeated = Err(Reason::ParameterRepeated);
    assert_eq!(over_http(&world, None, None, &format!("{}{}", both("3"), both("3")), "3"), repeated);
    let in_query = format!("client_assertion={}", good(&id, "3"));
    assert_eq!(over_http(&world, None, Some(&in_query), &both("3"), "3"), Err(Reason::CredentialsInQuery));
    let long = format!("&client_assertion_type={TYPE}&client_assertion={}", "a".repeat(16 * 1024 + 1));
    assert_eq!(over_http(&world, None, None, &long, "3"), Err(Reason::AssertionTooLarge), "R15");
    assert!(Presented::assertion(None, &"a".repeat(16 * 1024 + 1)).is_err(), "R15");
    assert_eq!(over_http(&world, None, None, &both("3"), "3"), Ok(()), "R26");
}

/// R35: a client assertion is no assertion of the grant, an assertion of the grant is no client assertion, and one JWT is never
/// both in a request, even where an issuer goes by the name of the client.
#[test]
fn r35_one_jwt_has_one_role() {
    let world = trusting();
    let id = client(&world);
    assert_eq!(refused(&world, Some(&id), &granted("1"), "2"), REFUSED);
    let as_grant = client_assertion(&key(2), &id, json!({}), json!({ "jti": "g" }));
    let refusal = ask(&world, None, &good(&id, "1"), &as_grant).expect_err("no such issuer");
    assert_eq!(refusal.reason, Reason::IssuerUnknown);
    let same_name = issuer(json!({ "name": "self", "issuer": id, "jwks": jwks(&[&key(2)]) }));
    run(world.service().registry().create_trusted_issuer(&default_organization(), &same_name))
        .expect("registered");
    let typed = json!({ "typ": "client-authentication+jwt" });
    let as_grant = client_assertion(&key(2), &id, typed, json!({ "jti": "t" }));
    let refusal = ask(&world, None, &good(&id, "1"), &as_grant).expect_err("its type says what it is");
    assert_eq!(refusal.reason, Reason::TypeNotAllowed);
    let both = client_assertion(&key(2), &id, json!({}), json!({ "jti": "both" }));
    let refusal = ask(&world, None, &both, &both).expect_err("one JWT");
    assert_eq!((refusal.reason, refusal.code), REFUSED);
    assert!(world.replay.entries.borrow().is_empty());
}

/// R21, R24: a disabled application, and one without the grant.
#[test]
fn r21_r24_what_the_application_may() {
    let world = trusting();
    let of = |members: Value| {
        let mut document = json!({ "jwks": jwks(&[&key(2)]) });
        overlay(&mut document, &members);
        register(&world, document).expect("registered")
    };
    let (disabled, none) = (of(json!({ "enabled": false })), of(json!({ "grant_types": [] })));
    assert_eq!(refused(&world, None, &good(&disabled, "1"), "1"), REFUSED);
    assert_eq!(refused(&world, None, &good(&none, "1"), "1").0, Reason::GrantNotAllowed);
}
