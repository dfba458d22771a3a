//! What the user can fix about a text table.

use super::text::kind::{Kind, Rules};
use super::text::records::ONE_COLUMN;
use super::text::sniff::Wish;
use polars::prelude::{DataType, TimeUnit};
use segment::{Error, Result};

/// How a text table is to be read; what is not said is found out.
///
/// # What is found out
///
/// * **Compression** gzip or zstd, by the first bytes, not by the name.
/// * **Encoding**: UTF-8, or UTF-16 with a byte order mark. Latin-1 and Windows-1252 only when asked for.
/// * **Lines** end in LF, CRLF or CR. Empty lines are no rows. A first line `sep=;` names the separator.
/// * **Comments**: lines at the start that begin with `#`. If the last of them has as many fields as the table, and the
///   table has no header of its own, its fields are the names.
/// * **Separator**: the one of `,` `;` tab `|` with which all records have as many fields as the first. Blanks only where
///   nothing else separates and all fields below the first line are numbers. Fields may stand in `"`.
/// * **Header**: the first record, unless each of its values fits the column below it and not all columns are text: numbers
///   over numbers are a row. Columns without a name are `column0`, `column1`; a second `a` is `a_1`.
/// * **Types**, from all rows: 64-bit integers, unsigned ones where they must be, 64-bit floats, `true` and `false`, ISO 8601
///   dates and times; otherwise text. `nan`, `inf`, `+5` and blanks around a number are numbers. Integers that do not fit,
///   numbers with leading zeros (`007`), in hexadecimal, with `%` or separators of thousands stay text, so that nothing is
///   lost.
/// * **Missing**: an empty field. `NA`, `N/A`, `n/a`, `null`, `NULL`, `None` are missing in a column of numbers, times or
///   truths, and text in a column of text; so is `nan` in a column of times or truths; `""` in quotes is an empty text.
///
/// What is not plain (comma, UTF-8, a header) is said in `data.processes()`. A record with too few or too many fields, and a
/// quote that is not closed, are errors with line and column.
///
/// ```
/// use sources::csv::Csv;
/// let file = std::env::temp_dir().join("a table of a spreadsheet.csv");
/// std::fs::write(&file, "x;day\n1,5;24.12.2024\n-;31.12.2024\n")?;
/// let options = Csv::new().decimal_comma().nulls(["-"]).dates("%d.%m.%Y");
/// let table = sources::csv::open_with(&file, &options)?;
/// assert_eq!(sources::Source::rows(&table.table), 2);
/// assert_eq!(table.notes, ["separator `;`", "decimal comma"]);
/// # std::fs::remove_file(&file)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing before they are given to load_with(..)"]
pub struct Csv {
    separator: Option<char>,
    quote: Option<Option<char>>,
    comment: Option<char>,
    header: Option<bool>,
    names: Option<Vec<String>>,
    skip: usize,
    decimal_comma: bool,
    nulls: Vec<String>,
    dates: Vec<String>,
    pub(super) encoding: Option<String>,
    pub(super) types: Vec<(String, DataType)>,
}

