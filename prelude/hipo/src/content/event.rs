//! Events: a 16-byte header and structures.

use crate::content::bank::{Bank, BankBuilder};
use crate::content::composite::CompositeBuilder;
use crate::content::dictionary::Dictionary;
use crate::content::structure::{self, Numbers, Structure, Structures};
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
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("run.hipo");
/// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
/// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
/// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
/// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
/// #     for (row, &pid) in pids.iter().enumerate() {
/// #         particles.put("pid", row, pid)?;
/// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
/// #         particles.put("px", row, 0.5)?;
/// #         particles.put("pz", row, 1.5)?;
/// #     }
/// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
/// # }
/// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = hipo::Schema::parse("{REC::Particle/300/31}{pid/I,charge/B,px/F,py/F,pz/F}")?;
    /// # let mut writer = hipo::Writer::builder().config("note", "a test").schema(schema)?.create(&path)?;
    /// # for (tag, pids) in [(0, vec![11, 2212]), (0, vec![22]), (1, vec![11])] {
    /// #     let mut particles = writer.bank("REC::Particle", pids.len())?;
    /// #     for (row, &pid) in pids.iter().enumerate() {
    /// #         particles.put("pid", row, pid)?;
    /// #         particles.put("charge", row, match pid { 11 => -1, 2212 => 1, _ => 0 })?;
    /// #         particles.put("px", row, 0.5)?;
    /// #         particles.put("pz", row, 1.5)?;
    /// #     }
    /// #     writer.write(hipo::EventBuilder::new().set_tag(tag).add_bank(&particles)?)?;
    /// # }
    /// # writer.finish()?;
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

/// An event to be written.
///
/// ```
/// let mut event = hipo::EventBuilder::new();
/// event.set_tag(3).add_text(1, 2, "hello")?;
/// assert_eq!(event.tag(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EventBuilder {
    bytes: Vec<u8>,
}

