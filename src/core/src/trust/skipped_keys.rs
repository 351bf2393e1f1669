//! Which keys of a registration may be used, which are not, and why.

use alloc::vec::Vec;

use super::document::TrustedIssuer;
use crate::jose::SkippedKey;
use crate::jose::key::KeyUse;
use crate::keys;

impl TrustedIssuer {
    /// What its keys may be for (R47): where it speaks for a SPIFFE trust domain, those of that one's bundle count. Elsewhere
    /// they would vouch for whatever the issuer is trusted with.
    #[must_use]
    pub(crate) fn key_use(&self) -> KeyUse {
        if self.trust_domain.is_some() { KeyUse::JwtSvids } else { KeyUse::Signatures }
    }

    /// The registered keys that are not used at `now`, in seconds since 1970, and why (R31, R47, R53). A certificate that
    /// is not valid at the moment is among them, though it may be used later. Those of an endpoint are not known here.
    #[must_use]
    pub fn skipped_keys(&self, now: u64) -> Vec<SkippedKey> {
        let allowed = self.algorithms.as_deref();
        keys::skipped_keys(self.certificate.as_deref(), self.jwks.as_ref(), self.key_use(), allowed, now)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::json::{self, Value};
    use crate::trust::Issuer;

    macro_rules! pem {
        ($name:literal) => {
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates/", $name, ".pem"))
        };
    }

    fn issuer(member: &str, value: impl Into<Value>) -> TrustedIssuer {
        let mut document = json::parse_object(br#"{"name":"a","issuer":"https://a.example"}"#).expect("JSON");
        document.insert(member, value);
        json::from_value(Value::Object(document)).expect("an issuer")
    }

    fn skipped(issuer: &TrustedIssuer) -> Value {
        Issuer::parse(issuer.clone(), false).expect("usable");
        let skipped = serde_json::to_vec(&issuer.skipped_keys(1_800_000_000)).expect("JSON");
        json::parse(&skipped).expect("JSON")
    }

    fn parsed(text: &str) -> Value {
        json::parse(text.as_bytes()).expect("JSON")
    }

    /// R47, R53: a registration says which keys are not used, and why.
    #[test]
    fn r47_skipped_keys_are_told() {
        let chain = format!("{}{}{}", pem!("p256.crt"), pem!("authority.crt"), pem!("expired-with-text"));
        assert_eq!(
            skipped(&issuer("certificate", chain.as_str())),
            parsed(
                r#"[{"key":"block 2 (CERTIFICATE)","reason":"keyUsage is keyCertSign, cRLSign, without digitalSignature or nonRepudiation (RFC 5280 section 4.2.1.3)"},
                    {"key":"block 3 (CERTIFICATE)","reason":"the certificate expired at 2020-12-31T23:59:59Z"}]"#
            )
        );
        let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let jwks = parsed(&format!(r#"{{"keys":[{key},{{"kty":"oct","k":"AA"}}]}}"#));
        assert_eq!(
            skipped(&issuer("jwks", jwks)),
            parsed(r#"[{"key":"keys[1]","reason":"a symmetric key never verifies an assertion"}]"#)
        );
        assert_eq!(skipped(&issuer("certificate", pem!("p256.crt"))), parsed("[]"));
        assert_eq!(skipped(&issuer("jwks_uri", "https://a.example/keys")), parsed("[]"));
    }

    /// R31, R47: the algorithms must leave a key to use, and a key that they leave out is told.
    #[test]
    fn r47_algorithms_that_no_key_has() {
        let with = |algorithms: &str, mut issuer: TrustedIssuer| {
            let algorithms = json::parse(algorithms.as_bytes()).expect("JSON");
            issuer.algorithms = json::from_value(algorithms).expect("algorithms");
            issuer
        };
        let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let set = || issuer("jwks", parsed(&format!(r#"{{"keys":[{key}]}}"#)));
        let certificate = || issuer("certificate", pem!("p256.crt"));
        for (document, only) in [(set(), "EdDSA"), (certificate(), "ES256")] {
            let refused = Issuer::check(&with(r#"["RS256","ES384"]"#, document.clone()), false);
            let refused = refused.expect_err("refused");
            assert_eq!(refused.field, "algorithms");
            assert!(refused.problem.ends_with(&format!("(R47): {only}")), "{refused}");
            for algorithms in [format!(r#"["RS256","{only}"]"#), "null".into()] {
                assert_eq!(
                    Issuer::check(&with(&algorithms, document.clone()), false),
                    Ok(()),
                    "{algorithms}"
                );
            }
        }
        let endpoint = issuer("jwks_uri", "https://a.example/keys");
        assert_eq!(Issuer::check(&with(r#"["RS256"]"#, endpoint), false), Ok(()), "who knows its keys?");

        // Of RFC 7515, appendix A.3.
        let other = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        let two = format!(r#"{{"keys":[{{"kty":"oct"}},{key},{other}]}}"#);
        let told = skipped(&with(r#"["ES256"]"#, issuer("jwks", parsed(&two))));
        assert_eq!(
            told,
            parsed(
                r#"[{"key":"keys[0]","reason":"a symmetric key never verifies an assertion"},
                    {"key":"keys[1]","reason":"the registration's algorithms allow none of the key"}]"#
            )
        );
    }

    /// R47: nothing usable left, or a document of another kind.
    #[test]
    fn r47_what_can_not_be_registered() {
        let error = |member: &str, value: Value| {
            let error = Issuer::parse(issuer(member, value), false).expect_err("refused");
            format!("{}: {}", error.field, error.problem)
        };
        for (member, value, text) in [
            ("certificate", pem!("authority.crt").into(), "certificate: block 1 (CERTIFICATE): keyUsage is"),
            (
                "certificate",
                r#"{"keys":[]}"#.into(),
                "certificate: this is JSON, not a certificate: use jwks",
            ),
            ("jwks", pem!("p256.crt").into(), "jwks: this is PEM, not JSON: use certificate"),
            ("jwks", parsed(r#"{"keys":[{"kty":"oct"}]}"#), "jwks.keys[0]: a symmetric key"),
            ("jwks", parsed(r#"{"kty":"oct"}"#), "jwks: not a JWK set but one key"),
        ] {
            let found = error(member, value);
            assert!(found.starts_with(text), "{found}");
        }
    }
}
