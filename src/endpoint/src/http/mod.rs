//! HTTP as the routes see it: a request whose head is parsed, answers as values.

mod answer;
mod body;
mod cors;
mod incoming;
mod path;
mod problem;

pub(crate) use answer::{document, empty, json, send};
pub(crate) use body::{BodyError, read_body};
pub(crate) use cors::open;
pub(crate) use incoming::Incoming;
pub(crate) use path::segments;
pub(crate) use problem::Problem;
