//! A TTree in the making: clusters of rows, a basket per branch in each.

use super::file::{Writer, key_length};
use super::out::Out;
use super::pack::pack;
use super::rows::Rows;
use crate::columns::{Type, Values};
use crate::error::{Error, Kind, Result};
use rayon::prelude::*;

/// A tree that gets rows while they come. Lists become arrays counted by a branch of their own (`npt` counts `pt`), texts
/// leaves of type `C`.
///
/// ```
/// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
/// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
/// # let path = path.with_extension(format!("{}.root", std::process::id()));
/// # let mut writer = Writer::create(&path, Compression::Default)?;
/// # let columns = [("x".to_string(), Type::F64)];
/// let mut tree = TreeWriter::new("events", &columns)?;
/// tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5])])?;
/// tree.finish(&mut writer)?;
/// writer.finish()?;
/// assert_eq!(File::open(&path)?.table("events")?.rows(), 2);
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TreeWriter {
    name: String,
    branches: Vec<Branch>,
    waiting: Rows,
    rows: u64,
}

/// A branch of the tree.
#[derive(Debug)]
struct Branch {
    name: String,
    shape: Shape,
    leaf: &'static Leaf,
    /// Position among the columns.
    column: usize,
    baskets: Vec<(u64, u64, u32)>,
    /// Bytes unpacked and packed.
    bytes: (u64, u64),
    /// The longest text, or the most values of a row.
    most: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    One,
    Fixed(usize),
    /// The numbers of values of a list.
    Count,
    /// The values of a list, behind the branch that counts them.
    List,
    Text,
}

/// A kind of leaf: class, letter, bytes, whether it has no sign.
#[derive(Debug)]
struct Leaf(&'static str, char, usize, bool);

static LEAVES: [(Type, Leaf); 12] = [
    (Type::Bool, Leaf("TLeafO", 'O', 1, false)),
    (Type::I8, Leaf("TLeafB", 'B', 1, false)),
    (Type::U8, Leaf("TLeafB", 'b', 1, true)),
    (Type::I16, Leaf("TLeafS", 'S', 2, false)),
    (Type::U16, Leaf("TLeafS", 's', 2, true)),
    (Type::I32, Leaf("TLeafI", 'I', 4, false)),
    (Type::U32, Leaf("TLeafI", 'i', 4, true)),
    (Type::I64, Leaf("TLeafL", 'L', 8, false)),
    (Type::U64, Leaf("TLeafL", 'l', 8, true)),
    (Type::F32, Leaf("TLeafF", 'F', 4, false)),
    (Type::F64, Leaf("TLeafD", 'D', 8, false)),
    (Type::Text, Leaf("TLeafC", 'C', 1, false)),
];

fn leaf(of: &Type) -> Option<&'static Leaf> {
    LEAVES.iter().find(|(have, _)| have == of).map(|(_, leaf)| leaf)
}

/// Bytes behind the texts of the key of a basket.
const TAIL: usize = 19;

