//! Sums of weights before all cuts, process by process: counted, or as a skim has kept them beside its rows.
//!
//! A skim has lost the rows that its cuts removed, and with them the sum of weights that a cross section or a variation is
//! normalised by. So it is counted when the skim is written, and stands in the metadata of its files.

use crate::error::Result;
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::ProcessPlan;
use crate::steps::chain::Step;
use crate::steps::vary::{Direction, Down, Up};
use hist::Hist;
use serde_json::{Value, json};
use show::{Bundle, Cell, Display, Table};
use sources::NORMALISATION;

/// A process before all cuts.
///
/// ```
/// # use polars::df;
/// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "w" => [0.5, 0.5, 2.0])?)])?;
/// let all = data.weight("w").query("x > 1").normalisation()?;
/// let mumu = all.get("mumu").expect("a process");
/// assert_eq!((mumu.rows, mumu.sum, mumu.variance), (3, 3.0, 4.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BeforeCuts {
    /// The process.
    pub process: String,
    /// Rows.
    pub rows: u64,
    /// The sum of weights, luminosity included; without weights the rows.
    pub sum: f64,
    /// The sum of squared weights.
    pub variance: f64,
    /// For each source that concerns the process its name, and the sums up and down. Uncertainties of the yield alone
    /// ([`Norm`](crate::Norm)) are not among them: their factors do not depend on rows.
    pub sources: Vec<(String, [f64; 2])>,
    /// Whether the files say so: a skim has written them.
    pub kept: bool,
}

/// All processes before all cuts; displays as a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Normalisation(Vec<BeforeCuts>);

impl Normalisation {
    /// The processes, in the order of their names.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0])?), ("ee", df!("x" => [3.0])?)])?;
    /// let rows: u64 = data.query("x > 1").normalisation()?.iter().map(|process| process.rows).sum();
    /// assert_eq!(rows, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, BeforeCuts> {
        self.0.iter()
    }

    /// A process by its name.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0])?)])?;
    /// assert!(data.normalisation()?.get("ee").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, process: &str) -> Option<&BeforeCuts> {
        self.0.iter().find(|one| one.process == process)
    }
}

impl BeforeCuts {
    /// The sum of weights in a universe, where it is known.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("sf" => [1.0, 1.0], "up" => [1.5, 1.5], "down" => [0.5, 0.5])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let all = data.vary("id", ("sf", "up", "down")).weight("sf").normalisation()?;
    /// assert_eq!(all.get("mumu").and_then(|mumu| mumu.varied("id", data::Up)), Some(3.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn varied(&self, source: &str, direction: Direction) -> Option<f64> {
        let (_, [up, down]) = self.sources.iter().find(|(name, _)| name == source)?;
        Some(if direction == Up { *up } else { *down })
    }

    fn of(process: &str, hist: &Hist) -> Self {
        let (sum, variance) = (hist.sum(), hist.variances().iter().sum());
        Self { process: process.to_owned(), rows: hist.entries(), sum, variance, sources: Vec::new(), kept: false }
    }

    /// As it stands in a file: JSON of ASCII.
    fn text(&self) -> String {
        let sources: serde_json::Map<String, Value> =
            self.sources.iter().map(|(name, [up, down])| (name.clone(), json!([up, down]))).collect();
        let Self { rows, sum, variance, .. } = self;
        let text = json!({ "rows": rows, "sum": sum, "variance": variance, "sources": sources }).to_string();
        let escaped = |c: char| match c.is_ascii() {
            true => c.to_string(),
            false => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        };
        text.chars().map(escaped).collect()
    }

    fn parse(process: &str, text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let pair = |value: &Value| Some([value.get(0)?.as_f64()?, value.get(1)?.as_f64()?]);
        let sources = value["sources"].as_object()?.iter().map(|(name, value)| Some((name.clone(), pair(value)?)));
        Some(Self {
            process: process.to_owned(),
            rows: value["rows"].as_u64()?,
            sum: value["sum"].as_f64()?,
            variance: value["variance"].as_f64()?,
            sources: sources.collect::<Option<_>>()?,
            kept: true,
        })
    }

    /// Both together: sources that both know.
    fn and(mut self, other: &Self) -> Self {
        self.rows += other.rows;
        self.sum += other.sum;
        self.variance += other.variance;
        let of = |name: &str| other.sources.iter().find(|(own, _)| own == name).map(|(_, sums)| *sums);
        let both = self.sources.into_iter().filter_map(|(name, [up, down])| {
            let more = of(&name)?;
            Some((name, [up + more[0], down + more[1]]))
        });
        self.sources = both.collect();
        self
    }
}

/// What the files of a process say, if all of them say it.
pub(crate) fn kept(lowered: &ProcessPlan<'_>) -> Option<BeforeCuts> {
    let said = lowered.attached(NORMALISATION);
    let parts =
        said.iter().map(|text| BeforeCuts::parse(lowered.name(), text.as_deref()?)).collect::<Option<Vec<_>>>()?;
    let mut parts = parts.into_iter();
    let first = parts.next()?;
    Some(parts.fold(first, |all, part| all.and(&part)))
}

