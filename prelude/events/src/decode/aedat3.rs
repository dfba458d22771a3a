//! AEDAT 3.1 of cAER: packets with a header of 28 bytes, little-endian.

use crate::bytes::{Bytes, Scratch};
use crate::codec::{Checkpoint, Codec, End, Sink, Span};
use crate::model::columns::Trigger;
use crate::model::error::Result;

const PACKET_HEADER: u64 = 28;
const SPECIAL: i16 = 0;
const POLARITY: i16 = 1;
const END_OF_HEADER: &[u8] = b"#!END-HEADER\r\n";

/// The decoder.
pub(crate) struct Aedat3 {
    blocks: Vec<Span>,
    /// Where the packets stop making sense, and why.
    tail: Option<(u64, String)>,
    end: u64,
}

/// One packet header.
struct Packet {
    kind: i16,
    size: u64,
    overflow: i64,
    number: u64,
}

impl Packet {
    fn parse(head: &[u8]) -> std::result::Result<Self, String> {
        let i16_at = |at: usize| i16::from_le_bytes([head[at], head[at + 1]]);
        let i32_at = |at: usize| i32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (kind, size, overflow, capacity, number, valid) =
            (i16_at(0), i32_at(4), i32_at(12), i32_at(16), i32_at(20), i32_at(24));
        if kind < 0 || size <= 0 || overflow < 0 || capacity < number || number < 0 || valid < 0 || valid > number {
            return Err(format!(
                "a packet header that cannot be: type {kind}, size {size}, overflow {overflow}, capacity {capacity}, number {number}, valid {valid}"
            ));
        }
        if kind == POLARITY && size != 8 {
            return Err(format!("a packet of polarity events of {size} bytes, they have 8"));
        }
        Ok(Self { kind, size: size as u64, overflow: i64::from(overflow) << 31, number: number as u64 })
    }

    fn bytes(&self) -> u64 {
        self.size * self.number
    }
}

impl Aedat3 {
    /// Walks the packet headers from the end of the text header on.
    pub(crate) fn open(bytes: &Bytes, head: &[u8], block: u64) -> Result<Self> {
        let body = match head.windows(END_OF_HEADER.len()).position(|window| window == END_OF_HEADER) {
            Some(at) => (at + END_OF_HEADER.len()) as u64,
            None => super::aedat12::header(head).body,
        };
        let mut codec = Self { blocks: Vec::new(), tail: None, end: bytes.len() };
        let (mut at, mut start) = (body, body);
        while at < bytes.len() {
            let head = bytes.head(at, PACKET_HEADER)?;
            if (head.len() as u64) < PACKET_HEADER {
                codec.tail = Some((at, format!("the file ends {} bytes into the header of a packet", head.len())));
                break;
            }
            match Packet::parse(&head) {
                Ok(packet) if at + PACKET_HEADER + packet.bytes() <= bytes.len() => {
                    at += PACKET_HEADER + packet.bytes()
                }
                Ok(packet) => {
                    let (there, all) = (bytes.len() - at - PACKET_HEADER, packet.bytes());
                    codec.tail = Some((at, format!("the file ends inside a packet: {there} bytes of {all} are there")));
                    break;
                }
                Err(what) => {
                    codec.tail = Some((at, what));
                    break;
                }
            }
            if at - start >= block {
                codec.blocks.push(Span { start, end: at });
                start = at;
            }
        }
        if at > start || codec.tail.is_some() {
            codec.blocks.push(Span { start, end: at });
        }
        Ok(codec)
    }

    fn packet(packet: &Packet, data: &[u8], at: u64, sink: &mut Sink<'_>) -> Result<()> {
        if packet.kind != POLARITY && packet.kind != SPECIAL {
            sink.notes.other += packet.number;
            return Ok(());
        }
        for (number, event) in data.chunks_exact(packet.size as usize).enumerate() {
            let Some(fields) = event.first_chunk::<8>() else { continue };
            let data = u32::from_le_bytes([fields[0], fields[1], fields[2], fields[3]]);
            let t = i32::from_le_bytes([fields[4], fields[5], fields[6], fields[7]]);
            let valid = data & 1 == 1;
            if !valid {
                sink.notes.other += 1;
            } else if t < 0 {
                sink.damage(
                    at + number as u64 * packet.size,
                    packet.size,
                    format!("an event at the negative time {t}"),
                )?;
            } else if packet.kind == POLARITY {
                let (x, y) = ((data >> 17) & 0x7FFF, (data >> 2) & 0x7FFF);
                sink.events.push(packet.overflow | i64::from(t), x as u16, y as u16, ((data >> 1) & 1) as i8);
            } else {
                special(data, packet.overflow | i64::from(t), sink);
            }
        }
        Ok(())
    }
}

/// Special events 2, 3 and 4 are edges of the external input.
fn special(data: u32, t: i64, sink: &mut Sink<'_>) {
    match (data >> 1) & 0x7F {
        kind @ 2..=4 => sink.notes.triggers.push(Trigger { t, id: kind as u16, value: u8::from(kind != 3) }),
        _ => sink.notes.other += 1,
    }
}

impl Codec for Aedat3 {
    fn blocks(&self) -> usize {
        self.blocks.len()
    }

    fn span(&self, block: usize) -> Span {
        let span = self.blocks[block];
        let last = block + 1 == self.blocks.len();
        Span { end: if last && self.tail.is_some() { self.end } else { span.end }, ..span }
    }

    fn decode(
        &self,
        bytes: &Bytes,
        block: usize,
        _start: Option<&Checkpoint>,
        scratch: &mut Scratch,
        sink: &mut Sink<'_>,
    ) -> Result<End> {
        let span = self.blocks[block];
        let body = bytes.load(span.start, span.end, scratch.parts().0)?;
        let mut at = 0;
        while at + PACKET_HEADER as usize <= body.len() {
            let offset = span.start + at as u64;
            let data_at = at + PACKET_HEADER as usize;
            let (packet, data) = match Packet::parse(&body[at..data_at]) {
                Ok(packet) => match body.get(data_at..data_at + packet.bytes() as usize) {
                    Some(data) => (packet, data),
                    None => break,
                },
                Err(what) => {
                    sink.damage(offset, (body.len() - at) as u64, what)?;
                    break;
                }
            };
            Self::packet(&packet, data, offset + PACKET_HEADER, sink)?;
            at = data_at + data.len();
        }
        if block + 1 == self.blocks.len()
            && let Some((offset, what)) = &self.tail
        {
            sink.damage(*offset, self.end - offset, what.clone())?;
        }
        Ok(End::At(Checkpoint { started: true, ..Checkpoint::default() }))
    }
}
