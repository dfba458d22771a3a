//! What the footer of a file says: its columns and row groups. Of a file with thousands of columns that takes longer to take
//! apart than some of its columns take to read, so it is done once for the same footer: a file that is opened again has the
//! bytes of its footer compared, and nothing else of it is believed to be as it was.

use super::schema::{self, Columns};
use super::{footer, statistics};
use crate::columns::Unreadable;
use crate::file::TableFile;
use crate::guard::guarded;
use crate::source::{Identity, SegmentInfo};
use polars::prelude::*;
use polars_buffer::Buffer;
use polars_parquet::parquet::read::deserialize_metadata;
use polars_parquet::read::{FileMetadata, read_metadata};
use recoil_bytes::Bytes;
use segment::{Error, Place, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of a file when it is open.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) schema: SchemaRef,
    pub(super) fields: ArrowSchema,
    pub(super) unreadable: Vec<Unreadable>,
    pub(super) zones: Vec<(PlSmallStr, Arc<str>)>,
    pub(super) metadata: FileMetadata,
    /// Whether the library understands all of the footer.
    pub(super) footer_is_plain: bool,
    pub(super) segments: Vec<SegmentInfo>,
}

/// Bytes of the footers whose heads are kept: taken apart they are some times as many.
const MOST: usize = 8 << 20;

/// A head by the name of its file and what the file was then; the last is the one that was asked for last.
type Known = VecDeque<(String, Identity, Arc<Head>)>;

static KNOWN: Mutex<Known> = Mutex::new(VecDeque::new());

impl Head {
    /// The head of an open file.
    ///
    /// # Errors
    /// A footer that is not understood, or row groups that are not there.
    pub(super) fn of(file: &TableFile, bytes: &Bytes, place: &Place) -> Result<Arc<Self>> {
        let explain = |error: String| Error::read(place, footer_error(&file_end(bytes), &error));
        if !file.is_elsewhere()
            && let Some(known) = known(file)
            // A file may have been written anew since, and look the same.
            && is_footer(bytes, &known.metadata.footer_buf)
        {
            return Ok(known);
        }
        let (metadata, footer_is_plain) = metadata(bytes).map_err(explain)?;
        let Columns { fields, schema, unreadable, zones } = schema::columns(&metadata);
        let schema = Arc::new(schema);
        let segments = guarded(|| segments(&metadata, &schema, file, bytes.length())).map_err(explain)??;
        let head = Arc::new(Self { schema, fields, unreadable, zones, metadata, footer_is_plain, segments });
        if footer_is_plain && !file.is_elsewhere() {
            keep(file, &head);
        }
        Ok(head)
    }
}

/// The head that a file of this name had when it last looked as it does.
fn known(file: &TableFile) -> Option<Arc<Head>> {
    let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let at = all.iter().position(|known| is_of(known, file))?;
    let found = all.remove(at)?;
    let head = found.2.clone();
    all.push_back(found);
    Some(head)
}

fn is_of((name, identity, _): &(String, Identity, Arc<Head>), file: &TableFile) -> bool {
    *identity == file.identity() && name == file.name()
}

/// Whether a file ends with these bytes.
fn is_footer(file: &Bytes, footer: &[u8]) -> bool {
    const PIECE: usize = 64 << 10;
    let Some(mut at) = file.length().checked_sub(footer.len() as u64) else { return false };
    let mut read = vec![0; PIECE.min(footer.len())];
    footer.chunks(PIECE).all(|piece| {
        let read = &mut read[..piece.len()];
        let same = file.read_at(at, read).is_ok() && read == piece;
        at += piece.len() as u64;
        same
    })
}

fn keep(file: &TableFile, head: &Arc<Head>) {
    let size = |head: &Head| head.metadata.footer_buf.len();
    if size(head) > MOST {
        return;
    }
    let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|known| !is_of(known, file));
    all.push_back((file.name().to_owned(), file.identity(), head.clone()));
    let mut bytes: usize = all.iter().map(|(_, _, head)| size(head)).sum();
    while bytes > MOST
        && let Some((_, _, oldest)) = all.pop_front()
    {
        bytes -= size(&oldest);
    }
}

/// The footer as it is stored, with its length and the last word of the file; `None` where there is none.
fn stored(file: &Bytes) -> Option<Vec<u8>> {
    let (size, mut end) = (file.length(), [0; 8]);
    file.read_at(size.checked_sub(8)?, &mut end).ok()?;
    let (length, magic) = end.split_first_chunk::<4>()?;
    let start = (size - 8).checked_sub(u32::from_le_bytes(*length).into()).filter(|_| magic == b"PAR1")?;
    let mut stored = vec![0; (size - start) as usize];
    file.read_at(start, &mut stored).ok()?;
    Some(stored)
}

