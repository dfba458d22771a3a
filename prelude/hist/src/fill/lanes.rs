//! Weights of a row side by side, and cells that have a sum for each of them: eight are one vector.

use super::COPIES;
use recoil_vectors::widest;

/// Rows that are worked on at a time: what is known of them stays in the second cache for all histograms.
pub(super) const CHUNK: usize = 1024;

/// Weights of a row, or sums of a cell, that are added at once.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Eight([f64; 8]);

/// Which of the weights of a row are added at once, and the weights of the rows at hand.
pub(super) struct Lanes {
    /// What goes into each lane.
    lanes: Vec<Lane>,
    one: Vec<f64>,
    eight: Vec<Eight>,
}

/// What is added up in a lane.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lane {
    /// The values of a column of weights.
    Weight(usize),
    /// Their squares.
    Square(usize),
    /// 1 for each row.
    Rows,
}

impl Lanes {
    /// Those of a weight with its squares, where there is one, and of further weights; those that are not there count as 1.
    pub(super) fn of(weighted: bool, more: impl Iterator<Item = bool>) -> Vec<Self> {
        let mut column = usize::from(weighted);
        let mut all = if weighted { vec![Lane::Weight(0), Lane::Square(0)] } else { Vec::new() };
        for has_weight in more {
            all.push(if has_weight { Lane::Weight(column) } else { Lane::Rows });
            column += usize::from(has_weight);
        }
        let lanes = |some: &[Lane]| Self { lanes: some.to_vec(), one: Vec::new(), eight: Vec::new() };
        all.chunks(8).map(lanes).collect()
    }

    /// Makes room for the weights of so many rows.
    pub(super) fn begin(&mut self, rows: usize) {
        if self.lanes.len() == 1 {
            self.one.resize(rows, 1.0);
            if self.lanes[0] == Lane::Rows {
                self.one.fill(1.0);
            }
            return;
        }
        self.eight.resize(rows, Eight([0.0; 8]));
        for (at, _) in self.lanes.iter().enumerate().filter(|(_, lane)| **lane == Lane::Rows) {
            self.eight.iter_mut().for_each(|row| row.0[at] = 1.0);
        }
    }

    /// Takes the weights of a column for the rows at these places.
    pub(super) fn put(&mut self, column: usize, values: &[f64], at: &[u16]) {
        for (number, lane) in self.lanes.iter().enumerate() {
            if self.lanes.len() == 1 && *lane == Lane::Weight(column) {
                self.one.iter_mut().zip(at).for_each(|(place, row)| *place = values[*row as usize]);
            } else if *lane == Lane::Weight(column) {
                self.eight.iter_mut().zip(at).for_each(|(place, row)| place.0[number] = values[*row as usize]);
            } else if *lane == Lane::Square(column) {
                let square = |row: &u16| values[*row as usize] * values[*row as usize];
                self.eight.iter_mut().zip(at).for_each(|(place, row)| place.0[number] = square(row));
            }
        }
    }

    /// Sums that begin at nothing.
    pub(super) fn room(&self, cells: usize, copied: bool) -> Room {
        let length = if copied { cells * COPIES } else { cells };
        match self.lanes.len() {
            1 => Room::One(vec![0.0; length]),
            lanes => Room::Eight(vec![Eight([0.0; 8]); length], lanes),
        }
    }
}

/// The sums of all cells, in several copies where they are few.
pub(super) enum Room {
    One(Vec<f64>),
    Eight(Vec<Eight>, usize),
}

impl Room {
    /// Adds rows: their cells stand at the places `at`, their weights one after another. Rows go to the copies in turn, by
    /// their `rank` among all rows of the layer, up to `whole` of them.
    pub(super) fn add(
        &mut self,
        lanes: &Lanes,
        cells: &[u32; CHUNK],
        at: &[u16],
        (size, rank, whole): (usize, usize, usize),
    ) {
        let turns = whole.saturating_sub(rank).min(at.len());
        let (first, rest) = at.split_at(turns);
        match self {
            Self::One(sums) => {
                add_one(sums, size, rank, cells, first, &lanes.one[..turns]);
                add_one(&mut sums[..size], 0, 0, cells, rest, &lanes.one[turns..]);
            }
            Self::Eight(sums, _) => {
                add_eight(sums, size, rank, cells, first, &lanes.eight[..turns]);
                add_eight(&mut sums[..size], 0, 0, cells, rest, &lanes.eight[turns..]);
            }
        }
    }

    /// The copies added up in their order: the sums of all cells, lane by lane.
    pub(super) fn sums(&self, cells: usize) -> Vec<Vec<f64>> {
        let folded =
            |at: usize, copies: &mut dyn Iterator<Item = f64>| copies.skip(at).step_by(cells).fold(0.0, |a, b| a + b);
        match self {
            Self::One(sums) => vec![(0..cells).map(|at| folded(at, &mut sums.iter().copied())).collect()],
            Self::Eight(sums, lanes) => {
                let lane = |lane: usize| {
                    (0..cells).map(|at| folded(at, &mut sums.iter().map(|eight| eight.0[lane]))).collect()
                };
                (0..*lanes).map(lane).collect()
            }
        }
    }
}

widest! {
    fn add_one(sums: &mut [f64], size: usize, rank: usize, cells: &[u32; CHUNK], at: &[u16], weights: &[f64]) -> () {
        for ((turn, row), weight) in at.iter().enumerate().zip(weights) {
            let cell = cells[usize::from(*row) % CHUNK] as usize;
            sums[(rank + turn) % COPIES * size + cell] += weight;
        }
    }
}

widest! {
    fn add_eight(sums: &mut [Eight], size: usize, rank: usize, cells: &[u32; CHUNK], at: &[u16], weights: &[Eight]) -> () {
        for ((turn, row), weight) in at.iter().enumerate().zip(weights) {
            let cell = cells[usize::from(*row) % CHUNK] as usize;
            let sum = &mut sums[(rank + turn) % COPIES * size + cell];
            sum.0.iter_mut().zip(&weight.0).for_each(|(sum, weight)| *sum += weight);
        }
    }
}
