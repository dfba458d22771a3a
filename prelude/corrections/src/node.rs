//! What a correction is made of, and its value for given inputs.

use crate::edges::{Edges, Place};
use crate::error::{Outside, some_of};
use crate::formula::Formula;
use crate::input::{Input, Variable};
use crate::random::{Distribution, draw};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A part of a correction. Inputs are known by their position; all positions exist.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Value(f64),
    /// A cell of which rows say nothing.
    Nothing,
    Bins {
        axes: Vec<Axis>,
        /// The last axis runs fastest.
        cells: Vec<Node>,
        flow: Flow,
    },
    Texts {
        input: usize,
        keys: BTreeMap<String, Node>,
        default: Option<Box<Node>>,
    },
    Integers {
        input: usize,
        keys: BTreeMap<i64, Node>,
        default: Option<Box<Node>>,
    },
    Formula {
        formula: Arc<Formula>,
        /// The inputs that are its variables.
        variables: Vec<usize>,
        parameters: Vec<f64>,
    },
    /// Other parts see another value of an input.
    Transform {
        input: usize,
        rule: Box<Node>,
        content: Box<Node>,
    },
    Random {
        inputs: Vec<usize>,
        distribution: Distribution,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub input: usize,
    pub edges: Edges,
}

/// What is done with a value that lies in no bin.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Flow {
    Clamp,
    Error,
    Wrap,
    Default(Box<Node>),
}

impl Node {
    /// The value for these inputs, which are of the types of the variables.
    pub fn value(&self, inputs: &[Input<'_>], variables: &[Variable]) -> Result<f64, Outside> {
        match self {
            Self::Value(value) => Ok(*value),
            Self::Nothing => {
                let all = variables
                    .iter()
                    .zip(inputs)
                    .map(|(variable, input)| format!("{} {}", variable.name, shown(*input)));
                Err(Outside::Cell(some_of(all)))
            }
            Self::Bins { axes, cells, flow } => in_bins(axes, cells, flow, inputs, variables),
            Self::Texts { input, keys, default } => match inputs[*input] {
                Input::Text(text) => {
                    let found = keys.get(text).or(default.as_deref());
                    let keys = || keys.keys().map(|key| format!("\"{key}\""));
                    found.ok_or_else(|| no_key(&variables[*input], inputs[*input], keys()))?.value(inputs, variables)
                }
                _ => Ok(f64::NAN),
            },
            Self::Integers { input, keys, default } => match inputs[*input] {
                Input::Integer(value) => {
                    let found = keys.get(&value).or(default.as_deref());
                    let keys = || keys.keys().map(i64::to_string);
                    found.ok_or_else(|| no_key(&variables[*input], inputs[*input], keys()))?.value(inputs, variables)
                }
                _ => Ok(f64::NAN),
            },
            Self::Formula { formula, variables: used, parameters } => Ok(formula.value(inputs, used, parameters)),
            Self::Transform { input, rule, content } => {
                let value = rule.value(inputs, variables)?;
                let mut changed = inputs.to_vec();
                changed[*input] = match inputs[*input] {
                    Input::Integer(_) if value.is_nan() || value.abs() >= 9.0e18 => Input::Missing,
                    Input::Integer(_) => Input::Integer(value.round() as i64),
                    _ => Input::Real(value),
                };
                content.value(&changed, variables)
            }
            Self::Random { inputs: used, distribution } => {
                let mut words = Vec::with_capacity(used.len());
                for &at in used {
                    words.push(match inputs[at] {
                        Input::Integer(value) => value as u64,
                        Input::Real(value) if !value.is_nan() => value.to_bits(),
                        _ => return Ok(f64::NAN),
                    });
                }
                Ok(draw(&words, *distribution))
            }
        }
    }

    /// This part and all below it.
    pub fn visit<'n>(&'n self, each: &mut impl FnMut(&'n Node)) {
        each(self);
        match self {
            Self::Value(_) | Self::Nothing | Self::Formula { .. } | Self::Random { .. } => {}
            Self::Bins { cells, flow, .. } => {
                cells.iter().for_each(|cell| cell.visit(each));
                if let Flow::Default(default) = flow {
                    default.visit(each);
                }
            }
            Self::Texts { keys, default, .. } => {
                keys.values().chain(default.as_deref()).for_each(|node| node.visit(each));
            }
            Self::Integers { keys, default, .. } => {
                keys.values().chain(default.as_deref()).for_each(|node| node.visit(each));
            }
            Self::Transform { rule, content, .. } => {
                rule.visit(each);
                content.visit(each);
            }
        }
    }
}

fn in_bins(
    axes: &[Axis],
    cells: &[Node],
    flow: &Flow,
    inputs: &[Input<'_>],
    variables: &[Variable],
) -> Result<f64, Outside> {
    let mut cell = 0;
    for axis in axes {
        let value = inputs[axis.input].number();
        let place = if *flow == Flow::Wrap { axis.edges.wrapped(value) } else { axis.edges.find(value) };
        let bin = match (place, flow) {
            (Place::Missing, _) => return Ok(f64::NAN),
            (Place::Bin(bin), _) => bin,
            (_, Flow::Default(default)) => return default.value(inputs, variables),
            (Place::Below, Flow::Clamp | Flow::Wrap) => 0,
            (Place::Above, Flow::Clamp | Flow::Wrap) => axis.edges.bins() - 1,
            (Place::Below | Place::Above, Flow::Error) => {
                let (above, (low, high)) = (place == Place::Above, axis.edges.ends());
                let (input, edge) = (variables[axis.input].name.clone(), if above { high } else { low });
                return Err(Outside::Bins { input, value, above, edge });
            }
        };
        cell = cell * axis.edges.bins() + bin;
    }
    cells[cell].value(inputs, variables)
}

fn no_key(variable: &Variable, input: Input<'_>, known: impl Iterator<Item = String>) -> Outside {
    Outside::Key { input: variable.name.clone(), value: shown(input), known: some_of(known) }
}

fn shown(input: Input<'_>) -> String {
    match input {
        Input::Real(value) => value.to_string(),
        Input::Integer(value) => value.to_string(),
        Input::Text(value) => format!("\"{value}\""),
        Input::Missing => "missing".to_owned(),
    }
}
