//! The parts of a frame: blocks, and in them literals and what repeats. RFC 8878, sections 3.1.1 and 3.1.1.3.1.

use crate::huffman::Tables;
use std::ops::Range;

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The most bytes that a block holds.
const MOST: usize = 128 << 10;
/// Bytes of the header of a block, and of the longest header of literals that are not coded.
const HEAD: usize = 3;

/// A frame that is worth decoding here.
pub(super) struct Frame<'a> {
    bytes: &'a [u8],
    /// Bytes before the first block.
    begin: usize,
    /// How many bytes it says that it holds.
    size: Option<usize>,
    blocks: Vec<Block<'a>>,
    /// The last table of its literals.
    table: Option<usize>,
    /// Bytes of literals in a Huffman code.
    pub(super) coded: usize,
}

/// A stream of literals, the table of its code, and where they go.
pub(super) struct Stream<'p> {
    pub(super) frame: &'p [u8],
    /// Bytes of the frame, read from the end on.
    pub(super) source: Range<usize>,
    pub(super) place: &'p mut [u8],
    pub(super) table: usize,
}

struct Block<'a> {
    /// The header of three bytes and what follows it.
    bytes: &'a [u8],
    last: bool,
    content: Content<'a>,
}

enum Content<'a> {
    /// Bytes as they are.
    Raw,
    /// One byte so many times.
    Run(u8, usize),
    /// Literals in a Huffman code, and what repeats: empty when nothing does.
    Coded(Literals, &'a [u8]),
    /// Something else that the library understands.
    Other,
}

/// Literals in a Huffman code: one stream or four, and how many literals they hold together.
struct Literals {
    streams: Vec<Range<usize>>,
    table: usize,
    size: usize,
}

/// Reads little-endian bytes, at most eight.
fn little(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte))
}

impl<'a> Frame<'a> {
    /// The parts of a frame; `None` for what is not worth it, not understood, or wrong. Tables go to `tables`.
    pub(super) fn parse(bytes: &'a [u8], tables: &mut Tables) -> Option<Self> {
        let (begin, size) = head(bytes)?;
        let mut frame = Self { bytes, begin, size, blocks: Vec::new(), table: None, coded: 0 };
        let mut at = begin;
        loop {
            let head = little(bytes.get(at..at + HEAD)?);
            let (last, kind, size) = (head & 1 == 1, head >> 1 & 3, head >> 3);
            if size > MOST {
                return None;
            }
            let end = at + HEAD + if kind == 1 { 1 } else { size };
            let block = bytes.get(at..end)?;
            let content = match kind {
                0 => Content::Raw,
                1 => Content::Run(block[HEAD], size),
                2 => frame.compressed(at + HEAD..end, tables)?,
                _ => return None,
            };
            frame.blocks.push(Block { bytes: block, last, content });
            at = end;
            if last {
                return (at == bytes.len()).then_some(frame);
            }
        }
    }

