//! Which bin a value is in.

/// The edges of the bins of an axis; checked: at least one bin, and edges increase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Edges {
    Uniform { bins: usize, low: f64, high: f64 },
    Listed(Vec<f64>),
}

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Bin(usize),
    Below,
    Above,
    /// It is NaN.
    Missing,
}

impl Edges {
    /// Equal bins.
    pub fn uniform(bins: usize, low: f64, high: f64) -> Result<Self, String> {
        if bins == 0 {
            return Err("there must be at least one bin".to_owned());
        }
        if !(low < high && low.is_finite() && high.is_finite()) {
            return Err(format!("bins cannot go from {low} to {high}"));
        }
        Ok(Self::Uniform { bins, low, high })
    }

    /// Bins between edges; the outer ones may be infinite.
    pub fn listed(edges: Vec<f64>) -> Result<Self, String> {
        if edges.len() < 2 {
            return Err("there must be at least two edges".to_owned());
        }
        if let Some(pair) = edges.windows(2).find(|pair| pair[0].is_nan() || pair[1].is_nan() || pair[0] >= pair[1]) {
            return Err(format!("edges must increase, and {} does not follow {}", pair[1], pair[0]));
        }
        Ok(Self::Listed(edges))
    }

    pub fn bins(&self) -> usize {
        match self {
            Self::Uniform { bins, .. } => *bins,
            Self::Listed(edges) => edges.len() - 1,
        }
    }

    /// The lower and the upper end.
    pub fn ends(&self) -> (f64, f64) {
        match self {
            Self::Uniform { low, high, .. } => (*low, *high),
            Self::Listed(edges) => (edges[0], edges[edges.len() - 1]),
        }
    }

    /// Bins hold their lower edge and not their upper one.
    pub fn find(&self, value: f64) -> Place {
        let (low, high) = self.ends();
        if value.is_nan() {
            return Place::Missing;
        }
        if value < low {
            return Place::Below;
        }
        if value >= high {
            return Place::Above;
        }
        Place::Bin(match self {
            Self::Uniform { bins, .. } => {
                // The same operations in the same order as the reference, so that edges fall into the same bin.
                ((*bins as f64 * ((value - low) / (high - low))) as usize).min(bins - 1)
            }
            Self::Listed(edges) => edges.partition_point(|&edge| edge <= value) - 1,
        })
    }

    /// The bin of a value on a circle: what leaves one end comes in at the other.
    pub fn wrapped(&self, value: f64) -> Place {
        let (low, high) = self.ends();
        let turns = (value - low) / (high - low);
        let share = turns - turns.floor();
        if share.is_nan() {
            return Place::Missing;
        }
        match self {
            Self::Uniform { bins, .. } => Place::Bin(((*bins as f64 * share) as usize).min(bins - 1)),
            Self::Listed(edges) => {
                let inside = low + share * (high - low);
                Place::Bin(edges.partition_point(|&edge| edge <= inside).clamp(1, self.bins()) - 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_their_lower_edge() {
        for edges in [Edges::uniform(4, 0.0, 2.0).unwrap(), Edges::listed(vec![0.0, 0.5, 1.0, 1.5, 2.0]).unwrap()] {
            assert_eq!(
                [-0.1, 0.0, 0.5, 1.99, 2.0, f64::NAN].map(|x| edges.find(x)),
                [Place::Below, Place::Bin(0), Place::Bin(1), Place::Bin(3), Place::Above, Place::Missing]
            );
            assert_eq!(
                [-0.1, 2.0, 4.6, -1e-20, f64::INFINITY].map(|x| edges.wrapped(x)),
                [Place::Bin(3), Place::Bin(0), Place::Bin(1), Place::Bin(3), Place::Missing]
            );
        }
        assert!(Edges::listed(vec![0.0, 0.0]).is_err() && Edges::listed(vec![f64::NAN, 1.0]).is_err());
        assert!(Edges::uniform(1, 1.0, 1.0).is_err() && Edges::uniform(0, 0.0, 1.0).is_err());
    }
}
