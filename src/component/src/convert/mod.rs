//! From core's values to those of the WIT interfaces, and back: what is typed there. Registrations cross as documents.

mod error;
mod page;
mod refusal;
