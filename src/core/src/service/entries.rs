//! A map by name, as a sorted list of at most a few thousand entries, found by binary search. A `BTreeMap` is
//! compiled anew for each type of value, and four of them were 15 kB of the component.

use alloc::string::String;
use alloc::vec::Vec;

/// How many entries are put before all are forgotten.
const MAX_ENTRIES: usize = 4096;

/// Values by name.
pub(super) struct Entries<T>(Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Entries<T> {
    /// Where the name is, or where it belongs.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.place(name).ok().map(|index| &self.0[index].1)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.place(name).ok().map(|index| &mut self.0[index].1)
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, in the order of their names.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (String, T)> {
        self.0.iter_mut()
    }

    /// Forgets those that are not `good`.
    pub(super) fn retain(&mut self, good: impl Fn(&T) -> bool) {
        self.0.retain(|(_, value)| good(value));
    }

    /// The value of this name, from now on: the one that is there if it is `good`, or else a `fresh` one.
    /// A new name among `max` others makes all others forgotten.
    pub(super) fn keep(
        &mut self,
        name: &str,
        max: usize,
        good: impl FnOnce(&T) -> bool,
        fresh: impl FnOnce() -> T,
    ) -> &mut T {
        let index = match self.place(name) {
            Ok(index) => {
                if !good(&self.0[index].1) {
                    self.0[index].1 = fresh();
                }
                index
            }
            Err(mut index) => {
                if self.0.len() >= max {
                    self.0.clear();
                    index = 0;
                }
                self.0.insert(index, (name.into(), fresh()));
                index
            }
        };
        &mut self.0[index].1
    }

    /// Sets the value of this name, forgetting all others where there are too many.
    pub(super) fn put(&mut self, name: &str, value: T) {
        self.keep(name, MAX_ENTRIES, |_| false, || value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_replaced_and_forgotten() {
        let mut entries = Entries::default();
        for name in ["m", "z", "a"] {
            entries.keep(name, 3, |_| true, || name.len());
        }
        assert_eq!((entries.get("a"), entries.get("m"), entries.get("b")), (Some(&1), Some(&1), None));
        assert_eq!(*entries.keep("m", 3, |_| true, || 7), 1);
        assert_eq!(*entries.keep("m", 3, |_| false, || 7), 7);
        entries.keep("c", 3, |_| true, || 3);
        entries.keep("d", 3, |_| true, || 4);
        assert_eq!((entries.get("m"), entries.get("d")), (None, Some(&4)), "more than 3");
    }
}
