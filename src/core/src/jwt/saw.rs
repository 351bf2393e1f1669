//! What each check of a JWT looked at, in words for people who look into a refusal: what was found and what was wanted.
//! Nothing secret or personal: no `sub`, no value of a claim but those that name the parties and the time (R3).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::claims::MAX_SUBJECT;
use super::expect::{Bound, Typ};
use super::keys::MAX_KEYS;
use super::look::{Checked, Look};
use super::rules::confirmed_key;
use crate::jose::key::VerificationKey;
use crate::json::Value;
use crate::words::{list, number_of, quoted};

/// What this check looked at.
pub(super) fn of(check: Checked, look: &Look<'_, '_>) -> String {
    match check {
        Checked::Algorithm => algorithm(look),
        Checked::Typ => typ(look),
        Checked::Keys => keys(look),
        Checked::Signature => signature(look),
        Checked::Cnf => cnf(look),
        Checked::Sub => sub(look),
        Checked::Aud => aud(look),
        Checked::Exp => exp(look),
        Checked::Nbf => nbf(look),
        Checked::Iat => iat(look),
        Checked::Jti => jti(look),
    }
}

fn algorithm(look: &Look<'_, '_>) -> String {
    let algorithm = look.jwt.header().algorithm.name();
    match look.expected.algorithms {
        None => format!("alg {algorithm}; the issuer may use every asymmetric algorithm"),
        Some(allowed) => {
            let allowed: Vec<&str> = allowed.iter().map(|algorithm| algorithm.name()).collect();
            format!("alg {algorithm}; the issuer may use {}", allowed.join(", "))
        }
    }
}

fn typ(look: &Look<'_, '_>) -> String {
    let found = match &look.jwt.header().typ {
        None => "no typ".to_string(),
        Some(typ) => format!("typ {}", quoted(typ)),
    };
    match look.expected.typ {
        Typ::Exactly(wanted) => format!("{found}; the issuer is registered with typ {}", quoted(wanted)),
        Typ::NoneOr(wanted) => {
            format!("{found}; accepted is none, or any of {}", list(wanted.iter().copied()))
        }
        Typ::Any => format!(
            "{found}; the issuer is registered without typ: any but those that end in +jwt, which name another use"
        ),
    }
}

fn keys(look: &Look<'_, '_>) -> String {
    let (header, keys) = (look.jwt.header(), look.keys);
    let named: Vec<&VerificationKey> = keys.named(header).collect();
    let mut words = format!("{} of the issuer", number_of(keys.keys.len(), "key", "keys"));
    match &header.kid {
        Some(_) if !keys.have_kid => {
            words += ", registered as certificates or public keys, which have no kid: each is looked at";
        }
        Some(kid) => words += &format!(", {} with kid {}", counted(named.len()), quoted(kid)),
        None => words += ", and no kid in the assertion: each is looked at",
    }
    let of_type = named.iter().filter(|key| key.fits(header.algorithm)).count();
    let fitting = keys.fitting(header, look.now).count();
    if !named.is_empty() {
        words += &format!("; {} of a type for {}", counted(of_type), header.algorithm.name());
    }
    if fitting < of_type {
        let expired = named.iter().filter(|key| key.validity.is_some_and(|v| v.not_after < look.now)).count();
        words += &format!("; {} whose certificate has expired or is not valid yet", of_type - fitting);
        if expired == of_type {
            words += " (expired)";
        }
    }
    let tried = keys.candidates(header, look.now).count();
    if tried < fitting {
        words += &format!(
            "; {tried} of these {fitting} are tried: at most {MAX_KEYS}, and 2 RSA keys of more than 4096 bits"
        );
    }
    words
}

fn counted(number: usize) -> String {
    if number == 0 { "none".to_string() } else { number.to_string() }
}

fn signature(look: &Look<'_, '_>) -> String {
    let header = look.jwt.header();
    let tried = number_of(look.keys.candidates(header, look.now).count(), "key", "keys");
    format!("alg {}, {tried} to verify it with", header.algorithm.name())
}

