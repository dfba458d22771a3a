//! Pictures: histograms, stacks of simulation under data, ratios, maps, profiles, points, and what goes with them.
//!
//! A [`Plot`] is a description; it becomes SVG, words or an interactive chart when it is shown. Nothing here fails
//! loudly: a request that cannot be drawn (histograms with different bins, three dimensions) displays as words that
//! say why, and [`Plot::save`] returns them as an error.
//!
//! All of it is drawn on one sheet (`canvas`). The sheet is also a backend of plotters: [`figure`] gives it to users for
//! drawings of their own, which follow the theme as well.

mod annotations;
mod axis;
mod backend;
mod band;
mod canvas;
mod clock;
mod compare;
mod constructors;
mod curves;
mod draw;
mod figure;
mod fitted;
mod flow;
mod grid;
mod layout;
mod legend;
mod map;
mod matrix;
mod model;
mod names;
mod optimise;
mod options;
mod pen;
mod pixels;
mod timeline;
mod values;
mod vega;
mod words;

pub use backend::Page;
pub use constructors::{curve, cutflow, histogram, overlay, points, scatter, stack};
pub use figure::{Figure, figure};
pub use grid::{Grid, IntoPlot, grid};
pub use matrix::{Covariances, bin_names, correlation, correlations, covariance};
pub use names::{Part, Parts, Spread};
pub use optimise::{curves, merit, unfolded};
pub use pixels::pixels;
pub(crate) use timeline::timeline;
pub use values::{efficiency, values};
pub use vega::Interactive;

use crate::bundle::{Bundle, Display};
use crate::raster;
use crate::theme::{DARK, LIGHT, Theme};
use base64::Engine;
use hist::{Hist, Values};
use segment::Sealed;
use std::fmt::Write;

/// A picture, described. Displays as SVG with a PNG and words beside it.
///
/// ```
/// use show::Display;
/// let mut h = hist::Hist::new(hist::Axis::regular(3, 0.0, 3.0)?.named("mu1P"))?;
/// h.fill(&[0.5, 1.5, 1.7])?;
/// let bundle = show::histogram(&h).log_y().bundle();
/// assert!(bundle.get("image/svg+xml").unwrap().starts_with("<svg") && bundle.plain().contains("[1, 2)"));
/// # Ok::<(), hist::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// In one piece, so that a cell has one thing to drop.
    drawing: Sealed<Drawing>,
}

/// What a plot is made of.
#[derive(Debug, Clone, PartialEq)]
struct Drawing {
    scene: model::PlotSpec,
    map: Option<map::Map>,
    /// The steps of a cut flow.
    flow: Option<Vec<flow::Step>>,
    /// What data is compared with: the sum of a stack, or the histogram itself.
    reference: Option<Hist>,
    data: Option<Hist>,
    /// Histograms whose outlines are drawn over one another.
    outlines: Vec<(String, Hist)>,
    /// The bins of the last fit drawn.
    fitted: Option<Vec<hist::Fitted>>,
    /// The numbers that are drawn, where they are those of an efficiency or a comparison.
    values: Option<Values>,
    /// The uncertainty of the reference beyond statistics.
    uncertainty: Option<band::Uncertainty>,
    /// Why this cannot be drawn.
    problem: Option<String>,
}

impl Plot {
    fn of(scene: model::PlotSpec) -> Self {
        Self {
            drawing: Sealed::new(Drawing {
                scene,
                map: None,
                flow: None,
                reference: None,
                data: None,
                outlines: Vec::new(),
                fitted: None,
                values: None,
                uncertainty: None,
                problem: None,
            }),
        }
    }

    fn with_map(mut self, map: map::Map) -> Self {
        self.drawing.map = Some(map);
        self
    }

    fn impossible(why: impl Into<String>) -> Self {
        let scene = model::PlotSpec::new("", model::AxisSpec::default(), model::Panel::default());
        let mut plot = Self::of(scene);
        plot.drawing.problem = Some(why.into());
        plot
    }

    /// The SVG document in the colours of a theme.
    ///
    /// # Errors
    /// With the reason why it cannot be drawn.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let svg = show::histogram(&hist).svg(&show::theme::DARK)?;
    /// assert!(svg.starts_with("<svg"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn svg(&self, theme: &Theme) -> Result<String, raster::Error> {
        match (&self.drawing.problem, &self.drawing.map) {
            (Some(why), _) => Err(raster::Error::Svg(why.clone())),
            (None, Some(map)) => Ok(map::svg(&self.drawing.scene, map, theme)),
            (None, None) => Ok(match &self.drawing.flow {
                Some(steps) => flow::svg(&self.drawing.scene, steps, theme),
                None => draw::svg(&self.drawing.scene, theme),
            }),
        }
    }

    /// Writes the picture as the ending of the file's name says: `.svg`, `.png`, `.pdf`.
    ///
    /// # Errors
    /// When the ending is another one, the picture cannot be drawn, or the file cannot be written.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// show::histogram(&hist).save(folder.join("mu1P.pdf"))?;
    /// assert!(std::fs::read(folder.join("mu1P.pdf"))?.starts_with(b"%PDF"));
    /// assert!(show::histogram(&hist).save(folder.join("mu1P.doc")).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), raster::Error> {
        raster::save(&self.svg(&LIGHT)?, path.as_ref())
    }

    /// What the picture says, in a sentence for those who do not see it.
    fn spoken(&self) -> String {
        let parts = [self.drawing.scene.title.as_str(), self.drawing.scene.summary.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    }

    /// The values of an efficiency or a comparison, a number per bin; empty for other plots.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(show::efficiency(&hist, &hist).values()[..2], [1.0, 1.0]);
    /// assert!(show::histogram(&hist).values().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&self) -> Vec<f64> {
        self.drawing.values.as_ref().map(Values::values).unwrap_or_default()
    }

    /// The errors of [`Plot::values`]: the mean of that below and that above.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let errors = show::efficiency(&hist, &hist).errors();
    /// assert!(errors[0] > errors[1], "of one entry, and of two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn errors(&self) -> Vec<f64> {
        self.drawing.values.as_ref().map(Values::errors).unwrap_or_default()
    }

    /// The picture in words.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert!(show::histogram(&hist).text().contains("[1, 2)"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn text(&self) -> String {
        match (&self.drawing.problem, &self.drawing.map) {
            (Some(why), _) => format!("this cannot be drawn: {why}"),
            (None, Some(map)) => map::text(&self.drawing.scene, map),
            (None, None) => words::text(&self.drawing.scene),
        }
    }

    /// The picture as a chart that zooms and tells its numbers under the pointer (Vega-Lite 5).
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert!(show::histogram(&hist).interactive().spec().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interactive(&self) -> Interactive {
        Interactive::of(self)
    }
}

