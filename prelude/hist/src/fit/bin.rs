/// A bin to fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bin {
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    pub(crate) value: f64,
    pub(crate) variance: f64,
    /// Its width in units of the average width.
    pub(crate) scale: f64,
    /// Entries per unit of weight: value over variance, 1 for counts. The likelihood is that of weight times this.
    pub(crate) entries: f64,
}

impl Bin {
    pub(crate) fn middle(&self) -> f64 {
        0.5 * (self.lower + self.upper)
    }

    /// The value per average width.
    pub(crate) fn density(&self) -> f64 {
        self.value / self.scale
    }
}
