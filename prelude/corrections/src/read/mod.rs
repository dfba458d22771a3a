//! JSON to checked corrections. Every place of the file is looked at before anything is evaluated.

mod json;

use crate::edges::Edges;
use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::input::{Kind, Variable};
use crate::node::{Axis, Flow, Node};
use crate::random::Distribution;
use crate::read::json::At;
use crate::set::{Correction, Operation, Set, Work};
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

/// More than this is no table of corrections.
const LARGEST: u64 = 1 << 30;

impl Set {
    /// Reads a file in the format of correctionlib, JSON version 2, plain or gzipped.
    ///
    /// Whole numbers may stand where floating point numbers are meant, and `NaN` and `Infinity` of Python's writer are
    /// understood. Neural networks (`lwtnn`) are not: such a correction is an error when it is asked for.
    ///
    /// # Errors
    /// When the bytes are no JSON, or JSON that is no correction: the message says where.
    ///
    /// ```
    /// # let text = r#"{"schema_version": 2, "description": "scale factors", "corrections": [
    /// #     {"name": "sf", "version": 1, "data": 1.1, "inputs": [{"name": "p", "type": "real"}], "output": {"name": "weight", "type": "real"}}]}"#;
    /// # let set = corrections::Set::read(text.as_bytes())?;
    /// assert!(corrections::Set::read(text.as_bytes()).is_ok() && corrections::Set::read(b"no JSON").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut unpacked = Vec::new();
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(LARGEST);
            reader.read_to_end(&mut unpacked).map_err(|error| Error::Json(format!("damaged gzip: {error}")))?;
            &unpacked[..]
        } else {
            bytes
        };
        let text = std::str::from_utf8(bytes).map_err(|_| Error::Json("the bytes are no text in UTF-8".to_owned()))?;
        let value = json::parse(text)?;
        let mut set = set(&At::root(&value))?;
        let digest = crate::hash::digest(bytes);
        set.entries.iter_mut().filter_map(|(_, entry)| entry.as_mut().ok()).for_each(|entry| entry.digest = digest);
        Ok(set)
    }
}

fn set(file: &At<'_>) -> Result<Set> {
    let version = file.get("schema_version")?.integer()?;
    if version != 2 {
        return Err(file.get("schema_version")?.wrong(format!(
            "version {version} of the format is not known, only 2 is; correctionlib's own tools convert older files"
        )));
    }
    let mut entries: Vec<(String, Result<Correction>)> = Vec::new();
    for item in file.get("corrections")?.list()? {
        let name = item.get("name")?.text()?.to_owned();
        let item = item.named(&name);
        if entries.iter().any(|(known, _)| *known == name) {
            return Err(item.wrong(format!("there are two corrections of the name `{name}`")));
        }
        let read = match correction(&item, &name) {
            Err(Error::Content { place, reason }) if reason.starts_with(json::NEURAL) => {
                Err(Error::Content { place, reason })
            }
            other => Ok(other?),
        };
        entries.push((name, read));
    }
    let single = entries.len();
    for item in file.maybe("compound_corrections").map_or(Ok(Vec::new()), |list| list.list())? {
        let name = item.get("name")?.text()?.to_owned();
        let item = item.named(&name);
        if entries[single..].iter().any(|(known, _)| *known == name) {
            return Err(item.wrong(format!("there are two compound corrections of the name `{name}`")));
        }
        let read = compound(&item, &name, &entries[..single])?;
        entries.push((name, read));
    }
    let description = file.maybe("description").map_or(Ok(""), |text| text.text())?.to_owned();
    Ok(Set { description, entries })
}

fn variable(at: &At<'_>) -> Result<Variable> {
    let kind = at.get("type")?;
    let kind = match kind.text()? {
        "real" => Kind::Real,
        "int" => Kind::Integer,
        "string" => Kind::Text,
        other => return Err(kind.wrong(format!("a type is `real`, `int` or `string`, not `{other}`"))),
    };
    let description = at.maybe("description").map_or(Ok(""), |text| text.text())?.to_owned();
    Ok(Variable { name: at.get("name")?.text()?.to_owned(), kind, description })
}

/// What corrections and stacks of them have in common; the work is put in later.
fn head(at: &At<'_>, name: &str) -> Result<Correction> {
    let inputs = at.get("inputs")?.list()?.iter().map(variable).collect::<Result<Vec<_>>>()?;
    let output = variable(&at.get("output")?)?;
    if output.kind != Kind::Real {
        return Err(at.get("output")?.wrong("only numbers can come out"));
    }
    let description = at.maybe("description").map_or(Ok(""), |text| text.text())?.to_owned();
    let version = at.maybe("version").map_or(Ok(0), |version| version.integer())?;
    Ok(Correction {
        name: name.to_owned(),
        description,
        version,
        inputs,
        output,
        usual: None,
        digest: 0,
        work: Work::One(Node::Nothing),
    })
}

