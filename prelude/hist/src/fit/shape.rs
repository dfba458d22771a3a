//! What a component of a model is: a function of x with parameters, and its average over a bin.

/// The range of a fit, in which backgrounds are written, and the width of an average bin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) middle: f64,
    pub(crate) half: f64,
    pub(crate) width: f64,
}

/// What place a component has in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It stands on top of the rest, its first parameter is its height and its second its place.
    Peak,
    Background,
    /// The shape of a histogram; its parameter is a number of entries.
    Template,
    /// A function of which nothing is known.
    Free,
}

/// A function of x with parameters.
pub(crate) trait Shape: Send + Sync {
    fn name(&self) -> String;
    fn parameters(&self) -> Vec<String>;
    /// Start values, and by how much a parameter must change to matter.
    fn guess(&self, data: &Guess) -> Vec<(f64, f64)>;
    fn value(&self, x: f64, parameters: &[f64], frame: &Frame) -> f64;
    fn role(&self) -> Role;

    /// Adds the values at some places to as many sums.
    fn add_values(&self, x: &[f64], parameters: &[f64], frame: &Frame, sums: &mut [f64]) {
        x.iter().zip(sums).for_each(|(&x, sum)| *sum += self.value(x, parameters, frame));
    }

    /// The places at which integrals are divided: where the function, its slope or its curvature jumps, and where a
    /// narrow peak could fall between the points at which it is looked at.
    fn joints(&self, parameters: &[f64]) -> Joints {
        match (self.role(), parameters.get(1)) {
            (Role::Peak, Some(&place)) => [place, f64::NAN, f64::NAN],
            _ => [f64::NAN; 3],
        }
    }

    /// The mean of the value over an interval.
    fn average(&self, lower: f64, upper: f64, parameters: &[f64], frame: &Frame) -> f64 {
        let values = |x: &[f64; 5]| {
            let mut values = [0.0; 5];
            self.add_values(x, parameters, frame, &mut values);
            values
        };
        let part = |from: f64, to: f64| average(from, to, &values) * (to - from);
        divided(lower, upper, self.joints(parameters), part) / (upper - lower)
    }

    /// The variance of the average because the shape itself is known from few entries.
    fn variance(&self, _lower: f64, _upper: f64, _parameters: &[f64], _frame: &Frame) -> f64 {
        0.0
    }

    /// Parameters of which only the size matters, such as widths.
    fn unsigned(&self, _parameter: usize) -> bool {
        false
    }

    /// Other start values worth a try.
    fn others(&self, _guess: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        Vec::new()
    }
}

/// Places of a function, in any order; NaN for none.
pub(crate) type Joints = [f64; 3];

/// The sum of something over the parts into which an interval is divided.
///
/// Points of a quadrature that lie across a jump of the curvature give an integral that jumps by a little when the joint
/// moves past one of them. A second derivative by differences takes such a jump for curvature: errors of Crystal Balls
/// were half a percent off by it.
pub(crate) fn divided(lower: f64, upper: f64, mut joints: Joints, part: impl Fn(f64, f64) -> f64) -> f64 {
    joints.sort_by(f64::total_cmp);
    let (mut sum, mut from) = (0.0, lower);
    for joint in joints {
        if from < joint && joint < upper {
            sum += part(from, joint);
            from = joint;
        }
    }
    sum + part(from, upper)
}

/// What the data look like at first sight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    pub(crate) height: f64,
    pub(crate) mean: f64,
    pub(crate) sigma: f64,
    /// Values at the ends of the range.
    pub(crate) ends: (f64, f64),
    /// Entries for each of the templates.
    pub(crate) entries: f64,
    pub(crate) frame: Frame,
    /// Whether another shape already explains the level of the background.
    pub(crate) covered: bool,
}

/// Gauss-Legendre points and weights between -1 and 1: exact for polynomials up to degree nine.
pub(crate) const POINTS: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_1),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (0.906_179_845_938_664, 0.236_926_885_056_189_1),
];

fn five(lower: f64, upper: f64, values: &impl Fn(&[f64; 5]) -> [f64; 5]) -> f64 {
    let (middle, half) = (0.5 * (lower + upper), 0.5 * (upper - lower));
    let values = values(&POINTS.map(|(at, _)| middle + at * half));
    0.5 * POINTS.iter().zip(values).map(|((_, weight), value)| weight * value).sum::<f64>()
}

/// The mean of a function over an interval, halved until the halves agree with the whole; the function is looked at in five
/// places at a time.
pub(crate) fn average(lower: f64, upper: f64, values: &impl Fn(&[f64; 5]) -> [f64; 5]) -> f64 {
    fn halved(lower: f64, upper: f64, whole: f64, depth: usize, values: &impl Fn(&[f64; 5]) -> [f64; 5]) -> f64 {
        let middle = 0.5 * (lower + upper);
        let (left, right) = (five(lower, middle, values), five(middle, upper, values));
        let both = 0.5 * (left + right);
        // The error of both halves is a thousandth of this difference.
        if depth == 0 || (both - whole).abs() <= 1e-8 * both.abs() || !both.is_finite() {
            return both;
        }
        0.5 * (halved(lower, middle, left, depth - 1, values) + halved(middle, upper, right, depth - 1, values))
    }
    halved(lower, upper, five(lower, upper, values), 9, values)
}