fn cnf(look: &Look<'_, '_>) -> String {
    let words = match (claim(look, "cnf").map(confirmed_key), look.expected.bound) {
        (None, _) => "no cnf: whoever has the assertion may use it",
        (Some(_), Bound::Never) => {
            "cnf is there: of what is bound to a key an assertion alone is taken, whatever is proved"
        }
        (Some(None), _) => {
            "cnf is there, but it is not one jkt and nothing else: no other way to confirm a key is supported"
        }
        (Some(Some(_)), Bound::To(None)) => {
            "cnf has a jkt: only who proves to have that key may use it, and there is no DPoP proof"
        }
        (Some(Some(named)), Bound::To(Some(proved))) if named == proved => {
            "cnf has a jkt, and the DPoP proof is by that key"
        }
        (Some(Some(_)), Bound::To(Some(_))) => "cnf has a jkt, and the DPoP proof is by another key",
    };
    words.to_string()
}

fn sub(look: &Look<'_, '_>) -> String {
    text_claim(look, "sub", MAX_SUBJECT)
}

fn claim<'a>(look: &Look<'a, '_>, name: &str) -> Option<&'a Value> {
    look.jwt.claims.object().get(name)
}

fn text_claim(look: &Look<'_, '_>, name: &str, longest: usize) -> String {
    match claim(look, name) {
        None => format!("no {name}"),
        Some(Value::String(text)) if text.is_empty() => format!("{name} is empty"),
        Some(Value::String(text)) if text.len() > longest => format!("{name} is longer than {longest} bytes"),
        Some(Value::String(_)) => format!("{name} is there"),
        Some(other) => format!("{name} is {}; a string is wanted", other.kind()),
    }
}

fn aud(look: &Look<'_, '_>) -> String {
    let found = match (look.jwt.claims.audience(), claim(look, "aud")) {
        (Ok(audience), _) => format!("aud {}", list(audience.iter().copied())),
        (Err(_), None) => "no aud".to_string(),
        (Err(_), Some(Value::Array(elements))) if elements.is_empty() => "aud is an empty array".to_string(),
        (Err(_), Some(Value::Array(_))) => {
            "aud is an array with something other than strings in it".to_string()
        }
        (Err(_), Some(other)) => {
            format!("aud is {}; a string or an array of strings is wanted", other.kind())
        }
    };
    let alone = if look.expected.no_other_audience { ", and nothing beside it" } else { "" };
    format!("{found}; accepted is any of {}{alone}", list(look.expected.audiences.into_iter().flatten()))
}

fn exp(look: &Look<'_, '_>) -> String {
    let (skew, most) = limits(look);
    format!(
        "{}; accepted is from {} (clock_skew {skew} s) to {} (max_lifetime {most} s and clock_skew)",
        time(look, "exp"),
        look.now.saturating_sub(skew).saturating_add(1),
        look.now.saturating_add(most + skew),
    )
}

fn nbf(look: &Look<'_, '_>) -> String {
    let (skew, _) = limits(look);
    let until = look.now.saturating_add(skew);
    format!("{}; accepted is none, or up to {until} (clock_skew {skew} s)", time(look, "nbf"))
}

fn iat(look: &Look<'_, '_>) -> String {
    let (skew, most) = limits(look);
    format!(
        "{}; accepted is {}from {} (max_lifetime {most} s and clock_skew) to {} (clock_skew {skew} s), not after exp",
        time(look, "iat"),
        if look.expected.require_iat { "" } else { "none, or " },
        look.now.saturating_sub(most + skew),
        look.now.saturating_add(skew),
    )
}

/// `clock_skew` and `max_lifetime`.
fn limits(look: &Look<'_, '_>) -> (u64, u64) {
    (look.expected.clock_skew.into(), look.expected.max_lifetime.into())
}

fn time(look: &Look<'_, '_>, name: &str) -> String {
    let now = look.now;
    match claim(look, name) {
        None => format!("no {name}; now {now}"),
        Some(Value::Number(number)) => format!("{name} {number}; now {now}"),
        Some(other) => {
            format!("{name} is {}; a number of seconds since 1970 is wanted; now {now}", other.kind())
        }
    }
}

fn jti(look: &Look<'_, '_>) -> String {
    let wanted =
        if look.expected.require_jti { "the issuer must send one" } else { "the issuer need not send one" };
    format!("{}; {wanted}", text_claim(look, "jti", 256))
}
