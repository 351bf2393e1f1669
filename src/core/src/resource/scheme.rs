//! The two schemes that an access token of ours may come with.

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Whoever has it may use it (RFC 6750 section 2.1).
    Bearer,
    /// With a proof of the key that it is bound to (RFC 9449 section 7.1).
    Dpop,
}

impl Scheme {
    /// That of these values of `Authorization`; the one of bearers, where they have no other of ours. In any case (RFC 9110
    /// section 11.1).
    pub(super) fn of(authorization: &[&str]) -> Self {
        let names_dpop = |value: &&str| scheme_and_rest(value).0.eq_ignore_ascii_case(Self::Dpop.name());
        if matches!(authorization, [value] if names_dpop(value)) { Self::Dpop } else { Self::Bearer }
    }

    /// As it stands in a header.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// The scheme of a value of `Authorization`, and what follows it.
pub(super) fn scheme_and_rest(value: &str) -> (&str, &str) {
    value.split_once(' ').unwrap_or((value, ""))
}
