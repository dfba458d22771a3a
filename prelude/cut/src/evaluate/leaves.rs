//! The lists and structs of a frame as flat columns and offsets.

use crate::check::domain::{DomainId, Kind};
use crate::check::program::{Id, Op, Program};
use crate::evaluate::layout::Layout;
use crate::evaluate::table::{self, Column};
use polars::prelude::*;
use polars_arrow::offset::OffsetsBuffer;
use std::collections::HashMap;

/// A column that a program looks at, of the type it was checked for.
pub(crate) fn find<'f>(
    program: &Program,
    frame: &'f DataFrame,
    column: usize,
) -> segment::Result<&'f polars::prelude::Column> {
    let name = &program.columns[column];
    let found = frame
        .column(name)
        .map_err(|_| segment::Error::column(name, frame.columns().iter().map(|column| column.name().as_str())))?;
    let wanted = &program.dtypes[column];
    if found.dtype() != wanted {
        let now = found.dtype();
        return Err(segment::Error::request(format!("column `{name}` is {now} here, and was {wanted} in the schema")));
    }
    Ok(found)
}

pub(crate) type Offsets = OffsetsBuffer<i64>;

/// The columns of a program, in types that it can look at.
pub(crate) struct Tables {
    /// The plain ones, by column.
    pub series: Vec<Series>,
    /// The flat values of lists and structs, by node, and the offsets of lists.
    leaves: HashMap<Id, (Series, Option<Offsets>)>,
    /// The offsets of each collection.
    domains: HashMap<DomainId, Offsets>,
    layout: Layout,
}

/// The same as slices.
#[derive(Default)]
pub(crate) struct Lists<'a> {
    pub leaves: HashMap<Id, (Column<'a>, Option<&'a Offsets>)>,
    pub domains: HashMap<DomainId, &'a Offsets>,
    pub layout: Option<&'a Layout>,
}

impl Tables {
    pub fn new(program: &Program, frame: &DataFrame, roots: &[Id]) -> segment::Result<Self> {
        let layout = Layout::new(program, roots);
        let mut wanted = vec![false; program.columns.len()];
        let mut tables = Self { series: Vec::new(), leaves: HashMap::new(), domains: HashMap::new(), layout };
        for (id, node) in program.nodes.iter().enumerate() {
            if !tables.layout.needed[id] {
                continue;
            }
            match &node.op {
                Op::Column(column) => wanted[*column] = true,
                Op::Leaf(column, field) => {
                    let series = find(program, frame, *column)?.as_materialized_series();
                    let leaf = leaf(series, field.as_deref())?;
                    tables.leaves.insert(id, leaf);
                }
                _ => {}
            }
        }
        for (domain, needed) in tables.layout.domains.clone().into_iter().enumerate() {
            if let (true, Kind::Objects { sources, .. }) = (needed, &program.domains[domain].kind) {
                let offsets = tables.lengths(program, frame, domain, sources)?;
                tables.domains.insert(domain, offsets);
            }
        }
        let one = |(column, wanted): (usize, bool)| match wanted {
            true => Ok(table::prepare(find(program, frame, column)?)?),
            false => Ok(Series::new_null(PlSmallStr::EMPTY, frame.height())),
        };
        tables.series = wanted.into_iter().enumerate().map(one).collect::<segment::Result<_>>()?;
        Ok(tables)
    }

    /// The offsets of the lists of a collection, which are as long in all columns that are used.
    fn lengths(
        &self,
        program: &Program,
        frame: &DataFrame,
        domain: DomainId,
        sources: &[usize],
    ) -> segment::Result<Offsets> {
        let mut found: Option<(usize, Offsets)> = None;
        for (id, (_, offsets)) in &self.leaves {
            let (Op::Leaf(column, _), Some(offsets)) = (program.op(*id), offsets) else { continue };
            if program.nodes[*id].domain != domain {
                continue;
            }
            match &found {
                Some((first, known)) if first != column => {
                    same_lengths((&program.columns[*first], known), (&program.columns[*column], offsets))?;
                }
                Some(_) => {}
                None => found = Some((*column, offsets.clone())),
            }
        }
        if let Some((_, offsets)) = found {
            return Ok(offsets);
        }
        let column = sources.iter().find(|column| frame.column(&program.columns[**column]).is_ok());
        let Some(column) = column.or(sources.first()) else {
            return Err(segment::Error::request("a list without a column"));
        };
        let series = lengths_or_lists(program, frame, *column)?;
        let series = series.as_materialized_series();
        if let DataType::List(_) = series.dtype() {
            return Ok(flat(series)?.1);
        }
        let counts = series.cast(&DataType::Int64)?;
        let mut offsets = vec![0];
        for count in counts.i64()?.iter() {
            offsets.push(offsets[offsets.len() - 1] + count.unwrap_or(0).max(0));
        }
        Ok(Offsets::try_from(offsets)?)
    }

