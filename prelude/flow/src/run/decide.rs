//! Whether columns of an estimated size are kept, or pass by.

use crate::plan::options::Options;
use crate::report::decisions::{Decision, MaterializationController};

impl MaterializationController {
    /// Decides for something of `bytes` decoded bytes while this part of the machine's memory is in use.
    pub fn decide(
        &mut self,
        what: impl Into<String>,
        bytes: u64,
        options: &Options,
        pressure: f64,
    ) -> (Decision, String) {
        let (decision, why) = choose(bytes, options, pressure);
        self.note(what, bytes, decision, why.clone());
        (decision, why)
    }
}

fn choose(bytes: u64, options: &Options, pressure: f64) -> (Decision, String) {
    let mb = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    if pressure > 0.8 {
        return (Decision::Stream, format!("{:.0} % of the machine's memory is in use", pressure * 100.0));
    }
    if bytes > options.memory_budget {
        let why = format!("{} are more than the budget of {}", mb(bytes), mb(options.memory_budget));
        return (Decision::Stream, why);
    }
    if bytes > options.streaming_threshold {
        let why = format!("{} are more than the streaming threshold of {}", mb(bytes), mb(options.streaming_threshold));
        return (Decision::StreamAndCache, why);
    }
    (Decision::Keep, format!("{} fit into the budget of {}", mb(bytes), mb(options.memory_budget)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_budget_and_pressure_decide() {
        let options = Options::default().memory_budget_gb(1.0);
        assert_eq!(choose(100_000_000, &options, 0.1).0, Decision::Keep);
        assert_eq!(choose(700_000_000, &options, 0.1).0, Decision::StreamAndCache);
        assert_eq!(choose(2_000_000_000, &options, 0.1).0, Decision::Stream);
        let (decision, why) = choose(1, &options, 0.9);
        assert_eq!(decision, Decision::Stream);
        assert!(why.contains("90 %"));
    }
}
