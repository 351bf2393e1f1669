//! Which paths there are, with which methods, and for whom they are open.

use serde_json::{Value, json};

use crate::server::{Server, Texts, request};
use crate::world::World;

const READ: &str = "GET, HEAD, OPTIONS";

/// Every path: what a GET comes to, and which methods a refused one is told of. An administrator asks.
const PATHS: [(&str, u16, &str); 27] = [
    ("/oauth2/token", 405, "POST"),
    ("/t/acme/oauth2/token", 405, "POST"),
    ("/oauth2/introspect", 405, "POST"),
    ("/t/acme/oauth2/introspect", 405, "POST"),
    ("/oauth2/revoke", 405, "POST"),
    ("/oauth2/jwks", 200, READ),
    ("/t/acme/oauth2/jwks", 200, READ),
    ("/.well-known/oauth-authorization-server", 200, READ),
    ("/.well-known/oauth-authorization-server/t/acme", 200, READ),
    ("/t/acme/.well-known/oauth-authorization-server", 200, READ),
    ("/t/acme/.well-known/openid-configuration", 200, READ),
    ("/health", 200, "GET, HEAD"),
    ("/admin/organizations", 200, "GET, HEAD"),
    ("/admin/organizations/acme", 200, "GET, HEAD, PUT"),
    ("/admin/organizations/acme/trusted-issuers", 200, "GET, HEAD, POST"),
    ("/admin/organizations/acme/trusted-issuers/x", 404, "GET, HEAD, PUT, DELETE"),
    ("/admin/organizations/acme/applications", 200, "GET, HEAD, POST"),
    ("/admin/organizations/acme/applications/x", 404, "GET, HEAD, PUT, DELETE"),
    ("/admin/organizations/acme/revocations", 200, "GET, HEAD, POST"),
    ("/admin/organizations/acme/keys", 200, "GET, HEAD"),
    ("/admin/organizations/acme/keys/rotate", 405, "POST"),
    ("/admin/presets", 200, "GET, HEAD"),
    ("/admin/presets/github-actions", 200, "GET, HEAD, POST"),
    ("/admin/schema.json", 200, "GET, HEAD"),
    ("/admin/openapi.json", 200, "GET, HEAD"),
    ("/console", 308, "GET, HEAD"),
    ("/console/", 200, "GET, HEAD"),
];

fn with_acme<'a>(world: &'a World, texts: &'a Texts) -> Server<'a> {
    let server = Server::new(world, texts);
    assert_eq!(server.admin("PUT", "/acme", &json!({})).status(), 201);
    server
}

#[test]
fn methods_of_each_path() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    for (path, status, methods) in PATHS {
        let got = server.send(request("GET", path).by_admin());
        assert_eq!(got.status(), status, "{path}: {}", got.text());
        let patched = server.send(request("PATCH", path).by_admin());
        assert_eq!((patched.status(), patched.header("allow")), (405, Some(methods)), "{path}");
        // Methods are case-sensitive (RFC 9110 section 9.1).
        assert_eq!(server.send(request("get", path).by_admin()).status(), 405, "{path}");
    }
}

/// RFC 9110 section 9.3.2: the same headers and no body.
#[test]
fn head() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    for (path, status, _) in PATHS {
        let (got, head) =
            (server.send(request("GET", path).by_admin()), server.send(request("HEAD", path).by_admin()));
        assert_eq!((head.status(), head.text()), (status, ""), "{path}");
        assert_eq!(got.header("content-length"), Some(got.0.body.len().to_string().as_str()), "{path}");
        let mut headers = got.headers();
        headers.retain(|header| !header.starts_with("content-length"));
        assert_eq!(head.headers(), headers, "{path}");
    }
}

#[test]
fn paths_that_nothing_serves() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    for path in [
        "/",
        "/nothing",
        "//health",
        "/health/",
        "/t/acme/health",
        "/t/acme/admin/organizations",
        "/t/acme",
        "/t/default/oauth2/jwks",
        "/t/-x/oauth2/jwks",
        "/t/Acme/oauth2/jwks",
        "/t/nobody/oauth2/jwks",
        "/admin",
        "/admin/",
        "/admin/nothing",
        "/admin/organizations/acme/nothing",
        "/admin/organizations/acme/trusted-issuers/x/y",
        "/.well-known/oauth-authorization-server/t/acme/x",
        "/.well-known/oauth-authorization-server/t/default",
    ] {
        server.send(request("GET", path).by_admin()).assert_problem(404, "not-found", None);
    }
}

