use super::value;
use crate::bundle::{Bundle, Display};
use crate::table::{Cell, Table};
use crate::text;
use polars::prelude::*;
use segment::lists::{self, Lists};
use std::collections::BTreeMap;

/// Values kept of each column for quantiles, shapes and frequent values.
const KEPT: usize = 8192;
const SPARK_BINS: usize = 16;

/// What one pass over a table tells of each of its columns.
///
/// Of lists it tells the lengths, and the values of all objects; of objects with fields each field.
///
/// Feed it frames with [`Profile::add`], join the profiles of parallel workers in order with [`Profile::merge`].
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
/// let profile = show::Profile::of(&frame);
/// assert!(profile.table().to_text().contains('x'));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Profile {
    rows: u64,
    columns: Vec<ColumnProfile>,
}

/// What one pass over a column tells: counts, moments and bounds exactly, quantiles and shape from an even sample.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
/// let profile = show::Profile::of(&frame);
/// let x: &show::ColumnProfile = &profile.columns()[0];
/// assert_eq!((x.rows, x.nulls, x.mean()), (3, 0, 3.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ColumnProfile {
    name: String,
    /// The column, and the field of its objects where they have fields.
    path: (String, Option<String>),
    dtype: DataType,
    /// Of a column of lists how long they are; all other counts are those of its values.
    lengths: Option<Box<ColumnProfile>>,
    /// Rows seen; of lists, values.
    pub rows: u64,
    /// Null values.
    pub nulls: u64,
    /// NaN values.
    pub nans: u64,
    /// Infinite values, which mean and bounds leave out.
    pub infinite: u64,
    finite: u64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
    physical: Option<(i64, i64)>,
    numbers: Sample<f64>,
    words: Sample<String>,
}

/// Every `step`-th value, thinned to half whenever there are too many: even, and the same in every run.
#[derive(Debug, Clone)]
struct Sample<T> {
    step: u64,
    seen: u64,
    kept: Vec<T>,
}

impl<T> Sample<T> {
    const EMPTY: Self = Self { step: 1, seen: 0, kept: Vec::new() };

    fn offer(&mut self, value: impl FnOnce() -> T) {
        if self.seen.is_multiple_of(self.step) {
            if self.kept.len() == KEPT {
                self.thin();
            }
            if self.seen.is_multiple_of(self.step) {
                self.kept.push(value());
            }
        }
        self.seen += 1;
    }

    fn thin(&mut self) {
        let mut at = 0;
        self.kept.retain(|_| {
            at += 1;
            at % 2 == 1
        });
        self.step *= 2;
    }

    fn merge(&mut self, mut other: Self) {
        while self.step < other.step {
            self.thin();
        }
        while other.step < self.step {
            other.thin();
        }
        self.seen += other.seen;
        self.kept.append(&mut other.kept);
        while self.kept.len() > KEPT {
            self.thin();
        }
    }
}

