//! What goes on to the resource with a request that passes (R120).

use super::*;

#[test]
fn r120_headers_of_ours_that_come_in() {
    for ours in [
        "x-asserta-subject",
        "X-Asserta-Subject",
        "X_ASSERTA_SUBJECT",
        "x-Asserta_Client-Id",
        "x_asserta-anything",
        "x-asserta-",
    ] {
        assert!(is_our_header(ours), "{ours}");
    }
    for other in
        ["x-asserta", "xasserta-subject", "y-x-asserta-subject", "authorization", "", "x-asserts-subject"]
    {
        assert!(!is_our_header(other), "{other}");
    }
}

/// A subject is any text: none of it may begin another header or look like another subject.
#[test]
fn r120_header_values_are_safe() {
    let with = |sub: &str| {
        let Outcome::Passed(passed) = bearer(&mut guard(), &token(&format!(r#"{{"sub":"{sub}"}}"#)), NOW)
        else {
            panic!("it is good")
        };
        passed.headers()[0].1.clone()
    };
    assert_eq!(with(r"a\r\nx-asserta-scope: admin"), "a%0D%0Ax-asserta-scope: admin");
    assert_eq!(with("a%0D"), "a%250D");
    assert_eq!(with(" a b "), "%20a b%20");
    assert_eq!(with("jörg"), "j%C3%B6rg");
    assert_eq!(with("spiffe://example.org/ns/a"), "spiffe://example.org/ns/a");
}
