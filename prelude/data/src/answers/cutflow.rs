//! What is left after each cut: candidates and events, raw and weighted, of each process.
//!
//! One pass: a tap behind each clause counts what goes by. A weight belongs to the chain, wherever its step is: a tap
//! before it makes the weight of its rows itself, of the columns that are there. Events are runs of rows with equal keys, put together over
//! the borders of segments by the numbers of the rows.

use crate::answers::remote_cutflow::{left_on, removes};
use crate::answers::weighing::Weighing;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::clauses::NUMBER;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::ProcessPlan;
use crate::steps::chain::{Chain, Step};
use crate::steps::vary::{Down, Up};
use flow::Clause;
use polars::prelude::*;
use show::{Bundle, Cell, Display, Table};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::AddAssign;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What is left after a step.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// # let cutflow = data.query("x > 1.5").query("k == 'a'").cutflow()?;
/// let first = &cutflow.total()[0];
/// assert_eq!((first.candidates, first.events, first.weighted), (4, 3, 4.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CutflowCounts {
    /// Rows.
    pub candidates: u64,
    /// Events: runs of rows with equal keys; where no column names an event, the rows of the table that they were made of.
    pub events: u64,
    /// Sum of the weights of the rows, luminosity included. The weights are those at the end of the chain, whichever step
    /// sets them. NaN where a weight is missing, or is made by a later step of other rows or of a joined table.
    pub weighted: f64,
    /// Sum of the squared weights.
    pub variance: f64,
}

impl AddAssign for CutflowCounts {
    fn add_assign(&mut self, other: Self) {
        self.candidates += other.candidates;
        self.events += other.events;
        self.weighted += other.weighted;
        self.variance += other.variance;
    }
}

/// What is left after each step of a chain, process by process. Displays as a table and a plot.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// # let cutflow = data.query("x > 1.5").query("k == 'a'").cutflow()?;
/// assert_eq!(cutflow.total()[2].candidates, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Cutflow {
    steps: Vec<String>,
    processes: Vec<(String, Vec<CutflowCounts>)>,
    /// By source of systematic uncertainty, the change of the weighted yield after each step, up and down.
    sources: Vec<(String, Vec<[f64; 2]>)>,
}

impl Group {
    /// What is left after each cut, in one pass over the rows; where columns are varied, also how much each source changes it,
    /// up and down, which takes a pass for each universe.
    ///
    /// # Errors
    /// Everything that is wrong with the steps, before any row is read; what cannot be read, with its place.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let cutflow = data.query("x > 1.5").query("k == 'a'").cutflow()?;
    /// let left: Vec<u64> = cutflow.total().iter().map(|step| step.candidates).collect();
    /// assert_eq!(left, [4, 3, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn cutflow(&self) -> Result<Cutflow> {
        let mut cutflow = self.cutflow_of_nominal()?;
        let nominal = cutflow.total();
        for source in self.sources_with_directions() {
            let mut changes = vec![[0.0; 2]; nominal.len()];
            for (at, direction) in [Up, Down].into_iter().enumerate() {
                let varied = self.universe(&source, direction).cutflow_of_nominal()?.total();
                for (change, (varied, nominal)) in changes.iter_mut().zip(varied.iter().zip(&nominal)) {
                    change[at] = share(varied.weighted, nominal.weighted) - 1.0;
                }
            }
            cutflow.sources.push((source, changes));
        }
        Ok(cutflow)
    }

    /// The sources that are varied up and down, unless the group is in a universe itself.
    fn sources_with_directions(&self) -> Vec<String> {
        let before = self.parts.members.iter().map(|&at| self.parts.catalog.before(at));
        let steps: Vec<&Step> = before.chain([&self.parts.chain]).flat_map(Chain::steps).collect();
        let mut sources: Vec<String> = Vec::new();
        for step in &steps {
            match step {
                Step::Universe(..) => return Vec::new(),
                Step::Vary(variation)
                    if variation.has_directions() && !sources.iter().any(|known| **known == *variation.source) =>
                {
                    sources.push(variation.source.to_string());
                }
                _ => {}
            }
        }
        sources
    }

    fn cutflow_of_nominal(&self) -> Result<Cutflow> {
        if let Some(server) = &self.parts.settings.server {
            let (steps, processes) = left_on(self, server)?;
            let left =
                |(candidates, events, weighted, variance)| CutflowCounts { candidates, events, weighted, variance };
            let named = |(process, all): (String, Vec<_>)| (process, all.into_iter().map(left).collect());
            let cutflow = Cutflow { steps, processes: processes.into_iter().map(named).collect(), sources: Vec::new() };
            cutflow.is_monotone()?;
            return Ok(cutflow);
        }
        let mut pass = GroupPlan::new(self, &[NUMBER.to_owned()])?;
        let mut steps = Vec::new();
        let processes = pass.each(|lowered| {
            let (clauses, taps) = tapped(lowered);
            count(lowered, clauses, &taps)?;
            steps = taps.iter().map(|tap| tap.step.clone()).collect();
            Ok(taps.iter().map(|tap| tap.left(lowered.scale)).collect::<Vec<_>>())
        })?;
        pass.log("cutflow");
        let cutflow = Cutflow { steps, processes, sources: Vec::new() };
        cutflow.is_monotone()?;
        Ok(cutflow)
    }
}

