//! From places in generated code back to what the user typed, and from rustc's JSON to one failure.

use super::advice::{Seen, advice, is_about_return, is_unknown};
use super::render::{Mark, Report, Text, render};
use super::syntax::misplaced;
use crate::cell::source::edits::{Source, floor, offset_of};
use crate::cell::source::files::Inlined;
use crate::cell::source::generate::Generated;
use crate::cell::source::marks::BODY;
use crate::cell::source::parsed::{bound, words};
use crate::cell::source::rewrite::renamed;
use crate::cell::source::tries::compared;
use crate::evaluator::Failure;
use crate::variables::Table;
use port::Place;
use serde_json::Value;
use std::collections::HashMap;

/// An item of a cell that has run, as it was compiled.
#[derive(Debug, Clone)]
pub(crate) struct ItemOrigin {
    pub cell: u32,
    pub item: Source,
    /// What later cells have left of it.
    pub left: Option<Source>,
}

impl ItemOrigin {
    /// What is compiled of it now.
    pub fn now(&self) -> &Source {
        self.left.as_ref().unwrap_or(&self.item)
    }

    /// Puts a text in place of another.
    pub fn replace(&mut self, old: &str, new: &str) {
        for source in [Some(&mut self.item), self.left.as_mut()].into_iter().flatten() {
            source.text = source.text.replace(old, new);
        }
    }
}

/// What is needed to find the way back.
pub(crate) struct Map<'a> {
    /// Number of the present cell.
    pub cell: u32,
    /// Its code and what was made of it.
    pub code: &'a str,
    pub generated: &'a Generated,
    /// Items of earlier cells.
    pub origins: &'a [ItemOrigin],
    /// Code of earlier cells by number.
    pub cells: &'a HashMap<u32, String>,
    /// Files of Rust that stand in items of earlier cells.
    pub files: Vec<&'a Inlined>,
    pub table: &'a Table,
}

