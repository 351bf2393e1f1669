//! The rules of an issuer (R80 to R82): which one decides, what it grants, and who hears of it.

mod bounds;
mod choice;
#[path = "../world/mod.rs"]
mod world;
