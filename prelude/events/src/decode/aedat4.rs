//! AEDAT 4.0 of DV: packets, each a compressed flatbuffer, and a table of them at the end.

use std::io::Read;

use crate::bytes::{Bytes, Scratch};
use crate::codec::{Checkpoint, Codec, End, Sink, Span};
use crate::decode::flatbuffer::Table;
use crate::model::columns::{Geometry, Trigger};
use crate::model::error::{EventError, Result};
use crate::model::format::Format;

const MAGIC_LINE: u64 = 14;
const PACKET_HEADER: u64 = 8;
/// Flatbuffers have offsets of 31 bits.
const MOST_UNPACKED: u64 = 1 << 31;
/// Every packet may unpack to so many bytes.
const FREELY_UNPACKED: u64 = 16 << 20;
/// Beyond that, to so many times its own: what LZ4 can pack at best, and far more than events do.
const MOST_RATIO: u64 = 255;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Lz4,
    Zstd,
}

/// A stream that the file says it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    id: i32,
    kind: String,
    geometry: Option<Geometry>,
    pub(crate) source: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Packet {
    /// Offset of the packet's header.
    at: u64,
    size: u64,
    rows: Option<u64>,
}

/// The decoder.
pub(crate) struct Aedat4 {
    compression: Compression,
    pub(crate) streams: Vec<Stream>,
    packets: Vec<Packet>,
    /// Ranges of `packets`.
    blocks: Vec<std::ops::Range<usize>>,
    triggers: Vec<Trigger>,
    tail: Option<(u64, String)>,
    end: u64,
}

impl Aedat4 {
    pub(crate) fn open(bytes: &Bytes, block: u64) -> Result<Self> {
        let damaged = |offset: u64, what: &str| EventError::Damaged {
            path: bytes.path().to_path_buf(),
            format: Format::Aedat4,
            offset,
            what: what.to_string(),
            hint: "without its header a DV file cannot be read; record or export it again".to_string(),
        };
        let size = bytes.head(MAGIC_LINE, 4)?;
        let Some(size) = size.first_chunk::<4>().map(|size| u64::from(u32::from_le_bytes(*size))) else {
            return Err(damaged(MAGIC_LINE, "the file ends inside its header"));
        };
        let head = bytes.head(MAGIC_LINE + 4, size)?;
        if (head.len() as u64) < size {
            return Err(damaged(MAGIC_LINE, "the file ends inside its header"));
        }
        let header = Table::root(&head, b"IOHE")
            .ok_or_else(|| damaged(MAGIC_LINE + 4, "the header is not an `IOHE` flatbuffer"))?;
        let compression = match header.i32(0).unwrap_or(0) {
            0 => Compression::None,
            1 | 2 => Compression::Lz4,
            3 | 4 => Compression::Zstd,
            other => {
                return Err(damaged(
                    MAGIC_LINE + 4,
                    &format!("the header names compression {other}, which does not exist"),
                ));
            }
        };
        let table = header.i64(1).unwrap_or(-1);
        let streams = streams(header.text(2).unwrap_or_default());
        let body = MAGIC_LINE + 4 + size;
        let end =
            u64::try_from(table).ok().filter(|&table| table >= body && table <= bytes.len()).unwrap_or(bytes.len());
        let mut codec = Self {
            compression,
            streams,
            packets: Vec::new(),
            blocks: Vec::new(),
            triggers: Vec::new(),
            tail: None,
            end,
        };
        let events = codec.events_id();
        let listed = (table >= 0 && end < bytes.len()).then(|| codec.table(bytes, end)).flatten();
        let trigger_packets = match listed {
            Some(packets) => codec.take(packets, events),
            None => {
                let packets = codec.walk(bytes, body)?;
                codec.take(packets, events)
            }
        };
        codec.group(block);
        codec.read_triggers(bytes, &trigger_packets)?;
        Ok(codec)
    }

    /// The stream whose events are read: the first of its kind.
    fn events_id(&self) -> Option<i32> {
        self.streams.iter().find(|stream| stream.kind == "EVTS").map(|stream| stream.id)
    }

    pub(crate) fn event_streams(&self) -> usize {
        self.streams.iter().filter(|stream| stream.kind == "EVTS").count()
    }

    pub(crate) fn geometry(&self) -> Option<Geometry> {
        self.streams.iter().find(|stream| stream.kind == "EVTS").and_then(|stream| stream.geometry)
    }