impl<'a> Map<'a> {
    fn code_of(&self, text: &Text) -> Option<&'a str> {
        match text {
            Text::Cell(cell) if *cell == self.cell => Some(self.code),
            Text::Cell(cell) => self.cells.get(cell).map(String::as_str),
            Text::File(name) => self.files().find(|file| file.name == *name).map(|file| file.original.as_str()),
        }
    }

    /// Files of Rust that stand in items. Those that others name come before them.
    fn files(&self) -> impl Iterator<Item = &'a Inlined> {
        let own = self.generated.inside.iter().flat_map(|inside| &inside.files);
        own.chain(self.files.iter().copied())
    }

    /// The text, and the byte in it, that a byte of compiled source came from.
    fn locate(&self, source: &str, offset: usize) -> Option<(Text, usize)> {
        if let Some(start) = source.find(BODY).map(|at| at + BODY.len())
            && offset >= start
            && offset <= start + self.generated.body.text.len()
            && source
                .get(start..start + self.generated.body.text.len())
                .is_some_and(|text| same(text, &self.generated.body.text))
        {
            return Some((Text::Cell(self.cell), self.generated.body.original(offset - start)));
        }
        let within = |item: &Source| {
            let within = |(at, _): &(usize, &str)| *at <= offset && offset <= at + item.text.len();
            let (at, _) = source.match_indices(item.text.as_str()).find(within)?;
            Some(item.original(offset - at))
        };
        let in_file = |file: &Inlined| Some((Text::File(file.name.clone()), within(&file.source)?));
        if let Some(place) = self.files().find_map(in_file) {
            return Some(place);
        }
        let own = self.generated.items.iter().map(|item| (self.cell, item));
        let earlier = self.origins.iter().rev().map(|origin| (origin.cell, origin.now()));
        own.chain(earlier).find_map(|(cell, item)| Some((Text::Cell(cell), within(item)?)))
    }

    /// The place of a span of rustc's JSON, or of the call of a macro that it is in, in an item: whether it is one of this cell,
    /// or the number of an earlier one, with the byte in its text.
    pub fn item_at(&self, source: &str, span: &Value) -> Option<(Option<usize>, usize)> {
        let mut at = span;
        while let Some(outer) = at.get("expansion").and_then(|expansion| expansion.get("span")) {
            at = outer;
        }
        let offset = usize::try_from(at["byte_start"].as_u64()?).ok()?;
        let within = |text: &str| {
            let mut places = source.match_indices(text);
            places
                .find(|(at, _)| !text.is_empty() && *at <= offset && offset < at + text.len())
                .map(|(at, _)| offset - at)
        };
        let own = self.generated.items.iter().find_map(|item| Some((None, within(item.text.trim())?)));
        let earlier = || {
            let mut all = self.origins.iter().enumerate().rev();
            all.find_map(|(index, origin)| Some((Some(index), within(origin.now().text.trim())?)))
        };
        own.or_else(earlier)
    }

    /// A span of rustc's JSON, followed out of macros to the text that called them.
    fn mark(&self, source: &str, span: &Value) -> Option<Mark> {
        let mut at = span;
        loop {
            if let Some(mark) = self.mark_here(source, at) {
                let label = span["label"].as_str().unwrap_or_default();
                let label = match label {
                    _ if is_about_return(label) => "a cell returns nothing",
                    _ if is_unknown(label) => "nothing says of which type its value is",
                    _ => label,
                };
                let label = label.to_owned();
                return Some(Mark { label, primary: span["is_primary"] == true, ..mark });
            }
            at = at.get("expansion").filter(|expansion| !expansion.is_null())?.get("span")?;
        }
    }

    fn mark_here(&self, source: &str, span: &Value) -> Option<Mark> {
        let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
        let end = usize::try_from(span["byte_end"].as_u64()?).ok()?;
        if span["file_name"].as_str()?.starts_with('/') || end > source.len() {
            return None;
        }
        let (text, from, to) = match (self.locate(source, start), self.locate(source, end)) {
            (Some((text, from)), Some((other, to))) if text == other && to >= from => (text, from, to),
            _ => self.imported(source.get(start..end)?)?,
        };
        Some(Mark { text, start: from, end: to, label: String::new(), primary: false })
    }

    /// evcxr writes `use` declarations anew, one per name: the name is looked for in those of the cell.
    fn imported(&self, text: &str) -> Option<(Text, usize, usize)> {
        let uses = self.generated.items.iter().filter(|item| item.text.trim_start().starts_with("use"));
        uses.into_iter().find_map(|item| {
            let at = item.text.find(text).filter(|_| !text.is_empty())?;
            let from = item.original(at);
            Some((Text::Cell(self.cell), from, from + text.len()))
        })
    }

    fn report(&self, source: &str, message: &Value) -> Report {
        let children = message["children"].as_array().map(Vec::as_slice).unwrap_or_default();
        let spans = message["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let marks: Vec<_> = spans.iter().filter_map(|span| self.mark(source, span)).collect();
        let text = readable(message["message"].as_str().unwrap_or_default());
        let mut report = Report {
            level: message["level"].as_str().unwrap_or("error").to_owned(),
            code: message["code"]["code"].as_str().map(str::to_owned),
            message: suggestion(&text, spans),
            marks,
            notes: children
                .iter()
                .filter(|child| worth_showing(child))
                .map(|child| self.report(source, child))
                .collect(),
        };
        self.add_hints(&mut report, &text);
        report
    }

    /// An error with the line that helps, if there is one, in place of rustc's notes.
    fn advised(&self, source: &str, error: &Value) -> Report {
        let mut report = self.report(source, error);
        let spans = error["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let labels: Vec<_> = spans.iter().filter_map(|span| span["label"].as_str()).collect();
        let primary = spans.iter().find(|span| span["is_primary"] == true);
        let at = primary.and_then(|span| {
            let byte = |name: &str| usize::try_from(span[name].as_u64()?).ok();
            source.get(byte("byte_start")?..byte("byte_end")?)
        });
        let seen = Seen {
            code: error["code"]["code"].as_str().unwrap_or_default(),
            message: error["message"].as_str().unwrap_or_default(),
            labels: &labels.join("\n"),
            at: at.unwrap_or_default(),
        };
        let gone = report.notes.iter().any(|note| note.message.contains("not there any more"));
        if let Some(line) = advice(&seen).filter(|_| !gone) {
            report.notes = vec![Report { level: "help".into(), message: line, ..Report::default() }];
        }
        report
    }

    /// What rustc cannot know.
    fn add_hints(&self, report: &mut Report, message: &str) {
        let name = message.split('`').nth(1).unwrap_or_default();
        let hint = match report.code.as_deref() {
            Some("E0425" | "E0423" | "E0433" | "E0412" | "E0422" | "E0405") => {
                self.table.gone.get(name).map(|reason| format!("`{name}` is not there any more: {reason}"))
            }
            Some("E0596" | "E0594" | "E0384") => {
                // Of `track.momentum`, `*count` and `list[0]` the variable.
                let name = name.trim_start_matches(['*', '&', '(']);
                let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                self.table.known.get(name).filter(|known| !known.mutable).map(|known| {
                    format!("`{name}` is a variable of In[{}]: declare it there with `let mut {name}`", known.cell)
                })
            }
            _ => None,
        };
        report.notes.extend(hint.map(|message| Report { level: "help".into(), message, ..Report::default() }));
    }

    /// One failure from all of rustc's errors.
    pub fn compile_error(&self, source: &str, errors: &[Value]) -> Failure {
        let mut reports: Vec<_> = errors.iter().map(|error| self.advised(source, error)).collect();
        if reports.iter().any(|report| !report.marks.is_empty()) {
            reports.retain(|report| !report.marks.is_empty());
        }
        reports.dedup();
        self.add_gone(&mut reports);
        reports.iter_mut().take(1).for_each(|first| first.notes.extend(self.misplaced(&first.marks)));
        let value = reports.first().map_or_else(
            || "the cell does not compile".to_owned(),
            |report| {
                let code = report.code.as_ref().map_or_else(String::new, |code| format!(" ({code})"));
                format!("{}{code}", report.message)
            },
        );
        let traceback = reports.iter().map(|report| render(report, &|text| self.code_of(text))).collect();
        Failure { name: "CompileError".into(), value, traceback }
    }

    /// What to say where an error is in a line that is no Rust, but may be read as such: `!ls`.
    fn misplaced(&self, marks: &[Mark]) -> Option<Report> {
        let own = marks.iter().find(|mark| mark.primary && mark.text == Text::Cell(self.cell))?;
        let line = self.code.get(..own.start)?.matches('\n').count();
        misplaced(self.code.lines().nth(line)?)
    }

    /// Names of the cell that are not there any more may be those of something else now, such as a function.
    fn add_gone(&self, reports: &mut [Report]) {
        let Some(first) = reports.first_mut() else { return };
        let (words, bound) = (words(self.code), bound(self.code));
        let gone = self.table.gone.iter().filter(|(name, _)| words.contains(*name) && !bound.contains(*name));
        for (name, reason) in gone.take(2) {
            let message = format!("`{name}` is not there any more: {reason}");
            let told = first.notes.iter().any(|note| note.message == message);
            let made = self.generated.variables.contains(name);
            if !told && !made {
                first.notes.push(Report { level: "help".into(), message, ..Report::default() });
            }
        }
    }

    /// A failure at a place in compiled source, such as a panic. Places outside of cells are named as they are.
    pub fn run_error(
        &self,
        name: &str,
        value: &str,
        at: Option<&Place>,
        source: Option<&str>,
        notes: &[String],
    ) -> Failure {
        let mut marks = Vec::new();
        let mut notes: Vec<_> = notes.to_vec();
        if let Some(at) = at {
            let offset = source.and_then(|source| {
                let offset = offset_of(source, at.line as usize, at.column as usize)?;
                self.locate(source, offset)
            });
            match offset {
                Some((text, start)) => {
                    let code = self.code_of(&text).unwrap_or_default();
                    let end = start + word_length(&code[floor(code, start)..]);
                    marks.push(Mark { text, start, end, label: String::new(), primary: true });
                }
                None => notes.push(format!("at {}:{}", outside(&at.file), at.line)),
            }
        }
        let notes =
            notes.into_iter().map(|message| Report { level: "note".into(), message, ..Report::default() }).collect();
        let report = Report { level: name.to_owned(), code: None, message: value.to_owned(), marks, notes };
        let traceback = vec![render(&report, &|text| self.code_of(text))];
        Failure { name: name.to_owned(), value: value.to_owned(), traceback }
    }
}

/// Whether a text is what was generated, apart from what has become again as it was written: names of methods, and `?`.
fn same(text: &str, generated: &str) -> bool {
    let plain = |text: &str| {
        renamed().fold(text.to_owned(), |text, (own, ours)| text.replace(ours, &format!("{own:0$}", ours.len())))
    };
    let (text, generated) = (compared(text), compared(generated));
    text == generated || (generated.contains(".recoil_") && plain(&text) == plain(&generated))
}

/// Paths as people write them: the names of our own helpers and of crates that are only seen through the prelude go.
fn readable(message: &str) -> String {
    if is_unknown(message) && (message.starts_with("the trait bound `std::result") || message.starts_with("a value of"))
    {
        return "type annotations needed".to_owned();
    }
    message.replace("recoil::runtime::", "")
}

/// rustc puts the text of a suggestion into its span.
fn suggestion(message: &str, spans: &[Value]) -> String {
    let texts: Vec<_> = spans.iter().filter_map(|span| span["suggested_replacement"].as_str()).collect();
    match texts.as_slice() {
        [text] if !text.trim().is_empty() && !text.contains("recoil_") => format!("{message}: `{}`", text.trim()),
        _ => message.to_owned(),
    }
}

/// Advice about generated code, and about the command line, is not for the user.
fn worth_showing(child: &Value) -> bool {
    let message = child["message"].as_str().unwrap_or_default();
    let about_us =
        ["__recoil", "Opened<", "Shown<", "recoil::runtime", "in crate `ctx`", "full name for the type has been"];
    !message.is_empty() && !about_us.iter().any(|ours| message.contains(ours))
}

/// How much to underline: the word at a place.
fn word_length(rest: &str) -> usize {
    let word = rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '!' | ':'));
    word.map(char::len_utf8).sum::<usize>().max(rest.chars().next().map_or(0, char::len_utf8))
}

