//! Several cuts over the same rows as one program: equal parts are one node, and are computed once.

use crate::check::domain::{Domain, DomainId, Kind, ROWS};
use crate::check::program::{Id, Op, Program};
use crate::check::typed::Typed;
use crate::evaluate::bound::Bound;
use crate::evaluate::leaves::{Tables, find};
use crate::evaluate::listed::Wanted;
use crate::evaluate::mask::{selected, worth_sharing};
use crate::evaluate::output::Output;
use polars::prelude::*;

/// Cuts of one table, evaluated together.
///
/// ```
/// use polars::prelude::*;
/// let frame = df!("x" => [3.0, 4.0, 0.1], "y" => [4.0, 3.0, 0.1]).unwrap();
/// let typed = |text: &str| cut::parse(text).unwrap().check(frame.schema()).unwrap();
/// let cuts = cut::FusedCuts::new([&typed("sqrt(x**2 + y**2) > 1"), &typed("sqrt(x**2 + y**2) < 10 & x < 4")]);
/// let (mask, left) = cuts.mask(&frame, &[0, 1]).unwrap();
/// assert_eq!((mask.sum(), left), (Some(1), vec![2, 1]));
/// ```
#[derive(Debug, Clone)]
pub struct FusedCuts {
    program: Program,
    roots: Vec<Wanted>,
}

