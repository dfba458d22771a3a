//! What is written at the axes of a column's histograms.

use crate::error::Error;
use crate::group::Group;
use segment::Text;
use std::sync::Arc;

impl Group {
    /// The label and the unit of the column that the step before has made, for the axes of its histograms. A label that an
    /// [`Axis`](hist::Axis) brings itself counts more. Two columns of one name share the label that was given last.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("p" => [1.0, 2.0])?)])?;
    /// let hist = data.define("m", "2 * p").label("m(\\mu\\mu)", "GeV").hist("m", (5, 0.0, 5.0))?;
    /// assert_eq!(hist.axes()[0].title(), "m(\\mu\\mu) [GeV]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn label(&self, label: impl Text, unit: impl Text) -> Self {
        self.labelled(label.text(), unit.text())
    }

    // Every cell compiles the generic method anew, so it only hands on.
    #[inline(never)]
    fn labelled(&self, label: &str, unit: &str) -> Self {
        let steps = self.parts.chain.steps();
        let Some(&[.., column]) = steps.last().map(|step| step.made()).as_deref() else {
            let text = "label(..) stands behind the step that makes the column, such as `.define(\"m\", \"2 * p\").label(\"m\", \"GeV\")`";
            return self.broken_by(self.parts.label.clone(), Error::request(text));
        };
        let mut settings = (*self.parts.settings).clone();
        Arc::make_mut(&mut settings.labels).insert(column.to_owned(), [label, unit].map(str::to_owned));
        self.changed(|parts| parts.settings = Arc::new(settings))
    }
}
