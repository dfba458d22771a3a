//! A file of corrections, and one of them.

use crate::error::{Error, Outside, Result, some_of};
use crate::input::{Input, Kind, Variable};
use crate::node::Node;

/// The corrections of a file.
///
/// ```
/// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
/// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
/// # let set = corrections::Set::read(text.as_bytes())?;
/// let set: corrections::Set = set;
/// assert_eq!(set.description, "scale factors");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// What the file says of itself, or nothing.
    pub description: String,
    pub(crate) entries: Vec<(String, Result<Correction>)>,
}

impl Set {
    /// The names of all corrections, compound ones too, in the order of the file.
    ///
    /// ```
    /// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
    /// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
    /// # let set = corrections::Set::read(text.as_bytes())?;
    /// assert!(set.names().eq(["sf"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// The correction of this name.
    ///
    /// # Errors
    /// When there is none, or when it needs what is not supported (neural networks): the message says which.
    ///
    /// ```
    /// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
    /// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
    /// # let set = corrections::Set::read(text.as_bytes())?;
    /// assert!(set.get("sf").is_ok() && set.get("fs").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, name: &str) -> Result<&Correction> {
        match self.entries.iter().find(|(known, _)| known == name) {
            Some((_, Ok(correction))) => Ok(correction),
            Some((_, Err(error))) => Err(error.clone()),
            None => {
                let known = some_of(self.names().map(|name| format!("`{name}`")));
                Err(Error::Name { name: name.to_owned(), known })
            }
        }
    }
}

/// A table of corrections that has been checked: a function of its inputs.
///
/// ```
/// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
/// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
/// # let set = corrections::Set::read(text.as_bytes())?;
/// # let sf = set.get("sf")?;
/// let sf: &corrections::Correction = sf;
/// assert_eq!((sf.name.as_str(), sf.version, sf.output.name.as_str()), ("sf", 1, "weight"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// Its name in the file.
    pub name: String,
    /// What it says of itself, or nothing.
    pub description: String,
    /// A number that grows when it is mended.
    pub version: i64,
    /// What it takes.
    pub inputs: Vec<Variable>,
    /// What it gives.
    pub output: Variable,
    /// The value of the last input where it is left out.
    pub(crate) usual: Option<String>,
    /// Of all that it was read from.
    pub(crate) digest: u128,
    pub(crate) work: Work,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    One(Node),
    /// One after another, each with its inputs by their position among those of the whole.
    Stack {
        parts: Vec<(Correction, Vec<usize>)>,
        updated: Vec<usize>,
        update: Operation,
        output: Operation,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Multiply,
    Divide,
    Last,
}

impl Operation {
    fn of(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Last => right,
        }
    }
}

impl Correction {
    /// A number that tells tables with different values apart, also of one name.
    ///
    /// ```
    /// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
    /// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
    /// # let set = corrections::Set::read(text.as_bytes())?;
    /// # let sf = set.get("sf")?;
    /// let other = corrections::Set::read(text.replace("1.1", "1.2").as_bytes())?;
    /// assert_ne!(sf.digest(), other.get("sf")?.digest());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn digest(&self) -> u128 {
        self.digest
    }

    /// How many inputs must be given; the last one of a table of rows has a usual value.
    ///
    /// ```
    /// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
    /// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
    /// # let set = corrections::Set::read(text.as_bytes())?;
    /// # let sf = set.get("sf")?;
    /// assert_eq!(sf.least_inputs(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn least_inputs(&self) -> usize {
        self.inputs.len() - usize::from(self.usual.is_some())
    }

    /// The value for these inputs. Whole numbers are taken for numbers, and numbers without a fraction for whole ones. A
    /// missing input gives NaN wherever the table looks at it.
    ///
    /// # Errors
    /// When the table has no value for them, or when their number or types are others.
    ///
    /// ```
    /// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
    /// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
    /// # let set = corrections::Set::read(text.as_bytes())?;
    /// # let sf = set.get("sf")?;
    /// assert_eq!(sf.value(&[corrections::Input::Real(2.5)])?, 1.1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn value(&self, inputs: &[Input<'_>]) -> std::result::Result<f64, Outside> {
        if inputs.len() > self.inputs.len() || inputs.len() < self.least_inputs() {
            return Err(Outside::Inputs(format!("the table takes {}, not {} inputs", self.signature(), inputs.len())));
        }
        let mut fitted = Vec::with_capacity(self.inputs.len());
        for (input, variable) in inputs.iter().zip(&self.inputs) {
            fitted.push(input.fit(variable)?);
        }
        if let (Some(usual), true) = (&self.usual, inputs.len() < self.inputs.len()) {
            fitted.push(Input::Text(usual));
        }
        match &self.work {
            Work::One(node) => node.value(&fitted, &self.inputs),
            Work::Stack { parts, updated, update, output } => {
                let mut result = None;
                for (part, places) in parts {
                    let own: Vec<Input<'_>> = places.iter().map(|&at| fitted[at]).collect();
                    let value = part.value(&own)?;
                    for &at in updated {
                        fitted[at] = Input::Real(update.of(fitted[at].number(), value));
                    }
                    result = Some(result.map_or(value, |sum| output.of(sum, value)));
                }
                Ok(result.unwrap_or(0.0))
            }
        }
    }

    /// The keys that a text input may have, when every part of the table that looks at it has keys and no default.
    ///
    /// ```
    /// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
    /// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
    /// # let set = corrections::Set::read(text.as_bytes())?;
    /// # let sf = set.get("sf")?;
    /// assert_eq!(sf.keys(0), None, "it is a number");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keys(&self, input: usize) -> Option<Vec<&str>> {
        let mut keys: Vec<&str> = Vec::new();
        let mut open = false;
        self.nodes(&mut |node, places| {
            if let Node::Texts { input: own, keys: known, default } = node
                && places.map_or(*own, |places| places[*own]) == input
            {
                open |= default.is_some();
                keys.extend(known.keys().map(String::as_str).filter(|key| !keys.contains(key)).collect::<Vec<_>>());
            }
        });
        (!open && !keys.is_empty()).then_some(keys)
    }

    fn nodes<'n>(&'n self, each: &mut impl FnMut(&'n Node, Option<&[usize]>)) {
        match &self.work {
            Work::One(node) => node.visit(&mut |node| each(node, None)),
            Work::Stack { parts, .. } => {
                for (part, places) in parts {
                    if let Work::One(node) = &part.work {
                        node.visit(&mut |node| each(node, Some(places)));
                    }
                }
            }
        }
    }

    /// What it takes, in words: `(p, theta, kind: a text)`.
    ///
    /// ```
    /// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
    /// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
    /// # let set = corrections::Set::read(text.as_bytes())?;
    /// # let sf = set.get("sf")?;
    /// assert_eq!(sf.signature(), "(p)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn signature(&self) -> String {
        let one = |variable: &Variable| match variable.kind {
            Kind::Real => variable.name.clone(),
            kind => format!("{}: {kind}", variable.name),
        };
        let mut all: Vec<String> = self.inputs.iter().map(one).collect();
        if let (Some(usual), Some(last)) = (&self.usual, all.last_mut()) {
            last.push_str(&format!(" = \"{usual}\""));
        }
        format!("({})", all.join(", "))
    }
}