    /// What a compressed block holds.
    fn compressed(&mut self, range: Range<usize>, tables: &mut Tables) -> Option<Content<'a>> {
        let block = self.bytes.get(range.clone())?;
        let head = little(block.get(..block.len().min(5))?);
        let (kind, form) = (head & 3, head >> 2 & 3);
        if kind < 2 {
            return Some(Content::Other);
        }
        let (length, bits) = [(3, 10), (3, 10), (4, 14), (5, 18)][form];
        let (size, stored) = (head >> 4 & ((1 << bits) - 1), head >> (4 + bits) & ((1 << bits) - 1));
        let (mut start, end) = (range.start + length, range.start + length + stored);
        if size == 0 || size > MOST || end > range.end {
            return None;
        }
        if kind == 2 {
            start += tables.read(self.bytes.get(start..end)?)?;
            self.table = tables.last();
        }
        let streams = if form == 0 { vec![start..end] } else { self.four(start..end, size)? };
        self.coded += size;
        let rest = self.bytes.get(end..range.end)?;
        let sequences = match rest {
            [0] => &[],
            [0, ..] | [] => return None,
            rest => rest,
        };
        Some(Content::Coded(Literals { streams, table: self.table?, size }, sequences))
    }

    /// The four streams of literals, of which the first three have their lengths before them.
    fn four(&self, range: Range<usize>, size: usize) -> Option<Vec<Range<usize>>> {
        let lengths = self.bytes.get(range.start..range.start + 6)?;
        let mut start = range.start + 6;
        let mut streams = Vec::with_capacity(4);
        for stream in 0..3 {
            let end = start + little(&lengths[2 * stream..2 * stream + 2]);
            streams.push(start..end);
            start = end;
        }
        streams.push(start..range.end);
        (size >= 6 && start < range.end).then_some(streams)
    }

    /// Whether all that the frame holds is literals.
    pub(super) fn nothing_repeats(&self) -> bool {
        self.blocks.iter().all(|block| !matches!(&block.content, Content::Coded(_, [_, ..]) | Content::Other))
    }

    /// Writes what is not coded to `place`, and says where to decode the rest to; `None` where it does not fit.
    pub(super) fn streams_to<'p>(&self, mut place: &'p mut [u8], streams: &mut Vec<Stream<'p>>) -> Option<()>
    where
        'a: 'p,
    {
        if self.size.is_some_and(|size| size != place.len()) {
            return None;
        }
        for block in &self.blocks {
            match &block.content {
                Content::Raw => place.split_off_mut(..block.bytes.len() - HEAD)?.copy_from_slice(&block.bytes[HEAD..]),
                Content::Run(byte, size) => place.split_off_mut(..*size)?.fill(*byte),
                Content::Coded(literals, _) => {
                    literals.streams_to(self.bytes, place.split_off_mut(..literals.size)?, streams)?
                }
                Content::Other => return None,
            }
        }
        place.is_empty().then_some(())
    }

    /// Makes `plain` begin with the same frame with its literals as they are, of so many bytes, and says where to decode
    /// them to.
    pub(super) fn streams_to_plain<'p>(&self, plain: &'p mut Vec<u8>, streams: &mut Vec<Stream<'p>>) -> Option<usize>
    where
        'a: 'p,
    {
        let length = |block: &Block| match &block.content {
            Content::Coded(literals, []) => HEAD + literals.size,
            Content::Coded(literals, sequences) => 2 * HEAD + literals.size + sequences.len(),
            _ => block.bytes.len(),
        };
        let whole = self.begin + self.blocks.iter().map(length).sum::<usize>();
        let mut rest = crate::room(plain, whole);
        rest.split_off_mut(..self.begin)?.copy_from_slice(&self.bytes[..self.begin]);
        for block in &self.blocks {
            let Content::Coded(literals, sequences) = &block.content else {
                rest.split_off_mut(..block.bytes.len())?.copy_from_slice(block.bytes);
                continue;
            };
            let size = length(block) - HEAD;
            if size > MOST {
                return None;
            }
            let kind = if sequences.is_empty() { 0 } else { 2 };
            let head = u32::from(block.last) | kind << 1 | (size as u32) << 3;
            rest.split_off_mut(..HEAD)?.copy_from_slice(&head.to_le_bytes()[..HEAD]);
            if !sequences.is_empty() {
                // Literals as they are, with their number in twenty bits.
                let head = 0b1100 | (literals.size as u32) << 4;
                rest.split_off_mut(..HEAD)?.copy_from_slice(&head.to_le_bytes()[..HEAD]);
            }
            literals.streams_to(self.bytes, rest.split_off_mut(..literals.size)?, streams)?;
            rest.split_off_mut(..sequences.len())?.copy_from_slice(sequences);
        }
        Some(whole)
    }
}

impl Literals {
    /// Shares a place among the streams.
    fn streams_to<'p>(&self, frame: &'p [u8], mut place: &'p mut [u8], streams: &mut Vec<Stream<'p>>) -> Option<()> {
        let each = self.size.div_ceil(self.streams.len());
        for (number, source) in self.streams.iter().enumerate() {
            let last = number + 1 == self.streams.len();
            let size = if last { place.len() } else { each };
            let place = place.split_off_mut(..size)?;
            streams.push(Stream { frame, source: source.clone(), place, table: self.table });
        }
        Some(())
    }
}

/// Where the first block begins, and the size of the content if it is said, of a frame without a dictionary and without
/// a checksum, whose window no block exceeds.
fn head(bytes: &[u8]) -> Option<(usize, Option<usize>)> {
    let descriptor = *bytes.strip_prefix(&MAGIC)?.first()?;
    let (form, single, rest) = (descriptor >> 6, descriptor >> 5 & 1 == 1, descriptor & 0b1_1111);
    let length = match form {
        0 => usize::from(single),
        form => 1 << form,
    };
    let start = 5 + usize::from(!single);
    let said = little(bytes.get(start..start + length)?) + if form == 1 { 256 } else { 0 };
    // The exponent of a window is counted from 2^10; the library takes no more than 2^27.
    let wide = if single { said >= MOST } else { (7..=17).contains(&(bytes.get(5)? >> 3)) };
    (rest == 0 && wide).then_some((start + length, (length > 0).then_some(said)))
}