    /// The same as slices.
    pub fn lists(&self) -> segment::Result<Lists<'_>> {
        let leaves =
            self.leaves.iter().map(|(id, (series, offsets))| Ok((*id, (Column::new(series)?, offsets.as_ref()))));
        let leaves = leaves.collect::<segment::Result<_>>()?;
        let domains = self.domains.iter().map(|(domain, offsets)| (*domain, offsets)).collect();
        Ok(Lists { leaves, domains, layout: Some(&self.layout) })
    }
}

/// A column of lists; where only lengths are asked, they may stand for the lists.
fn lengths_or_lists<'f>(
    program: &Program,
    frame: &'f DataFrame,
    column: usize,
) -> segment::Result<&'f polars::prelude::Column> {
    let is_list = matches!(program.dtypes[column], DataType::List(_));
    match frame.column(&program.columns[column]) {
        Ok(lengths) if is_list && *lengths.dtype() == DataType::UInt32 => Ok(lengths),
        _ => find(program, frame, column),
    }
}

/// Refuses lists of different lengths; they are never cut to the shorter.
fn same_lengths((first, a): (&str, &Offsets), (other, b): (&str, &Offsets)) -> segment::Result<()> {
    let (x, y) = (a.as_slice(), b.as_slice());
    // Columns of one file may share them.
    if std::ptr::eq(x, y) || x == y {
        return Ok(());
    }
    let lengths = |offsets: &[i64], row: usize| offsets[row + 1] - offsets[row];
    match (0..x.len() - 1).find(|row| lengths(x, *row) != lengths(y, *row)) {
        None => Ok(()),
        Some(row) => {
            let lengths = [lengths(x, row) as usize, lengths(y, row) as usize];
            Err(segment::Error::Lengths { columns: [first.to_owned(), other.to_owned()], lengths, row })
        }
    }
}

fn leaf(series: &Series, field: Option<&str>) -> PolarsResult<(Series, Option<Offsets>)> {
    let (values, offsets) = match series.dtype() {
        DataType::List(_) => {
            let (values, offsets) = flat(series)?;
            (values, Some(offsets))
        }
        _ => (series.clone(), None),
    };
    let values = match field {
        // Of objects without a field it is asked whether they are there.
        None if matches!(values.dtype(), DataType::Struct(_)) => values.is_not_null().into_series(),
        None => values,
        Some(name) => {
            let structs = values.struct_()?;
            let field = structs.field_by_name(name)?;
            match structs.null_count() {
                0 => field,
                // An object that is missing has missing fields.
                _ => field
                    .zip_with(&values.is_not_null(), &Series::full_null(name.into(), field.len(), field.dtype()))?,
            }
        }
    };
    // One chunk, so that a position is a place in memory.
    Ok((table::prepare(&values.rechunk().into_column())?, offsets))
}

/// The values of lists one after another, and where each list is. A list that is missing is empty.
fn flat(series: &Series) -> PolarsResult<(Series, Offsets)> {
    let lists = series.list()?.rechunk();
    let values = lists.get_inner();
    let Some(array) = lists.downcast_iter().next() else { return Ok((values, Offsets::new())) };
    let offsets = array.offsets().clone();
    let Some(valid) = array.validity() else { return Ok((values, offsets)) };
    let bounds = offsets.as_slice();
    if (0..lists.len()).all(|row| valid.get_bit(row) || bounds[row] == bounds[row + 1]) {
        return Ok((values, offsets));
    }
    let mut kept: Vec<IdxSize> = Vec::new();
    let mut made = vec![0_i64];
    for row in 0..lists.len() {
        if valid.get_bit(row) {
            kept.extend((bounds[row]..bounds[row + 1]).map(|at| at as IdxSize));
        }
        made.push(kept.len() as i64);
    }
    let values = values.take(&IdxCa::from_vec(PlSmallStr::EMPTY, kept))?;
    Ok((values, Offsets::try_from(made)?))
}

impl Lists<'_> {
    /// The last row up to which a block may go: its lists stay short enough to be looked at together.
    pub fn block_end(&self, start: usize, end: usize) -> usize {
        let most = crate::evaluate::frame::LANES as i64;
        let fits = |offsets: &&Offsets| {
            let bounds = &offsets.as_slice()[start..=end];
            let rows = bounds.partition_point(|bound| bound - bounds[0] <= most) - 1;
            start + rows.max(1)
        };
        self.domains.values().map(fits).fold(end, usize::min)
    }

    /// Where the values of a row begin in a leaf.
    pub fn first(&self, id: Id, row: usize) -> usize {
        let offsets = self.leaves.get(&id).and_then(|(_, offsets)| *offsets);
        offsets.map_or(row, |offsets| offsets.as_slice()[row] as usize)
    }
}
