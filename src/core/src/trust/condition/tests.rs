use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::named_claims::{FoundClaims, NamedClaims};
use super::ClaimCondition;
use crate::json::{self, Object};

fn object(text: &str) -> Object {
    json::parse_object(text.as_bytes()).expect("JSON")
}

/// A condition on the claim `c`.
fn condition(test: &str) -> ClaimCondition {
    json::from_slice(format!("{{\"claim\":\"c\",{test}}}").as_bytes()).expect("a condition")
}

fn holds(condition: &ClaimCondition, claims: &str) -> bool {
    let mut named = NamedClaims::default();
    let parsed = condition.parse("claims[0]", &mut named).expect("a good condition");
    let claims = object(claims);
    let claims = FoundClaims::of(&named, &claims);
    let holds = parsed.holds(&claims);
    assert_eq!(parsed.failure(&claims).is_none(), holds, "the words differ from the verdict");
    holds
}

fn failure(test: &str, claims: &str) -> Option<String> {
    let mut named = NamedClaims::default();
    let parsed = condition(test).parse("claims[0]", &mut named).expect("a good condition");
    parsed.failure(&FoundClaims::of(&named, &object(claims)))
}

/// The member at fault.
fn fault(condition: &ClaimCondition) -> Option<String> {
    let parsed = condition.parse("claims[0]", &mut NamedClaims::default());
    parsed.map(drop).map_err(|error| error.field).err()
}

