//! Four-momenta, and masses of the particles CLAS12 identifies.

use std::ops::{Add, Mul, Neg, Sub};

/// A four-momentum in GeV.
///
/// ```
/// use hipo::FourMomentum;
/// let pair = FourMomentum::from_mass(0.0, 0.0, 1.0, 0.0) + FourMomentum::from_mass(0.0, 0.0, -1.0, 0.0);
/// assert!((pair.mass() - 2.0).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FourMomentum {
    /// x component in GeV.
    pub px: f64,
    /// y component in GeV.
    pub py: f64,
    /// z component, along the beam, in GeV.
    pub pz: f64,
    /// Energy in GeV.
    pub energy: f64,
}

impl FourMomentum {
    /// Of a particle with this momentum and mass, in GeV.
    ///
    /// ```
    /// assert_eq!(hipo::FourMomentum::from_mass(0.0, 0.0, 3.0, 4.0).energy, 5.0);
    /// ```
    #[must_use]
    pub fn from_mass(px: f64, py: f64, pz: f64, mass: f64) -> Self {
        Self { px, py, pz, energy: (px * px + py * py + pz * pz + mass * mass).sqrt() }
    }

    /// Invariant mass squared, negative for a spacelike sum.
    ///
    /// ```
    /// let pion = hipo::FourMomentum::from_mass(0.0, 0.0, 1.0, 0.14);
    /// assert!((pion.mass_squared() - 0.0196).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn mass_squared(self) -> f64 {
        self.energy * self.energy - self.p() * self.p()
    }

    /// Invariant mass; of a spacelike sum minus the root of the absolute value, as ROOT does.
    ///
    /// ```
    /// assert!((hipo::FourMomentum::from_mass(0.0, 0.0, 3.0, 4.0).mass() - 4.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn mass(self) -> f64 {
        let squared = self.mass_squared();
        squared.abs().sqrt().copysign(squared)
    }

    /// Absolute momentum in GeV.
    ///
    /// ```
    /// # use hipo::FourMomentum;
    /// # let p = FourMomentum::from_mass(0.3, 0.4, 1.2, 0.0);
    /// assert!((p.p() - 1.3).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn p(self) -> f64 {
        (self.px * self.px + self.py * self.py + self.pz * self.pz).sqrt()
    }

    /// Momentum across the beam in GeV.
    ///
    /// ```
    /// # use hipo::FourMomentum;
    /// # let p = FourMomentum::from_mass(0.3, 0.4, 1.2, 0.0);
    /// assert!((p.pt() - 0.5).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn pt(self) -> f64 {
        self.px.hypot(self.py)
    }

    /// Angle to the beam in radians.
    ///
    /// ```
    /// # use hipo::FourMomentum;
    /// # let p = FourMomentum::from_mass(0.3, 0.4, 1.2, 0.0);
    /// assert!((p.theta() - 0.5_f64.atan2(1.2)).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn theta(self) -> f64 {
        self.pt().atan2(self.pz)
    }

    /// Angle around the beam in radians, from -pi to pi.
    ///
    /// ```
    /// # use hipo::FourMomentum;
    /// # let p = FourMomentum::from_mass(0.3, 0.4, 1.2, 0.0);
    /// assert!((p.phi() - 0.4_f64.atan2(0.3)).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn phi(self) -> f64 {
        self.py.atan2(self.px)
    }

    /// Seen from a frame that moves with the velocity of `frame`: its rest frame.
    ///
    /// ```
    /// let p = hipo::FourMomentum::from_mass(0.3, 0.4, 1.2, 0.5);
    /// assert!(p.boosted_to_rest_of(p).p() < 1e-12);
    /// ```
    #[must_use]
    pub fn boosted_to_rest_of(self, frame: Self) -> Self {
        let (bx, by, bz) = (-frame.px / frame.energy, -frame.py / frame.energy, -frame.pz / frame.energy);
        let squared = bx * bx + by * by + bz * bz;
        if squared == 0.0 {
            return self;
        }
        let gamma = 1.0 / (1.0 - squared).sqrt();
        let along = bx * self.px + by * self.py + bz * self.pz;
        let shift = (gamma - 1.0) / squared * along + gamma * self.energy;
        Self {
            px: self.px + shift * bx,
            py: self.py + shift * by,
            pz: self.pz + shift * bz,
            energy: gamma * (self.energy + along),
        }
    }
}

