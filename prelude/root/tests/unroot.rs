//! Files that we write, read by the rules of UnROOT.jl. Julia is not at hand here; what follows is what its source asks of a
//! file (commit 3624c62 of August 2026), and it is stricter than ROOT and uproot where it says so:
//!
//! * the record of the top directory lies within the first 2048 bytes;
//! * the descriptions of classes are one block, a list whose members use exactly the bytes they say, of the thirteen kinds
//!   of members that are known;
//! * TNamed 1, TAttLine and TAttFill 1 or 2, TAttMarker 1 to 3, TBranch 8, 12 or 13, TAxis 6 to 10, TH1 3 to 8, TH2 3 to 5;
//! * one leaf in each branch, of a class of numbers, or TLeafC, which is a text only if its length is more than 1;
//! * offsets of a basket have a number before and a number behind them, and the tables of a branch end with the number of rows;
//! * blocks of zlib, LZ4, xz or zstd;
//! * an ntuple has version 1.0, checksums of header, footer and lists of pages that fit, pages with checksums, and pages of bits
//!   that end with a byte.

#[path = "unroot/io.rs"]
mod io;
#[path = "unroot/ntuple.rs"]
mod ntuple;
#[path = "unroot/tree.rs"]
mod tree;

use io::{Io, Key};
use root::{Axis, Compression, Hist, NtupleWriter, Text, TreeWriter, Type, Values, Writer};
use std::path::PathBuf;

const ALL: [Compression; 4] = [Compression::None, Compression::Zlib(1), Compression::Lz4, Compression::Zstd(3)];
const ROWS: usize = 90_003;

fn columns() -> Vec<(String, Type)> {
    let named = |name: &str, of: Type| (name.to_owned(), of);
    vec![
        named("f64", Type::F64),
        named("f32", Type::F32),
        named("i64", Type::I64),
        named("u16", Type::U16),
        named("i8", Type::I8),
        named("ok", Type::Bool),
        named("text", Type::Text),
        named("empty", Type::Text),
        named("list", Type::List(Box::new(Type::I32))),
        named("fixed", Type::Fixed(Box::new(Type::F32), 3)),
    ]
}

fn rows() -> Vec<Values> {
    let all = 0..ROWS;
    let mut text = Text { offsets: vec![0], bytes: Vec::new() };
    let (mut offsets, mut list) = (vec![0], Vec::new());
    for row in all.clone() {
        text.bytes.extend(std::iter::repeat_n(b'a' + (row % 26) as u8, [0, 2, 259][row % 3]));
        text.offsets.push(text.bytes.len() as i64);
        list.extend((0..row % 5).map(|at| row as i32 * (1 - 2 * (at as i32 % 2))));
        offsets.push(list.len() as i64);
    }
    vec![
        Values::F64(all.clone().map(|row| row as f64 / 7.0).collect()),
        Values::F32(all.clone().map(|row| -(row as f32)).collect()),
        Values::I64(all.clone().map(|row| -(1i64 << 40) * row as i64).collect()),
        Values::U16(all.clone().map(|row| row as u16).collect()),
        Values::I8(all.clone().map(|row| row as i8).collect()),
        Values::Bool(all.clone().map(|row| row % 3 == 0).collect()),
        Values::Text(text),
        Values::Text(Text { offsets: vec![0; ROWS + 1], bytes: Vec::new() }),
        Values::List { offsets, values: Box::new(Values::I32(list)) },
        Values::Fixed {
            size: 3,
            rows: ROWS,
            values: Box::new(Values::F32((0..3 * ROWS).map(|at| at as f32).collect())),
        },
    ]
}

/// All bytes of numbers, and the bytes of each.
fn numbers(values: &Values, big: bool) -> (Vec<u8>, usize) {
    macro_rules! each {
        ($($kind:ident: $width:literal),*) => {
            match values {
                Values::Bool(all) => (all.iter().map(|one| u8::from(*one)).collect(), 1),
                $(Values::$kind(all) => {
                    (all.iter().flat_map(|one| if big { one.to_be_bytes() } else { one.to_le_bytes() }).collect(), $width)
                })*
                other => panic!("no numbers: {}", other.of()),
            }
        };
    }
    each!(I8: 1, U16: 2, I32: 4, F32: 4, I64: 8, F64: 8)
}

/// The bytes of each row.
fn bytes(values: &Values, big: bool) -> Vec<Vec<u8>> {
    match values {
        Values::Text(text) => (0..ROWS).map(|row| text.get(row).to_vec()).collect(),
        Values::List { offsets, values } => {
            let (all, width) = numbers(values, big);
            offsets.windows(2).map(|pair| all[pair[0] as usize * width..pair[1] as usize * width].to_vec()).collect()
        }
        Values::Fixed { size, values, .. } => {
            let (all, width) = numbers(values, big);
            all.chunks(size * width).map(<[u8]>::to_vec).collect()
        }
        one => {
            let (all, width) = numbers(one, big);
            all.chunks(width).map(<[u8]>::to_vec).collect()
        }
    }
}

