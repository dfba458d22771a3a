//! Selections, block by block: conditions that remove most for their price come first, and once few rows are left the
//! rest is asked for those only.

use crate::check::program::{Id, Op, Program};
use crate::check::types::Type;
use crate::evaluate::bound::Bound;
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::gather::gather;
use crate::evaluate::kernel::{count, positions};
use crate::evaluate::layout::reach;
use crate::evaluate::output::Output;
use polars::prelude::BooleanChunked;
use polars_arrow::bitmap::Bitmap;
use rayon::prelude::*;
use segment::marks;
use std::ops::Range;

/// Below one row in this many, the rows that are left are picked out and the rest is not looked at.
const SPARSE: usize = 12;
/// Blocks between two looks at the order of the conditions.
const REORDER: u32 = 16;

/// What some selections leave.
pub(crate) struct Selected {
    /// The rows that pass all of them. It has no missing values.
    pub mask: BooleanChunked,
    /// How many are left after each.
    pub left: Vec<usize>,
    /// Of each value that was asked for, what it is for the rows that pass; in parts.
    pub values: Vec<Vec<Output>>,
}

/// The rows that pass all of some selections, and the values of some nodes for them.
pub(crate) fn selected(bound: &Bound<'_>, roots: &[Id], values: &[Id]) -> segment::Result<Selected> {
    let run = Run { bound, cuts: roots.iter().map(|root| conditions(bound.program, *root)).collect(), values };
    let parts = bound.parts();
    let work = |order: &mut Order, part: &Range<usize>| run.part(part.clone(), order);
    let made: Vec<Part> = if parts.len() > 1 {
        parts.par_iter().map_init(|| Order::new(&run), work).collect::<segment::Result<_>>()?
    } else {
        let mut order = Order::new(&run);
        parts.iter().map(|part| work(&mut order, part)).collect::<segment::Result<_>>()?
    };
    let mut left = vec![0; roots.len()];
    let mut bits = Vec::with_capacity(bound.rows / 8 + 1);
    let mut all: Vec<Vec<Output>> = values.iter().map(|_| Vec::new()).collect();
    for part in made {
        left.iter_mut().zip(part.left).for_each(|(left, count)| *left += count);
        bits.extend(part.bits);
        all.iter_mut().zip(part.values).for_each(|(all, values)| all.push(values));
    }
    let mask = BooleanChunked::from_bitmap("".into(), Bitmap::from_u8_vec(bits, bound.rows));
    Ok(Selected { mask, left, values: all })
}

/// The conditions that all have to hold.
fn conditions(program: &Program, id: Id) -> Vec<Id> {
    let mut all = Vec::new();
    flatten(program, id, &mut all);
    all
}

fn flatten(program: &Program, id: Id, out: &mut Vec<Id>) {
    match program.op(id) {
        Op::And(parts) => parts.iter().for_each(|part| flatten(program, *part, out)),
        _ if out.contains(&id) => {}
        _ => out.push(id),
    }
}

/// One evaluation of some selections, one after another.
struct Run<'r> {
    bound: &'r Bound<'r>,
    /// The conditions of each.
    cuts: Vec<Vec<Id>>,
    /// What is computed for the rows that pass.
    values: &'r [Id],
}

/// The answer for some of the rows.
struct Part {
    bits: Vec<u8>,
    left: Vec<usize>,
    values: Vec<Output>,
}

/// The order in which the conditions of each selection are looked at.
struct Order {
    cuts: Vec<Vec<Ranked>>,
    blocks: u32,
}

struct Ranked {
    id: Id,
    /// Whether a table is looked up: only for rows that pass all other conditions.
    fallible: bool,
    price: f64,
    seen: f64,
    kept: f64,
}

impl Order {
    fn new(run: &Run) -> Self {
        let ranked = |id: &Id| {
            let fallible = run.bound.program.nodes[*id].fallible;
            Ranked { id: *id, fallible, price: price(run.bound.program, *id), seen: 0.0, kept: 0.0 }
        };
        let cut = |conditions: &Vec<Id>| {
            let mut cut: Vec<_> = conditions.iter().map(ranked).collect();
            cut.sort_by(|a, b| a.fallible.cmp(&b.fallible).then(a.price.total_cmp(&b.price)));
            cut
        };
        Self { cuts: run.cuts.iter().map(cut).collect(), blocks: 0 }
    }

