use super::{Cell, Table};
use crate::text::{bar, one_line, pad, width};

/// Columns of text that a table may take before it goes on in a second block, as wide as a report is read well.
pub(super) const WIDTH: usize = 120;

pub(super) fn table(table: &Table) -> String {
    let mut out = Vec::new();
    if !table.caption.is_empty() {
        out.push(table.caption.clone());
    }
    let columns = columns(table);
    for block in blocks(&columns, table.first_is_head) {
        lines(table, &columns, &block, &mut out);
    }
    out.extend(table.notes.iter().cloned());
    for (summary, inner) in &table.details {
        out.push(String::new());
        out.push(format!("{summary}:"));
        out.push(self::table(inner));
    }
    out.join("\n")
}

/// A column, ready to print: heading lines, cells, width, side.
struct Column {
    head: Vec<String>,
    cells: Vec<String>,
    width: usize,
    right: bool,
}

fn columns(table: &Table) -> Vec<Column> {
    let column = |at: usize| {
        let heading = &table.headings[at];
        let mut head = vec![one_line(&heading.name, WIDTH / 2)];
        head.extend(heading.note.lines().map(String::from));
        let cells: Vec<_> = table.rows.iter().map(|row| row.get(at).map(inside).unwrap_or_default()).collect();
        let width = head.iter().chain(&cells).map(|text| width(text)).max().unwrap_or(0);
        Column { head, cells, width, right: table.is_right(at) }
    };
    (0..table.headings.len()).map(column).collect()
}

/// Which columns stand side by side; with row heads, the first column leads every block.
fn blocks(columns: &[Column], first_leads: bool) -> Vec<Vec<usize>> {
    let mut blocks: Vec<Vec<usize>> = vec![vec![]];
    let mut used = 0;
    for (at, column) in columns.iter().enumerate() {
        let last = blocks.len() - 1;
        if !blocks[last].is_empty() && used + column.width > WIDTH {
            let lead = first_leads && columns[0].width + column.width + 2 <= WIDTH;
            used = if lead { columns[0].width + 2 } else { 0 };
            blocks.push(if lead { vec![0, at] } else { vec![at] });
        } else {
            blocks[last].push(at);
        }
        used += column.width + 2;
    }
    blocks
}

fn lines(table: &Table, columns: &[Column], block: &[usize], out: &mut Vec<String>) {
    let heads = block.iter().map(|&at| columns[at].head.len()).max().unwrap_or(0);
    let named = block.iter().any(|&at| columns[at].head.iter().any(|line| !line.is_empty()));
    let line = |of: &dyn Fn(&Column) -> String| {
        let cells: Vec<_> =
            block.iter().map(|&at| pad(&of(&columns[at]), columns[at].width, columns[at].right)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    if named {
        for at in 0..heads {
            out.push(line(&|column| column.head.get(at).cloned().unwrap_or_default()));
        }
        out.push(block.iter().map(|&at| "─".repeat(columns[at].width)).collect::<Vec<_>>().join("  "));
    }
    for row in 0..=table.rows.len() {
        if let Some((place, words)) = &table.gap
            && *place == row
        {
            out.push(format!("⋮ {words}"));
        }
        if row < table.rows.len() {
            out.push(line(&|column| column.cells[row].clone()));
        }
    }
}

fn inside(cell: &Cell) -> String {
    match cell {
        Cell::Text(words) | Cell::Number(words) => one_line(words, WIDTH / 2),
        Cell::Missing(word) => (*word).to_owned(),
        Cell::Bar(share, words) => format!("{} {words}", pad(&bar(*share, 10), 10, false)),
    }
}
