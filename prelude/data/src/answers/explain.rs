//! What a run would do, as text.

use crate::error::Result;
use crate::group::Group;
use crate::lower::pass::Pass;

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
        let (pass, _) = Pass::of_everything(self)?;
        let mut text = String::new();
        for lowered in pass.lowered() {
            text.push_str(&format!("**{}**\n\n```text\n{}\n```\n\n", lowered.name(), lowered.explain()?));
        }
        Ok(show::Markdown(text))
    }
}
