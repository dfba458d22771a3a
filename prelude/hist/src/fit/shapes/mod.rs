//! The shapes that a model can be made of. Each knows its parameters, a guess, its value and its average over a bin.

mod backgrounds;
mod convolved;
mod function;
mod peaks;
mod tails;
mod template;

pub use backgrounds::{Argus, Chebyshev, Constant, Exponential, Line, Polynomial};
pub use convolved::Convolved;
pub use function::FitFunction;
pub use peaks::{BreitWigner, CrystalBall, Gaussian, Voigt};
pub use tails::{DoubleCrystalBall, Johnson};
pub use template::Template;

use crate::fit::model::Model;

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

macro_rules! models {
    ($($shape:ty)*) => { $(
        impl From<$shape> for Model {
            #[inline(never)]
            fn from(shape: $shape) -> Self {
                Self::of(shape)
            }
        }

        impl<M: Into<Model>> std::ops::Add<M> for $shape {
            type Output = Model;

            fn add(self, other: M) -> Model {
                Model::from(self).and(other.into())
            }
        }
    )* };
}
models! {
    Gaussian CrystalBall Voigt BreitWigner DoubleCrystalBall Johnson Constant Line Polynomial Chebyshev Exponential Argus
    FitFunction Template
}

macro_rules! convolved {
    ($($shape:ty: $value:literal;)*) => { $(
        impl $shape {
            /// The shape as it is seen with a Gaussian resolution: one more parameter, `resolution`.
            ///
            /// ```
            /// # use hist::*;
            #[doc = concat!("let model: Model = ", $value, ".convolved().into();")]
            /// assert_eq!(model.names().last().unwrap(), "resolution");
            /// ```
            pub fn convolved(self) -> Convolved {
                Convolved::of(self)
            }
        }
    )* };
}
convolved! {
    Gaussian: "Gaussian";
    CrystalBall: "CrystalBall";
    BreitWigner: "BreitWigner";
    DoubleCrystalBall: "DoubleCrystalBall";
    Johnson: "Johnson";
    Exponential: "Exponential";
    Argus: "Argus";
    FitFunction: "FitFunction::new([(\"a\", 1.0)], |x, p| p[0] * x)";
}
