//! What a request says: its parameters, how often and how long, and the types of its tokens.

use asserta_core::grants::token_exchange::{Parameters, TokenType};
use asserta_core::grants::{HttpTokenRequest, TokenRequest};
use asserta_core::oauth::{ErrorCode, Reason};
use serde_json::{Value, json};

use super::{ACCESS_TOKEN, GRANT, JWT, Scene, of, typed};
use crate::world::{ISSUER, START, key, secret};

const ID_TOKEN: &str = TokenType::IdToken.name();

#[test]
fn r90_the_parameters() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    let good = of(&subject);
    for (parameters, reason) in [
        (Parameters { subject_token: None, ..good.clone() }, Reason::SubjectTokenMissing),
        (Parameters { subject_token: Some(""), ..good.clone() }, Reason::SubjectTokenMissing),
        (Parameters { subject_token_type: None, ..good.clone() }, Reason::SubjectTokenMissing),
        (Parameters::default(), Reason::SubjectTokenMissing),
        (Parameters { actor_token: Some("a.b.c"), ..good.clone() }, Reason::ActorTokenIncomplete),
        (Parameters { actor_token_type: Some(JWT), ..good.clone() }, Reason::ActorTokenIncomplete),
        (Parameters { subject_token_type: Some("jwt"), ..good.clone() }, Reason::TokenTypeUnsupported),
        (
            Parameters { subject_token_type: Some("urn:ietf:params:oauth:token-type:saml2"), ..good.clone() },
            Reason::TokenTypeUnsupported,
        ),
        (
            Parameters { actor_token: Some("a"), actor_token_type: Some("x"), ..good.clone() },
            Reason::TokenTypeUnsupported,
        ),
        (Parameters { requested_token_type: Some(JWT), ..good.clone() }, Reason::TokenTypeUnsupported),
        (
            Parameters {
                requested_token_type: Some("urn:ietf:params:oauth:token-type:refresh_token"),
                ..good.clone()
            },
            Reason::TokenTypeUnsupported,
        ),
    ] {
        let refusal = scene.asked(&parameters).expect_err("refused");
        assert_eq!((refusal.reason, refusal.code), (reason, ErrorCode::InvalidRequest), "{parameters:?}");
        assert!(!scene.explained(&parameters).accepted);
    }
    let wanted = Parameters { requested_token_type: Some(ACCESS_TOKEN), ..good.clone() };
    assert!(scene.asked(&wanted).is_ok());
    let empty = Parameters { actor_token: Some(""), actor_token_type: Some(""), scope: Some(""), ..good };
    assert!(scene.asked(&empty).is_ok(), "what is empty is absent (R13)");
}