impl Default for EventBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl EventBuilder {
    /// An empty event with tag 0.
    ///
    /// ```
    /// assert_eq!(hipo::EventBuilder::new().tag(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = b"EVNT".to_vec();
        bytes.resize(HEADER, 0);
        Self { bytes }
    }

    /// A copy of an event, to be changed and written. `None` when it is not little-endian, in which case its banks must
    /// be copied one by one.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = std::sync::Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// # let mut writer = hipo::Writer::builder().schema(schema.clone())?.create(&path)?;
    /// # for tag in [0, 1, 0] {
    /// #     let mut particles = writer.bank("REC::Particle", 1)?;
    /// #     particles.put("pid", 0, 11)?;
    /// #     writer.write(hipo::EventBuilder::new().add_bank(&particles)?.set_tag(tag))?;
    /// # }
    /// # writer.finish()?;
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut events = reader.events();
    /// let event = events.next()?.ok_or("no event")?;
    /// let mut copy = hipo::EventBuilder::copy_of(&event).ok_or("a big-endian event")?;
    /// assert_eq!(copy.set_tag(7).tag(), 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn copy_of(event: &Event<'_>) -> Option<Self> {
        (event.order() == ByteOrder::Little).then(|| Self { bytes: event.bytes().to_vec() })
    }

    /// Empties the event for the next one; memory and tag word are kept for it, tag and mask are 0.
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// let long = builder.finish()?.len();
    /// builder.reset();
    /// assert!(builder.finish()?.len() < long);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reset(&mut self) {
        self.bytes.truncate(HEADER);
        self.bytes[4..].fill(0);
    }

    /// Sets the tag. Events of one tag share their records.
    ///
    /// ```
    /// assert_eq!(hipo::EventBuilder::new().set_tag(3).tag(), 3);
    /// ```
    pub fn set_tag(&mut self, tag: i32) -> &mut Self {
        self.bytes[8..12].copy_from_slice(&tag.to_le_bytes());
        self
    }

    /// Sets the mask word.
    ///
    /// ```
    /// use hipo::{ByteOrder, Event, EventBuilder};
    /// let mut event = EventBuilder::new();
    /// let bytes = event.set_mask(3).finish()?;
    /// assert_eq!(Event::from_bytes("memory", bytes, ByteOrder::Little)?.mask(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_mask(&mut self, mask: u32) -> &mut Self {
        self.bytes[12..16].copy_from_slice(&mask.to_le_bytes());
        self
    }

    /// Appends a bank; one without rows leaves no trace, as C++ and Java do.
    ///
    /// # Errors
    /// Never today; banks are checked as they are made.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # let schema = Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// let bank = hipo::BankBuilder::new(&schema, 1)?;
    /// assert!(hipo::EventBuilder::new().add_bank(&bank)?.finish()?.len() > 16);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_bank(&mut self, bank: &BankBuilder) -> Result<&mut Self, Fault> {
        if bank.rows() > 0 {
            bank.append_to(&mut self.bytes)?;
        }
        Ok(self)
    }

    /// Appends a string.
    ///
    /// # Errors
    /// When it is longer than a structure can be.
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// let event = Event::from_bytes("a message", builder.finish()?, ByteOrder::Little)?;
    /// assert_eq!(event.structure(1, 2)?.unwrap().text(), "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_text(&mut self, group: u16, item: u8, text: &str) -> Result<&mut Self, Fault> {
        structure::append(&mut self.bytes, (group, item, structure::STRING), 0, text.as_bytes())?;
        Ok(self)
    }

    /// Appends an array of numbers.
    ///
    /// # Errors
    /// When it is longer than a structure can be.
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// let event = Event::from_bytes("a message", builder.finish()?, ByteOrder::Little)?;
    /// assert_eq!(event.structure(1, 3)?.unwrap().numbers(), Some(Numbers::I32(vec![4, 5])));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_numbers(&mut self, group: u16, item: u8, numbers: &Numbers) -> Result<&mut Self, Fault> {
        let little = numbers.clone().into_native(ByteOrder::Little);
        structure::append(&mut self.bytes, (group, item, numbers.kind().code()), 0, little.bytes())?;
        Ok(self)
    }

    /// Appends a composite.
    ///
    /// # Errors
    /// When it is longer than a structure can be.
    ///
    /// ```
    /// # use hipo::{ByteOrder, CompositeBuilder, Event, EventBuilder};
    /// # let mut rows = CompositeBuilder::new(42, 1, "bi")?;
    /// # rows.push(&[1.into(), 100.into()])?;
    /// # rows.push(&[2.into(), 200.into()])?;
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_composite(&rows)?;
    /// # let bytes = builder.finish()?.to_vec();
    /// # let event = Event::from_bytes("a message", &bytes, ByteOrder::Little)?;
    /// # let structure = event.structure(42, 1)?.unwrap();
    /// # let composite = structure.composite().unwrap()?;
    /// assert_eq!(composite.rows(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_composite(&mut self, composite: &CompositeBuilder) -> Result<&mut Self, Fault> {
        composite.append_to(&mut self.bytes)?;
        Ok(self)
    }

    /// Appends a structure as it was read.
    ///
    /// # Errors
    /// When it is not little-endian: its numbers would be wrong.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = std::sync::Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// # let mut writer = hipo::Writer::builder().schema(schema.clone())?.create(&path)?;
    /// # for tag in [0, 1, 0] {
    /// #     let mut particles = writer.bank("REC::Particle", 1)?;
    /// #     particles.put("pid", 0, 11)?;
    /// #     writer.write(hipo::EventBuilder::new().add_bank(&particles)?.set_tag(tag))?;
    /// # }
    /// # writer.finish()?;
    /// # let reader = hipo::Reader::open(&path)?;
    /// let mut events = reader.events();
    /// let event = events.next()?.ok_or("no event")?;
    /// let mut copy = hipo::EventBuilder::new();
    /// for structure in event.structures() {
    ///     copy.add_structure(&structure?)?;
    /// }
    /// assert_eq!(copy.finish()?.len(), event.bytes().len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_structure(&mut self, structure: &Structure<'_>) -> Result<&mut Self, Fault> {
        if structure.order != ByteOrder::Little {
            return Err(Fault::Unsupported("copying a big-endian structure as it is; copy its bank instead".into()));
        }
        let numbers = (structure.group, structure.item, structure.kind);
        structure::append(&mut self.bytes, numbers, structure.format_length, structure.payload)?;
        Ok(self)
    }

    /// Takes out all structures with these numbers; says how many.
    ///
    /// # Errors
    /// When a structure of a copied event runs past its end.
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// assert_eq!((builder.remove(1, 2)?, builder.remove(1, 2)?), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&mut self, group: u16, item: u8) -> Result<usize, Fault> {
        self.keep(|found| (found.group, found.item) != (group, item))
    }

    /// Keeps the structures that `keep` wants; says how many others there were.
    ///
    /// # Errors
    /// As [`EventBuilder::remove`].
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// assert_eq!(builder.keep(|structure| structure.item == 3)?, 1, "the text is gone");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keep(&mut self, keep: impl Fn(&Structure<'_>) -> bool) -> Result<usize, Fault> {
        let mut kept = self.bytes[..HEADER].to_vec();
        let mut removed = 0;
        let mut structures = Structures::new(&self.bytes, HEADER, ByteOrder::Little);
        let mut start = HEADER;
        while let Some(found) = structures.next() {
            if keep(&found?) {
                kept.extend_from_slice(&self.bytes[start..structures.position()]);
            } else {
                removed += 1;
            }
            start = structures.position();
        }
        self.bytes = kept;
        Ok(removed)
    }

    /// The event's bytes, with its size written into them.
    ///
    /// # Errors
    /// When it has 4 GiB or more.
    ///
    /// ```
    /// # use hipo::{ByteOrder, Event, EventBuilder, Numbers};
    /// # let mut builder = EventBuilder::new();
    /// # builder.add_text(1, 2, "hello")?.add_numbers(1, 3, &Numbers::I32(vec![4, 5]))?;
    /// let bytes = builder.finish()?.to_vec();
    /// assert_eq!(Event::from_bytes("a message", &bytes, ByteOrder::Little)?.structures().count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn finish(&mut self) -> Result<&[u8], Fault> {
        let size = u32::try_from(self.bytes.len())
            .map_err(|_| Fault::Argument(format!("an event of {} bytes", self.bytes.len())))?;
        self.bytes[4..8].copy_from_slice(&size.to_le_bytes());
        Ok(&self.bytes)
    }

    /// The tag.
    ///
    /// ```
    /// assert_eq!(hipo::EventBuilder::new().set_tag(2).tag(), 2);
    /// ```
    #[must_use]
    pub fn tag(&self) -> i32 {
        ByteOrder::Little.i32(&self.bytes, 8)
    }
}

