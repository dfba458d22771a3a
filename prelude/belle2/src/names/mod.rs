//! Process names: what `P16M16rd_mcoff_mumu_p16_v1` says of the rows behind it.
//!
//! A name is split into tokens and every token must fit its place; nothing is looked for inside a token, so that
//! `eemumu` is never `mumu`. Names of other kinds are described by a [`Grammar`] of the user, and groups too.
//!
//! ```text
//! NAME   = ["'"] ["sample_name="] "P" PROC "M" CAMPAIGN ("rd" | "ri") "_" KIND ["_" SAMPLE] "_" STREAM "_" VERSION ["'"]
//! KIND   = ("mc" | "data") ["off" | "5S" | "4S"]
//! STREAM = "p" NUMBER | "prompt"          VERSION = "v" NUMBER | "COMBINED"
//! ```
//!
//! Shorter names of collections are read too: `data_proc_4S_on`, `mc15ri_mumu_4S_on`, and in flat folders
//! `mc16-mumu-prompt_selected`, `mc16-mumu-offprompt_matched`, `data-prompt_selected`.

mod pattern;

use pattern::{Pattern, from_fields};
use std::collections::BTreeMap;

/// What a name says. Parts that the name does not have are `None`.
///
/// ```
/// let name = belle2::names::Grammar::default().parse("P16M16rd_mc_mumu_p16_v1").unwrap();
/// assert_eq!((name.proc, name.is_data, name.sample.as_deref()), (Some(16), false, Some("mumu")));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ProcessName {
    /// The name without quotes and without `sample_name=`.
    pub name: String,
    /// Reprocessing (`P16` gives 16).
    pub proc: Option<u32>,
    /// Simulation campaign (`M16` gives 16).
    pub mc_campaign: Option<u32>,
    /// Whether beam conditions follow the runs (`rd`) or not (`ri`).
    pub run_dependent: Option<bool>,
    /// Whether these are recorded data and not simulation.
    pub is_data: bool,
    /// Beam energy: `4S_on`, `4S_offres`, `5S_scan`.
    pub energy: Option<String>,
    /// What was simulated: `mumu`, `taupair`, ...; `None` for data.
    pub sample: Option<String>,
    /// `p16` for a reprocessing, `prompt` for prompt data.
    pub stream: Option<String>,
    /// `v1`, `COMBINED`.
    pub version: Option<String>,
    /// The group the process belongs to: `mumu`, `qqbar`, `data`, ...
    pub group: String,
}

/// Why a name is invalid.
///
/// ```
/// use belle2::names::{Grammar, NameError};
/// let error: NameError = Grammar::default().parse("no_name_of_a_process").unwrap_err();
/// assert!(!error.to_string().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A token that does not fit its place.
    #[error("process name `{name}`: `{token}` is not {expected}")]
    Token {
        /// The name.
        name: String,
        /// The text at that place.
        token: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// Too few or too many tokens.
    #[error("process name `{name}` has {found} parts between underscores; {expected}")]
    Parts {
        /// The name.
        name: String,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: &'static str,
    },
    /// A grammar that cannot be used.
    #[error("name grammar: {0}")]
    Grammar(String),
}

/// The samples of the groups every user knows; all other samples form groups of their own name.
const GROUPS: [(&str, &[&str]); 3] = [
    ("qqbar", &["uubar", "ddbar", "ssbar", "ccbar"]),
    ("BBbar", &["charged", "mixed"]),
    ("llYY", &["eeee", "eemumu", "llXX"]),
];

/// How names are read: the grammar above, after the user's patterns and with the user's groups.
///
/// ```
/// let grammar = belle2::names::Grammar::default();
/// assert!(grammar.parse("P16M16rd_data_p16_v2").unwrap().is_data);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Grammar {
    patterns: Vec<Pattern>,
    groups: BTreeMap<String, Vec<String>>,
}

