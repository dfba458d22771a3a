//! Trees, as UnROOT.jl reads them.

use super::io::{Io, Key};

/// A branch, and what its leaf says.
pub struct Branch {
    pub name: String,
    pub class: String,
    title: String,
    length: usize,
    entries: i64,
    bytes: Vec<usize>,
    firsts: Vec<i64>,
    seeks: Vec<usize>,
}

/// The leaves that are known, and the bytes of a number and of the least and the largest value of each.
const LEAVES: [(&str, usize, usize); 8] = [
    ("TLeafI", 4, 4),
    ("TLeafS", 2, 2),
    ("TLeafL", 8, 8),
    ("TLeafO", 1, 1),
    ("TLeafF", 4, 4),
    ("TLeafB", 1, 1),
    ("TLeafD", 8, 8),
    ("TLeafC", 1, 4),
];

/// The branches of a tree.
pub fn branches(file: &[u8], key: &Key) -> Vec<Branch> {
    assert_eq!(key.class, "TTree");
    let bytes = key.unpacked(file);
    let mut io = Io::new(&bytes, 0, key.header);
    let preamble = io.preamble();
    assert!(preamble.version >= 20);
    io.named();
    io.attributes("TAttLine", &[1, 2], 6);
    io.attributes("TAttFill", &[1, 2], 4);
    io.attributes("TAttMarker", &[1, 2, 3], 8);
    io.take(5 * 8 + 8 + 4 * 4);
    let ranges = io.u32() as usize;
    io.take(6 * 8);
    io.take(2 * (1 + 8 * ranges));
    features(&mut io);
    let mut branches = Vec::new();
    io.array(|io, class| {
        assert_eq!(class.as_deref(), Some("TBranch"));
        branches.push(branch(io));
    });
    // The leaves are known already.
    io.array(|_, class| assert_eq!(class, None));
    assert!(io.any().is_none(), "aliases");
    assert_eq!((io.i32(), io.i32()), (0, 0), "indexes of old");
    assert!(io.any().is_none() && io.any().is_none(), "an index, or friends");
    branches
}

fn features(io: &mut Io) {
    let preamble = io.preamble();
    io.take(4);
    io.u8();
    io.end(&preamble, "ROOT::TIOFeatures");
}

fn branch(io: &mut Io) -> Branch {
    let preamble = io.versioned("TBranch", &[8, 12, 13]);
    assert_eq!(preamble.version, 13);
    let (name, _) = io.named();
    io.attributes("TAttFill", &[1, 2], 4);
    io.take(4 * 4 + 8);
    features(io);
    io.i32();
    let most = io.u32() as usize;
    io.i32();
    let entries = io.i64();
    io.take(3 * 8);
    io.array(|_, _| panic!("branches in branches"));
    let mut leaves = Vec::new();
    io.array(|io, class| leaves.push(leaf(io, class.expect("a leaf"))));
    io.array(|_, _| panic!("baskets in the tree"));
    let [(class, title, length)] = &leaves[..] else { panic!("one leaf, not {}", leaves.len()) };
    let (class, title, length) = (class.clone(), title.clone(), *length);
    io.take(1);
    let bytes = (0..most).map(|_| io.i32() as usize).collect();
    io.take(1);
    let firsts = (0..most).map(|_| io.i64()).collect();
    io.take(1);
    let seeks = (0..most).map(|_| io.i64() as usize).collect();
    assert_eq!(io.text(), "", "baskets in another file");
    io.end(&preamble, "TBranch");
    Branch { name, class, title, length, entries, bytes, firsts, seeks }
}

fn leaf(io: &mut Io, class: String) -> (String, String, usize) {
    let (_, _, limits) = LEAVES.iter().find(|(known, ..)| *known == class).expect("a leaf that is known");
    let outer = io.preamble();
    let inner = io.preamble();
    let (_, title) = io.named();
    let length = io.i32() as usize;
    io.take(2 * 4 + 2 + 4);
    // What is left of the leaf is passed over.
    io.at = inner.end.expect("a byte count");
    io.take(2 * limits);
    io.end(&outer, &class);
    (class, title, length)
}

impl Branch {
    /// The bytes of every row, without those that say how many there are.
    pub fn rows(&self, file: &[u8]) -> Vec<Vec<u8>> {
        // Baskets are counted by the first of which the rows begin behind the last.
        let number = self.firsts.iter().position(|first| *first > self.entries - 1).expect("an end of the baskets");
        let mut rows = Vec::new();
        for basket in 0..number {
            self.basket(file, self.seeks[basket], self.bytes[basket], &mut rows);
            assert_eq!(rows.len() as i64, self.firsts[basket + 1], "{}: rows of basket {basket}", self.name);
        }
        rows
    }

    fn basket(&self, file: &[u8], seek: usize, size: usize, rows: &mut Vec<Vec<u8>>) {
        let mut io = Io::new(&file[seek..seek + size], 0, 0);
        let key = Key::read(&mut io);
        assert_eq!((key.seek, key.size), (seek, size));
        io.at = key.header - 19 + 2 + 4 + 4 + 4;
        let content = io.i32() as usize - key.header;
        let plain = key.unpacked(file);
        // One number stands before the offsets and one behind them.
        let table = (key.object - content).checked_sub(8).filter(|bytes| *bytes > 0);
        let offsets = table.map(|_| {
            let table = plain[content + 4..plain.len() - 4].as_chunks::<4>().0;
            let starts = table.iter().map(|one| u32::from_be_bytes(*one) as usize - key.header);
            starts.chain([content]).collect::<Vec<_>>()
        });
        let content = &plain[..content];
        let width = LEAVES.iter().find(|(class, ..)| *class == self.class).expect("a leaf").1;
        let rest = self.title.replace(&format!("[{}]", self.length), "");
        let counted = rest.contains('[') && rest.contains(']');
        // A text is told from a number by the length of its leaf.
        if self.class == "TLeafC" && self.length > 1 {
            let offsets = offsets.expect("offsets of texts");
            let text = |pair: &[usize]| Io::new(&content[pair[0]..pair[1]], 0, 0).text().into_bytes();
            rows.extend(offsets.windows(2).map(text));
        } else if counted {
            let offsets = offsets.expect("offsets of lists");
            rows.extend(offsets.windows(2).map(|pair| content[pair[0]..pair[1]].to_vec()));
        } else {
            rows.extend(content.chunks_exact(width * self.length).map(<[u8]>::to_vec));
        }
    }
}