impl FusedCuts {
    /// These cuts; all must have been checked against the same columns.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let positive = cut::parse("x > 1.5")?.check(frame.schema())?;
    /// # let small = cut::parse("n < 4")?.check(frame.schema())?;
    /// # let cuts = cut::FusedCuts::new([&positive, &small]);
    /// assert_eq!(cuts.mask(&frame, &[0, 1])?.1, [2, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new<'t>(cuts: impl IntoIterator<Item = &'t Typed>) -> Self {
        let mut all = Self { program: Program::default(), roots: Vec::new() };
        for cut in cuts {
            all.add(cut);
        }
        all
    }

    fn add(&mut self, cut: &Typed) {
        let mut moved = Moved { ids: Vec::with_capacity(cut.program.nodes.len()), domains: Vec::new() };
        moved.domains.resize(cut.program.domains.len(), None);
        for node in &cut.program.nodes {
            let domain = self.domain(cut, node.domain, &mut moved);
            let looks_at = node.op.looks_at().map(|domain| self.domain(cut, domain, &mut moved));
            let op = match &node.op {
                Op::Column(column) => Op::Column(self.column(cut, *column)),
                Op::Leaf(column, field) => Op::Leaf(self.column(cut, *column), field.clone()),
                op => op.with_inputs(|id| moved.ids[id]).with_domain(|domain| looks_at.unwrap_or(domain)),
            };
            moved.ids.push(self.program.push(op, node.dtype.clone(), domain));
        }
        let fields = cut.fields.iter().map(|(name, id)| (name.clone(), moved.ids[*id])).collect();
        let wanted = Wanted { root: moved.ids[cut.root], fields };
        // A root of two cuts is computed once as well.
        wanted.ids().for_each(|id| self.program.nodes[id].uses += 1);
        self.roots.push(wanted);
    }

    /// A domain of a cut as one of all.
    fn domain(&mut self, cut: &Typed, domain: DomainId, moved: &mut Moved) -> DomainId {
        if domain == ROWS {
            return ROWS;
        }
        if let Some(known) = moved.domains[domain] {
            return known;
        }
        let Domain { parent, kind, whole, .. } = &cut.program.domains[domain];
        let parent = self.domain(cut, *parent, moved);
        let kind = match kind {
            Kind::Rows => Kind::Rows,
            Kind::Objects { name, sources } => {
                Kind::Objects { name: name.clone(), sources: sources.iter().map(|at| self.column(cut, *at)).collect() }
            }
            Kind::Items { of, outer } => {
                Kind::Items { of: self.domain(cut, *of, moved), outer: self.domain(cut, *outer, moved) }
            }
            Kind::Combinations { of, size } => Kind::Combinations { of: self.domain(cut, *of, moved), size: *size },
            Kind::Filter { of, mask } => Kind::Filter { of: self.domain(cut, *of, moved), mask: moved.ids[*mask] },
            Kind::Slice { of, from, to } => Kind::Slice { of: self.domain(cut, *of, moved), from: *from, to: *to },
            Kind::Concat(parts) => Kind::Concat(parts.iter().map(|part| self.domain(cut, *part, moved)).collect()),
            Kind::InList(ids) => Kind::InList(ids.iter().map(|id| moved.ids[*id]).collect()),
            Kind::Sorted(of) => Kind::Sorted(self.domain(cut, *of, moved)),
        };
        let new = self.program.domain(parent, kind);
        self.program.domains[new].whole |= whole;
        moved.domains[domain] = Some(new);
        new
    }

    fn column(&mut self, cut: &Typed, column: usize) -> usize {
        self.program.column(&cut.program.columns[column], &cut.program.dtypes[column])
    }

    /// Which rows pass all of the selections `which`, and how many are left after each of them. Columns that only the
    /// others need may be missing.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, or interrupted.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let positive = cut::parse("x > 1.5")?.check(frame.schema())?;
    /// # let small = cut::parse("n < 4")?.check(frame.schema())?;
    /// # let cuts = cut::FusedCuts::new([&positive, &small]);
    /// let (mask, left) = cuts.mask(&frame, &[1])?;
    /// assert_eq!((mask.sum(), left), (Some(3), vec![3]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mask(&self, frame: &DataFrame, which: &[usize]) -> segment::Result<(BooleanChunked, Vec<usize>)> {
        let roots: Vec<Id> = which.iter().map(|&at| self.roots[at].root).collect();
        let tables = Tables::new(&self.program, frame, &roots)?;
        let selected = selected(&Bound::new(&self.program, &tables, frame.height())?, &roots, &[])?;
        Ok((selected.mask, selected.left))
    }

    /// Selections, and values that are wanted of the rows that pass all of them, where both are best computed together:
    /// the values are made of lists that the selections look at anyway. `None` otherwise.
    pub fn with_values<'t>(
        cuts: impl IntoIterator<Item = &'t Typed>,
        values: impl IntoIterator<Item = &'t Typed>,
    ) -> Option<Self> {
        let mut all = Self::new(cuts);
        let first = all.roots.len();
        for value in values {
            if value.is_list() || value.is_object() {
                return None;
            }
            all.add(value);
        }
        let roots: Vec<Id> = all.roots.iter().map(|wanted| wanted.root).collect();
        let (cuts, values) = roots.split_at(first);
        worth_sharing(&all.program, cuts, values).then_some(all)
    }

    /// The answer of [`FusedCuts::mask`], and of rows that pass the values under these names, which were added last.
    ///
    /// # Errors
    /// As [`FusedCuts::mask`].
    pub fn mask_and_values(
        &self,
        frame: &DataFrame,
        which: &[usize],
        names: &[PlSmallStr],
    ) -> segment::Result<(BooleanChunked, Vec<usize>, Vec<Series>)> {
        let cuts: Vec<Id> = which.iter().map(|&at| self.roots[at].root).collect();
        let values: Vec<Id> = self.roots[self.roots.len() - names.len()..].iter().map(|wanted| wanted.root).collect();
        let tables = Tables::new(&self.program, frame, &[&cuts[..], &values[..]].concat())?;
        let selected = selected(&Bound::new(&self.program, &tables, frame.height())?, &cuts, &values)?;
        let columns = selected.values.into_iter().zip(&values).zip(names);
        let columns = columns.map(|((parts, id), name)| Output::series(parts, self.program.dtype(*id), name.clone()));
        Ok((selected.mask, selected.left, columns.collect::<segment::Result<_>>()?))
    }

    /// The objects and combinations that have been looked at since the last call: what they are, and how many.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let positive = cut::parse("x > 1.5")?.check(frame.schema())?;
    /// # let small = cut::parse("n < 4")?.check(frame.schema())?;
    /// # let cuts = cut::FusedCuts::new([&positive, &small]);
    /// assert!(cuts.looked_at().is_empty(), "there are no objects");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn looked_at(&self) -> Vec<(String, u64)> {
        self.program.looked_at()
    }

    /// The value of every row of each, under new names.
    ///
    /// # Errors
    /// When a column is missing or of another type than was checked, or interrupted.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// let (double, square) = (cut::parse("2 * n")?.check(frame.schema())?, cut::parse("n ** 2")?.check(frame.schema())?);
    /// let values = cut::FusedCuts::new([&double, &square]).values(&frame, &["double".into(), "square".into()])?;
    /// assert_eq!((values[0].sum::<i64>()?, values[1].sum::<i64>()?), (20, 30));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&self, frame: &DataFrame, names: &[PlSmallStr]) -> segment::Result<Vec<Series>> {
        let mut made: Vec<Option<Series>> = Vec::with_capacity(self.roots.len());
        let mut computed: Vec<(Wanted, PlSmallStr)> = Vec::new();
        for (wanted, name) in self.roots.iter().zip(names) {
            made.push(match self.program.op(wanted.root) {
                Op::Column(column) | Op::Leaf(column, None) => {
                    let found = find(&self.program, frame, *column)?.as_materialized_series();
                    Some(found.clone().with_name(name.clone()))
                }
                _ => {
                    computed.push((wanted.clone(), name.clone()));
                    None
                }
            });
        }
        let ids: Vec<Id> = computed.iter().flat_map(|(wanted, _)| wanted.ids()).collect();
        let tables = Tables::new(&self.program, frame, &ids)?;
        let mut rest = Bound::new(&self.program, &tables, frame.height())?.values(&computed)?.into_iter();
        // As many are left as were computed.
        Ok(made.into_iter().filter_map(|made| made.or_else(|| rest.next())).collect())
    }
}

/// Where the nodes and domains of a cut are among those of all.
struct Moved {
    ids: Vec<Id>,
    domains: Vec<Option<DomainId>>,
}