/// A source path outside of cells, without the folders in front of it, which are private.
fn outside(file: &str) -> String {
    let crates = file.rfind("/src/").map_or(0, |src| file[..src].rfind('/').map_or(0, |slash| slash + 1));
    file[crates..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::source::generate::generate;
    use crate::cell::source::notebook::Notebook;
    use crate::cell::source::parse::parse;
    use serde_json::json;

    #[test]
    fn errors_point_into_the_cell() {
        let code = "fn f() {}\nfor _ in 0..1 { y }\nlet x = 1;";
        let table =
            Table { gone: [("y".to_owned(), "it was moved away in In[2]".to_owned())].into(), ..Table::default() };
        let generated = generate(code, &parse(code, &Notebook::empty()).unwrap(), &table);
        let cells = HashMap::new();
        let map =
            Map { cell: 7, code, generated: &generated, origins: &[], cells: &cells, files: Vec::new(), table: &table };
        let source = &generated.code;
        let at = source.find("y }").unwrap();
        let error = json!({"message": "cannot find value `y` in this scope", "level": "error", "code": {"code": "E0425"},
            "children": [], "spans": [{"file_name": "x.rs", "byte_start": at, "byte_end": at + 1, "is_primary": true,
            "label": "not found"}]});
        let failure = map.compile_error(source, &[error]);
        assert_eq!(failure.value, "cannot find value `y` in this scope (E0425)");
        assert!(failure.traceback[0].contains("In[7]:2:17"), "{}", failure.traceback[0]);
        assert!(failure.traceback[0].contains("moved away in In[2]"));
    }

    #[test]
    fn places_outside_are_short() {
        assert_eq!(
            outside("/home/me/.cargo/registry/src/index/polars-core-0.55.2/src/frame/mod.rs"),
            "polars-core-0.55.2/src/frame/mod.rs"
        );
        assert_eq!(outside("prelude/data/src/lib.rs"), "data/src/lib.rs");
    }
}