impl Grammar {
    /// Reads a user's grammar.
    ///
    /// ```
    /// let grammar = belle2::names::Grammar::from_toml(r#"
    ///     patterns = ["mc{campaign}-{sample}-{stream}_{_}"]
    ///     [groups]
    ///     leptons = ["mumu", "ee", "taupair"]
    /// "#)?;
    /// let name = grammar.parse("mc16-mumu-prompt_selected")?;
    /// assert_eq!((name.sample.as_deref(), name.group.as_str()), (Some("mumu"), "leptons"));
    /// # Ok::<(), belle2::names::NameError>(())
    /// ```
    ///
    /// Fields of a pattern: `proc`, `campaign`, `conditions` (`rd`, `ri`), `kind` (`mc`, `dataoff`, ...), `energy`,
    /// `sample`, `stream`, `version`, and `_` for a part that is ignored. A field takes letters and digits.
    ///
    /// # Errors
    /// [`NameError::Grammar`] for text that is not TOML, an unknown key or field.
    pub fn from_toml(text: &str) -> Result<Self, NameError> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Text {
            #[serde(default)]
            patterns: Vec<String>,
            #[serde(default)]
            groups: BTreeMap<String, Vec<String>>,
        }
        let text: Text = toml::from_str(text).map_err(|error| NameError::Grammar(error.to_string()))?;
        let patterns = text.patterns.iter().map(|pattern| Pattern::parse(pattern)).collect::<Result<_, _>>()?;
        Ok(Self { patterns, groups: text.groups })
    }

    /// What a name says.
    ///
    /// # Errors
    /// [`NameError`] names the token that does not fit.
    ///
    /// ```
    /// let grammar = belle2::names::Grammar::default();
    /// assert_eq!(grammar.parse("P16M16rd_mc_ee_p16_v1").unwrap().stream.as_deref(), Some("p16"));
    /// assert!(grammar.parse("no_name_of_a_process").is_err());
    /// ```
    pub fn parse(&self, name: &str) -> Result<ProcessName, NameError> {
        let bare = bare(name);
        let mut parsed = match self.patterns.iter().find_map(|pattern| pattern.read(bare)) {
            Some(fields) => from_fields(bare, &fields)?,
            None => match short(bare) {
                Some(parsed) => parsed,
                None => standard(bare)?,
            },
        };
        parsed.group = self.group_of(&parsed);
        Ok(parsed)
    }

    /// The groups of a user beside the standard ones, with the samples or names of each.
    ///
    /// ```
    /// assert!(belle2::names::Grammar::default().groups().is_empty(), "only the standard ones");
    /// ```
    pub fn groups(&self) -> &BTreeMap<String, Vec<String>> {
        &self.groups
    }

    fn group_of(&self, parsed: &ProcessName) -> String {
        let Some(sample) = &parsed.sample else { return "data".to_owned() };
        let own = self.groups.iter().find(|(_, samples)| samples.contains(sample)).map(|(group, _)| group.as_str());
        own.or_else(|| GROUPS.iter().find(|(_, samples)| samples.contains(&sample.as_str())).map(|(group, _)| *group))
            .unwrap_or(sample)
            .to_owned()
    }
}

/// The name without quotes around it, without `sample_name=` before it.
///
/// ```
/// assert_eq!(belle2::names::bare("sample_name='mumu'"), "mumu");
/// ```
pub fn bare(name: &str) -> &str {
    let unquoted = |text: &'_ str| -> (usize, usize) {
        let quoted = text.len() >= 2
            && (text.starts_with('\'') && text.ends_with('\'') || text.starts_with('"') && text.ends_with('"'));
        if quoted { (1, text.len() - 1) } else { (0, text.len()) }
    };
    let (start, end) = unquoted(name);
    let name = &name[start..end];
    let name = name.strip_prefix("sample_name=").unwrap_or(name);
    let (start, end) = unquoted(name);
    // A quote that lost its partner, as directory listings have it.
    name[start..end].trim_start_matches(['\'', '"']).trim_end_matches(['\'', '"'])
}

