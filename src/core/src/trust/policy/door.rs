//! What a policy of the operator's own makes of what the rules allow (R87): less of it, or nothing. Claims alone may be
//! added, and none that says something by which the token is judged.

use alloc::string::String;
use alloc::vec::Vec;

use super::Allowed;
use crate::field::check_text;
use crate::json::{self, Value};
use crate::oauth::Scope;
use crate::tokens::is_reserved_claim;

/// The longest text of claims to add, in bytes: a policy must not make tokens that no header holds.
const MAX_CLAIMS_TEXT: usize = 4096;
/// How many claims may be added: as many as may be mapped.
const MAX_CLAIMS: usize = 32;
/// The longest name of a refusal, in bytes.
const MAX_NAME: usize = 64;

/// What a policy decides. Nothing of it is believed: it is checked against what the rules allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyDecision {
    /// To grant, no more than this.
    Allow(Narrowing),
    /// To refuse: why.
    Deny(String),
}

/// What is to be granted of what the rules allow; what is `None` stays as they have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Some of the scopes.
    pub scopes: Option<Vec<String>>,
    /// Claims to add: the text of a JSON object.
    pub claims: Option<String>,
    /// For how many seconds the token is valid.
    pub lifetime: Option<u32>,
}

/// What is wrong with a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedDecision {
    /// Scopes that would not be granted, one twice, or none where some would be granted.
    Scopes,
    /// Claims that are no strict JSON object, too many, too long, or others' to write.
    Claims,
    /// More seconds than the rules allow, or fewer than a token may have.
    Lifetime,
}

impl MalformedDecision {
    /// The member at fault.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::Scopes => "scopes",
            Self::Claims => "claims",
            Self::Lifetime => "lifetime",
        }
    }
}

