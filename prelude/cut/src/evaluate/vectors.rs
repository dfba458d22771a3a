//! Quantities of four-vectors, in f64.

use crate::check::program::Quantity;
use crate::evaluate::kernel::Arg;
use crate::evaluate::lane::{Data, Lane};
use std::borrow::Cow;
use std::f64::consts::TAU;
use std::rc::Rc;

pub(crate) fn quantity<'a>(quantity: Quantity, lanes: &[Rc<Lane<'_>>], rows: usize) -> Lane<'a> {
    let args: Vec<Arg<f64>> = lanes.iter().map(|lane| lane.f64()).collect();
    let parts: Vec<Cow<[f64]>> = args.iter().map(|arg| every(arg, rows)).collect();
    let parts = parts.as_slice();
    let made: Vec<f64> = match quantity {
        Quantity::Mass => masses(parts, rows),
        Quantity::Wrapped => parts[0].iter().zip(&*parts[1]).map(|(a, b)| wrapped(a - b)).collect(),
        Quantity::Energy => {
            let last = parts.len() - 1;
            let energy = |(momentum, mass): (f64, &f64)| {
                let square = momentum + mass * mass.abs();
                // `max` would take 0 for NaN.
                if square < 0.0 { 0.0 } else { square.sqrt() }
            };
            squares(&parts[..last], rows).into_iter().zip(&*parts[last]).map(energy).collect()
        }
        Quantity::Length => match parts {
            [only] => only.to_vec(),
            parts => squares(parts, rows).into_iter().map(f64::sqrt).collect(),
        },
        Quantity::Angle => (0..rows).map(|row| angle(std::array::from_fn(|at| parts[at][row]))).collect(),
        Quantity::TransverseMass => {
            let mass = |row: usize| (2.0 * parts[0][row] * parts[1][row] * (1.0 - parts[2][row].cos())).sqrt();
            (0..rows).map(mass).collect()
        }
    };
    Lane::new(Data::F64(made.into()))
}

/// A value for each row.
fn every<'l>(arg: &'l Arg<'_, f64>, rows: usize) -> Cow<'l, [f64]> {
    match arg {
        Arg::Many(values) => Cow::Borrowed(values),
        Arg::One(value) => vec![*value; rows].into(),
    }
}

/// Sums of squares.
fn squares(parts: &[Cow<[f64]>], rows: usize) -> Vec<f64> {
    let mut sums = vec![0.0; rows];
    for part in parts {
        sums.iter_mut().zip(&**part).for_each(|(sum, x)| *sum += x * x);
    }
    sums
}

/// An angle between -π and π, by rounding: the remainder of C and Rust keeps the sign of the dividend.
fn wrapped(angle: f64) -> f64 {
    angle - TAU * (angle / TAU).round_ties_even()
}

/// The masses of sums of vectors (x, y, z, E), with the sign of the square.
fn masses(parts: &[Cow<[f64]>], rows: usize) -> Vec<f64> {
    let mut sums: [Vec<f64>; 4] = std::array::from_fn(|part| parts[part].to_vec());
    for vector in parts.chunks_exact(4).skip(1) {
        for (sum, part) in sums.iter_mut().zip(vector) {
            sum.iter_mut().zip(&**part).for_each(|(sum, x)| *sum += x);
        }
    }
    let [x, y, z, e] = &sums;
    let momenta = squares(&[x.into(), y.into(), z.into()], rows);
    let mass = |(e, momentum): (&f64, f64)| {
        let square = e * e - momentum;
        square.abs().sqrt().copysign(square)
    };
    e.iter().zip(momenta).map(mass).collect()
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