    fn next_block(&mut self) {
        self.blocks += 1;
        if self.blocks.is_multiple_of(REORDER) {
            // The classic rank: removed per price. What was never reached keeps its place behind the rest.
            let rank = |it: &Ranked| if it.seen > 0.0 { (it.kept / it.seen - 1.0) / it.price } else { 0.0 };
            let order = |a: &Ranked, b: &Ranked| a.fallible.cmp(&b.fallible).then(rank(a).total_cmp(&rank(b)));
            self.cuts.iter_mut().for_each(|cut| cut.sort_by(order));
        }
    }
}

/// What a condition costs, in comparisons of a column with a literal.
fn price(program: &Program, id: Id) -> f64 {
    match program.op(id) {
        Op::Literal(_) | Op::Constant(_) | Op::Reduce(..) => 0.0,
        op => own_price(program, id) + op.inputs().into_iter().map(|input| price(program, input)).sum::<f64>(),
    }
}

/// The same of a node alone.
fn own_price(program: &Program, id: Id) -> f64 {
    match program.op(id) {
        Op::Literal(_) | Op::Constant(_) | Op::Reduce(..) => 0.0,
        Op::Column(_) => match program.dtype(id) {
            Type::Text => 2.0,
            Type::Bool => 2.0,
            _ => 0.5,
        },
        Op::Function(..) | Op::External(..) => 20.0,
        Op::Vector(..) => 40.0,
        Op::Leaf(..) | Op::Lane(_) | Op::Length(_) | Op::Start(_) | Op::End(_) => 4.0,
        Op::Fold(..) | Op::Best { .. } | Op::Sort(_) | Op::Gather(..) | Op::Expand(_) => 10.0,
        Op::TextTest(..) | Op::TextMap(..) | Op::TextLength(_) => 40.0,
        Op::Arithmetic(
            crate::syntax::expr::Binary::Pow | crate::syntax::expr::Binary::Mod | crate::syntax::expr::Binary::FloorDiv,
            ..,
        ) => 10.0,
        Op::IsIn(_, members) => members.len().min(12) as f64,
        _ => 1.0,
    }
}

/// Whether values are best computed together with selections, for all rows that these look at: they are made of what the
/// selections compute anyway, and nothing of theirs can go wrong for a row that does not pass.
pub(crate) fn worth_sharing(program: &Program, roots: &[Id], values: &[Id]) -> bool {
    let (asked, wanted) = (reach(program, roots).0, reach(program, values).0);
    let (mut own, mut all) = (0.0, 0.0);
    for id in (0..program.nodes.len()).filter(|id| wanted[*id]) {
        let may_fail = match program.op(id) {
            Op::External(..) | Op::Reduce(..) => true,
            // Digits may become too many.
            Op::Arithmetic(..) | Op::Neg(_) | Op::Abs(_) | Op::Invert(_) | Op::Extreme(..) => {
                !program.dtype(id).is_float()
            }
            _ => false,
        };
        if may_fail {
            return false;
        }
        // What belongs to objects is there several times for a row.
        let price = own_price(program, id) * 2_f64.powi(program.depth(program.nodes[id].domain) as i32);
        all += price;
        own += if asked[id] { 0.0 } else { price };
    }
    program.has_lists() && own * 2.0 <= all
}

