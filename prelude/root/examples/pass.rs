//! Reads columns of a table cluster by cluster and says how long it took: `pass FILE:TABLE COLUMN ..`.

use std::time::Instant;

fn main() -> Result<(), root::Error> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_default();
    let Some((file, table)) = path.rsplit_once(':') else {
        println!("usage: pass FILE:TABLE COLUMN ..");
        return Ok(());
    };
    let wanted: Vec<String> = arguments.collect();
    for _ in 0..5 {
        let start = Instant::now();
        let table = root::File::open(file)?.table(table)?;
        let opened = start.elapsed();
        let position = |name: &String| table.columns().iter().position(|column| column.name == *name);
        let columns: Vec<usize> = wanted.iter().filter_map(position).collect();
        let starts = table.clusters();
        let ends = starts.iter().skip(1).copied().chain([table.rows()]);
        let mut rows = 0;
        for (start, end) in starts.iter().copied().zip(ends) {
            rows += table.read(&columns, start..end)?.first().map_or(0, root::Values::len);
        }
        println!("{rows} rows, {} columns: {:?}, of which opening {opened:?}", columns.len(), start.elapsed());
    }
    Ok(())
}