/// R67: RFC 8414 section 3.1 puts the well-known part before all of the issuer's path, that of the public URL with it. A
/// proxy hands it over as it is, or takes the path off, as it does everywhere else.
#[test]
fn r67_metadata_of_a_public_url_with_a_path() {
    for (public_url, base) in [
        ("https://as.example/base", "/base"),
        ("https://as.example/a/b%20c/", "/a/b%20c"),
        ("https://as.example/t/x", "/t/x"),
    ] {
        let (world, texts) = (World::default(), Texts::default());
        texts.set("public_url", Ok(public_url));
        let server = with_acme(&world, &texts);
        let well_known = "/.well-known/oauth-authorization-server";
        let issuer = public_url.trim_end_matches('/');
        for (path, issuer) in [
            (format!("{well_known}{base}"), issuer.to_owned()),
            (format!("{well_known}{base}/t/acme"), format!("{issuer}/t/acme")),
            (well_known.to_owned(), issuer.to_owned()),
            (format!("{well_known}/t/acme"), format!("{issuer}/t/acme")),
            ("/.well-known/openid-configuration".to_owned(), issuer.to_owned()),
        ] {
            let metadata = server.send(request("GET", &*path));
            assert_eq!((metadata.status(), &metadata.json()["issuer"]), (200, &json!(issuer)), "{path}");
            assert_eq!(metadata.header("access-control-allow-origin"), Some("*"));
        }
        for path in ["/other", "/base/", "/base/x", "/base/t/acme/x", "/base/t/nobody", "/base/t/-x"] {
            let nothing = server.send(request("GET", format!("{well_known}{path}")));
            nothing.assert_problem(404, "not-found", None);
        }
    }
}

/// R1, R17: below a name that no organization can have each path answers as below one that none has.
#[test]
fn r17_names_that_no_organization_can_have() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let form = |method, path: &str| {
        request(method, path).header("content-type", "application/x-www-form-urlencoded")
    };
    for name in ["nosuch", "No_Such", "-x", "default", "%C3%A9", ""] {
        for path in ["oauth2/token", "oauth2/revoke", "oauth2/introspect"] {
            let path = format!("/t/{name}/{path}");
            let refused = server.send(form("POST", &path).body("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=x&token=x&client_id=x&client_secret=x"));
            assert_eq!(refused.status(), 404, "{path}");
            assert_eq!(refused.json()["error"], "invalid_request", "{path}");
            let open = (!path.ends_with("introspect")).then_some("*");
            assert_eq!(refused.header("access-control-allow-origin"), open, "{path}");
            assert_eq!(refused.header("content-type"), Some("application/json"), "{path}");
            if open.is_some() {
                assert_eq!(server.send(request("OPTIONS", &*path)).status(), 204, "{path}");
            }
        }
        for path in [
            format!("/t/{name}/oauth2/jwks"),
            format!("/t/{name}/.well-known/openid-configuration"),
            format!("/.well-known/oauth-authorization-server/t/{name}"),
        ] {
            let refused = server.send(request("GET", &*path));
            refused.assert_problem(404, "not-found", None);
            assert_eq!(refused.header("access-control-allow-origin"), Some("*"), "{path}");
            assert_eq!(server.send(request("OPTIONS", &*path)).status(), 204, "{path}");
        }
    }
}

