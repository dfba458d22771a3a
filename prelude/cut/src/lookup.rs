//! Tables that a cut can look up: `@sf(p, cos(theta), "up")`.

/// A table that a cut calls as `@name(..)`: named inputs, numbers and texts, and a reason where it has no value.
pub trait Lookup: Send + Sync {
    /// What the table is called in messages.
    fn name(&self) -> &str;

    /// What it takes, in order.
    fn inputs(&self) -> Vec<Wanted>;

    /// How many of its inputs must be given; the rest may be left out at the end.
    fn least(&self) -> usize;

    /// Whether its value is a truth (1 or 0), so that it can stand as a condition.
    fn is_condition(&self) -> bool {
        false
    }

    /// What is wrong with a text that is the same for every row, if something is.
    fn refuses(&self, input: usize, text: &str) -> Option<String>;

    /// The value for the inputs of a row; NaN for missing.
    ///
    /// # Errors
    /// Why there is none.
    fn value(&self, given: &[Given<'_>]) -> Result<f64, String>;

    /// Words that are equal only when all values are, such as a digest of the table.
    fn identity(&self) -> String;
}

/// An input of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Whether it is a text, not a number.
    pub text: bool,
}

/// An input of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given<'a> {
    /// A floating point number; NaN is missing.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// No value.
    Missing,
}

/// What a table takes, in words: `@sf(p, theta, kind: text)`.
pub(crate) fn signature(written: &str, table: &dyn Lookup) -> String {
    let (inputs, least) = (table.inputs(), table.least());
    let one = |(at, wanted): (usize, &Wanted)| {
        let kind = if wanted.text { ": text" } else { "" };
        let maybe = if at >= least { "?" } else { "" };
        format!("{}{maybe}{kind}", wanted.name)
    };
    format!("@{written}({})", inputs.iter().enumerate().map(one).collect::<Vec<_>>().join(", "))
}