fn write(name: &str, compression: Compression) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(format!("unroot-{name}.root"));
    let _ = std::fs::remove_file(&path);
    let mut file = Writer::create(&path, compression).expect("a file");
    let mut tree = TreeWriter::new("tree", &columns()).expect("columns");
    tree.push(&mut file, rows()).expect("rows");
    tree.finish(&mut file).expect("a tree");
    let mut ntuple = NtupleWriter::new("ntuple", &columns()).expect("columns");
    ntuple.push(&mut file, rows()).expect("rows");
    ntuple.finish(&mut file).expect("an ntuple");
    for (name, axes) in [("h1", 1), ("h2", 2)] {
        let edges = vec![0.0, 1.0, 2.0, 4.0];
        let axes = vec![Axis { title: "x".into(), edges, regular: false }; axes];
        let values: Vec<f64> = (0..5usize.pow(axes.len() as u32)).map(|bin| bin as f64 / 2.0).collect();
        let hist = Hist { title: "h".into(), axes, variances: Some(values.clone()), values, entries: 12.0 };
        file.hist(name, &hist).expect("a histogram");
    }
    file.finish().expect("the file");
    let bytes = std::fs::read(&path).expect("the file");
    std::fs::remove_file(&path).expect("the file");
    bytes
}

/// The keys of the top directory, and the record of descriptions.
fn opened(file: &[u8]) -> (Vec<Key>, Key) {
    let head = &file[..2048];
    assert!(head.starts_with(b"root"));
    let mut io = Io::new(head, 4, 0);
    let wide = io.i32() >= 1_000_000;
    let begin = io.i32() as usize;
    io.take(if wide { 16 } else { 8 } + 4 + 4);
    let name = io.i32() as usize;
    io.take(1 + 4);
    let infos = if wide { io.i64() as usize } else { io.u32() as usize };
    let size = io.i32() as usize;
    let mut io = Io::new(&file[infos..infos + size], 0, 0);
    let key = Key::read(&mut io);
    assert_eq!((key.seek, key.size), (infos, size));
    let mut io = Io::new(head, begin + name, 0);
    let version = io.i16();
    io.take(8);
    let bytes = io.i32() as usize;
    io.take(4);
    io.take(if version > 1000 { 16 } else { 8 });
    let keys = if version > 1000 { io.i64() as usize } else { io.i32() as usize };
    let mut io = Io::new(&file[keys..keys + bytes], 0, 0);
    Key::read(&mut io);
    let number = io.i32();
    ((0..number).map(|_| Key::read(&mut io)).collect(), key)
}

/// The names of the classes that are described.
fn described(file: &[u8], key: &Key) -> Vec<String> {
    let stored = &file[key.seek + key.header..key.seek + key.size];
    let plain = key.unpacked(file);
    if stored.len() != plain.len() {
        let packed = usize::from(stored[3]) | usize::from(stored[4]) << 8 | usize::from(stored[5]) << 16;
        assert_eq!(packed + 9, stored.len(), "more than one block");
    }
    let mut io = Io::new(&plain, 0, key.header);
    let list = io.preamble();
    io.tobject();
    io.text();
    let mut names = Vec::new();
    for _ in 0..io.i32() {
        let class = io.any().expect("an object");
        let object = io.preamble();
        if class == "TList" {
            // Rules by which ROOT reads older versions of classes, each a text.
            rules(&mut io);
        } else {
            assert_eq!(class, "TStreamerInfo");
            names.push(io.named().0);
            io.take(8);
            assert_eq!(io.any().as_deref(), Some("TObjArray"));
            io.array(|io, class| member(io, &class.expect("a member")));
        }
        io.end(&object, &class);
        let skip = io.u8();
        io.take(skip.into());
    }
    io.end(&list, "TList");
    names
}

fn rules(io: &mut Io) {
    io.tobject();
    io.text();
    for _ in 0..io.i32() {
        assert_eq!(io.any().as_deref(), Some("TObjString"));
        let text = io.preamble();
        io.tobject();
        io.text();
        io.end(&text, "TObjString");
        let skip = io.u8();
        io.take(skip.into());
    }
}

/// A member of a class.
fn member(io: &mut Io, class: &str) {
    let outer = io.preamble();
    let wrapped = (class == "TStreamerSTLstring").then(|| io.preamble());
    let element = io.preamble();
    io.named();
    io.take(4 * 4);
    let dimensions = if element.version == 1 { io.i32() } else { 5 };
    io.take(4 * dimensions as usize);
    io.text();
    io.take(if element.version == 3 { 24 } else { 0 });
    io.end(&element, "TStreamerElement");
    match class {
        "TStreamerBase" => {
            io.i32();
        }
        "TStreamerBasicPointer" | "TStreamerLoop" => {
            io.i32();
            io.text();
            io.text();
        }
        "TStreamerSTL" | "TStreamerSTLstring" => {
            io.take(8);
        }
        "TStreamerBasicType"
        | "TStreamerObject"
        | "TStreamerObjectAny"
        | "TStreamerObjectPointer"
        | "TStreamerObjectAnyPointer"
        | "TStreamerString"
        | "TStreamerArtificial" => {}
        other => panic!("a member of class {other}"),
    }
    wrapped.iter().for_each(|wrapped| io.end(wrapped, class));
    io.end(&outer, class);
}

