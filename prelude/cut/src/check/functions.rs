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
}

const NAMES: [(&str, Name); 36] = [
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

/// Functions that are more than [`Name`]s, for suggestions.
pub(crate) const OTHERS: [&str; 8] = ["abs", "min", "max", "where", "pow", "isnan", "isinf", "isfinite"];

impl Name {
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    /// All names, for suggestions.
    pub fn all() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name).chain(OTHERS)
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
