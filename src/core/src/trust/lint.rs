//! What a registration must not leave open: an issuer that many tenants share is trusted with one of them, or somebody
//! says that all are meant (R84, R85).

use alloc::format;
use alloc::string::String;

use super::condition::{ClaimCondition, Written};
use super::document::TrustedIssuer;
use super::shared_issuers::{Owner, SharedIssuer};
use crate::field::FieldError;

/// What subjects or conditions say of the tenant. The later, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tenant {
    /// Nothing: every tenant meets them.
    Any,
    /// Who it is, by a name, which can be given up and taken over.
    ByName,
    /// Who it is.
    ById,
}

/// How much of an owner a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Nothing,
    Part,
    Whole,
}

/// Refuses an issuer that many tenants share, where any of them would do (R85), or where a pattern ends in the middle of
/// one's name (R84).
///
/// # Errors
/// The member at fault, and what to add.
pub(super) fn check(document: &TrustedIssuer) -> Result<(), FieldError> {
    let Some(shared) = SharedIssuer::of(&document.issuer) else { return Ok(()) };
    if document.allow_any_tenant {
        return Ok(());
    }
    let own = tenant(shared, "", document.subjects.as_deref(), &document.claims)?;
    let Some(rules) = &document.rules else {
        return if own == Tenant::Any { Err(any_tenant("claims".into(), shared)) } else { Ok(()) };
    };
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("rules[{index}]");
        let of_rule = tenant(shared, &format!("{at}."), rule.subjects.as_deref(), &rule.claims)?;
        if own.max(of_rule) == Tenant::Any {
            return Err(any_tenant(at, shared));
        }
    }
    Ok(())
}

fn any_tenant(field: String, shared: &SharedIssuer) -> FieldError {
    let problem = format!(
        "must say which tenant is meant, since all of {} share this issuer: add a condition such as {{\"claim\": \
         \"{}\", \"equals\": …}}, or allow_any_tenant: true (R85)",
        shared.name,
        shared.tenant.first().map_or("sub", |claim| claim.name),
    );
    FieldError::new(field, problem)
}

/// What subjects and conditions together say of the tenant; `at` is what stands before their names.
///
/// # Errors
/// A pattern that ends in the middle of a name (R84).
pub(super) fn tenant(
    shared: &SharedIssuer,
    at: &str,
    subjects: Option<&[String]>,
    claims: &[ClaimCondition],
) -> Result<Tenant, FieldError> {
    let mut found = Tenant::Any;
    if let Some(subjects) = subjects
        && let Some(sub) = shared.tenant_claim("sub")
    {
        let mut all_name_it = true;
        for (index, subject) in subjects.iter().enumerate() {
            let named = in_glob(subject, &sub.owner);
            if named == Named::Part {
                return Err(half_a_name(format!("{at}subjects[{index}]"), shared));
            }
            all_name_it &= named == Named::Whole;
        }
        // Any of them will do for an assertion.
        if all_name_it {
            found = if sub.is_id { Tenant::ById } else { Tenant::ByName };
        }
    }
    for (index, condition) in claims.iter().enumerate() {
        let Some(claim) = shared.tenant_claim(&condition.claim) else { continue };
        for test in condition.tests() {
            let named = in_test(&test, &claim.owner);
            if named == Named::Part {
                return Err(half_a_name(format!("{at}claims[{index}].{}", test.name()), shared));
            }
            if named == Named::Whole {
                found = found.max(if claim.is_id { Tenant::ById } else { Tenant::ByName });
            }
        }
    }
    Ok(found)
}

fn half_a_name(field: String, shared: &SharedIssuer) -> FieldError {
    let problem = format!(
        "must not end in the middle of a name: another tenant of {} may have one that goes on differently (R84)",
        shared.name
    );
    FieldError::new(field, problem)
}

pub(super) fn in_test(test: &Written<'_>, owner: &Owner) -> Named {
    match test {
        Written::Equals(_) | Written::OneOf(_) => Named::Whole,
        Written::Glob(glob) => in_glob(glob, owner),
        Written::Prefix(prefix) => match owner {
            Owner::Whole => Named::Part,
            Owner::After(label, ends) => in_beginning(prefix, label, ends),
            // It may be the beginning of a longer domain.
            Owner::Domain => {
                let domain = prefix.split_once('@').map_or("", |(_, domain)| domain);
                if domain.is_empty() { Named::Nothing } else { Named::Part }
            }
        },
        Written::Contains(_) | Written::AllOf(_) | Written::AtLeast(_) | Written::AtMost(_) => Named::Nothing,
    }
}

pub(super) fn in_glob(glob: &str, owner: &Owner) -> Named {
    let (Some((beginning, _)), Some((_, end))) = (glob.split_once('*'), glob.rsplit_once('*')) else {
        // The whole value.
        return Named::Whole;
    };
    match owner {
        Owner::Whole => Named::Part,
        Owner::After(label, ends) => in_beginning(beginning, label, ends),
        Owner::Domain => match end.split_once('@') {
            Some((_, domain)) if !domain.is_empty() => Named::Whole,
            Some(_) => Named::Nothing,
            None if end.is_empty() => Named::Nothing,
            None => Named::Part,
        },
    }
}

/// Of a text that goes on in any way.
fn in_beginning(beginning: &str, label: &str, ends: &[char]) -> Named {
    let Some(rest) = beginning.strip_prefix(label) else { return Named::Nothing };
    match rest.split_once(ends) {
        Some(("", _)) => Named::Nothing,
        Some(_) => Named::Whole,
        None if rest.is_empty() => Named::Nothing,
        None => Named::Part,
    }
}

#[cfg(test)]
mod tests;
