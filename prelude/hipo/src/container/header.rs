//! File and record headers: 14 words each, or longer.

use crate::model::error::Fault;
use crate::model::order::ByteOrder;

/// Length in bytes of the headers everybody writes.
pub const HEADER_BYTES: usize = 56;
/// The word at byte 28 of every header; it tells the byte order.
pub const MAGIC: u32 = 0xc0da_0100;

/// The 14 words of a file header.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let header: &hipo::FileHeader = reader.header();
/// assert_eq!(header.header_words, 14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// The first four bytes, as they are: "HIPO" usually. Readers in use never check them.
    pub id: [u8; 4],
    /// Number of the file in a split series.
    pub file_number: u32,
    /// Length of this header in words, at least 14.
    pub header_words: u32,
    /// Number of records; 0 in all known files.
    pub record_count: u32,
    /// Length of the index array in bytes; 0 in all known files.
    pub index_length: u32,
    /// Version and bits, see [`BitInfo`].
    pub bit_info: BitInfo,
    /// Length in bytes of the dictionary record.
    pub user_header_length: u32,
    /// Free for users.
    pub user_register: u64,
    /// Absolute offset of the trailer record; 0 when the writer never closed the file.
    pub trailer_position: u64,
    /// Free for users.
    pub user_integer_one: u32,
    /// Free for users.
    pub user_integer_two: u32,
    /// The byte order of the file.
    pub order: ByteOrder,
}

impl FileHeader {
    /// Reads the header at the start of a file.
    ///
    /// # Errors
    /// When it is too short, without the magic word, or of an older version.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let header = hipo::FileHeader::parse(&std::fs::read(&path)?)?;
    /// assert_eq!(header.bit_info.version(), 6);
    /// assert!(hipo::FileHeader::parse(b"no header").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() < HEADER_BYTES {
            let why = format!("it has {} bytes, a file header has {HEADER_BYTES}", bytes.len());
            return Err(Fault::NotHipo { why });
        }
        let order = order_of(bytes).ok_or_else(|| Fault::NotHipo {
            why: format!(
                "bytes 28 to 31 are {:02x?}, not the magic word 0xc0da0100 in either byte order",
                &bytes[28..32]
            ),
        })?;
        let word = |index: usize| order.u32(bytes, 4 * index);
        let header = Self {
            id: [bytes[0], bytes[1], bytes[2], bytes[3]],
            file_number: word(1),
            header_words: word(2),
            record_count: word(3),
            index_length: word(4),
            bit_info: BitInfo(word(5)),
            user_header_length: word(6),
            user_register: order.u64(bytes, 32),
            trailer_position: order.u64(bytes, 40),
            user_integer_one: word(12),
            user_integer_two: word(13),
            order,
        };
        if header.header_words < 14 {
            return Err(Fault::Damaged(format!("the file header says it has {} words, not 14", header.header_words)));
        }
        if header.bit_info.version() < 6 {
            let version = header.bit_info.version();
            return Err(Fault::Unsupported(format!("container version {version}; versions from 6 on can be read")));
        }
        Ok(header)
    }

    /// The header as bytes, in its own byte order, 14 words long.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert_eq!(reader.header().to_bytes(), std::fs::read(&path)?[..56]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Words { order: self.order, bytes: Vec::with_capacity(HEADER_BYTES) };
        out.bytes.extend_from_slice(&self.id);
        out.words(&[self.file_number, 14, self.record_count, self.index_length]);
        out.words(&[self.bit_info.0, self.user_header_length, MAGIC]);
        out.long(self.user_register);
        out.long(self.trailer_position);
        out.words(&[self.user_integer_one, self.user_integer_two]);
        out.bytes
    }

    /// Where the dictionary record starts.
    #[must_use]
    pub(crate) fn dictionary_position(&self) -> u64 {
        4 * u64::from(self.header_words)
    }

    /// Where the first data record starts.
    #[must_use]
    pub(crate) fn data_position(&self) -> u64 {
        self.dictionary_position() + u64::from(self.user_header_length) + u64::from(self.bit_info.user_header_pad())
    }
}

/// The 14 words of a record header.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let mut record = hipo::Record::new();
/// # reader.load(0, &mut record)?;
/// let header: &hipo::RecordHeader = record.header().unwrap();
/// assert_eq!((header.event_count, header.tag), (2, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// Length of the record in words, this header included.
    pub record_words: u32,
    /// Number of the record, as its writer counted.
    pub number: u32,
    /// Length of this header in words, at least 14.
    pub header_words: u32,
    /// Number of events.
    pub event_count: u32,
    /// Length of the index array in bytes; readers compute it from the number of events.
    pub index_length: u32,
    /// Version and pads, see [`BitInfo`].
    pub bit_info: BitInfo,
    /// Length in bytes of the user header inside the record.
    pub user_header_length: u32,
    /// Length in bytes of the events, uncompressed.
    pub data_length: u32,
    /// Bits 28-31 the compression, bits 0-27 the compressed length in words.
    pub compression_word: u32,
    /// The tag all events of the record share.
    pub tag: i64,
    /// Second user register.
    pub user_register: i64,
    /// The byte order of the record.
    pub order: ByteOrder,
}

