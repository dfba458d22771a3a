//! A table on a server: files, and steps that are still to be taken with their rows.

use crate::expression::col;
use crate::server::Server;
use polars::prelude::*;
use recoil_spark_connect::{Expression, JoinType, Order, Relation};
use segment::{Error, Result};
use std::collections::BTreeSet;

/// The files of a table as a server sees them, and steps over their rows. Nothing is run before a terminal asks.
#[derive(Clone)]
pub struct Table {
    pub(crate) server: Server,
    files: Vec<String>,
    source: Schema,
    /// Rows of the files.
    pub(crate) rows: u64,
    pub(crate) columns: Vec<Column>,
    /// Columns of the files that are read.
    used: BTreeSet<usize>,
    pub(crate) steps: Vec<Step>,
    /// Whether the numbers of the rows are read.
    numbered: bool,
    /// Columns that order rows which were one row before a join.
    pub(crate) finer: Vec<String>,
    made: usize,
}

/// A column by its name here.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub name: PlSmallStr,
    pub dtype: DataType,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    /// A column of the files.
    File(usize),
    /// A column of a step, by its name on the server.
    Made(String),
}

/// A step on the server.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Filter(Expression),
    /// More columns.
    Add(Vec<Expression>),
    Sort(Vec<Order>),
    Limit(i32),
    Offset(i32),
    Join {
        right: Relation,
        on: Expression,
        how: JoinType,
    },
}

/// The file of a row, and its number there.
const NUMBERS: [&str; 2] = ["row_file", "row_number"];

impl Table {
    /// The rows of Parquet files in their order, with the columns that they have here.
    ///
    /// # Errors
    /// Paths that a server would take for patterns; columns whose names differ in upper and lower case only.
    pub fn new(server: &Server, files: &[impl AsRef<str>], source: &Schema, rows: u64) -> Result<Self> {
        let files = files.iter().map(|file| address(file.as_ref())).collect::<Result<Vec<_>>>()?;
        let columns = source.iter().enumerate().map(|(at, (name, dtype))| Column {
            name: name.clone(),
            dtype: dtype.clone(),
            origin: Origin::File(at),
        });
        Ok(Self {
            server: server.clone(),
            files,
            source: source.clone(),
            rows,
            columns: columns.collect(),
            used: BTreeSet::new(),
            steps: Vec::new(),
            numbered: false,
            finer: Vec::new(),
            made: 0,
        })
    }

    /// The columns after the steps so far.
    pub fn schema(&self) -> Schema {
        self.columns.iter().map(|column| Field::new(column.name.clone(), column.dtype.clone())).collect()
    }

    /// The name that a column has on the server.
    pub(crate) fn own(&mut self, name: &str) -> Result<String> {
        let known = || self.columns.iter().map(|column| column.name.as_str());
        let column = self.columns.iter().find(|column| column.name == name);
        let column = column.ok_or_else(|| Error::column(name, known()))?;
        match &column.origin {
            Origin::Made(own) => Ok(own.clone()),
            Origin::File(at) => {
                let at = *at;
                self.read(at)
            }
        }
    }

    /// The name on the server of a column of the files, which is read from here on.
    fn read(&mut self, at: usize) -> Result<String> {
        let (name, dtype) = self.source.get_at_index(at).ok_or_else(|| Error::request("a column that is not there"))?;
        if cut::held_as(dtype).is_none() {
            return Err(Error::request(format!(
                "column `{name}` is {dtype}, which is not used on {}; convert it before the data are written with \
                 write_parquet, or leave .on(..) out",
                self.server
            )));
        }
        let twin = self.used.iter().filter(|other| **other != at).find_map(|other| {
            let (other, _) = self.source.get_at_index(*other)?;
            other.eq_ignore_ascii_case(name).then(|| other.clone())
        });
        if let Some(twin) = twin {
            let text = format!(
                "columns `{twin}` and `{name}` differ in upper and lower case only, which servers may not tell apart; \
                 rename one before the data are written with write_parquet"
            );
            return Err(Error::request(text));
        }
        self.used.insert(at);
        Ok(file_column(at))
    }

    /// A new name on the server.
    pub(crate) fn fresh(&mut self) -> String {
        self.made += 1;
        format!("c{}", self.made)
    }

    /// Gives a name the column of a step.
    pub(crate) fn put(&mut self, name: PlSmallStr, dtype: DataType, own: String) {
        let new = Column { name, dtype, origin: Origin::Made(own) };
        match self.columns.iter_mut().find(|column| column.name == new.name) {
            Some(old) => *old = new,
            None => self.columns.push(new),
        }
    }

