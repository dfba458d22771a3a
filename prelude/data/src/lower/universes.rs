//! Universes of systematic variations in one plan: columns that have other values in a universe are columns of their own
//! beside those of nominal, and where cuts differ, a column of truth values says which rows pass in which universe.
//!
//! What this cannot express (a choice among rows that differ, an expression of Polars) is done apart: such a universe is
//! lowered alone, as the chain that a user would write by hand, and takes a pass of its own.

use crate::steps::vary::{Member, Variation};
use cut::{Cut, Typed};
use polars::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which universe: a source, and where of it.
pub(crate) type Key = (Arc<str>, Member);

/// What is lowered of the variations of a chain.
#[derive(Debug, Clone, Default)]
pub(crate) enum Mode {
    /// Nominal alone.
    #[default]
    Nominal,
    /// All universes beside nominal, but for these, and why.
    Together(BTreeMap<Key, String>),
}

/// A universe beside nominal.
#[derive(Debug, Clone)]
pub(crate) struct Universe {
    pub key: Key,
    /// Columns of nominal that have other values here, and the columns that hold these.
    pub names: BTreeMap<String, String>,
    /// The column that says which rows pass.
    pub mask: Option<String>,
    /// Whether its histograms have errors.
    pub with_errors: bool,
}

/// How a column was used by an earlier step.
#[derive(Debug, Clone)]
pub(super) struct Used {
    pub step: usize,
    /// The step as text, where a variation behind it is an error.
    pub made: Option<String>,
}

/// What is known of universes while a chain is lowered.
#[derive(Debug, Default)]
pub(crate) struct Universes {
    pub mode: Mode,
    pub list: Vec<Universe>,
    /// The column that says which rows pass in nominal.
    pub mask: Option<String>,
    /// Universes that this plan cannot express, found while it was made.
    pub apart: BTreeMap<Key, String>,
    /// The variations that concern the process.
    pub variations: Vec<Arc<Variation>>,
    /// What is to be said of steps that stand too early.
    pub notes: Vec<String>,
    pub(super) used: BTreeMap<PlSmallStr, Used>,
    /// The number of the step that is lowered.
    pub step: usize,
    pub(super) made: usize,
}

/// What an expression is in a universe.
pub(super) enum Meaning {
    /// What it is in nominal.
    Same,
    /// Another one.
    Other(Cut),
    /// It cannot be said.
    Unknown,
}

impl Universe {
    /// The column that is called so in nominal.
    pub fn name(&self, nominal: &str) -> String {
        self.names.get(nominal).cloned().unwrap_or_else(|| nominal.to_owned())
    }

    pub(super) fn meaning(&self, cut: &Cut, typed: &Typed, schema: &Schema) -> Meaning {
        let touched = |column: &&PlSmallStr| self.names.contains_key(column.as_str());
        if !typed.columns().iter().any(|column| touched(&column)) {
            return Meaning::Same;
        }
        let own = |cut: Cut, (name, other): (&String, &String)| cut.define(name, &Cut::from(cut::col(other.as_str())));
        let cut = self.names.iter().fold(cut.clone(), own);
        match cut.check(schema) {
            Ok(other) if other.dtype() == typed.dtype() && !other.columns().iter().any(|column| touched(&column)) => {
                Meaning::Other(cut)
            }
            _ => Meaning::Unknown,
        }
    }
}
