//! The search for the minimum, and the errors at it.

use crate::error::{Error, Result};
use crate::fit::problem::{Problem, Quantity};
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::storage::Owned;
use nalgebra::{DMatrix, DVector, Dyn};

/// What a search has found.
#[derive(Debug, Clone)]
pub(crate) struct Minimum {
    /// All parameters, fixed ones too.
    pub(crate) values: Vec<f64>,
    pub(crate) cost: f64,
    /// Covariances of all parameters; NaN where the data do not determine them, 0 where they are fixed.
    pub(crate) covariance: Vec<Vec<f64>>,
    /// Whether the covariance comes from second derivatives that describe a minimum.
    pub(crate) from_hessian: bool,
    /// Whether this is a minimum: the distance to it is far below the errors.
    pub(crate) converged: bool,
}

/// A distance to the minimum (in units of the cost) that is not worth a step, and one that is no minimum yet.
const NEAR: f64 = 1e-10;
const FAR: f64 = 1e-4;
/// Steps for differences, in errors: small enough for a parabola, also across the narrow and bent valley of parameters that
/// are all but one, and large enough to be seen above the noise of rounding. The likelihood of values has more of that, and a
/// curvature that jumps where a value passes a joint.
const STEP: f64 = 0.0025;
const STEP_OF_VALUES: f64 = 0.01;
/// The part of such a step that first derivatives take: with whole ones the minimum is a thousandth of an error off.
const SLOPE_STEP: f64 = 0.1;

impl Problem {
    /// Searches the minimum from all start values, and its errors.
    pub(crate) fn solve(&self) -> Result<Minimum> {
        let free = self.free();
        let tries = self.quantities.iter().map(|quantity| quantity.starts.len()).max().unwrap_or(0);
        let start = |at: usize| -> Vec<f64> {
            self.quantities.iter().map(|quantity| quantity.starts[at.min(quantity.starts.len() - 1)]).collect()
        };
        let found: Vec<(Vec<f64>, f64)> = (0..tries).filter_map(|at| self.search(&free, &start(at))).collect();
        let least = |wanted: &dyn Fn(&[f64]) -> bool| {
            let among = found.iter().filter(|(values, _)| wanted(values));
            among.min_by(|a, b| a.1.total_cmp(&b.1)).cloned()
        };
        // Of several peaks none is a hole, unless nothing else is found: a broad peak less a narrow one fits many data.
        // And none is a spike that no bin resolves.
        let peak = |(known, &value): (&Quantity, &f64)| (!known.height || value >= 0.0) && value.abs() >= known.least;
        let peaks = |values: &[f64]| self.quantities.iter().zip(values).all(peak);
        let Some((values, _)) = least(&peaks).or_else(|| least(&|_| true)) else {
            return Err(Error::Fit(format!(
                "the fit of {} found no minimum from {tries} starts: give start values (`.start(\"mean\", ...)`), a narrower \
                 range, or a simpler model",
                self.text()
            )));
        };
        Ok(Search::new(self, &free, &values).refined())
    }

    /// The nearest minimum from these values; nothing where the model is no number.
    pub(crate) fn search(&self, free: &[usize], start: &[f64]) -> Option<(Vec<f64>, f64)> {
        let search = Search::new(self, free, start);
        if !search.cost(&search.at).is_finite() {
            return None;
        }
        let (mut best, _) = LevenbergMarquardt::new().with_patience(100).minimize(search);
        if self.is_unbinned() {
            // So far this is the minimum of the bins.
            best.descend();
        }
        let cost = best.cost(&best.at);
        cost.is_finite().then(|| (best.values(), cost))
    }
}