impl Profile {
    /// A profile of columns that have not been seen yet.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// let profile = show::Profile::new(frame.schema());
    /// assert_eq!((profile.columns().len(), profile.columns()[0].rows), (2, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(schema: &Schema) -> Self {
        let columns = schema.iter().flat_map(|(name, dtype)| {
            let fields = match lists::inner(dtype).unwrap_or(dtype) {
                DataType::Struct(fields) => fields.as_slice(),
                _ => return vec![ColumnProfile::new(name, dtype)],
            };
            let one = |field: &Field| {
                let is_list = lists::inner(dtype).is_some();
                let dtype = if is_list { DataType::List(Box::new(field.dtype.clone())) } else { field.dtype.clone() };
                let path = (name.to_string(), Some(field.name.to_string()));
                ColumnProfile { path, ..ColumnProfile::new(&format!("{name}.{}", field.name), &dtype) }
            };
            fields.iter().map(one).collect()
        });
        Self { rows: 0, columns: columns.collect() }
    }

    /// The profile of a frame.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// assert_eq!(show::Profile::of(&frame).columns()[0].rows, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(frame: &DataFrame) -> Self {
        let mut profile = Self::new(frame.schema());
        profile.add(frame);
        profile
    }

    /// Counts a frame in. Columns that the profile does not know are left out, and columns not in the frame are not counted.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// let mut profile = show::Profile::new(frame.schema());
    /// profile.add(&frame);
    /// profile.add(&frame);
    /// assert_eq!(profile.columns()[0].rows, 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, frame: &DataFrame) {
        self.rows += frame.height() as u64;
        for column in &mut self.columns {
            let (name, field) = &column.path;
            let values = frame.column(name).ok().map(Column::as_materialized_series);
            let values = match field {
                None => values.cloned(),
                Some(field) => values.and_then(|values| field_of(values, field)),
            };
            if let Some(values) = values {
                column.add(&values);
            }
        }
    }

    /// Counts in what another profile of the same columns has seen, after what this one has seen.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// let mut profile = show::Profile::of(&frame);
    /// profile.merge(show::Profile::of(&frame));
    /// assert_eq!(profile.columns()[0].mean(), 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        for (mine, others) in self.columns.iter_mut().zip(other.columns) {
            mine.merge(others);
        }
    }

    /// The columns, in the table's order.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// let profile = show::Profile::of(&frame);
    /// assert!(profile.columns().iter().map(|column| column.name()).eq(["x", "k"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns(&self) -> &[ColumnProfile] {
        &self.columns
    }

    /// The profile as a table, one line per column.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// assert_eq!(show::Profile::of(&frame).table().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn table(&self) -> Table {
        let names =
            ["column", "type", "missing", "shape", "mean", "std", "min", "25 %", "50 %", "75 %", "max", "frequent"];
        let caption = format!("{} rows × {} columns", text::thousands(self.rows), self.columns.len());
        let mut table = Table::new(names).caption(caption).row_heads();
        for (at, column) in self.columns.iter().enumerate() {
            // The lengths of a collection are told once: by its counts, or before its first field.
            let told = |lengths: &ColumnProfile| {
                let before = self.columns[..at].iter();
                before
                    .flat_map(|column| [column.lengths.as_deref(), Some(column)])
                    .flatten()
                    .any(|one| one.is_same(lengths))
            };
            if let Some(lengths) = column.lengths.as_deref().filter(|lengths| !told(lengths)) {
                table.push(lengths.cells());
            }
            table.push(column.cells());
        }
        if self.columns.iter().any(|column| column.numbers.step > 1 || column.words.step > 1) {
            table =
                table.note(format!("quantiles, shapes and frequent values from at most {KEPT} values, evenly taken"));
        }
        table
    }
}

/// A field of a column of objects, or of lists of objects.
fn field_of(column: &Series, field: &str) -> Option<Series> {
    let of = |objects: &Series| objects.struct_().ok()?.field_by_name(field).ok();
    match Lists::of(column).ok()? {
        Some(lists) => lists.column(column.name().clone(), &of(lists.values())?).ok(),
        None => of(column),
    }
}

impl Display for Profile {
    fn bundle(&self) -> Bundle {
        self.table().bundle()
    }
}

