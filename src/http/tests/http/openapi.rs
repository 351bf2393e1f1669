//! `/admin/openapi.json`: what is served, and that it has each route of the code and no other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::server::{Server, Texts, request};
use crate::world::World;

const DOCUMENT: &str = include_str!("../../openapi.json");
const ROUTES: &str = include_str!("../../src/lib.rs");
const ADMIN_ROUTES: &str = include_str!("../../src/admin/mod.rs");

fn document() -> Value {
    serde_json::from_str(DOCUMENT).expect("it is JSON")
}

/// The methods of each path, as a refusal lists them.
fn documented() -> BTreeMap<String, String> {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let methods = |item: &Value| {
        let has = |method: &&str| item.get(method.to_ascii_lowercase()).is_some();
        let written: Vec<&str> = ["GET", "PUT", "POST", "DELETE"].into_iter().filter(has).collect();
        written.join(", ").replace("GET", "GET, HEAD")
    };
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

/// The paths that the `match` of a router has, with `{}` for each name: its arms begin with `[`.
fn arms(source: &str, prefix: impl Fn(&[String]) -> String) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for line in source.lines().map(str::trim_start) {
        let Some((arm, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) else { continue };
        if !line.contains("=>") || arm.contains("..") {
            continue;
        }
        let mut found = vec![Vec::new()];
        for segment in arm.split(", ").filter(|segment| !segment.is_empty()) {
            let names: Vec<String> = match segment.strip_prefix('"') {
                None => vec!["{}".to_owned()],
                Some(_) => segment.split(" | ").map(|name| name.trim_matches('"').to_owned()).collect(),
            };
            found = found
                .iter()
                .flat_map(|path: &Vec<String>| {
                    names.iter().map(move |name| path.iter().chain([name]).cloned().collect())
                })
                .collect();
        }
        paths.extend(found.iter().map(|path| format!("{}/{}", prefix(path), path.join("/"))));
    }
    paths.into_iter().map(|path| path.trim_end_matches('/').to_owned()).collect()
}

#[test]
fn each_route_is_documented_and_no_other() {
    let (top, below) = ADMIN_ROUTES.split_once("match below {").expect("what is below an organization");
    let below = below.split_once("\n}\n").expect("an end").0;
    let top = top.split_once("match segments {").expect("what is below /admin").1;
    let mut routes = arms(top, |_| "/admin".to_owned());
    routes.extend(arms(below, |_| "/admin/organizations/{}".to_owned()));
    let public = ROUTES.split_once("match segments {").expect("the routes").1;
    for path in arms(public.split_once("\n}\n").expect("an end").0, |_| String::new()) {
        if path != "/health" {
            routes.insert(format!("/t/{{}}{path}"));
        }
        routes.insert(path);
    }
    // RFC 8414 section 3.1 puts the well-known part before the issuer's path.
    routes.insert("/.well-known/oauth-authorization-server/t/{}".to_owned());
    let documented: BTreeSet<String> = documented()
        .into_keys()
        .map(|path| {
            let segments =
                path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
            segments.collect::<Vec<_>>().join("/")
        })
        .collect();
    assert_eq!(documented, routes);
}

#[test]
fn each_path_has_the_documented_methods() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    assert_eq!(server.admin("PUT", "/acme", &json!({})).status(), 201);
    for (path, methods) in documented() {
        let path = target(&path);
        let refused = server.send(request("PATCH", &*path).by_admin());
        assert_eq!(refused.status(), 405, "{path}");
        let allowed = refused.header("allow").expect("it says which it has").trim_end_matches(", OPTIONS");
        let sorted = |methods: &str| methods.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(sorted(allowed), sorted(&methods), "{path}");
    }
}

/// What is sent to a path of the description: to an organization, and to registrations, that are there.
fn target(path: &str) -> String {
    let path = path.replace("{organization}", "acme").replace("{preset}", "spiffe");
    path.replace("{issuer}", "idp").replace("{client_id}", "app")
}

/// A server with what [`target`] names.
fn with_registrations<'a>(world: &'a World, texts: &'a Texts) -> Server<'a> {
    let server = Server::new(world, texts);
    assert_eq!(server.admin("PUT", "/acme", &json!({})).status(), 201);
    let issuer = json!({"issuer": "https://idp.example", "jwks_uri": "https://idp.example/jwks"});
    assert_eq!(server.admin("PUT", "/acme/trusted-issuers/idp", &issuer).status(), 201);
    let application = json!({"client_secret": "s".repeat(43), "grant_types": []});
    assert_eq!(server.admin("PUT", "/acme/applications/app", &application).status(), 201);
    server
}

/// The operations below `/admin`: path, method and the names of the query parameters.
fn admin_operations() -> Vec<(String, &'static str, BTreeSet<String>)> {
    let document = document();
    let name = |parameter: &Value| {
        let place =
            parameter["$ref"].as_str().and_then(|place| place.strip_prefix('#')).expect("a reference");
        let parameter = document.pointer(place).expect("there");
        (parameter["in"] == "query").then(|| parameter["name"].as_str().expect("a name").to_owned())
    };
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["GET", "PUT", "POST", "DELETE"] {
            let Some(operation) = item.get(method.to_ascii_lowercase()) else { continue };
            if path.starts_with("/admin/") {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                operations.push((target(path), method, parameters.filter_map(name).collect()));
            }
        }
    }
    operations
}