impl Display for Plot {
    fn bundle(&self) -> Bundle {
        match self.svg(&LIGHT) {
            Ok(light) => pictures(|| self.text(), &self.spoken(), &light, || self.svg(&DARK).ok()),
            Err(_) => Bundle::refused(self.text()),
        }
    }
}

/// Several histograms, one after the other.
impl<P: Part> Display for Vec<P> {
    fn bundle(&self) -> Bundle {
        /// Pictures of more would make the notebook large; words have room for all.
        const PICTURES: usize = 12;
        let plots: Vec<Plot> = self.iter().map(Part::plot).collect();
        let words: Vec<String> = plots.iter().map(Plot::text).collect();
        if plots.iter().any(|plot| plot.drawing.problem.is_some()) {
            return Bundle::refused(words.join("\n\n"));
        }
        let drawn = plots.iter().take(PICTURES).map(Plot::bundle);
        let html: Option<Vec<String>> =
            drawn.map(|bundle| bundle.get("text/html").map(|html| format!("<div>{html}</div>"))).collect();
        let bundle = Bundle::text(words.join("\n\n"));
        match html {
            Some(html) if !html.is_empty() => bundle.html(html.concat()),
            _ => bundle,
        }
    }
}

impl Display for Hist {
    fn bundle(&self) -> Bundle {
        histogram(self).bundle()
    }
}

/// The bundle of a picture that exists for light and dark pages. Its pixels, which take longer than all the rest, are made on a
/// thread of their own.
fn pictures(words: impl FnOnce() -> String, title: &str, light: &str, dark: impl FnOnce() -> Option<String>) -> Bundle {
    std::thread::scope(|scope| {
        let pixels = std::thread::Builder::new().name("recoil-pixels".into());
        let pixels = pixels.spawn_scoped(scope, || raster::png(light, 2.0));
        // What can be drawn can be drawn in other colours.
        let html = images(title, light, dark().as_deref().unwrap_or(light));
        let bundle = Bundle::text(words()).html(html).with("image/svg+xml", light);
        let (width, height) = size(light);
        match pixels.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(Ok(png))) => bundle
                .bytes("image/png", &png)
                .note("image/png", serde_json::json!({ "width": width, "height": height })),
            _ => bundle,
        }
    })
}

/// HTML of a picture that exists for light and dark pages.
///
/// HTML holds both as isolated images, the dark one without size, and a style sheet that swaps them on a dark page
/// (JupyterLab, VS Code, Colab name their themes on the page). Where the style sheet is removed - notebooks that are
/// not trusted, GitHub - the light one stays, opaque and readable: JupyterLab's sanitiser takes `hidden` away, but lets
/// a width of 0 and images in `data:` pass.
fn images(title: &str, light: &str, dark: &str) -> String {
    const STYLE: &str = "[data-jp-theme-light=false] .recoil-light,.vscode-dark .recoil-light,.vscode-high-contrast .recoil-light,\
        html[theme=dark] .recoil-light{display:none!important}\
        [data-jp-theme-light=false] img.recoil-dark,.vscode-dark img.recoil-dark,.vscode-high-contrast img.recoil-dark,\
        html[theme=dark] img.recoil-dark{width:auto!important;height:auto!important}";
    let (width, _) = size(light);
    let mut html = format!("<div><style>{STYLE}</style>");
    let sized = format!("width=\"{width}\"");
    for (class, size, svg) in [("recoil-light", &*sized, light), ("recoil-dark", "width=\"0\" height=\"0\"", dark)] {
        let data = base64::engine::general_purpose::STANDARD.encode(svg);
        let _ = write!(
            html,
            "<img class=\"{class}\" alt=\"{}\" {size} src=\"data:image/svg+xml;base64,{data}\"/>",
            crate::text::escape(title)
        );
    }
    html + "</div>"
}

/// Width and height as the root element says them.
fn size(svg: &str) -> (u32, u32) {
    let attribute = |name: &str| {
        let (_, rest) = svg.split_once(&format!(" {name}=\""))?;
        rest.split_once('"')?.0.parse::<f64>().ok()
    };
    (attribute("width").unwrap_or(0.0) as u32, attribute("height").unwrap_or(0.0) as u32)
}

#[cfg(test)]
mod tests;
