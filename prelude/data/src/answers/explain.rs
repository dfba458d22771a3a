//! What a run would do, as text.

use crate::error::Result;
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::ProcessPlan;

impl Group {
    /// What would be done for each process: stages, columns, segments kept and left out, bytes. Nothing is read.
    ///
    /// # Errors
    /// Everything that is wrong with the steps.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use show::Display;
    /// assert!(data.query("x > 1.5").explain()?.bundle().plain().contains("x > 1.5"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn explain(&self) -> Result<show::Markdown> {
        let (pass, _) = GroupPlan::of_everything(self)?;
        let together = GroupPlan::together(self, &[])?;
        let together = together.lowered();
        let mut text = String::new();
        for lowered in pass.lowered() {
            let universes = together.iter().find(|one| one.name() == lowered.name()).map(told).unwrap_or_default();
            text.push_str(&format!("**{}**\n\n```text\n{}{universes}\n```\n\n", lowered.name(), lowered.explain()?));
        }
        Ok(show::Markdown(text))
    }
}

/// How the universes of a process are filled, in words; nothing where there are none.
fn told(lowered: &ProcessPlan<'_>) -> String {
    let known = &lowered.universes;
    let count = known.list.len() + known.apart.len();
    if count == 0 {
        return String::new();
    }
    let cuts = known.list.iter().filter(|universe| universe.mask != known.mask);
    let cuts: Vec<String> = cuts.map(|universe| format!("{} {}", universe.key.0, universe.key.1)).collect();
    let mut text = format!("\nuniverses {count}: {} have the rows of nominal", known.list.len() - cuts.len());
    if !cuts.is_empty() {
        text.push_str(&format!(", {} redo cuts ({})", cuts.len(), cuts.join(", ")));
    }
    for ((source, member), why) in &known.apart {
        text.push_str(&format!("\nuniverse {source} {member}: a pass of its own, because of {why}"));
    }
    text
}
