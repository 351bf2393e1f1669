//! The console's files: for whom they are there, how browsers keep them, and what they may do.

use crate::server::{Answer, Server, Texts, request};
use crate::world::World;

/// All that the page is made of, in bytes: as it is written, and as it is sent.
const MAX_WRITTEN: usize = 120_000;
const MAX_SENT: usize = 40_000;

/// The names of the files, from the folder that they are in.
fn names() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/console");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("ASCII"))
        .collect();
    names.sort();
    names
}

fn path(name: &str) -> String {
    if name == "index.html" { "/console/".to_owned() } else { format!("/console/{name}") }
}

fn get(server: &Server<'_>, path: impl Into<String>) -> Answer {
    server.send(request("GET", path))
}

#[test]
fn every_file_is_served_to_anybody() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let names = names();
    assert!(names.len() > 5, "{names:?}");
    let (mut written, mut sent) = (0, 0);
    for name in names {
        let answer = get(&server, path(&name));
        assert_eq!(answer.status(), 200, "{name}");
        let media_type = match name.rsplit_once('.').expect("an extension").1 {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{other}"),
        };
        assert_eq!(answer.header("content-type"), Some(media_type));
        assert_eq!(answer.header("content-encoding"), Some("gzip"));
        assert_eq!(answer.0.body.get(..3), Some(&[0x1f, 0x8b, 8][..]), "{name} is a gzip member");
        let source =
            std::fs::metadata(format!("{}/console/{name}", env!("CARGO_MANIFEST_DIR"))).expect("the file");
        // The end of a gzip member is the length of what is in it.
        let length = answer.0.body.last_chunk().map(|end| u32::from_le_bytes(*end));
        assert_eq!(length.map(u64::from), Some(source.len()), "{name}");
        written += usize::try_from(source.len()).expect("small");
        sent += answer.0.body.len();
    }
    assert!(written <= MAX_WRITTEN, "the console has {written} bytes");
    assert!(sent <= MAX_SENT, "the console has {sent} bytes, compressed");
}

/// No script, style, picture or connection but our own; no frame, no form that leaves the page, no text that becomes
/// markup.
#[test]
fn content_security_policy() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    for name in names() {
        let answer = get(&server, path(&name));
        let policy = answer.header("content-security-policy").expect("a policy");
        let directives: Vec<&str> = policy.split("; ").collect();
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(directives.contains(&directive), "{name}: {directive} is not in {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(header), Some(value), "{name}: {header}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

/// The files name no other host, have nothing inline, and make no markup of text.
#[test]
fn nothing_of_third_parties() {
    for name in names() {
        let text = std::fs::read_to_string(format!("{}/console/{name}", env!("CARGO_MANIFEST_DIR")))
            .expect("the file");
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "DOMParser",
        ] {
            assert!(!text.contains(forbidden), "{name} has {forbidden}");
        }
        for forbidden in [" style=", " onclick=", "<style"] {
            assert!(!name.ends_with(".html") || !text.contains(forbidden), "{name} has {forbidden}");
        }
        for (_, rest) in text.match_indices("https://").map(|(at, _)| text.split_at(at + "https://".len())) {
            assert!(
                rest.starts_with("idp.example.com") || rest.starts_with("reports.example.com"),
                "{name}: {rest:.40}"
            );
        }
    }
}

/// A browser keeps a file and asks: 304 as long as it is the same (RFC 9110 section 13.1.2).
#[test]
fn entity_tags() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    let first = get(&server, "/console/app.js");
    let tag = first.header("etag").expect("a tag").to_owned();
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    assert_eq!(first.header("vary"), Some("accept-encoding"));
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = server.send(request("GET", "/console/app.js").header("If-None-Match", &known));
        assert_eq!((again.status(), again.0.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert_eq!(again.header("content-length"), None, "of another length than the file's");
    }
    for unknown in ["\"other\"", "", "app.js", &tag[1..]] {
        assert_eq!(
            server.send(request("GET", "/console/app.js").header("If-None-Match", unknown)).status(),
            200
        );
    }
    let tags: Vec<_> =
        names().iter().map(|name| get(&server, path(name)).header("etag").map(ToOwned::to_owned)).collect();
    assert!(tags.iter().all(|tag| tags.iter().filter(|other| *other == tag).count() == 1), "{tags:?}");
}

/// There is one form of each file; who can't read it is told so (RFC 9110 section 12.5.3).
#[test]
fn compression() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    for accepted in ["gzip", "br, gzip;q=0.5", "deflate, GZIP", "x-gzip", "*", "gzip ; q=1"] {
        let answer = server.send(request("GET", "/console/").header("Accept-Encoding", accepted));
        assert_eq!(answer.status(), 200, "{accepted}");
    }
    for refused in ["", "identity", "br", "gzip;q=0", "*;q=0.0", "gzip;q=0.000, *"] {
        let answer = server.send(request("GET", "/console/").header("Accept-Encoding", refused));
        assert_eq!(answer.status(), 406, "{refused}");
    }
}

/// The page's addresses are relative to `/console/`, below whichever path a proxy serves it.
#[test]
fn without_the_slash() {
    let (world, texts) = (World::default(), Texts::default());
    let answer = get(&Server::new(&world, &texts), "/console");
    assert_eq!((answer.status(), answer.header("location")), (308, Some("console/")));
}

#[test]
fn nothing_else_is_there() {
    let (world, texts) = (World::default(), Texts::default());
    let server = Server::new(&world, &texts);
    for path in [
        "/console/index.html",
        "/console/nothing.js",
        "/console//app.js",
        "/console/app.js/",
        "/console/APP.JS",
        "/console/../Cargo.toml",
        "/console/%2e%2e/Cargo.toml",
        "/console/app.js.gz",
        "/t/acme/console/",
    ] {
        assert_eq!(get(&server, path).status(), 404, "{path}");
    }
}

/// Without an admin token there is nothing to sign in to; with a broken setting the page says so, as everything does.
#[test]
fn as_the_admin_api() {
    for (setting, text, status) in [("admin_token", "", 404), ("admin_token", "short", 503)] {
        let (world, texts) = (World::default(), Texts::default());
        texts.set(setting, Ok(text));
        let server = Server::new(&world, &texts);
        for path in ["/console", "/console/", "/console/app.js"] {
            assert_eq!(get(&server, path).status(), status, "{path} with {setting} {text:?}");
        }
    }
}