    /// What orders the rows; `what` asks for it.
    pub(crate) fn order(&mut self, what: &str) -> Result<Vec<String>> {
        if !self.server.order().is_empty() {
            return self.order_of_user();
        }
        if !self.server.numbers_rows(&self.files)? {
            return Err(Error::request(format!(
                "`{what}` needs the order of the rows, and {} gives rows of files no numbers; name columns that order them, \
                 .on(Server::at(\"{}\")?.ordered_by([..])), or leave .on(..) out",
                self.server, self.server
            )));
        }
        if let Some(pair) = self.files.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(Error::request(format!(
                "`{what}` needs the order of the rows, and the files are not in the order of their names ({} is before {}); \
                 name columns that order the rows, .on(Server::at(\"{}\")?.ordered_by([..]))",
                pair[0], pair[1], self.server
            )));
        }
        self.numbered = true;
        Ok(NUMBERS.iter().map(|name| (*name).to_owned()).chain(self.finer.clone()).collect())
    }

    fn order_of_user(&mut self) -> Result<Vec<String>> {
        let mut own = Vec::new();
        for name in self.server.clone().order() {
            let at = self.source.index_of(name);
            let names = || self.source.iter_names().map(PlSmallStr::as_str);
            let at = at.ok_or_else(|| Error::column(name, names()))?;
            own.push(self.read(at)?);
        }
        let plain = Self { steps: Vec::new(), numbered: false, ..self.clone() };
        self.server.once(format!("order {:?} {:?}", self.server.order(), self.files), || {
            let by: Vec<_> = own.iter().map(|name| col(name)).collect();
            let rows = Expression::function("count", [1_i64.into()]).named("n");
            let twice = plain.relation().aggregate(by, vec![rows]).filter(col("n").call(">", [1_i64.into()])).limit(1);
            match self.server.answer(&twice, self.rows)?.height() {
                0 => Ok(()),
                _ => Err(Error::request(format!(
                    "ordered_by({:?}): rows have equal values of these columns, so they are not in one order; name more columns",
                    self.server.order()
                ))),
            }
        })?;
        own.extend(self.finer.clone());
        Ok(own)
    }

    /// What orders the rows, where that can be said.
    pub(crate) fn order_if_known(&mut self) -> Result<Option<Vec<String>>> {
        match self.order("the order of the rows") {
            Ok(order) => Ok(Some(order)),
            Err(Error::Request(text)) if text.contains("needs the order of the rows") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The rows after all steps, with the columns that were asked for.
    pub(crate) fn relation(&self) -> Relation {
        let mut read: Vec<Expression> = Vec::new();
        for at in &self.used {
            if let Some((name, dtype)) = self.source.get_at_index(*at) {
                let held = cut::held_as(dtype).unwrap_or("string");
                read.push(Expression::column(name).cast(held).named(&file_column(*at)));
            }
        }
        if self.numbered {
            read.push(Expression::metadata("file_path").named(NUMBERS[0]));
            read.push(Expression::metadata("row_index").named(NUMBERS[1]));
        }
        if read.is_empty() {
            // Only the number of rows matters.
            read.push(Expression::integer(1).named("one"));
        }
        let table = Relation::parquet(self.files.clone()).select(read);
        self.steps.iter().cloned().fold(table, |table, step| match step {
            Step::Filter(condition) => table.filter(condition),
            Step::Add(new) => table.select(std::iter::once(Expression::all()).chain(new).collect()),
            Step::Sort(order) => table.sort(order),
            Step::Limit(rows) => table.limit(rows),
            Step::Offset(rows) => table.offset(rows),
            Step::Join { right, on, how } => table.join(right, on, how),
        })
    }

    /// Makes sure, once for each session, that the server sees the files that are here.
    pub(crate) fn check_files(&self) -> Result<()> {
        self.server.once(format!("rows {:?}", self.files), || {
            let rows = Expression::function("count", [1_i64.into()]).named("n");
            let one = Expression::integer(1).named("one");
            let counted = Relation::parquet(self.files.clone()).select(vec![one]).aggregate(vec![], vec![rows]);
            let hint = format!(
                "the server was asked for {} files under the paths that they have here, the first {}; they must be there \
                 under the same paths, on a disk that all machines share",
                self.files.len(),
                self.files.first().map_or("", String::as_str)
            );
            let answer = self.server.answer(&counted, self.rows).map_err(|error| match error {
                // What the server itself says may be of the files; what stands in the way to it is not.
                Error::Request(text) if text.contains("the server says") => Error::Request(format!("{text}\n{hint}")),
                other => other,
            })?;
            let seen = crate::rows::whole(&answer, "n")?.first().copied().unwrap_or(0);
            match u64::try_from(seen) == Ok(self.rows) {
                true => Ok(()),
                false => Err(Error::request(format!(
                    "{} sees {seen} rows in the files that have {} here: it has other files under these paths, or none\n{hint}",
                    self.server, self.rows
                ))),
            }
        })
    }
}

fn file_column(at: usize) -> String {
    format!("s{at}")
}

/// A path as an address that means the same on every machine.
fn address(path: &str) -> Result<String> {
    if let Some(sign) = path.chars().find(|c| "*?[]{}\\%#".contains(*c)) {
        let text = format!("{path}: servers take `{sign}` in a path for more than a letter; rename the file or folder");
        return Err(Error::request(text));
    }
    if path.contains("://") {
        return Ok(path.to_owned());
    }
    let whole = std::path::absolute(path).map_err(|error| Error::request(format!("{path}: {error}")))?;
    Ok(format!("file://{}", whole.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_addresses_that_are_no_patterns() {
        assert_eq!(address("/data/run 7.parquet").unwrap(), "file:///data/run 7.parquet");
        assert!(address("x.parquet").unwrap().starts_with("file:///"));
        assert_eq!(address("s3a://bucket/x.parquet").unwrap(), "s3a://bucket/x.parquet");
        assert!(address("/data/a*.parquet").unwrap_err().to_string().contains("rename"));
    }
}