/// Whether a policy's reason is a name, which may stand in a log: no text of a stranger and nothing personal gets there
/// by the way (R3).
#[must_use]
pub fn is_name_of_refusal(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

impl Allowed {
    /// The same, no more than these scopes, and with these claims added.
    ///
    /// # Errors
    /// The first member that asks for more than is allowed.
    pub fn narrowed(
        mut self,
        scopes: Option<&[String]>,
        claims: Option<&str>,
    ) -> Result<Self, MalformedDecision> {
        if let Some(scopes) = scopes {
            self.scope = narrowed_scope(&self.scope, scopes).ok_or(MalformedDecision::Scopes)?;
        }
        if let Some(claims) = claims {
            let mut added = added_claims(claims, &self.claims).ok_or(MalformedDecision::Claims)?;
            self.claims.append(&mut added);
        }
        Ok(self)
    }
}

/// The given ones of the allowed scopes, in the order of these.
fn narrowed_scope(allowed: &str, given: &[String]) -> Option<String> {
    let allowed = Scope::parse(allowed).ok()?;
    // Before they are looked at: what is longer has a scope twice, or one that is not allowed.
    if given.len() > allowed.len() || given.is_empty() != allowed.is_empty() {
        return None;
    }
    let narrowed = Scope::of_tokens(given);
    let is_good = narrowed.len() == given.len() && narrowed.is_within(&allowed);
    is_good.then(|| allowed.cut_to(&narrowed).to_text())
}

/// The claims of the text, if every one may be added to these.
fn added_claims(text: &str, mapped: &[(String, Value)]) -> Option<Vec<(String, Value)>> {
    if text.len() > MAX_CLAIMS_TEXT {
        return None;
    }
    let added = json::parse_object(text.as_bytes()).ok()?;
    let may_be_added = |(name, value): (&str, &Value)| {
        check_text("claims", name, 256).is_ok()
            && !is_reserved_claim(name)
            && !mapped.iter().any(|(taken, _)| taken == name)
            // As of mappings: a number that lost its value when it was read is not passed on (R49).
            && value.is_exact()
    };
    let is_good = added.len() <= MAX_CLAIMS && added.iter().all(may_be_added);
    is_good.then(|| added.iter().map(|(name, value)| (name.into(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    fn allowed() -> Allowed {
        Allowed {
            subject: "alice".to_string(),
            scope: "read write admin".to_string(),
            audience: vec!["https://api.example".to_string()],
            claims: vec![("team".to_string(), Value::from("blue"))],
            lifetime: None,
            label: None,
        }
    }

    fn scopes(given: &[&str]) -> Result<String, MalformedDecision> {
        let given: Vec<String> = given.iter().map(ToString::to_string).collect();
        allowed().narrowed(Some(&given), None).map(|allowed| allowed.scope().to_string())
    }

    fn claims(text: &str) -> Result<Vec<String>, MalformedDecision> {
        let allowed = allowed().narrowed(None, Some(text))?;
        Ok(allowed.claims().iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn r87_scopes_only_narrow() {
        assert_eq!(scopes(&["read"]), Ok("read".to_string()));
        assert_eq!(scopes(&["admin", "read"]), Ok("read admin".to_string()), "in the order of the rules");
        assert_eq!(scopes(&["write", "admin", "read"]), Ok("read write admin".to_string()));
        for more in [
            &["delete"][..],
            &["read", "delete"],
            &["read", "read"],
            &["read", "write", "admin", "read"],
            &["Read"],
            &[""],
            &["read write"],
            &[],
        ] {
            assert_eq!(scopes(more), Err(MalformedDecision::Scopes), "{more:?}");
        }
        let many: Vec<String> = (0..100_000).map(|number| format!("s{number}")).collect();
        assert!(allowed().narrowed(Some(&many), None).is_err());
    }

    #[test]
    fn r87_no_scopes_of_none() {
        let nothing = || Allowed { scope: String::new(), ..allowed() };
        assert!(nothing().narrowed(Some(&[]), None).is_ok(), "there is nothing to narrow");
        assert!(nothing().narrowed(Some(&["read".to_string()]), None).is_err());
    }

    #[test]
    fn r87_claims_are_added_and_replace_none() {
        assert_eq!(claims("{}"), Ok(vec!["team=\"blue\"".to_string()]));
        assert_eq!(claims(r#"{"env":{"name":"prod"}}"#).map(|claims| claims.len()), Ok(2));
        for name in [
            "iss",
            "sub",
            "aud",
            "exp",
            "nbf",
            "iat",
            "jti",
            "client_id",
            "scope",
            "cnf",
            "act",
            "may_act",
            "assertion_issuer",
            "assertion_rule",
            "team",
        ] {
            assert_eq!(claims(&format!(r#"{{"{name}":1}}"#)), Err(MalformedDecision::Claims), "{name}");
        }
        // An escape is no way round.
        assert_eq!(claims(r#"{"\u0073ub":"root"}"#), Err(MalformedDecision::Claims));
    }

    #[test]
    fn r87_claims_are_strict_and_bounded() {
        let deep = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let many = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!(r#""c{number}":1"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        let long = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
        for good in [deep(15), many(32), long(4096), format!(r#"{{"{}":1}}"#, "n".repeat(256))] {
            assert!(claims(&good).is_ok(), "{}", &good[..good.len().min(60)]);
        }
        let name = format!(r#"{{"{}":1}}"#, "n".repeat(257));
        for bad in [
            deep(16),
            many(33),
            long(4097),
            name,
            String::new(),
            "null".to_string(),
            "[]".to_string(),
            "{".to_string(),
            r#"{"a":1,"a":2}"#.to_string(),
            r#"{"":1}"#.to_string(),
            r#"{"a\n":1}"#.to_string(),
            r#"{"a":1e20}"#.to_string(),
            r#"{"a":[18446744073709551616]}"#.to_string(),
            r#"{"a":1} "#.to_string() + "x",
        ] {
            assert_eq!(claims(&bad), Err(MalformedDecision::Claims), "{}", &bad[..bad.len().min(60)]);
        }
    }

    #[test]
    fn r87_a_reason_is_a_name() {
        for good in ["a", "foreign-owner", "r2", &*"x".repeat(64)] {
            assert!(is_name_of_refusal(good), "{good}");
        }
        for bad in ["", "Foreign", "a b", "a\n", "alice@example.com", "ä", &*"x".repeat(65)] {
            assert!(!is_name_of_refusal(bad), "{bad}");
        }
    }
}