fn standard(name: &str) -> Result<ProcessName, NameError> {
    let tokens: Vec<&str> = name.split('_').collect();
    let token = |token: &str, expected| NameError::Token { name: name.to_owned(), token: token.to_owned(), expected };
    let (proc, mc_campaign, run_dependent) =
        head(tokens[0]).ok_or_else(|| token(tokens[0], "of the form P16M16rd or P16M16ri"))?;
    let parts = |expected| NameError::Parts { name: name.to_owned(), found: tokens.len(), expected };
    let kind = tokens.get(1).ok_or_else(|| parts("a name has at least four"))?;
    let (is_data, energy) = kind_of(kind).ok_or_else(|| token(kind, "mc or data with off, 5S or 4S behind it"))?;
    let (sample, rest) = match (&tokens[2..], is_data) {
        ([sample, rest @ ..], false) if !rest.is_empty() => (Some(*sample), rest),
        (rest, true) => (None, rest),
        _ => return Err(parts("simulation has five: P16M16rd_mc_SAMPLE_STREAM_VERSION")),
    };
    let [stream, version] = rest else {
        return Err(parts(if is_data {
            "data have four: P16M16rd_data_STREAM_VERSION"
        } else {
            "simulation has five: P16M16rd_mc_SAMPLE_STREAM_VERSION"
        }));
    };
    if let Some(sample) = sample.filter(|sample| !is_sample(sample)) {
        return Err(token(sample, "a sample such as mumu"));
    }
    if *stream != "prompt" && number_after("p", stream).is_none() {
        return Err(token(stream, "a stream: p16 or prompt"));
    }
    if *version != "COMBINED" && number_after("v", version).is_none() {
        return Err(token(version, "a version: v1 or COMBINED"));
    }
    Ok(ProcessName {
        name: name.to_owned(),
        proc: Some(proc),
        mc_campaign: Some(mc_campaign),
        run_dependent: Some(run_dependent),
        is_data,
        energy: Some(energy.to_owned()),
        sample: sample.map(str::to_owned),
        stream: Some((*stream).to_owned()),
        version: Some((*version).to_owned()),
        group: String::new(),
    })
}

/// Names of collections, and of files in flat folders.
fn short(name: &str) -> Option<ProcessName> {
    let plain = ProcessName { name: name.to_owned(), ..ProcessName::default() };
    if let Some((head, _)) = name
        .split_once('-')
        .and_then(|(_, rest)| rest.rsplit_once('_'))
        .filter(|(_, stage)| ["selected", "matched"].contains(stage))
    {
        let kind = name.split('-').next()?;
        let (sample, stream) = match head.split_once('-') {
            Some((sample, stream)) => (Some(sample), stream),
            None => (None, head),
        };
        let energy = if stream.starts_with("off") { "4S_offres" } else { "4S_on" };
        let stream = stream.strip_prefix("off").unwrap_or(stream);
        let fits = stream == "prompt" || stream == "proc" || number_after("p", stream).is_some();
        let campaign = number_after("mc", kind);
        let is_data = kind == "data";
        if !fits || is_data == sample.is_some() || is_data == campaign.is_some() || !sample.is_none_or(is_sample) {
            return None;
        }
        return Some(ProcessName {
            mc_campaign: campaign,
            is_data,
            energy: Some(energy.to_owned()),
            sample: sample.map(str::to_owned),
            stream: Some(stream.to_owned()),
            ..plain
        });
    }
    let (head, energy) = ["4S_on", "4S_offres", "5S_scan"]
        .into_iter()
        .find_map(|energy| Some((name.strip_suffix(energy)?.strip_suffix('_')?, energy)))?;
    let energy = Some(energy.to_owned());
    match head.split_once('_')? {
        ("data", stream) if stream == "prompt" || stream == "proc" || number_after("p", stream).is_some() => {
            Some(ProcessName { is_data: true, energy, stream: Some(stream.to_owned()), ..plain })
        }
        (kind, sample) if is_sample(sample) => {
            let (campaign, rest) = leading_number(kind.strip_prefix("mc")?)?;
            let run_dependent = if rest.is_empty() { None } else { Some(conditions(rest)?) };
            let sample = Some(sample.to_owned());
            Some(ProcessName { mc_campaign: Some(campaign), run_dependent, energy, sample, ..plain })
        }
        _ => None,
    }
}