impl Display for Normalisation {
    fn bundle(&self) -> Bundle {
        let mut sources: Vec<&str> = Vec::new();
        for (name, _) in self.0.iter().flat_map(|one| &one.sources) {
            if !sources.contains(&name.as_str()) {
                sources.push(name);
            }
        }
        let heads = ["process", "rows", "sum of weights"].into_iter().chain(sources.iter().copied()).chain(["from"]);
        let mut table = Table::new(heads).caption("before all cuts");
        for one in &self.0 {
            let mut row = vec![Cell::text(&one.process), Cell::count(one.rows), Cell::number(one.sum)];
            row.extend(sources.iter().map(|source| {
                let share = |direction| one.varied(source, direction).map(|sum| 100.0 * (sum / one.sum - 1.0));
                match share(Up).zip(share(Down)) {
                    Some((up, down)) => Cell::text(format!("{up:+.2} % {down:+.2} %")),
                    None => Cell::text(""),
                }
            }));
            row.push(Cell::text(if one.kept { "the files" } else { "the rows" }));
            table.push(row);
        }
        table.bundle()
    }
}

impl Group {
    /// The sum of weights of each process before all cuts, in nominal and in all universes. [`Group::write_parquet`] and
    /// [`Group::write_root`] keep it in the metadata of what they write (`recoil_normalisation`), and of files that have it
    /// nothing is counted: what they say holds, under the weights of the chain that wrote them.
    ///
    /// # Errors
    /// Weights that are made of what a step that removes rows has made; see [`Group::hist`].
    ///
    /// ```
    /// use data::{Data, Up, load};
    /// use polars::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("recoil-example-{}-normalisation", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// let mc = Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "w" => [0.5, 1.0, 2.0])?)])?;
    /// let cut = mc.vary("scale", ("w", "1.5 * w", "w")).weight("w").query("x > 2.5");
    /// cut.write_parquet(folder.join("skim.parquet"))?;
    /// let before = load(folder.join("skim.parquet"))?.normalisation()?;
    /// let one = before.iter().next().unwrap();
    /// assert_eq!((one.rows, one.sum, one.varied("scale", Up)), (3, 3.5, Some(5.25)));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn normalisation(&self) -> Result<Normalisation> {
        let whole = self.before_all_cuts();
        let pass = GroupPlan::new(&whole, &[])?;
        let known: Vec<Option<BeforeCuts>> = pass.lowered().iter().map(kept).collect();
        if let Some(known) = known.iter().cloned().collect::<Option<Vec<_>>>() {
            return Ok(Normalisation(known));
        }
        if !whole.weighs_or_varies() {
            let count = |(lowered, known): (&ProcessPlan<'_>, Option<BeforeCuts>)| {
                let (rows, scale) = (lowered.rows(), lowered.scale);
                let counted = BeforeCuts {
                    process: lowered.name().to_owned(),
                    rows,
                    sum: rows as f64 * scale,
                    variance: rows as f64 * scale * scale,
                    sources: Vec::new(),
                    kept: false,
                };
                known.unwrap_or(counted)
            };
            return Ok(Normalisation(pass.lowered().iter().zip(known).map(count).collect()));
        }
        // One bin for all rows, in all universes.
        let hist = whole.hist("0 * 0", (1, -1.0, 1.0))?;
        let mut all = Vec::with_capacity(known.len());
        for (at, ((name, own), known)) in hist.by_process().iter().zip(known).enumerate() {
            let mut counted = BeforeCuts::of(name, own);
            for source in &hist.made.variations.sources {
                let part = &source.parts[at];
                if part.concerned {
                    let sums = [part.towards(own, Up)?.sum(), part.towards(own, Down)?.sum()];
                    counted.sources.push((source.name.to_string(), sums));
                }
            }
            all.push(known.unwrap_or(counted));
        }
        Ok(Normalisation(all))
    }

    /// What is written beside the rows of each process. A chain whose weights are nothing without its cuts has none, and says so.
    pub(crate) fn kept_normalisation(&self) -> Vec<(String, String)> {
        match self.normalisation() {
            Ok(all) => all.0.iter().map(|one| (one.process.clone(), one.text())).collect(),
            Err(error) => {
                eprintln!("note: sums of weights before cuts are not kept in the files: {error}");
                Vec::new()
            }
        }
    }

    fn weighs_or_varies(&self) -> bool {
        let chains = self.parts.members.iter().map(|&at| self.parts.catalog.before(at)).chain([&self.parts.chain]);
        let mut steps = chains.flat_map(|chain| chain.steps());
        steps.any(|step| matches!(step, Step::Weight(_) | Step::Vary(_)))
    }
}
