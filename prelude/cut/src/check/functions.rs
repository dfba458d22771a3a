//! The functions of numbers that a cut knows.

/// A function from floating point numbers to a floating point number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Sin,
    Cos,
    Tan,
    Arcsin,
    Arccos,
    Arctan,
    Sinh,
    Cosh,
    Tanh,
    Arcsinh,
    Arccosh,
    Arctanh,
    Exp,
    Expm1,
    Log,
    Log2,
    Log10,
    Log1p,
    Sqrt,
    Floor,
    Ceil,
    Sign,
    Radians,
    Degrees,
    Arctan2,
    Hypot,
    Round,
    /// The mass of a particle by its number in the PDG's scheme; not one of the functions of a text.
    PdgMass,
}

pub(crate) const NAMES: [(&str, Name); 36] = [
    ("sin", Name::Sin),
    ("cos", Name::Cos),
    ("tan", Name::Tan),
    ("arcsin", Name::Arcsin),
    ("asin", Name::Arcsin),
    ("arccos", Name::Arccos),
    ("acos", Name::Arccos),
    ("arctan", Name::Arctan),
    ("atan", Name::Arctan),
    ("sinh", Name::Sinh),
    ("cosh", Name::Cosh),
    ("tanh", Name::Tanh),
    ("arcsinh", Name::Arcsinh),
    ("asinh", Name::Arcsinh),
    ("arccosh", Name::Arccosh),
    ("acosh", Name::Arccosh),
    ("arctanh", Name::Arctanh),
    ("atanh", Name::Arctanh),
    ("exp", Name::Exp),
    ("expm1", Name::Expm1),
    ("log", Name::Log),
    ("log2", Name::Log2),
    ("log10", Name::Log10),
    ("log1p", Name::Log1p),
    ("sqrt", Name::Sqrt),
    ("floor", Name::Floor),
    ("ceil", Name::Ceil),
    ("sign", Name::Sign),
    ("radians", Name::Radians),
    ("deg2rad", Name::Radians),
    ("degrees", Name::Degrees),
    ("rad2deg", Name::Degrees),
    ("arctan2", Name::Arctan2),
    ("atan2", Name::Arctan2),
    ("hypot", Name::Hypot),
    ("round", Name::Round),
];

impl Name {
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    /// How many arguments it takes, at least and at most.
    pub fn arity(self) -> (usize, usize) {
        match self {
            Self::Arctan2 | Self::Hypot => (2, 2),
            Self::Round => (1, 2),
            _ => (1, 1),
        }
    }

    /// The function of one number; for two see [`Name::binary`].
    pub fn unary(self) -> fn(f64) -> f64 {
        match self {
            Self::Sin => f64::sin,
            Self::Cos => f64::cos,
            Self::Tan => f64::tan,
            Self::Arcsin => f64::asin,
            Self::Arccos => f64::acos,
            Self::Arctan => f64::atan,
            Self::Sinh => f64::sinh,
            Self::Cosh => f64::cosh,
            Self::Tanh => f64::tanh,
            Self::Arcsinh => f64::asinh,
            Self::Arccosh => f64::acosh,
            Self::Arctanh => f64::atanh,
            Self::Exp => f64::exp,
            Self::Expm1 => f64::exp_m1,
            Self::Log => f64::ln,
            Self::Log2 => f64::log2,
            Self::Log10 => f64::log10,
            Self::Log1p => f64::ln_1p,
            Self::Sqrt => f64::sqrt,
            Self::Floor => f64::floor,
            Self::Ceil => f64::ceil,
            Self::Sign => |x| if x == 0.0 || x.is_nan() { x } else { x.signum() },
            Self::Radians => f64::to_radians,
            Self::Degrees => f64::to_degrees,
            Self::PdgMass => pdg_mass,
            // Halves to the even neighbour, as numpy rounds.
            Self::Arctan2 | Self::Hypot | Self::Round => f64::round_ties_even,
        }
    }

    /// The function of two numbers.
    pub fn binary(self) -> fn(f64, f64) -> f64 {
        match self {
            Self::Arctan2 => f64::atan2,
            Self::Hypot => f64::hypot,
            _ => |x, digits| {
                let scale = 10f64.powi(digits as i32);
                (x * scale).round_ties_even() / scale
            },
        }
    }
}

/// Masses in GeV (Particle Data Group, Review of Particle Physics 2024) by the number without its sign; 45 is the deuteron
/// of CLAS12. Missing for what is not known.
fn pdg_mass(pid: f64) -> f64 {
    const MASSES: [(i64, f64); 34] = [
        (11, 0.000_510_998_950),
        (12, 0.0),
        (13, 0.105_658_375_5),
        (14, 0.0),
        (15, 1.776_93),
        (16, 0.0),
        (22, 0.0),
        (45, 1.875_612_945),
        (111, 0.134_976_8),
        (113, 0.775_26),
        (130, 0.497_611),
        (211, 0.139_570_39),
        (213, 0.775_11),
        (221, 0.547_862),
        (223, 0.782_66),
        (310, 0.497_611),
        (311, 0.497_611),
        (321, 0.493_677),
        (331, 0.957_78),
        (333, 1.019_461),
        (411, 1.869_66),
        (421, 1.864_84),
        (431, 1.968_35),
        (443, 3.096_9),
        (511, 5.279_72),
        (521, 5.279_41),
        (531, 5.366_93),
        (2112, 0.939_565_420_52),
        (2212, 0.938_272_088_16),
        (3122, 1.115_683),
        (3222, 1.189_37),
        (3112, 1.197_449),
        (3312, 1.321_71),
        (1_000_010_020, 1.875_612_945),
    ];
    let number = pid.abs() as i64;
    MASSES.iter().find(|(known, _)| *known == number && pid.fract() == 0.0).map_or(f64::NAN, |(_, mass)| *mass)
}
