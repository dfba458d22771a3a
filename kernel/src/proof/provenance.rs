//! What a whole session was made from: for `%provenance`, for the metadata of a notebook that was run without a front end,
//! and for the foot of its HTML.

use super::fingerprint::{Content, Input};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a session was made from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version and identity of the prelude.
    pub prelude: String,
    /// Release and commit of the compiler.
    pub rustc: String,
    /// The widest vectors of the processor.
    pub vectors: String,
    /// Settings of the environment that change how work is done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// All files that were read, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Read>,
}

/// A file, and who read it first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// The number of the cell.
    pub cell: u32,
    /// The file.
    #[serde(flatten)]
    pub input: Input,
}

impl Provenance {
    fn identities(&self) -> Vec<(String, String)> {
        let named = [("prelude", &self.prelude), ("rustc", &self.rustc), ("vectors", &self.vectors)];
        let named = named.into_iter().map(|(name, value)| (name.to_owned(), value.clone()));
        named.chain(self.options.clone()).collect()
    }

    fn row(read: &Read) -> [String; 5] {
        let Read { cell, input } = read;
        let how = match input.content {
            Content::Whole(_) => "sha256",
            Content::Sampled(_) => "sampled",
            Content::Modified(_) => "modified",
        };
        let short: String = input.content.hash().chars().take(16).collect();
        let rows = input.rows.map_or_else(String::new, |rows| rows.to_string());
        let made = if input.made { ", made here" } else { "" };
        [input.path.clone(), input.size.to_string(), rows, format!("{how} {short}"), format!("In[{cell}]{made}")]
    }

    /// A table of inputs and identities in plain text.
    pub fn text(&self) -> String {
        const HEAD: [&str; 5] = ["input", "bytes", "rows", "content", "read in"];
        let rows: Vec<[String; 5]> =
            std::iter::once(HEAD.map(str::to_owned)).chain(self.inputs.iter().map(Self::row)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3, 4].map(width);
        let mut out = String::new();
        for (name, value) in self.identities() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{name:8} {value}");
        }
        if self.inputs.is_empty() {
            return out + "no file was read";
        }
        for [path, size, count, content, cell] in rows {
            let line = format!(
                "{path:0$}  {size:>1$}  {count:>2$}  {content:3$}  {cell}",
                widths[0], widths[1], widths[2], widths[3]
            );
            let _ = write!(out, "\n{}", line.trim_end());
        }
        out
    }

    /// The same as HTML.
    pub fn html(&self) -> String {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let identities: Vec<String> =
            self.identities().iter().map(|(name, value)| format!("{} {}", escape(name), escape(value))).collect();
        let identities = format!("<p>{}</p>", identities.join(" · "));
        if self.inputs.is_empty() {
            return format!("<div>{identities}<p>no file was read</p></div>");
        }
        let cells = |row: [String; 5]| row.map(|cell| format!("<td>{}</td>", escape(&cell))).concat();
        let rows: String = self.inputs.iter().map(|read| format!("<tr>{}</tr>", cells(Self::row(read)))).collect();
        let head = "<tr><th>input</th><th>bytes</th><th>rows</th><th>content</th><th>read in</th></tr>";
        format!("<div>{identities}<table><thead>{head}</thead><tbody>{rows}</tbody></table></div>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_inputs_and_identities() {
        let content = Content::Whole("0123456789abcdef0123".into());
        let input = Input { path: "data/<Z>.csv".into(), size: 12, rows: Some(3), made: false, content };
        let one =
            Provenance { prelude: "0.1.0+ab".into(), inputs: vec![Read { cell: 2, input }], ..Provenance::default() };
        let text = one.text();
        assert!(
            text.contains("prelude  0.1.0+ab")
                && text.contains("data/<Z>.csv     12     3  sha256 0123456789abcdef  In[2]"),
            "{text}"
        );
        assert!(one.html().contains("<td>data/&lt;Z>.csv</td>"), "{}", one.html());
        assert!(Provenance::default().text().ends_with("no file was read"));
        let back: Provenance = serde_json::from_value(serde_json::to_value(&one).unwrap()).unwrap();
        assert_eq!(back, one);
    }
}