#[test]
fn percent_encoding() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    for path in
        ["/t/%61cme/oauth2/jwks", "/%74/acme/oauth2/jwks", "/admin%2Forganizations/../health", "/he%61lth"]
    {
        let status = if path.contains("..") { 404 } else { 200 };
        assert_eq!(server.send(request("GET", path)).status(), status, "{path}");
    }
    for path in ["", "*", "/%", "/%4", "/%zz", "/%ff", "/t/%c3/oauth2/jwks", "/admin/organizations/%ff"] {
        server.send(request("GET", path).by_admin()).assert_problem(400, "invalid", None);
    }
    // A slash that is part of a name is one.
    let issuer = json!({"issuer": "https://idp.example", "jwks_uri": "https://idp.example/jwks"});
    let made = server.admin("PUT", "/acme/trusted-issuers/a%2F%C3%A9", &issuer);
    assert_eq!(made.json()["name"], "a/é");
    assert_eq!(made.header("location"), Some("/admin/organizations/acme/trusted-issuers/a%2F%C3%A9"));
}

#[test]
fn documents() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    let jwks = server.send(request("GET", "/t/acme/oauth2/jwks"));
    assert_eq!(jwks.json()["keys"].as_array().map(Vec::len), Some(1));
    let length = jwks.text().len();
    assert_eq!(
        jwks.headers(),
        [
            "content-type: application/json",
            "cache-control: public, max-age=300",
            "x-content-type-options: nosniff",
            "access-control-allow-origin: *",
            "access-control-expose-headers: DPoP-Nonce, WWW-Authenticate",
            &format!("content-length: {length}"),
        ]
    );
    for (path, issuer) in [
        ("/.well-known/oauth-authorization-server", "https://as.example"),
        ("/.well-known/openid-configuration", "https://as.example"),
        ("/.well-known/oauth-authorization-server/t/acme", "https://as.example/t/acme"),
        ("/t/acme/.well-known/openid-configuration", "https://as.example/t/acme"),
    ] {
        let metadata = server.send(request("GET", path));
        assert_eq!(metadata.json()["issuer"], issuer, "{path}");
        assert_eq!(metadata.header("cache-control"), Some("public, max-age=300"));
    }
    let nobody = server.send(request("GET", "/t/nobody/.well-known/openid-configuration"));
    nobody.assert_problem(404, "not-found", None);
    assert_eq!(nobody.header("access-control-allow-origin"), Some("*"));
}

/// R17: what is public is open to pages of any origin, and nothing else is.
#[test]
fn r17_pages_of_other_origins() {
    let (world, texts) = (World::default(), Texts::default());
    let server = with_acme(&world, &texts);
    for (path, _, _) in PATHS {
        let origin = |method| request(method, path).header("Origin", "https://page.example");
        let is_public =
            (path.contains("oauth") || path.contains(".well-known")) && !path.ends_with("introspect");
        let got = server.send(origin("GET").by_admin());
        assert_eq!(got.header("access-control-allow-origin"), is_public.then_some("*"), "{path}");
        let asked = "authorization, X-Mine,content-type";
        let preflight = server.send(origin("OPTIONS").header("access-control-request-headers", asked));
        if !is_public {
            assert!(matches!(preflight.status(), 401 | 405), "{path}");
            assert_eq!(preflight.header("access-control-allow-origin"), None, "{path}");
            continue;
        }
        let is_asked = path.ends_with("token") || path.ends_with("revoke");
        let methods = if is_asked { "POST" } else { READ };
        assert_eq!((preflight.status(), preflight.text()), (204, ""), "{path}");
        assert_eq!(
            preflight.headers(),
            [
                "cache-control: no-store",
                &format!("allow: {methods}"),
                "access-control-allow-origin: *",
                &format!("access-control-allow-methods: {methods}"),
                "access-control-max-age: 600",
                "access-control-allow-headers: authorization, content-type",
            ]
        );
    }
}

#[test]
fn health() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let health = |status: u16, body: Value| {
        let got = server.send(request("GET", "/health"));
        assert_eq!((got.status(), got.json()), (status, body));
    };
    health(200, json!({"status": "ok"}));
    for store in [&world.registry, &world.replay] {
        store.broken.set(true);
        health(503, json!({"status": "store unavailable"}));
        store.broken.set(false);
    }
    // R70: exchanges go on where used assertions can't be deleted, and it is told.
    world.replay.unlistable.set(true);
    world.advance(600);
    server.send(request("GET", "/oauth2/jwks"));
    health(200, json!({"status": "ok", "sweep": "failing"}));
    assert_eq!(server.told("MaintenanceFailed").len(), 1);
}
