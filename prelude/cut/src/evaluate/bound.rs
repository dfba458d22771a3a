//! A program tied to the columns of a frame.

use crate::check::program::{Op, Program, Reduce};
use crate::evaluate::block::BLOCK;
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::leaves::{Lists, Tables};
use crate::evaluate::listed::{Listed, Wanted};
use crate::evaluate::table::Column;
use polars::prelude::{PlSmallStr, Series};
use rayon::prelude::*;
use std::ops::Range;

/// Rows that one thread takes at a time; whole blocks, and whole bytes of a mask.
const PART: usize = 32 * BLOCK;
/// From how many rows on several threads work.
pub(crate) const MANY: usize = 1_000_000;

/// A program and the rows it is evaluated for.
pub(crate) struct Bound<'a> {
    pub program: &'a Program,
    pub columns: Vec<Column<'a>>,
    pub lists: Lists<'a>,
    /// The numbers that stand for the whole table, by node.
    pub scalars: Vec<Option<f64>>,
    pub rows: usize,
}

impl<'a> Bound<'a> {
    pub fn new(program: &'a Program, tables: &'a Tables, rows: usize) -> segment::Result<Self> {
        let columns = tables.series.iter().map(|series| Ok(Column::new(series)?)).collect::<segment::Result<_>>()?;
        let lists = tables.lists()?;
        let mut bound = Self { program, columns, lists, scalars: vec![None; program.nodes.len()], rows };
        // Inner ones first: nodes come after those they use.
        for id in 0..program.nodes.len() {
            if let Op::Reduce(reduce, input) = program.op(id) {
                let mut values = Vec::with_capacity(rows);
                bound.each_block(0..rows, |evaluator, rows| {
                    let lane = evaluator.lane(*input);
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
        let end = self.columns.iter().map(|column| column.end(start)).fold(end.min(start + BLOCK), usize::min);
        self.lists.block_end(start, end)
    }

    pub fn evaluator(&self) -> Evaluator<'_, 'a> {
        Evaluator::new(self.program, &self.columns, &self.scalars, &self.lists)
    }

    fn each_block(
        &self,
        rows: Range<usize>,
        mut use_block: impl FnMut(&mut Evaluator<'_, 'a>, usize) -> segment::Result<()>,
    ) -> segment::Result<()> {
        let mut evaluator = self.evaluator();
        let mut start = rows.start;
        while start < rows.end {
            segment::work::check()?;
            let end = self.block_end(start, rows.end);
            evaluator.block(start, end - start);
            use_block(&mut evaluator, end - start)?;
            evaluator.check()?;
            start = end;
        }
        Ok(())
    }

    /// The values of some nodes for every row; what they share is computed once.
    pub fn values(&self, roots: &[(Wanted, PlSmallStr)]) -> segment::Result<Vec<Series>> {
        let work = |part: Range<usize>| -> segment::Result<Vec<Listed>> {
            let mut made: Vec<Listed> =
                roots.iter().map(|(wanted, _)| Listed::new(self.program, wanted, part.len())).collect();
            self.each_block(part, |evaluator, rows| {
                made.iter_mut()
                    .zip(roots)
                    .try_for_each(|(made, (wanted, name))| made.take(evaluator, wanted, name, rows))
            })?;
            Ok(made)
        };
        let parts = self.parts();
        let made: Vec<Vec<Listed>> = if parts.len() > 1 {
            parts.into_par_iter().map(work).collect::<segment::Result<_>>()?
        } else {
            parts.into_iter().map(work).collect::<segment::Result<_>>()?
        };
        let mut by_root: Vec<Vec<Listed>> = roots.iter().map(|_| Vec::new()).collect();
        for part in made {
            by_root.iter_mut().zip(part).for_each(|(all, listed)| all.push(listed));
        }
        let columns = by_root.into_iter().zip(roots);
        columns.map(|(parts, (wanted, name))| Listed::series(parts, self.program, wanted, name.clone())).collect()
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
