//! Random bytes, over wasi:random.

use asserta_core::ports::Entropy;
use spin_sdk::wasip3::random::random::get_random_bytes;

/// The host's cryptographically secure generator.
pub(crate) struct HostEntropy;

impl Entropy for HostEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut filled = 0;
        // wasi:random 0.3 may hand out fewer bytes than asked for, but at least one.
        while filled < bytes.len() {
            let wanted = bytes.len() - filled;
            let some = get_random_bytes(wanted as u64);
            bytes[filled..filled + some.len()].copy_from_slice(&some);
            filled += some.len();
        }
    }
}
