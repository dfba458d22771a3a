use segment::random::SplitMix64;

/// Random numbers that are the same on every machine and in every year.
pub(super) struct Random(SplitMix64);

impl Random {
    /// The numbers of one block of one process.
    pub(super) fn new(seed: u64, process: u64, block: u64) -> Self {
        let mut random = Self(SplitMix64::new(seed));
        for word in [process, block] {
            random.0 = SplitMix64::new(random.next() ^ word.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// In [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// In [low, high).
    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Normal with mean 0 (Box and Muller 1958).
    pub(super) fn normal(&mut self, sigma: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        sigma * radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Exponential with the given mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Poisson by counting products (Knuth); for small means.
    pub(super) fn poisson(&mut self, mean: f64) -> f64 {
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0.0);
        while product > limit {
            product *= self.unit();
            count += 1.0;
        }
        count
    }

    /// Gamma of a whole shape: a product of that many uniforms.
    pub(super) fn gamma(&mut self, shape: u32, scale: f64) -> f64 {
        let product: f64 = (0..shape).map(|_| 1.0 - self.unit()).product();
        -scale * product.ln()
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}
