//! How columns go together.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::GroupPlan;
use crate::steps::rows::Names;
use flow::Sink;
use polars::prelude::*;
use segment::Segment;

/// The correlations of columns: a number for each pair, shown as a map.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let found = data.correlation(["x", "-x"])?;
/// assert_eq!((&found.names[1], found.get("x", "-x")), (&"-x".to_string(), Some(-1.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Correlations {
    /// The columns.
    pub names: Vec<String>,
    values: Vec<f64>,
}

impl Correlations {
    /// The correlation of two of the columns.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.correlation(["x", "2 * x"])?.get("x", "2 * x"), Some(1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, a: &str, b: &str) -> Option<f64> {
        let at = |name: &str| self.names.iter().position(|known| known == name);
        Some(self.values[at(a)? * self.names.len() + at(b)?])
    }

    /// All correlations: a row for each column.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.correlation(["x", "-x"])?.rows(), [[1.0, -1.0], [-1.0, 1.0]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows(&self) -> Vec<Vec<f64>> {
        self.values.chunks(self.names.len().max(1)).map(<[f64]>::to_vec).collect()
    }
}

impl show::Display for Correlations {
    fn bundle(&self) -> show::Bundle {
        show::correlation(&self.names, &self.values).bundle()
    }
}

impl Group {
    /// Pearson's correlation of each pair of columns or expressions, weights counted; of all processes together, from one
    /// pass. A row in which one of a pair is missing does not count for that pair.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "y" => [2.0, 4.0, 7.0])?)])?;
    /// let found = data.correlation(["x", "y", "-x"])?;
    /// assert!((found.get("x", "y").unwrap() - 0.993399).abs() < 1e-6 && found.get("x", "-x") == Some(-1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`Group::count`]; a column that is not numbers.
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn correlation(&self, columns: impl Names) -> Result<Correlations> {
        self.correlated(columns.names())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn correlated(&self, names: Vec<String>) -> Result<Correlations> {
        let mut pass = GroupPlan::new(self, &names)?;
        for lowered in pass.lowered() {
            for name in &names {
                let dtype = lowered.schema.get(&lowered.name_of(name)).cloned().unwrap_or(DataType::Null);
                if !dtype.is_numeric() && !dtype.is_bool() {
                    return Err(Error::request(format!("column `{name}` is {dtype}, and has no correlation")));
                }
            }
        }
        let parts = pass.each(|lowered| {
            let columns = names.iter().map(|name| lowered.name_of(name)).collect();
            let sink = Pairs { columns, weight: lowered.weight.clone() };
            let mut pairs = lowered.run(&sink)?;
            pairs.iter_mut().for_each(|pair| pair.scale(lowered.scale));
            Ok(pairs)
        })?;
        pass.report(format!("correlation {}", names.join(", ")));
        let mut parts = parts.into_iter().map(|(_, pairs)| pairs);
        let mut all = parts.next().unwrap_or_default();
        parts.for_each(|part| all.iter_mut().zip(&part).for_each(|(all, part)| all.merge(part)));
        let mut values = vec![1.0; names.len() * names.len()];
        let mut pair = all.iter();
        for a in 0..names.len() {
            for b in 0..a {
                let found = pair.next().map_or(f64::NAN, Moments::correlation);
                (values[a * names.len() + b], values[b * names.len() + a]) = (found, found);
            }
        }
        Ok(Correlations { names, values })
    }
}

/// Sums over rows of two columns, around their means.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    weights: f64,
    mean: [f64; 2],
    /// Of x with x, y with y, x with y.
    products: [f64; 3],
}

impl Moments {
    fn add(&mut self, x: f64, y: f64, weight: f64) {
        self.merge(&Self { weights: weight, mean: [x, y], products: [0.0; 3] });
    }

    fn merge(&mut self, other: &Self) {
        let weights = self.weights + other.weights;
        if weights == 0.0 {
            return;
        }
        let distance = [other.mean[0] - self.mean[0], other.mean[1] - self.mean[1]];
        let factor = self.weights * other.weights / weights;
        for (at, (a, b)) in [(0, 0), (1, 1), (0, 1)].into_iter().enumerate() {
            self.products[at] += other.products[at] + factor * distance[a] * distance[b];
        }
        for (mean, distance) in self.mean.iter_mut().zip(distance) {
            *mean += distance * other.weights / weights;
        }
        self.weights = weights;
    }

    fn scale(&mut self, factor: f64) {
        self.weights *= factor;
        self.products.iter_mut().for_each(|product| *product *= factor);
    }

    fn correlation(&self) -> f64 {
        let [xx, yy, xy] = self.products;
        (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0)
    }
}

/// The moments of every pair of columns: of the second with the first, of the third with the first and the second ...
struct Pairs {
    columns: Vec<String>,
    weight: Option<String>,
}

impl Sink for Pairs {
    type Part = Vec<Moments>;

    fn part(&self) -> Vec<Moments> {
        vec![Moments::default(); self.columns.len() * self.columns.len().saturating_sub(1) / 2]
    }

    fn take(&self, part: &mut Vec<Moments>, segment: Segment) -> flow::Result<()> {
        let column = |name: &str| -> flow::Result<Vec<f64>> {
            let values = segment.frame.column(name)?.cast(&DataType::Float64)?;
            Ok(values.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
        };
        let columns = self.columns.iter().map(|name| column(name)).collect::<flow::Result<Vec<_>>>()?;
        let weights = self.weight.as_deref().map(column).transpose()?;
        let mut pairs = part.iter_mut();
        for a in 0..columns.len() {
            for b in 0..a {
                let Some(pair) = pairs.next() else { continue };
                for (row, (&x, &y)) in columns[a].iter().zip(&columns[b]).enumerate() {
                    let weight = weights.as_ref().map_or(1.0, |weights| weights[row]);
                    if !(x.is_nan() || y.is_nan()) {
                        pair.add(x, y, weight);
                    }
                }
            }
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Vec<Moments>, next: Vec<Moments>) -> flow::Result<()> {
        whole.iter_mut().zip(&next).for_each(|(whole, next)| whole.merge(next));
        Ok(())
    }
}
