//! A decision as a record of the activity log has it. By hand, since each exchange pays for it.

use alloc::string::String;

use crate::oauth::GrantType;
use crate::ports::{Decision, Outcome};

/// What was decided about, by the name that its event has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum Kind {
    /// A request for a token. It goes without a name, as most lines are about one.
    Exchange,
    /// A token that a client wants revoked (R111). What is granted is that it is.
    Revocation,
    /// All tokens of an issuer or an application, which an administrator revoked (R112).
    AllRevoked,
}

impl Kind {
    const fn name(self) -> Option<&'static str> {
        match self {
            Self::Exchange => None,
            Self::Revocation => Some("revocation"),
            Self::AllRevoked => Some("all-revoked"),
        }
    }
}

/// How long a line usually is, in bytes.
const USUAL: usize = 384;
/// How many rules are named that only watched (R82).
const MAX_AUDITED: usize = 8;
/// How much is kept of what lies behind a refusal, in bytes.
const MAX_CAUSE: usize = 256;

/// Adds a decision to those in `text`.
pub(super) fn write(text: &mut String, kind: Kind, decision: &Decision<'_>, now: u64) {
    text.reserve(USUAL);
    text.push_str(if text.is_empty() { "{\"time\":" } else { ",{\"time\":" });
    number(text, now);
    plain(text, ",\"event\":\"", kind.name());
    plain(text, ",\"grant_type\":\"", decision.grant_type.map(GrantType::name));
    member(text, ",\"client_id\":\"", decision.client_id);
    member(text, ",\"trusted_issuer\":\"", decision.trusted_issuer);
    member(text, ",\"rule\":\"", decision.rule);
    if !decision.audit.is_empty() {
        text.push_str(",\"audit\":[");
        for (index, audited) in decision.audit.iter().take(MAX_AUDITED).enumerate() {
            member(text, if index == 0 { "{\"rule\":\"" } else { ",{\"rule\":\"" }, Some(&audited.rule));
            outcome(text, audited.outcome);
            text.push('}');
        }
        text.push(']');
    }
    match (kind, decision.outcome) {
        (Kind::Revocation | Kind::AllRevoked, Outcome::Granted) => text.push_str(",\"outcome\":\"revoked\""),
        (_, decided) => outcome(text, decided),
    }
    member(text, ",\"policy_reason\":\"", decision.policy_reason);
    member(text, ",\"cause\":\"", decision.cause.map(beginning));
    plain(text, ",\"jti_sha256\":\"", decision.jti_sha256);
    text.push_str(",\"microseconds\":");
    number(text, decision.microseconds);
    text.push('}');
}

fn outcome(text: &mut String, outcome: Outcome) {
    match outcome {
        Outcome::Granted => text.push_str(",\"outcome\":\"granted\""),
        Outcome::Refused(reason) => {
            plain(text, ",\"outcome\":\"refused\",\"reason\":\"", Some(reason.name()));
        }
    }
}

/// A member whose text needs no escape. `begin` goes up to the quotation mark before it; nothing where there is no text.
fn plain(text: &mut String, begin: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    text.push_str(begin);
    text.push_str(value);
    text.push('"');
}

/// The same with a text that people choose.
fn member(text: &mut String, begin: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    text.push_str(begin);
    if value.bytes().any(|byte| matches!(byte, b'"' | b'\\' | ..b' ')) {
        escaped(text, value);
    } else {
        text.push_str(value);
    }
    text.push('"');
}

#[cold]
fn escaped(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            // Nobody may register one; what it was does not matter.
            '\0'..' ' => text.push(' '),
            other => text.push(other),
        }
    }
}

/// A number in decimal digits.
pub(super) fn number(text: &mut String, mut number: u64) {
    let mut digits = [0; 20];
    let mut begin = digits.len();
    loop {
        begin -= 1;
        digits[begin] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.push_str(core::str::from_utf8(&digits[begin..]).unwrap_or_default());
}

fn beginning(cause: &str) -> &str {
    let mut end = cause.len().min(MAX_CAUSE);
    while !cause.is_char_boundary(end) {
        end -= 1;
    }
    &cause[..end]
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec::Vec;

    use super::*;
    use crate::json::{self, Value};
    use crate::oauth::Reason;
    use crate::organization::OrganizationId;
    use crate::ports::Audited;

    #[test]
    fn numbers() {
        for value in [0, 9, 10, 1_800_000_000, u64::MAX] {
            let mut text = String::new();
            number(&mut text, value);
            assert_eq!(text, value.to_string());
        }
    }

    /// Whatever stands in a name, a line is JSON and says it.
    #[test]
    fn a_line_is_json() {
        let organization = OrganizationId::default_organization();
        let name = "a \"quoted\" \\ näme\u{1}";
        let long = "ü".repeat(300);
        let audit: Vec<_> =
            (0..20).map(|_| Audited { rule: name.into(), outcome: Outcome::Granted }).collect();
        let decision = Decision {
            grant_type: Some(GrantType::JwtBearer),
            trusted_issuer: Some(name),
            audit: &audit,
            cause: Some(&long),
            ..Decision::refused(&organization, Reason::Expired, 12)
        };
        let mut text = String::new();
        write(&mut text, Kind::Exchange, &decision, 7);
        write(&mut text, Kind::Revocation, &decision, 8);
        let lines = json::parse(alloc::format!("[{text}]").as_bytes()).expect("JSON");
        let Value::Array(lines) = lines else { panic!("an array") };
        let [Value::Object(first), Value::Object(second)] = &*lines else { panic!("two lines") };
        assert_eq!(first.get("event"), None);
        assert_eq!(second.get("event").and_then(Value::as_str), Some("revocation"));
        let member = |name: &str| first.get(name).and_then(Value::as_str);
        assert_eq!(member("trusted_issuer"), Some("a \"quoted\" \\ näme "));
        assert_eq!((member("outcome"), member("reason")), (Some("refused"), Some("assertion-expired")));
        assert_eq!(member("cause").map(str::len), Some(MAX_CAUSE));
        assert!(matches!(first.get("audit"), Some(Value::Array(audit)) if audit.len() == MAX_AUDITED));
    }
}
