//! Two tables side by side: row by row, as ROOT has a tree and its friend.
//!
//! Segments are those of the first table; what is read of the second are the same rows of it, whatever its own segments are,
//! or the rows that its index says.

mod by_index;

use crate::columns::Unreadable;
use crate::index::Index;
use crate::lookup::Lookup;
use crate::source::{AskTexts, Identity, SegmentInfo, Source, not_there};
use by_index::{ByIndex, of_segment};
use polars::prelude::*;
use polars_arrow::bitmap::Bitmap;
use segment::lists::Lists;
use segment::{Error, Result, Statistics};
use std::ops::Range;
use std::sync::Arc;

#[derive(Debug)]
struct Beside {
    first: Arc<dyn Source>,
    second: Arc<dyn Source>,
    schema: SchemaRef,
    /// Columns of the second table by the names that they have here.
    names: Vec<(PlSmallStr, PlSmallStr)>,
    segments: Vec<SegmentInfo>,
    unreadable: Vec<Unreadable>,
    /// How rows of the second are found when they are not the same.
    index: Option<ByIndex>,
}

/// The columns of `second` behind those of `first`. A column whose name the first table has, too, is called
/// `prefix_column`. If the second table has an index over columns of the first, its rows are found by that, and where there
/// is none its values are missing; otherwise they are the same rows.
///
/// # Errors
/// Tables of different numbers of rows without an index, an index that cannot be used, or a name that is taken even with the
/// prefix.
pub fn beside(first: Arc<dyn Source>, second: Arc<dyn Source>, prefix: &str) -> Result<Arc<dyn Source>> {
    first.check()?;
    second.check()?;
    let index = ByIndex::new(first.as_ref(), second.as_ref())?;
    if index.is_none() && first.rows() != second.rows() {
        return Err(Error::request(format!(
            "{} has {} rows and {} has {}: rows stand side by side, so both need the same number; to match rows by columns, \
             join the frame of one of them: .left_join(&frame, [\"run\", \"event\"])",
            first.name(),
            first.rows(),
            second.name(),
            second.rows()
        )));
    }
    let mut schema = (**first.schema()).clone();
    let mut names = Vec::with_capacity(second.schema().len());
    for own in second.schema().iter_names() {
        let taken =
            |name: &str| schema.contains(name) || second.schema().get(name).is_some_and(|_| name != own.as_str());
        let name = if schema.contains(own) { format!("{prefix}_{own}").into() } else { own.clone() };
        if taken(&name) {
            return Err(Error::request(format!("both tables have columns `{own}` and `{name}`; rename one")));
        }
        names.push((name, own.clone()));
    }
    for (name, own) in &names {
        let dtype = second.schema().get(own).cloned().unwrap_or(DataType::Null);
        schema.insert(name.clone(), dtype);
    }
    let segments = segments(first.as_ref(), second.as_ref(), schema.len());
    let unreadable = first.unreadable().iter().chain(second.unreadable()).cloned().collect();
    Ok(Arc::new(Beside { first, second, schema: Arc::new(schema), names, segments, unreadable, index }))
}

fn segments(first: &dyn Source, second: &dyn Source, columns: usize) -> Vec<SegmentInfo> {
    let own = first.schema().len();
    let friend: Vec<_> = second.segments().iter().map(|info| info.identity.0).collect();
    let widened = |info: &SegmentInfo| {
        let identity = Identity::of(&(info.identity.0, &friend));
        let mut info = SegmentInfo { identity, ..info.clone() };
        if info.columns.end == own {
            info.columns.end = columns;
        }
        info
    };
    first.segments().iter().map(widened).collect()
}

impl Beside {
    /// The columns of the first table, and the own names of those of the second.
    fn split(&self, columns: &[PlSmallStr]) -> (Vec<PlSmallStr>, Vec<PlSmallStr>) {
        let own = |name: &PlSmallStr| self.names.iter().find(|(shown, _)| shown == name).map(|(_, own)| own.clone());
        let first = columns.iter().filter(|name| own(name).is_none()).cloned().collect();
        (first, columns.iter().filter_map(own).collect())
    }

