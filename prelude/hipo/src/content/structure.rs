//! Structures: the 8-byte header and payload everything in an event is made of.

use crate::content::gather;
use crate::model::error::Fault;
use crate::model::order::{ByteOrder, Element};
use crate::model::schema::{ColumnType, MAX_STRUCTURE};

/// Bytes of a structure's header.
pub(crate) const HEADER: usize = 8;
/// Type byte of a string.
pub const STRING: u8 = 6;
/// Type byte of a composite.
pub const COMPOSITE: u8 = 10;
/// Type byte of a bank.
pub const BANK: u8 = 11;

/// A view of one structure of an event: a bank, a string, an array of numbers or a composite.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let schema = reader.bank("REC::Particle")?;
/// # let mut events = reader.events();
/// # let event = events.next()?.unwrap();
/// let structure: hipo::Structure = event.structure(300, 31)?.unwrap();
/// assert_eq!((structure.group, structure.item, structure.kind), (300, 31, hipo::BANK));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Structure<'a> {
    /// Group number.
    pub group: u16,
    /// Item number.
    pub item: u8,
    /// Type byte: 1-5 and 8 arrays, 6 string, 10 composite, 11 bank.
    pub kind: u8,
    /// Length of the format at the front of the payload; only composites have one.
    pub format_length: usize,
    /// Everything after the header.
    pub payload: &'a [u8],
    /// The byte order of its numbers.
    pub order: ByteOrder,
}

impl<'a> Structure<'a> {
    /// The string of a string structure, up to the first NUL. Any type byte will do: writers differ.
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// let event = Event::from_bytes("a message", builder.finish()?, ByteOrder::Little)?;
    /// assert_eq!(event.structure(1, 2)?.unwrap().text(), "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        let end = self.payload.iter().position(|byte| *byte == 0).unwrap_or(self.payload.len());
        String::from_utf8_lossy(&self.payload[..end]).into_owned()
    }

    /// The numbers of an array structure; `None` when it holds another type.
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// let event = Event::from_bytes("a message", builder.finish()?, ByteOrder::Little)?;
    /// assert_eq!(event.structure(1, 3)?.unwrap().numbers(), Some(Numbers::I32(vec![4, 5])));
    /// assert_eq!(event.structure(1, 2)?.unwrap().numbers(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn numbers(&self) -> Option<Numbers> {
        let kind = ColumnType::from_code(self.kind)?;
        Some(Numbers::read(kind, self.payload, self.order))
    }
}

/// The structures of an event, in order.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let schema = reader.bank("REC::Particle")?;
/// # let mut events = reader.events();
/// # let event = events.next()?.unwrap();
/// let numbers: Vec<(u16, u8)> =
///     event.structures().map(|one| one.map(|one| (one.group, one.item))).collect::<Result<_, _>>()?;
/// assert_eq!(numbers, [(300, 31)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Structures<'a> {
    bytes: &'a [u8],
    at: usize,
    order: ByteOrder,
}

impl<'a> Structures<'a> {
    /// Walks the structures of an event's bytes from byte `at`.
    pub(crate) fn new(bytes: &'a [u8], at: usize, order: ByteOrder) -> Self {
        Self { bytes, at, order }
    }

    /// Where the next structure starts in the event.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The bytes after the last structure, too few for another.
    pub(crate) fn rest(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }
}

impl<'a> Iterator for Structures<'a> {
    type Item = Result<Structure<'a>, Fault>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let header = self.bytes.get(self.at..self.at + HEADER)?;
        let order = self.order;
        let word = order.u32(header, 4);
        let (length, format_length) = ((word & 0x00ff_ffff) as usize, (word >> 24) as usize);
        let (group, item, kind) = (order.u16(header, 0), header[2], header[3]);
        let start = self.at + HEADER;
        let Some(payload) = self.bytes.get(start..start + length) else {
            let fault = Fault::Damaged(format!(
                "structure ({group},{item}) at byte {} of the event says it has {length} bytes, {} are left",
                self.at,
                self.bytes.len() - start
            ));
            self.at = self.bytes.len();
            return Some(Err(fault));
        };
        self.at = start + length;
        Some(Ok(Structure { group, item, kind, format_length, payload, order }))
    }
}

/// Numbers of one of the six types.
///
/// ```
/// use hipo::Numbers;
/// let numbers = Numbers::F32(vec![0.5, 1.5]);
/// assert_eq!((numbers.len(), numbers.as_f64(1)), (2, Some(1.5)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// `B`
    I8(Vec<i8>),
    /// `S`
    I16(Vec<i16>),
    /// `I`
    I32(Vec<i32>),
    /// `L`
    I64(Vec<i64>),
    /// `F`
    F32(Vec<f32>),
    /// `D`
    F64(Vec<f64>),
}