impl Csv {
    /// Nothing is fixed yet.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "x;y\n1;2\n")?;
    /// assert_eq!(open_with(&path, &Csv::new())?.table.schema().len(), 2, "the separator is found out");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Fields are separated by this character; by any number of blanks for `' '`.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "x|y\n1|2\n")?;
    /// assert_eq!(open_with(&path, &Csv::new().separator('|'))?.table.schema().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = Some(separator);
        self
    }

    /// The separator, unless one was given.
    pub(crate) fn or_separator(mut self, separator: char) -> Self {
        self.separator.get_or_insert(separator);
        self
    }

    /// Each line is one field.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "text\na, b\n")?;
    /// assert_eq!(open_with(&path, &Csv::new().one_column())?.table.schema().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn one_column(self) -> Self {
        self.separator(char::from(ONE_COLUMN))
    }

    /// Fields that hold separators or line ends stand between two of these; otherwise `"`, or `'` where that does not work.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "x,y\n'a, b',2\n")?;
    /// assert_eq!(open_with(&path, &Csv::new().quote('\''))?.table.schema().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn quote(mut self, quote: char) -> Self {
        self.quote = Some(Some(quote));
        self
    }

    /// Quotes are text like any other.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "x,y\n5\",2\n")?;
    /// assert_eq!(open_with(&path, &Csv::new().no_quotes())?.table.rows(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn no_quotes(mut self) -> Self {
        self.quote = Some(None);
        self
    }

    /// Lines that begin with this character are passed over, wherever they are.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "x,y\n# a run\n1,2\n")?;
    /// assert_eq!(open_with(&path, &Csv::new().comment('#'))?.table.rows(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn comment(mut self, mark: char) -> Self {
        self.comment = Some(mark);
        self
    }

    /// Whether the first record has the names of the columns.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "1,2\n3,4\n")?;
    /// assert_eq!(open_with(&path, &Csv::new().header(false))?.table.rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn header(mut self, header: bool) -> Self {
        self.header = Some(header);
        self
    }

    /// The names of the columns, instead of those of the file.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "1,2\n3,4\n")?;
    /// let table = open_with(&path, &Csv::new().header(false).names(["run", "event"]))?.table;
    /// assert!(table.schema().contains("event"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Passes over so many lines at the start.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "written by hand\nx,y\n1,2\n")?;
    /// assert_eq!(open_with(&path, &Csv::new().skip(1))?.table.rows(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skip(mut self, lines: usize) -> Self {
        self.skip = lines;
        self
    }

    /// `1,5` is one and a half (and `1.5` is text). The separator is then `;`, tab or `|`, as elsewhere found out.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "x;y\n1,5;2\n")?;
    /// let table = open_with(&path, &Csv::new().separator(';').decimal_comma())?.table;
    /// assert!(table.schema().get("x").unwrap().is_float());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decimal_comma(mut self) -> Self {
        self.decimal_comma = true;
        self
    }

    /// Texts that mean "missing" in every column, beside an empty field.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "x,y\n1,2\n-,4\n")?;
    /// let table = open_with(&path, &Csv::new().nulls(["-"]))?.table;
    /// assert!(table.schema().get("x").unwrap().is_primitive_numeric());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nulls<N: Into<String>>(mut self, texts: impl IntoIterator<Item = N>) -> Self {
        self.nulls.extend(texts.into_iter().map(Into::into));
        self
    }

    /// A format of dates or times beside ISO 8601, with the letters of `strftime`: `%d.%m.%Y`, `%d/%m/%Y %H:%M:%S`. May be
    /// said several times. Without a zone times are as they stand.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, "day,y\n31.01.2024,2\n")?;
    /// let table = open_with(&path, &Csv::new().dates("%d.%m.%Y"))?.table;
    /// assert!(table.schema().get("day").unwrap().is_temporal());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dates(mut self, format: impl Into<String>) -> Self {
        self.dates.push(format.into());
        self
    }

    /// The encoding of the text: `utf-8`, `utf-16`, `utf-16le`, `utf-16be`, `latin-1` or `windows-1252`.
    ///
    /// ```
    /// # use sources::Source;
    /// # use sources::csv::{Csv, open_with};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("table.csv");
    /// std::fs::write(&path, b"name,y\nM\xfcller,2\n")?;
    /// assert_eq!(open_with(&path, &Csv::new().encoding("latin1"))?.table.rows(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encoding(mut self, name: impl Into<String>) -> Self {
        self.encoding = Some(name.into());
        self
    }

    /// Reads a column as this type; a value that is none of it is an error, with its line. Floats may then be written with
    /// an exponent after `D`, and integers among them may be rounded.
    ///
    /// ```
    /// # use polars::prelude::DataType;
    /// let options = sources::csv::Csv::new().column_type("id", DataType::String);
    /// ```
    pub fn column_type(mut self, name: impl Into<String>, dtype: DataType) -> Self {
        self.types.push((name.into(), dtype));
        self
    }

    /// The layout that is wished for.
    pub(super) fn wish(&self) -> Result<Wish> {
        let ascii = |what: &str, wanted: Option<char>| match wanted {
            Some(wanted) if !wanted.is_ascii() => {
                Err(Error::request(format!("the {what} of a text table is an ASCII character, not `{wanted}`")))
            }
            wanted => Ok(wanted.map(|wanted| wanted as u8)),
        };
        let quote = match self.quote {
            Some(wanted) => Some(ascii("quote", wanted)?),
            None => None,
        };
        Ok(Wish {
            separator: ascii("separator", self.separator)?,
            quote,
            comment: ascii("comment mark", self.comment)?,
            header: self.header,
            names: self.names.clone(),
            skip: self.skip,
        })
    }

    /// The meaning of values that is wished for.
    pub(super) fn rules(&self) -> Rules {
        Rules {
            decimal_comma: self.decimal_comma,
            nulls: self.nulls.iter().map(|text| text.trim().as_bytes().to_vec()).collect(),
            dates: self.dates.clone(),
        }
    }

    /// What is asked for and worth being said with the data.
    pub(super) fn said(&self) -> Vec<String> {
        if self.decimal_comma { vec!["decimal comma".to_owned()] } else { Vec::new() }
    }
}

/// What a column is read as to become a type.
pub(super) fn kind_of(name: &str, dtype: &DataType) -> Result<Kind> {
    Ok(match dtype {
        DataType::String => Kind::Text,
        DataType::Boolean => Kind::Bool,
        DataType::Date => Kind::Date,
        DataType::Datetime(unit, zone) => {
            Kind::Time { nanoseconds: *unit == TimeUnit::Nanoseconds, zoned: zone.is_some() }
        }
        dtype if dtype.is_unsigned_integer() => Kind::Unsigned { nan: true },
        dtype if dtype.is_integer() => Kind::Int { nan: true },
        DataType::Float32 | DataType::Float64 => Kind::Float,
        _ => return Err(Error::request(format!("column `{name}` of a text table cannot be read as {dtype}"))),
    })
}