    /// Rows of the second table as a whole.
    fn second_rows(&self, columns: &[PlSmallStr], rows: &Range<u64>) -> Result<DataFrame> {
        let mut whole: Option<DataFrame> = None;
        let touched = |info: &SegmentInfo| info.rows.start < rows.end && rows.start < info.rows.end;
        let all = self.second.segments();
        let mut at = all.partition_point(|info| info.rows.end <= rows.start);
        while at < all.len() && touched(&all[at]) {
            let span = all[at].rows.clone();
            let part =
                (rows.start.max(span.start) - span.start) as usize..(rows.end.min(span.end) - span.start) as usize;
            let mut found: Vec<Column> = Vec::with_capacity(columns.len());
            // Segments of the same rows have different columns.
            while at < all.len() && all[at].rows == span {
                let here = of_segment(self.second.as_ref(), &all[at], columns);
                if !here.is_empty() {
                    found.extend(self.second.read(at, &here, part.clone())?.into_columns());
                }
                at += 1;
            }
            let frame = DataFrame::new(part.len(), found)?.select(columns.iter().map(PlSmallStr::as_str))?;
            match &mut whole {
                None => whole = Some(frame),
                Some(whole) => whole.vstack_mut(&frame).map(drop)?,
            }
        }
        match whole {
            Some(whole) => Ok(whole),
            None => {
                Ok(DataFrame::empty_with_schema(self.second.schema()).select(columns.iter().map(PlSmallStr::as_str))?)
            }
        }
    }

    /// Rows of the second table by its index; `columns` are those of the first that the index needs.
    fn second_found(
        &self,
        index: &ByIndex,
        columns: &[PlSmallStr],
        keys: &DataFrame,
        rows: usize,
    ) -> Result<DataFrame> {
        by_index::gathered(self.second.as_ref(), columns, &index.rows(keys, rows)?)
    }

    /// All columns in the order asked, by the names they have here.
    fn together(
        &self,
        columns: &[PlSmallStr],
        rows: usize,
        first: Option<DataFrame>,
        second: Option<DataFrame>,
    ) -> Result<DataFrame> {
        let mut first = first.map(DataFrame::into_columns).unwrap_or_default().into_iter();
        let mut second = second.map(DataFrame::into_columns).unwrap_or_default().into_iter();
        let of = |name: &PlSmallStr| match self.names.iter().any(|(shown, _)| shown == name) {
            true => second.next().map(|column| column.with_name(name.clone())),
            false => first.next(),
        };
        Ok(DataFrame::new(rows, columns.iter().filter_map(of).collect())?)
    }
}

