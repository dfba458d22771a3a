//! A program tied to the columns of a frame.

use crate::check::program::{Id, Op, Program, Reduce};
use crate::evaluate::block::BLOCK;
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::lane::Lane;
use crate::evaluate::output::Output;
use crate::evaluate::table::{self, Column};
use polars::prelude::{DataFrame, PlSmallStr, Series};
use rayon::prelude::*;
use std::ops::Range;

/// Rows that one thread takes at a time; whole blocks, and whole bytes of a mask.
const PART: usize = 32 * BLOCK;
/// From how many rows on several threads work.
pub(crate) const MANY: usize = 1_000_000;

/// The columns of a program as it can look at them; those that none of `roots` needs are not asked for.
pub(crate) fn bind(program: &Program, frame: &DataFrame, roots: &[Id]) -> segment::Result<Vec<Series>> {
    let mut needed = vec![false; program.nodes.len()];
    let mut open = roots.to_vec();
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut needed[id], true) {
            open.extend(program.op(id).inputs());
        }
    }
    let mut wanted = vec![false; program.columns.len()];
    for (node, _) in program.nodes.iter().zip(&needed).filter(|(_, needed)| **needed) {
        if let Op::Column(column) = node.op {
            wanted[column] = true;
        }
    }
    let one = |(column, wanted): (usize, bool)| match wanted {
        true => Ok(table::prepare(find(program, frame, column)?)?),
        false => Ok(Series::new_null(PlSmallStr::EMPTY, frame.height())),
    };
    wanted.into_iter().enumerate().map(one).collect()
}

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

/// A program and the rows it is evaluated for.
pub(crate) struct Bound<'a> {
    pub program: &'a Program,
    pub columns: Vec<Column<'a>>,
    /// The numbers that stand for the whole table, by node.
    pub scalars: Vec<Option<f64>>,
    pub rows: usize,
}

impl<'a> Bound<'a> {
    pub fn new(program: &'a Program, series: &'a [Series], rows: usize) -> segment::Result<Self> {
        let columns = series.iter().map(|series| Ok(Column::new(series)?)).collect::<segment::Result<_>>()?;
        let mut bound = Self { program, columns, scalars: vec![None; program.nodes.len()], rows };
        // Inner ones first: nodes come after those they use.
        for id in 0..program.nodes.len() {
            if let Op::Reduce(reduce, input) = program.op(id) {
                let mut values = Vec::with_capacity(rows);
                bound.each_block(&[*input], 0..rows, |_, lane, rows| {
                    let lane = lane.f64();
                    values.extend((0..rows).map(|row| lane.get(row)).filter(|x| !x.is_nan()));
                    Ok(())
                })?;
                bound.scalars[id] = Some(reduced(*reduce, values));
            }
        }
        Ok(bound)
    }

    /// Stretches of rows for several threads, or all rows where one is enough.
    pub fn parts(&self) -> Vec<Range<usize>> {
        let size = if self.rows > MANY { PART } else { self.rows.max(1) };
        (0..self.rows).step_by(size).map(|start| start..(start + size).min(self.rows)).collect()
    }

    /// The block that begins at `start`: it stays in one chunk of every column.
    pub fn block_end(&self, start: usize, end: usize) -> usize {
        self.columns.iter().map(|column| column.end(start)).fold(end.min(start + BLOCK), usize::min)
    }

    fn each_block(
        &self,
        roots: &[Id],
        rows: Range<usize>,
        mut use_lane: impl FnMut(usize, &Lane, usize) -> segment::Result<()>,
    ) -> segment::Result<()> {
        let mut evaluator = Evaluator::new(self.program, &self.columns, &self.scalars);
        let mut start = rows.start;
        while start < rows.end {
            segment::work::check()?;
            let end = self.block_end(start, rows.end);
            evaluator.block(start, end - start);
            for (at, root) in roots.iter().enumerate() {
                let lane = evaluator.lane(*root);
                evaluator.check().map_err(|beyond| beyond.error(""))?;
                use_lane(at, &lane, end - start)?;
            }
            start = end;
        }
        Ok(())
    }

    /// The values of some nodes for every row; what they share is computed once.
    pub fn values(&self, roots: &[(Id, PlSmallStr)]) -> segment::Result<Vec<Series>> {
        let ids: Vec<Id> = roots.iter().map(|(id, _)| *id).collect();
        let work = |part: Range<usize>| -> segment::Result<Vec<Output>> {
            let mut outputs: Vec<Output> =
                ids.iter().map(|id| Output::new(self.program.dtype(*id), part.len())).collect();
            self.each_block(&ids, part, |at, lane, rows| {
                outputs[at].extend(lane, rows).map_err(|beyond| beyond.error(&roots[at].1))
            })?;
            Ok(outputs)
        };
        let parts = self.parts();
        let made: Vec<Vec<Output>> = if parts.len() > 1 {
            parts.into_par_iter().map(work).collect::<segment::Result<_>>()?
        } else {
            parts.into_iter().map(work).collect::<segment::Result<_>>()?
        };
        let mut by_root: Vec<Vec<Output>> = roots.iter().map(|_| Vec::new()).collect();
        for part in made {
            by_root.iter_mut().zip(part).for_each(|(all, output)| all.push(output));
        }
        let columns = by_root.into_iter().zip(roots);
        columns.map(|(outputs, (id, name))| Output::series(outputs, self.program.dtype(*id), name.clone())).collect()
    }
}

fn reduced(reduce: Reduce, mut values: Vec<f64>) -> f64 {
    let count = values.len() as f64;
    let sum = values.iter().sum::<f64>();
    match reduce {
        Reduce::Sum => sum,
        Reduce::Mean => sum / count,
        Reduce::Min => values.into_iter().reduce(f64::min).unwrap_or(f64::NAN),
        Reduce::Max => values.into_iter().reduce(f64::max).unwrap_or(f64::NAN),
        Reduce::Std => {
            let mean = sum / count;
            (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (count - 1.0)).sqrt()
        }
        Reduce::Median => {
            values.sort_by(f64::total_cmp);
            match values.len() {
                0 => f64::NAN,
                odd if odd % 2 == 1 => values[odd / 2],
                even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
            }
        }
    }
}
