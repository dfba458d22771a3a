use crate::error::Problem;
use crate::evaluate::{BLOCK, Evaluator};
use crate::kernel::{count, pack, positions};
use crate::lane::Lane;
use crate::output::Output;
use crate::program::{Id, Op, Program, Reduce};
use crate::table::{self, Column};
use crate::types::Type;
use crate::{Error, Result, Value};
use polars::prelude::{BooleanChunked, DataFrame, DataType, PlSmallStr, Series};
use polars_arrow::bitmap::Bitmap;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// A cut tied to the columns and types of a table: it can be evaluated. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Typed {
    pub(crate) program: Arc<Program>,
    pub(crate) root: Id,
    text: Arc<str>,
}

/// Rows that one thread takes at a time; whole blocks, and whole bytes of the mask.
const PART: usize = 32 * BLOCK;
/// From how many rows on several threads work.
const MANY: usize = 1_000_000;
/// Below one row in this many, the rows that are left are picked out and the rest is not looked at.
const SPARSE: usize = 12;
/// Blocks between two looks at the order of the conditions.
const REORDER: u32 = 16;

impl Typed {
    pub(crate) fn new(program: Program, root: Id, text: Arc<str>) -> Self {
        Self { program: Arc::new(program), root, text }
    }

    /// The text of the cut.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The type of the result.
    pub fn dtype(&self) -> DataType {
        match self.program.op(self.root) {
            Op::Column(column) => self.program.dtypes[*column].clone(),
            _ => self.program.dtype(self.root).dtype(),
        }
    }

    /// The columns that are needed, as the table names them, in the order of their first use.
    pub fn columns(&self) -> &[PlSmallStr] {
        &self.program.columns
    }

    /// Whether the result is a truth per row.
    pub fn is_selection(&self) -> bool {
        *self.program.dtype(self.root) == Type::Bool
    }

    /// Whether the result comes from comparing, not from a column of truths.
    pub fn is_comparison(&self) -> bool {
        self.program.op(self.root).is_predicate()
    }

    /// Whether the answer for a row depends on the whole table, as in `x > x.mean()`.
    pub fn needs_whole_table(&self) -> bool {
        self.program.nodes.iter().any(|node| matches!(node.op, Op::Reduce(..)))
    }

    /// The same, when it is a selection.
    ///
    /// # Errors
    /// When it is a number or a text, which select nothing.
    pub fn selection(self) -> Result<Self> {
        if self.is_selection() {
            return Ok(self);
        }
        let dtype = self.program.dtype(self.root);
        let reason = format!("{} is {dtype}, not a condition", self.text);
        let help = match dtype {
            Type::Text => format!("write {} == 'something'", self.text),
            _ => format!("write {0} == 1 or {0} != 0", self.text),
        };
        Err(Error::new(self.text.clone(), vec![Problem::new(reason, 0..self.text.len()).help(help)]))
    }

    /// Which rows are kept. The mask has no missing values.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, when this is not a selection, or interrupted.
    pub fn mask(&self, frame: &DataFrame) -> segment::Result<BooleanChunked> {
        if !self.is_selection() {
            return Err(self
                .clone()
                .selection()
                .map(|_| ())
                .map_or_else(Into::into, |()| segment::Error::request("no cut")));
        }
        let rows = frame.height();
        let series = self.series(frame)?;
        let columns = slices(&series)?;
        let scalars = self.scalars(&columns, rows)?;
        let run = Run { program: &self.program, columns: &columns, scalars: &scalars, conditions: self.conditions() };
        let parts: Vec<Range<usize>> = (0..rows).step_by(PART).map(|start| start..(start + PART).min(rows)).collect();
        let bits: Vec<Vec<u8>> = if rows > MANY {
            let work = |order: &mut Order, part: &Range<usize>| run.mask(part.clone(), order);
            parts.par_iter().map_init(|| Order::new(&run), work).collect::<segment::Result<_>>()?
        } else {
            let mut order = Order::new(&run);
            parts.iter().map(|part| run.mask(part.clone(), &mut order)).collect::<segment::Result<_>>()?
        };
        Ok(BooleanChunked::from_bitmap("".into(), Bitmap::from_u8_vec(bits.concat(), rows)))
    }

