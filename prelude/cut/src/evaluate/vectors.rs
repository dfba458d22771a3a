//! Quantities of four-vectors, in f64.

use crate::check::program::Quantity;
use crate::evaluate::kernel::Arg;
use crate::evaluate::lane::{Data, Lane};
use std::f64::consts::TAU;
use std::rc::Rc;

pub(crate) fn quantity<'a>(quantity: Quantity, lanes: &[Rc<Lane<'_>>], rows: usize) -> Lane<'a> {
    let args: Vec<Arg<f64>> = lanes.iter().map(|lane| lane.f64()).collect();
    let args = args.as_slice();
    let made: Vec<f64> = match quantity {
        Quantity::Mass => return Lane::new(Data::F64(masses(args, rows).into())),
        Quantity::Wrapped => (0..rows).map(|row| wrapped(args[0].get(row) - args[1].get(row))).collect(),
        Quantity::Energy => {
            let (mass, momenta) = (&args[args.len() - 1], &args[..args.len() - 1]);
            let energy = |row: usize| {
                let mass = mass.get(row);
                let momentum: f64 = momenta.iter().map(|part| part.get(row) * part.get(row)).sum();
                let square = momentum + mass * mass.abs();
                // `max` would take 0 for NaN.
                if square < 0.0 { 0.0 } else { square.sqrt() }
            };
            (0..rows).map(energy).collect()
        }
        Quantity::Length => match args {
            [only] => (0..rows).map(|row| only.get(row)).collect(),
            parts => {
                let square = |row: usize| parts.iter().map(|part| part.get(row) * part.get(row)).sum::<f64>();
                (0..rows).map(|row| square(row).sqrt()).collect()
            }
        },
        Quantity::Angle => (0..rows).map(|row| angle(std::array::from_fn(|at| args[at].get(row)))).collect(),
        Quantity::TransverseMass => {
            let mass = |row: usize| (2.0 * args[0].get(row) * args[1].get(row) * (1.0 - args[2].get(row).cos())).sqrt();
            (0..rows).map(mass).collect()
        }
    };
    Lane::new(Data::F64(made.into()))
}

/// An angle between -π and π, by rounding: the remainder of C and Rust keeps the sign of the dividend.
fn wrapped(angle: f64) -> f64 {
    angle - TAU * (angle / TAU).round_ties_even()
}

/// The masses of sums of vectors (x, y, z, E), with the sign of the square.
fn masses(args: &[Arg<f64>], rows: usize) -> Vec<f64> {
    let mut sums: [Vec<f64>; 4] = std::array::from_fn(|part| (0..rows).map(|row| args[part].get(row)).collect());
    for vector in args.chunks_exact(4).skip(1) {
        for (sum, part) in sums.iter_mut().zip(vector) {
            sum.iter_mut().enumerate().for_each(|(row, sum)| *sum += part.get(row));
        }
    }
    let [x, y, z, e] = &sums;
    let mass = |row: usize| {
        let square = e[row] * e[row] - (x[row] * x[row] + y[row] * y[row] + z[row] * z[row]);
        square.abs().sqrt().copysign(square)
    };
    (0..rows).map(mass).collect()
}

/// The angle between two momenta; right for small ones, too.
fn angle([a, b, c, x, y, z]: [f64; 6]) -> f64 {
    let cross = [b * z - c * y, c * x - a * z, a * y - b * x];
    let sine = cross.iter().map(|part| part * part).sum::<f64>().sqrt();
    sine.atan2(a * x + b * y + c * z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_angle_is_wrapped_on_both_sides() {
        for (angle, expected) in [(6.2, 6.2 - TAU), (-6.2, TAU - 6.2), (0.5, 0.5), (9.0, 9.0 - TAU)] {
            assert!((wrapped(angle) - expected).abs() < 1e-15, "{angle}");
        }
        assert!(wrapped(f64::NAN).is_nan());
    }

    #[test]
    fn angles_are_those_between_momenta() {
        assert_eq!(angle([1.0, 0.0, 0.0, 0.0, 2.0, 0.0]), std::f64::consts::FRAC_PI_2);
        assert_eq!(angle([1.0, 1.0, 1.0, 2.0, 2.0, 2.0]), 0.0);
        assert_eq!(angle([1.0, 0.0, 0.0, -3.0, 0.0, 0.0]), std::f64::consts::PI);
    }
}
