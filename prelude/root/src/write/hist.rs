//! Histograms: TH1D, TH2D and TProfile.

use super::file::{Writer, key_length};
use super::out::Out;
use crate::error::{Kind, Result};

/// An axis: a title, and its edges.
///
/// ```
/// let axis = root::Axis { title: "p".to_string(), edges: vec![0.0, 1.0, 5.0], regular: false };
/// assert_eq!(axis.edges.len() - 1, 2, "bins");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Title; ROOT draws it.
    pub title: String,
    /// One more than there are bins, rising.
    pub edges: Vec<f64>,
    /// Whether all bins have the same width, so that ROOT needs the first and the last edge only.
    pub regular: bool,
}

/// A histogram of one or two axes. Bins are with flow: of one axis underflow, bins, overflow; of two the first axis runs
/// faster, as ROOT has it.
///
/// ```
/// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// # let axis = Axis { title: "p".to_string(), edges: vec![0.0, 1.0, 2.0], regular: true };
/// let (title, values) = ("p".to_string(), vec![0.0, 2.0, 1.0, 0.0]);
/// let hist = Hist { title, axes: vec![axis], values, variances: None, entries: 3.0 };
/// writer.hist("p", &hist)?;
/// writer.finish()?;
/// assert_eq!(File::open(&path)?.entries()[0].class, "TH1D");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hist {
    /// Its title.
    pub title: String,
    /// One or two.
    pub axes: Vec<Axis>,
    /// Sums of weights.
    pub values: Vec<f64>,
    /// Sums of squared weights; none when all weights are 1.
    pub variances: Option<Vec<f64>>,
    /// Entries.
    pub entries: f64,
}

/// A profile: per bin of one axis, with flow, sums of another quantity.
///
/// ```
/// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// # let axis = Axis { title: "p".to_string(), edges: vec![0.0, 1.0, 2.0], regular: true };
/// let profile = Profile {
///     title: "y against p".to_string(), axis, sums: vec![0.0, 3.0, 1.0, 0.0], squares: vec![0.0, 5.0, 1.0, 0.0],
///     weights: vec![0.0, 2.0, 1.0, 0.0], weights2: vec![0.0, 2.0, 1.0, 0.0], entries: 3.0,
/// };
/// writer.profile("profile", &profile)?;
/// writer.finish()?;
/// assert_eq!(File::open(&path)?.entries()[0].class, "TProfile");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its title.
    pub title: String,
    /// The axis.
    pub axis: Axis,
    /// Sums of weight times quantity.
    pub sums: Vec<f64>,
    /// Sums of weight times squared quantity.
    pub squares: Vec<f64>,
    /// Sums of weights.
    pub weights: Vec<f64>,
    /// Sums of squared weights.
    pub weights2: Vec<f64>,
    /// Entries.
    pub entries: f64,
}

/// What ROOT has for a maximum or a minimum that was never set.
const UNSET: f64 = -1111.0;

impl Writer {
    /// Writes a histogram as TH1D or TH2D.
    ///
    /// # Errors
    /// Numbers of bins that do not fit the axes; what the system says.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let axis = Axis { title: "p".to_string(), edges: vec![0.0, 1.0, 2.0], regular: true };
    /// let hist = Hist { title: "p".to_string(), axes: vec![axis], values: vec![0.0, 2.0], variances: None, entries: 2.0 };
    /// assert!(writer.hist("p", &hist).is_err(), "two bins with flow are four values");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hist(&mut self, name: &str, hist: &Hist) -> Result<()> {
        let cells: usize = hist.axes.iter().map(|axis| axis.edges.len() + 1).product();
        let fits = hist.values.len() == cells && hist.variances.as_ref().is_none_or(|all| all.len() == cells);
        let class = match hist.axes.len() {
            1 => "TH1D",
            2 => "TH2D",
            other => {
                return Err(
                    Kind::Refused(format!("a histogram of {other} axes; ROOT files take one or two here")).into()
                );
            }
        };
        if !fits || hist.axes.iter().any(|axis| axis.edges.len() < 2) {
            return Err(
                Kind::Refused(format!("`{name}` has {} bins where its axes have {cells}", hist.values.len())).into()
            );
        }
        let mut out = Out::new(key_length(class, name, &hist.title));
        let base = |out: &mut Out| th1(out, name, hist, &stats(hist));
        if class == "TH1D" {
            out.object(3, |out| {
                base(out);
                out.doubles(&hist.values);
            });
        } else {
            let [.., y, y2, xy] = moments(hist);
            out.object(4, |out| {
                out.object(5, |out| {
                    base(out);
                    out.f64(1.0).f64(y).f64(y2).f64(xy);
                });
                out.doubles(&hist.values);
            });
        }
        self.object(class, name, &hist.title, out.bytes)
    }

    /// Writes a text as a TNamed, whose title it is.
    ///
    /// # Errors
    /// A text of more than 30,000 bytes, which no key holds, or not of ASCII, of which ROOT does not say what it is; what the
    /// system says.
    pub fn named(&mut self, name: &str, text: &str) -> Result<()> {
        const MOST: usize = 30_000;
        if name.len() + text.len() > MOST || !text.is_ascii() {
            return Err(Kind::Refused(format!("a TNamed of {} bytes; 30,000 of ASCII at most", text.len())).into());
        }
        let mut out = Out::new(key_length("TNamed", name, text));
        out.named(name, text);
        self.object("TNamed", name, text, out.bytes)
    }

    /// Writes a profile as TProfile.
    ///
    /// # Errors
    /// Numbers of bins that do not fit the axis; what the system says.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let axis = Axis { title: "p".to_string(), edges: vec![0.0, 1.0, 2.0], regular: true };
    /// let two = || vec![0.0; 2];
    /// let (sums, squares, weights, weights2) = (two(), two(), two(), two());
    /// let profile = Profile { title: "y".to_string(), axis, sums, squares, weights, weights2, entries: 0.0 };
    /// assert!(writer.profile("y", &profile).is_err(), "two bins with flow are four values");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn profile(&mut self, name: &str, profile: &Profile) -> Result<()> {
        let cells = profile.axis.edges.len() + 1;
        let all = [&profile.sums, &profile.squares, &profile.weights, &profile.weights2];
        if all.iter().any(|bins| bins.len() != cells) || cells < 3 {
            return Err(Kind::Refused(format!("`{name}` has not the {cells} bins of its axis")).into());
        }
        let hist = Hist {
            title: profile.title.clone(),
            axes: vec![profile.axis.clone()],
            values: profile.weights.clone(),
            variances: Some(profile.weights2.clone()),
            entries: profile.entries,
        };
        let stats = stats(&hist);
        let inside = |bins: &[f64]| bins[1..cells - 1].iter().sum::<f64>();
        let shown = Hist { values: profile.sums.clone(), variances: Some(profile.squares.clone()), ..hist };
        let mut out = Out::new(key_length("TProfile", name, &profile.title));
        out.object(7, |out| {
            out.object(3, |out| {
                th1(out, name, &shown, &stats);
                out.doubles(&shown.values);
            });
            out.doubles(&profile.weights).i32(0).f64(0.0).f64(0.0);
            out.f64(inside(&profile.sums)).f64(inside(&profile.squares));
            out.doubles(&profile.weights2);
        });
        self.object("TProfile", name, &profile.title, out.bytes)
    }
}

