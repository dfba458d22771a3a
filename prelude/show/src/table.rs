//! Tables of anything: rooms above fill a [`Table`], which displays as HTML and as aligned text with the same content.
//!
//! HTML tables keep the class and border that GitHub, VS Code and Colab know, set no colours so that the theme does,
//! and look right without a style sheet, because untrusted notebooks lose it.

mod html;
mod plain;

use crate::bundle::{Bundle, Display};

/// One cell of a table.
///
/// ```
/// # use show::{Cell, Table};
/// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
/// assert!(matches!(Cell::number(f64::NAN), Cell::Missing(_)));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words, on the left.
    Text(String),
    /// A number or what is read like one, on the right.
    Number(String),
    /// A value that is not there, with the word for it: `null`, `NaN`, or nothing.
    Missing(&'static str),
    /// A share of one as a bar, with words after it.
    Bar(f64, String),
}

/// The head of a column.
///
/// ```
/// use show::Table;
/// let table = Table::new([("p", "GeV/c"), ("theta", "rad")]);
/// assert!(table.to_text().contains("GeV/c"));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heading {
    /// The name.
    pub name: String,
    /// A second line under the name: a type, a unit.
    pub note: String,
}

/// A table to look at. Cells are text that the caller has already made short.
///
/// ```
/// use show::{Cell, Display, Table};
/// let table = Table::new(["process", "rows"]).row([Cell::text("mumu"), Cell::count(1234)]).caption("2 processes");
/// assert!(table.bundle().plain().contains("mumu     1,234"));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    pub(crate) caption: String,
    pub(crate) headings: Vec<Heading>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// A gap after this many rows, with the words that say what is left out.
    pub(crate) gap: Option<(usize, String)>,
    pub(crate) notes: Vec<String>,
    pub(crate) details: Vec<(String, Table)>,
    pub(crate) first_is_head: bool,
}

impl Cell {
    /// Words.
    ///
    /// ```
    /// assert!(matches!(show::Cell::text("all"), show::Cell::Text(words) if words == "all"));
    /// ```
    pub fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// A whole number with thousands apart.
    ///
    /// ```
    /// assert!(matches!(show::Cell::count(12345), show::Cell::Number(digits) if digits == "12,345"));
    /// ```
    pub fn count(number: u64) -> Self {
        Self::Number(crate::text::thousands(number))
    }

    /// A number with six significant digits; NaN is a missing value.
    ///
    /// ```
    /// assert!(matches!(show::Cell::number(91.18761), show::Cell::Number(digits) if digits == "91.1876"));
    /// ```
    pub fn number(value: f64) -> Self {
        if value.is_nan() { Self::Missing("NaN") } else { Self::Number(crate::text::number(value, 6)) }
    }

    /// A number that may not be known.
    ///
    /// ```
    /// assert!(matches!(show::Cell::maybe(None), show::Cell::Missing(_)));
    /// ```
    pub fn maybe(value: Option<f64>) -> Self {
        value.map_or(Self::Missing(""), Self::number)
    }

    /// A share of one as percent, with a bar.
    ///
    /// ```
    /// assert!(matches!(show::Cell::share(0.25), show::Cell::Bar(share, _) if share == 0.25));
    /// ```
    pub fn share(share: f64) -> Self {
        Self::Bar(share, crate::text::percent(share))
    }

    fn is_right(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Missing(_))
    }
}

impl From<&str> for Heading {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), note: String::new() }
    }
}

impl From<String> for Heading {
    fn from(name: String) -> Self {
        Self { name, note: String::new() }
    }
}

impl<N: Into<String>, T: Into<String>> From<(N, T)> for Heading {
    fn from((name, note): (N, T)) -> Self {
        Self { name: name.into(), note: note.into() }
    }
}

impl Table {
    /// A table without rows. A heading is a name, or a name and a note.
    ///
    /// ```
    /// let table = show::Table::new(["cut", "left"]);
    /// assert!(table.is_empty());
    /// ```
    pub fn new<H: Into<Heading>>(headings: impl IntoIterator<Item = H>) -> Self {
        Self { headings: headings.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// What the table is, above it.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// assert!(table.caption("a cut flow").to_text().contains("a cut flow"));
    /// ```
    #[must_use]
    pub fn caption(mut self, words: impl Into<String>) -> Self {
        self.caption = words.into();
        self
    }

    /// One more row. Missing cells stay empty, and cells beyond the headings get an empty heading.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// assert_eq!(table.row([Cell::text("p > 2"), Cell::count(250)]).len(), 2);
    /// ```
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.push(cells);
        self
    }

    /// Adds a row.
    ///
    /// ```
    /// use show::{Cell, Table};
    /// let mut table = Table::new(["cut", "left"]);
    /// table.push([Cell::text("all"), Cell::count(1000)]);
    /// assert_eq!(table.len(), 1);
    /// ```
    pub fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut cells: Vec<_> = cells.into_iter().collect();
        if cells.len() > self.headings.len() {
            self.headings.resize(cells.len(), Heading::default());
        }
        cells.resize(self.headings.len(), Cell::Missing(""));
        self.rows.push(cells);
    }