/// Residuals as a function of the free parameters in inner coordinates.
#[derive(Clone)]
struct Search<'a> {
    problem: &'a Problem,
    free: &'a [usize],
    base: Vec<f64>,
    at: DVector<f64>,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, free: &'a [usize], start: &[f64]) -> Self {
        let inner = free.iter().map(|&at| {
            let quantity = &problem.quantities[at];
            quantity.bounds.inner(start[at], quantity.scale)
        });
        Self { problem, free, base: start.to_vec(), at: DVector::from_iterator(free.len(), inner) }
    }

    fn values(&self) -> Vec<f64> {
        self.problem.outer(self.free, &self.at, &self.base)
    }

    fn residuals_at(&self, at: &DVector<f64>) -> DVector<f64> {
        DVector::from_vec(self.problem.residuals(&self.problem.outer(self.free, at, &self.base)))
    }

    /// What is minimised.
    fn cost(&self, at: &DVector<f64>) -> f64 {
        self.problem.cost(&self.problem.outer(self.free, at, &self.base))
    }

    fn jacobian_at(&self, at: &DVector<f64>) -> DMatrix<f64> {
        let mut jacobian = DMatrix::zeros(self.problem.measurements(), at.len());
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

    /// Newton's steps with exact second derivatives to the bottom, and the errors there.
    fn refined(mut self) -> Minimum {
        let (cost, inverse, distance) = self.descend();
        self.minimum(cost, inverse, distance)
    }

    /// Goes to the bottom: what is there, the inverse of the second derivatives, and how far away the bottom still is.
    fn descend(&mut self) -> (f64, Option<Inverse>, f64) {
        let mut cost = self.cost(&self.at);
        let (mut inverse, mut distance) = (None, f64::INFINITY);
        for _ in 0..20 {
            let jacobian = self.jacobian_at(&self.at);
            let Some(found) = self.inverse(&jacobian) else { break };
            let gradient = match self.problem.is_unbinned() {
                true => self.gradient(&(SLOPE_STEP * &found.steps)),
                false => 2.0 * jacobian.transpose() * self.residuals_at(&self.at),
            };
            let step = -(&found.matrix * &gradient);
            distance = -0.5 * gradient.dot(&step);
            let precise = found.precise;
            inverse = Some(found);
            if distance < NEAR || !precise {
                break;
            }
            let Some((at, lower)) = self.downhill(&step, cost) else { break };
            (self.at, cost) = (at, lower);
        }
        (cost, inverse, distance)
    }

    /// The first derivatives by differences, of what is no sum of squares.
    fn gradient(&self, steps: &DVector<f64>) -> DVector<f64> {
        let along = |parameter: usize| {
            let moved = |times: f64| {
                let mut at = self.at.clone();
                at[parameter] += times * steps[parameter];
                self.cost(&at)
            };
            (moved(1.0) - moved(-1.0)) / (2.0 * steps[parameter])
        };
        DVector::from_iterator(self.at.len(), (0..self.at.len()).map(along))
    }

    /// The first of ever shorter steps that leads down.
    fn downhill(&self, step: &DVector<f64>, cost: f64) -> Option<(DVector<f64>, f64)> {
        let shorter = (0..8).map(|halvings| &self.at + step * 0.5_f64.powi(halvings));
        shorter.map(|at| (self.cost(&at), at)).find(|(lower, _)| *lower < cost).map(|(lower, at)| (at, lower))
    }

    /// The inverse of the second derivatives; where these describe no minimum, of what first derivatives say of them.
    fn inverse(&self, jacobian: &DMatrix<f64>) -> Option<Inverse> {
        let rough = (2.0 * jacobian.transpose() * jacobian).try_inverse()?;
        if rough.diagonal().iter().any(|&variance| variance.is_nan() || variance <= 0.0) {
            return None;
        }
        let share = if self.problem.is_unbinned() { STEP_OF_VALUES } else { STEP };
        let steps = rough.diagonal().map(|variance| share * (2.0 * variance).sqrt());
        let hessian = self.hessian(&steps);
        let matrix = hessian.cholesky().map(|good| good.inverse());
        let matrix = matrix.filter(|matrix| matrix.iter().all(|value| value.is_finite()));
        let precise = matrix.is_some();
        Some(Inverse { matrix: matrix.unwrap_or(rough), precise, steps })
    }

    /// Second derivatives by differences.
    fn hessian(&self, steps: &DVector<f64>) -> DMatrix<f64> {
        let count = self.at.len();
        let moved = |moves: &[usize], times: f64| {
            let mut at = self.at.clone();
            moves.iter().for_each(|&parameter| at[parameter] += times * steps[parameter]);
            self.cost(&at)
        };
        let here = self.cost(&self.at);
        let [up, down] = [1.0, -1.0]
            .map(|times| DVector::from_iterator(count, (0..count).map(|parameter| moved(&[parameter], times))));
        let mut hessian = DMatrix::zeros(count, count);
        for row in 0..count {
            hessian[(row, row)] = (up[row] - 2.0 * here + down[row]) / (steps[row] * steps[row]);
            for column in 0..row {
                // Where both move up or both down: what is there beside the single moves is the mixed derivative.
                let both = moved(&[row, column], 1.0) + moved(&[row, column], -1.0);
                let mixed = both + 2.0 * here - up[row] - down[row] - up[column] - down[column];
                let value = mixed / (2.0 * steps[row] * steps[column]);
                (hessian[(row, column)], hessian[(column, row)]) = (value, value);
            }
        }
        hessian
    }

    /// The minimum in the parameters themselves: a variance is twice the inverse of the second derivative.
    fn minimum(&self, cost: f64, inverse: Option<Inverse>, distance: f64) -> Minimum {
        let values = self.values();
        let slope = |row: usize| {
            let quantity = &self.problem.quantities[self.free[row]];
            quantity.bounds.slope(self.at[row], quantity.scale)
        };
        let mut covariance = vec![vec![0.0; values.len()]; values.len()];
        for (row, &a) in self.free.iter().enumerate() {
            for (column, &b) in self.free.iter().enumerate() {
                let inner = inverse.as_ref().map_or(f64::NAN, |inverse| 2.0 * inverse.matrix[(row, column)]);
                covariance[a][b] = inner * slope(row) * slope(column);
            }
        }
        // Where the data leave a direction open, there is a bottom, though not one point.
        let converged = distance < FAR || inverse.is_none();
        let from_hessian = inverse.is_some_and(|inverse| inverse.precise);
        Minimum { values, cost, covariance, from_hessian, converged }
    }
}

struct Inverse {
    matrix: DMatrix<f64>,
    /// Whether it is of second derivatives.
    precise: bool,
    /// Steps for differences.
    steps: DVector<f64>,
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for Search<'_> {
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
