//! What a cell can say besides Rust: `%magics`, `%%options`, `!shell`, `?help` and evcxr's `:commands`, on lines of
//! their own before the first line of Rust.

/// One line of a cell that is not Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// `%opt 3`, also `:opt 3`: for all following cells; `auto` lets the kernel decide.
    Optimise(String),
    /// `%%rust opt=3`: for this cell.
    CellOptimise(String),
    /// `%time`: tells how long the cell takes.
    Time,
    /// `%time code`: tells how long this line and the rest of the cell take.
    TimeThis(String),
    /// `%timeit expression`, or the rest of the cell.
    TimeIt(String),
    /// `%vars`, `%who`.
    Variables,
    /// `%provenance`.
    Provenance,
    /// `%reset`.
    Reset,
    /// `%restore`.
    Restore,
    /// `%load file`.
    Load(String),
    /// `%help`, `%magics`; `%help item`.
    Help(String),
    /// `!command`.
    Shell(String),
    /// `%cd folder`, `%pwd`.
    Folder(Option<String>),
    /// `%env NAME=VALUE`: name and value.
    Environment(Option<String>, Option<String>),
    /// `?item` (false) or `??item` (true).
    Inspect(String, bool),
    /// One of evcxr's commands.
    Command(String),
    /// A magic that does not exist.
    Unknown(String),
}