impl ColumnProfile {
    /// A column that has not been seen yet.
    ///
    /// ```
    /// assert_eq!(show::ColumnProfile::new("x", &polars::prelude::DataType::Float64).rows, 0);
    /// ```
    pub fn new(name: &str, dtype: &DataType) -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        let counts = [0; 5];
        let [rows, nulls, nans, infinite, finite] = counts;
        let (numbers, words) = (Sample::EMPTY, Sample::EMPTY);
        let lengths = || Box::new(Self::new(&format!("len({name})"), &DataType::UInt32));
        let lengths = lists::inner(dtype).map(|_| lengths());
        let (name, dtype) = (name.to_owned(), dtype.clone());
        Self {
            path: (name.clone(), None),
            name,
            dtype,
            lengths,
            rows,
            nulls,
            nans,
            infinite,
            finite,
            mean: 0.0,
            squares: 0.0,
            min,
            max,
            physical: None,
            numbers,
            words,
        }
    }

    /// Counts values in.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// let mut x = show::ColumnProfile::new("x", &DataType::Float64);
    /// x.add(frame.column("x")?.as_materialized_series());
    /// assert_eq!(x.mean(), 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, values: &Series) {
        let Ok(Some(lists)) = Lists::of(values) else { return self.add_values(values) };
        if let Some(lengths) = &mut self.lengths {
            lengths.rows += lists.rows() as u64;
            lists.lengths().for_each(|length| lengths.number(length as f64));
        }
        self.add_values(lists.values());
    }

    /// Whether both tell the same of whole numbers.
    fn is_same(&self, other: &Self) -> bool {
        let told = |one: &Self| (one.rows, one.finite, one.mean, one.squares, one.min, one.max);
        self.dtype.is_integer() && told(self) == told(other)
    }

    fn add_values(&mut self, values: &Series) {
        self.rows += values.len() as u64;
        self.nulls += values.null_count() as u64;
        if values.dtype().is_primitive_numeric() || values.dtype().is_bool() {
            if let Ok(numbers) = values.cast(&DataType::Float64)
                && let Ok(numbers) = numbers.f64()
            {
                numbers.downcast_iter().flat_map(|chunk| chunk.iter()).flatten().for_each(|x| self.number(*x));
            }
        } else if values.dtype().is_temporal() {
            self.times(values);
        } else if let Ok(words) = values.str() {
            words.iter().flatten().for_each(|word| self.words.offer(|| word.to_owned()));
        }
    }

    fn number(&mut self, x: f64) {
        if x.is_nan() {
            self.nans += 1;
            return;
        }
        if x.is_infinite() {
            self.infinite += 1;
            return;
        }
        self.finite += 1;
        let delta = x - self.mean;
        self.mean += delta / self.finite as f64;
        self.squares += delta * (x - self.mean);
        self.min = self.min.min(x);
        self.max = self.max.max(x);
        self.numbers.offer(|| x);
    }

    fn times(&mut self, values: &Series) {
        let Ok(physical) = values.to_physical_repr().cast(&DataType::Int64) else { return };
        let Ok(numbers) = physical.i64() else { return };
        for x in numbers.iter().flatten() {
            let (low, high) = self.physical.unwrap_or((x, x));
            self.physical = Some((low.min(x), high.max(x)));
            self.numbers.offer(|| x as f64);
        }
    }

    /// Counts in what `other` has seen.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// let mut x = show::ColumnProfile::new("x", &DataType::Float64);
    /// x.add(frame.column("x")?.as_materialized_series());
    /// let more = x.clone();
    /// x.merge(more);
    /// assert_eq!((x.rows, x.mean()), (6, 3.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&mut self, other: Self) {
        let (n, m) = (self.finite as f64, other.finite as f64);
        if m > 0.0 {
            let delta = other.mean - self.mean;
            self.mean += delta * m / (n + m);
            self.squares += other.squares + delta * delta * n * m / (n + m);
        }
        if let (Some(mine), Some(others)) = (&mut self.lengths, other.lengths) {
            mine.merge(*others);
        }
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.nans += other.nans;
        self.infinite += other.infinite;
        self.finite += other.finite;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.physical = match (self.physical, other.physical) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, others) => mine.or(others),
        };
        self.numbers.merge(other.numbers);
        self.words.merge(other.words);
    }

    /// The type of one value.
    fn of_values(&self) -> &DataType {
        lists::inner(&self.dtype).unwrap_or(&self.dtype)
    }

    /// The column's name.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// assert_eq!(show::Profile::of(&frame).columns()[1].name(), "k");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Mean of the finite values; NaN when there are none.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// assert_eq!(show::Profile::of(&frame).columns()[0].mean(), 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mean(&self) -> f64 {
        if self.finite > 0 { self.mean } else { f64::NAN }
    }

    /// Standard deviation of the finite values with n - 1; NaN when there are fewer than two.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// assert!((show::Profile::of(&frame).columns()[0].deviation() - 7_f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn deviation(&self) -> f64 {
        if self.finite > 1 { (self.squares / (self.finite - 1) as f64).sqrt() } else { f64::NAN }
    }

    /// Smallest and largest finite value.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
    /// assert_eq!(show::Profile::of(&frame).columns()[0].range(), Some((1.0, 6.0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn range(&self) -> Option<(f64, f64)> {
        (self.finite > 0).then_some((self.min, self.max))
    }

    /// Share of NaN in the rows seen.
    pub(crate) fn nan_share(&self) -> f64 {
        self.nans as f64 / self.rows.max(1) as f64
    }

    /// The distribution of the sampled values between their extremes, as a line of blocks.
    pub fn spark(&self) -> String {
        let low = self.numbers.kept.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.numbers.kept.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.numbers.kept.len() < 8 || low >= high || self.of_values().is_bool() {
            return String::new();
        }
        let mut bins = [0.0; SPARK_BINS];
        for x in &self.numbers.kept {
            // Halves first: the distance of two finite numbers may be infinite.
            let place = (x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
            bins[((place * SPARK_BINS as f64) as usize).min(SPARK_BINS - 1)] += 1.0;
        }
        text::spark(&bins)
    }

    fn cells(&self) -> Vec<Cell> {
        let missing = self.nulls + self.nans;
        let share = missing as f64 / self.rows.max(1) as f64;
        let missing = if missing == 0 {
            Cell::text("")
        } else {
            Cell::text(format!("{} ({})", text::thousands(missing), text::percent(share)))
        };
        let dtype = value::type_and_unit(&self.name, &self.dtype);
        let mut cells = vec![Cell::text(&self.name), Cell::text(dtype), missing, Cell::text(self.spark())];
        cells.extend(self.seven_numbers());
        cells.push(Cell::text(self.frequent()));
        cells
    }

    /// Mean, deviation, minimum, quartiles, maximum.
    fn seven_numbers(&self) -> [Cell; 7] {
        let mut sorted = self.numbers.kept.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |share: f64| sorted.get(((sorted.len().max(1) - 1) as f64 * share).round() as usize).copied();
        if let Some((low, high)) = self.physical {
            let time = |x: i64| value::of_physical(x, self.of_values());
            let middle = |share| quantile(share).map_or(Cell::Missing(""), |x| time(x as i64));
            return [
                Cell::Missing(""),
                Cell::Missing(""),
                time(low),
                middle(0.25),
                middle(0.5),
                middle(0.75),
                time(high),
            ];
        }
        let known = |x: f64| Cell::maybe((self.finite > 0 && x.is_finite()).then_some(x));
        let quartiles = [0.25, 0.5, 0.75].map(|share| Cell::maybe(quantile(share)));
        let [low, middle, high] = quartiles;
        [
            known(self.mean),
            Cell::maybe(Some(self.deviation()).filter(|x| !x.is_nan())),
            known(self.min),
            low,
            middle,
            high,
            known(self.max),
        ]
    }

    /// The most frequent words, with their share.
    fn frequent(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for word in &self.words.kept {
            *counts.entry(word).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
        let share = |count: usize| text::percent(count as f64 / self.words.kept.len() as f64);
        let shown =
            counts.iter().take(3).map(|(word, count)| format!("{} {}", text::one_line(word, 20), share(*count)));
        let mut shown = shown.collect::<Vec<_>>().join(", ");
        if counts.len() > 3 {
            shown += &format!(", {} more", counts.len() - 3);
        }
        shown
    }
}

#[cfg(test)]
mod tests;
