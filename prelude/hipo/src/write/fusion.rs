//! Fusion: the events of several files side by side, such as a reconstruction and its simulation.

use std::path::Path;

use crate::container::walk::Progress;
use crate::content::dictionary::Dictionary;
use crate::content::event::Event;
use crate::content::event_builder::little_endian;
use crate::model::error::{Error, Fault, Result};
use crate::read::reader::{Events, Reader};
use crate::write::writer::{WriteSummary, Writer};

/// Several files, event by event.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let fusion = hipo::Fusion::of(vec![hipo::Reader::open(&path)?, hipo::Reader::open(&path)?])?;
/// assert_eq!((fusion.readers().len(), fusion.len()), (2, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Fusion {
    readers: Vec<Reader>,
}

impl Fusion {
    /// Of files with equally many events.
    ///
    /// # Errors
    /// When there is none, or the numbers of events differ.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(hipo::Fusion::of(vec![]).is_err());
    /// assert_eq!(hipo::Fusion::of(vec![reader])?.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(readers: Vec<Reader>) -> Result<Self> {
        let Some(first) = readers.first() else {
            return Err(Error::argument("a fusion needs a file"));
        };
        if let Some(other) = readers.iter().find(|reader| reader.len() != first.len()) {
            let (events, name, wanted) = (other.len(), first.name(), first.len());
            let what = format!("it has {events} events, {name} has {wanted}: they cannot stand side by side");
            return Err(Error::in_file(other.name(), Fault::Argument(what)));
        }
        Ok(Self { readers })
    }

    /// The files.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let fusion = hipo::Fusion::of(vec![hipo::Reader::open(&path)?, hipo::Reader::open(&path)?])?;
    /// assert_eq!(fusion.readers().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// Number of events, the same in all files.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let fusion = hipo::Fusion::of(vec![hipo::Reader::open(&path)?, hipo::Reader::open(&path)?])?;
    /// assert_eq!(fusion.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> u64 {
        self.readers.first().map_or(0, Reader::len)
    }

    /// Whether there are no events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let fusion = hipo::Fusion::of(vec![hipo::Reader::open(&path)?, hipo::Reader::open(&path)?])?;
    /// assert!(!fusion.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A cursor over the events of all files.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let fusion = hipo::Fusion::of(vec![hipo::Reader::open(&path)?, hipo::Reader::open(&path)?])?;
    /// assert!(fusion.events().next()?.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(&self) -> FusedEvents<'_> {
        FusedEvents { cursors: self.readers.iter().map(Reader::events).collect(), next: 0, count: self.len() }
    }

    /// Writes a file whose events hold the banks of all inputs; of a bank that several have, the first input's. Tags are
    /// those of the first input.
    ///
    /// # Errors
    /// When dictionaries contradict each other, a record is damaged, or the system refuses.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let fusion = hipo::Fusion::of(vec![hipo::Reader::open(&path)?, hipo::Reader::open(&path)?])?;
    /// assert_eq!(fusion.write(folder.path().join("both.hipo"), &mut |_, _| Ok(()))?.events, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, path: impl AsRef<Path>, progress: Progress<'_>) -> Result<WriteSummary> {
        let mut all = Dictionary::default();
        for reader in &self.readers {
            all = all.union(reader.dictionary()).map_err(|fault| Error::in_file(reader.name(), fault))?;
        }
        let mut writer = Writer::builder().dictionary(&all)?;
        for (key, value) in self.readers.iter().rev().flat_map(|reader| reader.config()) {
            writer = writer.config(key, value);
        }
        let mut writer = writer.create(path)?;
        let (mut cursor, mut done) = (self.events(), 0);
        while let Some(fused) = cursor.next()? {
            let mut out = little_endian(&fused[0], &all)?;
            let mut seen: Vec<(u16, u8)> = Vec::new();
            for found in fused[0].structures() {
                seen.push(found.map(|found| (found.group, found.item))?);
            }
            for event in &fused[1..] {
                let mut copy = little_endian(event, &all)?;
                let copied =
                    Event::from_bytes("a fused event", copy.finish()?, crate::model::order::ByteOrder::Little)?;
                for found in copied.structures() {
                    let found = found.map_err(|fault| event.locate(fault))?;
                    if !seen.contains(&(found.group, found.item)) {
                        seen.push((found.group, found.item));
                        out.add_structure(&found)?;
                    }
                }
            }
            writer.write(&mut out)?;
            done += 1;
            if done % 10_000 == 0 {
                progress(done, self.len())?;
            }
        }
        writer.finish()
    }
}

/// A cursor over events side by side.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let fusion = hipo::Fusion::of(vec![hipo::Reader::open(&path)?, hipo::Reader::open(&path)?])?;
/// let mut events: hipo::FusedEvents = fusion.events();
/// assert_eq!(events.next()?.unwrap().len(), 2, "one of each file");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FusedEvents<'r> {
    cursors: Vec<Events<'r>>,
    next: u64,
    count: u64,
}

impl FusedEvents<'_> {
    /// The next event of every file, in the order of the files; `None` after the last.
    ///
    /// # Errors
    /// When a record is damaged.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let fusion = hipo::Fusion::of(vec![hipo::Reader::open(&path)?, hipo::Reader::open(&path)?])?;
    /// let mut events = fusion.events();
    /// assert_eq!(events.next()?.unwrap()[1].tag(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(
        clippy::should_implement_trait,
        reason = "the events borrow the cursors' records: no Iterator can say that"
    )]
    pub fn next(&mut self) -> Result<Option<Vec<Event<'_>>>> {
        if self.next >= self.count {
            return Ok(None);
        }
        let number = self.next;
        self.next += 1;
        self.cursors.iter_mut().map(|cursor| cursor.goto(number)).collect::<Result<Vec<_>>>().map(Some)
    }
}