impl TreeWriter {
    /// A tree with these columns.
    ///
    /// # Errors
    /// A name that occurs twice, or a type that a branch cannot have: lists of lists and lists of text.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// let lists = Type::List(Box::new(Type::List(Box::new(Type::F64))));
    /// assert!(TreeWriter::new("events", &[("x".to_string(), lists)]).is_err(), "a branch has no lists of lists");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(name: &str, columns: &[(String, Type)]) -> Result<Self> {
        let waiting = Rows::new(columns)?;
        let mut branches: Vec<Branch> = Vec::new();
        let taken = |name: &str| columns.iter().any(|(have, _)| have == name);
        for (column, (name, of)) in columns.iter().enumerate() {
            let refused = || {
                let text = format!(
                    "column `{name}` is {of}; a branch takes numbers, truth values, text, and lists of numbers"
                );
                Error::from(Kind::Refused(text))
            };
            let mut push = |name: String, shape, leaf| {
                branches.push(Branch { name, shape, leaf, column, baskets: Vec::new(), bytes: (0, 0), most: 0 });
            };
            match of {
                Type::List(inner) => {
                    let leaf_of = leaf(inner).filter(|_| **inner != Type::Text).ok_or_else(refused)?;
                    let mut count = format!("n{name}");
                    while taken(&count) {
                        count.push('_');
                    }
                    let counter = leaf(&Type::I32).ok_or_else(refused)?;
                    push(count, Shape::Count, counter);
                    push(name.clone(), Shape::List, leaf_of);
                }
                Type::Fixed(inner, size) => {
                    let leaf = leaf(inner).filter(|_| **inner != Type::Text && *size > 0).ok_or_else(refused)?;
                    push(name.clone(), Shape::Fixed(*size), leaf);
                }
                Type::Text => push(name.clone(), Shape::Text, leaf(of).ok_or_else(refused)?),
                one => push(name.clone(), Shape::One, leaf(one).ok_or_else(refused)?),
            }
        }
        Ok(Self { name: name.to_owned(), branches, waiting, rows: 0 })
    }

    /// Adds rows: a column each, of the types that were said, all of one length.
    ///
    /// # Errors
    /// Columns of other numbers or lengths; what the system says.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64)];
    /// let mut tree = TreeWriter::new("events", &columns)?;
    /// assert!(tree.push(&mut writer, vec![Values::F64(vec![0.5])]).is_ok());
    /// assert!(tree.push(&mut writer, vec![]).is_err(), "there is one column");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push(&mut self, file: &mut Writer, columns: Vec<Values>) -> Result<()> {
        self.waiting.push(columns)?;
        while let Some(cluster) = self.waiting.full() {
            self.write(file, &cluster)?;
        }
        Ok(())
    }

    /// A basket per branch, packed in parallel.
    fn write(&mut self, file: &mut Writer, columns: &[Values]) -> Result<()> {
        let rows = columns.first().map_or(0, Values::len);
        let (name, compression) = (&self.name, file.compression());
        let packed = self.branches.par_iter().map(|branch| {
            let header = key_length("TBasket", &branch.name, name) + TAIL;
            let (mut plain, starts) = branch.encode(&columns[branch.column])?;
            let border = plain.len();
            if let Some(starts) = starts {
                let mut table = Out::default();
                table.u32(rows as u32 + 1);
                starts.iter().for_each(|start| {
                    table.u32((start + header) as u32);
                });
                table.u32(0);
                plain.extend_from_slice(&table.bytes);
            }
            let size = plain.len();
            if size > i32::MAX as usize / 2 {
                return Err(Kind::Refused(format!("`{}` has {size} bytes in {rows} rows", branch.name)).into());
            }
            Ok((header, border, size, pack(plain, compression)?))
        });
        let packed: Vec<_> = packed.collect::<Result<_>>()?;
        for (branch, (header, border, size, stored)) in self.branches.iter_mut().zip(packed) {
            let last = header + border;
            let mut tail = Out::default();
            // ROOT finds an entry of one size by this number.
            let each = match branch.shape {
                Shape::List | Shape::Text => rows + 1,
                Shape::Fixed(number) => branch.leaf.2 * number,
                Shape::One | Shape::Count => branch.leaf.2,
            };
            tail.u16(3).u32((header + size) as u32).u32(each as u32).u32(rows as u32).u32(last as u32).u8(0);
            let texts = ["TBasket", &branch.name, &self.name];
            let (at, bytes) = file.record(texts, &stored, size, 0, &tail.bytes)?;
            branch.baskets.push((self.rows, at, bytes));
            branch.bytes.0 += (header + size) as u64;
            branch.bytes.1 += u64::from(bytes);
            branch.most = branch.most.max(branch.longest(&columns[branch.column]));
        }
        self.rows += rows as u64;
        Ok(())
    }

    /// Writes what is left and the tree itself; gives the number of rows.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// ```
    /// # use root::{Axis, Compression, File, Hist, NtupleWriter, Profile, TreeWriter, Type, Values, Writer};
    /// # let path = std::env::temp_dir().join(format!("recoil-example-{:?}.root", std::thread::current().id()));
    /// # let path = path.with_extension(format!("{}.root", std::process::id()));
    /// # let mut writer = Writer::create(&path, Compression::Default)?;
    /// # let columns = [("x".to_string(), Type::F64)];
    /// let mut tree = TreeWriter::new("events", &columns)?;
    /// tree.push(&mut writer, vec![Values::F64(vec![0.5, 1.5])])?;
    /// assert_eq!(tree.finish(&mut writer)?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(mut self, file: &mut Writer) -> Result<u64> {
        if let Some(rest) = self.waiting.rest() {
            self.write(file, &rest)?;
        }
        let mut out = Out::new(key_length("TTree", &self.name, ""));
        out.object(20, |out| self.members(out, file));
        file.object("TTree", &self.name, "", out.bytes)?;
        Ok(self.rows)
    }

    fn members(&self, out: &mut Out, file: &Writer) {
        let sum = |which: fn(&Branch) -> u64| self.branches.iter().map(which).sum::<u64>() as i64;
        out.named(&self.name, "").attributes();
        out.i64(self.rows as i64).i64(sum(|one| one.bytes.0)).i64(sum(|one| one.bytes.1)).i64(0).i64(0);
        out.f64(1.0).i32(0).i32(25).i32(0).i32(1000).i32(0);
        out.i64(1_000_000_000_000)
            .i64(1_000_000_000_000)
            .i64(0)
            .i64(-300_000_000)
            .i64(self.waiting.cluster() as i64)
            .i64(1_000_000);
        // No ranges of clusters.
        out.u8(0).u8(0);
        out.raw(FEATURES);
        let mut leaves = Vec::new();
        out.array(self.branches.len(), |out| {
            let mut counter = None;
            for branch in &self.branches {
                let number = branch.write(
                    out,
                    self.rows,
                    self.waiting.cluster(),
                    file.compression().setting(),
                    counter.as_ref(),
                );
                counter = (branch.shape == Shape::Count).then(|| (branch.name.clone(), number));
                leaves.push(number);
            }
        });
        out.array(leaves.len(), |out| {
            leaves.iter().for_each(|number| {
                out.u32(*number);
            });
        });
        // No aliases, no index, no friends, no more.
        out.u32(0).i32(0).i32(0).u32(0).u32(0).u32(0).u32(0);
    }
}