/// The bins and their variances.
fn bins(file: &[u8], key: &Key) -> (Vec<f64>, Vec<f64>) {
    let plain = key.unpacked(file);
    let mut io = Io::new(&plain, 0, key.header);
    io.preamble();
    if key.class == "TH2D" {
        io.versioned("TH2", &[3, 4, 5]);
    }
    let th1 = io.versioned("TH1", &[3, 4, 5, 6, 7, 8]);
    io.named();
    io.attributes("TAttLine", &[1, 2], 6);
    io.attributes("TAttFill", &[1, 2], 4);
    io.attributes("TAttMarker", &[1, 2, 3], 8);
    io.i32();
    for _ in 0..3 {
        let axis = io.versioned("TAxis", &[6, 7, 8, 9, 10]);
        io.named();
        io.attributes("TAttAxis", &[4], 4 + 3 * 2 + 5 * 4 + 2 * 2);
        io.take(4 + 2 * 8);
        io.doubles();
        io.at = axis.end.expect("a byte count");
    }
    io.take(2 * 2 + 8 * 8);
    io.doubles();
    let variances = io.doubles();
    io.text();
    let functions = io.preamble();
    io.tobject();
    io.text();
    assert_eq!(io.i32(), 0);
    io.end(&functions, "TList");
    io.at = th1.end.expect("a byte count");
    io.take(if key.class == "TH2D" { 4 * 8 } else { 0 });
    (io.doubles(), variances)
}

#[test]
fn files_keep_the_rules_of_unroot() {
    for (at, compression) in ALL.into_iter().enumerate() {
        let file = write(&at.to_string(), compression);
        let (keys, infos) = opened(&file);
        let key = |name: &str| keys.iter().find(|key| key.name == name).expect("an object");
        let classes = described(&file, &infos);
        for class in ["TTree", "TBranch", "TLeafD", "TLeafC", "TH1D", "TH2D"] {
            assert!(classes.iter().any(|name| name == class), "{class} is not described: {classes:?}");
        }
        for (name, number) in [("h1", 5), ("h2", 25)] {
            let expected: Vec<f64> = (0..number).map(|bin| f64::from(bin) / 2.0).collect();
            assert_eq!(bins(&file, key(name)), (expected.clone(), expected));
        }
        trees(&file, key("tree"));
        ntuples(&file, key("ntuple"));
    }
}

fn trees(file: &[u8], key: &Key) {
    let branches = tree::branches(file, key);
    for ((name, _), values) in columns().iter().zip(rows()) {
        let branch = branches.iter().find(|branch| branch.name == *name).expect("the branch");
        assert!(branch.rows(file) == bytes(&values, true), "{name} ({}) has other values", branch.class);
    }
}

fn ntuples(file: &[u8], key: &Key) {
    let read = ntuple::read(file, key);
    assert_eq!(read.clusters.iter().map(|(rows, _)| *rows).sum::<i64>(), ROWS as i64);
    for ((name, of), values) in columns().iter().zip(rows()) {
        let field = read.fields.iter().position(|field| field.name == *name).expect("the field");
        let found: Vec<Vec<u8>> =
            read.clusters.iter().flat_map(|(rows, all)| values_of(&read, field, of, *rows as usize, all)).collect();
        assert!(found == bytes(&values, false), "{name} has other values");
    }
}

/// The bytes of each row of a field in a cluster.
fn values_of(read: &ntuple::Ntuple, field: usize, of: &Type, rows: usize, elements: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let columns = |field: usize| (0..read.columns.len()).filter(move |at| read.columns[*at].field as usize == field);
    let own: Vec<usize> = columns(field).collect();
    // What is inside of a list or an array is the last field below.
    let content = || {
        let inner = read.fields.iter().rposition(|one| one.parent as usize == field).expect("a field below");
        &elements[columns(inner).next().expect("a column")]
    };
    let cut = |bytes: &[u8], width: usize| {
        let ends = elements[own[0]].as_chunks::<8>().0.iter().map(|end| width * u64::from_le_bytes(*end) as usize);
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        starts.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect()
    };
    let said = &read.fields[field];
    match of {
        Type::Text => {
            // Characters in the second column are what makes it a text.
            assert_eq!((read.columns[own[1]].kind, said.type_name.as_str()), (2, "std::string"));
            cut(&elements[own[1]], 1)
        }
        Type::List(_) => {
            assert_eq!(said.role, 1);
            cut(content(), 4)
        }
        Type::Fixed(..) => {
            assert_eq!((said.role, said.repetition), (0, 3));
            content().chunks(12).map(<[u8]>::to_vec).collect()
        }
        Type::Bool => (0..rows).map(|row| vec![elements[own[0]][row / 8] >> (row % 8) & 1]).collect(),
        _ => elements[own[0]].chunks(usize::from(read.columns[own[0]].bits) / 8).map(<[u8]>::to_vec).collect(),
    }
}