fn correction(at: &At<'_>, name: &str) -> Result<Correction> {
    at.get("version")?;
    let mut made = head(at, name)?;
    let mut formulas = Vec::new();
    for item in at.maybe("generic_formulas").map_or(Ok(Vec::new()), |list| list.list())? {
        formulas.push(formula(&item, &made.inputs)?);
    }
    let context = Context { inputs: &made.inputs, formulas: &formulas };
    made.work = Work::One(context.node(&at.get("data")?)?);
    Ok(made)
}

/// A formula, and the inputs that are its variables.
fn formula(at: &At<'_>, inputs: &[Variable]) -> Result<(Arc<Formula>, Vec<usize>)> {
    let parser = at.get("parser")?;
    if parser.text()? != "TFormula" {
        return Err(parser.wrong("only formulas of TFormula can be read"));
    }
    let expression = at.get("expression")?;
    let formula = Formula::parse(expression.text()?).map_err(|reason| expression.wrong(reason))?;
    let mut variables = Vec::new();
    for name in at.get("variables")?.list()? {
        variables.push(position(&name, inputs, &[Kind::Real])?);
    }
    if variables.len() < formula.variables {
        let reason = format!("it has {} variables, and {} are named", formula.variables, variables.len());
        return Err(expression.wrong(reason));
    }
    Ok((Arc::new(formula), variables))
}

/// The position of an input of one of these types.
fn position(name: &At<'_>, inputs: &[Variable], kinds: &[Kind]) -> Result<usize> {
    let wanted = name.text()?;
    let Some(at) = inputs.iter().position(|known| known.name == wanted) else {
        let known = crate::error::some_of(inputs.iter().map(|known| format!("`{}`", known.name)));
        return Err(name.wrong(format!("there is no input `{wanted}`, there is {known}")));
    };
    if !kinds.contains(&inputs[at].kind) {
        return Err(name.wrong(format!("the input `{wanted}` is {}, which cannot be used here", inputs[at].kind)));
    }
    Ok(at)
}

struct Context<'c> {
    inputs: &'c [Variable],
    formulas: &'c [(Arc<Formula>, Vec<usize>)],
}

const NUMBERS: [Kind; 2] = [Kind::Real, Kind::Integer];

