//! Frames as tables: head and tail, types and units, what is missing, and the shape of each column's distribution.

mod profile;
mod value;

pub use profile::{ColumnProfile, Profile};

use crate::bundle::{Bundle, Display};
use crate::table::{Cell, Heading, Table};
use crate::text;
use polars::prelude::*;

/// Rows and columns of a frame that are shown.
const HEAD: usize = 8;
const TAIL: usize = 4;
const LEFT: usize = 14;
const RIGHT: usize = 6;
/// Columns that are listed when not all are shown: enough for any ntuple, and small enough for any notebook.
const LISTED: usize = 600;
/// Rows looked at for the spark histograms: a display must not take longer than the work it shows.
const SAMPLE: usize = 100_000;

impl Display for DataFrame {
    fn bundle(&self) -> Bundle {
        frame(self, &format!("{} rows × {} columns", text::thousands(self.height() as u64), self.width())).bundle()
    }
}

impl Display for Series {
    fn bundle(&self) -> Bundle {
        let rows = text::thousands(self.len() as u64);
        match DataFrame::new(self.len(), vec![self.clone().into_column()]) {
            Ok(one) => frame(&one, &format!("series of {rows} values")).bundle(),
            Err(error) => Bundle::refused(error.to_string()),
        }
    }
}

impl Display for Column {
    fn bundle(&self) -> Bundle {
        self.as_materialized_series().bundle()
    }
}

impl Display for LazyFrame {
    fn bundle(&self) -> Bundle {
        lazy(self).bundle()
    }
}

impl Display for Schema {
    fn bundle(&self) -> Bundle {
        schema(self).caption(format!("{} columns", self.len())).bundle()
    }
}

/// A frame's head and tail as a table with a caption.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
/// let table = show::frame(&frame, "three rows");
/// assert!(table.to_text().contains("three rows"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn frame(frame: &DataFrame, caption: &str) -> Table {
    let shown = shown_columns(frame.width());
    let columns = frame.columns();
    let headings = shown.iter().map(|place| place.map_or_else(|| Heading::from("⋯"), |at| heading(&columns[at])));
    let mut table = Table::new(headings).caption(caption);
    let cut = frame.height() > HEAD + TAIL + 1;
    let head = if cut { HEAD } else { frame.height() };
    rows(&mut table, columns, &shown, 0..head);
    if cut {
        let left_out = (frame.height() - HEAD - TAIL) as u64;
        table = table.gap(format!("{} more rows", text::thousands(left_out)));
        rows(&mut table, columns, &shown, frame.height() - TAIL..frame.height());
    }
    if shown.len() < frame.width() {
        let hidden = frame.width() - (LEFT + RIGHT);
        table = table
            .note(format!("{hidden} columns between are not shown; select them by name"))
            .details("all columns", schema(frame.schema()));
    }
    if frame.height() > SAMPLE {
        let note = format!("shapes and shares of NaN from {} rows, evenly taken", text::thousands(SAMPLE as u64));
        table = table.note(note);
    }
    table
}

/// The values of a frame as they stand in its table, row by row; for tables that are drawn elsewhere.
///
/// ```
/// use polars::df;
/// let rows = show::cells(&df!("x" => [1.5, f64::NAN], "s" => ["a", "b"])?);
/// assert_eq!(rows[1], [show::Cell::Missing("NaN"), show::Cell::text("b")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cells(frame: &DataFrame) -> Vec<Vec<Cell>> {
    let cell = |column: &Column, row: usize| column.get(row).map_or(Cell::Missing(""), |value| value::cell(&value));
    (0..frame.height()).map(|row| frame.columns().iter().map(|column| cell(column, row)).collect()).collect()
}

/// The columns to show; `None` in the place of those left out.
fn shown_columns(width: usize) -> Vec<Option<usize>> {
    if width <= LEFT + RIGHT {
        return (0..width).map(Some).collect();
    }
    (0..LEFT).map(Some).chain([None]).chain((width - RIGHT..width).map(Some)).collect()
}

fn rows(table: &mut Table, columns: &[Column], shown: &[Option<usize>], rows: std::ops::Range<usize>) {
    for row in rows {
        table.push(shown.iter().map(|place| match place {
            None => Cell::text("⋯"),
            Some(at) => columns[*at].get(row).map_or(Cell::Missing(""), |value| value::cell(&value)),
        }));
    }
}

