//! Room `banks`: HIPO files in a cell.
//!
//! [`hipo()`] opens files as a dict of banks; every bank is a [`data::Group`] of rows, made with the facade's public
//! constructors, so that all steps and terminals work. In come paths and frames, out go groups and files. What a HIPO file
//! is made of belongs to the crate `hipo`; this room knows only how its columns become columns of a frame.

mod bank;
mod choice;
mod dict;
mod frame;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use bank::Bank;
pub use dict::{Hipo, hipo};
pub use write::{WriteHipo, write_hipo};