/// An object of ROOT::TIOFeatures without features: count, version 0, checksum of the class, bits.
const FEATURES: &[u8] = &[0x40, 0, 0, 7, 0, 0, 0x1a, 0xa1, 0x2f, 0x10, 0];

impl Branch {
    fn varies(&self) -> bool {
        matches!(self.shape, Shape::List | Shape::Text)
    }

    /// The bytes of some rows, and where each begins if they vary.
    fn encode(&self, values: &Values) -> Result<(Vec<u8>, Option<Vec<usize>>)> {
        let wrong = || Error::from(Kind::Refused(format!("column `{}` is {} now", self.name, values.of())));
        Ok(match (&self.shape, values) {
            (Shape::One, values) => (bytes(values).ok_or_else(wrong)?, None),
            (Shape::Fixed(size), Values::Fixed { size: have, values, .. }) if size == have => {
                (bytes(values).ok_or_else(wrong)?, None)
            }
            (Shape::Count, Values::List { offsets, .. }) => {
                (offsets.windows(2).flat_map(|pair| ((pair[1] - pair[0]) as i32).to_be_bytes()).collect(), None)
            }
            (Shape::List, Values::List { offsets, values }) => {
                let width = self.leaf.2;
                let starts = offsets[..offsets.len() - 1].iter().map(|offset| *offset as usize * width).collect();
                (bytes(values).ok_or_else(wrong)?, Some(starts))
            }
            (Shape::Text, Values::Text(text)) => {
                let mut out = Out::default();
                let mut starts = Vec::with_capacity(text.offsets.len());
                for row in 0..text.offsets.len() - 1 {
                    starts.push(out.bytes.len());
                    out.text_bytes(text.get(row));
                }
                (out.bytes, Some(starts))
            }
            _ => return Err(wrong()),
        })
    }

