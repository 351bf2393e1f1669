//! A JWT that a client presents in place of a secret, and what it says it is (RFC 7521 section 4.2).

use alloc::string::{String, ToString};

use crate::oauth::{Form, MAX_ASSERTION, Reason};

/// What a client says its JWT is: `client_assertion_type`. It decides what the JWT must say. What a JWT looks like does not:
/// else one that was made for another purpose could pass for a JWT-SVID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAssertionType {
    /// A JWT that was made to authenticate with here (RFC 7523 section 2.2; R27, R28).
    #[default]
    JwtBearer,
    /// A JWT-SVID (draft-ietf-oauth-spiffe-client-auth section 3.1; R28).
    JwtSpiffe,
}

impl ClientAssertionType {
    /// Every type.
    pub const ALL: &'static [Self] = &[Self::JwtBearer, Self::JwtSpiffe];

    /// The value of `client_assertion_type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JwtBearer => "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            Self::JwtSpiffe => "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.name() == name)
    }
}

/// A JWT that a client presents; not yet checked.
#[derive(Clone)]
pub struct ClientAssertion {
    assertion_type: ClientAssertionType,
    client_id: Option<String>,
    assertion: String,
}

impl ClientAssertion {
    /// A client assertion as it was presented. Empty text counts as no `client_id`.
    ///
    /// # Errors
    /// [`Reason::AssertionTooLarge`]
    pub fn new(
        assertion_type: ClientAssertionType,
        client_id: Option<&str>,
        assertion: &str,
    ) -> Result<Self, Reason> {
        if assertion.len() > MAX_ASSERTION {
            return Err(Reason::AssertionTooLarge);
        }
        let client_id = client_id.filter(|id| !id.is_empty()).map(ToString::to_string);
        Ok(Self { assertion_type, client_id, assertion: assertion.to_string() })
    }

    /// Reads it from the body. `Ok(None)`: there is none.
    pub(super) fn read(form: &Form<'_>) -> Result<Option<Self>, Reason> {
        match (form.one("client_assertion_type")?, form.one("client_assertion")?) {
            (None, None) => Ok(None),
            (Some(name), Some(assertion)) => {
                let assertion_type =
                    ClientAssertionType::from_name(name).ok_or(Reason::ClientAssertionRefused)?;
                Self::new(assertion_type, form.one("client_id")?, assertion).map(Some)
            }
            _ => Err(Reason::ClientAssertionIncomplete),
        }
    }

    /// What the client says it is.
    pub const fn assertion_type(&self) -> ClientAssertionType {
        self.assertion_type
    }

    /// Who the client says it is beside the JWT, which one that a trusted issuer vouches for has to (R28).
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The JWT.
    pub fn assertion(&self) -> &str {
        &self.assertion
    }

    /// R35: whether this is the same JWT, whatever became of its signature.
    pub(crate) fn is_same_jwt(&self, other: &str) -> bool {
        let signed = |text: &str| text.rsplit_once('.').map_or(text.len(), |(signed, _)| signed.len());
        self.assertion[..signed(&self.assertion)] == other[..signed(other)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R35: a signature can be varied, and the JWT is the same.
    #[test]
    fn r35_one_jwt_whatever_its_signature() {
        let presented =
            ClientAssertion::new(ClientAssertionType::JwtBearer, None, "a.b.c").expect("short enough");
        for (other, is_same) in
            [("a.b.c", true), ("a.b.d", true), ("a.b.", true), ("a.c.c", false), ("", false)]
        {
            assert_eq!(presented.is_same_jwt(other), is_same, "{other}");
        }
    }
}
