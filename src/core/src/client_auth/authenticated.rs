//! A client that has proved who it is.

use alloc::rc::Rc;

use crate::application::Application;
use crate::jwt::Mark;

/// A client that has proved to be this application: the methods beside this file alone make one.
pub struct AuthenticatedClient {
    pub(super) application: Rc<Application>,
    pub(super) mark: Option<Mark>,
}

impl AuthenticatedClient {
    /// The application.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// What to reserve before anything is issued, where what it presented works once (R27).
    pub fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }
}
