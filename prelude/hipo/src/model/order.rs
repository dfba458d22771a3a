//! Numbers in bytes, in either byte order, at any alignment.

/// The byte order of a file. Little-endian in every file known in the wild.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// The order of this machine.
    pub const NATIVE: Self = if cfg!(target_endian = "little") { Self::Little } else { Self::Big };

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Little => "little",
            Self::Big => "big",
        }
    }

    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        self.read(bytes, at)
    }

    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        self.read(bytes, at)
    }

    pub(crate) fn i32(self, bytes: &[u8], at: usize) -> i32 {
        self.read(bytes, at)
    }

    pub(crate) fn u64(self, bytes: &[u8], at: usize) -> u64 {
        self.read(bytes, at)
    }

    pub(crate) fn i64(self, bytes: &[u8], at: usize) -> i64 {
        self.read(bytes, at)
    }

    /// The number at byte `at`. The caller has checked that it lies inside `bytes`.
    pub(crate) fn read<T: Element>(self, bytes: &[u8], at: usize) -> T {
        let value: T = bytemuck::pod_read_unaligned(&bytes[at..at + size_of::<T>()]);
        if self == Self::NATIVE { value } else { value.swapped() }
    }
}

/// A number that a file can hold.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// # let schema = reader.bank("REC::Particle")?;
/// # let mut events = reader.events();
/// # let event = events.next()?.unwrap();
/// # let bank = event.bank(&schema)?;
/// assert_eq!(bank.value::<f32>(schema.index_of("px")?, 0), Some(0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Element: bytemuck::Pod + PartialEq + std::fmt::Debug + Send + Sync {
    /// The same bytes in the other order.
    ///
    /// ```
    /// use hipo::Element;
    /// assert_eq!(0x0102_i16.swapped(), 0x0201);
    /// ```
    #[must_use]
    fn swapped(self) -> Self;
}

macro_rules! element {
    ($($integer:ty)*) => { $(impl Element for $integer {
        fn swapped(self) -> Self { self.swap_bytes() }
    })* };
}

element!(i8 u8 i16 u16 i32 u32 i64 u64);

impl Element for f32 {
    fn swapped(self) -> Self {
        Self::from_bits(self.to_bits().swap_bytes())
    }
}

impl Element for f64 {
    fn swapped(self) -> Self {
        Self::from_bits(self.to_bits().swap_bytes())
    }
}
