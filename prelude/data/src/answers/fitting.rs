//! Fits of the values of a column, without bins.

use crate::error::{Error, Result};
use crate::group::Group;
use cut::{Given, Lookup, Wanted};
use hist::{Fit, FitResult};
use segment::Text;

impl Group {
    /// Fits a model to the values of a column or an expression, without bins: the extended likelihood of all processes
    /// together. The model needs a range: `data.fit("mass", (Gaussian + Line).range(5.2, 5.3))?`. The values inside of it are
    /// kept in memory while they are fitted.
    ///
    /// # Errors
    /// See [`hist::fit_values`]; rows with weights, which a likelihood of values cannot use: fit their histogram.
    ///
    /// ```
    /// # let values: Vec<f64> = (0..200).map(|i| 0.005 * (0.5 + f64::from(i))).collect();
    /// # let data = data::Data::from_frames([("mumu", polars::df!("x" => values)?)])?;
    /// let fit = data.fit("x", hist::Fitting::range(hist::Constant, 0.0, 1.0))?;
    /// assert!(fit.converged);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn fit(&self, column: impl Text, model: impl Into<Fit>) -> Result<FitResult> {
        self.fit_column(column.text(), model.into())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn fit_column(&self, column: &str, model: Fit) -> Result<FitResult> {
        if self.is_weighted() {
            return Err(Error::request(format!(
                "the rows have weights, which a fit of values cannot use: fit hist(\"{column}\", ..), or take the weights off \
                 with unweighted()"
            )));
        }
        Ok(hist::fit_values(&self.column(column)?, model)?)
    }
}

/// The sPlot weight of one component of a fit of values, to be used in a selection or as a weight:
/// `data.weight("@signal(mass)").bind("signal", sweight(&fit, "Gaussian")?).hist("p", 50)?`.
///
/// ```
/// use hist::{Constant, Fitting, Gaussian};
/// use polars::prelude::*;
/// # let normal = |k: i32| { let u = (f64::from(k) + 0.5) / 4000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
/// # let values: Vec<f64> = (0..4000).map(normal).chain((0..1000).map(|k| f64::from(k) / 100.0)).collect();
/// let data = data::Data::from_frames([("mumu", df!("mass" => values)?)])?.query("0 < mass < 10");
/// let fit = data.fit("mass", (Gaussian + Constant).range(0.0, 10.0))?;
/// let signal = data::sweight(&fit, "Gaussian")?;
/// let (sum, _) = data.weight("@signal(mass)").bind("signal", signal).sum_of_weights()?;
/// assert!((sum - fit.yields()[0].1).abs() < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the fit is one of bins, or has no such component.
pub fn sweight(fit: &FitResult, component: &str) -> Result<SWeight> {
    Ok(SWeight(fit.splot()?.weight(component)?))
}

/// The weight of one component of a fit: see [`sweight`].
///
/// ```
/// # use hist::{Constant, Fitting, Gaussian};
/// # let flat = (0..400).map(|i| 5.0 + 0.001 * f64::from(i));
/// # let peak = (1..400).map(|i| { let u = f64::from(i) / 400.0; 5.2 + 0.01 * (u / (1.0 - u)).ln() });
/// # let masses: Vec<f64> = flat.chain(peak).collect();
/// # let data = data::Data::from_frames([("mumu", polars::df!("m" => masses)?)])?;
/// let fit = data.fit("m", (Gaussian + Constant).range(5.0, 5.4))?;
/// let weight: data::SWeight = data::sweight(&fit, "Gaussian")?;
/// let weighted = data.query("5 <= m <= 5.4").weight("@s(m)").bind("s", weight);
/// assert!((weighted.sum_of_weights()?.0 - fit.yields()[0].1).abs() < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SWeight(hist::SWeight);

impl Lookup for SWeight {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn inputs(&self) -> Vec<Wanted> {
        vec![Wanted { name: "the fitted column".to_owned(), text: false }]
    }

    fn least(&self) -> usize {
        1
    }

    fn refuses(&self, _: usize, _: &str) -> Option<String> {
        None
    }

    fn value(&self, given: &[Given<'_>]) -> std::result::Result<f64, String> {
        let x = match given {
            [Given::Number(x)] => *x,
            [Given::Integer(x)] => *x as f64,
            _ => f64::NAN,
        };
        let (low, high) = self.0.range();
        self.0.at(x).ok_or_else(|| format!("{x} is outside of the range of the fit, from {low} to {high}"))
    }

    fn identity(&self) -> String {
        self.0.identity()
    }
}

impl From<SWeight> for cut::Value {
    fn from(weight: SWeight) -> Self {
        Self::table(weight)
    }
}

impl From<&SWeight> for cut::Value {
    fn from(weight: &SWeight) -> Self {
        Self::table(weight.clone())
    }
}
