//! Formulas in the dialect of ROOT's TFormula that correctionlib reads: `[0] + [1] * log(x)`.

mod parse;

use crate::input::Input;

/// A formula that has been read. Variables are `x`, `y`, `z`, `t` or `x[0]`, `x[1]` ..., parameters `[0]`, `[1]` ...
#[derive(Debug, Clone)]
pub(crate) struct Formula {
    text: String,
    root: Part,
    /// How many variables and parameters it needs.
    pub variables: usize,
    pub parameters: usize,
    /// Whether variables are looked at, by position.
    used: Vec<bool>,
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[derive(Debug, Clone)]
enum Part {
    Number(f64),
    Variable(usize),
    Parameter(usize),
    One(fn(f64) -> f64, Box<Part>),
    Two(fn(f64, f64) -> f64, Box<(Part, Part)>),
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// In words, with the place in the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let root = parse::parse(text)?;
        let (mut variables, mut parameters) = (Vec::new(), 0);
        root.visit(&mut |part| match part {
            Part::Variable(at) => variables.push(*at),
            Part::Parameter(at) => parameters = parameters.max(at + 1),
            _ => {}
        });
        let count = variables.iter().map(|at| at + 1).max().unwrap_or(0);
        let used = (0..count).map(|at| variables.contains(&at)).collect();
        Ok(Self { text: text.to_owned(), root, variables: count, parameters, used })
    }

    /// Its value; NaN where a variable that it uses is missing (`max(0, x)` too).
    pub fn value(&self, inputs: &[Input<'_>], variables: &[usize], parameters: &[f64]) -> f64 {
        let variable = |at: usize| inputs[variables[at]].number();
        if self.used.iter().enumerate().any(|(at, used)| *used && variable(at).is_nan()) {
            return f64::NAN;
        }
        self.root.value(&variable, parameters)
    }
}

impl Part {
    fn value(&self, variable: &impl Fn(usize) -> f64, parameters: &[f64]) -> f64 {
        match self {
            Self::Number(value) => *value,
            Self::Variable(at) => variable(*at),
            Self::Parameter(at) => parameters[*at],
            Self::One(function, part) => function(part.value(variable, parameters)),
            Self::Two(function, parts) => {
                function(parts.0.value(variable, parameters), parts.1.value(variable, parameters))
            }
        }
    }

    fn visit(&self, each: &mut impl FnMut(&Part)) {
        each(self);
        match self {
            Self::One(_, part) => part.visit(each),
            Self::Two(_, parts) => {
                parts.0.visit(each);
                parts.1.visit(each);
            }
            _ => {}
        }
    }
}
