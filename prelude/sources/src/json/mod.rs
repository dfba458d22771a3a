//! JSON lines: one object of JSON in each line (`.jsonl`, `.ndjson`, also gzip or zstd). They have no metadata, so opening
//! one reads all of it.
//!
//! In goes a file and [`JsonLines`], what the user fixes; out comes a table in memory and notes of what was decided where
//! the case is not plain. `parse` knows text, `kind` what a column is of all its values; neither knows files.

mod kind;
mod parse;

use crate::csv::inflate;
use crate::file::{TableFile, told};
use crate::guard::guarded;
use crate::memory::{Cutting, Memory};
use kind::Kind;
pub(crate) use parse::{Json, parse};
use polars::prelude::*;
use segment::{Error, Place, Result};
use std::path::Path;

/// How JSON lines are to be read; what is not said is found out.
///
/// A column is what holds all its values: integers of 64 bits (unsigned, or of 128 bits where they must be), floating point
/// numbers, `true`/`false`, text, lists, and structs of nested objects. A field that a line does not have is missing there.
/// Values of several kinds, and integers beside fractions that would lose digits, are kept as text; that is said in
/// `data.processes()`. A line that is no object, or has a field twice, is an error with its number. `NaN` and `Infinity`, as
/// Python writes them, are numbers. Empty lines are passed over.
///
/// ```
/// use sources::json::JsonLines;
/// let file = std::env::temp_dir().join("lines of json for a doc test.jsonl");
/// std::fs::write(&file, "{\"x\": 1, \"at\": {\"day\": \"2024-01-31\"}}\n{\"x\": 2.5}\n")?;
/// let opened = sources::json::open_with(&file, &JsonLines::new().flatten())?;
/// let schema = sources::Source::schema(&opened.table);
/// assert_eq!(schema.iter_names().map(|name| name.as_str()).collect::<Vec<_>>(), ["x", "at.day"]);
/// # std::fs::remove_file(&file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing before they are given to a loader"]
pub struct JsonLines {
    flatten: bool,
    types: Vec<(String, DataType)>,
}

impl JsonLines {
    /// Nothing is fixed yet.
    ///
    /// ```
    /// # use sources::Source;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// # let path = path.with_extension("jsonl");
    /// std::fs::write(&path, "{\"x\": 1}\n{\"x\": 2}\n")?;
    /// assert_eq!(sources::json::open_with(&path, &sources::json::JsonLines::new())?.table.rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes columns `a.b` of nested objects instead of structs.
    ///
    /// ```
    /// # use sources::Source;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// # let path = path.with_extension("jsonl");
    /// std::fs::write(&path, "{\"mu\": {\"pt\": 1.5, \"eta\": 0.3}}\n")?;
    /// let table = sources::json::open_with(&path, &sources::json::JsonLines::new().flatten())?.table;
    /// assert_eq!(table.schema().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flatten(mut self) -> Self {
        self.flatten = true;
        self
    }

    /// Reads a column as this type, such as times that are text; a value that is none of it is an error.
    ///
    /// ```
    /// # use sources::Source;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// # use polars::prelude::DataType;
    /// # let path = path.with_extension("jsonl");
    /// std::fs::write(&path, "{\"x\": 1}\n")?;
    /// let options = sources::json::JsonLines::new().column_type("x", DataType::Float64);
    /// assert_eq!(sources::json::open_with(&path, &options)?.table.schema().get("x"), Some(&DataType::Float64));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn column_type(mut self, name: impl Into<String>, dtype: DataType) -> Self {
        self.types.push((name.into(), dtype));
        self
    }
}

/// JSON lines, and how they were read.
///
/// ```
/// # use sources::Source;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("table.csv");
/// # let path = path.with_extension("jsonl");
/// std::fs::write(&path, "{\"x\": 1}\n")?;
/// let opened: sources::json::Opened = sources::json::open_with(&path, &sources::json::JsonLines::new())?;
/// assert!(opened.notes.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Opened {
    /// Their rows.
    pub table: Memory,
    /// What was decided, where it is not the plain case.
    pub notes: Vec<String>,
}

/// Rows of a piece of the table.
const PIECE: usize = 100_000;