impl Run<'_> {
    /// The packed mask of some rows, and how many are left after each selection.
    fn part(&self, rows: Range<usize>, order: &mut Order) -> segment::Result<Part> {
        let mut marks = vec![0; rows.len()];
        let program = self.bound.program;
        let values = self.values.iter().map(|id| Output::new(program.dtype(*id), 0)).collect();
        let mut made = Part { bits: Vec::with_capacity(rows.len() / 8 + 1), left: vec![0; self.cuts.len()], values };
        let mut evaluator = self.bound.evaluator();
        let mut start = rows.start;
        while start < rows.end {
            segment::work::check()?;
            let end = self.bound.block_end(start, rows.end);
            evaluator.block(start, end - start);
            let out = &mut marks[start - rows.start..end - rows.start];
            self.block(&mut evaluator, (start, end - start), order, out, &mut made)?;
            order.next_block();
            start = end;
        }
        marks::pack(&marks, &mut made.bits);
        Ok(made)
    }

    fn block<'r>(
        &'r self,
        evaluator: &mut Evaluator<'r, 'r>,
        (start, rows): (usize, usize),
        order: &mut Order,
        out: &mut [u8],
        made: &mut Part,
    ) -> segment::Result<()> {
        out.fill(1);
        let mut now = rows;
        for cut in 0..order.cuts.len() {
            for position in 0..order.cuts[cut].len() {
                let condition = &mut order.cuts[cut][position];
                evaluator.condition(condition.id, true, out);
                evaluator.check()?;
                let kept = count(out);
                condition.seen += now as f64;
                condition.kept += kept as f64;
                now = kept;
                if now == 0 {
                    return Ok(());
                }
                let last = cut + 1 == order.cuts.len() && position + 1 == order.cuts[cut].len();
                if now < rows / SPARSE && !last {
                    return self.sparse((start, rows), order, (cut, position + 1), out, made);
                }
            }
            made.left[cut] += now;
        }
        if self.values.is_empty() {
            return Ok(());
        }
        let passed = (now < rows).then(|| positions(out));
        self.take(evaluator, now, passed.as_deref(), &mut made.values)
    }

    /// Adds the values of rows that the evaluator looks at: of all, or of some.
    fn take(
        &self,
        evaluator: &mut Evaluator<'_, '_>,
        rows: usize,
        some: Option<&[u32]>,
        values: &mut [Output],
    ) -> segment::Result<()> {
        for (id, output) in self.values.iter().zip(values) {
            let lane = evaluator.lane(*id);
            evaluator.check()?;
            let added = match some {
                Some(some) => output.extend(&gather(&lane, self.bound.program.dtype(*id), some), rows),
                None => output.extend(&lane, rows),
            };
            added.map_err(|beyond| beyond.error(""))?;
        }
        Ok(())
    }

    /// Adds the values of a few rows of a block.
    fn of_chosen(&self, (start, rows): (usize, usize), chosen: &[u32], values: &mut [Output]) -> segment::Result<()> {
        if self.values.is_empty() || chosen.is_empty() {
            return Ok(());
        }
        let mut evaluator = self.bound.evaluator();
        evaluator.block(start, rows);
        evaluator.choose(chosen);
        self.take(&mut evaluator, chosen.len(), None, values)
    }

    /// Looks at the rest of the conditions, from one of one cut on, only for the rows that are left.
    fn sparse(
        &self,
        (start, rows): (usize, usize),
        order: &mut Order,
        (first, from): (usize, usize),
        out: &mut [u8],
        made: &mut Part,
    ) -> segment::Result<()> {
        let mut chosen = positions(out);
        'all: for (cut, (conditions, left)) in order.cuts.iter_mut().zip(&mut made.left).enumerate().skip(first) {
            let from = if cut == first { from } else { 0 };
            for condition in &mut conditions[from..] {
                let mut marks = vec![1; chosen.len()];
                let mut evaluator = self.bound.evaluator();
                evaluator.block(start, rows);
                evaluator.choose(&chosen);
                evaluator.condition(condition.id, true, &mut marks);
                evaluator.check()?;
                condition.seen += chosen.len() as f64;
                let mut row = 0;
                chosen.retain(|_| {
                    row += 1;
                    marks[row - 1] == 1
                });
                condition.kept += chosen.len() as f64;
                if chosen.is_empty() {
                    break 'all;
                }
            }
            *left += chosen.len();
        }
        self.of_chosen((start, rows), &chosen, &mut made.values)?;
        out.fill(0);
        for row in chosen {
            out[row as usize] = 1;
        }
        Ok(())
    }
}
