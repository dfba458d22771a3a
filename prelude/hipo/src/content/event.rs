//! Events: a 16-byte header and structures.

use crate::content::bank::Bank;
use crate::content::structure::{Structure, Structures};
use crate::model::error::{Error, Fault, Place, Result};
use crate::model::order::ByteOrder;
use crate::model::schema::Schema;

/// Bytes of an event's header.
pub(crate) const HEADER: usize = 16;

/// Where an event was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub file: &'a str,
    pub record: usize,
    pub offset: u64,
    pub event: usize,
}

impl Origin<'_> {
    pub(crate) fn place(self) -> Place {
        Place {
            file: self.file.into(),
            record: Some(self.record + 1),
            offset: Some(self.offset),
            event: Some(self.event + 1),
        }
    }
}

/// A view of one event in its decompressed record.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let schema = reader.bank("REC::Particle")?;
/// # let mut events = reader.events();
/// # let event = events.next()?.unwrap();
/// let event: hipo::Event = event;
/// assert_eq!(event.bank(&schema)?.rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
    origin: Origin<'a>,
}

impl<'a> Event<'a> {
    /// The event in these bytes, whose length comes from the record's index; the event's own word must agree.
    pub(crate) fn new(bytes: &'a [u8], order: ByteOrder, origin: Origin<'a>) -> Result<Self> {
        if bytes.len() < HEADER {
            let what = format!("the event has {} bytes, its header alone has {HEADER}", bytes.len());
            return Err(Fault::Damaged(what).at(origin.place()));
        }
        let event = Self { bytes, order, origin };
        if event.stated_size() as usize != bytes.len() {
            let stated = event.stated_size();
            let what = format!("the event says it has {stated} bytes, the record's index says {}", bytes.len());
            return Err(event.locate(Fault::Damaged(what)));
        }
        Ok(event)
    }

    /// The event in bytes that come from elsewhere, such as a message; errors call them `name`.
    ///
    /// # Errors
    /// When the bytes are fewer than a header, or not as many as the header says.
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// let bytes = builder.finish()?.to_vec();
    /// let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
    /// assert_eq!(event.structure(1, 2)?.unwrap().text(), "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_bytes(name: &'a str, bytes: &'a [u8], order: ByteOrder) -> Result<Self> {
        Self::new(bytes, order, Origin { file: name, record: 0, offset: 0, event: 0 })
    }

    /// All bytes, header included.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(event.bytes().len(), event.stated_size() as usize);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The byte order of its numbers.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(event.order(), hipo::ByteOrder::Little);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn order(&self) -> ByteOrder {
        self.order
    }

    /// The first four bytes: "EVNT" from C++, others from Java. Nobody checks them.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(&event.id(), b"EVNT");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        [self.bytes[0], self.bytes[1], self.bytes[2], self.bytes[3]]
    }

    /// The size in bytes the event's own header says.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(event.stated_size() as usize, event.bytes().len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stated_size(&self) -> u32 {
        self.order.u32(self.bytes, 4)
    }

    /// The event's tag.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(event.tag(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tag(&self) -> i32 {
        self.order.i32(self.bytes, 8)
    }

    /// The event's mask word; 0 from C++.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(event.mask(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn mask(&self) -> u32 {
        self.order.u32(self.bytes, 12)
    }

    /// The structures in order. Errors lack the place; [`Event::check`] adds it.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(event.structures().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn structures(&self) -> Structures<'a> {
        Structures::new(self.bytes, HEADER, self.order)
    }

    /// The first structure with these numbers, if any.
    ///
    /// # Errors
    /// When a structure before it runs past the event's end.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert!(event.structure(300, 31)?.is_some() && event.structure(1, 1)?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn structure(&self, group: u16, item: u8) -> Result<Option<Structure<'a>>> {
        for found in self.structures() {
            let found = found.map_err(|fault| self.locate(fault))?;
            if (found.group, found.item) == (group, item) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The bank of this schema; with no rows when the event does not hold it.
    ///
    /// # Errors
    /// When a structure runs past the event's end.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert_eq!(event.bank(&schema)?.rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bank(&self, schema: &'a Schema) -> Result<Bank<'a>> {
        let found = self.structure(schema.group(), schema.item())?;
        Ok(found.map_or_else(|| Bank::empty(schema), |structure| Bank::new(schema, &structure)))
    }

    /// Adds the event's place to a fault.
    pub(crate) fn locate(&self, fault: Fault) -> Error {
        fault.at(self.origin.place())
    }

    /// Whether all structures lie inside the event.
    ///
    /// # Errors
    /// When one does not, with file, record, byte and event.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let schema = reader.bank("REC::Particle")?;
    /// # let mut events = reader.events();
    /// # let event = events.next()?.unwrap();
    /// assert!(event.check().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self) -> Result<()> {
        self.structures().try_for_each(|found| found.map(drop)).map_err(|fault| self.locate(fault))
    }
}
