use super::{Cell, Table};
use crate::text::{bar, escape};
use std::fmt::Write;

const RIGHT: &str = "text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap";
const LEFT: &str = "text-align:left";

pub(super) fn table(table: &Table) -> String {
    let mut out = String::from("<div style=\"overflow-x:auto\">");
    body(table, &mut out);
    for note in &table.notes {
        let _ = write!(out, "<div><small>{}</small></div>", escape(note));
    }
    for (summary, inner) in &table.details {
        let _ = write!(out, "<details><summary>{}</summary>{}</details>", escape(summary), self::table(inner));
    }
    out.push_str("</div>");
    out
}

fn body(table: &Table, out: &mut String) {
    out.push_str("<table border=\"1\" class=\"dataframe\">");
    if !table.caption.is_empty() {
        let _ = write!(out, "<caption style=\"text-align:left\">{}</caption>", escape(&table.caption));
    }
    head(table, out);
    out.push_str("<tbody>");
    for (at, row) in table.rows.iter().enumerate() {
        gap(table, at, out);
        out.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let name = if column == 0 && table.first_is_head { "th scope=\"row\"" } else { "td" };
            let style = if table.is_right(column) { RIGHT } else { LEFT };
            let _ = write!(out, "<{name} style=\"{style}\">{}</{}>", inside(cell), &name[..2]);
        }
        out.push_str("</tr>");
    }
    gap(table, table.rows.len(), out);
    out.push_str("</tbody></table>");
}

fn head(table: &Table, out: &mut String) {
    if table.headings.iter().all(|heading| heading.name.is_empty() && heading.note.is_empty()) {
        return;
    }
    out.push_str("<thead><tr>");
    for (column, heading) in table.headings.iter().enumerate() {
        let style = if table.is_right(column) { "text-align:right" } else { LEFT };
        let _ = write!(out, "<th scope=\"col\" style=\"{style}\">{}", escape(&heading.name));
        if !heading.note.is_empty() {
            let note = escape(&heading.note).replace('\n', "<br/>");
            let _ = write!(out, "<br/><small style=\"font-weight:normal\">{note}</small>");
        }
        out.push_str("</th>");
    }
    out.push_str("</tr></thead>");
}

fn gap(table: &Table, at: usize, out: &mut String) {
    if let Some((place, words)) = &table.gap
        && *place == at
    {
        let columns = table.headings.len().max(1);
        let _ = write!(
            out,
            "<tr><td colspan=\"{columns}\" style=\"text-align:center\"><small>⋮ {}</small></td></tr>",
            escape(words)
        );
    }
}

fn inside(cell: &Cell) -> String {
    match cell {
        Cell::Text(words) | Cell::Number(words) => escape(words),
        Cell::Missing(word) => format!("<em>{word}</em>"),
        Cell::Bar(share, words) => {
            let blocks = bar(*share, 10);
            format!("<span style=\"font-family:monospace\">{blocks}</span> {}", escape(words))
        }
    }
}
