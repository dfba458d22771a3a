//! Flat tables: a row for each cell of a grid, with the bounds of its bins, its keys and its values.

use crate::edges::Edges;
use crate::error::{Error, Result, some_of};
use crate::input::{Kind, Variable};
use crate::node::{self, Axis, Node};
use crate::set::{Correction, Work};
use std::collections::BTreeMap;

/// The bins of an input: the lower and the upper bound in each row.
///
/// ```
/// let bins = corrections::Bins { input: "p".to_string(), lower: vec![0.0, 1.0], upper: vec![1.0, 5.0] };
/// assert_eq!(bins.lower.len(), bins.upper.len());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    /// The name of the input.
    pub input: String,
    /// A lower bound for each row; it belongs to the bin.
    pub lower: Vec<f64>,
    /// An upper bound for each row; it does not.
    pub upper: Vec<f64>,
}

/// The values of an input, one for each row.
#[derive(Debug, Clone, PartialEq)]
pub enum Keys {
    /// Whole numbers, such as a charge.
    Integers(Vec<i64>),
    /// Texts, such as the name of a particle.
    Texts(Vec<String>),
}

impl Keys {
    fn len(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    fn shown(&self, row: usize) -> String {
        match self {
            Self::Integers(values) => values[row].to_string(),
            Self::Texts(values) => format!("\"{}\"", values[row]),
        }
    }
}

/// What is done with a value that lies outside of all bins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Flow {
    /// The nearest bin.
    Clamp,
    /// An error.
    Error,
    /// This value.
    Default(f64),
}

/// A flat table before it is checked.
///
/// Bins of two inputs need not be the same everywhere: the grid has the edges of all rows, and each of its cells must lie in at
/// most one row. A cell in none has no value: an error when it is looked up, or the default.
///
/// ```
/// use corrections::{Bins, Flow, Input, Keys, Rows};
/// let rows = Rows {
///     name: "pid".into(),
///     bins: vec![Bins { input: "p".into(), lower: vec![0.5, 1.0, 0.5, 1.0], upper: vec![1.0, 3.0, 1.0, 3.0] }],
///     keys: vec![("charge".into(), Keys::Integers(vec![1, 1, -1, -1]))],
///     values: vec![("nominal".into(), vec![0.9, 0.95, 1.1, 1.05]), ("up".into(), vec![0.92, 0.96, 1.13, 1.06])],
///     flow: Flow::Error,
/// };
/// let pid = rows.correction()?;
/// assert_eq!(pid.value(&[Input::Real(2.0), Input::Integer(-1)]).unwrap(), 1.05);
/// assert_eq!(pid.value(&[Input::Real(2.0), Input::Integer(-1), Input::Text("up")]).unwrap(), 1.06);
/// # Ok::<(), corrections::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The name of the table.
    pub name: String,
    /// Inputs with bins, in the order in which they are given in a call.
    pub bins: Vec<Bins>,
    /// Inputs whose values stand in the rows, such as a charge; they follow those with bins.
    pub keys: Vec<(String, Keys)>,
    /// The columns of values. The first is what is meant when the last input is left out.
    pub values: Vec<(String, Vec<f64>)>,
    /// What is done outside of the bins.
    pub flow: Flow,
}

impl Rows {
    /// The table as a function of its inputs; the last one says which column of values is meant.
    ///
    /// # Errors
    /// When columns differ in length, a bound is missing or bounds do not increase, or two rows overlap.
    pub fn correction(&self) -> Result<Correction> {
        let rows = self.check()?;
        let mut inputs: Vec<Variable> = Vec::new();
        let variable = |name: &str, kind: Kind| Variable { name: name.to_owned(), kind, description: String::new() };
        inputs.extend(self.bins.iter().map(|bins| variable(&bins.input, Kind::Real)));
        let kind = |keys: &Keys| if matches!(keys, Keys::Texts(_)) { Kind::Text } else { Kind::Integer };
        inputs.extend(self.keys.iter().map(|(name, keys)| variable(name, kind(keys))));
        inputs.push(variable("column", Kind::Text));
        let mut columns = BTreeMap::new();
        for (name, values) in &self.values {
            let all: Vec<usize> = (0..rows).collect();
            columns.insert(name.clone(), self.keyed(0, &all, values)?);
        }
        let work = Work::One(Node::Texts { input: inputs.len() - 1, keys: columns, default: None });
        let output = variable(&self.values[0].0, Kind::Real);
        let usual = Some(self.values[0].0.clone());
        let (name, description) = (self.name.clone(), String::new());
        let digest = crate::hash::digest(format!("{self:?}").as_bytes());
        Ok(Correction { name, description, version: 0, inputs, output, usual, digest, work })
    }

