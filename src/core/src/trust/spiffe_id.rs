//! SPIFFE IDs: `spiffe://`, the name of a trust domain, and a path (SPIFFE-ID section 2).
//!
//! They are URIs of so few characters that it takes no parser of URIs: a user, a port, a query, a fragment or
//! percent-encoding can't be written with them. A longer one than the standard's 2048 bytes is no subject (R41).

use alloc::string::String;
use core::fmt;

/// What each begins with. The standard has it in any case, ours is compared as a subject is: byte by byte.
const SCHEME: &str = "spiffe://";

/// The longest name of a trust domain, in bytes (SPIFFE-ID section 2.3).
const MAX_TRUST_DOMAIN: usize = 255;

/// The name of a trust domain (SPIFFE-ID section 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TrustDomain(String);

/// Why a text is no SPIFFE ID of a trust domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOfDomain {
    /// It does not begin with `spiffe://`.
    OtherScheme,
    /// What follows is no name of a trust domain.
    NoTrustDomain,
    /// A segment of the path is empty, such as what follows a slash at its end.
    EmptySegment,
    /// A segment of the path is `.` or `..`.
    RelativeSegment,
    /// A segment of the path has a character that none may have.
    OtherCharacter,
    /// It is a SPIFFE ID of another trust domain.
    OtherDomain,
    /// It is that of the trust domain itself, which is no workload.
    NoWorkload,
}

impl TrustDomain {
    /// Reads the name of a trust domain.
    ///
    /// # Errors
    /// What it must be, as the second half of a sentence.
    pub(super) fn parse(name: &str) -> Result<Self, &'static str> {
        if is_trust_domain(name) {
            Ok(Self(name.into()))
        } else {
            Err(
                "must be the name of a SPIFFE trust domain: 1 to 255 of a-z, 0-9 and . _ -, without spiffe://",
            )
        }
    }

    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Whether a text is a SPIFFE ID of this trust domain (R41).
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn check(&self, text: &str) -> Result<(), NotOfDomain> {
        if trust_domain_of(text)? == self.0 { Ok(()) } else { Err(NotOfDomain::OtherDomain) }
    }

    /// Whether a text is the SPIFFE ID of a workload in this trust domain: it has a path (R28).
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn check_workload(&self, text: &str) -> Result<(), NotOfDomain> {
        self.check(text)?;
        let is_domain = text.len() == SCHEME.len() + self.0.len();
        if is_domain { Err(NotOfDomain::NoWorkload) } else { Ok(()) }
    }
}

/// The name of the trust domain in a SPIFFE ID. That of a trust domain itself has no path (SPIFFE-ID section 2).
fn trust_domain_of(text: &str) -> Result<&str, NotOfDomain> {
    let rest = text.strip_prefix(SCHEME).ok_or(NotOfDomain::OtherScheme)?;
    let (domain, path) = match rest.split_once('/') {
        Some((domain, path)) => (domain, Some(path)),
        None => (rest, None),
    };
    if !is_trust_domain(domain) {
        return Err(NotOfDomain::NoTrustDomain);
    }
    path.into_iter().flat_map(|path| path.split('/')).try_for_each(check_segment)?;
    Ok(domain)
}

fn is_trust_domain(name: &str) -> bool {
    let counts = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=MAX_TRUST_DOMAIN).contains(&name.len()) && name.bytes().all(counts)
}

/// SPIFFE-ID section 2.2.
fn check_segment(segment: &str) -> Result<(), NotOfDomain> {
    let counts = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match segment {
        "" => Err(NotOfDomain::EmptySegment),
        "." | ".." => Err(NotOfDomain::RelativeSegment),
        other if other.bytes().all(counts) => Ok(()),
        _ => Err(NotOfDomain::OtherCharacter),
    }
}

