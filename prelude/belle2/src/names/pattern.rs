//! Patterns of users for names of other kinds.

use super::{NameError, ProcessName, conditions, kind_of};
use std::collections::BTreeMap;

/// Text and fields in turn: `mc{campaign}-{sample}`.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Field(String),
}

const FIELDS: [&str; 9] = ["proc", "campaign", "conditions", "kind", "energy", "sample", "stream", "version", "_"];

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = |why: String| NameError::Grammar(format!("pattern `{text}`: {why}"));
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(open) = rest.find('{') {
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_owned()));
            } else if matches!(pieces.last(), Some(Piece::Field(_))) {
                return Err(wrong("two fields need text between them".to_owned()));
            }
            let close = rest[open..].find('}').ok_or_else(|| wrong("a `{` without its `}`".to_owned()))? + open;
            let field = &rest[open + 1..close];
            if !FIELDS.contains(&field) {
                return Err(wrong(format!("no field `{field}`; there are {}", FIELDS.join(", "))));
            }
            pieces.push(Piece::Field(field.to_owned()));
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The fields of `name`, or `None` when it has another form.
    pub(super) fn read(&self, name: &str) -> Option<BTreeMap<String, String>> {
        let (mut fields, mut rest) = (BTreeMap::new(), name);
        for (at, piece) in self.0.iter().enumerate() {
            match piece {
                Piece::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Piece::Field(field) => {
                    let end = match self.0.get(at + 1) {
                        Some(Piece::Text(next)) => rest.find(next.as_str())?,
                        _ => rest.len(),
                    };
                    let value = &rest[..end];
                    if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') {
                        return None;
                    }
                    fields.insert(field.clone(), value.to_owned());
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(fields)
    }
}

/// What the fields of a name say.
pub(super) fn from_fields(name: &str, fields: &BTreeMap<String, String>) -> Result<ProcessName, NameError> {
    let token =
        |field: &str, expected| NameError::Token { name: name.to_owned(), token: fields[field].clone(), expected };
    let number = |field: &'static str| {
        fields.get(field).map(|text| text.parse::<u32>().map_err(|_| token(field, "a number"))).transpose()
    };
    let kind = fields
        .get("kind")
        .map(|kind| kind_of(kind).ok_or_else(|| token("kind", "mc or data with off, 5S or 4S behind it")))
        .transpose()?;
    let sample = fields.get("sample").filter(|sample| *sample != "data").cloned();
    Ok(ProcessName {
        name: name.to_owned(),
        proc: number("proc")?,
        mc_campaign: number("campaign")?,
        run_dependent: fields
            .get("conditions")
            .map(|text| conditions(text).ok_or_else(|| token("conditions", "rd or ri")))
            .transpose()?,
        is_data: kind.map_or(sample.is_none(), |(is_data, _)| is_data),
        energy: fields.get("energy").cloned().or_else(|| kind.map(|(_, energy)| energy.to_owned())),
        sample,
        stream: fields.get("stream").cloned(),
        version: fields.get("version").cloned(),
        group: String::new(),
    })
}
