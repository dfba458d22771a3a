//! Events that are being made, and big-endian ones as little-endian ones.

use crate::content::bank::{Bank, BankBuilder};
use crate::content::composite::CompositeBuilder;
use crate::content::dictionary::Dictionary;
use crate::content::event::{Event, HEADER};
use crate::content::structure::{self, Numbers, Structure, Structures};
use crate::model::error::{Fault, Result};
use crate::model::order::ByteOrder;

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