    /// Packets from the table at the end of the file: nothing has to be read to find them.
    fn table(&self, bytes: &Bytes, at: u64) -> Option<Vec<(i32, Packet)>> {
        let packed = bytes.head(at, bytes.len() - at).ok()?;
        let mut unpacked = Vec::new();
        let plain = unpack(self.compression, &packed, &mut unpacked).ok()?;
        let table = Table::sized_root(plain, b"FTAB")?;
        let mut packets = Vec::new();
        for entry in table.tables(0)? {
            let (id, size) = entry.pair(1)?;
            let body = u64::try_from(entry.i64(0)?).ok()?;
            let packet = Packet {
                at: body.checked_sub(PACKET_HEADER)?,
                size: u64::try_from(size).ok()?,
                rows: entry.i64(2).and_then(|rows| u64::try_from(rows).ok()),
            };
            // A table that points outside the packets is worth nothing: they are walked instead.
            if packet.at + PACKET_HEADER + packet.size > self.end {
                return None;
            }
            packets.push((id, packet));
        }
        packets.sort_by_key(|(_, packet)| packet.at);
        Some(packets)
    }

    /// Packets by walking from header to header, as recordings that were cut need it.
    fn walk(&mut self, bytes: &Bytes, mut at: u64) -> Result<Vec<(i32, Packet)>> {
        let mut packets = Vec::new();
        while at < self.end {
            let head = bytes.head(at, PACKET_HEADER.min(self.end - at))?;
            let Some(head) = head.first_chunk::<8>() else {
                self.tail = Some((at, format!("the file ends {} bytes into the header of a packet", head.len())));
                break;
            };
            let id = i32::from_le_bytes([head[0], head[1], head[2], head[3]]);
            let size = i32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            let known = self.streams.is_empty() || self.streams.iter().any(|stream| stream.id == id);
            if size < 0 || !known {
                self.tail = Some((at, format!("a packet header that cannot be: stream {id}, {size} bytes")));
                break;
            }
            let packet = Packet { at, size: size as u64, rows: None };
            at += PACKET_HEADER + packet.size;
            if at > self.end {
                let there = self.end - packet.at - PACKET_HEADER;
                self.tail =
                    Some((packet.at, format!("the file ends inside a packet: {there} bytes of {size} are there")));
                break;
            }
            packets.push((id, packet));
        }
        Ok(packets)
    }

    /// Keeps the packets of events, and gives those of triggers.
    fn take(&mut self, packets: Vec<(i32, Packet)>, events: Option<i32>) -> Vec<Packet> {
        let kind_of = |id: i32| self.streams.iter().find(|stream| stream.id == id).map(|stream| stream.kind.as_str());
        let triggers =
            packets.iter().filter(|(id, _)| kind_of(*id) == Some("TRIG")).map(|(_, packet)| *packet).collect();
        // Without a description of the streams the packets themselves say what they are, when decoded.
        self.packets = packets
            .into_iter()
            .filter(|(id, _)| events.is_none_or(|events| events == *id))
            .map(|(_, packet)| packet)
            .collect();
        triggers
    }

    fn group(&mut self, block: u64) {
        let (mut start, mut size) = (0, 0);
        for (number, packet) in self.packets.iter().enumerate() {
            size += packet.size;
            // Packed events take a quarter of their size, or less.
            if size * 2 >= block {
                self.blocks.push(start..number + 1);
                (start, size) = (number + 1, 0);
            }
        }
        if start < self.packets.len() || (self.tail.is_some() && self.blocks.is_empty()) {
            self.blocks.push(start..self.packets.len());
        }
    }

    fn read_triggers(&mut self, bytes: &Bytes, packets: &[Packet]) -> Result<()> {
        for packet in packets {
            let packed = bytes.head(packet.at + PACKET_HEADER, packet.size)?;
            let mut unpacked = Vec::new();
            let Ok(plain) = unpack(self.compression, &packed, &mut unpacked) else { continue };
            let Some(triggers) = Table::sized_root(plain, b"TRIG").and_then(|table| table.tables(0)) else { continue };
            self.triggers.extend(triggers.iter().map(|trigger| {
                let kind = trigger.i8(1).unwrap_or(0);
                Trigger { t: trigger.i64(0).unwrap_or(0), id: kind.max(0) as u16, value: u8::from(kind != 2) }
            }));
        }
        Ok(())
    }

    fn packet(&self, packet: &Packet, packed: &[u8], unpacked: &mut Vec<u8>, sink: &mut Sink<'_>) -> Result<()> {
        let plain = match unpack(self.compression, packed, unpacked) {
            Ok(plain) => plain,
            Err(what) => return sink.damage(packet.at + PACKET_HEADER, packet.size, what),
        };
        let Some(table) = Table::sized_root(plain, b"EVTS") else {
            if self.events_id().is_none() {
                sink.notes.other += 1;
                return Ok(());
            }
            return sink.damage(
                packet.at + PACKET_HEADER,
                packet.size,
                "a packet of events that is no `EVTS` flatbuffer",
            );
        };
        let Some(events) = table.structs(0, 16) else {
            // A table without the field is a packet without events.
            return Ok(());
        };
        sink.events.reserve(events.len() / 16);
        let mut negative = None;
        for event in events.chunks_exact(16) {
            let Some((t, rest)) = event.split_first_chunk::<8>() else { continue };
            let (x, y) = (i16::from_le_bytes([rest[0], rest[1]]), i16::from_le_bytes([rest[2], rest[3]]));
            if (x | y) < 0 {
                negative = Some((x, y));
                continue;
            }
            sink.events.push(i64::from_le_bytes(*t), x as u16, y as u16, i8::from(rest[4] != 0));
        }
        match negative {
            Some((x, y)) => {
                sink.damage(packet.at, packet.size, format!("a packet with an event at the negative place {x}, {y}"))
            }
            None => Ok(()),
        }
    }
}

