//! Tokens that were verified a moment ago. What is remembered is that a token is good, never that a request passes: scope,
//! expiry and introspection are looked at each time.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::passed::Passed;
use crate::jose::digest;

/// How long a verified token is remembered, in seconds.
const LONGEST: u64 = 60;
/// How many are.
const MOST: usize = 1024;

/// In the order of their digests: a sorted list takes a tenth of the code of a tree.
#[derive(Default)]
pub(super) struct Remembered(Vec<Entry>);

struct Entry {
    /// Of the token.
    digest: [u8; 32],
    passed: Rc<Passed>,
    at: u64,
}

impl Remembered {
    /// What this token says, if it was verified less than a minute ago.
    pub(super) fn get(&self, token: &str, now: u64) -> Option<Rc<Passed>> {
        let entry = &self.0[self.place(&digest::sha256(token.as_bytes())).ok()?];
        // A clock that goes back makes it forget.
        let is_good = entry.at <= now && now - entry.at < LONGEST && now < entry.passed.expires_at;
        is_good.then(|| Rc::clone(&entry.passed))
    }

    pub(super) fn insert(&mut self, token: &str, passed: &Rc<Passed>, now: u64) {
        if self.0.len() >= MOST {
            self.0.retain(|entry| entry.at <= now && now - entry.at < LONGEST);
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let digest = digest::sha256(token.as_bytes());
        let entry = Entry { digest, passed: Rc::clone(passed), at: now };
        match self.place(&digest) {
            Ok(place) => self.0[place] = entry,
            Err(place) => self.0.insert(place, entry),
        }
    }

    fn place(&self, digest: &[u8; 32]) -> Result<usize, usize> {
        self.0.binary_search_by(|entry| entry.digest.cmp(digest))
    }

    /// The keys are others now: one that is gone must not pass on what it signed.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
