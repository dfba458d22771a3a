//! Flat tables and histograms that become a [`Correction`]: which columns are bounds, keys and values.

use crate::answers::histogram::Histogram;
use crate::corrections::Correction;
use crate::error::{Error, Result};
use crate::loader::load;
use crate::steps::selection::Selection;
use ::corrections::{Bins, Flow, Keys, Rows};
use hist::{Axis, Hist, Values};
use polars::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// A flat table (a frame, or the path of a parquet or text file) or a histogram that is to be looked up.
///
/// A flat table has a row for each cell: `.bins("p", "p_min", "p_max")` says which columns hold the bounds of an input,
/// `.key("charge")` which input is in the rows itself, `.value("ratio", "ratio")` what comes out; values are
/// expressions of columns. Inputs are given in a call in the order in which they are named here, those with bins first. A
/// histogram has its axes as inputs and the values `nominal`, `up` and `down`.
///
/// # Errors
/// A file that cannot be read.
///
/// ```
/// # use polars::df;
/// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
/// let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").build()?;
/// assert_eq!(sf.value(1.5)?, 1.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
pub fn lookup(table: impl IntoLookup) -> Result<LookupTable> {
    table.into_lookup()
}

/// A table that is being described; [`LookupTable::build`] makes a [`Correction`] of it.
///
/// ```
/// # use polars::df;
/// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
/// let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").nearest().build()?;
/// assert_eq!((sf.value(0.5)?, sf.value(100.0)?), (0.9, 1.1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LookupTable {
    name: String,
    cells: Cells,
    flow: Flow,
}

#[derive(Debug, Clone)]
enum Cells {
    Frame { frame: DataFrame, bins: Vec<[String; 3]>, keys: Vec<[String; 2]>, values: Vec<(String, Selection)> },
    Hist(Rows),
}

impl LookupTable {
    /// What the table is called in messages.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// let sf = data::lookup(&table)?.named("muons").bins("p", "low", "high").value("sf", "sf").build()?;
    /// assert!(sf.value(9.0).unwrap_err().to_string().starts_with("muons"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// An input with bins: the columns of the lower bounds (which belong to the bins) and of the upper ones.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").build()?;
    /// assert_eq!(sf.value(1.0)?, 1.1, "the lower bound belongs to its bin");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bins(mut self, input: &str, lower: &str, upper: &str) -> Self {
        if let Cells::Frame { bins, .. } = &mut self.cells {
            bins.push([input, lower, upper].map(str::to_owned));
        }
        self
    }

    /// An input whose values stand in the rows: whole numbers or texts.
    ///
    /// ```
    /// # use polars::df;
    /// let table = df!("charge" => [-1, 1], "sf" => [0.9, 1.1])?;
    /// assert_eq!(data::lookup(&table)?.key("charge").value("sf", "sf").build()?.value((-1,))?, 0.9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn key(self, column: &str) -> Self {
        self.key_in(column, column)
    }

    /// An input whose values stand in a column of another name.
    ///
    /// ```
    /// # use polars::df;
    /// let table = df!("low" => [0.0], "high" => [5.0], "pdg" => [13], "sf" => [0.9])?;
    /// let table = data::lookup(&table)?.bins("p", "low", "high").key_in("kind", "pdg").value("sf", "sf").build()?;
    /// assert_eq!(table.value((2.0, 13))?, 0.9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn key_in(mut self, input: &str, column: &str) -> Self {
        if let Cells::Frame { keys, .. } = &mut self.cells {
            keys.push([input, column].map(str::to_owned));
        }
        self
    }

    /// A value, as an expression of columns. The first one is what a call without a name gives.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").value("twice", "2 * sf").build()?;
    /// assert_eq!(sf.value((0.5, "twice"))?, 1.8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value(mut self, name: &str, expression: impl Into<Selection>) -> Self {
        if let Cells::Frame { values, .. } = &mut self.cells {
            values.push((name.to_owned(), expression.into()));
        }
        self
    }

    /// Outside of the bins, and for keys that are not there: this value. Without it they are an error.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").outside(1.0).build()?;
    /// assert_eq!(sf.value(7.0)?, 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn outside(mut self, value: f64) -> Self {
        self.flow = Flow::Default(value);
        self
    }

    /// Outside of the bins: the nearest bin.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// let sf = data::lookup(&table)?.bins("p", "low", "high").value("sf", "sf").nearest().build()?;
    /// assert_eq!(sf.value(7.0)?, 1.1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nearest(mut self) -> Self {
        self.flow = Flow::Clamp;
        self
    }

    /// The table as a function, checked.
    ///
    /// # Errors
    /// A column that is not there or of another type, rows that overlap, bounds that do not increase.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// assert!(data::lookup(&table)?.bins("p", "low", "hihg").value("sf", "sf").build().is_err(), "no such column");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn build(self) -> Result<Correction> {
        let rows = match self.cells {
            Cells::Hist(rows) => Rows { name: self.name, flow: self.flow, ..rows },
            Cells::Frame { frame, bins, keys, values } => {
                let numbers = |column: &str| numbers(&frame, column);
                let bins = bins.iter().map(|[input, lower, upper]| {
                    Ok(Bins { input: input.clone(), lower: numbers(lower)?, upper: numbers(upper)? })
                });
                let keys = keys.iter().map(|[input, column]| Ok((input.clone(), self::keys(&frame, column)?)));
                let value = |(name, expression): (String, Selection)| {
                    let typed = expression.cut()?.check(frame.schema())?;
                    let series = typed.values(&frame)?.cast(&DataType::Float64)?;
                    Ok((name, series.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect()))
                };
                let bins = bins.collect::<Result<_>>()?;
                let keys = keys.collect::<Result<_>>()?;
                let values = values.into_iter().map(value).collect::<Result<_>>()?;
                Rows { name: self.name, bins, keys, values, flow: self.flow }
            }
        };
        Ok(Correction(Arc::new(rows.correction().map_err(|error| Error::request(error.to_string()))?)))
    }
}

