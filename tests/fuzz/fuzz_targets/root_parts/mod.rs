//! ROOT files made of parts, so that what is random is what stands behind names, positions and checksums.

/// Where the first record begins, and where the record of the directory does.
const BEGIN: usize = 100;
const DIRECTORY: usize = 140;

/// Numbers one after another, big-endian.
#[derive(Default)]
pub struct Big(pub Vec<u8>);

impl Big {
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.u8(text.len() as u8);
        self.0.extend(text.as_bytes());
        self
    }
}

/// The key of an object of `stored` bytes that are not packed. References in the object count from the key, so its length
/// can be chosen: it has a title of `pad` bytes.
fn key(class: &str, name: &str, pad: u8, stored: usize, at: usize) -> Vec<u8> {
    let title = " ".repeat(usize::from(pad).min(254));
    let header = 26 + 3 + class.len() + name.len() + title.len();
    let mut out = Big::default();
    out.u32((header + stored) as u32).u16(4).u32(stored as u32).u32(0).u16(header as u16).u16(1);
    out.u32(at as u32).u32(BEGIN as u32).text(class).text(name).text(&title);
    out.0
}

/// Cuts so many bytes off, or all that there are.
pub fn cut<'a>(bytes: &mut &'a [u8], number: usize) -> &'a [u8] {
    let (first, rest) = bytes.split_at(number.min(bytes.len()));
    *bytes = rest;
    first
}

/// A little-endian number of two bytes; 0 where there are none.
pub fn number(bytes: &mut &[u8]) -> usize {
    cut(bytes, 2).iter().rev().fold(0, |all, byte| all << 8 | usize::from(*byte))
}

/// Where the bytes of [`file`] stand.
pub const POSITION: usize = 256;

/// A file with one object, the descriptions of classes, and any bytes at [`POSITION`].
pub fn file(class: &str, (object, pad): (&[u8], u8), (infos, infos_pad): (&[u8], u8), bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; POSITION];
    out.extend_from_slice(bytes);
    let object_at = out.len();
    let listed = key(class, "t", pad, object.len(), object_at);
    out.extend_from_slice(&listed);
    out.extend_from_slice(object);
    let infos_at = out.len();
    let infos_key = key("TList", "StreamerInfo", infos_pad, infos.len(), infos_at);
    out.extend_from_slice(&infos_key);
    out.extend_from_slice(infos);
    let keys_at = out.len();
    let mut list = Big::default();
    list.u32(1).0.extend_from_slice(&listed);
    out.extend_from_slice(&key("TFile", "f", 0, list.0.len(), keys_at));
    out.extend_from_slice(&list.0);
    let mut header = Big::default();
    header.0.extend(b"root");
    header.u32(63_400).u32(BEGIN as u32).u32(out.len() as u32).u32(0).u32(0).u32(0);
    header.u32((DIRECTORY - BEGIN) as u32).u8(4).u32(0).u32(infos_at as u32);
    header.u32((infos_key.len() + infos.len()) as u32);
    out[..header.0.len()].copy_from_slice(&header.0);
    let mut directory = Big::default();
    directory.u16(5).u32(0).u32(0).u32((out.len() - keys_at) as u32).u32(40).u32(BEGIN as u32).u32(0);
    directory.u32(keys_at as u32);
    out[DIRECTORY..DIRECTORY + directory.0.len()].copy_from_slice(&directory.0);
    out
}

/// Opens a file and reads every column of every table, few rows of each.
pub fn read(bytes: Vec<u8>) {
    let Ok(file) = root::File::from_bytes("fuzz.root", bytes) else { return };
    for entry in file.tables() {
        let Ok(table) = file.table(&entry.path) else { continue };
        for start in table.clusters() {
            assert!(start < table.rows(), "a cluster that begins behind the rows");
        }
        if let Ok(Some(index)) = table.index() {
            for (major, minor, row) in index.keys() {
                assert!(*row < table.rows() && index.row(*major, *minor).is_some(), "a row that the tree does not have");
            }
        }
        for column in 0..table.columns().len() {
            let rows = table.rows().min(1 << 12);
            if let Ok(values) = table.read(&[column], 0..rows) {
                assert_eq!(values[0].len() as u64, rows, "other rows than were asked for");
                assert_eq!(values[0].of(), table.columns()[column].of, "another type than the column has");
            }
        }
    }
}
