//! Several cuts over the same rows as one program: equal parts are one node, and are computed once.

use crate::check::program::{Id, Op, Program};
use crate::check::typed::Typed;
use crate::evaluate::bound::{Bound, bind};
use crate::evaluate::mask::selected;
use polars::prelude::*;

/// Cuts of one table, evaluated together.
///
/// ```
/// use polars::prelude::*;
/// let frame = df!("x" => [3.0, 4.0, 0.1], "y" => [4.0, 3.0, 0.1]).unwrap();
/// let typed = |text: &str| cut::parse(text).unwrap().check(frame.schema()).unwrap();
/// let cuts = cut::Several::new([&typed("sqrt(x**2 + y**2) > 1"), &typed("sqrt(x**2 + y**2) < 10 & x < 4")]);
/// let (mask, left) = cuts.mask(&frame, &[0, 1]).unwrap();
/// assert_eq!((mask.sum(), left), (Some(1), vec![2, 1]));
/// ```
#[derive(Debug, Clone)]
pub struct Several {
    program: Program,
    roots: Vec<Id>,
}

impl Several {
    /// These cuts; all must have been checked against the same columns.
    pub fn new<'t>(cuts: impl IntoIterator<Item = &'t Typed>) -> Self {
        let mut all = Self { program: Program::default(), roots: Vec::new() };
        for cut in cuts {
            all.add(cut);
        }
        all
    }

    fn add(&mut self, cut: &Typed) {
        let mut ids: Vec<Id> = Vec::with_capacity(cut.program.nodes.len());
        for node in &cut.program.nodes {
            let op = match &node.op {
                Op::Column(column) => Op::Column(self.column(cut, *column)),
                op => op.with_inputs(|id| ids[id]),
            };
            ids.push(self.program.push(op, node.dtype.clone()));
        }
        let root = ids[cut.root];
        // A root of two cuts is computed once as well.
        self.program.nodes[root].uses += 1;
        self.roots.push(root);
    }

    fn column(&mut self, cut: &Typed, column: usize) -> usize {
        let name = &cut.program.columns[column];
        if let Some(at) = self.program.columns.iter().position(|known| known == name) {
            return at;
        }
        self.program.columns.push(name.clone());
        self.program.dtypes.push(cut.program.dtypes[column].clone());
        self.program.columns.len() - 1
    }

    /// Which rows pass all of the selections `which`, and how many are left after each of them. Columns that only the
    /// others need may be missing.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, or interrupted.
    pub fn mask(&self, frame: &DataFrame, which: &[usize]) -> segment::Result<(BooleanChunked, Vec<usize>)> {
        let roots: Vec<Id> = which.iter().map(|&at| self.roots[at]).collect();
        let series = bind(&self.program, frame, &roots)?;
        selected(&Bound::new(&self.program, &series, frame.height())?, &roots)
    }

    /// The value of every row of each, under new names.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, or interrupted.
    pub fn values(&self, frame: &DataFrame, names: &[PlSmallStr]) -> segment::Result<Vec<Series>> {
        let roots: Vec<(Id, PlSmallStr)> = self.roots.iter().copied().zip(names.iter().cloned()).collect();
        let series = bind(&self.program, frame, &self.roots)?;
        Bound::new(&self.program, &series, frame.height())?.values(&roots)
    }
}
