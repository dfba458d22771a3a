//! What goes into a table.

use crate::error::Outside;

/// The type of an input.
///
/// ```
/// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
/// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
/// # let set = corrections::Set::read(text.as_bytes())?;
/// # let sf = set.get("sf")?;
/// assert_eq!(sf.inputs[0].kind, corrections::Kind::Real);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A floating point number.
    Real,
    /// A whole number.
    Integer,
    /// A text.
    Text,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Real => "a number",
            Self::Integer => "a whole number",
            Self::Text => "a text",
        })
    }
}

/// An input of a correction, or its output.
///
/// ```
/// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
/// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
/// # let set = corrections::Set::read(text.as_bytes())?;
/// # let sf = set.get("sf")?;
/// let p: &corrections::Variable = &sf.inputs[0];
/// assert_eq!(p.name, "p");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name in the file.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// What it means, or nothing.
    pub description: String,
}

/// The value of an input.
///
/// ```
/// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
/// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
/// # let set = corrections::Set::read(text.as_bytes())?;
/// # let sf = set.get("sf")?;
/// use corrections::Input;
/// assert_eq!(sf.value(&[Input::Real(2.5)]), sf.value(&[Input::Integer(2)]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input<'a> {
    /// A number; NaN is missing.
    Real(f64),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// No value.
    Missing,
}

impl<'a> Input<'a> {
    /// The same value as the type of a variable: whole numbers are numbers, and a number without fraction is whole.
    pub(crate) fn fit(self, variable: &Variable) -> Result<Self, Outside> {
        let wrong = |what: String| {
            Err(Outside::Inputs(format!("`{}` is {what}, and the table takes {} there", variable.name, variable.kind)))
        };
        match (self, variable.kind) {
            (Self::Missing, _) => Ok(self),
            (Self::Real(_), Kind::Real) | (Self::Integer(_), Kind::Integer) | (Self::Text(_), Kind::Text) => Ok(self),
            // Above 2^53 an f64 is no longer every whole number, and still a number.
            (Self::Integer(value), Kind::Real) => Ok(Self::Real(value as f64)),
            (Self::Real(value), Kind::Integer) if value.is_nan() => Ok(Self::Missing),
            (Self::Real(value), Kind::Integer) if value.fract() == 0.0 && value.abs() < 9.0e18 => {
                Ok(Self::Integer(value as i64))
            }
            (Self::Real(value), _) => wrong(value.to_string()),
            (Self::Integer(value), _) => wrong(value.to_string()),
            (Self::Text(value), _) => wrong(format!("\"{value}\"")),
        }
    }

    /// The number, if it is one; NaN where it is missing.
    pub(crate) fn number(self) -> f64 {
        match self {
            Self::Real(value) => value,
            Self::Integer(value) => value as f64,
            Self::Text(_) | Self::Missing => f64::NAN,
        }
    }
}

impl From<f64> for Input<'_> {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<i64> for Input<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for Input<'_> {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl<'a> From<&'a str> for Input<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}
