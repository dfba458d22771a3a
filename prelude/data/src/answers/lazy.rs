//! A group as a lazy frame of Polars: nothing is read before Polars collects it.
//!
//! Parquet, and rows in memory, whose steps are selections, definitions, choices of columns and `head` are handed over as a
//! scan with expressions that keep the IEEE meaning, so that Polars optimises and streams it. What Polars cannot express
//! (one candidate per event, functions of Rust, joins, samples, other formats) is run by our own engine when Polars asks
//! for the rows, for the columns it asks for.

use crate::answers::terminals::PROCESS;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::{ProcessPlan, TOTAL_WEIGHT};
use flow::{Clause, Define};
use polars::prelude::*;
use std::sync::Arc;

impl Group {
    /// A lazy frame of Polars over the rows that are left; with several processes, the column `__process__` says which.
    /// Where rows have weights, the column `__total_weight__` carries the whole weight of each.
    ///
    /// Nothing is read now. What is wrong with the steps is said when the frame is collected. The plan shows what Polars does
    /// itself (a scan of parquet or of a frame) and what our engine does for it (an anonymous scan, which Polars'
    /// streaming engine cannot collect).
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use polars::prelude::*;
    /// let frame = data.query("x > 1.5").lazy().select([col("x").sum()]).collect()?;
    /// assert_eq!(frame.column("x")?.f64()?.get(0), Some(9.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lazy(&self) -> LazyFrame {
        self.try_lazy().unwrap_or_else(broken)
    }

    fn try_lazy(&self) -> Result<LazyFrame> {
        let (pass, all) = GroupPlan::of_everything(self)?;
        let several = self.parts.members.len() > 1;
        let mut parts = Vec::with_capacity(self.parts.members.len());
        if let Some(server) = &self.parts.settings.server {
            return Err(ProcessPlan::not_on(server));
        }
        for (lowered, &member) in pass.lowered().iter().zip(self.parts.members.iter()) {
            let own = lowered.output();
            let frame = match scanned(lowered)? {
                Some(frame) => frame,
                None => deferred(self.of_member(member), &own)?,
            };
            let columns = all.iter().map(|(name, dtype)| match own.contains(name) {
                true => col(name.clone()),
                false => lit(NULL).cast(dtype.clone()).alias(name.clone()),
            });
            let process = several.then(|| lit(lowered.name()).alias(PROCESS));
            parts.push(frame.select(process.into_iter().chain(columns).collect::<Vec<_>>()));
        }
        if parts.is_empty() {
            return Err(Error::request("there is no process to collect"));
        }
        Ok(concat(parts, UnionArgs { maintain_order: true, ..UnionArgs::default() })?)
    }
}

/// A lazy frame that says what is wrong when it is collected, or asked for its schema.
fn broken(error: Error) -> LazyFrame {
    let says = PlanCallback::new(move |_| Err(PolarsError::ComputeError(error.to_string().into())));
    DataFrame::empty().lazy().pipe_with_schema(says)
}

/// The rows of a process with all clauses as expressions; `None` when Polars cannot do the same.
fn scanned(lowered: &ProcessPlan<'_>) -> Result<Option<LazyFrame>> {
    let mut schema = lowered.input().clone();
    let columns: Vec<Expr> = schema.iter_names().map(|name| col(name.clone())).collect();
    let parts = match (lowered.frames()?, lowered.parquet_files()) {
        (Some(frames), _) => frames.into_iter().map(IntoLazy::lazy).collect(),
        (None, Some(files)) => {
            let scan = |file: Arc<str>| {
                let mut options = ScanArgsParquet { glob: false, ..ScanArgsParquet::default() };
                // A folder called `sample_name=X` adds no column.
                options.hive_options.enabled = Some(false);
                Ok(LazyFrame::scan_parquet(PlRefPath::new(&*file), options)?.select(columns.clone()))
            };
            files.into_iter().map(scan).collect::<Result<Vec<_>>>()?
        }
        (None, None) => return Ok(None),
    };
    let mut frame = concat(parts, UnionArgs { maintain_order: true, ..UnionArgs::default() })?;
    for clause in lowered.clauses() {
        frame = match clause {
            Clause::Filter(cut) => {
                let typed = cut.check(&schema)?;
                if typed.needs_whole_table() {
                    return Ok(None);
                }
                frame.filter(typed.expr())
            }
            Clause::Define(Define::Expression { name, value, .. }) => {
                let typed = value.check(&schema)?;
                if typed.needs_whole_table() {
                    return Ok(None);
                }
                schema.insert(name.clone(), typed.dtype());
                frame.with_columns([typed.expr().cast(typed.dtype()).alias(name.clone())])
            }
            Clause::Select(names) => {
                schema = names.iter().filter_map(|name| Some((name.clone(), schema.get(name)?.clone()))).collect();
                frame.select(names.iter().map(|name| col(name.clone())).collect::<Vec<_>>())
            }
            Clause::Head(rows) => match IdxSize::try_from(*rows) {
                Ok(rows) => frame.limit(rows),
                Err(_) => return Ok(None),
            },
            _ => return Ok(None),
        };
    }
    Ok(Some(frame))
}

/// A group of one process that our engine runs when Polars collects.
fn deferred(group: Group, schema: &Schema) -> Result<LazyFrame> {
    let arguments =
        ScanArgsAnonymous { schema: Some(Arc::new(schema.clone())), name: "RECOIL", ..ScanArgsAnonymous::default() };
    Ok(LazyFrame::anonymous_scan(Arc::new(Deferred(group)), arguments)?)
}

struct Deferred(Group);

impl AnonymousScan for Deferred {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn scan(&self, wanted: AnonymousScanArgs) -> PolarsResult<DataFrame> {
        let failed = |error: Error| PolarsError::ComputeError(error.to_string().into());
        let limit = wanted.n_rows.map(|rows| rows as u64);
        let group = match &wanted.with_columns {
            // Rows must be counted by something: no column at all is asked for by `len()`.
            Some(columns) if !columns.is_empty() => {
                // The whole weight is no column of the chain: collecting adds it.
                let carried = |name: &&PlSmallStr| *name == TOTAL_WEIGHT && self.0.is_weighted();
                let chosen: Vec<_> = columns.iter().filter(|name| !carried(name)).collect();
                if chosen.is_empty() { self.0.clone() } else { self.0.select(chosen) }
            }
            _ => self.0.clone(),
        };
        let frame = group.collect_up_to(limit).map_err(failed)?;
        match &wanted.with_columns {
            Some(columns) => frame.select(columns.iter().cloned()),
            None => Ok(frame),
        }
    }

    fn allows_projection_pushdown(&self) -> bool {
        true
    }
}