    /// The number of rows.
    fn check(&self) -> Result<usize> {
        let wrong = |reason: String| Err(Error::Rows(format!("the table `{}`: {reason}", self.name)));
        let Some((_, first)) = self.values.first() else { return wrong("no column of values is named".to_owned()) };
        let rows = first.len();
        if rows == 0 {
            return wrong("there are no rows".to_owned());
        }
        if self.bins.is_empty() && self.keys.is_empty() {
            return wrong("no inputs are named".to_owned());
        }
        let mut lengths = self.bins.iter().flat_map(|bins| [bins.lower.len(), bins.upper.len()]);
        let keys = self.keys.iter().map(|(_, keys)| keys.len());
        if lengths.any(|length| length != rows)
            || keys.chain(self.values.iter().map(|(_, values)| values.len())).any(|length| length != rows)
        {
            return wrong("its columns differ in length".to_owned());
        }
        let mut names: Vec<&str> = self.bins.iter().map(|bins| bins.input.as_str()).collect();
        names.extend(self.keys.iter().map(|(name, _)| name.as_str()));
        let twice = (1..names.len()).find(|at| names[..*at].contains(&names[*at]));
        if let Some(at) = twice {
            return wrong(format!("the input `{}` is named twice", names[at]));
        }
        for bins in &self.bins {
            let bad = bins
                .lower
                .iter()
                .zip(&bins.upper)
                .position(|(lower, upper)| lower.is_nan() || upper.is_nan() || lower >= upper);
            if let Some(row) = bad {
                let (lower, upper) = (bins.lower[row], bins.upper[row]);
                return wrong(format!("in row {row} the bin of `{}` goes from {lower} to {upper}", bins.input));
            }
        }
        Ok(rows)
    }

    /// The rows that are left, by the keys from one on.
    fn keyed(&self, key: usize, rows: &[usize], values: &[f64]) -> Result<Node> {
        let Some((_, of)) = self.keys.get(key) else { return self.grid(rows, values) };
        let default = match self.flow {
            Flow::Default(value) => Some(Box::new(Node::Value(value))),
            _ => None,
        };
        let input = self.bins.len() + key;
        Ok(match of {
            Keys::Integers(of) => {
                Node::Integers { input, keys: self.groups(key, rows, values, |row| of[row])?, default }
            }
            Keys::Texts(of) => {
                Node::Texts { input, keys: self.groups(key, rows, values, |row| of[row].clone())?, default }
            }
        })
    }

    fn groups<K: Ord>(
        &self,
        key: usize,
        rows: &[usize],
        values: &[f64],
        of: impl Fn(usize) -> K,
    ) -> Result<BTreeMap<K, Node>> {
        let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for &row in rows {
            groups.entry(of(row)).or_default().push(row);
        }
        groups.into_iter().map(|(value, rows)| Ok((value, self.keyed(key + 1, &rows, values)?))).collect()
    }

    fn grid(&self, rows: &[usize], values: &[f64]) -> Result<Node> {
        let mut axes = Vec::new();
        for (input, bins) in self.bins.iter().enumerate() {
            let mut edges: Vec<f64> = rows.iter().flat_map(|&row| [bins.lower[row], bins.upper[row]]).collect();
            edges.sort_by(f64::total_cmp);
            edges.dedup();
            axes.push(Axis { input, edges: Edges::listed(edges).map_err(Error::Rows)? });
        }
        let size = axes.iter().try_fold(1_usize, |all, axis| all.checked_mul(axis.edges.bins()));
        let Some(size) = size.filter(|size| *size <= 50_000_000) else {
            return Err(Error::Rows(format!("the table `{}` has too many different edges for a grid", self.name)));
        };
        let mut owner: Vec<Option<usize>> = vec![None; size];
        for &row in rows {
            for cell in self.cells(row, &axes) {
                if let Some(other) = owner[cell].replace(row) {
                    let named = self.keys.iter().map(|(name, keys)| format!(", `{name}` {}", keys.shown(row)));
                    let keys: String = named.collect();
                    return Err(Error::Rows(format!(
                        "rows {other} and {row} of the table `{}` overlap{keys}",
                        self.name
                    )));
                }
            }
        }
        let (flow, empty) = match self.flow {
            Flow::Clamp => (node::Flow::Clamp, Node::Nothing),
            Flow::Error => (node::Flow::Error, Node::Nothing),
            Flow::Default(value) => (node::Flow::Default(Box::new(Node::Value(value))), Node::Value(value)),
        };
        let cell = |owner: Option<usize>| owner.map_or_else(|| empty.clone(), |row| Node::Value(values[row]));
        let mut cells: Vec<Node> = owner.into_iter().map(cell).collect();
        if axes.is_empty() {
            // Only keys: one row.
            return Ok(cells.remove(0));
        }
        Ok(Node::Bins { axes, cells, flow })
    }

