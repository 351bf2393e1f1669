//! A policy that does what the assertion's subject says, and little that it may (R87): shows what becomes of a decision that
//! is malformed, and of a policy that fails in the middle.

use std::hint::black_box;

use bindings::exports::asserta::exchange::policy::{Context, Decision, Guest, Narrowing};

mod bindings {
    #![allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated code")]

    wit_bindgen::generate!({
        path: "../../wit",
        world: "policy-door",
    });

    use super::Contrary;
    export!(Contrary);
}

struct Contrary;

impl Guest for Contrary {
    fn decide(context: Context) -> Decision {
        let allowed = |scopes, claims: Option<&str>, lifetime| {
            Decision::Allow(Narrowing { scopes, claims: claims.map(str::to_owned), lifetime })
        };
        let scopes = |scopes: &[&str]| Some(scopes.iter().map(ToString::to_string).collect::<Vec<_>>());
        match context.subject.as_str() {
            "deny" => Decision::Deny("not-today".to_owned()),
            "deny-in-prose" => Decision::Deny("not today, said alice@personal.example\n".to_owned()),
            "narrow" => allowed(scopes(&["read"]), Some(r#"{"environment":"prod"}"#), Some(60)),
            // What it was told, as it came: the token shows it.
            "tell" => allowed(None, Some(&told(&context)), None),
            "another-scope" => allowed(scopes(&["read", "admin"]), None, None),
            "no-scope" => allowed(scopes(&[]), None, None),
            "many-scopes" => allowed(Some(vec!["read".to_owned(); 10_000]), None, None),
            "reserved-claim" => allowed(None, Some(r#"{"sub":"root"}"#), None),
            "no-json" => allowed(None, Some("{"), None),
            "large-claims" => allowed(None, Some(&format!(r#"{{"a":"{}"}}"#, "x".repeat(1 << 20))), None),
            "long-life" => allowed(None, None, Some(context.lifetime + 1)),
            "short-life" => allowed(None, None, Some(1)),
            "trap" => std::process::abort(),
            "panic" => panic!("it was asked to"),
            "loop" => loop_without_end(),
            "grow" => grow_without_end(),
            // More than any memory holds, on its way through the border.
            "flood" => allowed(Some(vec!["x".repeat(1 << 20); 40]), None, None),
            _ => allowed(None, None, None),
        }
    }
}

/// What of the context is not personal, as claims.
fn told(context: &Context) -> String {
    let maybe = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let text = [
        context.organization.clone(),
        context.grant_type.rsplit(':').next().unwrap_or_default().to_owned(),
        context.has_client.to_string(),
        context.trusted_issuer.clone(),
        maybe(&context.rule),
        context.scopes.join("+"),
        context.audience.join("+"),
        context.lifetime.to_string(),
        context.claims.starts_with('{').to_string(),
    ]
    .join(" ");
    format!(r#"{{"told":"{text}","now":{}}}"#, context.now)
}

fn loop_without_end() -> ! {
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

fn grow_without_end() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}
