//! Tables of the Huffman code of literals. RFC 8878, section 4.2.1.

use crate::weights;

/// The longest code of a literal, in bits.
pub(super) const LONGEST: u32 = 11;

/// What the next bits of streams mean. An entry has the length of the code in its low byte, and the literal in its high.
///
/// A table begins at an address that is a multiple of its size, so that address and index need not be added, and behind
/// the last one is more memory, because a look-up loads more than an entry.
#[derive(Default)]
pub(super) struct Tables {
    pages: Vec<Page>,
    /// Entries in use.
    used: usize,
    tables: Vec<Table>,
}

const PAGE: usize = 1 << LONGEST;

#[derive(Clone)]
#[repr(align(4096))]
struct Page([u16; PAGE]);

/// One of the tables.
#[derive(Clone, Copy)]
pub(super) struct Table {
    /// Where its `2^longest` entries begin.
    start: usize,
    /// The length of its longest code.
    pub(super) longest: u32,
}

impl Tables {
    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.tables.clear();
    }

    /// The number of the table that was read last.
    pub(super) fn last(&self) -> Option<usize> {
        self.tables.len().checked_sub(1)
    }

    pub(super) fn table(&self, number: usize) -> Table {
        self.tables[number]
    }

    /// The entries of a table.
    pub(super) fn entries(&self, table: Table) -> &[u16] {
        &self.pages[table.start / PAGE].0[table.start % PAGE..][..1 << table.longest]
    }

    /// Reads the table at the beginning of `bytes`, and says how many bytes describe it.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let (&head, rest) = bytes.split_first()?;
        let mut weights = [0_u8; 256];
        let (count, used) = match head {
            128.. => {
                let count = usize::from(head) - 127;
                let packed = rest.get(..count.div_ceil(2))?;
                for (at, weight) in weights[..count].iter_mut().enumerate() {
                    *weight = packed[at / 2] >> (4 * (1 - at % 2)) & 15;
                }
                (count, packed.len())
            }
            _ => {
                let packed = rest.get(..usize::from(head))?;
                (weights::unpack(packed, &mut weights)?, packed.len())
            }
        };
        self.add(&mut weights, count)?;
        Some(used + 1)
    }

    /// Adds the table of literals with these weights; the last literal's weight follows from the others.
    fn add(&mut self, weights: &mut [u8; 256], count: usize) -> Option<()> {
        let mut starts = [0_usize; LONGEST as usize + 2];
        for &weight in &weights[..count] {
            *starts.get_mut(usize::from(weight))? += 1;
        }
        let sum: usize = (1..starts.len()).map(|weight| starts[weight] << (weight - 1)).sum();
        let longest = sum.checked_ilog2()? + 1;
        let left = (1_usize << longest) - sum;
        if longest > LONGEST || !left.is_power_of_two() || count > 255 {
            return None;
        }
        weights[count] = left.ilog2() as u8 + 1;
        starts[usize::from(weights[count])] += 1;
        if starts[1] < 2 {
            return None;
        }
        let size = 1 << longest;
        let start = self.used.next_multiple_of(size);
        self.used = start + size;
        if self.pages.len() < self.used / PAGE + 2 {
            self.pages.resize(self.used / PAGE + 2, Page([0; PAGE]));
        }
        let table = &mut self.pages[start / PAGE].0[start % PAGE..][..size];
        let mut next = 0;
        for (weight, start) in starts.iter_mut().enumerate().skip(1) {
            let size = *start << (weight - 1);
            *start = next;
            next += size;
        }
        let entry = |literal: usize, weight: u8| (literal as u16) << 8 | (longest as u16 + 1 - u16::from(weight));
        let weights = &weights[..=count];
        if next != size {
            return None;
        }
        // Most codes are nearly as long as the longest, and which is which is noise, that no branch guesses: an entry is
        // stored for every literal, and overwritten by the next where it is of another weight.
        let [mut one, mut two, mut more] = [starts[1], starts[2], 0];
        for (literal, &weight) in weights.iter().enumerate() {
            if let Some(place) = table.get_mut(one) {
                *place = entry(literal, 1);
            }
            one += usize::from(weight == 1);
        }
        let mut short = [0_u8; 256];
        for (literal, &weight) in weights.iter().enumerate() {
            if let Some(place) = table.get_mut(two..two + 2) {
                place.fill(entry(literal, 2));
            }
            two += 2 * usize::from(weight == 2);
            short[more] = literal as u8;
            more += usize::from(weight > 2);
        }
        for literal in short[..more].iter().map(|&literal| usize::from(literal)) {
            let weight = weights[literal];
            let (from, size) = (starts[usize::from(weight)], 1 << (weight - 1));
            table.get_mut(from..from + size)?.fill(entry(literal, weight));
            starts[usize::from(weight)] += size;
        }
        self.tables.push(Table { start, longest });
        Some(())
    }
}
