//! The verification of a JWT: its header, its key, its signature and its claims, in one ordered list of checks.
//!
//! The list reads like the rule book, one line a rule; what a check saw is told from the same list.

use alloc::string::String;
use alloc::vec::Vec;

use super::claims::Claims;
use super::expect::Expectations;
use super::keys::Keys;
use super::look::{Checked, Look};
use super::problem::JwtProblem;
use super::unverified::UnverifiedJwt;
use super::{rules, saw};
use crate::check::Finding;
use crate::jose::Signatures;
use crate::jose::key::VerificationKey;

/// What checks have read on their way, for those after them and for the verified JWT.
#[derive(Default)]
struct Read<'a, 'k> {
    candidates: Vec<&'k VerificationKey>,
    subject: Option<&'a str>,
    expiry: Option<f64>,
    jwt_id: Option<&'a str>,
}

/// One check.
struct Check {
    rule: &'static str,
    of: Checked,
    run: for<'a, 'k> fn(&Look<'a, 'k>, &mut Read<'a, 'k>) -> Result<(), JwtProblem>,
}

/// What every check found, and the words for what it saw. Who wants no findings does not link the words.
struct Findings {
    found: Vec<Finding<JwtProblem>>,
    saw: fn(Checked, &Look<'_, '_>) -> String,
}

/// What needs no key: what is refused here never causes a fetch.
const HEADER_CHECKS: &[Check] = &[
    Check {
        rule: "R31",
        of: Checked::Algorithm,
        run: |look, _| rules::algorithm(look.jwt.header(), &look.expected),
    },
    Check {
        rule: "R34, R35",
        of: Checked::Typ,
        run: |look, _| rules::typ(look.jwt.header(), &look.expected),
    },
];

const KEY_CHECKS: &[Check] = &[
    Check { rule: "R47, R48", of: Checked::Keys, run: key },
    Check { rule: "R33", of: Checked::Signature, run: signature },
];

const CLAIM_CHECKS: &[Check] = &[
    Check {
        rule: "R36",
        of: Checked::Cnf,
        run: |look, _| rules::confirmation(&look.jwt.claims, &look.expected),
    },
    Check { rule: "R41", of: Checked::Sub, run: subject },
    Check { rule: "R42", of: Checked::Aud, run: |look, _| rules::audience(&look.jwt.claims, &look.expected) },
    Check { rule: "R43", of: Checked::Exp, run: expiry },
    Check {
        rule: "R44",
        of: Checked::Nbf,
        run: |look, _| rules::not_before(&look.jwt.claims, &look.expected, look.now),
    },
    Check {
        rule: "R44",
        of: Checked::Iat,
        run: |look, read| rules::issued_at(&look.jwt.claims, read.expiry, &look.expected, look.now),
    },
    Check { rule: "R46", of: Checked::Jti, run: jwt_id },
];

fn key<'k>(look: &Look<'_, 'k>, read: &mut Read<'_, 'k>) -> Result<(), JwtProblem> {
    let header = look.jwt.header();
    read.candidates.extend(look.keys.candidates(header, look.now));
    if !read.candidates.is_empty() {
        return Ok(());
    }
    // R31 and not R48, where the issuer has the key, but of another type or curve than `alg` says.
    let of_other_type = look.keys.named(header).next().is_some_and(|key| !key.fits(header.algorithm));
    Err(if of_other_type { JwtProblem::KeyOfOtherType } else { JwtProblem::KeyUnknown })
}

fn signature<'k>(look: &Look<'_, 'k>, read: &mut Read<'_, 'k>) -> Result<(), JwtProblem> {
    let jws = &look.jwt.jws;
    let verifies = |key: &&VerificationKey| {
        look.signatures.is_some_and(|signatures| {
            signatures.verify(jws.header.algorithm, &key.material, jws.signing_input, &jws.signature).is_ok()
        })
    };
    if read.candidates.iter().any(verifies) { Ok(()) } else { Err(JwtProblem::SignatureInvalid) }
}

fn subject<'a>(look: &Look<'a, '_>, read: &mut Read<'a, '_>) -> Result<(), JwtProblem> {
    read.subject = Some(look.jwt.claims.subject()?);
    Ok(())
}

fn expiry<'a>(look: &Look<'a, '_>, read: &mut Read<'a, '_>) -> Result<(), JwtProblem> {
    let expiry = look.jwt.claims.expiry()?;
    read.expiry = Some(expiry);
    rules::expiry(expiry, &look.expected, look.now)
}

fn jwt_id<'a>(look: &Look<'a, '_>, read: &mut Read<'a, '_>) -> Result<(), JwtProblem> {
    read.jwt_id = look.jwt.claims.jwt_id()?;
    rules::jwt_id(read.jwt_id, &look.expected)
}

/// A JWT whose header, signature and claims are as expected. [`Verification`] alone makes one.
pub struct VerifiedJwt<'a> {
    jwt: &'a UnverifiedJwt<'a>,
    subject: &'a str,
    expiry: f64,
    jwt_id: Option<&'a str>,
}

