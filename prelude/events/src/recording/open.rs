//! From the first bytes of a file to its decoder.

use crate::bytes::Bytes;
use crate::codec::Codec;
use crate::codec::grid::Grid;
use crate::codec::header::Header;
use crate::decode::{
    aedat3::Aedat3, aedat4::Aedat4, aedat12, dat, es::EventStreamFile, evt2::Evt2, evt3::Evt3, evt21::Evt21,
    nmnist::Nmnist, text::Text,
};
use crate::hdf5::Hdf5;
use crate::model::columns::Geometry;
use crate::model::error::{EventError, Result};
use crate::model::format::{Detection, Format};
use crate::model::options::ReadOptions;
use crate::recording::cache::{self, Key};

/// A block of words that decodes to about 64 000 events or more: its columns stay in the processor's cache.
const BLOCK: u64 = 512 * 1024;

pub(crate) fn key_of(bytes: &Bytes, format: Format, options: &ReadOptions) -> Result<Key> {
    let head = bytes.head(0, 4096)?;
    let tail = bytes.head(bytes.len().saturating_sub(4096), 4096)?;
    let modified = std::fs::metadata(bytes.path()).and_then(|metadata| metadata.modified()).ok();
    let modified =
        modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |time| time.as_nanos());
    let how = format!("{} {format:?} {}", env!("CARGO_PKG_VERSION"), options.identity());
    let place = match bytes.identity() {
        Some(identity) => format!("{} {identity}", bytes.path().display()).into(),
        None => std::fs::canonicalize(bytes.path()).unwrap_or_default(),
    };
    Ok(Key(cache::hash(&[
        &bytes.len().to_le_bytes(),
        &modified.to_le_bytes(),
        how.as_bytes(),
        place.as_os_str().as_encoded_bytes(),
        &head,
        &tail,
    ])))
}

/// What opening gives.
pub(crate) struct Opened {
    pub(crate) detection: Detection,
    pub(crate) codec: Box<dyn Codec>,
    pub(crate) geometry: Option<Geometry>,
    pub(crate) metadata: Vec<(String, String)>,
}

const HEAD: u64 = 256 * 1024;

pub(crate) fn open_codec(bytes: &Bytes, mut detection: Detection, options: &ReadOptions) -> Result<Opened> {
    let block = if options.block_bytes > 0 { options.block_bytes } else { BLOCK };
    let head = bytes.head(0, HEAD)?;
    let (mut geometry, mut metadata) = (None, Vec::new());
    let mut say = |more: String| detection.reason = format!("{}; {more}", detection.reason);
    let codec: Box<dyn Codec> = match detection.format {
        Format::Evt2 | Format::Evt21 | Format::Evt3 | Format::Dat => {
            let header = Header::parse(&head);
            let start = header.body;
            let body = &head[start as usize..];
            (geometry, metadata) = (header.geometry(), header.lines.clone());
            let end = bytes.len();
            match detection.format {
                Format::Evt2 => Box::new(Grid::new(Evt2::new(body), start, end, block)),
                Format::Evt3 => Box::new(Grid::new(Evt3::new(body), start, end, block)),
                Format::Evt21 => {
                    let words =
                        Evt21::new(body, header.format_option("endianness").or_else(|| header.get("endianness")));
                    say(format!("word order {}", words.order()));
                    Box::new(Grid::new(words, start, end, block))
                }
                _ => Box::new(dat::open(bytes, &header, block)?),
            }
        }
        Format::Aedat1 | Format::Aedat2 => {
            let lines = aedat12::header(&head);
            let body = lines.body;
            metadata.clone_from(&lines.lines);
            if detection.format == Format::Aedat1 {
                geometry = Some(Geometry { width: 128, height: 128 });
                let (codec, why) = aedat12::open1(bytes, &lines, block);
                say(why);
                Box::new(codec)
            } else {
                let found = aedat12::chip(&lines, &head[body as usize..], options.chip.as_deref())
                    .map_err(|name| unknown_chip(bytes, name))?;
                say(found.why.clone());
                geometry = found.geometry;
                Box::new(aedat12::open2(bytes, body, &found, block))
            }
        }
        Format::Aedat3 => {
            metadata = aedat12::header(&head).lines;
            Box::new(Aedat3::open(bytes, &head, block)?)
        }
        Format::Aedat4 => {
            let file = Aedat4::open(bytes, block)?;
            geometry = file.geometry();
            let cameras = file.event_streams();
            if cameras > 1 {
                say(format!("it has {cameras} streams of events, of which the first is read"));
            }
            metadata =
                file.streams.iter().filter_map(|stream| Some(("source".to_string(), stream.source.clone()?))).collect();
            Box::new(file)
        }
        Format::Hdf5 => {
            let file = Hdf5::open(bytes, options.time_unit)?;
            geometry = file.geometry;
            metadata.clone_from(&file.attributes);
            say(file.layout.clone());
            Box::new(file)
        }
        Format::Text => {
            let file = Text::open(bytes, options.columns.as_deref(), options.time_unit, block)?;
            geometry = file.geometry;
            say(file.reason.clone());
            Box::new(file)
        }
        Format::Nmnist => Box::new(Grid::new(Nmnist, 0, bytes.len(), block)),
        Format::EventStream => {
            let file = EventStreamFile::open(bytes, block)?;
            geometry = Some(file.geometry);
            say("y is counted from the bottom".to_string());
            Box::new(file)
        }
    };
    Ok(Opened { detection, codec, geometry, metadata })
}

fn unknown_chip(bytes: &Bytes, name: Option<String>) -> EventError {
    let what = match name {
        Some(name) => format!("the address layout of the chip `{name}`"),
        None => "AEDAT 2 whose header names no chip, with addresses that no DVS128 has,".to_string(),
    };
    let hint = format!("name the chip whose layout it has with `chip`: {}", aedat12::CHIPS);
    EventError::Unsupported { path: bytes.path().to_path_buf(), what, hint }
}
