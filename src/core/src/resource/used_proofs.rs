//! The proofs that let a request pass, so that none of them does twice (RFC 9449 section 11.1). In memory: another instance
//! does not know them.

use alloc::vec::Vec;

use crate::proof::{MAX_AGE, ProofKey};

/// The longest that a proof is accepted after its first use, in seconds: its `iat` may lie ahead as far as behind.
const PERIOD: u64 = 2 * MAX_AGE as u64 + 1;
/// How many are remembered at least; twice as many at most.
const ENOUGH: usize = 32 * 1024;

/// Half a digest: enough that nobody finds another proof with the same one.
type Known = [u8; 16];

/// Two generations of digests, each in order. The older one is forgotten when the younger one has lasted for a period, or is
/// full.
#[derive(Default)]
pub(super) struct UsedProofs {
    young: Vec<Known>,
    old: Vec<Known>,
    began_at: u64,
}

impl UsedProofs {
    pub(super) fn contains(&self, proof: &ProofKey) -> bool {
        self.knows(&known(proof))
    }

    pub(super) fn insert(&mut self, proof: &ProofKey, now: u64) {
        self.mark(known(proof), now);
    }

    fn knows(&self, digest: &Known) -> bool {
        [&self.young, &self.old].iter().any(|known| known.binary_search(digest).is_ok())
    }

    fn mark(&mut self, digest: Known, now: u64) {
        if now.abs_diff(self.began_at) >= PERIOD || self.young.len() >= ENOUGH {
            self.old = core::mem::take(&mut self.young);
            self.began_at = now;
        }
        if let Err(place) = self.young.binary_search(&digest) {
            self.young.insert(place, digest);
        }
    }
}

fn known(proof: &ProofKey) -> Known {
    let digest = proof.digest();
    core::array::from_fn(|index| digest[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(used: &mut UsedProofs, numbers: core::ops::Range<usize>, now: u64) {
        for number in numbers {
            used.mark(digest(number), now);
        }
    }

    fn digest(number: usize) -> Known {
        (number as u128).to_be_bytes()
    }

    /// R120: for a period at least, and no longer than two.
    #[test]
    fn r120_for_how_long() {
        let mut used = UsedProofs::default();
        used.mark(digest(0), 1000);
        for now in [1000, 1600, 1601, 2201] {
            assert!(used.knows(&digest(0)), "{now}");
            used.mark(digest(usize::try_from(now).expect("small")), now);
        }
        used.mark(digest(1), 2202);
        assert!(!used.knows(&digest(0)) && !used.knows(&digest(1000)) && used.knows(&digest(2201)));
    }

    /// R120: the last so many, and no more than twice that.
    #[test]
    fn r120_how_many() {
        let mut used = UsedProofs::default();
        marks(&mut used, 0..3 * ENOUGH, 1000);
        assert!((2 * ENOUGH..3 * ENOUGH).all(|number| used.knows(&digest(number))));
        assert!(!used.knows(&digest(0)));
        assert!(used.young.len() + used.old.len() <= 2 * ENOUGH);
    }
}
