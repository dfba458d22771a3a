//! A cut as an expression in the functions of Spark SQL, with the same meaning.
//!
//! Spark and Sail order NaN above every number, answer NULL or fail where IEEE arithmetic has an infinity, and round
//! towards zero; so comparisons are guarded, and quotients, logarithms and remainders are written out by cases. Numbers
//! are held as four types: `bigint`, `decimal(38,0)` where 64 bits may not do, `float` and `double`. What has no exact
//! words is refused; nothing is approximated.

pub(crate) mod emit;
pub(crate) mod functions;
pub(crate) mod numbers;
pub(crate) mod term;

use crate::check::typed::Typed;
use crate::check::types::Type;
use crate::error::{Error, Problem, Result};
use crate::spark::emit::Emitter;
use crate::spark::term::{Held, Term};
use polars::prelude::DataType;

impl Typed {
    /// The same cut as an expression for a server that has the columns as [`held_as`] says. A selection gives true, and
    /// false or NULL elsewhere; any other value is of the type that [`held_as`] says for [`Typed::dtype`].
    ///
    /// # Errors
    /// What the server has no words of the same meaning for: lists, functions of Rust, tables, decimals, times.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let frame = df!("x" => [1.0]).unwrap();
    /// let cut = cut::parse("x > 2").unwrap().check(frame.schema()).unwrap();
    /// assert_eq!(cut.term().unwrap().to_string(), "and(>(x, 2.0), not(isnan(x)))");
    /// ```
    pub fn term(&self) -> Result<Term> {
        let emitter = Emitter { program: &self.program };
        let made = match self.is_list() || !self.fields.is_empty() {
            true => Err("a list or an object".to_owned()),
            false if self.is_selection() => emitter.truth(self.root, false),
            false => emitter.stored(self.root),
        };
        made.map_err(|what| {
            let problem = Problem::new(format!("the server has no exact words for {what}"), 0..self.text.len());
            Error::new(
                self.text.clone(),
                vec![problem.help("compute it before the data are written with write_parquet")],
            )
        })
    }
}

/// The type in which a column of this type is held on a server; `None` when cuts cannot be run there on it.
///
/// ```
/// assert_eq!(cut::held_as(&polars::prelude::DataType::Int16), Some("bigint"));
/// ```
pub fn held_as(dtype: &DataType) -> Option<&'static str> {
    Some(match Held::of(&Type::of(dtype)?)? {
        Held::Decimal => "decimal(20,0)",
        held => held.name(),
    })
}
