//! The formats read here, and their names.

/// The formats read here.
///
/// ```
#[doc = include_str!("../example.txt")]
/// assert_eq!(recording.format(), events::Format::Dat);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Prophesee EVT 2.0, words of 32 bits.
    Evt2,
    /// Prophesee EVT 2.1, words of 64 bits with 32 pixels each, in both word orders.
    Evt21,
    /// Prophesee EVT 3.0, words of 16 bits.
    Evt3,
    /// Prophesee DAT, records of 8 bytes.
    Dat,
    /// jAER AEDAT 1.0, records of 6 bytes.
    Aedat1,
    /// jAER AEDAT 2.0, records of 8 bytes.
    Aedat2,
    /// cAER AEDAT 3.x, packets.
    Aedat3,
    /// DV AEDAT 4.0, compressed packets of flatbuffers.
    Aedat4,
    /// HDF5, as DSEC, Prophesee and others lay it out.
    Hdf5,
    /// Text, one event per line.
    Text,
    /// N-MNIST and N-Caltech101, records of 5 bytes.
    Nmnist,
    /// Event Stream (`.es`), DVS events.
    EventStream,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Evt2,
        Self::Evt21,
        Self::Evt3,
        Self::Dat,
        Self::Aedat1,
        Self::Aedat2,
        Self::Aedat3,
        Self::Aedat4,
        Self::Hdf5,
        Self::Text,
        Self::Nmnist,
        Self::EventStream,
    ];

    /// The name people know it by.
    ///
    /// ```
    /// assert!(events::Format::Evt3.name().contains('3'));
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Evt2 => "EVT2",
            Self::Evt21 => "EVT2.1",
            Self::Evt3 => "EVT3",
            Self::Dat => "DAT",
            Self::Aedat1 => "AEDAT 1",
            Self::Aedat2 => "AEDAT 2",
            Self::Aedat3 => "AEDAT 3.1",
            Self::Aedat4 => "AEDAT 4",
            Self::Hdf5 => "HDF5",
            Self::Text => "text",
            Self::Nmnist => "N-MNIST",
            Self::EventStream => "ES",
        }
    }

    /// The format with this name; letters, case, dots and blanks are forgiven (`evt2.1`, `EVT21`, `aedat 4`).
    ///
    /// ```
    /// use events::Format;
    /// assert_eq!((Format::from_name("evt2.1"), Format::from_name("evt9")), (Some(Format::Evt21), None));
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
        };
        let wanted = plain(name);
        let alias = match wanted.as_str() {
            "evt20" => "evt2",
            "evt30" => "evt3",
            "aedat10" => "aedat1",
            "aedat20" => "aedat2",
            "aedat3" | "aedat30" => "aedat31",
            "aedat40" => "aedat4",
            "h5" => "hdf5",
            "csv" | "txt" => "text",
            "ncaltech101" => "nmnist",
            "eventstream" => "es",
            other => other,
        };
        Self::ALL.into_iter().find(|format| plain(format.name()) == alias)
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A format and what gave it away.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let detection: &events::Detection = recording.detection();
/// assert_eq!(detection.format, events::Format::Dat);
/// assert!(!detection.reason.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// The format.
    pub format: Format,
    /// Why this one, in words.
    pub reason: String,
}