impl Add for FourMomentum {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            px: self.px + other.px,
            py: self.py + other.py,
            pz: self.pz + other.pz,
            energy: self.energy + other.energy,
        }
    }
}

impl Neg for FourMomentum {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

impl Sub for FourMomentum {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul<f64> for FourMomentum {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self { px: self.px * factor, py: self.py * factor, pz: self.pz * factor, energy: self.energy * factor }
    }
}

impl std::iter::Sum for FourMomentum {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// Mass in GeV, charge and name by PDG number; masses from the PDG's 2024 tables.
const PARTICLES: [(i32, f64, i8, &str); 14] = [
    (11, 0.000_510_998_95, -1, "e-"),
    (12, 0.0, 0, "nu_e"),
    (13, 0.105_658_375_5, -1, "mu-"),
    (22, 0.0, 0, "gamma"),
    (45, 1.875_612_945, 1, "d"),
    (111, 0.134_976_8, 0, "pi0"),
    (113, 0.775_26, 0, "rho0"),
    (130, 0.497_611, 0, "K0L"),
    (211, 0.139_570_39, 1, "pi+"),
    (221, 0.547_862, 0, "eta"),
    (310, 0.497_611, 0, "K0S"),
    (321, 0.493_677, 1, "K+"),
    (2112, 0.939_565_42, 0, "n"),
    (2212, 0.938_272_09, 1, "p"),
];

fn particle(pid: i32) -> Option<&'static (i32, f64, i8, &'static str)> {
    PARTICLES.iter().find(|(number, ..)| *number == pid.abs())
}

/// Mass in GeV of the particle with this PDG number, if known. 45 is the deuteron, as in CLAS12.
///
/// ```
/// assert_eq!(hipo::mass_of(2212).map(|mass| (mass * 1e3).round()), Some(938.0));
/// assert_eq!(hipo::mass_of(1234567), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn mass_of(pid: i32) -> Option<f64> {
    particle(pid).map(|(_, mass, ..)| *mass)
}

/// Charge of the particle with this PDG number in units of the positron's, if known.
///
/// ```
/// assert_eq!((hipo::charge_of(11), hipo::charge_of(-11)), (Some(-1), Some(1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn charge_of(pid: i32) -> Option<i8> {
    particle(pid).map(|(number, _, charge, _)| if *number == pid { *charge } else { -charge })
}

/// Name of the particle with this PDG number, if known; of an antiparticle `anti-` and the particle's.
///
/// ```
/// assert_eq!((hipo::name_of(2212).as_deref(), hipo::name_of(0)), (Some("p"), None));
/// ```
#[must_use]
pub fn name_of(pid: i32) -> Option<String> {
    let (number, _, _, name) = particle(pid)?;
    let (plus, minus) = (name.strip_suffix('+'), name.strip_suffix('-'));
    Some(match (*number == pid, plus, minus) {
        (true, ..) => (*name).into(),
        (false, Some(name), _) => format!("{name}-"),
        (false, _, Some(name)) => format!("{name}+"),
        (false, None, None) => format!("anti-{name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boost_to_its_own_rest_leaves_the_mass() {
        let proton = FourMomentum::from_mass(0.3, -0.2, 1.5, 0.938);
        let rest = proton.boosted_to_rest_of(proton);
        assert!(rest.p() < 1e-12 && (rest.energy - 0.938).abs() < 1e-12);
        let (pi, k) = (FourMomentum::from_mass(0.1, 0.2, 2.0, 0.1396), FourMomentum::from_mass(-0.4, 0.1, 1.0, 0.4937));
        let moved = pi.boosted_to_rest_of(pi + k) + k.boosted_to_rest_of(pi + k);
        assert!(moved.p() < 1e-12 && (moved.mass() - (pi + k).mass()).abs() < 1e-12);
        assert_eq!((name_of(-11).as_deref(), name_of(-211).as_deref()), (Some("e+"), Some("pi-")));
    }
}