impl fmt::Display for NotOfDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherScheme => "it does not begin with spiffe://",
            Self::NoTrustDomain => "what follows spiffe:// is no name of a trust domain: a-z, 0-9 and . _ -",
            Self::EmptySegment => "its path has an empty segment, or a slash at its end",
            Self::RelativeSegment => "its path has the segment . or ..",
            Self::OtherCharacter => "its path has other characters than letters, digits and . _ -",
            Self::OtherDomain => "it is of another trust domain",
            Self::NoWorkload => "it is that of the trust domain itself, and has no path",
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// R41: what the standard calls a SPIFFE ID, of this trust domain and of others.
    #[test]
    fn r41_spiffe_ids() {
        let domain = TrustDomain::parse("prod.example.org").expect("a trust domain");
        for id in [
            "spiffe://prod.example.org",
            "spiffe://prod.example.org/api",
            "spiffe://prod.example.org/ns/prod/sa/API_2.0-rc",
            "spiffe://prod.example.org/...",
            "spiffe://prod.example.org/.hidden/a..b",
            &format!("spiffe://prod.example.org/{}", "a".repeat(900)),
        ] {
            assert_eq!(domain.check(id), Ok(()), "{id}");
        }
        for (text, problem) in [
            ("", NotOfDomain::OtherScheme),
            ("alice", NotOfDomain::OtherScheme),
            ("prod.example.org/api", NotOfDomain::OtherScheme),
            ("https://prod.example.org/api", NotOfDomain::OtherScheme),
            ("spiffe:/prod.example.org/api", NotOfDomain::OtherScheme),
            ("SPIFFE://prod.example.org/api", NotOfDomain::OtherScheme),
            (" spiffe://prod.example.org/api", NotOfDomain::OtherScheme),
            ("xspiffe://prod.example.org/api", NotOfDomain::OtherScheme),
            ("spiffe://", NotOfDomain::NoTrustDomain),
            ("spiffe:///api", NotOfDomain::NoTrustDomain),
            ("spiffe://PROD.example.org/api", NotOfDomain::NoTrustDomain),
            ("spiffe://prod.example.org:8443/api", NotOfDomain::NoTrustDomain),
            ("spiffe://prod.example.org:/api", NotOfDomain::NoTrustDomain),
            ("spiffe://alice@prod.example.org/api", NotOfDomain::NoTrustDomain),
            ("spiffe://@prod.example.org/api", NotOfDomain::NoTrustDomain),
            ("spiffe://prod.example.org?x=1", NotOfDomain::NoTrustDomain),
            ("spiffe://prod.example.org#x", NotOfDomain::NoTrustDomain),
            ("spiffe://prod%2eexample.org/api", NotOfDomain::NoTrustDomain),
            ("spiffe://[::1]/api", NotOfDomain::NoTrustDomain),
            ("spiffe://prod.exämple.org/api", NotOfDomain::NoTrustDomain),
            ("spiffe://prod.example.org\\api", NotOfDomain::NoTrustDomain),
            ("spiffe://prod.example.org\0/api", NotOfDomain::NoTrustDomain),
            ("spiffe://prod.example.org/", NotOfDomain::EmptySegment),
            ("spiffe://prod.example.org/api/", NotOfDomain::EmptySegment),
            ("spiffe://prod.example.org//api", NotOfDomain::EmptySegment),
            ("spiffe://prod.example.org/./api", NotOfDomain::RelativeSegment),
            ("spiffe://prod.example.org/ns/../api", NotOfDomain::RelativeSegment),
            ("spiffe://prod.example.org/api/..", NotOfDomain::RelativeSegment),
            ("spiffe://prod.example.org/api?x=1", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/api#x", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/a%70i", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/%2e%2e/api", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/a:b", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/a;b", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/a b", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/api\n", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/äpi", NotOfDomain::OtherCharacter),
            ("spiffe://prod.example.org/*", NotOfDomain::OtherCharacter),
            ("spiffe://staging.example.org/api", NotOfDomain::OtherDomain),
            ("spiffe://prod.example.org.evil.example/api", NotOfDomain::OtherDomain),
            ("spiffe://xprod.example.org/api", NotOfDomain::OtherDomain),
            ("spiffe://example.org/prod.example.org", NotOfDomain::OtherDomain),
            ("spiffe://prod.example.or/api", NotOfDomain::OtherDomain),
        ] {
            assert_eq!(domain.check(text), Err(problem), "{text}");
            assert_eq!(domain.check_workload(text), Err(problem), "{text}");
        }
    }

    /// R28: a trust domain is no workload in itself.
    #[test]
    fn r28_workloads() {
        let domain = TrustDomain::parse("prod.example.org").expect("a trust domain");
        assert_eq!(domain.check_workload("spiffe://prod.example.org/api"), Ok(()));
        assert_eq!(domain.check_workload("spiffe://prod.example.org"), Err(NotOfDomain::NoWorkload));
        assert_eq!(domain.check_workload("spiffe://prod.example.org/"), Err(NotOfDomain::EmptySegment));
    }

    /// SPIFFE-ID section 2.1: DNS names are trust domains, and not they alone.
    #[test]
    fn names_of_trust_domains() {
        for name in ["example.org", "prod", "my_domain-1", "10.0.0.1", &*"a".repeat(255)] {
            let domain = TrustDomain::parse(name).expect(name);
            assert_eq!(domain.check(&format!("spiffe://{name}/x")), Ok(()), "{name}");
        }
        for name in [
            "",
            "Example.org",
            "spiffe://example.org",
            "example.org/",
            "example.org:443",
            "a@b",
            "é",
            "a b",
            "a\n",
            "*",
            &*"a".repeat(256),
        ] {
            assert!(TrustDomain::parse(name).is_err(), "{name}");
        }
    }
}
