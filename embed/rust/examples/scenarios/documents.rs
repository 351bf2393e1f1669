//! From the documents of the admin API to the types of the records.

use asserta_exchanger::Error;
use asserta_exchanger::records::{
    Algorithm, ApplicationMetadata, AudienceMode, AuthMethod, ClaimCondition, ClaimMapping, ClaimTest,
    ClaimValue, InvalidMember, KeySource, Replay, TrustedIssuer,
};
use serde_json::Value;

/// What the types of the records refuse before the component sees it.
fn invalid(member: &str) -> Error {
    let problem = "can't be written in the types of the records".to_owned();
    Error::Invalid(InvalidMember { member: member.replace('_', "-"), problem })
}

fn string(value: &Value, member: &str) -> Result<String, Error> {
    value.as_str().map(str::to_owned).ok_or_else(|| invalid(member))
}

fn strings(value: &Value, member: &str) -> Result<Vec<String>, Error> {
    let elements = value.as_array().ok_or_else(|| invalid(member))?;
    elements
        .iter()
        .enumerate()
        .map(|(index, element)| string(element, &format!("{member}[{index}]")))
        .collect()
}

fn seconds(value: &Value, member: &str) -> Result<u32, Error> {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).ok_or_else(|| invalid(member))
}

fn flag(value: &Value, member: &str) -> Result<bool, Error> {
    value.as_bool().ok_or_else(|| invalid(member))
}

/// A trusted issuer.
pub(crate) fn issuer(record: &Value) -> Result<TrustedIssuer, Error> {
    let mut issuer = TrustedIssuer::new("", "", KeySource::JwksUri(String::new()));
    let mut sources = 0;
    for (name, value) in record.as_object().expect("a record") {
        match name.as_str() {
            "name" => issuer.name = string(value, name)?,
            "issuer" => issuer.issuer = string(value, name)?,
            "alias" => issuer.alias = Some(string(value, name)?),
            "jwks_uri" | "jwks" | "certificate" => {
                sources += 1;
                issuer.keys = match name.as_str() {
                    "jwks_uri" => KeySource::JwksUri(string(value, name)?),
                    "jwks" => KeySource::Jwks(value.to_string()),
                    _ => KeySource::Certificate(string(value, name)?),
                };
            }
            "enabled" => issuer.enabled = Some(flag(value, name)?),
            "algorithms" => issuer.algorithms = Some(algorithms(value)?),
            "clock_skew" => issuer.clock_skew = Some(seconds(value, name)?),
            "max_lifetime" => issuer.max_lifetime = Some(seconds(value, name)?),
            "audience_mode" => {
                issuer.audience_mode = Some(match value.as_str() {
                    Some("any") => AudienceMode::Any,
                    Some("exactly-one") => AudienceMode::ExactlyOne,
                    _ => return Err(invalid(name)),
                });
            }
            "replay" => {
                issuer.replay = Some(match value.as_str() {
                    Some("once") => Replay::Once,
                    Some("allow") => Replay::Allow,
                    _ => return Err(invalid(name)),
                });
            }
            "require_jti" => issuer.require_jti = Some(flag(value, name)?),
            "typ" => issuer.typ = Some(string(value, name)?),
            "subjects" => issuer.subjects = Some(strings(value, name)?),
            "scopes" => issuer.scopes = Some(strings(value, name)?),
            "claims" => {
                let conditions = elements(value).into_iter().enumerate();
                issuer.claims =
                    conditions.map(|(index, one)| condition(index, &one)).collect::<Result<_, _>>()?;
            }
            "claim_mappings" => {
                let mapping = |(from, to): (&String, &Value)| {
                    let token_claim = string(to, &format!("claim_mappings.{from}"))?;
                    Ok(ClaimMapping { assertion_claim: from.clone(), token_claim })
                };
                let members = value.as_object().ok_or_else(|| invalid(name))?;
                issuer.claim_mappings = members.iter().map(mapping).collect::<Result<_, Error>>()?;
            }
            other => return Err(invalid(other)),
        }
    }
    if sources == 1 { Ok(issuer) } else { Err(invalid("jwks_uri")) }
}