impl Source for Beside {
    fn name(&self) -> &str {
        self.first.name()
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    fn zones(&self) -> Vec<(PlSmallStr, Arc<str>)> {
        let shown = |(own, zone): (PlSmallStr, Arc<str>)| {
            let (name, _) = self.names.iter().find(|(_, of)| *of == own)?;
            Some((name.clone(), zone))
        };
        self.first.zones().into_iter().chain(self.second.zones().into_iter().filter_map(shown)).collect()
    }

    fn attached(&self, key: &str) -> Vec<Option<String>> {
        self.first.attached(key)
    }

    fn notes(&self) -> Vec<String> {
        self.first.notes().into_iter().chain(self.second.notes()).collect()
    }

    fn remarks(&self, columns: &[PlSmallStr]) -> Vec<String> {
        let (own, friends) = self.split(columns);
        self.first.remarks(&own).into_iter().chain(self.second.remarks(&friends)).collect()
    }

    fn lookup(&self) -> Result<Option<Lookup>> {
        self.first.lookup()
    }

    fn index(&self) -> Option<&Index> {
        self.first.index()
    }

    fn learned(&self, segment: usize) -> Option<Statistics> {
        self.first.learned(segment)
    }

    fn check(&self) -> Result<()> {
        self.first.check()?;
        self.second.check()
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        if let Some(name) = columns.iter().find(|name| !self.schema.contains(name)) {
            return Err(not_there(name, self));
        }
        let (own, friends) = self.split(columns);
        let first = (!own.is_empty()).then(|| self.first.read(segment, &own, rows.clone())).transpose()?;
        let start = self.segments[segment].rows.start;
        let same = start + rows.start as u64..start + rows.end as u64;
        let second = match &self.index {
            _ if friends.is_empty() => None,
            Some(index) => {
                let keys = self.first.read(segment, &index.columns(), rows.clone())?;
                Some(self.second_found(index, &friends, &keys, rows.len())?)
            }
            None => Some(self.second_rows(&friends, &same)?),
        };
        self.together(columns, rows.len(), first, second)
    }

    fn pick(&self, segment: usize, columns: &[PlSmallStr], rows: &[IdxSize]) -> Result<DataFrame> {
        let (own, friends) = self.split(columns);
        let (Some(&from), Some(&to)) = (rows.first(), rows.last()) else {
            return self.read(segment, columns, 0..0);
        };
        let first = (!own.is_empty()).then(|| self.first.pick(segment, &own, rows)).transpose()?;
        let second = if friends.is_empty() {
            None
        } else if let Some(index) = &self.index {
            let keys = self.first.pick(segment, &index.columns(), rows)?;
            Some(self.second_found(index, &friends, &keys, rows.len())?)
        } else {
            let start = self.segments[segment].rows.start;
            let frame = self.second_rows(&friends, &(start + u64::from(from)..start + u64::from(to) + 1))?;
            let at = IdxCa::from_iter_values(PlSmallStr::EMPTY, rows.iter().map(|row| row - from));
            Some(frame.take(&at)?)
        };
        self.together(columns, rows.len(), first, second)
    }

    fn lengths(&self, segment: usize, column: &PlSmallStr, rows: Range<usize>) -> Result<Column> {
        if self.names.iter().all(|(shown, _)| shown != column) {
            return self.first.lengths(segment, column, rows);
        }
        let frame = self.read(segment, std::slice::from_ref(column), rows)?;
        Ok(Lists::count(frame.column(column)?.as_materialized_series())?.into_column())
    }

    fn marked(
        &self,
        segment: usize,
        column: &PlSmallStr,
        rows: Range<usize>,
        ask: &AskTexts<'_>,
    ) -> Result<Option<Bitmap>> {
        if self.names.iter().all(|(shown, _)| shown != column) {
            return self.first.marked(segment, column, rows, ask);
        }
        Ok(None)
    }

    fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
        let (own, friends) = self.split(columns);
        if !own.is_empty() {
            self.first.expect(segment, &own, rows.clone());
        }
        if let Some(index) = self.index.as_ref().filter(|_| !friends.is_empty()) {
            // Which rows of the friend are wanted, only their numbers tell.
            return self.first.expect(segment, &index.columns(), rows);
        }
        let start = self.segments[segment].rows.start;
        let rows = start + rows.start as u64..start + rows.end as u64;
        for (at, info) in self.second.segments().iter().enumerate() {
            let here = of_segment(self.second.as_ref(), info, &friends);
            if info.rows.start < rows.end && rows.start < info.rows.end && !here.is_empty() {
                let from = rows.start.max(info.rows.start) - info.rows.start;
                let to = rows.end.min(info.rows.end) - info.rows.start;
                self.second.expect(at, &here, from as usize..to as usize);
            }
        }
    }

    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        let (own, friends) = self.split(columns);
        let rows = &self.segments[segment].rows;
        let touched = |info: &SegmentInfo| info.rows.start < rows.end && rows.start < info.rows.end;
        let friends = self.second.segments().iter().enumerate().filter(|(_, info)| touched(info)).map(|(at, info)| {
            let here = of_segment(self.second.as_ref(), info, &friends);
            if here.is_empty() { 0 } else { self.second.stored(at, &here) }
        });
        self.first.stored(segment, &own) + friends.sum::<u64>()
    }

    fn divisible(&self) -> bool {
        self.first.divisible() && self.second.divisible()
    }

    fn in_memory(&self) -> bool {
        self.first.in_memory() && self.second.in_memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Cutting, Memory};

    fn table(name: &str, frame: DataFrame, rows: usize) -> Arc<dyn Source> {
        let cutting = Cutting { rows, ..Cutting::default() };
        Arc::new(Memory::cut(name, frame, None, &cutting).unwrap())
    }

    #[test]
    fn rows_stand_beside_the_same_rows_whatever_the_segments() {
        let first = df!("x" => (0..10).collect::<Vec<i32>>(), "e" => (0..10).collect::<Vec<i64>>()).unwrap();
        let second = df!("y" => (0..10).map(|n| n * 10).collect::<Vec<i32>>(), "e" => [0.5; 10]).unwrap();
        let source = beside(table("a", first, 4), table("b", second, 3), "b").unwrap();
        let columns: Vec<PlSmallStr> = ["b_e", "y", "x"].map(Into::into).to_vec();
        assert_eq!((source.schema().len(), source.segments().len(), source.rows()), (4, 3, 10));
        let found = source.read(1, &columns, 1..4).unwrap();
        assert_eq!(found, df!("b_e" => [0.5; 3], "y" => [50, 60, 70], "x" => [5, 6, 7]).unwrap());
        let found = source.pick(1, &columns, &[0, 3]).unwrap();
        assert_eq!(found, df!("b_e" => [0.5; 2], "y" => [40, 70], "x" => [4, 7]).unwrap());
        assert_eq!(source.read(2, &columns[1..2], 0..0).unwrap().shape(), (0, 1));
        assert!(source.read(0, &["z".into()], 0..1).is_err());
    }

    #[test]
    fn other_numbers_of_rows_are_refused() {
        let of = |rows: usize| table("t", df!("x" => vec![1.0; rows]).unwrap(), 100);
        let error = beside(of(3), of(4), "t").unwrap_err().to_string();
        assert!(error.contains("3 rows") && error.contains("left_join"), "{error}");
    }
}