fn series<'f>(frame: &'f DataFrame, column: &str) -> Result<&'f Series> {
    let names = frame.columns().iter().map(|column| column.name().as_str());
    let found = frame.column(column).map_err(|_| segment::Error::column(column, names))?;
    Ok(found.as_materialized_series())
}

fn numbers(frame: &DataFrame, column: &str) -> Result<Vec<f64>> {
    let series = series(frame, column)?;
    if !series.dtype().is_numeric() {
        return Err(Error::request(format!("column `{column}` is {}, and a bound is a number", series.dtype())));
    }
    let cast = series.cast(&DataType::Float64)?;
    Ok(cast.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// Whole numbers, also where they are stored as floating point numbers, or texts.
fn keys(frame: &DataFrame, column: &str) -> Result<Keys> {
    let series = series(frame, column)?;
    let wrong = |what: String| Error::request(format!("column `{column}` {what}; a key is a whole number or a text"));
    if series.null_count() > 0 {
        return Err(wrong("has rows without a value".to_owned()));
    }
    if series.dtype().is_string() || series.dtype().is_categorical() || series.dtype().is_enum() {
        let texts = series.cast(&DataType::String)?;
        return Ok(Keys::Texts(texts.str()?.iter().flatten().map(str::to_owned).collect()));
    }
    if !series.dtype().is_numeric() && !series.dtype().is_bool() {
        return Err(wrong(format!("is {}", series.dtype())));
    }
    if series.dtype().is_float() {
        let values = series.cast(&DataType::Float64)?;
        if let Some(value) = values.f64()?.iter().flatten().find(|value| value.fract() != 0.0 || value.abs() > 9e15) {
            return Err(wrong(format!("holds {value}")));
        }
    }
    let values = series.cast(&DataType::Int64)?;
    Ok(Keys::Integers(values.i64()?.iter().flatten().collect()))
}

/// What can be looked up: a frame, the path of a file, a histogram of any number of axes, or values of bins (a ratio).
///
/// ```
/// let mut hist = hist::Hist::new(hist::Axis::regular(2, 0.0, 2.0)?.named("p"))?;
/// hist.fill(&[0.5, 1.5, 1.5])?;
/// assert_eq!(data::lookup(&hist)?.build()?.value((1.2, "nominal"))?, 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoLookup {
    /// The table, to be described.
    ///
    /// # Errors
    /// A file that cannot be read; a histogram with categories of text.
    ///
    /// ```
    /// # use polars::df;
    /// # let table = df!("low" => [0.0, 1.0], "high" => [1.0, 5.0], "sf" => [0.9, 1.1])?;
    /// use data::IntoLookup;
    /// let sf = (&table).into_lookup()?.bins("p", "low", "high").value("sf", "sf").build()?;
    /// assert_eq!(sf.value(0.5)?, 0.9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn into_lookup(self) -> Result<LookupTable>;
}

impl IntoLookup for &DataFrame {
    fn into_lookup(self) -> Result<LookupTable> {
        let cells = Cells::Frame { frame: self.clone(), bins: Vec::new(), keys: Vec::new(), values: Vec::new() };
        Ok(LookupTable { name: "table".to_owned(), cells, flow: Flow::Error })
    }
}

impl IntoLookup for DataFrame {
    fn into_lookup(self) -> Result<LookupTable> {
        (&self).into_lookup()
    }
}

impl IntoLookup for &str {
    fn into_lookup(self) -> Result<LookupTable> {
        let table = load(self)?.collect()?.into_lookup()?;
        let stem = Path::new(self).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(table.named(stem.unwrap_or_else(|| self.to_owned())))
    }
}

impl IntoLookup for &Hist {
    fn into_lookup(self) -> Result<LookupTable> {
        let values = self.values();
        let bins = values.iter().zip(self.errors());
        let intervals: Vec<(f64, f64)> = bins.map(|(y, error)| (y - error, y + error)).collect();
        of_cells(self.axes(), values, &intervals)
    }
}

impl IntoLookup for &Histogram {
    fn into_lookup(self) -> Result<LookupTable> {
        AsRef::<Hist>::as_ref(self).into_lookup()
    }
}

impl IntoLookup for &Values {
    fn into_lookup(self) -> Result<LookupTable> {
        of_cells(self.axes(), self.values(), &self.intervals())
    }
}

/// Cells of axes, the last of which runs fastest.
fn of_cells(axes: &[Axis], values: Vec<f64>, intervals: &[(f64, f64)]) -> Result<LookupTable> {
    let mut bins: Vec<Bins> = Vec::new();
    let mut repeat = values.len();
    for (at, axis) in axes.iter().enumerate() {
        if axis.categories().is_some() {
            return Err(Error::request(format!("the axis {axis} has categories; a table of a histogram needs bins")));
        }
        repeat /= axis.bins();
        let mut edges = axis.edges();
        if let (hist::Kind::Regular { closed: true, .. } | hist::Kind::Variable { closed: true, .. }, Some(last)) =
            (axis.kind(), edges.last_mut())
        {
            // The last edge of such an axis belongs to its last bin.
            *last = last.next_up();
        }
        let input = if axis.name.is_empty() { format!("x{at}") } else { axis.name.clone() };
        let bin = |cell: usize| cell / repeat % axis.bins();
        let lower = (0..values.len()).map(|cell| edges[bin(cell)]).collect();
        let upper = (0..values.len()).map(|cell| edges[bin(cell) + 1]).collect();
        bins.push(Bins { input, lower, upper });
    }
    let (down, up) = intervals.iter().copied().unzip();
    let values = [("nominal", values), ("up", up), ("down", down)].map(|(name, values)| (name.to_owned(), values));
    let name = "histogram".to_owned();
    let rows = Rows { name: name.clone(), bins, keys: Vec::new(), values: values.to_vec(), flow: Flow::Error };
    Ok(LookupTable { name, cells: Cells::Hist(rows), flow: Flow::Error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corrections::corrections;
    use crate::dataset::Data;

    fn table() -> Correction {
        let rows = df!("low" => [0.0, 2.0, 0.0], "high" => [2.0, 5.0, 5.0], "charge" => [1.0, 1.0, -1.0], "sf" => [0.9, 1.1, 2.0]);
        let table = lookup(rows.unwrap()).unwrap().named("pid").bins("p", "low", "high").key("charge");
        table.value("sf", "sf").value("up", "sf * 1.5").build().unwrap()
    }

    fn data() -> Data {
        let frame = df!("p" => [1.0, 3.0, 7.0, f64::NAN, 4.0], "q" => [1, 1, 1, 1, -1], "kind" => ["sf", "up", "up", "sf", "sf"]);
        Data::from_frames([("mumu", frame.unwrap())]).unwrap()
    }

    #[test]
    fn rows_are_looked_up_in_cuts_definitions_and_weights() {
        let (sf, data) = (table(), data());
        let inside = data.query("p < 5");
        let sum = inside.weight("@sf(p, q, kind)").bind("sf", &sf).sum_of_weights().unwrap().0;
        assert!((sum - (0.9 + 1.65 + 2.0)).abs() < 1e-12, "{sum}");
        assert_eq!(data.query("@sf(p, q) > 1 & p < 5").bind("sf", &sf).row_numbers().unwrap(), [1, 4]);
        let all = data.define("w", "where(p < 5, @sf(p, q, 'up'), 1)").bind("sf", &sf).column("w").unwrap();
        assert!((all[0] - 1.35).abs() < 1e-12 && all[2] == 1.0 && all[3] == 1.0 && all[4] == 3.0, "{all:?}");
        let lazy = data.query("@sf(p, q) > 1 & p < 5").bind("sf", &sf).lazy().collect().unwrap();
        assert_eq!(lazy.height(), 2);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let (sf, data) = (table(), data());
        let say = |cut: &str| data.query(cut).bind("sf", &sf).count().unwrap_err().to_string();
        let outside = say("@sf(p, q) > 1");
        assert!(
            outside.contains("the table `pid` has no value for a row: `p` is 7, above the bins of the table"),
            "{outside}"
        );
        let key = say("p < 5 & @sf(p, q, 'upp') > 1");
        assert!(key.contains("the table has no \"upp\" for `column`; did you mean \"up\"?"), "{key}");
        assert!(say("@sf(p) > 1").contains("the table takes @sf(p, charge, column?: text), not 1 values"));
        let file = std::env::temp_dir().join("no such file.json");
        assert!(corrections(file).unwrap_err().to_string().contains("no such file.json"));
        let frame = df!("low" => [0.0], "high" => [1.0], "sf" => [1.0]).unwrap();
        let say = |table: LookupTable| table.build().unwrap_err().to_string();
        assert!(say(lookup(&frame).unwrap().bins("p", "low", "hihg").value("sf", "sf")).contains("no column `hihg`"));
        assert!(say(lookup(&frame).unwrap().bins("p", "low", "high")).contains("no column of values is named"));
    }

    #[test]
    fn a_histogram_is_a_table() {
        let axis = || Axis::regular_closed(2, 0.0, 2.0).unwrap().named("x");
        let mut hist = Hist::with([axis(), Axis::variable([0.0, 1.0, 5.0]).unwrap()], hist::Storage::Count).unwrap();
        hist.fill_slices(&[&[0.5, 0.5, 1.5, 1.5], &[0.5, 3.0, 3.0, 3.0]], None, None).unwrap();
        let table = lookup(&hist).unwrap().nearest().build().unwrap();
        assert_eq!(table.signature(), "(x, x1, column: a text = \"nominal\")");
        assert_eq!([table.value((0.5, 3.0)).unwrap(), table.value((2.0, 9.0)).unwrap()], [1.0, 2.0]);
        assert_eq!(table.value((1.5, 2.0, "up")).unwrap(), 2.0 + 2.0_f64.sqrt());
    }
}