fn algorithms(value: &Value) -> Result<Vec<Algorithm>, Error> {
    let names = strings(value, "algorithms")?;
    let algorithm = |(index, name): (usize, String)| {
        Ok(match name.as_str() {
            "RS256" => Algorithm::Rs256,
            "RS384" => Algorithm::Rs384,
            "RS512" => Algorithm::Rs512,
            "PS256" => Algorithm::Ps256,
            "PS384" => Algorithm::Ps384,
            "PS512" => Algorithm::Ps512,
            "ES256" => Algorithm::Es256,
            "ES384" => Algorithm::Es384,
            "ES512" => Algorithm::Es512,
            "EdDSA" | "Ed25519" => Algorithm::Eddsa,
            _ => return Err(invalid(&format!("algorithms[{index}]"))),
        })
    };
    names.into_iter().enumerate().map(algorithm).collect()
}

fn condition(index: usize, given: &Value) -> Result<ClaimCondition, Error> {
    let at = format!("claims[{index}]");
    let mut tests = Vec::new();
    let mut claim = String::new();
    for (name, value) in given.as_object().ok_or_else(|| invalid(&at))? {
        let member = format!("{at}.{name}");
        match name.as_str() {
            "claim" => claim = string(value, &member)?,
            "equals" => tests.push(ClaimTest::Equals(claim_value(value, &member)?)),
            "contains" => tests.push(ClaimTest::Contains(claim_value(value, &member)?)),
            "present" => tests.push(ClaimTest::Present(flag(value, &member)?)),
            "one_of" => {
                let values = elements(value);
                let values = values.iter().map(|value| claim_value(value, &member));
                tests.push(ClaimTest::OneOf(values.collect::<Result<_, _>>()?));
            }
            _ => return Err(invalid(&member)),
        }
    }
    match (tests.pop(), tests.is_empty()) {
        (Some(test), true) => Ok(ClaimCondition { claim, test }),
        _ => Err(invalid(&at)),
    }
}

fn claim_value(value: &Value, member: &str) -> Result<ClaimValue, Error> {
    match value {
        Value::String(text) => Ok(ClaimValue::Text(text.clone())),
        Value::Bool(boolean) => Ok(ClaimValue::Boolean(*boolean)),
        Value::Number(number) => Ok(match number.as_i64() {
            Some(integer) => ClaimValue::Integer(integer),
            None => ClaimValue::Decimal(number.as_f64().unwrap_or(f64::NAN)),
        }),
        _ => Err(invalid(member)),
    }
}

/// An application.
pub(crate) fn metadata(record: &Value) -> Result<ApplicationMetadata, Error> {
    let mut metadata = ApplicationMetadata { grant_types: Vec::new(), ..ApplicationMetadata::jwt_bearer() };
    for (name, value) in record.as_object().expect("a record") {
        match name.as_str() {
            "client_name" => metadata.client_name = Some(string(value, name)?),
            "grant_types" => metadata.grant_types = strings(value, name)?,
            "scope" => metadata.scope = Some(string(value, name)?),
            "token_endpoint_auth_method" => {
                metadata.token_endpoint_auth_method = Some(match value.as_str() {
                    Some("client_secret_basic") => AuthMethod::ClientSecretBasic,
                    Some("client_secret_post") => AuthMethod::ClientSecretPost,
                    _ => return Err(invalid(name)),
                });
            }
            "trusted_issuers" => metadata.trusted_issuers = Some(strings(value, name)?),
            "access_token_lifetime" => metadata.access_token_lifetime = Some(seconds(value, name)?),
            "audience" if value.is_string() => metadata.audience = Some(vec![string(value, name)?]),
            "audience" => metadata.audience = Some(strings(value, name)?),
            "enabled" => metadata.enabled = Some(flag(value, name)?),
            other => return Err(invalid(other)),
        }
    }
    Ok(metadata)
}

fn elements(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