/// A query parameter that an operation does not have is refused, and nothing is done: whoever writes `dry_run` where there is
/// no dry run must not delete.
#[test]
fn each_operation_has_the_documented_query_parameters() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_registrations(&world, &texts);
    assert_eq!(server.admin("GET", "/acme/keys", &Value::Null).status(), 200);
    let before = world.registry.entries.borrow().clone();
    let operations = admin_operations();
    assert!(operations.len() > 25, "{}", operations.len());
    let mut names: BTreeSet<String> = operations.iter().flat_map(|(_, _, names)| names.clone()).collect();
    names.extend(["limt".to_owned(), "Dry_run".to_owned()]);
    for (path, method, known) in &operations {
        for name in &names {
            let sent = request(method, format!("{path}?{name}=")).by_admin().json(&json!({}));
            let answer = server.send(sent);
            if known.contains(name) {
                assert!(!answer.text().contains("no query parameter"), "{method} {path} {name}");
            } else {
                answer.assert_problem(400, "invalid", Some(name));
            }
        }
        server.send(request(method, format!("{path}?%zz")).by_admin()).assert_problem(
            400,
            "invalid",
            Some("query"),
        );
    }
    let applied =
        server.send(request("DELETE", "/admin/organizations/acme/applications/app?dry_run=true").by_admin());
    applied.assert_problem(400, "invalid", Some("dry_run"));
    assert_eq!(*world.registry.entries.borrow(), before);
}

/// A POST that is described without a body takes none: a member would look as if it had been obeyed.
#[test]
fn each_operation_without_a_body_takes_none() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_registrations(&world, &texts);
    let document = document();
    let paths = document["paths"].as_object().expect("paths").iter();
    let bodiless = paths.filter(|(path, item)| {
        path.starts_with("/admin/") && item.get("post").is_some_and(|post| post.get("requestBody").is_none())
    });
    let mut count = 0;
    for (path, _) in bodiless {
        let post = || request("POST", target(path));
        let before = world.registry.entries.borrow().clone();
        for (body, field) in [
            (r#"{"client_secret":"x"}"#, Some("client_secret")),
            (r#"{"alg":"RS256"}"#, Some("alg")),
            ("null", None),
            ("[]", None),
            ("x", None),
        ] {
            server.send(post().by_admin().body(body)).assert_problem(400, "invalid", field);
        }
        server.send(post().by_admin().body("{}").cut()).assert_problem(400, "invalid", None);
        let bearer = format!("Bearer {}", crate::server::ADMIN_TOKEN);
        let text =
            post().header("authorization", &bearer).header("content-type", "text/plain").body("garbage");
        server.send(text).assert_problem(415, "unsupported-media-type", None);
        assert_eq!(*world.registry.entries.borrow(), before, "{path}");
        assert_eq!(server.send(post().by_admin().body("{}")).status(), 200, "{path}");
        assert_eq!(server.send(post().header("authorization", &bearer)).status(), 200, "{path}");
        count += 1;
    }
    assert_eq!(count, 3);
}

/// R71: any request can fail, R76: what can be put has a tag when it is read.
#[test]
fn r71_r76_what_each_operation_answers() {
    let document = document();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            if method != "parameters" {
                let failed = &operation["responses"]["500"]["$ref"];
                let expected = if path.starts_with("/admin/") { "Failed" } else { "Refused" };
                assert_eq!(failed, &format!("#/components/responses/{expected}"), "{method} {path}");
                let is_tagged = path.starts_with("/admin/") && item.get("put").is_some();
                assert_eq!(operation["responses"].get("412").is_some(), is_tagged, "{method} {path}");
            }
        }
        if item.get("put").is_some() {
            assert!(item["get"]["responses"]["200"]["headers"]["ETag"].is_object(), "{path}");
            assert!(item["get"]["responses"]["304"].is_object(), "{path}");
        }
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let document = document();
    let items = document["paths"].as_object().expect("paths").values();
    let operations = items.flat_map(|item| item.as_object().expect("methods").values());
    let ids: Vec<&str> = operations.filter_map(|operation| operation["operationId"].as_str()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

/// Each `$ref` leads to something.
#[test]
fn references() {
    fn check(document: &Value, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(place) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = place.strip_prefix('#').expect("within the document");
                    assert!(document.pointer(pointer).is_some(), "{place}");
                }
                members.values().for_each(|member| check(document, member));
            }
            Value::Array(elements) => elements.iter().for_each(|element| check(document, element)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}

#[test]
fn descriptions_are_served_to_administrators() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let schema = include_str!("../../../core/schema.json");
    for (path, media_type, text) in [
        ("/admin/openapi.json", "application/json", DOCUMENT),
        ("/admin/schema.json", "application/schema+json", schema),
    ] {
        server.send(request("GET", path)).assert_problem(401, "unauthorized", None);
        let get = |accepted: Option<&str>| {
            let get = request("GET", path).by_admin();
            let get = accepted.into_iter().fold(get, |get, coding| get.header("Accept-Encoding", coding));
            let answer = server.send(get);
            assert_eq!((answer.status(), answer.header("content-type")), (200, Some(media_type)));
            assert_eq!(answer.header("vary"), Some("accept-encoding"));
            answer
        };
        for plain in [None, Some("identity"), Some("gzip;q=0, *"), Some("br")] {
            let answer = get(plain);
            assert_eq!((answer.text(), answer.header("content-encoding")), (text, None), "{path} {plain:?}");
        }
        for packed in ["gzip", "br, gzip;q=0.5", "*"] {
            let answer = get(Some(packed));
            assert_eq!(answer.header("content-encoding"), Some("gzip"), "{path} {packed}");
            // RFC 1952 section 2.3.1: a member ends with the length of what it holds.
            let (_, length) = answer.0.body.split_last_chunk::<4>().expect("a member");
            assert_eq!(u32::from_le_bytes(*length) as usize, text.len());
        }
    }
}
