//! Random bytes, over wasi:random.

use asserta_core::ports::Entropy;

use crate::bindings::wasi::random::random::get_random_bytes;

/// The host's cryptographically secure generator.
pub struct HostEntropy;

impl Entropy for HostEntropy {
    /// A host that hands over fewer bytes than asked for breaks its contract: this traps then, since
    /// going on with what is left would make guessable keys.
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&get_random_bytes(bytes.len() as u64));
    }
}