/// Reads JSON lines with what the user fixes.
///
/// # Errors
/// A file that is missing or damaged, a line that is no object of JSON, a column that is asked for and not there.
///
/// ```
/// # use sources::Source;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("table.csv");
/// # let path = path.with_extension("jsonl");
/// std::fs::write(&path, "{\"x\": 1, \"y\": \"a\"}\n")?;
/// assert_eq!(sources::json::open_with(&path, &sources::json::JsonLines::new())?.table.schema().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_with(path: impl AsRef<Path>, options: &JsonLines) -> Result<Opened> {
    let (file, bytes) = TableFile::open(path.as_ref())?;
    let place = Place::file(file.name());
    let bytes = bytes.get(0, bytes.length() as usize).map_err(|error| told(&place, error))?;
    let (bytes, packed) = inflate(bytes).map_err(|error| Error::read(&place, error))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let place = place.clone().offset(error.valid_up_to() as u64);
        Error::read(&place, "a byte that is not UTF-8, in which JSON is written")
    })?;
    let rows = rows(text, options.flatten, &place)?;
    let (pieces, schema, mut notes) = table(&rows, options, &place)?;
    notes.extend(packed.map(str::to_owned));
    let cutting = Cutting { statistics: true, ..Cutting::default() };
    let table = Memory::pieces(file.name(), schema, pieces, None, &cutting)?;
    Ok(Opened { table, notes })
}

type Row<'a> = Vec<(String, Json<'a>)>;

fn rows<'a>(text: &'a str, flatten: bool, place: &Place) -> Result<Vec<Row<'a>>> {
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |what: String, at: usize| {
            let column = line[..at.min(line.len())].chars().count() + 1;
            let place = place.clone().part(format!("line {}, character {column}", number + 1));
            Error::read(&place, what)
        };
        match parse(line).map_err(|error| wrong(error.what, error.at))? {
            Json::Object(fields) if flatten => {
                let mut flat = Row::new();
                flattened(fields, "", &mut flat);
                rows.push(flat);
            }
            Json::Object(fields) => rows.push(fields),
            _ => return Err(wrong("a line of JSON lines is an object, `{\"name\": value, ..}`".to_owned(), 0)),
        }
    }
    Ok(rows)
}

fn flattened<'a>(fields: Row<'a>, before: &str, out: &mut Row<'a>) {
    for (name, value) in fields {
        let name = if before.is_empty() { name } else { format!("{before}.{name}") };
        match value {
            Json::Object(inner) if !inner.is_empty() => flattened(inner, &name, out),
            value => out.push((name, value)),
        }
    }
}

