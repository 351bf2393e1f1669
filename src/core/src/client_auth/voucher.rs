//! Who vouches for a client by a JWT, and whom that may be for an application.

use alloc::rc::Rc;
use core::fmt;

use crate::application::{Application, ClientKeys};
use crate::trust::{Issuer, NotOfDomain, Profile};

/// Who vouches for a client by a JWT.
#[derive(Clone)]
pub enum Voucher {
    /// The application itself, by a key of its own (R27).
    Itself,
    /// The trusted issuer that the JWT's `iss` names (R28).
    Issuer(Rc<Issuer>),
    /// The trusted issuer that the application names, for the workloads of its trust domain (R28). A JWT-SVID need not say
    /// who issued it: its trust domain does, and that is the issuer's.
    TrustDomain(Rc<Issuer>),
}

/// Whom a JWT must come from, and whom it must be about, to authenticate an application.
pub(super) struct Names<'a> {
    /// `iss`.
    pub(super) issuer: &'a str,
    /// `sub`.
    pub(super) subject: &'a str,
}

/// Why a JWT can't be one that authenticates the application; nothing of it was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotVouchedFor {
    /// There is no such application, or it does not authenticate in this way, or not by this issuer.
    OtherWay,
    /// `client_id` is needed, and isn't there.
    ClientIdMissing,
    /// `iss` is another one.
    OtherIssuer,
    /// The issuer is disabled.
    Disabled,
    /// The issuer has no trust domain.
    NoTrustDomain,
    /// Its assertions are ID-JAGs, and nothing else (R37).
    IdJag,
    /// The subject that the application names is no workload of the issuer's trust domain.
    Subject(NotOfDomain),
}

impl Voucher {
    /// The trusted issuer, if it is one.
    pub fn issuer(&self) -> Option<&Issuer> {
        match self {
            Self::Itself => None,
            Self::Issuer(issuer) | Self::TrustDomain(issuer) => Some(issuer),
        }
    }

    /// The trusted issuer, where its JWTs work once: one that has authenticated a client is used up as an assertion, too.
    pub fn issuer_of_one_use(&self) -> Option<&Issuer> {
        self.issuer().filter(|issuer| issuer.is_once())
    }

    /// Whom the JWT must come from, and whom it must be about.
    pub(super) fn names<'a>(&'a self, application: &'a Application) -> Result<Names<'a>, NotVouchedFor> {
        let issuer = match (application.keys(), self) {
            (Some(ClientKeys::Own(_)), Self::Itself) => {
                let client_id = application.client_id();
                return Ok(Names { issuer: client_id, subject: client_id });
            }
            (Some(ClientKeys::Federated), Self::Issuer(issuer) | Self::TrustDomain(issuer)) => issuer,
            _ => return Err(NotVouchedFor::OtherWay),
        };
        let (metadata, document) = (application.metadata(), issuer.document());
        let subject = metadata.client_assertion_subject.as_deref().ok_or(NotVouchedFor::OtherWay)?;
        if metadata.client_assertion_issuer.as_deref() != Some(document.name.as_str()) {
            return Err(NotVouchedFor::OtherWay);
        }
        if !document.enabled {
            return Err(NotVouchedFor::Disabled);
        }
        if matches!(self, Self::TrustDomain(_)) {
            if document.profile == Profile::IdJag {
                return Err(NotVouchedFor::IdJag);
            }
            let verdict = issuer.check_workload(subject).ok_or(NotVouchedFor::NoTrustDomain)?;
            verdict.map_err(NotVouchedFor::Subject)?;
        }
        Ok(Names { issuer: &document.issuer, subject })
    }
}

impl fmt::Display for NotVouchedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherWay => "there is no such application, or no such JWT authenticates it",
            Self::ClientIdMissing => {
                "client_id is needed beside it: several applications may name one subject"
            }
            Self::OtherIssuer => "iss is not that of the issuer that authenticates the application",
            Self::Disabled => "the application's client_assertion_issuer is disabled",
            Self::NoTrustDomain => {
                "the application's client_assertion_issuer has no trust_domain: it vouches for no SPIFFE ID"
            }
            Self::IdJag => "the application's client_assertion_issuer has the profile id-jag",
            Self::Subject(problem) => {
                f.write_str("client_assertion_subject must be a workload of the issuer's trust domain: ")?;
                return problem.fmt(f);
            }
        })
    }
}