impl RecordHeader {
    /// Reads a record header.
    ///
    /// # Errors
    /// When the bytes are too few, the magic word is missing, or the lengths contradict each other.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// let position = reader.index().records()[0].position as usize;
    /// let header = hipo::RecordHeader::parse(&std::fs::read(&path)?[position..])?;
    /// assert_eq!(header.event_count, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() < HEADER_BYTES {
            return Err(Fault::Damaged(format!("a record header has {HEADER_BYTES} bytes, {} are left", bytes.len())));
        }
        let order = order_of(bytes).ok_or_else(|| {
            Fault::Damaged(format!(
                "a record must start here, but its magic word 0xc0da0100 is {:02x?}",
                &bytes[28..32]
            ))
        })?;
        let word = |index: usize| order.u32(bytes, 4 * index);
        let header = Self {
            record_words: word(0),
            number: word(1),
            header_words: word(2),
            event_count: word(3),
            index_length: word(4),
            bit_info: BitInfo(word(5)),
            user_header_length: word(6),
            data_length: word(8),
            compression_word: word(9),
            tag: order.i64(bytes, 40),
            user_register: order.i64(bytes, 48),
            order,
        };
        if header.header_words < 14 || header.header_words > header.record_words {
            return Err(Fault::Damaged(format!(
                "the record says it has {} words, {} of them its header",
                header.record_words, header.header_words
            )));
        }
        Ok(header)
    }

    /// The header as bytes, in its own byte order, 14 words long.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.header().unwrap().to_bytes().len(), 14 * 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Words { order: self.order, bytes: Vec::with_capacity(HEADER_BYTES) };
        out.words(&[self.record_words, self.number, 14, self.event_count, self.index_length]);
        out.words(&[self.bit_info.0, self.user_header_length, MAGIC, self.data_length, self.compression_word]);
        out.long(self.tag.cast_unsigned());
        out.long(self.user_register.cast_unsigned());
        out.bytes
    }

    /// Length of the record in bytes, header included.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.header().unwrap().length(), reader.index().records()[0].length);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn length(&self) -> u64 {
        4 * u64::from(self.record_words)
    }

    /// The number that names the compression, 0 to 15.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert_eq!(record.header().unwrap().compression(), hipo::Compression::Lz4.code());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compression(&self) -> u8 {
        (self.compression_word >> 28) as u8
    }

    /// Length in bytes of the body when it is not compressed: index, user header, events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let mut record = hipo::Record::new();
    /// # reader.load(0, &mut record)?;
    /// assert!(record.header().unwrap().body_length() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn body_length(&self) -> u64 {
        self.events_start() + u64::from(self.data_length)
    }

    /// Where in the uncompressed body the first event starts.
    pub(crate) fn events_start(&self) -> u64 {
        4 * u64::from(self.event_count)
            + u64::from(self.user_header_length)
            + u64::from(self.bit_info.user_header_pad())
    }
}

/// Word 5 of both headers: the version in the low byte, then bits and pads.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// assert_eq!(reader.header().bit_info.version(), 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitInfo(pub u32);

impl BitInfo {
    /// Version of the container; 6 is the one in use.
    ///
    /// ```
    /// assert_eq!(hipo::BitInfo(0x0206).version(), 6);
    /// ```
    #[must_use]
    pub fn version(self) -> u32 {
        self.0 & 0xff
    }

    /// Bytes after the user header that make it a multiple of 4.
    #[must_use]
    pub(crate) fn user_header_pad(self) -> u32 {
        self.0 >> 20 & 3
    }

    /// Bytes after compressed data that make it a multiple of 4.
    #[must_use]
    pub(crate) fn compressed_pad(self) -> u32 {
        self.0 >> 24 & 3
    }
}

struct Words {
    order: ByteOrder,
    bytes: Vec<u8>,
}

impl Words {
    fn words(&mut self, words: &[u32]) {
        for word in words {
            self.bytes.extend_from_slice(&match self.order {
                ByteOrder::Little => word.to_le_bytes(),
                ByteOrder::Big => word.to_be_bytes(),
            });
        }
    }

    fn long(&mut self, word: u64) {
        self.bytes.extend_from_slice(&match self.order {
            ByteOrder::Little => word.to_le_bytes(),
            ByteOrder::Big => word.to_be_bytes(),
        });
    }
}

/// The byte order in which the magic word of a header reads right.
fn order_of(bytes: &[u8]) -> Option<ByteOrder> {
    [ByteOrder::Little, ByteOrder::Big].into_iter().find(|order| order.u32(bytes, 28) == MAGIC)
}