/// The members of TH1.
fn th1(out: &mut Out, name: &str, hist: &Hist, stats: &[f64; 4]) {
    let variances: &[f64] = hist.variances.as_deref().unwrap_or_default();
    out.object(8, |out| {
        out.named(name, &hist.title).attributes();
        out.i32(hist.values.len() as i32);
        let one = Axis { title: String::new(), edges: vec![0.0, 1.0], regular: true };
        for (at, name) in ["xaxis", "yaxis", "zaxis"].iter().enumerate() {
            axis(out, name, hist.axes.get(at).unwrap_or(&one));
        }
        out.u16(0).u16(1000).f64(hist.entries);
        stats.iter().for_each(|sum| {
            out.f64(*sum);
        });
        out.f64(UNSET).f64(UNSET).f64(0.0).doubles(&[]).doubles(variances).text("");
        // An empty list of functions.
        out.object(5, |out| {
            out.tobject().text("").i32(0);
        });
        // No buffer, errors and statistics as usual.
        out.i32(0).u8(0).i32(0).i32(2);
    });
}

fn axis(out: &mut Out, name: &str, axis: &Axis) {
    let (first, last) = (axis.edges.first().copied().unwrap_or(0.0), axis.edges.last().copied().unwrap_or(1.0));
    out.object(10, |out| {
        out.named(name, &axis.title);
        out.object(4, |out| {
            out.i32(510).u16(1).u16(1).u16(42).f32(0.005).f32(0.035).f32(0.03).f32(1.0).f32(0.035).u16(1).u16(42);
        });
        out.i32(axis.edges.len() as i32 - 1).f64(first).f64(last);
        out.doubles(if axis.regular { &[] } else { &axis.edges });
        out.i32(0).i32(0).u16(0).u8(0).text("").u32(0).u32(0);
    });
}

/// Sums of w, w², wx and wx² from the middles of the bins.
fn stats(hist: &Hist) -> [f64; 4] {
    let [w, w2, x, x2, ..] = moments(hist);
    [w, w2, x, x2]
}

/// Sums of w, w², wx, wx², wy, wy² and wxy over the bins without flow.
fn moments(hist: &Hist) -> [f64; 7] {
    let mut sums = [0.0; 7];
    let middle = |axis: usize, bin: usize| {
        let edges = hist.axes.get(axis).map_or(&[][..], |axis| &axis.edges);
        // Without a second axis everything is at 0 of it.
        if edges.is_empty() { Some(0.0) } else { Some((edges.get(bin.checked_sub(1)?)? + edges.get(bin)?) / 2.0) }
    };
    let width = hist.axes[0].edges.len() + 1;
    for (cell, weight) in hist.values.iter().enumerate() {
        let (Some(x), Some(y)) = (middle(0, cell % width), middle(1, cell / width)) else { continue };
        let square = hist.variances.as_ref().map_or(*weight, |all| all[cell]);
        let terms = [*weight, square, weight * x, weight * x * x, weight * y, weight * y * y, weight * x * y];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    sums
}
