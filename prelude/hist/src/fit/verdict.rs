//! Whether a fit can be trusted, and the result as text.

use crate::fit::cost::deviance_moments;
use crate::fit::options::Method;
use crate::fit::outcome::FitResult;
use crate::text::short;
use statrs::function::gamma::checked_gamma_ur;
use std::fmt;

/// A fit that would be worse by chance less often than this is a bad one.
const BAD: f64 = 1e-4;

impl FitResult {
    /// What is wrong with the fit, in one line; nothing when there is nothing to say.
    ///
    /// It says when the search did not end in a minimum, when a parameter ended at a limit, when a peak became a hole, when
    /// the errors are rough, and when the model does not describe the data (a worse fit had a chance below 0.0001).
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// let stuck = hist.fit(Gaussian.limits("mean", 1.0, 2.0))?;
    /// assert!(stuck.warning().unwrap().contains("mean"), "it ended at a limit");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn warning(&self) -> Option<String> {
        let mut said = Vec::new();
        if !self.converged {
            said.push("it has not converged".to_owned());
        }
        let chance = self.chance();
        if chance < BAD {
            said.push(format!("the model does not describe the data (p = {chance:.0e})"));
        }
        for parameter in &self.search.all {
            if let Some(limit) = parameter.limit {
                said.push(format!("`{}` is at its limit {}", parameter.name, short(limit)));
            }
        }
        let quantities = self.search.problem.quantities.iter().zip(&self.search.all);
        for (_, parameter) in quantities.filter(|(known, parameter)| known.height && parameter.value < 0.0) {
            said.push(format!("the peak of `{}` is a hole", parameter.name));
        }
        if self.search.all.iter().any(|parameter| parameter.error.is_nan()) {
            said.push("the data do not determine all parameters".to_owned());
        } else if !self.errors_reliable {
            said.push("its errors are rough".to_owned());
        }
        (!said.is_empty()).then(|| format!("check this fit: {}", said.join("; ")))
    }

    /// The chance of a worse fit, also for bins in which few entries are expected: the distribution of the likelihood
    /// ratio is that of a chi-square with the mean and the variance which the ratio really has there.
    fn chance(&self) -> f64 {
        let (mut mean, mut variance) = (0.0, 0.0);
        for channel in &self.search.problem.channels {
            let own = channel.own(&self.values_of_all());
            for bin in &channel.bins {
                let (expected, spread) = match channel.method {
                    Method::ChiSquare => (1.0, 2.0),
                    Method::Likelihood | Method::Unbinned if channel.variance(bin, &own) > 0.0 => (1.0, 2.0),
                    Method::Likelihood | Method::Unbinned => {
                        deviance_moments(channel.expected(bin, &own) * bin.entries)
                    }
                };
                (mean, variance) = (mean + expected, variance + spread);
            }
        }
        let bins = self.bins as f64;
        let rest = self.ndf as f64 - bins;
        let (mean, variance) = (mean + rest, variance + 2.0 * rest);
        if self.ndf == 0 || mean <= 0.0 || variance <= 0.0 {
            return f64::NAN;
        }
        let scale = 0.5 * variance / mean;
        checked_gamma_ur(mean / (2.0 * scale), self.chi2.max(0.0) / (2.0 * scale)).unwrap_or(f64::NAN)
    }
}

impl fmt::Display for FitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.method {
            Method::ChiSquare => "chi-square",
            Method::Likelihood => "Poisson likelihood",
            Method::Unbinned => "unbinned likelihood",
        };
        let (lower, upper) = (short(self.range.0), short(self.range.1));
        let what = match self.search.problem.channels.iter().filter_map(|channel| channel.points.as_ref()).next() {
            Some(points) => format!("{} values", points.values().len()),
            None => format!("{} bins", self.bins),
        };
        writeln!(f, "{} fitted by {by} to {what} in [{lower}, {upper}]", self.model())?;
        let wide = self.parameters.iter().map(|parameter| parameter.name.len()).max().unwrap_or(0);
        for (name, value, error) in self.rounded() {
            let said = if error.is_empty() { "(fixed)".to_owned() } else { format!("± {error}") };
            writeln!(f, "  {name:wide$}  {value:>12} {said}")?;
        }
        write!(f, "  chi2 / ndf = {} / {}, p = {}", short(self.chi2), self.ndf, short(self.p_value))?;
        if self.skipped > 0 {
            write!(f, "\n  {} bins without variance left out (`.likelihood()` uses empty bins)", self.skipped)?;
        }
        match self.warning() {
            Some(warning) => write!(f, "\n  {warning}"),
            None => Ok(()),
        }
    }
}