/// The footer, and whether the library understands all of it; of one with words that it does not know, all but those.
fn metadata(file: &Bytes) -> std::result::Result<(FileMetadata, bool), String> {
    let Some(stored) = stored(file) else {
        // The library says what is wrong.
        let read = guarded(|| read_metadata(&mut file.reader()))?;
        return read.map(|whole| (whole, true)).map_err(|error| error.to_string());
    };
    let stored = Buffer::from_vec(stored);
    let read = guarded(|| deserialize_metadata(stored.clone()));
    let known = || {
        let known = Buffer::from_vec(footer::without_unknown_words(&stored[..stored.len() - 8])?);
        guarded(|| deserialize_metadata(known)).ok()?.ok()
    };
    let read = read.and_then(|read| read.map_err(|error| error.to_string()));
    read.map(|whole| (whole, true)).or_else(|error| known().map(|known| (known, false)).ok_or(error))
}

/// The last four bytes of a file.
fn file_end(file: &Bytes) -> [u8; 4] {
    let mut end = [0; 4];
    if file.read_at(file.length().saturating_sub(4), &mut end).is_ok() { end } else { [0; 4] }
}

/// Why a footer is not understood: what is not supported is no damage.
fn footer_error(end: &[u8; 4], error: &str) -> String {
    match end {
        b"PARE" => "the file is encrypted, which is not supported; decrypt it with the tool that wrote it".to_owned(),
        b"PAR1" if is_unsupported(error) => {
            format!("a Parquet file with a feature that is not supported ({error}); write it again without")
        }
        b"PAR1" => format!(
            "the footer of this Parquet file is not understood ({error}): it is damaged, or of a newer kind; write it again"
        ),
        _ => format!("not a Parquet file, or cut short ({error}); write it again or leave it out"),
    }
}

/// Whether the library says that it does not know something, and not that it is wrong.
pub(super) fn is_unsupported(error: &str) -> bool {
    let error = error.to_lowercase();
    [
        "not supported",
        "not yet supported",
        "not yet implemented",
        "not implemented",
        "needs to be active",
        "unsupported",
    ]
    .iter()
    .any(|word| error.contains(word))
}

fn segments(metadata: &FileMetadata, schema: &Schema, file: &TableFile, size: u64) -> Result<Vec<SegmentInfo>> {
    let mut start = 0;
    let mut segments = Vec::with_capacity(metadata.row_groups.len());
    for (number, group) in metadata.row_groups.iter().enumerate() {
        let rows = start..start + group.num_rows() as u64;
        start = rows.end;
        let bytes = group.full_byte_range();
        let place = Place::file(file.name()).part(format!("row group {number}")).offset(bytes.start);
        if bytes.end > size {
            let text = format!("the row group ends at byte {}, but the file has {size}: it is cut short", bytes.end);
            return Err(Error::read(&place, text));
        }
        segments.push(SegmentInfo {
            statistics: statistics::of(metadata, group, schema),
            columns: 0..schema.len(),
            bytes: group.compressed_size() as u64,
            place: Arc::new(place),
            identity: file.identity().part(number as u64),
            rows,
        });
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::super::{WriteOptions, open, write};
    use crate::Source;
    use polars::prelude::*;
    use std::sync::Arc;

    #[test]
    fn a_head_is_used_again_for_the_same_footer_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let written = |values: [i64; 3]| {
            write(&path, &df!("x" => values).unwrap(), &WriteOptions::default()).unwrap();
            // As if it had not been written anew.
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        };
        written([1, 2, 3]);
        let (first, again) = (open(&path).unwrap(), open(&path).unwrap());
        assert!(Arc::ptr_eq(&first.head, &again.head));
        let max = |table: &super::super::Parquet| table.segments()[0].statistics.columns["x"].max.clone();
        written([4, 5, 6]);
        let other = open(&path).unwrap();
        assert_eq!((first.file.identity(), max(&first)), (other.file.identity(), Some(segment::Scalar::Int(3))));
        assert_eq!(max(&other), Some(segment::Scalar::Int(6)));
        assert!(other.read(0, &["x".into()], 0..3).unwrap().equals(&df!("x" => [4_i64, 5, 6]).unwrap()));
        // The place of a row group has the name by which the file was opened.
        let renamed = folder.path().join(".").join("a.parquet");
        assert!(open(&renamed).unwrap().segments()[0].place.to_string().contains("/./"));
    }
}
