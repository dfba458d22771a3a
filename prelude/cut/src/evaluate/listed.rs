//! Answers that are lists or objects, as columns of lists and structs.

use crate::check::domain::ROWS;
use crate::check::program::{Id, Program};
use crate::evaluate::evaluator::Evaluator;
use crate::evaluate::gather::NOWHERE;
use crate::evaluate::objects::positions;
use crate::evaluate::output::Output;
use polars::prelude::*;
use polars_arrow::array::ListArray;
use polars_arrow::bitmap::Bitmap;
use polars_arrow::offset::OffsetsBuffer;

/// What is asked for: the node of a value; or of objects the node of their positions, and their fields.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub root: Id,
    pub fields: Vec<(PlSmallStr, Id)>,
}

impl Wanted {
    pub fn ids(&self) -> impl Iterator<Item = Id> + '_ {
        std::iter::once(self.root).chain(self.fields.iter().map(|(_, id)| *id))
    }

    /// The nodes whose values are collected.
    fn collected(&self) -> Vec<Id> {
        if self.fields.is_empty() { vec![self.root] } else { self.fields.iter().map(|(_, id)| *id).collect() }
    }
}

/// The answer for a part of the rows.
pub(crate) struct Listed {
    outputs: Vec<Output>,
    /// How many values each row has; not used when each has one.
    lengths: Vec<u32>,
    /// Whether an object is there.
    present: Vec<bool>,
}

impl Listed {
    pub fn new(program: &Program, wanted: &Wanted, rows: usize) -> Self {
        let outputs = wanted.collected().into_iter().map(|id| Output::new(program.dtype(id), rows)).collect();
        let lengths = if program.nodes[wanted.root].domain == ROWS { 0 } else { rows };
        Self { outputs, lengths: Vec::with_capacity(lengths), present: Vec::new() }
    }

    /// The answer for the block that the evaluator looks at.
    pub fn take(
        &mut self,
        evaluator: &mut Evaluator<'_, '_>,
        wanted: &Wanted,
        name: &str,
        rows: usize,
    ) -> segment::Result<()> {
        let program = evaluator.program;
        let domain = program.nodes[wanted.root].domain;
        if domain == ROWS && wanted.fields.is_empty() {
            let lane = evaluator.lane(wanted.root);
            evaluator.check()?;
            return self.outputs[0].extend(&lane, rows).map_err(|beyond| beyond.error(name));
        }
        let first = self.lengths.len();
        self.lengths.resize(first + rows, 0);
        let ids = wanted.collected();
        let before = crate::evaluate::layout::before(program, &wanted.ids().collect::<Vec<_>>());
        let (outputs, lengths, present) = (&mut self.outputs, &mut self.lengths, &mut self.present);
        evaluator.stream(domain, ROWS, &before, &mut |evaluator| {
            let lanes = evaluator.lanes_of(domain);
            for (output, id) in outputs.iter_mut().zip(&ids) {
                let made = output.extend(&evaluator.lane(*id), lanes);
                made.unwrap_or_else(|beyond| evaluator.stop(beyond.error(name)));
            }
            if !wanted.fields.is_empty() {
                let lane = evaluator.lane(wanted.root);
                present.extend(positions(&lane).iter().map(|at| *at != NOWHERE));
            }
            if domain != ROWS {
                let bounds = evaluator.bounds(domain, ROWS);
                for (length, bounds) in lengths[first..].iter_mut().zip(bounds.windows(2)) {
                    *length += bounds[1] - bounds[0];
                }
            }
        });
        evaluator.check()
    }

    /// The column of all parts.
    pub fn series(parts: Vec<Self>, program: &Program, wanted: &Wanted, name: PlSmallStr) -> segment::Result<Series> {
        let ids = wanted.collected();
        let mut outputs: Vec<Vec<Output>> = ids.iter().map(|_| Vec::new()).collect();
        let (mut lengths, mut present) = (Vec::new(), Vec::new());
        for part in parts {
            outputs.iter_mut().zip(part.outputs).for_each(|(all, output)| all.push(output));
            lengths.extend(part.lengths);
            present.extend(part.present);
        }
        let named = |at: usize| wanted.fields.get(at).map_or_else(|| name.clone(), |(field, _)| field.clone());
        let columns = outputs
            .into_iter()
            .enumerate()
            .map(|(at, outputs)| Output::series(outputs, program.dtype(ids[at]), named(at)));
        let mut columns = columns.collect::<segment::Result<Vec<_>>>()?;
        let values = match wanted.fields.as_slice() {
            [] => columns.remove(0),
            _ => {
                let length = columns[0].len();
                let mut structs = StructChunked::from_series(name.clone(), length, columns.iter())?;
                if present.contains(&false) {
                    structs = structs.with_outer_validity(Some(Bitmap::from_iter(present)));
                }
                structs.into_series()
            }
        };
        if program.nodes[wanted.root].domain == ROWS {
            return Ok(values);
        }
        listed(values, lengths, name)
    }
}

/// Values as lists of these lengths.
fn listed(values: Series, lengths: Vec<u32>, name: PlSmallStr) -> segment::Result<Series> {
    let mut offsets = Vec::with_capacity(lengths.len() + 1);
    let mut end = 0_i64;
    offsets.push(end);
    offsets.extend(lengths.into_iter().map(|length| {
        end += i64::from(length);
        end
    }));
    let dtype = DataType::List(Box::new(values.dtype().clone()));
    let values = values.rechunk();
    let chunk = values.chunks().first().cloned();
    let Some(chunk) = chunk else { return Ok(Series::new_empty(name, &dtype)) };
    let array = ListArray::<i64>::new(
        ListArray::<i64>::default_datatype(chunk.dtype().clone()),
        OffsetsBuffer::try_from(offsets)?,
        chunk,
        None,
    );
    // SAFETY: the values are a chunk of a series of the inner type.
    Ok(unsafe { Series::from_chunks_and_dtype_unchecked(name, vec![Box::new(array)], &dtype) })
}