    /// The cells of a grid that a row covers.
    fn cells(&self, row: usize, axes: &[Axis]) -> Vec<usize> {
        let mut cells = vec![0];
        for (axis, bins) in axes.iter().zip(&self.bins) {
            let Edges::Listed(edges) = &axis.edges else { continue };
            let at = |value: f64| edges.partition_point(|&edge| edge < value);
            let (first, last) = (at(bins.lower[row]), at(bins.upper[row]));
            let size = axis.edges.bins();
            cells = cells.iter().flat_map(|cell| (first..last).map(move |bin| cell * size + bin)).collect();
        }
        cells
    }

    /// What there is to look up, in words.
    pub fn columns(&self) -> String {
        some_of(self.values.iter().map(|(name, _)| format!("\"{name}\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Input;

    fn table() -> Rows {
        // Momentum bins differ by angle, and one cell is empty.
        Rows {
            name: "pid".to_owned(),
            bins: vec![
                Bins { input: "p".to_owned(), lower: vec![0.0, 1.0, 0.0], upper: vec![1.0, 4.0, 2.0] },
                Bins { input: "theta".to_owned(), lower: vec![0.0, 0.0, 1.0], upper: vec![1.0, 1.0, 2.0] },
            ],
            keys: Vec::new(),
            values: vec![("ratio".to_owned(), vec![0.9, 0.8, 0.7]), ("up".to_owned(), vec![0.95, 0.85, 0.75])],
            flow: Flow::Error,
        }
    }

    #[test]
    fn bins_may_differ_from_place_to_place() {
        let pid = table().correction().unwrap();
        let at = |p: f64, theta: f64| pid.value(&[Input::Real(p), Input::Real(theta)]);
        assert_eq!([at(0.5, 0.5), at(1.5, 0.5), at(1.5, 1.5), at(0.0, 1.0)], [Ok(0.9), Ok(0.8), Ok(0.7), Ok(0.7)]);
        assert_eq!(at(3.0, 1.5).unwrap_err().to_string(), "the table has no row for p 3, theta 1.5, column \"ratio\"");
        assert_eq!(at(5.0, 1.5).unwrap_err().to_string(), "`p` is 5, above the bins of the table, which end at 4");
        assert!(at(f64::NAN, 1.5).unwrap().is_nan());
        assert_eq!(pid.signature(), "(p, theta, column: a text = \"ratio\")");
        let filled = Rows { flow: Flow::Default(1.0), ..table() }.correction().unwrap();
        assert_eq!(filled.value(&[Input::Real(3.0), Input::Real(1.5)]), Ok(1.0));
        assert_eq!(filled.value(&[Input::Real(9.0), Input::Real(1.5), Input::Text("up")]), Ok(1.0));
        let nearest = Rows { flow: Flow::Clamp, ..table() }.correction().unwrap();
        assert_eq!(nearest.value(&[Input::Real(9.0), Input::Real(-1.0)]), Ok(0.8));
    }

    #[test]
    fn rows_that_make_no_table_are_refused() {
        let mut rows = table();
        rows.bins[0].lower[1] = 0.5;
        assert_eq!(rows.correction().unwrap_err().to_string(), "rows 0 and 1 of the table `pid` overlap");
        rows.bins[0].lower[1] = 4.0;
        assert!(rows.correction().unwrap_err().to_string().contains("in row 1 the bin of `p` goes from 4 to 4"));
        let short = Rows { keys: vec![("charge".to_owned(), Keys::Integers(vec![1]))], ..table() };
        assert!(short.correction().unwrap_err().to_string().contains("differ in length"));
    }
}
