//! What putting a registration finds and does.

use crate::ports::StoreError;

/// What putting a registration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Created,
    /// Another one was there.
    Replaced,
    /// It was there as it is wanted.
    Unchanged,
}

/// What is there before a registration is put.
pub(in crate::service) enum Known<T> {
    Nothing,
    /// A record that can't be read, and that can be replaced without a look at it (R74).
    Unreadable,
    Readable(T),
}

impl<T: PartialEq> Known<T> {
    pub(in crate::service) fn of(loaded: Result<Option<T>, StoreError>) -> Result<Self, StoreError> {
        match loaded {
            Ok(None) => Ok(Self::Nothing),
            Ok(Some(known)) => Ok(Self::Readable(known)),
            Err(StoreError::Unreadable(_)) => Ok(Self::Unreadable),
            Err(error) => Err(error),
        }
    }

    pub(in crate::service) fn readable(&self) -> Option<&T> {
        if let Self::Readable(known) = self { Some(known) } else { None }
    }

    pub(in crate::service) fn put(&self, wanted: &T) -> Put {
        match self {
            Self::Nothing => Put::Created,
            Self::Readable(known) if known == wanted => Put::Unchanged,
            Self::Readable(_) | Self::Unreadable => Put::Replaced,
        }
    }
}
