//! Files that people hand over: what is wrong with one is said of it by name.

use std::fs;
use std::path::Path;

use crate::server::{Server, run};

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// A public key in PEM, and a JWK set, of this directory.
fn keys(directory: &Path) -> (String, &'static str) {
    let mint = ["mint", "--key", "k.pem", "--generate", "--iss", "i", "--sub", "s", "--aud", "a"];
    assert_eq!(run(directory, &mint).code, 0);
    // RFC 7517 appendix A.1.
    let jwks = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;
    (fs::read_to_string(directory.join("k.pub.pem")).unwrap(), jwks)
}

/// The schema needs no server, and a file beside it makes no sense.
#[test]
fn the_schema_of_registrations_is_printed() {
    let directory = tempfile::tempdir().unwrap();
    let printed = run(directory.path(), &["apply", "--schema"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    let schema: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_ne!(run(directory.path(), &["apply", "--schema", "trust.json"]).code, 0);
    assert_ne!(run(directory.path(), &["apply"]).code, 0);
}

#[test]
fn a_file_of_keys_is_named_for_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let (pem, jwks) = keys(directory.path());
    fs::create_dir(directory.path().join("folder")).unwrap();
    let twice = format!("{{\"keys\":[],\n{}", jwks.strip_prefix('{').unwrap());
    let refused: [(&str, &[u8], &str); 22] = [
        ("--jwks", pem.as_bytes(), "this is PEM: certificates and public keys are given with --certificate"),
        ("--jwks", &utf16(jwks), "UTF-16"),
        ("--jwks", &utf16(jwks)[2..], "PowerShell"),
        ("--jwks", b"", "empty"),
        ("--jwks", b"{\"keys\":[\n}", "line 2"),
        ("--jwks", b"<!DOCTYPE html><html>", "HTML"),
        ("--jwks", b"keys:\n  - kty: EC\n", "YAML"),
        ("--jwks", b"[]", "no member keys"),
        ("--jwks", br#"{"kty":"EC"}"#, "one JWK"),
        ("--jwks", br#"{"issuer":"https://x.example","jwks_uri":"https://x.example/jwks"}"#, "--jwks-uri"),
        ("--jwks", br#"{"keys":[{"kty":"EC"}]}"#, "jwks.keys[0]"),
        ("--jwks", twice.as_bytes(), "keys stands twice in an object at line 2"),
        ("--jwks", b"0\x82\x01\xff\xff", "DER"),
        ("--jwks", b"{\"keys\":[]}\xff", "UTF-8"),
        ("--certificate", jwks.as_bytes(), "this is JSON: a JWK set is given with --jwks"),
        ("--certificate", &utf16(&pem), "UTF-16"),
        ("--certificate", &utf16(&pem)[2..], "UTF-16"),
        ("--certificate", b"", "empty"),
        ("--certificate", b" \n", "empty"),
        ("--certificate", b"<html>", "HTML"),
        ("--certificate", b"0\x82\x01\xff\xff", "certificate"),
        ("--certificate", &[b'x'; 70_000], "64 KiB"),
    ];
    for (option, bytes, named) in refused {
        fs::write(directory.path().join("given"), bytes).unwrap();
        let add = ["issuer", "add", "x", "--issuer", "https://x.example", option, "given"];
        let ran = server.run(&add);
        assert_eq!(ran.code, 1, "{named}: {ran:?}");
        let begin = format!("error: {option} given: ");
        assert!(ran.err.starts_with(&begin) && ran.err.contains(named), "{named}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
    for option in ["--jwks", "--certificate"] {
        for path in ["folder", "/dev/zero", "missing"] {
            let ran = server.run(&["issuer", "add", "x", "--issuer", "https://x.example", option, path]);
            assert!(ran.err.starts_with(&format!("error: {option} {path}: ")), "{ran:?}");
        }
    }
    // A block of the file that is no key is named with it.
    fs::write(directory.path().join("given"), format!("{pem}{}", pem.replace("MFkw", "MFgw"))).unwrap();
    let ran = server.run(&["issuer", "add", "x", "--issuer", "https://x.example", "--certificate", "given"]);
    assert_eq!((ran.code, ran.err.contains("--certificate given: ")), (1, true), "{ran:?}");
    assert_eq!(server.out(&["issuer", "list", "--json"]).trim(), "[]", "nothing was stored");

    // A mark of UTF-8 before them is no fault.
    for (name, option, text) in [("a", "--jwks", jwks), ("b", "--certificate", &pem)] {
        fs::write(directory.path().join("given"), format!("\u{feff}{text}")).unwrap();
        let issuer = format!("https://{name}.example");
        server.out(&["issuer", "add", name, "--issuer", &issuer, option, "given"]);
        server.out(&["issuer", "set", name, option, "given"]);
    }
}

#[test]
fn a_file_of_registrations_is_named_for_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let document = r#"{"organizations":[{"name":"acme"}]}"#;
    let refused: [(&str, &[u8], &str); 15] = [
        ("t.yaml", b"organizations:\n  - name: acme\n", "must be JSON or TOML; this is YAML"),
        ("t.json", b"---\norganizations: []\n", "must be JSON or TOML; this is YAML"),
        ("t.toml", b"organizations:\n  - name: acme\n", "must be JSON or TOML; this is YAML"),
        ("t.toml", document.as_bytes(), "this is JSON"),
        (
            "t.json",
            b"[[organizations]]\nname = \"acme\"\n",
            "TOML is read from a file whose name ends in .toml",
        ),
        ("t.json", b"{\"organizations\":\n[{]}", "line 2"),
        ("t.toml", b"[[organizations]]\nname = acme\n", "line 2"),
        ("t.json", b"", "empty"),
        ("t.toml", b"\xef\xbb\xbf\n", "empty"),
        ("t.json", &utf16(document), "UTF-16"),
        ("t.toml", &utf16("[[organizations]]"), "UTF-16"),
        ("t.json", b"\xff{}", "UTF-8"),
        ("t.json", br#"{"organizations":[{"name":"a","name":"b"}]}"#, "name stands twice"),
        ("t.json", br#"{"organizations":[{"name":1}]}"#, "t.json: organizations[0].name"),
        ("t.json", br#"{"organizations":[{"name":"A B"}]}"#, "t.json: organizations[0]"),
    ];
    for (name, bytes, named) in refused {
        fs::write(directory.path().join(name), bytes).unwrap();
        let ran = server.run(&["apply", name]);
        assert_eq!(ran.code, 1, "{named}: {ran:?}");
        assert!(ran.err.starts_with(&format!("error: {name}: ")) && ran.err.contains(named), "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
    fs::create_dir(directory.path().join("folder.toml")).unwrap();
    for path in ["folder.toml", "/dev/zero", "missing.json"] {
        let ran = server.run(&["apply", path]);
        assert!(ran.code == 1 && ran.err.contains(path), "{ran:?}");
    }
    for (name, text) in [("t.json", document), ("t.TOML", "[[organizations]]\nname = \"acme\"\n")] {
        fs::write(directory.path().join(name), format!("\u{feff}{text}")).unwrap();
        server.out(&["apply", name]);
    }
}

/// An integer that would be rounded on its way is refused where it is given.
#[test]
fn a_condition_is_what_was_meant() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let add = ["issuer", "add", "x", "--issuer", "https://x.example", "--jwks-uri", "https://x.example/jwks"];
    for condition in
        [r#"{"claim":"n","equals":18446744073709551617}"#, r#"{"claim":"a","claim":"b","equals":1}"#]
    {
        let ran = server.run(&[&add[..], &["--condition", condition]].concat());
        assert_eq!((ran.code, ran.err.contains("--condition")), (1, true), "{ran:?}");
    }
}

#[test]
fn a_file_of_the_server_or_of_mint_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).unwrap();
    write("t.toml", b"[[organizations]]\nname = \"acme\"\n");
    write("utf16.json", &utf16("{}"));
    write("empty.json", b"");
    write("x.wasm", b"not wasm");
    write("public.pem", b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n");
    let serve =
        |option: &'static str, value: &'static str| vec!["serve", "--listen", "127.0.0.1:0", option, value];
    let mint = |key: &'static str| vec!["mint", "--key", key, "--iss", "i", "--sub", "s", "--aud", "a"];
    let refused = [
        (serve("--trust", "@t.toml"), "--trust @t.toml: must be JSON", "TOML"),
        (serve("--trust", "t.toml"), "--trust: ", "@FILE"),
        (serve("--trust", "@utf16.json"), "utf16.json: ", "UTF-16"),
        (serve("--trust", "@empty.json"), "--trust @empty.json: ", "empty"),
        (serve("--component", "x.wasm"), "x.wasm: ", "component cannot be compiled"),
        (mint("public.pem"), "--key public.pem: ", "not a private key"),
        (mint("utf16.json"), "--key utf16.json: ", "UTF-16"),
        (mint("."), "--key .: ", "directory"),
    ];
    for (arguments, place, named) in refused {
        let ran = run(directory.path(), &arguments);
        assert_eq!(ran.code, 1, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(place) && ran.err.contains(named), "{arguments:?}: {ran:?}");
    }
}

/// R53: a key that will verify nothing is told at once, and not only when an assertion is refused for it.
#[test]
fn r53_skipped_keys_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let (_, jwks) = keys(directory.path());
    let symmetric = jwks.replace("]}", r#",{"kty":"oct","k":"c2VjcmV0"}]}"#);
    fs::write(directory.path().join("given"), symmetric).unwrap();
    let added = server.run(&["issuer", "add", "x", "--issuer", "https://x.example", "--jwks", "given"]);
    assert_eq!(added.code, 0, "{added:?}");
    let told = "warning: keys[1] is not used: ";
    assert!(added.err.contains(told), "{added:?}");
    let set = server.run(&["issuer", "set", "x", "--jwks", "given"]);
    assert!(set.err.contains(told) && !set.out.contains("skipped_keys"), "{set:?}");
}

/// R74: a record that can't be read is missing in the list, and that is said.
#[test]
fn r74_unreadable_records_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let (_, jwks) = keys(directory.path());
    fs::write(directory.path().join("given"), jwks).unwrap();
    for name in ["good", "spoilt"] {
        let issuer = format!("https://{name}.example");
        server.out(&["issuer", "add", name, "--issuer", &issuer, "--jwks", "given"]);
    }
    let store = rusqlite::Connection::open(server.data.join("default.db")).unwrap();
    let spoil = "UPDATE entries SET value = '{' WHERE key = 'trusted-issuer/default/spoilt'";
    assert_eq!(store.execute(spoil, []).unwrap(), 1);
    let list = server.run(&["issuer", "list"]);
    assert_eq!(list.code, 0, "{list:?}");
    assert!(list.out.contains("good") && !list.out.contains("spoilt"), "{list:?}");
    assert!(list.err.contains("the record of spoilt "), "{list:?}");
}