/// Name, type and unit, what is missing, and the distribution of a column.
fn heading(column: &Column) -> Heading {
    let mut notes = vec![value::type_and_unit(column.name(), column.dtype())];
    let step = column.len().div_ceil(SAMPLE).max(1);
    let sample = if step > 1 { column.gather_every(step, 0).ok() } else { Some(column.clone()) };
    if let Some(sample) = sample {
        let mut profile = ColumnProfile::new(column.name(), column.dtype());
        profile.add(sample.as_materialized_series());
        let nulls = column.null_count() as f64 / column.len().max(1) as f64;
        notes.push(profile.spark());
        for (share, word) in [(nulls, "null"), (profile.nan_share(), "NaN")] {
            if share > 0.0 {
                notes.push(format!("{} {word}", text::percent(share)));
            }
        }
    }
    notes.retain(|note| !note.trim().is_empty());
    Heading { name: column.name().to_string(), note: notes.join("\n") }
}

/// Names, types and units.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 6.0], "k" => ["a", "b", "a"])?;
/// assert_eq!(show::schema(frame.schema()).len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn schema(schema: &Schema) -> Table {
    let mut table = Table::new(["column", "type", "unit"]).row_heads();
    for (name, dtype) in schema.iter().take(LISTED) {
        let unit = crate::variables::unit(name).unwrap_or_default();
        table.push([Cell::text(name.to_string()), Cell::text(dtype.to_string()), Cell::text(unit)]);
    }
    if schema.len() > LISTED {
        table = table.gap(format!("{} more columns", schema.len() - LISTED));
    }
    table
}

/// A lazy frame by its schema and plan; nothing is read.
fn lazy(frame: &LazyFrame) -> Table {
    let table = match frame.clone().collect_schema() {
        Ok(known) => schema(&known).caption(format!("lazy frame, {} columns, nothing read yet", known.len())),
        Err(error) => Table::default().caption(format!("lazy frame whose schema is not right: {error}")),
    };
    match frame.describe_plan() {
        Ok(plan) => {
            let mut steps = Table::new([""]);
            plan.lines().for_each(|line| steps.push([Cell::text(line.replace(' ', "\u{a0}"))]));
            table.details("plan", steps)
        }
        Err(_) => table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn muons() -> DataFrame {
        df![
            "pRecoil" => [2.25, f64::NAN, 4.125, 1e-9],
            "mu1P" => [Some(1.5f32), None, Some(2.25), Some(3.0)],
            "name" => ["mumu", "<b>ee</b>", "two\nlines", "ττ"],
            "good" => [true, false, true, true],
            "event" => [1u64, 2, 3, 18_446_744_073_709_551_615],
        ]
        .unwrap()
    }

    #[test]
    fn a_frame_shows_types_units_missing_values_and_escapes_strings() {
        let bundle = muons().bundle();
        insta::assert_snapshot!("frame_text", bundle.plain());
        insta::assert_snapshot!("frame_html", bundle.get("text/html").unwrap());
    }

    #[test]
    fn long_and_wide_frames_are_bounded_and_say_what_is_left_out() {
        let column = |at: usize| Column::new(format!("c{at}").into(), (0..250_000).collect::<Vec<i32>>());
        let big = DataFrame::new(250_000, (0..60).map(column).collect()).unwrap();
        let bundle = big.bundle();
        let html = bundle.get("text/html").unwrap();
        assert!(html.len() < 40_000, "{}", html.len());
        for words in ["250,000 rows × 60 columns", "249,988 more rows", "40 columns between are not shown", "249999"] {
            assert!(html.contains(words) && bundle.plain().contains(words), "{words}");
        }
    }

    #[test]
    fn a_lazy_frame_is_described_unread() {
        let lazy = muons().lazy().filter(col("good")).select([col("pRecoil") * lit(2.0)]);
        let text = lazy.bundle().plain().to_owned();
        assert!(text.starts_with("lazy frame, 1 columns, nothing read yet") && text.contains("plan:"), "{text}");
        let wrong = muons().lazy().select([col("nothing")]).bundle();
        assert!(wrong.plain().contains("schema is not right") && wrong.plain().contains("nothing"));
    }

    #[test]
    fn empty_frames_and_series_display() {
        assert!(DataFrame::empty().bundle().plain().contains("0 rows × 0 columns"));
        assert!(muons().clear().bundle().plain().contains("0 rows × 5 columns"));
        let series = Series::new("x".into(), [1i64, 2]).bundle();
        assert!(series.plain().starts_with("series of 2 values"), "{}", series.plain());
    }
}
