//! What a user may change of any plot.

use super::Plot;
use crate::label::Label;
use hist::Number;
use segment::Text;

impl Plot {
    /// The words above the frame, and the title for those who do not see the picture.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// assert!(show::histogram(&hist).title("after all cuts").svg(&LIGHT)?.contains("after all cuts"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn title(self, title: impl Text) -> Self {
        self.titled(title.text())
    }

    /// The same, compiled once and not in each cell, as the next one.
    #[inline(never)]
    fn titled(mut self, title: &str) -> Self {
        let scene = &mut self.drawing.scene;
        title.clone_into(&mut scene.title);
        title.clone_into(&mut scene.header.words);
        self
    }

    #[inline(never)]
    fn headed(mut self, experiment: Option<&str>, status: Option<&str>) -> Self {
        let header = &mut self.drawing.scene.header;
        experiment.into_iter().for_each(|name| name.clone_into(&mut header.experiment));
        status.into_iter().for_each(|words| words.clone_into(&mut header.status));
        self
    }

    /// The experiment, in bold above the frame.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// assert!(show::histogram(&hist).experiment("My experiment").svg(&LIGHT)?.contains("My experiment"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn experiment(self, name: impl Text) -> Self {
        self.headed(Some(name.text()), None)
    }

    /// The label of the Belle II experiment, with a status such as `simulation` or `own work`.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// let svg = show::histogram(&hist).belle2("own work").svg(&LIGHT)?;
    /// assert!(svg.contains("Belle II") && svg.contains("own work"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn belle2(self, status: impl Text) -> Self {
        self.headed(Some("Belle II"), Some(status.text()))
    }

    /// Words in italics beside the experiment.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// assert!(show::histogram(&hist).experiment("CLAS12").status("preliminary").svg(&LIGHT)?.contains("preliminary"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn status(self, words: impl Text) -> Self {
        self.headed(None, Some(words.text()))
    }

    /// The integrated luminosity in inverse femtobarn, on the right above the frame.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// assert!(show::histogram(&hist).luminosity(362).svg(&LIGHT)?.contains("362"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn luminosity(mut self, inverse_femtobarn: impl Number) -> Self {
        self.drawing.scene.header.luminosity = Some(inverse_femtobarn.to_f64());
        self
    }

    /// The label of the x axis: `p_{recoil}`, `\theta_\mu`.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// assert!(show::histogram(&hist).x_label("momentum").svg(&LIGHT)?.contains("momentum"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn x_label(mut self, label: &str) -> Self {
        self.drawing.scene.x.label = Label::parse(label);
        self
    }

    /// The unit of the x axis, without brackets.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// assert!(show::histogram(&hist).x_unit("MeV").svg(&LIGHT)?.contains("MeV"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn x_unit(mut self, unit: impl Text) -> Self {
        self.drawing.scene.x.unit = Some(unit.text().to_owned());
        self
    }

    /// The label of the y axis of the upper panel.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// assert!(show::histogram(&hist).y_label("Candidates").svg(&LIGHT)?.contains("Candidates"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn y_label(mut self, label: &str) -> Self {
        self.drawing.scene.panels[0].y.label = Label::parse(label);
        self.drawing.scene.panels[0].y.unit = None;
        self
    }

    /// The label of the panel under the plot, such as of a ratio: `.ratio().lower_label("data / simulation")`.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).data(&hist).ratio().lower_label("after / before");
    /// assert!(plot.svg(&show::theme::LIGHT).is_ok_and(|svg| svg.contains("after / before")));
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn lower_label(mut self, label: &str) -> Self {
        if let Some(lower) = self.drawing.scene.panels.get_mut(1) {
            (lower.y.label, lower.y.unit) = (Label::parse(label), None);
        }
        self
    }

    /// A logarithmic y axis; of a map, logarithmic colours.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// assert_ne!(show::histogram(&hist).log_y().svg(&LIGHT)?, show::histogram(&hist).svg(&LIGHT)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn log_y(mut self) -> Self {
        match &mut self.drawing.map {
            Some(map) => map.log = true,
            None => self.drawing.scene.panels[0].y.log = true,
        }
        self
    }

    /// A logarithmic x axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).log_x();
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn log_x(mut self) -> Self {
        self.drawing.scene.x.log = true;
        self
    }

    /// From where to where the x axis goes.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).x_range(1.0, 3.0);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn x_range(mut self, low: impl Number, high: impl Number) -> Self {
        self.drawing.scene.x.range = Some((low.to_f64(), high.to_f64()));
        self
    }

    /// From where to where the y axis of the upper panel goes. The legend then stands beside the frame when it does not fit.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).y_range(0.0, 5.0);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn y_range(mut self, low: impl Number, high: impl Number) -> Self {
        self.drawing.scene.panels[0].y.range = Some((low.to_f64(), high.to_f64()));
        self
    }

    /// From where to where the y axis of the lower panel goes.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).data(&hist).ratio().lower_range(0.5, 1.5);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn lower_range(mut self, low: impl Number, high: impl Number) -> Self {
        if let Some(panel) = self.drawing.scene.panels.get_mut(1) {
            panel.y.range = Some((low.to_f64(), high.to_f64()));
        }
        self
    }

    /// Width and height in pixels, at least 240 x 180 and at most 4000 x 4000.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).size(900, 600);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn size(mut self, width: impl Number, height: impl Number) -> Self {
        self.drawing.scene.width = width.to_f64().clamp(240.0, 4000.0);
        self.drawing.scene.height = height.to_f64().clamp(180.0, 4000.0);
        self
    }

    /// Without legend and statistics box.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).without_legend();
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn without_legend(mut self) -> Self {
        self.drawing.scene.legend = false;
        self
    }

    /// Without the statistics box.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).without_statistics();
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn without_statistics(mut self) -> Self {
        self.drawing.scene.statistics.clear();
        self
    }

    /// One more line in the statistics box.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).with_statistic("yield", "4.0");
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn with_statistic(mut self, name: impl Text, value: impl Text) -> Self {
        self.drawing.scene.statistics.push((name.text().to_owned(), value.text().to_owned()));
        self
    }

    /// Of a map: without the projections beside it.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// # let mut map = Hist::with([Axis::regular(2, 0.0, 2.0)?, Axis::regular(2, 0.0, 2.0)?], hist::Storage::Count)?;
    /// # map.fill_slices(&[&[0.5, 1.5], &[0.5, 0.6]], None, None)?;
    /// let plain = show::histogram(&map).without_projections();
    /// assert_ne!(plain.svg(&LIGHT)?, show::histogram(&map).svg(&LIGHT)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without_projections(mut self) -> Self {
        if let Some(map) = &mut self.drawing.map {
            map.projections = false;
        }
        self
    }
}
