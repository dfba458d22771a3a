//! Files on web servers, by questions for ranges (RFC 9110, section 14).

mod answer;
mod file;

pub(crate) use file::{open, open_signed, text};
