//! HTTP as the routes see it: a request whose head is parsed, answers as values.

mod answer;
mod incoming;
mod path;
mod problem;

pub(crate) use answer::{document, empty, json, send};
pub(crate) use incoming::{BodyError, Incoming};
pub(crate) use path::segments;
pub(crate) use problem::Problem;
