//! Room `toy`: data of a vpho photon-efficiency study whose truth is known.
//!
//! In come a number of events and a seed, out go frames and parquet files. It knows nothing of chains and plots.
//!
//!
//! e+ e- → mu+ mu- gamma (initial state radiation) with head-on beams of 7.007 and 4.002 GeV, the photon spectrum
//! falling as 1/x, the dimuon decaying as 1 + cos²; momenta smeared. One row is a candidate; an eighth of the events
//! have two to four, of which one is true. The photon is found with the probability [`Process::efficiency`].
//! Every block of events depends on the seed, the process and its number only, so that the rows are the same
//! with any number of threads, in any order.

mod event;
mod random;
mod write;

pub use write::toy;

use polars::prelude::{Column, DataFrame, PolarsResult};

/// A simulated process, or the pretended data.
///
/// ```
/// let data: &toy::Process = &toy::PROCESSES[0];
/// assert!(data.is_data && data.efficiency == 0.91);
/// assert!((toy::PROCESSES.iter().map(|process| process.share).sum::<f64>() - 1.0).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Process {
    /// Its directory.
    pub name: &'static str,
    /// The share of all events.
    pub share: f64,
    /// The true probability to find the photon of a true candidate with more than 0.1 GeV.
    pub efficiency: f64,
    /// What part of its momentum a muon keeps, at least and at most; below one where neutrinos take the rest.
    pub kept: (f64, f64),
    /// Whether the process plays recorded data: no truth, no weight.
    pub is_data: bool,
}

/// What [`toy`] makes.
pub const PROCESSES: [Process; 5] = [
    Process { name: "P16M16rd_data_p16_v2", share: 0.20, efficiency: 0.91, kept: (1.0, 1.0), is_data: true },
    Process { name: "P16M16rd_mc_mumu_p16_v1", share: 0.50, efficiency: 0.93, kept: (1.0, 1.0), is_data: false },
    Process { name: "P16M16rd_mc_taupair_p16_v1", share: 0.15, efficiency: 0.93, kept: (0.1, 0.8), is_data: false },
    Process { name: "P16M16rd_mc_eemumu_p16_v1", share: 0.10, efficiency: 0.93, kept: (0.05, 0.3), is_data: false },
    Process { name: "P16M16rd_mc_eeee_p16_v1", share: 0.05, efficiency: 0.93, kept: (0.05, 0.2), is_data: false },
];

/// Events of one block; also the size of the parts that are made in parallel.
pub(crate) const BLOCK: u64 = 50_000;

/// The candidates of block `block` of `process`, `events` events of it.
///
/// # Errors
/// None in practice: all columns have one length.
pub(crate) fn block(process: &Process, seed: u64, block: u64, events: u64) -> PolarsResult<DataFrame> {
    let number = PROCESSES.iter().position(|other| other.name == process.name).unwrap_or(0) as u64;
    let mut random = random::Random::new(seed, number, block);
    let mut rows = event::Rows::default();
    for event in 0..events {
        event::generate(process, block * BLOCK + event, block, &mut random, &mut rows);
    }
    let mut columns: Vec<Column> = rows.into_columns();
    if process.is_data {
        columns.retain(|column| column.name() != "__weight__" && column.name() != "isSignal");
    }
    DataFrame::new_infer_height(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_the_same_whenever_it_is_made() {
        let once = block(&PROCESSES[1], 7, 3, 200).unwrap();
        assert!(once.equals_missing(&block(&PROCESSES[1], 7, 3, 200).unwrap()));
        assert!(!once.equals_missing(&block(&PROCESSES[1], 8, 3, 200).unwrap()));
    }

    #[test]
    fn true_candidates_recoil_against_a_massless_photon() {
        let frame = block(&PROCESSES[1], 1, 0, 20_000).unwrap();
        let column = |name: &str| frame.column(name).unwrap().f64().unwrap().clone();
        let (signal, momentum, mass2) = (column("isSignal"), column("pRecoil"), column("m2Recoil"));
        let mut worst = 0.0_f64;
        let mut sum = 0.0;
        let mut count = 0.0;
        for row in 0..frame.height() {
            if signal.get(row) == Some(1.0) && momentum.get(row).unwrap() > 1.0 {
                sum += mass2.get(row).unwrap();
                count += 1.0;
                worst = worst.max(mass2.get(row).unwrap().abs());
            }
        }
        assert!(count > 1000.0 && (sum / count).abs() < 0.1 && worst < 5.0, "{count} {} {worst}", sum / count);
    }

    #[test]
    fn the_photon_is_found_as_often_as_said() {
        let frame = block(&PROCESSES[1], 1, 0, 20_000).unwrap();
        let column = |name: &str| frame.column(name).unwrap().f64().unwrap().clone();
        let (signal, momentum, energy) = (column("isSignal"), column("pRecoil"), column("E"));
        let rows: Vec<usize> = (0..frame.height())
            .filter(|&row| signal.get(row) == Some(1.0) && momentum.get(row).unwrap() > 0.1)
            .collect();
        let found = rows.iter().filter(|&&row| !energy.get(row).unwrap().is_nan()).count() as f64 / rows.len() as f64;
        let error = (0.93_f64 * 0.07 / rows.len() as f64).sqrt();
        assert!((found - 0.93).abs() < 5.0 * error, "{found} +- {error}");
    }
}