/// Runs `$body` with `$values` the vector inside `$numbers`, of any type.
macro_rules! with_numbers {
    ($numbers:expr, $values:ident => $body:expr) => {
        match $numbers {
            $crate::content::structure::Numbers::I8($values) => $body,
            $crate::content::structure::Numbers::I16($values) => $body,
            $crate::content::structure::Numbers::I32($values) => $body,
            $crate::content::structure::Numbers::I64($values) => $body,
            $crate::content::structure::Numbers::F32($values) => $body,
            $crate::content::structure::Numbers::F64($values) => $body,
        }
    };
}
impl Numbers {
    /// `length` zeros.
    ///
    /// ```
    /// assert_eq!(hipo::Numbers::zeros(hipo::ColumnType::I16, 2), hipo::Numbers::I16(vec![0, 0]));
    /// ```
    #[must_use]
    pub fn zeros(kind: ColumnType, length: usize) -> Self {
        match kind {
            ColumnType::I8 => Self::I8(vec![0; length]),
            ColumnType::I16 => Self::I16(vec![0; length]),
            ColumnType::I32 => Self::I32(vec![0; length]),
            ColumnType::I64 => Self::I64(vec![0; length]),
            ColumnType::F32 => Self::F32(vec![0.0; length]),
            ColumnType::F64 => Self::F64(vec![0.0; length]),
        }
    }

    /// The whole numbers in `bytes`; a ragged end is left out.
    ///
    /// ```
    /// use hipo::{ByteOrder, ColumnType, Numbers};
    /// assert_eq!(Numbers::read(ColumnType::I16, &[1, 0, 2, 0, 9], ByteOrder::Little), Numbers::I16(vec![1, 2]));
    /// ```
    #[must_use]
    pub fn read(kind: ColumnType, bytes: &[u8], order: ByteOrder) -> Self {
        let mut numbers = Self::zeros(kind, bytes.len() / kind.size());
        let whole = numbers.len() * kind.size();
        numbers.bytes_mut().copy_from_slice(&bytes[..whole]);
        numbers.into_native(order)
    }

    /// These numbers, which were copied in `order`, in the order of this machine.
    pub(crate) fn into_native(mut self, order: ByteOrder) -> Self {
        self.make_native(0, order);
        self
    }

    /// Takes memory for `more` numbers if there is as much.
    pub(crate) fn reserve(&mut self, more: usize) {
        with_numbers!(self, values => {
            if values.try_reserve(more).is_ok() {
                recoil_bytes::in_large_pages(values);
            }
        });
    }

    /// Appends the pieces `(start, length)` of `body`, which are in `order`; lengths in bytes, of whole numbers together.
    pub(crate) fn append_pieces(
        &mut self,
        body: &[u8],
        pieces: impl Iterator<Item = (usize, usize)> + Clone,
        order: ByteOrder,
    ) {
        let first = self.len();
        with_numbers!(self, values => gather::append(values, body, pieces));
        self.make_native(first, order);
    }

    /// Makes it `length` numbers long, with zeros.
    pub(crate) fn resize(&mut self, length: usize) {
        with_numbers!(self, values => values.resize(length, Default::default()));
    }

    /// Turns the numbers from number `first` on, which were copied in `order`.
    pub(crate) fn make_native(&mut self, first: usize, order: ByteOrder) {
        if order != ByteOrder::NATIVE {
            with_numbers!(self, values => values[first..].iter_mut().for_each(|value| *value = value.swapped()));
        }
    }

    /// Their type.
    ///
    /// ```
    /// assert_eq!(hipo::Numbers::F32(vec![]).kind(), hipo::ColumnType::F32);
    /// ```
    #[must_use]
    pub fn kind(&self) -> ColumnType {
        match self {
            Self::I8(_) => ColumnType::I8,
            Self::I16(_) => ColumnType::I16,
            Self::I32(_) => ColumnType::I32,
            Self::I64(_) => ColumnType::I64,
            Self::F32(_) => ColumnType::F32,
            Self::F64(_) => ColumnType::F64,
        }
    }