    /// The value of every row.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, or interrupted.
    pub fn values(&self, frame: &DataFrame) -> segment::Result<Series> {
        if let Op::Column(column) = self.program.op(self.root) {
            return Ok(self.find(frame, *column)?.as_materialized_series().clone());
        }
        let rows = frame.height();
        let series = self.series(frame)?;
        let columns = slices(&series)?;
        let scalars = self.scalars(&columns, rows)?;
        let work = |part: Range<usize>| -> segment::Result<Output> {
            let mut output = Output::new(self.program.dtype(self.root), part.len());
            each_block(&self.program, &columns, &scalars, self.root, part, |lane, rows| output.extend(lane, rows))?;
            Ok(output)
        };
        let parts: Vec<Range<usize>> = (0..rows).step_by(PART).map(|start| start..(start + PART).min(rows)).collect();
        let outputs: Vec<Output> = if rows > MANY {
            parts.into_par_iter().map(work).collect::<segment::Result<_>>()?
        } else {
            parts.into_iter().map(work).collect::<segment::Result<_>>()?
        };
        Output::series(outputs, self.program.dtype(self.root), self.text.as_ref().into())
    }

    /// The conditions that all have to hold.
    fn conditions(&self) -> Vec<Id> {
        let mut all = Vec::new();
        flatten(&self.program, self.root, &mut all);
        all
    }

    fn find<'f>(&self, frame: &'f DataFrame, column: usize) -> segment::Result<&'f polars::prelude::Column> {
        let name = &self.program.columns[column];
        let found = frame
            .column(name)
            .map_err(|_| segment::Error::column(name, frame.columns().iter().map(|column| column.name().as_str())))?;
        let wanted = &self.program.dtypes[column];
        if found.dtype() != wanted {
            let now = found.dtype();
            return Err(segment::Error::request(format!(
                "column `{name}` is {now} here, and was {wanted} in the schema"
            )));
        }
        Ok(found)
    }

    fn series(&self, frame: &DataFrame) -> segment::Result<Vec<Series>> {
        (0..self.program.columns.len()).map(|column| Ok(table::prepare(self.find(frame, column)?)?)).collect()
    }

    /// The numbers that stand for the whole table, inner ones first.
    fn scalars(&self, columns: &[Column], rows: usize) -> segment::Result<Vec<Option<f64>>> {
        let mut scalars = vec![None; self.program.nodes.len()];
        for id in 0..self.program.nodes.len() {
            if let Op::Reduce(reduce, input) = self.program.op(id) {
                let mut values = Vec::with_capacity(rows);
                each_block(&self.program, columns, &scalars, *input, 0..rows, |lane, rows| {
                    let lane = lane.f64();
                    values.extend((0..rows).map(|row| lane.get(row)).filter(|x| !x.is_nan()));
                })?;
                scalars[id] = Some(reduced(*reduce, values));
            }
        }
        Ok(scalars)
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

fn slices(series: &[Series]) -> segment::Result<Vec<Column<'_>>> {
    series.iter().map(|series| Ok(Column::new(series)?)).collect()
}

fn flatten(program: &Program, id: Id, out: &mut Vec<Id>) {
    match program.op(id) {
        Op::And(parts) => parts.iter().for_each(|part| flatten(program, *part, out)),
        _ if out.contains(&id) => {}
        _ => out.push(id),
    }
}

/// The block that begins at `start`: it stays in one chunk of every column.
fn block_end(columns: &[Column], start: usize, end: usize) -> usize {
    columns.iter().map(|column| column.end(start)).fold(end.min(start + BLOCK), usize::min)
}

fn each_block(
    program: &Program,
    columns: &[Column],
    scalars: &[Option<f64>],
    id: Id,
    rows: Range<usize>,
    mut use_lane: impl FnMut(&Lane, usize),
) -> segment::Result<()> {
    let mut evaluator = Evaluator::new(program, columns, scalars);
    let mut start = rows.start;
    while start < rows.end {
        segment::work::check()?;
        let end = block_end(columns, start, rows.end);
        evaluator.block(start, end - start);
        use_lane(&evaluator.lane(id), end - start);
        start = end;
    }
    Ok(())
}

/// One evaluation of a selection.
struct Run<'r, 'a> {
    program: &'r Program,
    columns: &'r [Column<'a>],
    scalars: &'r [Option<f64>],
    conditions: Vec<Id>,
}

/// The order in which conditions are looked at: those that remove most for their price come first.
struct Order {
    conditions: Vec<Ranked>,
    blocks: u32,
}

struct Ranked {
    id: Id,
    price: f64,
    seen: f64,
    kept: f64,
}

impl Order {
    fn new(run: &Run) -> Self {
        let ranked = |id: &Id| Ranked { id: *id, price: price(run.program, *id), seen: 0.0, kept: 0.0 };
        let mut conditions: Vec<_> = run.conditions.iter().map(ranked).collect();
        conditions.sort_by(|a, b| a.price.total_cmp(&b.price));
        Self { conditions, blocks: 0 }
    }