/// Shown by `%help`.
pub(crate) const HELP: &str = "\
What is needed first:
  load(\"file\")?            open files: ROOT, parquet, CSV, ..; load(\"folder\")? opens all of them, one process for each name
  .group(\"mumu\")           some of the processes; `data` alone shows which there are
  .query(\"x > 2 & y < 1\")  keep rows; .query(query!(\"x > @cut\")) with a variable of the notebook
  .define(\"r\", \"a / b\")    a new column
  .oneCandOnly()           the best candidate of each event
  .weight(\"w\")            weights for counts and histograms
  .hist(\"x\", 50)?         a histogram, drawn when it is the last line; .hist(\"x\", (50, 0.0, 3.0))? with a range
  .count()?                the number of rows
  .cutflow()?              how many rows each step keeps
  .head(5).collect()?      the first rows
  h.fit(Gaussian + Line)?  a fit of the histogram h
%help query is the language of selections; ?NAME explains a name, such as ?load.

Lines before the first line of Rust may be:
  %help              this text; %help NAME is ?NAME
  %vars              the variables and their types
  %provenance        what was read so far, with sizes and hashes; prelude, compiler, processor
  %reset             forget variables, items and added crates
  %restore           run all cells of this session again, without compiling them
  %opt LEVEL         optimise following cells: 0 to 3, or auto (the default: 2 for cells with loops or closures, else 0)
  %%rust opt=LEVEL   optimise this cell
  %time              tell how long this cell takes
  %timeit EXPR       run an expression (or the rest of the cell) many times and tell the median
  %load FILE         put a file's text into the cell
  ?ITEM  ??ITEM      type and documentation of an item; with ?? also its source
  !COMMAND           run a shell command, in the folder and environment of the cells
  %cd FOLDER  %pwd   change or show the folder of the cells
  %env NAME=VALUE    set a variable of the cells' environment; without a value, show it
  :dep NAME = \"1\"    add a crate (polars, serde_json and tokio are there already)
  :type EXPR         the type of an expression
  :explain CODE      what rustc says about an error, such as E0382
In Rust: display(x), display_with_id(\"id\", x), update_display(\"id\", x), clear_output(wait), Html(..), Svg(..), Latex(..),
Markdown(..), Png(..), progress(iter, \"label\"), input(\"prompt\"), password(\"prompt\").
A semicolon behind the last expression hides its value.";

/// Splits a cell into its leading lines that are not Rust, and the Rust behind them. The Rust keeps its line numbers:
/// the lines in front of it become empty.
pub(crate) fn split(code: &str) -> (Vec<Line>, String) {
    let mut found = Vec::new();
    let mut rest = String::with_capacity(code.len());
    let mut lines = code.split_inclusive('\n');
    let mut cursor = 0;
    for line in lines.by_ref() {
        let text = line.trim();
        // The documentation of the first item is Rust.
        let comment = text.starts_with("//") && !text.starts_with("///");
        if !(text.is_empty() || comment) {
            match parse(text) {
                Some(line) => found.push(line),
                None => break,
            }
        }
        rest.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        cursor += line.len();
    }
    rest.push_str(&code[cursor..]);
    (found, rest)
}

/// The Rust of a cell.
pub(crate) fn rust_part(code: &str) -> &str {
    let mut cursor = 0;
    for line in code.split_inclusive('\n') {
        let text = line.trim();
        if !text.is_empty() && parse(text).is_none() {
            break;
        }
        cursor += line.len();
    }
    &code[cursor..]
}

fn parse(line: &str) -> Option<Line> {
    if let Some(command) = line.strip_prefix('!') {
        // `!x` is also Rust's negation, but a statement never begins with it.
        return Some(Line::Shell(command.trim().to_owned()));
    }
    if let Some(magic) = line.strip_prefix('%') {
        return Some(parse_magic(magic));
    }
    if let Some(item) = line.strip_prefix('?') {
        let detailed = item.starts_with('?');
        return Some(Line::Inspect(item.trim_start_matches('?').trim().to_owned(), detailed));
    }
    let command = line.strip_prefix(':').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))?;
    let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    Some(match name {
        "vars" => Line::Variables,
        "clear" => Line::Reset,
        "opt" if !argument.is_empty() => Line::Optimise(argument.trim().to_owned()),
        _ => Line::Command(line.to_owned()),
    })
}

fn parse_magic(magic: &str) -> Line {
    let magic = magic.trim();
    let (name, argument) = magic.split_once(char::is_whitespace).unwrap_or((magic, ""));
    let argument = argument.trim().to_owned();
    match name {
        "opt" => Line::Optimise(argument),
        "%rust" | "%opt" => {
            let level = argument.split_whitespace().map(|word| word.strip_prefix("opt=").unwrap_or(word)).next();
            Line::CellOptimise(level.unwrap_or("auto").to_owned())
        }
        "time" | "%time" if argument.is_empty() => Line::Time,
        "time" => Line::TimeThis(argument),
        "timeit" | "%timeit" => Line::TimeIt(argument),
        "vars" | "who" | "whos" => Line::Variables,
        "provenance" => Line::Provenance,
        "reset" => Line::Reset,
        "restore" => Line::Restore,
        "load" => Line::Load(argument),
        "cd" => Line::Folder(Some(if argument.is_empty() { "~".into() } else { unquoted(&argument).to_owned() })),
        "pwd" => Line::Folder(None),
        "env" | "set_env" => {
            let text = argument.trim();
            let split = text.split_once('=').or_else(|| text.split_once(char::is_whitespace));
            match split {
                Some((name, value)) => {
                    let value = unquoted(value.trim()).to_owned();
                    Line::Environment(Some(name.trim().to_owned()), Some(value))
                }
                None => Line::Environment((!text.is_empty()).then(|| text.to_owned()), None),
            }
        }
        "help" | "magics" | "lsmagic" => Line::Help(argument),
        _ => Line::Unknown(format!("%{name}")),
    }
}

/// A text without the quotes around it.
fn unquoted(text: &str) -> &str {
    let between = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    between('"').or_else(|| between('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_lines_are_taken_and_positions_stay() {
        let code = "%time\n// now\n:dep rand = \"0.9\"\n\nlet x = 1;\n%not a magic";
        let (lines, rest) = split(code);
        assert_eq!(lines, [Line::Time, Line::Command(":dep rand = \"0.9\"".into())]);
        assert_eq!(rest.find("let"), code.find("let"));
        assert!(rest.ends_with("%not a magic"));
        assert_eq!(rest.matches('\n').count(), code.matches('\n').count());
        let documented = "// A cell.\n/// A track.\nstruct Track;";
        assert!(
            split(documented).1.ends_with("\n/// A track.\nstruct Track;"),
            "the first item keeps its documentation"
        );
    }

    #[test]
    fn questions_are_for_the_pager() {
        assert_eq!(split("?Vec").0, [Line::Inspect("Vec".into(), false)]);
        assert_eq!(split("??data.group").0, [Line::Inspect("data.group".into(), true)]);
        // That is Rust: the value of a `Result`.
        assert!(split("found?").0.is_empty());
        assert!(split("::std::process::exit(1)").0.is_empty());
    }

    #[test]
    fn options_of_a_cell() {
        assert_eq!(split("%%rust opt=3\n1").0, [Line::CellOptimise("3".into())]);
        assert_eq!(split("%opt 2").0, [Line::Optimise("2".into())]);
        assert_eq!(split("%timeit 1 + 1").0, [Line::TimeIt("1 + 1".into())]);
        assert_eq!(split("%time f()?").0, [Line::TimeThis("f()?".into())]);
        assert_eq!(split("%help").0, [Line::Help(String::new())]);
        assert_eq!(split("%help query").0, [Line::Help("query".into())]);
        assert_eq!(split("%provenance").0, [Line::Provenance]);
        assert_eq!(split("%cd").0, [Line::Folder(Some("~".into()))]);
        assert_eq!(split("%cd \"my folder\"").0, [Line::Folder(Some("my folder".into()))]);
        assert_eq!(split("%env A='b \"c\"'").0, [Line::Environment(Some("A".into()), Some("b \"c\"".into()))]);
        assert_eq!(split("%env A=b c").0, [Line::Environment(Some("A".into()), Some("b c".into()))]);
        assert_eq!(split("%env A").0, [Line::Environment(Some("A".into()), None)]);
        assert_eq!(split("%nonsense").0, [Line::Unknown("%nonsense".into())]);
        assert_eq!(rust_part("%time\nlet x = (\n"), "let x = (\n");
    }
}
