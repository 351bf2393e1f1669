//! Which workloads an issuer speaks for by their SPIFFE IDs.

use super::issuer::Issuer;
use super::spiffe_id::NotOfDomain;

impl Issuer {
    /// Whether this is the SPIFFE ID of a workload in its trust domain; `None`: it has no trust domain (R28).
    pub fn check_workload(&self, spiffe_id: &str) -> Option<Result<(), NotOfDomain>> {
        Some(self.trust_domain()?.check_workload(spiffe_id))
    }
}
