//! Storey `syntax`: text to expression and back. A text or calls of [`expr::col`] and [`expr::lit`] come in, an
//! [`expr::Expr`] that prints as it is read goes out. It knows no column, no type and no row.

pub(crate) mod expr;
mod lists;
pub(crate) mod locals;
pub(crate) mod parse;
mod print;
pub(crate) mod token;
