//! Compensated sums (Neumaier): of many numbers nearly no digit is lost, in whatever sizes they come.

/// A sum, and what rounding has taken from it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) value: f64,
    pub(crate) lost: f64,
}

impl Sum {
    /// Adds a number.
    pub(crate) fn add(&mut self, term: f64) {
        let sum = self.value + term;
        // What the larger of the two did not take over; infinite sums have no remainder.
        let rest = match self.value.abs() >= term.abs() {
            true => (self.value - sum) + term,
            false => (term - sum) + self.value,
        };
        self.value = sum;
        self.lost += if sum.is_finite() { rest } else { 0.0 };
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: Self) {
        self.add(other.value);
        self.lost += other.lost;
    }

    pub(crate) fn total(self) -> f64 {
        self.value + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    fn sum(terms: &[f64]) -> Sum {
        terms.iter().fold(Sum::default(), |mut sum, term| {
            sum.add(*term);
            sum
        })
    }

    #[test]
    fn small_terms_beside_large_ones_are_kept() {
        assert_eq!(sum(&[1e100, 1.0, -1e100, 1.0]).total(), 2.0);
        let mut whole = sum(&[1e100, 1.0]);
        whole.merge(sum(&[-1e100, 1.0]));
        assert_eq!(whole.total(), 2.0);
        assert_eq!(sum(&[f64::INFINITY, 1.0]).total(), f64::INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).total().is_nan());
    }
}