/// R49, R83: types count, `1` and `1.0` are one number, and two large integers are two.
#[test]
fn r49_same_value() {
    let same = |claim: &str, value: &str| {
        let condition = condition(&format!("\"equals\":{value}"));
        fault(&condition).is_none() && holds(&condition, &format!("{{\"c\":{claim}}}"))
    };
    for (claim, value) in [
        ("1", "1.0"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("-0.0", "0"),
        ("0.5", "5e-1"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1e19", "10000000000000000000"),
    ] {
        assert!(same(claim, value), "{claim} {value}");
    }
    for (claim, value) in [
        ("18446744073709551615", "18446744073709551614"),
        ("9223372036854775809", "9223372036854775808"),
        ("9007199254740993", "9007199254740992"),
        ("9007199254740993", "9007199254740992.0"),
        ("18446744073709551615", "18446744073709551616"),
        ("18446744073709551616", "18446744073709551616"),
        ("18446744073709551617", "18446744073709551617"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1e20", "1e20"),
        ("1e300", "1e300"),
        ("-1", "18446744073709551615"),
        ("1", "\"1\""),
        ("true", "\"true\""),
        ("null", "false"),
    ] {
        assert!(!same(claim, value), "{claim} {value}");
    }
}

/// R49: what could not be compared is not registered; 1e20 is such an integer too.
#[test]
fn r49_integers_beyond_64_bits() {
    for number in ["18446744073709551616", "18446744073709551617", "-9223372036854775809", "1e20", "1e300"] {
        for (test, field) in [
            (format!("\"equals\":{number}"), "claims[0].equals"),
            (format!("\"one_of\":[1,{number}]"), "claims[0].one_of"),
            (format!("\"contains\":{number}"), "claims[0].contains"),
            (format!("\"all_of\":[{number}]"), "claims[0].all_of"),
            (format!("\"at_least\":{number}"), "claims[0].at_least"),
            (format!("\"at_most\":{number}"), "claims[0].at_most"),
            (format!("\"not\":{{\"equals\":{number}}}"), "claims[0].not.equals"),
        ] {
            assert_eq!(fault(&condition(&test)).as_deref(), Some(field), "{test}");
        }
    }
    for number in ["18446744073709551615", "-9223372036854775808", "1e19", "0.1", "-1.5"] {
        assert_eq!(fault(&condition(&format!("\"equals\":{number}"))), None, "{number}");
    }
}

/// A test, and the values that fit, that differ, and that can't be compared.
type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

/// R83: each test and its negation, of each type of claim. What can't be compared meets neither.
#[test]
fn r83_tests_and_their_negations() {
    let cases: &[Case<'_>] = &[
        (
            r#""equals":"a""#,
            &[r#""a""#, r#"["b","a"]"#, r#"[1,"a"]"#],
            &[r#""b""#, r#""A""#, r#""""#, r#"["b","c"]"#, "[]"],
            &["1", "true", "{}", "[1]", r#"["b",1]"#, r#"[["a"]]"#, "[null]"],
        ),
        (
            r#""one_of":["a","b",1]"#,
            &[r#""b""#, "1", "1.0", r#"["x","b"]"#],
            &[r#""c""#, "2", r#"["x",2]"#, r#""1""#],
            &["true", "{}", r#"["x",true]"#, "1e20"],
        ),
        (
            r#""contains":"a""#,
            &[r#"["a"]"#, r#"["b","a"]"#, r#"[1,"a"]"#],
            &["[]", r#"["b"]"#],
            &[r#""a""#, "{}", r#"["b",1]"#, r#"[["a"]]"#],
        ),
        (
            r#""all_of":["a",1]"#,
            &[r#"["a",1]"#, r#"[1,"b","a"]"#],
            &["[]", r#"["a"]"#, r#"["a","1"]"#],
            &[r#""a""#, r#"["a",true]"#, "{}"],
        ),
        (
            r#""glob":"refs/heads/*""#,
            &[r#""refs/heads/main""#, r#"["x","refs/heads/main"]"#],
            &[r#""refs/heads/""#, r#""refs/heads/a/b""#, r#""xrefs/heads/main""#],
            &["1", r#"["x",1]"#, "{}"],
        ),
        (r#""glob":"main""#, &[r#""main""#], &[r#""mainx""#, r#""m""#], &["7"]),
        (r#""prefix":"refs/""#, &[r#""refs/x""#, r#""refs/""#], &[r#""ref""#, r#""xrefs/""#], &["1"]),
        (
            r#""at_least":5"#,
            &["5", "5.0", "5.5", "18446744073709551615", "[1,7]"],
            &["4", "4.9", "-1", "-0.5", "[1,2]", "[]"],
            &[r#""5""#, "1e20", "true", r#"[1,"4"]"#],
        ),
        (
            r#""at_most":-1.5"#,
            &["-1.5", "-2", "-1.6", "-9223372036854775808"],
            &["-1", "0", "-1.4", "1.5"],
            &["-1e20", r#""x""#],
        ),
        (
            r#""at_least":9007199254740993"#,
            &["9007199254740993", "9007199254740994"],
            &["9007199254740992", "0.5"],
            &["1e300"],
        ),
        (r#""at_most":0.5"#, &["0", "0.25", "-3"], &["1", "0.75"], &[]),
    ];
    for (test, fitting, differing, incomparable) in cases {
        let (plain, negated) = (condition(test), condition(&format!("\"not\":{{{test}}}")));
        let expected = [(fitting, true, false), (differing, false, true), (incomparable, false, false)];
        for (values, passes, fails) in expected {
            for value in values.iter() {
                let claims = format!("{{\"c\":{value}}}");
                assert_eq!(holds(&plain, &claims), passes, "{test} of {value}");
                assert_eq!(holds(&negated, &claims), fails, "not {test} of {value}");
            }
        }
        for claims in ["{}", r#"{"c":null}"#, r#"{"C":"a"}"#] {
            assert!(!holds(&plain, claims) && !holds(&negated, claims), "{test} of {claims}");
        }
    }
}

/// R83: null is as good as absent.
#[test]
fn r83_present() {
    for (claims, present) in
        [("{}", false), (r#"{"c":null}"#, false), (r#"{"c":false}"#, true), (r#"{"c":[]}"#, true)]
    {
        assert_eq!(holds(&condition(r#""present":true"#), claims), present, "{claims}");
        assert_eq!(holds(&condition(r#""present":false"#), claims), !present, "{claims}");
    }
}

/// R83: exactly one test, and nothing that says nothing.
#[test]
fn r83_conditions_that_are_refused() {
    let long = format!("\"glob\":\"a{}\"", "x".repeat(1024));
    let many = format!("\"one_of\":[{}1]", "1,".repeat(1000));
    for (test, field) in [
        ("\"present\":true,\"equals\":1", "claims[0]"),
        ("\"glob\":\"a\",\"prefix\":\"a\"", "claims[0]"),
        ("\"not\":{\"equals\":1},\"equals\":1", "claims[0]"),
        ("\"not\":{}", "claims[0].not"),
        ("\"not\":{\"equals\":1,\"glob\":\"a\"}", "claims[0].not"),
        ("\"equals\":null,\"one_of\":null", "claims[0]"),
        ("\"equals\":[1]", "claims[0].equals"),
        ("\"equals\":{}", "claims[0].equals"),
        ("\"one_of\":[]", "claims[0].one_of"),
        ("\"all_of\":[]", "claims[0].all_of"),
        ("\"all_of\":[null]", "claims[0].all_of"),
        ("\"glob\":\"\"", "claims[0].glob"),
        ("\"glob\":\"*\"", "claims[0].glob"),
        ("\"glob\":\"**/*\"", "claims[0].glob"),
        ("\"glob\":\"a***\"", "claims[0].glob"),
        ("\"prefix\":\"\"", "claims[0].prefix"),
        (long.as_str(), "claims[0].glob"),
        (many.as_str(), "claims[0].one_of"),
    ] {
        assert_eq!(fault(&condition(test)).as_deref(), Some(field), "{test}");
    }
    for unknown in [r#"{"claim":"c","not":{"present":true}}"#, r#"{"claim":"c","not":{"not":{"equals":1}}}"#]
    {
        assert!(json::from_slice::<ClaimCondition>(unknown.as_bytes()).is_err(), "{unknown}");
    }
    let deep = format!("{{\"claim\":\"{}\",\"present\":true}}", "/a".repeat(17));
    let deep: ClaimCondition = json::from_slice(deep.as_bytes()).expect("a condition");
    assert_eq!(fault(&deep).as_deref(), Some("claims[0].claim"));
}

/// R83: nested claims, looked for once each.
#[test]
fn r83_nested_claims() {
    let condition: ClaimCondition =
        json::from_slice(br#"{"claim":"/kubernetes.io/pod/0/name","equals":"web"}"#).expect("a condition");
    assert!(holds(&condition, r#"{"kubernetes.io":{"pod":[{"name":"web"}]}}"#));
    for claims in [
        r#"{"kubernetes.io":{"pod":[{"name":"web-evil"}]}}"#,
        r#"{"kubernetes.io":{"pod":{"0":{"name":["x"]}}}}"#,
        r#"{"/kubernetes.io/pod/0/name":"web"}"#,
        r#"{"kubernetes.io":"web"}"#,
    ] {
        assert!(!holds(&condition, claims), "{claims}");
    }
    let mut named = NamedClaims::default();
    let numbers: Vec<_> = ["a", "/a", "a", "b"].map(|name| named.add(name).expect("a name")).into();
    assert_eq!(numbers, [0, 1, 0, 2]);
}

/// R49, R83: the claim, the type found and the type wanted; never the value.
#[test]
fn r49_words() {
    for (test, claims, words) in [
        (r#""equals":true"#, r#"{"c":"true"}"#, "is a string; wanted is a boolean of a certain value"),
        (r#""equals":7"#, "{}", "is absent; wanted is a number of a certain value"),
        (r#""equals":7"#, r#"{"c":null}"#, "is null; wanted is a number of a certain value"),
        (
            r#""equals":7"#,
            r#"{"c":1e20}"#,
            "is an integer beyond 64 bits, which is equal to nothing; wanted is a number of a certain value",
        ),
        (
            r#""one_of":["a","b",1]"#,
            r#"{"c":"x"}"#,
            "is a string; wanted is a string or a number of certain values",
        ),
        (
            r#""contains":"a""#,
            r#"{"c":"a"}"#,
            "is a string; wanted is an array with a string of a certain value",
        ),
        (
            r#""all_of":["a",1]"#,
            r#"{"c":["b",true]}"#,
            "is an array with a string or a boolean in it; wanted is an array with a string or a number of each of certain values",
        ),
        (r#""glob":"a*""#, r#"{"c":[]}"#, "is an empty array; wanted is a string of a certain form"),
        (r#""prefix":"a""#, r#"{"c":7}"#, "is a number; wanted is a string with a certain beginning"),
        (r#""at_least":7"#, r#"{"c":"9"}"#, "is a string; wanted is a number of at least a certain value"),
        (r#""at_most":7"#, r#"{"c":9}"#, "is a number; wanted is a number of at most a certain value"),
        (
            r#""not":{"equals":"a"}"#,
            r#"{"c":"a"}"#,
            "is a string; wanted is a string, but none of a certain value",
        ),
        (r#""present":true"#, "{}", "is absent; wanted is any value"),
        (r#""present":false"#, r#"{"c":1}"#, "is there and must not be"),
    ] {
        assert_eq!(failure(test, claims), Some(format!("claim \"c\" {words}")), "{test} {claims}");
    }
    assert_eq!(failure(r#""equals":1"#, r#"{"c":1.0}"#), None);
    let long = format!("{{\"c\":\"{}\"}}", "a".repeat(1025));
    let words = "claim \"c\" is a string of more than 1024 bytes; wanted is a string of a certain form";
    assert_eq!(failure(r#""glob":"a*""#, &long).as_deref(), Some(words));
    assert!(failure(r#""not":{"glob":"b*"}"#, &long).is_some());
}