impl Cutflow {
    /// Names of the steps; the first is `all`.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let cutflow = data.query("x > 1.5").query("k == 'a'").cutflow()?;
    /// assert_eq!(cutflow.steps()[0], "all");
    /// assert_eq!(cutflow.steps().len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// What is left after each step, all processes together.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let cutflow = data.query("x > 1.5").query("k == 'a'").cutflow()?;
    /// assert_eq!(cutflow.total()[1].events, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn total(&self) -> Vec<CutflowCounts> {
        let mut total = vec![CutflowCounts::default(); self.steps.len()];
        for (_, left) in &self.processes {
            total.iter_mut().zip(left).for_each(|(total, left)| *total += *left);
        }
        total
    }

    /// The sources of systematic uncertainty, and the change of the weighted yield of all processes after each step, up and
    /// down: 0.01 is 1 %.
    ///
    /// ```
    /// # let mc = data::Data::from_frames([("mumu", polars::df!("x" => [0.5, 1.5, 1.6, 1.7])?)])?;
    /// # let mc = mc.vary("lumi", data::Norm(1.25));
    /// let cutflow = mc.query("x > 1").cutflow()?;
    /// assert_eq!(cutflow.by_source()[0], ("lumi".to_string(), vec![[0.25, -0.25], [0.25, -0.25]]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_source(&self) -> &[(String, Vec<[f64; 2]>)] {
        &self.sources
    }

    /// Processes, and what is left of each after each step.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let cutflow = data.query("x > 1.5").query("k == 'a'").cutflow()?;
    /// let (process, steps) = &cutflow.by_process()[0];
    /// assert_eq!((process.as_str(), steps[0].candidates), ("mumu", 4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn by_process(&self) -> &[(String, Vec<CutflowCounts>)] {
        &self.processes
    }

    /// One row per process and step, and per step for all processes together (`process` is `all`). `efficiency` is the
    /// weighted share of what was there before the first cut.
    ///
    /// # Errors
    /// None in practice: all columns have one length.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let cutflow = data.query("x > 1.5").query("k == 'a'").cutflow()?;
    /// assert_eq!(cutflow.to_frame()?.height(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn to_frame(&self) -> Result<DataFrame> {
        let total = ("all".to_owned(), self.total());
        let rows: Vec<(&str, &str, CutflowCounts, CutflowCounts)> = std::iter::once(&total)
            .chain(&self.processes)
            .flat_map(|(process, left)| {
                let first = left.first().copied().unwrap_or_default();
                self.steps.iter().zip(left).map(move |(step, left)| (process.as_str(), step.as_str(), *left, first))
            })
            .collect();
        let column = |name: &str, values: Vec<f64>| Column::new(name.into(), values);
        Ok(DataFrame::new_infer_height(vec![
            Column::new("process".into(), rows.iter().map(|row| row.0).collect::<Vec<_>>()),
            Column::new("step".into(), rows.iter().map(|row| row.1).collect::<Vec<_>>()),
            Column::new("candidates".into(), rows.iter().map(|row| row.2.candidates).collect::<Vec<_>>()),
            Column::new("events".into(), rows.iter().map(|row| row.2.events).collect::<Vec<_>>()),
            column("weighted", rows.iter().map(|row| row.2.weighted).collect()),
            column("error", rows.iter().map(|row| row.2.variance.sqrt()).collect()),
            column("efficiency", rows.iter().map(|row| share(row.2.weighted, row.3.weighted)).collect()),
        ])?)
    }

    /// The candidates that are left after each step, weighted where the rows have weights, as a plot.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let cutflow = data.query("x > 1.5").query("k == 'a'").cutflow()?;
    /// assert!(cutflow.plot().text().contains("x > 1.5"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plot(&self) -> show::Plot {
        let total = self.total();
        let steps: Vec<_> = self.steps.iter().zip(&total).map(|(step, left)| (step.as_str(), left.weighted)).collect();
        show::cutflow(&steps).y_label(if self.is_weighted() { "Weighted candidates left" } else { "Candidates left" })
    }

    fn is_weighted(&self) -> bool {
        let differs = |left: &CutflowCounts| left.weighted != left.candidates as f64;
        self.processes.iter().any(|(_, left)| left.iter().any(differs))
    }

    /// No step adds rows or events, but for a join with a frame that has a key twice, and objects that become rows: a cut that
    /// does is a defect of the engine, and must be told.
    fn is_monotone(&self) -> Result<()> {
        for (process, left) in &self.processes {
            for (at, pair) in left.windows(2).enumerate() {
                let step = &self.steps[at + 1];
                let more = pair[1].candidates > pair[0].candidates || pair[1].events > pair[0].events;
                let may = step.contains("join on ") || step.starts_with("each ");
                if more && !may {
                    return Err(Error::request(format!(
                        "process {process}: more rows after `{step}` than before; please report this"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { f64::NAN } else { part / whole }
}

impl Display for Cutflow {
    fn bundle(&self) -> Bundle {
        let table = |left: &[CutflowCounts], sources: &[(String, Vec<[f64; 2]>)]| {
            let headings = ["step", "candidates", "events", "weighted", "± ", "of all", "of the step before"];
            let names = sources.iter().map(|(source, _)| source.clone());
            let mut table = Table::new(headings.map(str::to_owned).into_iter().chain(names));
            let first = left.first().map_or(0.0, |left| left.weighted);
            for (at, (step, now)) in self.steps.iter().zip(left).enumerate() {
                let before = if at == 0 { first } else { left[at - 1].weighted };
                let changes = sources.iter().map(|(_, changes)| {
                    Cell::text(format!("{:+.2} {:+.2} %", 100.0 * changes[at][0], 100.0 * changes[at][1]))
                });
                let cells = [
                    Cell::text(step),
                    Cell::count(now.candidates),
                    Cell::count(now.events),
                    Cell::number(now.weighted),
                    Cell::number(now.variance.sqrt()),
                    Cell::share(share(now.weighted, first)),
                    Cell::share(share(now.weighted, before)),
                ];
                table.push(cells.into_iter().chain(changes));
            }
            table
        };
        let mut whole = table(&self.total(), &self.sources)
            .caption(format!("cutflow of {}", segment::counted(self.processes.len(), ["process", "processes"])));
        if self.is_weighted() {
            whole = whole.note("shares are those of the weighted candidates");
        }
        if self.total().iter().any(|left| left.weighted.is_nan()) {
            whole = whole.note(
                "weighted is NaN where a weight is missing, and before the step that makes the weight of other rows or of a \
                 joined table",
            );
        }
        if self.processes.len() > 1 {
            for (process, left) in &self.processes {
                whole = whole.details(process, table(left, &[]));
            }
        }
        let bundle = whole.bundle();
        let plot = self.plot().bundle();
        match (bundle.get("text/html"), plot.get("image/png")) {
            (Some(html), Some(png)) => {
                let picture = format!("<img alt=\"cutflow\" width=\"480\" src=\"data:image/png;base64,{png}\">");
                let html = format!("{html}{picture}");
                bundle.html(html)
            }
            _ => bundle,
        }
    }
}

/// The clauses of a process with a tap at the start and behind every clause that removes rows.
fn tapped(lowered: &ProcessPlan<'_>) -> (Vec<Clause>, Vec<Arc<Tap>>) {
    let keys: Vec<PlSmallStr> = match lowered.event_keys() {
        [] => belle2::event::KEYS.into_iter().map(PlSmallStr::from_static).collect(),
        own => own.iter().map(|key| PlSmallStr::from_str(key)).collect(),
    };
    let tap = |step: String, clause: usize, next: usize| {
        Arc::new(Tap::new(step, clause, &keys, Weighing::from(lowered, next)))
    };
    let mut taps = vec![tap("all".to_owned(), 1, 1)];
    let mut clauses = Vec::new();
    for (at, clause) in lowered.clauses().iter().enumerate() {
        clauses.push(clause.clone());
        if at == 0 {
            // The first clause numbers the rows, which the taps need.
            clauses.push(Clause::Custom(taps[0].clone()));
            continue;
        }
        if removes(clause) {
            let tap = tap(clause.to_string(), clauses.len(), at + 1);
            clauses.push(Clause::Custom(tap.clone()));
            taps.push(tap);
        }
    }
    (clauses, taps)
}

/// Runs the clauses until all taps have counted. A clause that wants some rows by their places ends the reading as soon as it
/// has them, so that steps before it are counted without it.
fn count(lowered: &ProcessPlan<'_>, clauses: Vec<Clause>, taps: &[Arc<Tap>]) -> Result<()> {
    let by_place = |clause: &Clause| matches!(clause, Clause::Head(_) | Clause::Tail(_) | Clause::RowRange(..));
    for end in (0..clauses.len()).filter(|&at| by_place(&clauses[at])) {
        lowered.count(clauses[..end].to_vec())?;
        // They have seen all rows now.
        taps.iter().filter(|tap| tap.clause < end).for_each(|tap| tap.closed.store(true, Ordering::Relaxed));
    }
    lowered.count(clauses)?;
    Ok(())
}

/// Counts what goes by.
#[derive(Debug)]
struct Tap {
    step: String,
    /// Its place among the clauses.
    clause: usize,
    /// The columns that name an event.
    keys: Vec<PlSmallStr>,
    weighing: Weighing,
    /// Columns at this place, as far as they matter here; known once the plan is checked.
    columns: OnceLock<Vec<PlSmallStr>>,
    seen: Mutex<Vec<Seen>>,
    /// Whether all rows have been seen, and the tap is dry in later runs.
    closed: AtomicBool,
}

/// What went by in one stretch of rows.
#[derive(Debug, Clone)]
struct Seen {
    row: u64,
    left: CutflowCounts,
    first: u64,
    last: u64,
}

impl Tap {
    fn new(step: String, clause: usize, keys: &[PlSmallStr], weighing: Weighing) -> Self {
        Self {
            step,
            clause,
            keys: keys.to_vec(),
            weighing,
            columns: OnceLock::new(),
            seen: Mutex::default(),
            closed: AtomicBool::default(),
        }
    }

    fn left(&self, scale: f64) -> CutflowCounts {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        seen.sort_by_key(|seen| seen.row);
        let mut total = CutflowCounts::default();
        let mut before = None;
        for stretch in seen {
            total += stretch.left;
            // An event that began in the stretch before was counted there.
            total.events -= u64::from(before == Some(stretch.first));
            before = Some(stretch.last);
        }
        CutflowCounts { weighted: total.weighted * scale, variance: total.variance * scale * scale, ..total }
    }
}

impl flow::Custom for Tap {
    fn name(&self) -> String {
        format!("count after {}", self.step)
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        let own = self.keys.iter().chain(self.weighing.needs()).cloned();
        let wanted = own.chain([PlSmallStr::from_static(NUMBER)]);
        self.columns.get_or_init(|| wanted.filter(|name| input.contains(name)).collect());
        Ok(input.clone())
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let mut needs = outputs.to_vec();
        let wanted = self.columns.get().into_iter().flatten();
        needs.extend(wanted.filter(|name| !outputs.contains(name)).cloned());
        needs
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        if frame.height() > 0 && !self.closed.load(Ordering::Relaxed) {
            let seen = look(&frame, &self.keys, &self.weighing)?;
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        }
        Ok(frame)
    }
}

/// A word for each value of a key: equal where values are equal.
type Words = Vec<u64>;

fn words(key: &Column) -> PolarsResult<Words> {
    if let DataType::String = key.dtype() {
        let hash = |text: Option<&str>| {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            hasher.finish()
        };
        return Ok(key.str()?.iter().map(hash).collect());
    }
    let numbers = key.to_physical_repr().cast(&DataType::Int64)?;
    Ok(numbers.i64()?.iter().map(|number| number.map_or(u64::MAX, |number| number as u64)).collect())
}

fn look(frame: &DataFrame, keys: &[PlSmallStr], weighing: &Weighing) -> flow::Result<Seen> {
    let rows = frame.height();
    let row = frame.column(NUMBER)?.cast(&DataType::UInt64)?.u64()?.get(0).unwrap_or(0);
    let mut keys: Vec<Words> =
        keys.iter().filter_map(|key| frame.column(key).ok()).map(words).collect::<PolarsResult<_>>()?;
    if keys.is_empty() {
        // Where no column names an event it is a row of the table, of which several may have been made.
        keys.push(words(frame.column(NUMBER)?)?);
    }
    let hash = |row: usize| {
        let mut hasher = DefaultHasher::new();
        keys.iter().for_each(|key| key[row].hash(&mut hasher));
        hasher.finish()
    };
    let same = |a: usize, b: usize| keys.iter().all(|key| key[a] == key[b]);
    let events = 1 + (1..rows).filter(|&at| !same(at - 1, at)).count() as u64;
    let (weighted, variance) = weighing.sums(frame)?;
    let left = CutflowCounts { candidates: rows as u64, events, weighted, variance };
    Ok(Seen { row, left, first: hash(0), last: hash(rows - 1) })
}