/// R15: before anybody is asked who it is.
#[test]
fn r15_limits() {
    let scene = Scene::with(json!({}));
    let (subject, long) = (scene.subject(json!({})), "a".repeat(16 * 1024 + 1));
    let parameter = "a".repeat(4097);
    let many: Vec<String> = (0..9).map(|number| format!("r{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let good = of(&subject);
    for (parameters, reason) in [
        (of(&long), Reason::AssertionTooLarge),
        (
            Parameters { actor_token: Some(&long), actor_token_type: Some(JWT), ..good.clone() },
            Reason::AssertionTooLarge,
        ),
        (Parameters { scope: Some(&parameter), ..good.clone() }, Reason::ParameterTooLarge),
        (Parameters { audiences: vec![&parameter], ..good.clone() }, Reason::ParameterTooLarge),
        (Parameters { resources: many.clone(), ..good.clone() }, Reason::ParameterRepeated),
        (Parameters { audiences: many, ..good.clone() }, Reason::ParameterRepeated),
    ] {
        let refused = TokenRequest::token_exchange(scene.credentials(), &parameters).err();
        assert_eq!(refused, Some(reason));
    }
}

/// R13: over HTTP, `resource` and `audience` may be repeated, and nothing else.
#[test]
fn r13_repeated_parameters() {
    let scene = Scene::with(json!({}));
    let form = format!(
        "grant_type={GRANT}&subject_token={}&subject_token_type={JWT}&client_id={}&client_secret={}",
        scene.subject(json!({})),
        scene.client_id(),
        secret(&scene.client)
    );
    let read = |more: &str, query: Option<&str>| {
        TokenRequest::from_http(HttpTokenRequest {
            method: "POST",
            content_type: Some("application/x-www-form-urlencoded"),
            authorization: None,
            query,
            dpop: Default::default(),
            body: format!("{form}{more}").as_bytes(),
        })
        .map(drop)
    };
    assert_eq!(read("", None), Ok(()));
    let eight = |name: &str| (0..8).map(|number| format!("&{name}=a{number}")).collect::<String>();
    assert_eq!(read(&[eight("audience"), eight("resource")].concat(), None), Ok(()));
    for more in [
        &*[eight("audience"), "&audience=a".to_owned()].concat(),
        &*[eight("resource"), "&resource=a".to_owned()].concat(),
        "&subject_token=x",
        "&subject_token_type=x",
        "&actor_token=x&actor_token=x",
        "&actor_token_type=x&actor_token_type=x",
        "&requested_token_type=x&requested_token_type=x",
        "&scope=read&scope=read",
        "&grant_type=x",
    ] {
        assert_eq!(read(more, None), Err(Reason::ParameterRepeated), "{more}");
    }
    for query in ["subject_token=a", "actor_token=a"] {
        assert_eq!(read("", Some(query)), Err(Reason::CredentialsInQuery), "R22: {query}");
    }
}

#[test]
fn r90_types_of_tokens() {
    let of_type = |issuer: Value, header: Option<&str>, token_type: &str| {
        let scene = Scene::new(issuer, json!({}));
        let claims = json!({ "iss": ISSUER, "sub": "alice", "aud": scene.client_id(), "exp": START + 60 });
        let token = header.map_or_else(|| scene.subject(json!({})), |typ| typed(&key(1), typ, &claims));
        scene.asked(&Parameters { subject_token_type: Some(token_type), ..of(&token) }).map_err(|r| r.reason)
    };
    let access = json!({ "typ": "at+jwt" });
    assert!(of_type(json!({}), None, ID_TOKEN).is_ok());
    assert!(of_type(json!({}), Some("JWT"), ID_TOKEN).is_ok());
    assert!(of_type(access.clone(), Some("at+jwt"), ACCESS_TOKEN).is_ok());
    assert!(of_type(access.clone(), Some("application/at+JWT"), JWT).is_ok(), "an access token is a JWT");
    assert!(of_type(json!({ "typ": "application/at+jwt" }), Some("at+jwt"), ACCESS_TOKEN).is_ok());
    assert_eq!(of_type(json!({}), None, ACCESS_TOKEN), Err(Reason::TokenTypeUnsupported));
    assert_eq!(of_type(access.clone(), Some("at+jwt"), ID_TOKEN), Err(Reason::TokenTypeUnsupported));
    assert_eq!(of_type(access, Some("JWT"), ACCESS_TOKEN), Err(Reason::TypeNotAllowed), "R34");
    assert_eq!(of_type(json!({}), Some("at+jwt"), JWT), Err(Reason::TypeNotAllowed), "R35");
    for other in ["logout+jwt", "dpop+jwt", "oauth-id-jag+jwt", "client-authentication+jwt"] {
        assert_eq!(of_type(json!({}), Some(other), JWT), Err(Reason::TypeNotAllowed), "R35: {other}");
    }
}

/// R13: as many resources and audiences as a form may have, and none count as well.
#[test]
fn r13_as_often_as_in_a_form() {
    let scene = Scene::with(json!({}));
    let subject = scene.subject(json!({}));
    for (resources, audiences, is_good) in [
        (vec!["orders"; 8], vec!["orders"; 8], true),
        (vec!["orders"; 9], vec![], false),
        (vec![], vec!["orders"; 9], false),
        (vec![""; 9], vec![], false),
    ] {
        let parameters = Parameters { resources, audiences, ..of(&subject) };
        let asked = scene.asked(&parameters).map(drop).map_err(|refusal| refusal.reason);
        assert_eq!(asked, if is_good { Ok(()) } else { Err(Reason::ParameterRepeated) });
        assert_eq!(scene.explained(&parameters).accepted, is_good);
    }
}