    /// Says that rows are left out after the rows so far.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// let table = table.gap("98 more rows").row([Cell::text("last"), Cell::count(1)]);
    /// assert!(table.to_text().contains("98 more rows"));
    /// ```
    #[must_use]
    pub fn gap(mut self, words: impl Into<String>) -> Self {
        self.gap = Some((self.rows.len(), words.into()));
        self
    }

    /// A line under the table.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// assert!(table.note("weighted").to_text().contains("weighted"));
    /// ```
    #[must_use]
    pub fn note(mut self, words: impl Into<String>) -> Self {
        self.notes.push(words.into());
        self
    }

    /// Another table that opens on demand.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// let more = Table::new(["column"]).row([Cell::text("pRecoil")]);
    /// assert!(table.details("columns", more).to_html().contains("<details"));
    /// ```
    #[must_use]
    pub fn details(mut self, summary: impl Into<String>, table: Table) -> Self {
        self.details.push((summary.into(), table));
        self
    }

    /// The first cell of each row is the row's head.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// assert!(table.row_heads().to_html().contains("scope=\"row\""));
    /// ```
    #[must_use]
    pub fn row_heads(mut self) -> Self {
        self.first_is_head = true;
        self
    }

    /// Rows so far.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// assert_eq!(table.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// assert!(!table.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as HTML.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// assert!(table.to_html().contains("<table") && table.to_html().contains("12,345"));
    /// ```
    pub fn to_html(&self) -> String {
        html::table(self)
    }

    /// The table as aligned text.
    ///
    /// ```
    /// # use show::{Cell, Table};
    /// # let table = Table::new(["cut", "left"]).row([Cell::text("all"), Cell::count(12345)]);
    /// assert!(table.to_text().contains("12,345"));
    /// ```
    pub fn to_text(&self) -> String {
        plain::table(self)
    }

    /// Whether a column's cells stand on the right: all that say something are numbers.
    fn is_right(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.get(column)).peekable();
        cells.peek().is_some() && cells.all(Cell::is_right)
    }
}

impl Display for Table {
    fn bundle(&self) -> Bundle {
        Bundle::text(self.to_text()).html(self.to_html())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Table {
        Table::new([("process", ""), ("rows", "u64"), ("share", ""), ("mass", "GeV/c²")])
            .caption("3 processes <first & last>")
            .row([Cell::text("mumu"), Cell::count(30_403_890), Cell::share(0.75), Cell::number(10.58)])
            .gap("1 row left out")
            .row([Cell::text("<b>ττ</b>"), Cell::count(12), Cell::share(0.031), Cell::Missing("NaN")])
            .note("weights are L(data)/L(MC)")
            .details("what else", Table::new(["a"]).row([Cell::number(1.5)]))
            .row_heads()
    }

    #[test]
    fn html_of_a_table() {
        insta::assert_snapshot!(sample().to_html());
    }

    #[test]
    fn text_of_a_table() {
        insta::assert_snapshot!(sample().to_text());
    }

    #[test]
    fn wide_tables_wrap_in_the_terminal_and_repeat_the_row_heads() {
        let names: Vec<String> = (0..30).map(|n| format!("variable{n}")).collect();
        let mut table = Table::new(names).row_heads();
        table.push((0..30).map(|n| Cell::count(n * 1000)));
        let text = table.to_text();
        assert!(text.lines().all(|line| crate::text::width(line) <= plain::WIDTH), "{text}");
        assert!(text.contains("variable0") && text.contains("variable29"));
    }

    #[test]
    fn short_rows_are_filled_and_long_ones_make_columns() {
        let table = Table::new(["a", "b"]).row([Cell::count(1)]).row([Cell::count(1), Cell::count(2), Cell::count(3)]);
        assert_eq!(table.headings.len(), 3);
        assert_eq!(table.rows[0].len(), 2);
        assert!(table.to_html().contains("<table") && table.to_text().contains('3'));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_string_escapes_its_cell(words in proptest::collection::vec("\\PC{0,20}|<script>|\"'&", 1..6)) {
            let mut table = Table::new(words.clone()).caption(&words[0]).note(&words[0]);
            table.push(words.iter().cloned().map(Cell::Text));
            let html = table.to_html();
            prop_assert!(!html.contains("<script"));
            // Every `<` begins a tag of ours and every tag is closed.
            let doc = format!("<x>{}</x>", html.replace("&nbsp;", " "));
            prop_assert!(resvg::usvg::roxmltree::Document::parse(&doc).is_ok(), "{doc}");
        }
    }
}