fn is_sample(token: &str) -> bool {
    !token.is_empty() && token.chars().all(|c| c.is_ascii_alphanumeric())
}

/// `P16M16rd` gives (16, 16, true).
fn head(token: &str) -> Option<(u32, u32, bool)> {
    let (proc, rest) = leading_number(token.strip_prefix('P')?)?;
    let (campaign, rest) = leading_number(rest.strip_prefix('M')?)?;
    Some((proc, campaign, conditions(rest)?))
}

fn conditions(text: &str) -> Option<bool> {
    match text {
        "rd" => Some(true),
        "ri" => Some(false),
        _ => None,
    }
}

/// `mcoff` gives (false, `4S_offres`).
fn kind_of(token: &str) -> Option<(bool, &'static str)> {
    let (is_data, beam) = match token.strip_prefix("data") {
        Some(beam) => (true, beam),
        None => (false, token.strip_prefix("mc")?),
    };
    let energy = match beam {
        "" | "4S" => "4S_on",
        "off" => "4S_offres",
        "5S" => "5S_scan",
        _ => return None,
    };
    Some((is_data, energy))
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn number_after(prefix: &str, token: &str) -> Option<u32> {
    let digits = token.strip_prefix(prefix)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) { None } else { digits.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_contain_one_another_stay_apart() {
        let group = |name: &str| Grammar::default().parse(name).map(|parsed| parsed.group);
        assert_eq!(group("P16M16rd_mcoff_ee_p16_v1").as_deref(), Ok("ee"));
        assert_eq!(group("P16M16rd_mcoff_eeee_p16_v1").as_deref(), Ok("llYY"));
        assert_eq!(group("P16M16rd_mc5S_mumu_p16_COMBINED").as_deref(), Ok("mumu"));
        assert_eq!(group("'sample_name=P16M16ri_data_prompt_v4'").as_deref(), Ok("data"));
    }

    #[test]
    fn short_names_say_what_they_say() {
        let parse = |name: &str| Grammar::default().parse(name).unwrap();
        let data = parse("data_prompt_4S_offres");
        assert_eq!(
            (data.is_data, data.stream.as_deref(), data.energy.as_deref()),
            (true, Some("prompt"), Some("4S_offres"))
        );
        let mc = parse("mc15ri_mumu_4S_on");
        assert_eq!((mc.mc_campaign, mc.run_dependent, mc.group.as_str()), (Some(15), Some(false), "mumu"));
        let flat = parse("mc16-eemumu-offprompt_matched");
        assert_eq!((flat.sample.as_deref(), flat.energy.as_deref()), (Some("eemumu"), Some("4S_offres")));
        assert_eq!((flat.stream.as_deref(), flat.group.as_str()), (Some("prompt"), "llYY"));
        assert_eq!(parse("data-prompt_selected").group, "data");
        for name in
            ["data_4S_on", "mc16-mumu_selected", "data-mumu-prompt_selected", "mc-mumu-prompt_selected", "mumu_4S_on"]
        {
            assert!(Grammar::default().parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_wrong_token_is_named() {
        let error = Grammar::default().parse("P16M16rd_mcof_mumu_p16_v1").unwrap_err();
        assert_eq!(
            error.to_string(),
            "process name `P16M16rd_mcof_mumu_p16_v1`: `mcof` is not mc or data with off, 5S or 4S behind it"
        );
        for name in [
            "",
            "P16",
            "P16M16rd_mc",
            "P16M16rd_mc_mumu",
            "P16M16rd_data_v1",
            "P16M16rd_mc_mumu_p16_v1_x",
            "P16M16rd_mc__p16_v1",
        ] {
            assert!(Grammar::default().parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn quotes_are_tolerated() {
        assert_eq!(bare("'sample_name=X'"), "X");
        assert_eq!(bare("sample_name='X'"), "X");
        assert_eq!(bare("sample_name=X'"), "X");
        assert_eq!(bare("X"), "X");
    }

    #[test]
    fn a_bad_grammar_says_where() {
        let error = Grammar::from_toml("patterns = ['{smple}']").unwrap_err();
        assert!(error.to_string().contains("no field `smple`"), "{error}");
    }
}
