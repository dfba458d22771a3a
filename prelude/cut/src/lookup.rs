//! Tables that a cut can look up: `@sf(p, cos(theta), "up")`.

/// A table that a cut calls as `@name(..)`: named inputs, numbers and texts, and a reason where it has no value.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// # struct Half;
/// # impl cut::Lookup for Half {
/// #     fn name(&self) -> &str {
/// #         "half"
/// #     }
/// #     fn inputs(&self) -> Vec<cut::Wanted> {
/// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
/// #     }
/// #     fn least(&self) -> usize {
/// #         1
/// #     }
/// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
/// #         None
/// #     }
/// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
/// #         match given {
/// #             [cut::Given::Number(x)] => Ok(x / 2.0),
/// #             _ => Err("one number is wanted".to_string()),
/// #         }
/// #     }
/// #     fn identity(&self) -> String {
/// #         "half".to_string()
/// #     }
/// # }
/// # use cut::Lookup;
/// let cut = cut::parse("@half(x) > 1.5")?.bind("half", cut::Value::table(Half));
/// assert_eq!(cut.check(frame.schema())?.mask(&frame)?.sum(), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Lookup: Send + Sync {
    /// What the table is called in messages.
    ///
    /// ```
    /// # struct Half;
    /// # impl cut::Lookup for Half {
    /// #     fn name(&self) -> &str {
    /// #         "half"
    /// #     }
    /// #     fn inputs(&self) -> Vec<cut::Wanted> {
    /// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
    /// #     }
    /// #     fn least(&self) -> usize {
    /// #         1
    /// #     }
    /// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
    /// #         None
    /// #     }
    /// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
    /// #         match given {
    /// #             [cut::Given::Number(x)] => Ok(x / 2.0),
    /// #             _ => Err("one number is wanted".to_string()),
    /// #         }
    /// #     }
    /// #     fn identity(&self) -> String {
    /// #         "half".to_string()
    /// #     }
    /// # }
    /// # use cut::Lookup;
    /// assert_eq!(Half.name(), "half");
    /// ```
    fn name(&self) -> &str;

    /// What it takes, in order.
    ///
    /// ```
    /// # struct Half;
    /// # impl cut::Lookup for Half {
    /// #     fn name(&self) -> &str {
    /// #         "half"
    /// #     }
    /// #     fn inputs(&self) -> Vec<cut::Wanted> {
    /// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
    /// #     }
    /// #     fn least(&self) -> usize {
    /// #         1
    /// #     }
    /// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
    /// #         None
    /// #     }
    /// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
    /// #         match given {
    /// #             [cut::Given::Number(x)] => Ok(x / 2.0),
    /// #             _ => Err("one number is wanted".to_string()),
    /// #         }
    /// #     }
    /// #     fn identity(&self) -> String {
    /// #         "half".to_string()
    /// #     }
    /// # }
    /// # use cut::Lookup;
    /// assert_eq!(Half.inputs()[0].name, "x");
    /// ```
    fn inputs(&self) -> Vec<Wanted>;

    /// How many of its inputs must be given; the rest may be left out at the end.
    ///
    /// ```
    /// # struct Half;
    /// # impl cut::Lookup for Half {
    /// #     fn name(&self) -> &str {
    /// #         "half"
    /// #     }
    /// #     fn inputs(&self) -> Vec<cut::Wanted> {
    /// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
    /// #     }
    /// #     fn least(&self) -> usize {
    /// #         1
    /// #     }
    /// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
    /// #         None
    /// #     }
    /// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
    /// #         match given {
    /// #             [cut::Given::Number(x)] => Ok(x / 2.0),
    /// #             _ => Err("one number is wanted".to_string()),
    /// #         }
    /// #     }
    /// #     fn identity(&self) -> String {
    /// #         "half".to_string()
    /// #     }
    /// # }
    /// # use cut::Lookup;
    /// assert_eq!(Half.least(), 1);
    /// ```
    fn least(&self) -> usize;

    /// Whether its value is a truth (1 or 0), so that it can stand as a condition.
    ///
    /// ```
    /// # struct Half;
    /// # impl cut::Lookup for Half {
    /// #     fn name(&self) -> &str {
    /// #         "half"
    /// #     }
    /// #     fn inputs(&self) -> Vec<cut::Wanted> {
    /// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
    /// #     }
    /// #     fn least(&self) -> usize {
    /// #         1
    /// #     }
    /// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
    /// #         None
    /// #     }
    /// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
    /// #         match given {
    /// #             [cut::Given::Number(x)] => Ok(x / 2.0),
    /// #             _ => Err("one number is wanted".to_string()),
    /// #         }
    /// #     }
    /// #     fn identity(&self) -> String {
    /// #         "half".to_string()
    /// #     }
    /// # }
    /// # use cut::Lookup;
    /// assert!(!Half.is_condition(), "it is a number");
    /// ```
    fn is_condition(&self) -> bool {
        false
    }

    /// What is wrong with a text that is the same for every row, if something is.
    ///
    /// ```
    /// # struct Half;
    /// # impl cut::Lookup for Half {
    /// #     fn name(&self) -> &str {
    /// #         "half"
    /// #     }
    /// #     fn inputs(&self) -> Vec<cut::Wanted> {
    /// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
    /// #     }
    /// #     fn least(&self) -> usize {
    /// #         1
    /// #     }
    /// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
    /// #         None
    /// #     }
    /// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
    /// #         match given {
    /// #             [cut::Given::Number(x)] => Ok(x / 2.0),
    /// #             _ => Err("one number is wanted".to_string()),
    /// #         }
    /// #     }
    /// #     fn identity(&self) -> String {
    /// #         "half".to_string()
    /// #     }
    /// # }
    /// # use cut::Lookup;
    /// assert_eq!(Half.refuses(0, "up"), None);
    /// ```
    fn refuses(&self, input: usize, text: &str) -> Option<String>;

    /// The value for the inputs of a row; NaN for missing.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// ```
    /// # struct Half;
    /// # impl cut::Lookup for Half {
    /// #     fn name(&self) -> &str {
    /// #         "half"
    /// #     }
    /// #     fn inputs(&self) -> Vec<cut::Wanted> {
    /// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
    /// #     }
    /// #     fn least(&self) -> usize {
    /// #         1
    /// #     }
    /// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
    /// #         None
    /// #     }
    /// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
    /// #         match given {
    /// #             [cut::Given::Number(x)] => Ok(x / 2.0),
    /// #             _ => Err("one number is wanted".to_string()),
    /// #         }
    /// #     }
    /// #     fn identity(&self) -> String {
    /// #         "half".to_string()
    /// #     }
    /// # }
    /// # use cut::Lookup;
    /// assert_eq!(Half.value(&[cut::Given::Number(1.0)]), Ok(0.5));
    /// assert!(Half.value(&[]).is_err());
    /// ```
    fn value(&self, given: &[Given<'_>]) -> Result<f64, String>;

    /// Words that are equal only when all values are, such as a digest of the table.
    ///
    /// ```
    /// # struct Half;
    /// # impl cut::Lookup for Half {
    /// #     fn name(&self) -> &str {
    /// #         "half"
    /// #     }
    /// #     fn inputs(&self) -> Vec<cut::Wanted> {
    /// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
    /// #     }
    /// #     fn least(&self) -> usize {
    /// #         1
    /// #     }
    /// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
    /// #         None
    /// #     }
    /// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
    /// #         match given {
    /// #             [cut::Given::Number(x)] => Ok(x / 2.0),
    /// #             _ => Err("one number is wanted".to_string()),
    /// #         }
    /// #     }
    /// #     fn identity(&self) -> String {
    /// #         "half".to_string()
    /// #     }
    /// # }
    /// # use cut::Lookup;
    /// assert_eq!(Half.identity(), "half");
    /// ```
    fn identity(&self) -> String;
}

/// An input of a table.
///
/// ```
/// # struct Half;
/// # impl cut::Lookup for Half {
/// #     fn name(&self) -> &str {
/// #         "half"
/// #     }
/// #     fn inputs(&self) -> Vec<cut::Wanted> {
/// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
/// #     }
/// #     fn least(&self) -> usize {
/// #         1
/// #     }
/// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
/// #         None
/// #     }
/// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
/// #         match given {
/// #             [cut::Given::Number(x)] => Ok(x / 2.0),
/// #             _ => Err("one number is wanted".to_string()),
/// #         }
/// #     }
/// #     fn identity(&self) -> String {
/// #         "half".to_string()
/// #     }
/// # }
/// # use cut::Lookup;
/// let wanted: Vec<cut::Wanted> = Half.inputs();
/// assert!(!wanted[0].text);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Whether it is a text, not a number.
    pub text: bool,
}

/// An input of one row.
///
/// ```
/// # struct Half;
/// # impl cut::Lookup for Half {
/// #     fn name(&self) -> &str {
/// #         "half"
/// #     }
/// #     fn inputs(&self) -> Vec<cut::Wanted> {
/// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
/// #     }
/// #     fn least(&self) -> usize {
/// #         1
/// #     }
/// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
/// #         None
/// #     }
/// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
/// #         match given {
/// #             [cut::Given::Number(x)] => Ok(x / 2.0),
/// #             _ => Err("one number is wanted".to_string()),
/// #         }
/// #     }
/// #     fn identity(&self) -> String {
/// #         "half".to_string()
/// #     }
/// # }
/// # use cut::Lookup;
/// assert_eq!(Half.value(&[cut::Given::Number(3.0)]), Ok(1.5));
/// ```
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
