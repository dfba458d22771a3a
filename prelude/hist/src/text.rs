//! Histograms as text: for people, and as tables for other programs.

use crate::axis::Axis;
use crate::error::{Error, Result};
use crate::hist::Hist;
use std::fmt::{self, Write};
use std::path::Path;

impl fmt::Display for Hist {
    /// Axes and sums, and for one axis the bins as a bar each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: Vec<String> = self.parts.axes.iter().map(ToString::to_string).collect();
        writeln!(f, "Hist({}), {:?}", axes.join(" x "), self.storage())?;
        write!(f, "entries {}, sum {}", self.parts.entries, short(self.sum()))?;
        for (name, value) in [("underflow", self.underflow()), ("overflow", self.overflow()), ("missing", self.nan())] {
            if value != 0.0 {
                write!(f, ", {name} {}", short(value))?;
            }
        }
        if !self.parts.processes.is_empty() {
            write!(f, "\nprocesses: {}", self.parts.processes.names().collect::<Vec<_>>().join(", "))?;
        }
        if let [axis] = self.parts.axes.as_slice() { self.bars(f, axis) } else { Ok(()) }
    }
}

impl Hist {
    fn bars(&self, f: &mut fmt::Formatter<'_>, axis: &Axis) -> fmt::Result {
        const MOST: usize = 100;
        const WIDTH: f64 = 40.0;
        let names: Vec<String> = match axis.categories() {
            Some(names) => names,
            None => {
                let shown = |edge: f64| axis.clock().map_or_else(|| short(edge), |clock| clock.text(edge));
                axis.edges().windows(2).map(|pair| format!("[{}, {})", shown(pair[0]), shown(pair[1]))).collect()
            }
        };
        let (values, errors) = (self.values(), self.errors());
        let largest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let wide = names.iter().take(MOST).map(|name| name.chars().count()).max().unwrap_or(0);
        for ((name, value), error) in names.iter().zip(&values).zip(errors).take(MOST) {
            let length = if largest > 0.0 { (value / largest * WIDTH).max(0.0) } else { 0.0 };
            // A profile has bins without samples, and bins with too few to tell an error.
            let error = if error.is_nan() { "?".into() } else { short(error) };
            let number = if value.is_nan() { "-".into() } else { format!("{} ± {error}", short(*value)) };
            write!(f, "\n{name:wide$} {number:>22} {}", "█".repeat(length.round() as usize))?;
        }
        if names.len() > MOST { write!(f, "\n... and {} bins more", names.len() - MOST) } else { Ok(()) }
    }

    /// Values and edges of one axis, as `numpy.histogram` returns them.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let (values, edges) = hist.to_numpy();
    /// assert_eq!((values.len(), edges.len()), (4, 5));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn to_numpy(&self) -> (Vec<f64>, Vec<f64>) {
        (self.values(), self.edges())
    }

    /// A table with a row per bin: lower and upper edge (or the category) of each axis, the value and its variance.
    ///
    /// `numpy.genfromtxt(file, delimiter=",", names=True)` and `pandas.read_csv(file, comment="#")` read it. What
    /// lies outside the bins is said in comments at the end.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert!(hist.to_csv().lines().any(|line| line.starts_with("1,2,2,2")), "edges, value, variance");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        let mut columns = Vec::new();
        let mut rows = vec![String::new()];
        for (at, axis) in self.parts.axes.iter().enumerate() {
            let name =
                if axis.name.is_empty() { format!("x{at}") } else { axis.name.replace([',', '"', '\n', '#'], "_") };
            let bins: Vec<String> = match axis.categories() {
                Some(names) => {
                    columns.push(name);
                    names.iter().map(|name| quoted(name)).collect()
                }
                None => {
                    columns.extend([format!("{name}_lower"), format!("{name}_upper")]);
                    axis.edges().windows(2).map(|pair| format!("{},{}", pair[0], pair[1])).collect()
                }
            };
            rows = rows.iter().flat_map(|row| bins.iter().map(move |bin| format!("{row}{bin},"))).collect();
        }
        let value = if self.is_profile() { "mean" } else { "count" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{},{value},variance", columns.join(","));
        for ((row, value), variance) in rows.iter().zip(self.values()).zip(self.variances()) {
            let _ = writeln!(text, "{row}{value},{variance}");
        }
        for (name, count, variance) in [
            ("underflow", self.underflow(), self.underflow_variance()),
            ("overflow", self.overflow(), self.overflow_variance()),
            ("missing", self.nan(), self.nan_variance()),
        ] {
            let _ = writeln!(text, "# {name},{count},{variance}");
        }
        text
    }

    /// Writes the histogram to a file: `.json` (UHI), `.csv`, or `.root`, in which it is called `hist`
    /// ([`Hist::write_root`] gives it another name).
    ///
    /// # Errors
    /// When the file cannot be written, or the format is not known.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let path = std::env::temp_dir().join(format!("recoil-example-{}-save.json", std::process::id()));
    /// hist.save(&path)?;
    /// assert_eq!(Hist::from_json(&std::fs::read_to_string(&path)?)?, hist);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.save_at(path.as_ref())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn save_at(&self, path: &Path) -> Result<()> {
        let text = match path.extension().and_then(|end| end.to_str()) {
            Some("json") => self.to_json(),
            Some("csv") => self.to_csv(),
            Some("root") => return self.write_root(path, "hist"),
            _ => {
                let path = path.display();
                return Err(Error::Export(format!(
                    "cannot tell the format of {path}: end it in .json (UHI), .csv or .root"
                )));
            }
        };
        std::fs::write(path, text).map_err(|error| Error::Export(format!("cannot write {}: {error}", path.display())))
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '#']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A number with at most six digits that matter.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs().log10().floor();
    if !(-5.0..15.0).contains(&size) {
        return format!("{value:.5e}");
    }
    let digits = (5.0 - size).clamp(0.0, 12.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::short;
    use crate::{Axis, Hist, Storage};

    fn example() -> Hist {
        let mut h = Hist::new(Axis::regular(2, 0.0, 1.0).unwrap().named("mu1P").with_unit("GeV/c")).unwrap();
        h.fill(&[0.1, 0.2, 0.7, 3.0, f64::NAN]).unwrap();
        h
    }

    #[test]
    fn a_histogram_reads_as_text() {
        insta::assert_snapshot!(example().to_string());
    }

    #[test]
    fn a_histogram_reads_as_csv() {
        insta::assert_snapshot!(example().to_csv());
        let axes = [Axis::category(["a,b", "c"]).unwrap(), Axis::integer(0, 2).unwrap().named("n")];
        insta::assert_snapshot!(Hist::with(axes, Storage::Weight).unwrap().to_csv());
    }

    #[test]
    fn an_unknown_ending_is_refused_with_those_that_are_known() {
        assert!(example().save("peak.txt").unwrap_err().to_string().contains(".json (UHI), .csv or .root"));
    }

    #[test]
    fn numbers_are_short() {
        let cases = [(0.0, "0"), (1.0, "1"), (0.30000000000000004, "0.3"), (123456.7, "123457"), (1e-9, "1.00000e-9")];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }
}
