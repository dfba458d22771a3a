//! The search for the minimum, and the errors at it.

use crate::compare::chi2_probability;
use crate::error::{Error, Result};
use crate::fit::bin::Bin;
use crate::fit::model::{Fit, Frame, Method, Start};
use crate::fit::outcome::{FitResult, Parameter};
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::storage::Owned;
use nalgebra::{DMatrix, DVector, Dyn};

/// Residuals of the bins as a function of the free parameters, in units of their scales.
#[derive(Clone)]
pub(crate) struct Problem<'a> {
    fit: &'a Fit,
    frame: &'a Frame,
    bins: Vec<Bin>,
    names: Vec<String>,
    starts: Vec<Start>,
    free: Vec<usize>,
    /// The free parameters over their scales.
    at: DVector<f64>,
}

impl<'a> Problem<'a> {
    pub(crate) fn new(
        fit: &'a Fit,
        frame: &'a Frame,
        bins: Vec<Bin>,
        names: Vec<String>,
        starts: Vec<Start>,
    ) -> Result<Self> {
        let free: Vec<usize> = (0..starts.len()).filter(|&at| !starts[at].fixed).collect();
        if free.is_empty() {
            return Err(Error::Fit("all parameters are fixed: there is nothing to fit".to_owned()));
        }
        if bins.len() < free.len() {
            let (have, need) = (bins.len(), free.len());
            return Err(Error::Fit(format!(
                "{have} bins with entries are too few for {need} free parameters: widen the range, or fix parameters"
            )));
        }
        let at = DVector::from_iterator(free.len(), free.iter().map(|&at| starts[at].value / starts[at].scale));
        Ok(Self { fit, frame, bins, names, starts, free, at })
    }

    /// All parameters, when the free ones are here.
    fn parameters(&self, at: &DVector<f64>) -> Vec<f64> {
        let mut all: Vec<f64> = self.starts.iter().map(|start| start.value).collect();
        for (value, &parameter) in at.iter().zip(&self.free) {
            all[parameter] = value * self.starts[parameter].scale;
        }
        all
    }