    fn longest(&self, values: &Values) -> usize {
        match values {
            Values::List { offsets, .. } | Values::Text(crate::columns::Text { offsets, .. }) => {
                offsets.windows(2).map(|pair| (pair[1] - pair[0]) as usize).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// The title of the leaf, with its dimensions.
    fn title(&self, counter: Option<&(String, u32)>) -> String {
        match (&self.shape, counter) {
            (Shape::List, Some((count, _))) => format!("{}[{count}]", self.name),
            (Shape::Fixed(size), _) => format!("{}[{size}]", self.name),
            _ => self.name.clone(),
        }
    }

    /// Writes the branch and gives the number of its leaf.
    fn write(&self, out: &mut Out, rows: u64, cluster: usize, setting: i32, counter: Option<&(String, u32)>) -> u32 {
        let title = self.title(counter);
        let mut leaf = 0;
        out.pointer("TBranch", |out| {
            out.object(13, |out| {
                out.named(&self.name, &format!("{title}/{}", self.leaf.1)).fill();
                // Baskets are as large as a cluster makes them.
                let basket = (cluster * self.leaf.2).clamp(32_000, 1 << 30) as i32;
                let number = self.baskets.len();
                out.i32(setting).i32(basket).i32(if self.varies() { 1000 } else { 0 }).i32(number as i32);
                out.i64(rows as i64).raw(FEATURES).i32(0).i32(number as i32 + 1).i32(0);
                out.i64(rows as i64).i64(0).i64(self.bytes.0 as i64).i64(self.bytes.1 as i64);
                out.array(0, |_| {});
                out.array(1, |out| leaf = self.leaf(out, &title, counter));
                out.array(0, |_| {});
                out.u8(1);
                let ends = |end: u64| self.baskets.iter().copied().chain([(end, 0, 0)]);
                ends(rows).for_each(|(_, _, bytes)| {
                    out.u32(bytes);
                });
                out.u8(1);
                ends(rows).for_each(|(first, ..)| {
                    out.i64(first as i64);
                });
                out.u8(1);
                ends(rows).for_each(|(_, at, _)| {
                    out.i64(at as i64);
                });
                out.text("");
            });
        });
        leaf
    }

    fn leaf(&self, out: &mut Out, title: &str, counter: Option<&(String, u32)>) -> u32 {
        let Leaf(class, _, width, unsigned) = self.leaf;
        let length = match self.shape {
            Shape::Fixed(size) => size,
            // A leaf of length 1 is one character for some readers, and texts may all be empty.
            Shape::Text => (self.most + 1).max(2),
            _ => 1,
        };
        out.pointer(class, |out| {
            out.object(1, |out| {
                out.object(2, |out| {
                    out.named(&self.name, title).i32(length as i32).i32(*width as i32).i32(0);
                    out.u8(u8::from(self.shape == Shape::Count)).u8(u8::from(*unsigned));
                    out.u32(counter.filter(|_| self.shape == Shape::List).map_or(0, |(_, number)| *number));
                });
                // Least and most: what counts others must say how many there are at most.
                let most = match self.shape {
                    Shape::Count => self.most as u64,
                    Shape::Text => self.most as u64 + 1,
                    _ => 0,
                };
                let size = if self.shape == Shape::Text { 4 } else { *width };
                out.raw(&[0; 8][..size]).raw(&most.to_be_bytes()[8 - size..]);
            });
        })
    }
}

/// Numbers as they stand in a file.
fn bytes(values: &Values) -> Option<Vec<u8>> {
    macro_rules! each {
        ($($kind:ident),*) => {
            match values {
                Values::Bool(all) => all.iter().map(|value| u8::from(*value)).collect(),
                $(Values::$kind(all) => all.iter().flat_map(|value| value.to_be_bytes()).collect(),)*
                Values::Text(_) | Values::List { .. } | Values::Fixed { .. } => return None,
            }
        };
    }
    Some(each!(I8, U8, I16, U16, I32, U32, I64, U64, F32, F64))
}