/// The same event with little-endian numbers: what a big-endian event must become before it is written.
///
/// # Errors
/// When it holds something whose numbers cannot be told: a bank that is not in the dictionary.
pub(crate) fn little_endian(event: &Event<'_>, dictionary: &Dictionary) -> Result<EventBuilder> {
    if let Some(copy) = EventBuilder::copy_of(event) {
        return Ok(copy);
    }
    let mut out = EventBuilder::new();
    out.set_tag(event.tag()).set_mask(event.mask());
    for found in event.structures() {
        let found = found.map_err(|fault| event.locate(fault))?;
        let payload = little_payload(&found, dictionary).map_err(|fault| event.locate(fault))?;
        let copy = Structure { payload: &payload, order: ByteOrder::Little, ..found };
        out.add_structure(&copy).map_err(|fault| event.locate(fault))?;
    }
    Ok(out)
}

fn little_payload(found: &Structure<'_>, dictionary: &Dictionary) -> Result<Vec<u8>, Fault> {
    let swapped = |numbers: Numbers| numbers.into_native(ByteOrder::Little).bytes().to_vec();
    if let Some(numbers) = found.numbers() {
        return Ok(swapped(numbers));
    }
    if let Some(composite) = found.composite() {
        let composite = composite?;
        let mut out = found.payload[..found.format_length].to_vec();
        for row in 0..composite.rows() {
            for (field, kind) in composite.fields().iter().enumerate() {
                if let Some(number) = composite.get(field, row) {
                    crate::content::bank::append_number(&mut out, number, *kind)?;
                }
            }
        }
        return Ok(out);
    }
    match dictionary.by_number(found.group, found.item) {
        _ if found.kind == structure::STRING => Ok(found.payload.to_vec()),
        Some(schema) => {
            let bank = Bank::new(schema, found);
            let columns = (0..schema.columns().len()).filter_map(|index| bank.column(index));
            Ok(columns.flat_map(swapped).collect())
        }
        None => Err(Fault::Unsupported(format!(
            "structure ({},{}) is big-endian and not in the dictionary",
            found.group, found.item
        ))),
    }
}