fn table(rows: &[Row<'_>], options: &JsonLines, place: &Place) -> Result<(Vec<DataFrame>, SchemaRef, Vec<String>)> {
    let mut columns: PlIndexMap<&str, Kind> = PlIndexMap::default();
    for (name, value) in rows.iter().flatten() {
        let known = columns.entry(name).or_insert(Kind::Nothing);
        *known = std::mem::replace(known, Kind::Nothing).and(Kind::of(value));
    }
    for (name, _) in &options.types {
        if !columns.contains_key(name.as_str()) {
            return Err(Error::column(name, columns.keys().copied()));
        }
    }
    let because = columns.iter().filter_map(|(name, kind)| Some((name, kind.is_text_because()?)));
    let notes = because.map(|(name, why)| format!("column `{name}` is kept as text: {why}")).collect();
    let asked = |name: &str| options.types.iter().find(|(known, _)| known == name).map(|(_, dtype)| dtype);
    let dtype = |(name, kind): (&&str, &Kind)| {
        (PlSmallStr::from_str(name), asked(name).cloned().unwrap_or_else(|| kind.dtype()))
    };
    let schema: Schema = columns.iter().map(dtype).collect();
    let mut pieces = Vec::new();
    for rows in rows.chunks(PIECE) {
        let made = columns.iter().map(|(name, kind)| {
            let find = |row: &Row<'_>| kind.value(row.iter().find(|(known, _)| known == name).map(|(_, value)| value));
            let values: Vec<AnyValue<'static>> = rows.iter().map(find).collect();
            let wrong = |error: String| Error::read(place, format!("column `{name}`: {error}"));
            let made = guarded(|| {
                let series = Series::from_any_values_and_dtype((*name).into(), &values, &kind.dtype(), true)?;
                asked(name).map_or(Ok(series.clone()), |dtype| series.strict_cast(dtype))
            });
            made.map_err(wrong)?.map(IntoColumn::into_column).map_err(|error| wrong(error.to_string()))
        });
        pieces.push(DataFrame::new(rows.len(), made.collect::<Result<Vec<_>>>()?)?);
    }
    Ok((pieces, Arc::new(schema), notes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;

    fn opened(name: &str, bytes: &[u8], options: &JsonLines) -> Result<(DataFrame, Vec<String>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let Opened { table, notes } = open_with(&path, options)?;
        let columns: Vec<PlSmallStr> = table.schema().iter_names_cloned().collect();
        let mut all = DataFrame::empty_with_schema(table.schema());
        for (segment, info) in table.segments().iter().enumerate() {
            all.vstack_mut(&table.read(segment, &columns, 0..info.len())?).unwrap();
        }
        Ok((all, notes))
    }

    #[test]
    fn lines_are_rows_and_what_is_not_there_is_missing() {
        let text =
            "{\"a\": 1, \"s\": \"x\"}\n\n{\"s\": \"y\\n\", \"b\": 0.5, \"l\": [1, 2]}\r\n{\"a\": null, \"b\": 3}\n";
        let (frame, notes) = opened("a.jsonl", text.as_bytes(), &JsonLines::new()).unwrap();
        let lists = [None, Some(Series::new("".into(), [1_i64, 2])), None];
        let wanted = df!(
            "a" => [Some(1_i64), None, None], "s" => [Some("x"), Some("y\n"), None],
            "b" => [None, Some(0.5), Some(3.0)], "l" => lists
        );
        assert!(frame.equals_missing(&wanted.unwrap()), "{frame}");
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn nothing_is_lost_and_what_is_decided_is_said() {
        let text =
            b"{\"n\": 9007199254740993, \"m\": 1, \"w\": 18446744073709551616}\n{\"n\": 0.5, \"m\": \"a\", \"w\": 1}\n";
        let (frame, notes) = opened("a.ndjson", text, &JsonLines::new()).unwrap();
        let strings =
            |name: &str| frame.column(name).unwrap().str().unwrap().iter().flatten().collect::<Vec<_>>().join(" ");
        assert_eq!((strings("n").as_str(), strings("m").as_str()), ("9007199254740993 0.5", "1 a"));
        assert_eq!(frame.column("w").unwrap().dtype(), &DataType::Int128);
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn options_say_types_and_flatten() {
        let text = b"{\"t\": \"2024-01-31T12:00:00\", \"p\": {\"x\": 1, \"q\": {\"y\": 2}}}\n";
        let time = DataType::Datetime(TimeUnit::Microseconds, None);
        let options = JsonLines::new().flatten().column_type("t", time.clone());
        let (frame, _) = opened("a.jsonl", text, &options).unwrap();
        assert_eq!(frame.column("t").unwrap().dtype(), &time);
        assert_eq!(frame.column("p.q.y").unwrap().i64().unwrap().get(0), Some(2));
        let wrong = opened("a.jsonl", b"{\"t\": \"soon\"}\n", &JsonLines::new().column_type("t", time)).unwrap_err();
        assert!(wrong.to_string().contains("column `t`"), "{wrong}");
        assert!(opened("a.jsonl", text, &JsonLines::new().column_type("u", DataType::Int8)).is_err());
    }

    #[test]
    fn packed_lines_are_read_and_wrong_ones_say_where() {
        let zstd = zstd::encode_all(&b"{\"a\": 1}\n{\"a\": 2}\n"[..], 1).unwrap();
        let (frame, notes) = opened("a.jsonl.zst", &zstd, &JsonLines::new()).unwrap();
        assert_eq!((frame.height(), notes.as_slice()), (2, &["zstd".to_owned()][..]));
        let error = opened("a.jsonl", b"{\"a\": 1}\n{\"a\": }\n", &JsonLines::new()).unwrap_err().to_string();
        assert!(error.contains("line 2, character 7"), "{error}");
        assert!(opened("a.jsonl", b"[1]\n", &JsonLines::new()).unwrap_err().to_string().contains("object"));
    }
}
