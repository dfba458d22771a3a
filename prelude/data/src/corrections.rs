//! Tables of corrections that a selection can look up: `query!("@sf(p, cos(theta), \"up\") > 0.9")`.

use crate::error::{Error, Result};
use ::corrections::{Input, Kind};
use cut::{Given, Lookup, Wanted};
use show::{Cell, Table};
use std::path::Path;
use std::sync::Arc;

/// Opens a file of corrections in the format of correctionlib (JSON, version 2; plain or gzipped).
///
/// # Errors
/// When the file cannot be opened or is no such file: the message says where.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("sf.json");
/// # std::fs::write(&path, r#"{"schema_version": 2, "corrections": [{"name": "sf", "version": 1, "data": 1.1,
/// #     "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#)?;
/// let sf = data::corrections(&path)?.get("sf")?;
/// assert_eq!(sf.value(0.3)?, 1.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
pub fn corrections(path: impl AsRef<Path>) -> Result<Corrections> {
    let path = path.as_ref();
    let wrong = |reason: &dyn std::fmt::Display| Error::request(format!("{}: {reason}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| wrong(&error))?;
    let set = ::corrections::Set::read(&bytes).map_err(|error| wrong(&error))?;
    Ok(Corrections { path: path.display().to_string(), set: Arc::new(set) })
}

/// The corrections of a file: shows what there is, and gives one by its name.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("sf.json");
/// # std::fs::write(&path, r#"{"schema_version": 2, "corrections": [{"name": "sf", "version": 1, "data": 1.1,
/// #     "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#)?;
/// let file = data::corrections(&path)?;
/// assert_eq!(file.get("sf")?.value(1.5)?, 1.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Corrections {
    path: String,
    set: Arc<::corrections::Set>,
}

impl Corrections {
    /// Their names, in the order of the file.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("sf.json");
    /// # std::fs::write(&path, r#"{"schema_version": 2, "corrections": [{"name": "sf", "version": 1, "data": 1.1,
    /// #     "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#)?;
    /// assert_eq!(data::corrections(&path)?.names(), ["sf"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn names(&self) -> Vec<String> {
        self.set.names().map(str::to_owned).collect()
    }

    /// The correction of this name.
    ///
    /// # Errors
    /// When there is none, or when it needs what is not supported.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("sf.json");
    /// # std::fs::write(&path, r#"{"schema_version": 2, "corrections": [{"name": "sf", "version": 1, "data": 1.1,
    /// #     "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#)?;
    /// let file = data::corrections(&path)?;
    /// assert_eq!(file.get("sf")?.name(), "sf");
    /// assert!(file.get("fs").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn get(&self, name: &str) -> Result<Correction> {
        let found = self.set.get(name).map_err(|error| Error::request(format!("{}: {error}", self.path)))?;
        Ok(Correction(Arc::new(found.clone())))
    }

    /// The only correction of the file.
    ///
    /// # Errors
    /// When there are several.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("sf.json");
    /// # std::fs::write(&path, r#"{"schema_version": 2, "corrections": [{"name": "sf", "version": 1, "data": 1.1,
    /// #     "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#)?;
    /// assert_eq!(data::corrections(&path)?.only()?.signature(), "(p)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn only(&self) -> Result<Correction> {
        match self.names().as_slice() {
            [name] => self.get(name),
            names => Err(Error::request(format!(
                "{} has {} corrections, {}: get(\"name\") gives one",
                self.path,
                names.len(),
                names.join(", ")
            ))),
        }
    }
}

impl show::Display for Corrections {
    fn bundle(&self) -> show::Bundle {
        let mut table =
            Table::new(["correction", "takes", "gives", "version", "description"]).caption(self.path.clone());
        for name in self.set.names() {
            match self.set.get(name) {
                Ok(found) => table.push([
                    Cell::text(name),
                    Cell::text(found.signature()),
                    Cell::text(&found.output.name),
                    Cell::text(found.version.to_string()),
                    Cell::text(&found.description),
                ]),
                Err(error) => table.push([name, "", "", "", &error.to_string()].map(Cell::text)),
            }
        }
        match self.set.description.as_str() {
            "" => table.bundle(),
            words => table.note(words).bundle(),
        }
    }
}

/// A table of corrections: a function of numbers and texts that selections, definitions and weights can call.
///
/// ```
/// use polars::prelude::*;
/// let table = df!("p_min" => [0.0, 1.0], "p_max" => [1.0, 5.0], "ratio" => [0.9, 1.1], "error" => [0.02, 0.01])?;
/// let sf = data::lookup(&table)?
///     .bins("p", "p_min", "p_max")
///     .value("ratio", "ratio")
///     .value("up", "ratio + error")
///     .build()?;
/// assert_eq!(sf.value((1.5, "up"))?, 1.1 + 0.01);
/// let data = data::Data::from_frames([("mumu", df!("p" => [0.5, 2.0])?)])?;
/// let weighted = data.weight("@sf(p)").bind("sf", sf);
/// assert_eq!(weighted.sum_of_weights()?.0, 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Correction(pub(crate) Arc<::corrections::Correction>);