impl Context<'_> {
    fn node(&self, at: &At<'_>) -> Result<Node> {
        if let Some(value) = at.as_number() {
            return Ok(Node::Value(value));
        }
        let kind = at.get("nodetype")?;
        match kind.text()? {
            "binning" => {
                let axis = self.axis(&at.get("input")?, &at.get("edges")?)?;
                self.bins(at, vec![axis])
            }
            "multibinning" => {
                let (inputs, edges) = (at.get("inputs")?.list()?, at.get("edges")?.list()?);
                if inputs.is_empty() || inputs.len() != edges.len() {
                    return Err(at.wrong(format!("{} inputs have {} lists of edges", inputs.len(), edges.len())));
                }
                let axes = inputs.iter().zip(&edges).map(|(input, edges)| self.axis(input, edges));
                self.bins(at, axes.collect::<Result<_>>()?)
            }
            "category" => self.category(at),
            "formula" => {
                let (formula, variables) = formula(at, self.inputs)?;
                self.with_parameters(at, formula, variables)
            }
            "formularef" => {
                let index = at.get("index")?;
                let known = usize::try_from(index.integer()?).ok().and_then(|index| self.formulas.get(index));
                let (formula, variables) =
                    known.ok_or_else(|| index.wrong(format!("there are {} generic formulas", self.formulas.len())))?;
                self.with_parameters(at, formula.clone(), variables.clone())
            }
            "transform" => Ok(Node::Transform {
                input: position(&at.get("input")?, self.inputs, &NUMBERS)?,
                rule: Box::new(self.node(&at.get("rule")?)?),
                content: Box::new(self.node(&at.get("content")?)?),
            }),
            "hashprng" => self.random(at),
            "lwtnn" => Err(at.wrong(json::NEURAL)),
            other => Err(kind.wrong(format!("there is no part called `{other}`"))),
        }
    }

    fn axis(&self, input: &At<'_>, edges: &At<'_>) -> Result<Axis> {
        let input = position(input, self.inputs, &NUMBERS)?;
        let made = match edges.list() {
            Ok(list) => Edges::listed(list.iter().map(At::edge).collect::<Result<_>>()?),
            Err(_) => {
                let bins = usize::try_from(edges.get("n")?.integer()?).unwrap_or(0);
                Edges::uniform(bins, edges.get("low")?.number()?, edges.get("high")?.number()?)
            }
        };
        Ok(Axis { input, edges: made.map_err(|reason| edges.wrong(reason))? })
    }

    fn bins(&self, at: &At<'_>, axes: Vec<Axis>) -> Result<Node> {
        let content = at.get("content")?;
        let items = content.list()?;
        let bins = axes.iter().try_fold(1_usize, |all, axis| all.checked_mul(axis.edges.bins()));
        if bins != Some(items.len()) {
            let bins = bins.map_or_else(|| "too many".to_owned(), |bins| bins.to_string());
            return Err(content.wrong(format!("there are {bins} bins and {} contents", items.len())));
        }
        let flow = at.get("flow")?;
        let flow = match flow.text() {
            Ok("clamp") => Flow::Clamp,
            Ok("error") => Flow::Error,
            Ok("wrap") => {
                if axes.iter().any(|axis| !axis.edges.ends().0.is_finite() || !axis.edges.ends().1.is_finite()) {
                    return Err(flow.wrong("bins with infinite edges cannot be wrapped"));
                }
                Flow::Wrap
            }
            Ok(other) => {
                return Err(flow.wrong(format!("`{other}` is none of `clamp`, `error`, `wrap` and a default value")));
            }
            Err(_) => Flow::Default(Box::new(self.node(&flow)?)),
        };
        Ok(Node::Bins { axes, cells: items.iter().map(|item| self.node(item)).collect::<Result<_>>()?, flow })
    }

    fn category(&self, at: &At<'_>) -> Result<Node> {
        let input = position(&at.get("input")?, self.inputs, &[Kind::Text, Kind::Integer])?;
        let (mut texts, mut integers) = (BTreeMap::new(), BTreeMap::new());
        for item in at.get("content")?.list()? {
            let (key, value) = (item.get("key")?, self.node(&item.get("value")?)?);
            let known = match self.inputs[input].kind {
                Kind::Text => texts.insert(key.text()?.to_owned(), value).is_some(),
                _ => integers.insert(key.integer()?, value).is_some(),
            };
            if known {
                return Err(key.wrong("this key is there twice"));
            }
        }
        let default = at.maybe("default").map(|default| self.node(&default)).transpose()?.map(Box::new);
        Ok(match self.inputs[input].kind {
            Kind::Text => Node::Texts { input, keys: texts, default },
            _ => Node::Integers { input, keys: integers, default },
        })
    }

    fn with_parameters(&self, at: &At<'_>, formula: Arc<Formula>, variables: Vec<usize>) -> Result<Node> {
        let parameters = match at.maybe("parameters") {
            Some(list) => list.list()?.iter().map(At::number).collect::<Result<Vec<_>>>()?,
            None => Vec::new(),
        };
        if parameters.len() < formula.parameters {
            let reason =
                format!("the formula has {} parameters, and {} are given", formula.parameters, parameters.len());
            return Err(at.wrong(reason));
        }
        Ok(Node::Formula { formula, variables, parameters })
    }

    fn random(&self, at: &At<'_>) -> Result<Node> {
        let inputs = at.get("inputs")?.list()?;
        if inputs.is_empty() {
            return Err(at.get("inputs")?.wrong("a random number needs at least one input"));
        }
        let inputs = inputs.iter().map(|name| position(name, self.inputs, &NUMBERS)).collect::<Result<_>>()?;
        let distribution = at.get("distribution")?;
        let distribution = match distribution.text()? {
            "stdflat" => Distribution::Flat,
            "stdnormal" => Distribution::LibraryNormal,
            "normal" => Distribution::Normal,
            other => return Err(distribution.wrong(format!("there is no distribution `{other}`"))),
        };
        Ok(Node::Random { inputs, distribution })
    }
}

fn operation(at: &At<'_>, last: bool) -> Result<Operation> {
    match at.text()? {
        "+" => Ok(Operation::Add),
        "*" => Ok(Operation::Multiply),
        "/" => Ok(Operation::Divide),
        "last" if last => Ok(Operation::Last),
        other => Err(at.wrong(format!("there is no operation `{other}`"))),
    }
}

/// A stack of corrections; one that needs what is not supported is an error when it is asked for.
fn compound(at: &At<'_>, name: &str, singles: &[(String, Result<Correction>)]) -> Result<Result<Correction>> {
    let mut made = head(at, name)?;
    let mut parts = Vec::new();
    for item in at.get("stack")?.list()? {
        let wanted = item.text()?;
        let part = match singles.iter().find(|(known, _)| known == wanted) {
            Some((_, Ok(part))) => part,
            Some((_, Err(error))) => return Ok(Err(error.clone())),
            None => return Err(item.wrong(format!("there is no correction `{wanted}`"))),
        };
        let mut places = Vec::new();
        for input in &part.inputs {
            let place = made.inputs.iter().position(|known| known.name == input.name);
            let place = place.ok_or_else(|| {
                item.wrong(format!("`{wanted}` takes `{}`, which is no input of the whole", input.name))
            })?;
            if made.inputs[place].kind != input.kind {
                return Err(item.wrong(format!("`{wanted}` takes `{}` as {}", input.name, input.kind)));
            }
            places.push(place);
        }
        parts.push((part.clone(), places));
    }
    let updated = at.get("inputs_update")?.list()?;
    let updated = updated.iter().map(|name| position(name, &made.inputs, &[Kind::Real])).collect::<Result<_>>()?;
    let update = operation(&at.get("input_op")?, false)?;
    let output = operation(&at.get("output_op")?, true)?;
    made.work = Work::Stack { parts, updated, update, output };
    Ok(Ok(made))
}