    /// How many.
    ///
    /// ```
    /// assert_eq!(hipo::Numbers::I8(vec![1, 2]).len(), 2);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        with_numbers!(self, values => values.len())
    }

    /// Whether there are none.
    ///
    /// ```
    /// assert!(hipo::Numbers::I8(vec![]).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at `index` as f64; integers beyond 2^53 are rounded. `None` beyond the end.
    ///
    /// ```
    /// let numbers = hipo::Numbers::I32(vec![11, 2212]);
    /// assert_eq!((numbers.as_f64(1), numbers.as_f64(2)), (Some(2212.0), None));
    /// ```
    #[must_use]
    pub fn as_f64(&self, index: usize) -> Option<f64> {
        self.get(index).map(Number::as_f64)
    }

    /// The number at `index`. `None` beyond the end.
    ///
    /// ```
    /// assert_eq!(hipo::Numbers::I32(vec![11]).get(0), Some(hipo::Number::Integer(11)));
    /// ```
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Number> {
        with_numbers!(self, values => values.get(index).map(|value| Number::from(*value)))
    }

    /// A copy of some of them.
    ///
    /// # Panics
    /// Beyond the end.
    ///
    /// ```
    /// assert_eq!(hipo::Numbers::I8(vec![1, 2, 3]).slice(1..3), hipo::Numbers::I8(vec![2, 3]));
    /// ```
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        match self {
            Self::I8(values) => Self::I8(values[range].to_vec()),
            Self::I16(values) => Self::I16(values[range].to_vec()),
            Self::I32(values) => Self::I32(values[range].to_vec()),
            Self::I64(values) => Self::I64(values[range].to_vec()),
            Self::F32(values) => Self::F32(values[range].to_vec()),
            Self::F64(values) => Self::F64(values[range].to_vec()),
        }
    }

    /// The numbers as they lie in memory.
    ///
    /// ```
    /// assert_eq!(hipo::Numbers::I8(vec![1, 2]).bytes(), [1, 2]);
    /// ```
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        with_numbers!(self, values => bytemuck::cast_slice(values))
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        with_numbers!(self, values => bytemuck::cast_slice_mut(values))
    }

    /// Appends numbers of the same type.
    pub(crate) fn append(&mut self, other: &Self) {
        match (self, other) {
            (Self::I8(values), Self::I8(more)) => values.extend_from_slice(more),
            (Self::I16(values), Self::I16(more)) => values.extend_from_slice(more),
            (Self::I32(values), Self::I32(more)) => values.extend_from_slice(more),
            (Self::I64(values), Self::I64(more)) => values.extend_from_slice(more),
            (Self::F32(values), Self::F32(more)) => values.extend_from_slice(more),
            (Self::F64(values), Self::F64(more)) => values.extend_from_slice(more),
            // Columns of one name are read with one schema; another type cannot reach this place.
            (values, more) => unreachable!("{:?} appended to {:?}", more.kind(), values.kind()),
        }
    }

    /// Keeps the rows of `count` numbers each for which `keep` says so.
    pub(crate) fn retain_rows(&mut self, count: usize, keep: &[bool]) {
        with_numbers!(self, values => {
            let mut row = 0;
            values.retain(|_| {
                let kept = keep[row / count];
                row += 1;
                kept
            });
        });
    }
}

/// One number, with its type kept.
///
/// ```
/// use hipo::Number;
/// assert_eq!((Number::from(7), Number::from(0.5)), (Number::Integer(7), Number::F64(0.5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer of any width.
    Integer(i64),
    /// A 32-bit float.
    F32(f32),
    /// A 64-bit float.
    F64(f64),
}

impl Number {
    /// As f64; integers beyond 2^53 are rounded.
    ///
    /// ```
    /// assert_eq!(hipo::Number::Integer(7).as_f64(), 7.0);
    /// ```
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "said in the documentation")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::F32(value) => f64::from(value),
            Self::F64(value) => value,
        }
    }

    /// As i64; `None` for a float.
    ///
    /// ```
    /// assert_eq!((hipo::Number::Integer(7).as_i64(), hipo::Number::F64(7.0).as_i64()), (Some(7), None));
    /// ```
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(value),
            _ => None,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::F32(value) => write!(f, "{value}"),
            Self::F64(value) => write!(f, "{value}"),
        }
    }
}

macro_rules! number_from {
    ($($integer:ty)*) => { $(impl From<$integer> for Number {
        fn from(value: $integer) -> Self { Self::Integer(value.into()) }
    })* };
}

number_from!(i8 i16 i32 i64 u8 u16 u32);

impl From<f32> for Number {
    fn from(value: f32) -> Self {
        Self::F32(value)
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::F64(value)
    }
}

/// Appends a structure to an event's bytes.
pub(crate) fn append(
    out: &mut Vec<u8>,
    (group, item, kind): (u16, u8, u8),
    format_length: usize,
    payload: &[u8],
) -> Result<(), Fault> {
    if payload.len() > MAX_STRUCTURE {
        return Err(Fault::Argument(format!(
            "structure ({group},{item}) of {} bytes: HIPO stores at most {MAX_STRUCTURE}",
            payload.len()
        )));
    }
    // Both fit: the length in 24 bits, the format (at most 127 letters) in the byte above.
    let word = payload.len() as u32 | (format_length as u32) << 24;
    out.extend_from_slice(&group.to_le_bytes());
    out.extend_from_slice(&[item, kind]);
    out.extend_from_slice(&word.to_le_bytes());
    out.extend_from_slice(payload);
    Ok(())
}
