//! What a grant's decision comes to, told and handed to a policy.

use crate::grants::jwt_bearer::Facts;
use crate::grants::{Decided, Granted};
use crate::oauth::{GrantType, Refusal};
use crate::ports::Ports;
use crate::service::Service;
use crate::service::trail::Trail;

impl<P: Ports> Service<P> {
    /// What is granted by this decision on these facts.
    pub(super) fn judged(
        &self,
        grant: GrantType,
        facts: &Facts<'_>,
        decided: Decided,
        now: u64,
        trail: &mut Trail,
    ) -> Result<Granted, Refusal> {
        if let Some(left) = facts.time_left {
            // All else has been told: it is this that is left to refuse.
            let verdict = decided.granted.as_ref().map(drop).map_err(|reason| *reason);
            trail.step_of_time_left(left, verdict);
        }
        trail.judged(decided.rule, decided.label, decided.audited);
        // R87: last, so that it sees what the rules grant, and before anything is used up or signed.
        self.narrowed_by_policy(grant, facts, decided.granted?, now, trail)
    }
}
