//! Where a search begins: guesses from a first sight of the data, several for models with several minima.

use crate::fit::bin::Bin;
use crate::fit::model::Model;
use crate::fit::shape::{Frame, Guess, Role};

/// Start values of all parameters of a model, with the scales on which they matter. The first is the plain guess.
pub(crate) fn starts(model: &Model, bins: &[Bin], frame: &Frame) -> Vec<Vec<(f64, f64)>> {
    let peaks = model.parts.shapes.iter().filter(|shape| shape.role() == Role::Peak).count();
    let plain = first_sight(model, bins, frame, |_| 0.0);
    let mut variants: Vec<Vec<Guess>> = vec![vec![plain; peaks]];
    if peaks > 1 {
        variants.extend(several(model, bins, frame, plain, peaks));
    } else if peaks == 1 {
        variants.extend([0.4, 2.5].map(|factor| vec![Guess { sigma: factor * plain.sigma, ..plain }]));
    }
    let mut starts: Vec<_> = variants.iter().map(|peaks| start(model, plain, peaks)).collect();
    // One shape at a time begins elsewhere.
    let first = starts[0].clone();
    for (shape, place) in model.parts.shapes.iter().zip(model.places()) {
        for other in shape.others(&first[place.clone()]) {
            let mut start = first.clone();
            start[place.clone()].copy_from_slice(&other);
            starts.push(start);
        }
    }
    starts
}

fn start(model: &Model, plain: Guess, peaks: &[Guess]) -> Vec<(f64, f64)> {
    let mut peaks = peaks.iter();
    let mut covered = false;
    let mut start = Vec::new();
    for shape in &model.parts.shapes {
        let guess = match shape.role() {
            Role::Peak => *peaks.next().unwrap_or(&plain),
            // A second background begins at nothing.
            Role::Background => Guess { covered: std::mem::replace(&mut covered, true), ..plain },
            Role::Template | Role::Free => plain,
        };
        start.extend(shape.guess(&guess).into_iter().map(|(value, scale)| (value, scale.abs().max(f64::MIN_POSITIVE))));
    }
    start
}

/// Guesses for several peaks: beside each other, within each other, and one on what the others leave.
fn several(model: &Model, bins: &[Bin], frame: &Frame, plain: Guess, peaks: usize) -> Vec<Vec<Guess>> {
    let place = |at: usize| at as f64 - 0.5 * (peaks - 1) as f64;
    let beside = |apart: f64| {
        let peak =
            |at: usize| Guess { mean: plain.mean + apart * place(at) * plain.sigma, sigma: 0.7 * plain.sigma, ..plain };
        (0..peaks).map(peak).collect::<Vec<_>>()
    };
    let within = |factor: f64| {
        let peak = |at: usize| {
            let share = 0.6_f64.powi(at as i32 + 1);
            Guess { height: share * plain.height, sigma: plain.sigma * 0.7 * factor.powi(at as i32), ..plain }
        };
        (0..peaks).map(peak).collect::<Vec<_>>()
    };
    // What is seen when the peaks found so far are taken away.
    let mut found: Vec<Guess> = vec![plain];
    while found.len() < peaks {
        let known = found.clone();
        let shape = |x: f64| known.iter().map(|g| g.height * (-0.5 * ((x - g.mean) / g.sigma).powi(2)).exp()).sum();
        found.push(first_sight(model, bins, frame, shape));
    }
    let mut backward = within(2.5);
    backward.reverse();
    vec![found, within(2.5), within(6.0), backward, beside(1.5), beside(3.0)]
}

fn first_sight(model: &Model, bins: &[Bin], frame: &Frame, known: impl Fn(f64) -> f64) -> Guess {
    let count = |role: Role| model.parts.shapes.iter().filter(|shape| shape.role() == role).count();
    let (peaks, background) = (count(Role::Peak) > 0, count(Role::Background) > 0);
    let level = |bins: &[Bin]| bins.iter().map(Bin::density).sum::<f64>() / bins.len().max(1) as f64;
    let few = bins.len().div_ceil(10);
    let ends = (level(&bins[..few.min(bins.len())]), level(&bins[bins.len().saturating_sub(few)..]));
    let line = |x: f64| {
        let share = (x - frame.middle + frame.half) / (2.0 * frame.half);
        if background { ends.0 + share * (ends.1 - ends.0) } else { 0.0 }
    };
    let above = |bin: &Bin| bin.density() - line(bin.middle()) - known(bin.middle());
    let top = bins.iter().max_by(|a, b| above(a).total_cmp(&above(b)));
    let (height, mean) = top.map_or((1.0, frame.middle), |bin| (above(bin), bin.middle()));
    // The part of the range that lies above half of the peak.
    let half: f64 = bins.iter().filter(|bin| above(bin) > 0.5 * height).map(|bin| bin.upper - bin.lower).sum();
    let sigma = (half / 2.355).max(frame.half * 1e-3);
    let ends = if peaks { ends } else { (ends.0.max(0.0), ends.1.max(0.0)) };
    let entries = bins.iter().map(|bin| bin.value).sum::<f64>() / count(Role::Template).max(1) as f64;
    Guess { height: if height > 0.0 { height } else { 1.0 }, mean, sigma, ends, entries, frame: *frame, covered: false }
}
