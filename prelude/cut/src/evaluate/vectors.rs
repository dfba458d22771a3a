//! Quantities of four-vectors, in f64.

use crate::check::program::Quantity;
use crate::evaluate::kernel::Arg;
use crate::evaluate::lane::{Data, Lane};
use crate::evaluate::turns::{apart, raised, turned};
use std::borrow::Cow;
use std::rc::Rc;

pub(crate) fn quantity<'a>(quantity: Quantity, lanes: &[Rc<Lane<'_>>], rows: usize) -> Lane<'a> {
    let args: Vec<Arg<f64>> = lanes.iter().map(|lane| lane.f64()).collect();
    let parts: Vec<Cow<[f64]>> = args.iter().map(|arg| every(arg, rows)).collect();
    let parts = parts.as_slice();
    let made: Vec<f64> = match quantity {
        Quantity::Mass => masses(std::array::from_fn(|part| parts[part].to_vec())),
        Quantity::Wrapped => apart(&parts[0], &parts[1]),
        Quantity::AlongX | Quantity::AlongY => turned(quantity == Quantity::AlongX, &parts[0], &parts[1]),
        Quantity::AlongZ => raised(&parts[0], &parts[1]),
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
        Quantity::BoostX | Quantity::BoostY | Quantity::BoostZ | Quantity::BoostE => {
            let of = match quantity {
                Quantity::BoostX => 0,
                Quantity::BoostY => 1,
                Quantity::BoostZ => 2,
                _ => 3,
            };
            (0..rows).map(|row| boosted(std::array::from_fn(|at| parts[at][row]))[of]).collect()
        }
        Quantity::TransverseMass => {
            let mass = |row: usize| (2.0 * parts[0][row] * parts[1][row] * (1.0 - parts[2][row].cos())).sqrt();
            (0..rows).map(mass).collect()
        }
    };
    Lane::new(Data::F64(made.into()))
}

/// A value for each row.
pub(crate) fn every<'l>(arg: &'l Arg<'_, f64>, rows: usize) -> Cow<'l, [f64]> {
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

/// The masses of vectors (x, y, z, E), with the sign of the square.
pub(crate) fn masses([x, y, z, e]: [Vec<f64>; 4]) -> Vec<f64> {
    let mut made = e;
    for (((e, x), y), z) in made.iter_mut().zip(x).zip(y).zip(z) {
        let square = *e * *e - (x * x + y * y + z * z);
        *e = square.abs().sqrt().copysign(square);
    }
    made
}

/// A vector (x, y, z, E) where another is at rest; missing where that has no rest, because its mass is not positive.
fn boosted([x, y, z, e, to_x, to_y, to_z, to_e]: [f64; 8]) -> [f64; 4] {
    let square = to_e * to_e - (to_x * to_x + to_y * to_y + to_z * to_z);
    let mass = if square > 0.0 && to_e > 0.0 { square.sqrt() } else { f64::NAN };
    let product = x * to_x + y * to_y + z * to_z;
    let factor = (product / (to_e + mass) - e) / mass;
    [x + factor * to_x, y + factor * to_y, z + factor * to_z, (e * to_e - product) / mass]
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
    fn a_boost_keeps_the_mass_and_brings_its_frame_to_rest() {
        let (a, frame) = ([1.0, -2.0, 3.0, 5.0], [0.5, 1.5, -1.0, 4.0]);
        let both = |a: [f64; 4], b: [f64; 4]| boosted([a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]]);
        let square = |[x, y, z, e]: [f64; 4]| e * e - x * x - y * y - z * z;
        let (moved, rest) = (both(a, frame), both(frame, frame));
        assert!((square(moved) - square(a)).abs() < 1e-12 && moved[3] > 0.0, "{moved:?}");
        let mass = square(frame).sqrt();
        assert!(rest[..3].iter().all(|part| part.abs() < 1e-14) && (rest[3] - mass).abs() < 1e-14, "{rest:?}");
        // Along one axis: γ (z − β E) and γ (E − β z).
        let (beta, gamma) = (0.6, 1.25);
        let along = both([0.3, 0.4, 2.0, 3.0], [0.0, 0.0, 0.6, 1.0]);
        let expected = [0.3, 0.4, gamma * (2.0 - beta * 3.0), gamma * (3.0 - beta * 2.0)];
        assert!(along.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{along:?}");
        assert!(both(a, [1.0, 0.0, 0.0, 1.0]).iter().all(|part| part.is_nan()), "light has no rest");
    }

    #[test]
    fn angles_are_those_between_momenta() {
        assert_eq!(angle([1.0, 0.0, 0.0, 0.0, 2.0, 0.0]), std::f64::consts::FRAC_PI_2);
        assert_eq!(angle([1.0, 1.0, 1.0, 2.0, 2.0, 2.0]), 0.0);
        assert_eq!(angle([1.0, 0.0, 0.0, -3.0, 0.0, 0.0]), std::f64::consts::PI);
    }
}