/// Unpacks a packet body; an error says what is wrong with it.
fn unpack<'b>(
    compression: Compression,
    packed: &'b [u8],
    unpacked: &'b mut Vec<u8>,
) -> std::result::Result<&'b [u8], String> {
    unpacked.clear();
    // What events pack to: no more memory is taken than the packet can justify.
    let most = FREELY_UNPACKED.max(packed.len() as u64 * MOST_RATIO).min(MOST_UNPACKED);
    let done = match compression {
        Compression::None => return Ok(packed),
        Compression::Lz4 => lz4_flex::frame::FrameDecoder::new(packed).take(most + 1).read_to_end(unpacked),
        Compression::Zstd => zstd::Decoder::new(packed).and_then(|reader| reader.take(most + 1).read_to_end(unpacked)),
    };
    match done {
        Ok(length) if length as u64 > most => {
            // The memory is not kept for the next packet.
            *unpacked = Vec::new();
            Err(format!("a packet of {} bytes that unpacks to more than {most} bytes", packed.len()))
        }
        Ok(_) => Ok(unpacked),
        Err(error) => Err(format!("a packet that cannot be unpacked ({error})")),
    }
}

/// The streams in the XML of the header: a node per stream with its attributes.
fn streams(xml: &str) -> Vec<Stream> {
    let mut streams: Vec<Stream> = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        if tag.starts_with("node")
            && let Some(id) = attribute(tag, "name").and_then(|name| name.parse().ok())
        {
            streams.push(Stream { id, kind: String::new(), geometry: None, source: None });
        }
        let Some(stream) = streams.last_mut() else { continue };
        if !tag.starts_with("attr") {
            continue;
        }
        let size = || text.trim().parse::<u16>().unwrap_or(0);
        match attribute(tag, "key") {
            Some("typeIdentifier") => stream.kind = text.trim().to_string(),
            Some("source") => stream.source = Some(text.trim().to_string()),
            Some("sizeX") => stream.geometry.get_or_insert(Geometry { width: 0, height: 0 }).width = size(),
            Some("sizeY") => stream.geometry.get_or_insert(Geometry { width: 0, height: 0 }).height = size(),
            _ => {}
        }
    }
    // Nodes with a number for a name that are no streams have no type.
    streams.retain(|stream| !stream.kind.is_empty());
    streams
}

fn attribute<'x>(tag: &'x str, name: &str) -> Option<&'x str> {
    let after = tag.split_once(&format!("{name}=\""))?.1;
    Some(after.split_once('"')?.0)
}

impl Codec for Aedat4 {
    fn blocks(&self) -> usize {
        self.blocks.len()
    }

    fn span(&self, block: usize) -> Span {
        let packets = &self.packets[self.blocks[block].clone()];
        let last = block + 1 == self.blocks.len();
        let start = packets.first().map_or(self.end, |packet| packet.at);
        let end = packets.last().map_or(self.end, |packet| packet.at + PACKET_HEADER + packet.size);
        Span { start, end: if last { self.end.max(end) } else { end } }
    }

    fn decode(
        &self,
        bytes: &Bytes,
        block: usize,
        _start: Option<&Checkpoint>,
        scratch: &mut Scratch,
        sink: &mut Sink<'_>,
    ) -> Result<End> {
        for packet in &self.packets[self.blocks[block].clone()] {
            let start = packet.at + PACKET_HEADER;
            let (words, unpacked) = scratch.parts();
            let packed = bytes.load(start, start + packet.size, words)?;
            let before = sink.events.len();
            self.packet(packet, packed, unpacked, sink)?;
            let rows = (sink.events.len() - before) as u64;
            if let Some(listed) = packet.rows
                && listed != rows
                && sink.notes.skipped == 0
            {
                let what = format!("a packet with {rows} events, the table of the file lists {listed}");
                sink.damage(packet.at, packet.size, what)?;
            }
        }
        if block + 1 == self.blocks.len()
            && let Some((offset, what)) = &self.tail
        {
            sink.damage(*offset, self.end - offset, what.clone())?;
        }
        Ok(End::At(Checkpoint { started: true, ..Checkpoint::default() }))
    }

    fn rows(&self, block: usize) -> Option<u64> {
        self.packets[self.blocks[block].clone()].iter().map(|packet| packet.rows).sum()
    }

    fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }
}
