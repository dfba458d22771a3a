//! What is known of variables by their names: label, unit, and how they are usually binned.
//!
//! A registry is a TOML file with a table per variable, all entries of which may be missing:
//!
//! ```toml
//! [pRecoil]
//! label = "$p$_{recoil}"
//! unit = "GeV/c"
//! bins = 60
//! range = [0.0, 6.0]
//! log = false
//! ```

use crate::label::Label;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{LazyLock, RwLock};

/// One variable. Labels and units may have indices and signs: `p_{recoil}`, `\theta`, `GeV/c^2`.
///
/// ```
/// use show::variables::{Variable, Variables};
/// let known = Variables::parse("[myMass]\nunit = 'GeV/c^2'\nbins = 20")?;
/// let mass: &Variable = &known.0["myMass"];
/// assert_eq!((mass.bins, mass.log), (Some(20), false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// What to write at an axis instead of the name.
    pub label: Option<String>,
    /// The unit, without brackets.
    pub unit: Option<String>,
    /// How many bins a histogram usually has.
    pub bins: Option<usize>,
    /// Between which values.
    pub range: Option<[f64; 2]>,
    /// Whether its counts are better seen on a logarithmic axis.
    #[serde(default)]
    pub log: bool,
}

/// Variables by name.
///
/// ```
/// use show::variables::Variables;
/// assert_eq!(Variables::parse("[a]\nbins = 5\n[b]\nunit = 'cm'")?.0.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Variables(pub BTreeMap<String, Variable>);

/// A registry that cannot be read.
///
/// ```
/// let error: show::variables::Error = show::variables::Variables::parse("[a]\nunits = 'cm'").unwrap_err();
/// assert!(error.to_string().contains("line 2"));
/// ```
#[derive(Debug, thiserror::Error)]
#[error("variables: {0}")]
pub struct Error(#[from] toml::de::Error);

static KNOWN: LazyLock<RwLock<Variables>> = LazyLock::new(|| {
    // The text is part of the program and is parsed by a test.
    let known = Variables::parse(include_str!("../variables.toml")).unwrap_or_default();
    RwLock::new(known)
});

impl Variables {
    /// Reads a registry.
    ///
    /// # Errors
    /// With line and column when it is not TOML or has entries that are not known.
    ///
    /// ```
    /// use show::variables::Variables;
    /// assert_eq!(Variables::parse("[a]\nrange = [0.0, 6.0]")?.0["a"].range, Some([0.0, 6.0]));
    /// assert!(Variables::parse("[a]\nunits = 'cm'").is_err(), "there is no such entry");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(toml: &str) -> Result<Self, Error> {
        Ok(toml::from_str(toml)?)
    }
}

/// Adds variables to those known; a name that is known gets the new entry.
///
/// ```
/// use show::variables::{Variables, get, install};
/// install(Variables::parse("[exampleMass]\nbins = 20")?);
/// assert_eq!(get("exampleMass").unwrap().bins, Some(20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn install(variables: Variables) {
    KNOWN.write().unwrap_or_else(std::sync::PoisonError::into_inner).0.extend(variables.0);
}

/// What is known of a name.
///
/// ```
/// assert!(show::variables::get("pRecoil").is_some() && show::variables::get("nobody").is_none());
/// ```
pub fn get(name: &str) -> Option<Variable> {
    KNOWN.read().unwrap_or_else(std::sync::PoisonError::into_inner).0.get(name).cloned()
}

/// Whether what is known of a name is the entry of the program itself, and not one that was installed.
///
/// ```
/// assert!(show::variables::is_built_in("pRecoil") && !show::variables::is_built_in("nobody"));
/// ```
pub fn is_built_in(name: &str) -> bool {
    static OWN: LazyLock<Variables> =
        LazyLock::new(|| Variables::parse(include_str!("../variables.toml")).unwrap_or_default());
    OWN.0.get(name).is_some_and(|own| get(name).as_ref() == Some(own))
}

/// The unit of a name in plain characters.
///
/// ```
/// assert_eq!(show::variables::unit("m2Recoil").as_deref(), Some("GeV²/c⁴"));
/// ```
pub fn unit(name: &str) -> Option<String> {
    get(name)?.unit.map(|unit| Label::parse(&unit).plain())
}

/// The label of a name, and its unit: the title of an axis.
pub(crate) fn label(name: &str) -> (Label, Option<String>) {
    match get(name) {
        Some(Variable { label: Some(label), unit, .. }) => (Label::parse(&label), unit),
        Some(Variable { unit, .. }) => (Label::verbatim(name), unit),
        None => (Label::verbatim(name), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_the_recoil_study_are_known() {
        Variables::parse(include_str!("../variables.toml")).unwrap();
        assert_eq!(unit("m2Recoil").as_deref(), Some("GeV²/c⁴"));
        assert_eq!(label("pRecoil").0.plain(), "p_recoil");
        assert_eq!(unit("nobody"), None);
    }

    #[test]
    fn users_add_variables_and_mistakes_have_a_place() {
        install(Variables::parse("[myMass]\nunit = 'GeV/c^2'\nbins = 20\nrange = [0, 1]").unwrap());
        assert_eq!((unit("myMass").as_deref(), get("myMass").unwrap().bins), (Some("GeV/c²"), Some(20)));
        let error = Variables::parse("[x]\nunits = 'cm'").unwrap_err().to_string();
        assert!(error.contains("units") && error.contains("line 2"), "{error}");
    }
}