impl<'a> VerifiedJwt<'a> {
    /// All its claims.
    pub fn claims(&self) -> &'a Claims {
        &self.jwt.claims
    }

    /// The same as they were signed: the text of a strict JSON object.
    pub fn payload(&self) -> &'a [u8] {
        &self.jwt.jws.payload
    }

    /// `sub` (R41).
    pub fn subject(&self) -> &'a str {
        self.subject
    }

    /// `exp`: seconds since 1970, not negative, at most a few days ahead (R43).
    pub fn expiry(&self) -> f64 {
        self.expiry
    }

    /// `jti` (R46).
    pub fn jwt_id(&self) -> Option<&'a str> {
        self.jwt_id
    }

    /// What the signature covers, which names a JWT without a `jti`: a signature can be varied without the key (R45).
    pub fn signing_input(&self) -> &'a [u8] {
        self.jwt.jws.signing_input
    }
}

/// A verification under way. Without findings the first problem ends it; with them every check runs and is written down.
pub struct Verification<'a> {
    jwt: &'a UnverifiedJwt<'a>,
    expected: Expectations<'a>,
    now: u64,
    header: Option<Result<(), JwtProblem>>,
    findings: Option<Findings>,
}

impl<'a> Verification<'a> {
    /// Begins one, at this second since 1970. `findings`: what each check saw is wanted.
    pub fn new(jwt: &'a UnverifiedJwt<'a>, expected: Expectations<'a>, now: u64, findings: bool) -> Self {
        let findings = findings.then_some(Findings { found: Vec::new(), saw: saw::of });
        Self { findings, ..Self::without_findings(jwt, expected, now) }
    }

    /// Begins one that will never say what a check saw.
    pub fn without_findings(jwt: &'a UnverifiedJwt<'a>, expected: Expectations<'a>, now: u64) -> Self {
        Self { jwt, expected, now, header: None, findings: None }
    }

    /// The checks of the header, which need no key.
    ///
    /// # Errors
    /// The first problem.
    pub fn check_header(&mut self) -> Result<(), JwtProblem> {
        let none = Keys { keys: &[], have_kid: true };
        let verdict = self.run(HEADER_CHECKS, none, None, &mut Read::default());
        self.header = Some(verdict);
        verdict
    }

    /// The verified JWT, with one of these keys. The checks of the header come first, if they were not run before.
    ///
    /// # Errors
    /// The first problem.
    pub fn verify(
        &mut self,
        keys: Keys<'_>,
        signatures: &dyn Signatures,
    ) -> Result<VerifiedJwt<'a>, JwtProblem> {
        self.forget_findings();
        let header = match self.header {
            Some(verdict) => verdict,
            None => self.check_header(),
        };
        if self.findings.is_none() {
            header?;
        }
        let mut read = Read::default();
        let key = self.run(KEY_CHECKS, keys, Some(signatures), &mut read);
        if self.findings.is_none() {
            key?;
        }
        let claims = self.run(CLAIM_CHECKS, keys, None, &mut read);
        header.and(key).and(claims)?;
        let subject = read.subject.ok_or(JwtProblem::SubjectInvalid)?;
        let expiry = read.expiry.ok_or(JwtProblem::ExpiryInvalid)?;
        Ok(VerifiedJwt { jwt: self.jwt, subject, expiry, jwt_id: read.jwt_id })
    }

    /// Writes down the checks of the claims, where there are no keys and nothing can be verified.
    pub(crate) fn explain_claims(&mut self) {
        self.forget_findings();
        let none = Keys { keys: &[], have_kid: true };
        // Whatever they find, it stands in the findings.
        _ = self.run(CLAIM_CHECKS, none, None, &mut Read::default());
    }

    /// What was found with other keys counts no more.
    fn forget_findings(&mut self) {
        if let Some(findings) = &mut self.findings {
            findings.found.clear();
        }
    }

    /// What the checks have found since the last time.
    pub(crate) fn take_findings(&mut self) -> Vec<Finding<JwtProblem>> {
        self.findings.as_mut().map(|findings| core::mem::take(&mut findings.found)).unwrap_or_default()
    }

    /// The claims, verified or not: to explain them, never to act on them.
    pub(crate) fn claims_to_explain(&self) -> &'a Claims {
        &self.jwt.claims
    }

    fn run<'k>(
        &mut self,
        checks: &[Check],
        keys: Keys<'k>,
        signatures: Option<&'k dyn Signatures>,
        read: &mut Read<'a, 'k>,
    ) -> Result<(), JwtProblem> {
        let look = Look { jwt: self.jwt, expected: self.expected, keys, signatures, now: self.now };
        let mut first = Ok(());
        for check in checks {
            let verdict = (check.run)(&look, read);
            match &mut self.findings {
                None => verdict?,
                Some(Findings { found, saw }) => {
                    let (name, saw) = (check.of.name(), saw(check.of, &look));
                    found.push(Finding { rule: check.rule, name, verdict, saw });
                }
            }
            first = first.and(verdict);
        }
        first
    }
}
