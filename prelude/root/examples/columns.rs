//! Prints the tables of ROOT files, their columns, and what is not a column and why.

fn main() {
    for path in std::env::args().skip(1) {
        match root::File::open(&path) {
            Ok(file) => file.tables().iter().for_each(|entry| table(&file, &entry.path)),
            Err(error) => println!("{error}"),
        }
    }
}

fn table(file: &root::File, path: &str) {
    let table = match file.table(path) {
        Ok(table) => table,
        Err(error) => return println!("{error}"),
    };
    println!("{}:{path}: {} rows, clusters at {:?}", file.name(), table.rows(), table.clusters());
    for (number, column) in table.columns().iter().enumerate() {
        let read = table.read(&[number], 0..table.rows());
        let told = read.map_or_else(|error| error.to_string(), |_| "readable".to_owned());
        println!("  {} {} ({}): {told}", column.name, column.of, column.type_name);
    }
    for skipped in table.skipped() {
        println!("  - {} ({}): {}", skipped.name, skipped.type_name, skipped.reason);
    }
}
