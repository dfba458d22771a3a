//! A text that is laid out, to frames: pieces side by side, and again what turned out to be of another kind.
//!
//! The first records say what each column is. Where a later value is not of that kind, all values of the column are
//! looked at and it is read again as what holds them all; so no value is ever lost to what came first.

use super::text::fault::{line, shown};
use super::text::kind::{COMMA, FLOAT, HUGE, INEXACT, Kind, LARGE, NEGATIVE, Rules, TEXT, Traits, decide};
use super::text::sniff::{Layout, fits, said};
use super::text::{Fault, Field};
use super::values::{ColumnValues, Plan, traits_of};
use polars::prelude::*;
use rayon::prelude::*;
use std::ops::Range;

/// Bytes of text of a piece: what one thread takes, and what becomes a segment.
const PIECE: usize = 8 << 20;

/// A text that is to be read.
pub(super) struct Text<'a> {
    pub text: &'a str,
    pub layout: &'a Layout,
    pub rules: &'a Rules,
    /// Bytes of a piece.
    pub piece: usize,
}

/// Frames, in the order of the text, and what is to be said of the columns.
pub(super) struct Table {
    pub pieces: Vec<DataFrame>,
    pub schema: SchemaRef,
    pub notes: Vec<String>,
}

/// Columns of a piece, as far as they were read, and the first misfit of each.
struct Piece {
    rows: usize,
    columns: Vec<Option<Column>>,
    misfits: Vec<Option<usize>>,
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str, layout: &'a Layout, rules: &'a Rules) -> Self {
        Self { text, layout, rules, piece: PIECE }
    }

    /// Reads all rows; `asked` are the kinds that the user says, by column.
    ///
    /// # Errors
    /// The first record that does not fit, or the first value that is not what the user says.
    pub(super) fn read(&self, asked: &[Option<Kind>]) -> Result<Table, Fault> {
        let found = self.layout.traits.iter().map(|&traits| decide(traits).map_or(Plan::Nothing, Plan::As));
        let plans: Vec<_> = found.zip(asked).map(|(found, asked)| asked.map_or(found, Plan::Asked)).collect();
        let ranges = self.layout.dialect.pieces(self.text.as_bytes(), self.layout.data, self.piece)?;
        let mut pieces = self.pieces(&ranges, &plans)?;
        let mut notes = self.hints(&plans);
        let misfits: Vec<_> = (0..plans.len()).map(|at| pieces.iter().find_map(|piece| piece.misfits[at])).collect();
        for (at, misfit) in misfits.iter().enumerate() {
            if let (Some(place), Plan::Asked(kind)) = (misfit, plans[at]) {
                return Err(Fault::new(*place, format!("`{}` is not {}", self.value_at(*place), name(kind))).of(at));
            }
        }
        if misfits.iter().any(Option::is_some) {
            let again = self.plans_again(&ranges, &misfits)?;
            notes.extend(self.changes(&plans, &again, &misfits));
            for (piece, new) in pieces.iter_mut().zip(self.pieces(&ranges, &again)?) {
                if let Some((at, place)) = new.misfits.iter().enumerate().find_map(|(at, place)| Some((at, (*place)?)))
                {
                    return Err(Fault::new(place, format!("`{}` cannot be read", self.value_at(place))).of(at));
                }
                for (column, new) in piece.columns.iter_mut().zip(new.columns) {
                    *column = new.or(column.take());
                }
            }
        }
        self.table(pieces, &plans, notes)
    }

    fn table(&self, pieces: Vec<Piece>, plans: &[Plan], notes: Vec<String>) -> Result<Table, Fault> {
        let frames = pieces.into_iter().filter(|piece| piece.rows > 0).map(|piece| {
            let columns = piece.columns.into_iter().flatten().collect();
            DataFrame::new(piece.rows, columns).map_err(|error| Fault::new(0, error.to_string()))
        });
        let pieces = frames.collect::<Result<Vec<_>, _>>()?;
        let empty = || {
            let column =
                |(name, &plan): (&String, &Plan)| ColumnValues::new(name.into(), plan, 0).finish(&name.into(), 0);
            self.layout.names.iter().zip(plans).filter_map(column).map(|column| column.field().into_owned()).collect()
        };
        let schema = pieces.first().map_or_else(|| Arc::new(empty()), |frame| frame.schema().clone());
        Ok(Table { pieces, schema, notes })
    }

    /// Each piece by the plans.
    fn pieces(&self, ranges: &[Range<usize>], plans: &[Plan]) -> Result<Vec<Piece>, Fault> {
        let pieces: Vec<_> = ranges.par_iter().map(|range| self.piece(range.clone(), plans)).collect();
        pieces.into_iter().collect()
    }

    fn piece(&self, range: Range<usize>, plans: &[Plan]) -> Result<Piece, Fault> {
        let names: Vec<PlSmallStr> = self.layout.names.iter().map(Into::into).collect();
        let guess = range.len() / (8 * plans.len()).max(1);
        let mut columns: Vec<_> =
            names.iter().zip(plans).map(|(name, &plan)| ColumnValues::new(name.clone(), plan, guess)).collect();
        let mut rows = 0;
        self.records(range, |fields| {
            rows += 1;
            for (column, field) in columns.iter_mut().zip(fields) {
                column.push(self.text, *field, &self.layout.dialect, self.rules);
            }
        })?;
        let misfits = columns.iter().map(|column| column.misfit).collect();
        let columns = columns.into_iter().zip(&names).map(|(column, name)| column.finish(name, rows)).collect();
        Ok(Piece { rows, columns, misfits })
    }

    /// Every record of a range, which must have as many fields as the table.
    fn records(&self, range: Range<usize>, mut each: impl FnMut(&[Field])) -> Result<(), Fault> {
        let text = &self.text.as_bytes()[..range.end];
        let width = self.layout.names.len();
        let (mut at, mut fields) = (range.start, Vec::with_capacity(width + 1));
        while let Some(next) = self.layout.dialect.record(text, at, &mut fields)? {
            if !fits(&fields, width) {
                return Err(self.ragged(&fields));
            }
            each(&fields);
            at = next;
        }
        Ok(())
    }

    fn ragged(&self, fields: &[Field]) -> Fault {
        let at = fields.first().map_or(0, |field| field.start - usize::from(field.quoted));
        let (found, wanted) = (fields.len(), self.layout.names.len());
        let text = &self.text.as_bytes()[at..];
        let comment = if trim_start(text) == Some(b'#') {
            "; lines of comment are passed over with `Csv::new().comment('#')`"
        } else {
            ""
        };
        let message = format!(
            "{found} field{} where the table has {wanted}: `{}` (separator {}){comment}",
            if found == 1 { "" } else { "s" },
            shown(text),
            said(self.layout.dialect.separator),
        );
        Fault::new(at, message)
    }

    /// What columns with a misfit are in truth.
    fn plans_again(&self, ranges: &[Range<usize>], misfits: &[Option<usize>]) -> Result<Vec<Plan>, Fault> {
        let of = |range: &Range<usize>| -> Result<Vec<Traits>, Fault> {
            let mut all = vec![0; misfits.len()];
            self.records(range.clone(), |fields| {
                for ((all, field), misfit) in all.iter_mut().zip(fields).zip(misfits) {
                    if misfit.is_some() {
                        *all |= traits_of(self.text, *field, &self.layout.dialect, self.rules);
                    }
                }
            })?;
            Ok(all)
        };
        let parts: Vec<_> = ranges.par_iter().map(of).collect();
        let mut all = vec![0; misfits.len()];
        for part in parts {
            all.iter_mut().zip(part?).for_each(|(all, part)| *all |= part);
        }
        let plan = |(traits, misfit): (Traits, &Option<usize>)| match misfit {
            Some(_) => decide(traits).map_or(Plan::Nothing, Plan::As),
            None => Plan::Skip,
        };
        Ok(all.into_iter().zip(misfits).map(plan).collect())
    }

    /// Columns that became text because of a value far down: a physicist wants to know it.
    fn changes(&self, before: &[Plan], after: &[Plan], misfits: &[Option<usize>]) -> Vec<String> {
        let columns = before.iter().zip(after).zip(misfits).zip(&self.layout.names);
        let told = columns.filter_map(|(((before, after), misfit), name)| {
            let became = *after == Plan::As(Kind::Text) && !matches!(before, Plan::Nothing);
            let place = misfit.filter(|_| became)?;
            let line = line(self.text.as_bytes(), place);
            Some(format!("column `{name}` is text: line {line} has `{}`", self.value_at(place)))
        });
        told.collect()
    }

    /// Columns that are text and look like something else.
    fn hints(&self, plans: &[Plan]) -> Vec<String> {
        let columns = plans.iter().zip(&self.layout.traits).zip(&self.layout.names);
        let told = columns.filter_map(|((plan, traits), name)| {
            if *plan != Plan::As(Kind::Text) {
                return None;
            }
            let has = |wanted: Traits| traits & wanted != 0;
            if has(COMMA) && self.layout.dialect.separator != b',' {
                return Some(format!(
                    "column `{name}` is text: decimal commas are read with `Csv::new().decimal_comma()`"
                ));
            }
            let wide = has(HUGE) || (has(LARGE) && has(NEGATIVE)) || (has(INEXACT) && has(FLOAT));
            (wide && !has(TEXT)).then(|| format!("column `{name}` is text: no number of 64 bits holds its integers"))
        });
        told.collect()
    }

    fn value_at(&self, at: usize) -> String {
        let text = &self.text.as_bytes()[at..];
        let separator = self.layout.dialect.separator;
        let end = text.iter().position(|&byte| byte == separator || self.layout.dialect.quote == Some(byte));
        shown(&text[..end.unwrap_or(text.len())]).trim_end_matches('…').to_owned()
    }
}

fn trim_start(text: &[u8]) -> Option<u8> {
    text.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t'))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Int { .. } => "an integer of 64 bits",
        Kind::Unsigned { .. } => "an unsigned integer of 64 bits",
        Kind::Float => "a number",
        Kind::Bool => "true or false",
        Kind::Date => "a date (ISO 8601, or a format that was given)",
        Kind::Time { zoned: true, .. } => "a time with its offset from UTC",
        Kind::Time { .. } => "a time (ISO 8601, or a format that was given)",
    }
}