    fn expected(&self, bin: &Bin, parameters: &[f64]) -> f64 {
        let value = |x: f64| self.fit.model.value(x, parameters, self.frame);
        if !self.fit.averaged {
            return bin.scale * value(bin.middle());
        }
        // Gauss-Legendre with five points: exact for polynomials up to degree nine.
        const POINTS: [(f64, f64); 3] = [
            (0.0, 0.568_888_888_888_888_9),
            (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
            (0.906_179_845_938_664, 0.236_926_885_056_189_1),
        ];
        let half = 0.5 * (bin.upper - bin.lower);
        let sides = POINTS
            .iter()
            .skip(1)
            .map(|&(at, weight)| weight * (value(bin.middle() - at * half) + value(bin.middle() + at * half)));
        0.5 * bin.scale * (POINTS[0].1 * value(bin.middle()) + sides.sum::<f64>())
    }

    fn residuals_at(&self, at: &DVector<f64>) -> DVector<f64> {
        let parameters = self.parameters(at);
        let residual = |bin: &Bin| {
            let expected = self.expected(bin, &parameters);
            match self.fit.method {
                Method::ChiSquare => (expected - bin.value) / bin.error,
                Method::Likelihood => signed_deviance(bin.value, expected),
            }
        };
        DVector::from_iterator(self.bins.len(), self.bins.iter().map(residual))
    }

    /// What is minimised.
    fn cost(&self, at: &DVector<f64>) -> f64 {
        self.residuals_at(at).norm_squared()
    }

    /// Searches the minimum and its errors.
    pub(crate) fn solve(self, skipped: usize, range: (f64, f64)) -> Result<FitResult> {
        let (best, report) = LevenbergMarquardt::new().with_patience(500).minimize(self);
        let stuck = !report.termination.was_successful()
            && !matches!(report.termination, levenberg_marquardt::TerminationReason::NoImprovementPossible(_));
        let cost = best.cost(&best.at);
        if stuck || !cost.is_finite() {
            return Err(Error::Fit(format!(
                "the fit of {} found no minimum in {} steps: give start values (`.start(\"mean\", ...)`), a narrower \
                 range, or a simpler model",
                best.fit.model.text(),
                report.number_of_evaluations
            )));
        }
        let (covariance, from_hessian) = best.covariance();
        Ok(best.outcome(cost, covariance, from_hessian, skipped, range))
    }

    /// The covariance of the free parameters in their scales: from second derivatives of the cost, or, where these
    /// describe no minimum, from first derivatives alone.
    fn covariance(&self) -> (Option<DMatrix<f64>>, bool) {
        let jacobian = self.jacobian_at(&self.at);
        let Some(rough) = (jacobian.transpose() * &jacobian).try_inverse() else { return (None, false) };
        if rough.diagonal().iter().any(|&variance| variance.is_nan() || variance <= 0.0) {
            return (None, false);
        }
        // A tenth of an error is where a parabola is seen well above the noise of rounding.
        let steps = rough.diagonal().map(|variance| 0.1 * variance.sqrt());
        let precise = self.hessian(&steps).try_inverse().map(|inverse| inverse * 2.0);
        let good = precise.filter(|matrix| {
            matrix.diagonal().iter().all(|&variance| variance > 0.0) && matrix.clone().cholesky().is_some()
        });
        match good {
            Some(matrix) => (Some(matrix), true),
            None => (Some(rough), false),
        }
    }

    fn hessian(&self, steps: &DVector<f64>) -> DMatrix<f64> {
        let count = self.at.len();
        let moved = |moves: &[(usize, f64)]| {
            let mut at = self.at.clone();
            moves.iter().for_each(|&(parameter, times)| at[parameter] += times * steps[parameter]);
            self.cost(&at)
        };
        let here = self.cost(&self.at);
        let mut hessian = DMatrix::zeros(count, count);
        for row in 0..count {
            let second = moved(&[(row, 1.0)]) - 2.0 * here + moved(&[(row, -1.0)]);
            hessian[(row, row)] = second / (steps[row] * steps[row]);
            for column in 0..row {
                let corner = |a: f64, b: f64| moved(&[(row, a), (column, b)]);
                let mixed = corner(1.0, 1.0) - corner(1.0, -1.0) - corner(-1.0, 1.0) + corner(-1.0, -1.0);
                let value = mixed / (4.0 * steps[row] * steps[column]);
                (hessian[(row, column)], hessian[(column, row)]) = (value, value);
            }
        }
        hessian
    }

    fn jacobian_at(&self, at: &DVector<f64>) -> DMatrix<f64> {
        let mut jacobian = DMatrix::zeros(self.bins.len(), at.len());
        for parameter in 0..at.len() {
            // Parameters are in units of what matters, so one step fits all.
            let step = 1e-5 * at[parameter].abs().max(1.0);
            let (mut up, mut down) = (at.clone(), at.clone());
            up[parameter] += step;
            down[parameter] -= step;
            let slope = (self.residuals_at(&up) - self.residuals_at(&down)) / (up[parameter] - down[parameter]);
            jacobian.set_column(parameter, &slope);
        }
        jacobian
    }

    fn outcome(
        self,
        cost: f64,
        covariance: Option<DMatrix<f64>>,
        from_hessian: bool,
        skipped: usize,
        range: (f64, f64),
    ) -> FitResult {
        let values = self.parameters(&self.at);
        let count = values.len();
        let mut full = vec![vec![0.0; count]; count];
        for (row, &a) in self.free.iter().enumerate() {
            for (column, &b) in self.free.iter().enumerate() {
                let scale = self.starts[a].scale * self.starts[b].scale;
                full[a][b] = covariance.as_ref().map_or(f64::NAN, |matrix| matrix[(row, column)] * scale);
            }
        }
        let unsigned: Vec<bool> = (self.fit.model.shapes.iter())
            .flat_map(|shape| (0..shape.parameters().len()).map(|at| shape.unsigned(at)))
            .collect();
        // A width found as -2 is 2; what goes with it changes sign too.
        let sign = |at: usize| if unsigned[at] && values[at] < 0.0 { -1.0 } else { 1.0 };
        for (a, row) in full.iter_mut().enumerate() {
            row.iter_mut().enumerate().for_each(|(b, value)| *value *= sign(a) * sign(b));
        }
        let parameters = (self.names.iter().zip(&values).enumerate())
            .map(|(at, (name, &value))| Parameter {
                name: name.clone(),
                value: value * sign(at),
                error: full[at][at].sqrt(),
                fixed: self.starts[at].fixed,
            })
            .collect();
        let ndf = self.bins.len() - self.free.len();
        FitResult {
            parameters,
            covariance: full,
            method: self.fit.method,
            averaged: self.fit.averaged,
            chi2: cost,
            ndf,
            p_value: chi2_probability(cost, ndf),
            bins: self.bins.len(),
            skipped,
            range,
            errors_reliable: from_hessian,
            model: self.fit.model.clone(),
            frame: *self.frame,
            average_width: self.bins.iter().map(|bin| (bin.upper - bin.lower) / bin.scale).sum::<f64>()
                / self.bins.len() as f64,
        }
    }
}

/// The root of 2 (expected - seen + seen ln(seen / expected)), with the sign of expected - seen.
fn signed_deviance(seen: f64, expected: f64) -> f64 {
    // A model that goes below 0 is led back by a steep but finite wall.
    let floor = 1e-9 * (1.0 + seen);
    let wall = if expected < floor { (floor - expected) / (1.0 + seen.sqrt()) } else { 0.0 };
    let expected = expected.max(floor);
    let distance = expected - seen;
    let relative = if seen > 0.0 { distance / seen } else { f64::INFINITY };
    let half = if seen == 0.0 {
        expected
    } else if relative.abs() < 1e-3 {
        // The difference of nearly equal numbers would lose the digits that derivatives need.
        let series = 0.5 - relative / 3.0 + relative * relative / 4.0 - relative.powi(3) / 5.0;
        seen * relative * relative * series
    } else {
        distance - seen * relative.ln_1p()
    };
    distance.signum() * (2.0 * half.max(0.0)).sqrt() - wall
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for Problem<'_> {
    type ParameterStorage = Owned<f64, Dyn>;
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;

    fn set_params(&mut self, at: &DVector<f64>) {
        self.at.copy_from(at);
    }

    fn params(&self) -> DVector<f64> {
        self.at.clone()
    }

    fn residuals(&self) -> Option<DVector<f64>> {
        Some(self.residuals_at(&self.at)).filter(|residuals| residuals.iter().all(|value| value.is_finite()))
    }

    fn jacobian(&self) -> Option<DMatrix<f64>> {
        Some(self.jacobian_at(&self.at)).filter(|jacobian| jacobian.iter().all(|value| value.is_finite()))
    }
}