    fn next_block(&mut self) {
        self.blocks += 1;
        if self.blocks.is_multiple_of(REORDER) {
            // The classic rank: removed per price. What was never reached keeps its place behind the rest.
            let rank = |it: &Ranked| if it.seen > 0.0 { (it.kept / it.seen - 1.0) / it.price } else { 0.0 };
            self.conditions.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
        }
    }
}

/// What a condition costs, in comparisons of a column with a literal.
fn price(program: &Program, id: Id) -> f64 {
    let own = match program.op(id) {
        Op::Literal(_) | Op::Constant(_) | Op::Reduce(..) => return 0.0,
        Op::Column(_) => match program.dtype(id) {
            Type::Text => 2.0,
            Type::Bool => 2.0,
            _ => 0.5,
        },
        Op::Function(..) | Op::External(..) => 20.0,
        Op::TextTest(..) | Op::TextMap(..) | Op::TextLength(_) => 40.0,
        Op::Arithmetic(crate::expr::Binary::Pow | crate::expr::Binary::Mod | crate::expr::Binary::FloorDiv, ..) => 10.0,
        Op::IsIn(_, members) => members.len().min(12) as f64,
        _ => 1.0,
    };
    own + program.op(id).inputs().into_iter().map(|input| price(program, input)).sum::<f64>()
}

impl Run<'_, '_> {
    /// The packed mask of some rows.
    fn mask(&self, rows: Range<usize>, order: &mut Order) -> segment::Result<Vec<u8>> {
        let mut marks = vec![0; rows.len()];
        let mut start = rows.start;
        while start < rows.end {
            segment::work::check()?;
            let end = block_end(self.columns, start, rows.end);
            self.block(start, end - start, order, &mut marks[start - rows.start..end - rows.start]);
            order.next_block();
            start = end;
        }
        let mut bits = Vec::with_capacity(rows.len() / 8 + 1);
        pack(&marks, &mut bits);
        Ok(bits)
    }

    fn block(&self, start: usize, rows: usize, order: &mut Order, out: &mut [u8]) {
        let mut evaluator = Evaluator::new(self.program, self.columns, self.scalars);
        evaluator.block(start, rows);
        out.fill(1);
        let mut left = rows;
        for position in 0..order.conditions.len() {
            let condition = &mut order.conditions[position];
            evaluator.condition(condition.id, true, out);
            let kept = count(out);
            condition.seen += left as f64;
            condition.kept += kept as f64;
            left = kept;
            if left == 0 {
                return;
            }
            if left < rows / SPARSE && position + 1 < order.conditions.len() {
                return self.sparse(start, rows, &mut order.conditions[position + 1..], out);
            }
        }
    }

    /// Looks at the rest of the conditions only for the rows that are left.
    fn sparse(&self, start: usize, rows: usize, conditions: &mut [Ranked], out: &mut [u8]) {
        let mut chosen = positions(out);
        for condition in conditions {
            let mut marks = vec![1; chosen.len()];
            let mut evaluator = Evaluator::new(self.program, self.columns, self.scalars);
            evaluator.block(start, rows);
            evaluator.choose(&chosen);
            evaluator.condition(condition.id, true, &mut marks);
            condition.seen += chosen.len() as f64;
            let mut row = 0;
            chosen.retain(|_| {
                row += 1;
                marks[row - 1] == 1
            });
            condition.kept += chosen.len() as f64;
            if chosen.is_empty() {
                break;
            }
        }
        out.fill(0);
        for row in chosen {
            out[row as usize] = 1;
        }
    }
}

/// The value of a node that needs no table.
pub(crate) fn fold(program: &Program, id: Id) -> Option<Value> {
    let mut evaluator = Evaluator::new(program, &[], &[]);
    evaluator.block(0, 1);
    let lane = evaluator.lane(id);
    if lane.valid.as_ref().is_some_and(|valid| valid[0] == 0) && !program.dtype(id).is_float() {
        return Some(Value::Null);
    }
    Some(match program.dtype(id) {
        Type::Bool => Value::Bool(lane.truth(1)[0] == 1),
        Type::F32 | Type::F64 => Value::Float(lane.f64().get(0)),
        Type::Int(width) if !width.signed => Value::Int(lane.u64().get(0).into()),
        Type::Int(_) => Value::Int(lane.i64().get(0).into()),
        Type::Text => Value::Text(lane.text(0).into()),
        Type::Time(_) => Value::Time(lane.i64().get(0)),
        Type::Duration => Value::Duration(lane.i64().get(0)),
        Type::Null => Value::Null,
    })
}