impl Correction {
    /// Its name.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// let sf = data::lookup(&table)?.named("muons").bins("p", "low", "high").value("sf", "sf").build()?;
    /// assert_eq!(sf.name(), "muons");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it takes, in words: `(p, theta, kind: a text)`.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// # let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").build()?;
    /// assert!(sf.signature().starts_with("(p"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn signature(&self) -> String {
        self.0.signature()
    }

    /// The value for one set of inputs, numbers and texts in a tuple: `sf.value((1.5, 0.3, "up"))?`.
    ///
    /// # Errors
    /// When the table has no value for them.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// # let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").build()?;
    /// assert_eq!(sf.value(1.5)?, 1.1);
    /// assert!(sf.value(7.0).is_err(), "outside of the bins");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn value<'a>(&self, inputs: impl IntoInputs<'a>) -> Result<f64> {
        self.0.value(&inputs.into_inputs()).map_err(|reason| Error::request(format!("{}: {reason}", self.0.name)))
    }
}

impl show::Display for Correction {
    fn bundle(&self) -> show::Bundle {
        let one = |input: &::corrections::Variable| {
            [Cell::text(&input.name), Cell::text(input.kind.to_string()), Cell::text(&input.description)]
        };
        let mut table = Table::new(["input", "is", "description"]);
        for input in &self.0.inputs {
            table.push(one(input));
        }
        table.caption(format!("{}{} gives {}", self.0.name, self.0.signature(), self.0.output.name)).bundle()
    }
}

impl Lookup for Correction {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn inputs(&self) -> Vec<Wanted> {
        let one = |input: &::corrections::Variable| Wanted { name: input.name.clone(), text: input.kind == Kind::Text };
        self.0.inputs.iter().map(one).collect()
    }

    fn least(&self) -> usize {
        self.0.least_inputs()
    }

    fn refuses(&self, input: usize, text: &str) -> Option<String> {
        let keys = self.0.keys(input)?;
        let near = || segment::nearest(text, keys.iter().copied());
        (!keys.contains(&text)).then(|| {
            let near: Vec<String> = near().into_iter().map(|key| format!("\"{key}\"")).collect();
            let name = &self.0.inputs[input].name;
            match near.is_empty() {
                true => format!("the table has no \"{text}\" for `{name}`, it has {}", keys.join(", ")),
                false => format!("the table has no \"{text}\" for `{name}`; did you mean {}?", near.join(", ")),
            }
        })
    }

    fn value(&self, given: &[Given<'_>]) -> std::result::Result<f64, String> {
        let inputs: Vec<Input<'_>> = given.iter().map(input).collect();
        self.0.value(&inputs).map_err(|reason| reason.to_string())
    }

    fn identity(&self) -> String {
        format!("{} {:032x}", self.0.name, self.0.digest())
    }
}

fn input<'a>(given: &Given<'a>) -> Input<'a> {
    match *given {
        Given::Number(value) => Input::Real(value),
        Given::Integer(value) => Input::Integer(value),
        Given::Text(text) => Input::Text(text),
        Given::Missing => Input::Missing,
    }
}

impl From<Correction> for cut::Value {
    fn from(correction: Correction) -> Self {
        Self::table(correction)
    }
}

impl From<&Correction> for cut::Value {
    fn from(correction: &Correction) -> Self {
        Self::table(correction.clone())
    }
}

/// What can be given to a table: a number, a text, or several of them in a tuple.
///
/// ```
/// # use polars::df;
/// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
/// # let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").build()?;
/// assert_eq!(sf.value(0.5)?, sf.value((0.5,))?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoInputs<'a> {
    /// The inputs in order.
    ///
    /// ```
    /// use data::IntoInputs;
    /// assert_eq!((1.5, "up").into_inputs().len(), 2);
    /// ```
    fn into_inputs(self) -> Vec<Input<'a>>;
}

macro_rules! inputs {
    ($($type:ident)*) => {
        impl<'a, $($type: Into<Input<'a>>),*> IntoInputs<'a> for ($($type,)*) {
            #[allow(non_snake_case)] // one name for a type and its value
            fn into_inputs(self) -> Vec<Input<'a>> {
                let ($($type,)*) = self;
                vec![$($type.into()),*]
            }
        }
    };
}
inputs! { A }
inputs! { A B }
inputs! { A B C }
inputs! { A B C D }
inputs! { A B C D E }
inputs! { A B C D E F }

impl<'a> IntoInputs<'a> for f64 {
    fn into_inputs(self) -> Vec<Input<'a>> {
        vec![self.into()]
    }
}

impl<'a> IntoInputs<'a> for &[Input<'a>] {
    fn into_inputs(self) -> Vec<Input<'a>> {
        self.to_vec()
    }
}
