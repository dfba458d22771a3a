//! Pictures of events: pixels as PNG, and several as one that moves.

use flate2::{Compression, Crc, write::ZlibEncoder};
use show::Bundle;
use std::io::Write;
use std::path::Path;

/// What the background looks like.
const DARK: [u8; 3] = [24, 26, 32];
/// ON events.
const WARM: [f32; 3] = [255.0, 176.0, 64.0];
/// OFF events.
const COOL: [f32; 3] = [72.0, 160.0, 255.0];
/// Small sensors are shown at this width, pixels.
const WIDTH: usize = 480;

/// A picture made of pixels; displays as PNG.
///
/// ```
#[doc = include_str!("example.txt")]
/// let picture: recordings::EventPicture = recording.frame()?;
/// assert_ne!(picture.pixel(1, 1), picture.pixel(0, 0), "two events against none");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPicture {
    width: usize,
    height: usize,
    /// Red, green, blue, row after row.
    pixels: Vec<u8>,
    caption: String,
    /// Whether a pixel is one of the sensor: not where several planes stand side by side.
    of_sensor: bool,
}

impl EventPicture {
    /// ON and OFF strengths per pixel, 0 to 1, row after row.
    pub(crate) fn new(width: usize, height: usize, on: &[f32], off: &[f32], caption: String) -> Self {
        let pixels = on.iter().zip(off).flat_map(|(&on, &off)| mix(on, off)).collect();
        Self { width, height, pixels, caption, of_sensor: true }
    }

    /// Pictures of one size side by side, at most `across` in a row.
    pub(crate) fn beside(parts: &[Self], across: usize, caption: String) -> Self {
        let Some(first) = parts.first() else { return Self::none(caption) };
        let (columns, gap) = (across.clamp(1, parts.len()), 2);
        let rows = parts.len().div_ceil(columns);
        let (width, height) = (columns * (first.width + gap) - gap, rows * (first.height + gap) - gap);
        let mut pixels = vec![255; width * height * 3];
        for (number, part) in parts.iter().enumerate() {
            let (left, top) = ((number % columns) * (first.width + gap), (number / columns) * (first.height + gap));
            for (row, line) in part.pixels.chunks_exact((part.width * 3).max(1)).enumerate() {
                let at = ((top + row) * width + left) * 3;
                pixels[at..at + line.len()].copy_from_slice(line);
            }
        }
        Self { width, height, pixels, caption, of_sensor: false }
    }

    fn none(caption: String) -> Self {
        Self { width: 0, height: 0, pixels: Vec::new(), caption, of_sensor: false }
    }

    /// Columns and rows.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert_eq!(recording.frame()?.size(), (4, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Red, green and blue of a pixel.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert!(recording.frame()?.pixel(3, 2).is_some() && recording.frame()?.pixel(4, 2).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pixel(&self, x: usize, y: usize) -> Option<[u8; 3]> {
        let at = (y * self.width + x) * 3;
        (x < self.width).then(|| self.pixels.get(at..at + 3)).flatten().map(|rgb| [rgb[0], rgb[1], rgb[2]])
    }

    /// The bytes of a PNG file.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert!(recording.frame()?.png().starts_with(b"\x89PNG"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn png(&self) -> Vec<u8> {
        let mut out = Out::new(self.width, self.height);
        out.chunk(b"IDAT", &self.packed());
        out.end()
    }

    /// Writes a PNG file.
    ///
    /// # Errors
    /// What the file system says.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// recording.frame()?.save(folder.path().join("frame.png"))?;
    /// assert_eq!(std::fs::read(folder.path().join("frame.png"))?, recording.frame()?.png());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn save(&self, path: impl AsRef<Path>) -> data::Result<()> {
        let path = path.as_ref();
        std::fs::write(path, self.png())
            .map_err(|error| data::Error::request(format!("cannot write {}: {error}", path.display())))
    }

    fn packed(&self) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        for line in self.pixels.chunks_exact((self.width * 3).max(1)) {
            // Each row begins with the number of its filter: none. Memory cannot refuse to be written.
            encoder.write_all(&[0]).and_then(|()| encoder.write_all(line)).ok();
        }
        encoder.finish().unwrap_or_default()
    }

    fn shown(&self, png: &[u8], words: String) -> Bundle {
        let times = (WIDTH / self.width.max(1)).max(1);
        let size = serde_json::json!({ "width": self.width * times, "height": self.height * times });
        Bundle::text(words).bytes("image/png", png).note("image/png", size)
    }
}

impl show::Display for EventPicture {
    fn bundle(&self) -> Bundle {
        if self.pixels.is_empty() {
            return Bundle::text(self.caption.clone());
        }
        let words = format!("[picture, {} x {} pixels] {}", self.width, self.height, self.caption);
        if !self.of_sensor {
            return self.shown(&self.png(), words);
        }
        let bytes = |[red, green, blue]: [f32; 3]| [red as u8, green as u8, blue as u8];
        show::pixels(&self.png(), self.size(), &words, &[("ON", bytes(WARM)), ("OFF", bytes(COOL)), ("none", DARK)])
    }
}

fn mix(on: f32, off: f32) -> [u8; 3] {
    std::array::from_fn(|part| {
        let ground = f32::from(DARK[part]);
        let (on, off) = (on.clamp(0.0, 1.0), off.clamp(0.0, 1.0));
        let rest = (1.0 - on.max(off)).max(0.0);
        let share = (on + off).max(1.0);
        (ground * rest + (WARM[part] * on + COOL[part] * off) / share).min(255.0) as u8
    })
}

/// Pictures one after the other; displays as a picture that moves, in any front end, without a kernel behind it.
///
/// ```
#[doc = include_str!("example.txt")]
/// let player: recordings::EventPlayer = recording.player(20)?;
/// assert_eq!(player.frames().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPlayer {
    frames: Vec<EventPicture>,
    /// Milliseconds per picture.
    pause: u16,
}

impl EventPlayer {
    /// All pictures must have the size of the first.
    pub(crate) fn new(frames: Vec<EventPicture>, pause: u16) -> Self {
        Self { frames, pause }
    }

    /// The pictures, for a loop of one's own with `update_display`.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert!(recording.player(20)?.frames().iter().all(|picture| picture.size() == (4, 3)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn frames(&self) -> &[EventPicture] {
        &self.frames
    }

    /// The bytes of an animated PNG file.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// assert!(recording.player(20)?.png().starts_with(b"\x89PNG"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn png(&self) -> Vec<u8> {
        let Some(first) = self.frames.first() else { return Vec::new() };
        let mut out = Out::new(first.width, first.height);
        // How many pictures; 0: for ever.
        out.chunk(b"acTL", &[(self.frames.len() as u32).to_be_bytes(), 0u32.to_be_bytes()].concat());
        let mut number = 0u32;
        for (at, frame) in self.frames.iter().enumerate() {
            let mut control = Vec::new();
            for value in [number, first.width as u32, first.height as u32, 0, 0] {
                control.extend_from_slice(&value.to_be_bytes());
            }
            control.extend_from_slice(&self.pause.to_be_bytes());
            control.extend_from_slice(&1000u16.to_be_bytes());
            control.extend_from_slice(&[0, 0]);
            out.chunk(b"fcTL", &control);
            number += 1;
            if at == 0 {
                out.chunk(b"IDAT", &frame.packed());
            } else {
                out.chunk(b"fdAT", &[&number.to_be_bytes()[..], &frame.packed()].concat());
                number += 1;
            }
        }
        out.end()
    }
}

impl show::Display for EventPlayer {
    fn bundle(&self) -> Bundle {
        match self.frames.first() {
            Some(first) => {
                let words = format!(
                    "[{} pictures, {} x {} pixels] {}",
                    self.frames.len(),
                    first.width,
                    first.height,
                    first.caption
                );
                first.shown(&self.png(), words)
            }
            None => Bundle::text("no pictures"),
        }
    }
}

/// A PNG file in the making: chunks with their length and checksum.
struct Out(Vec<u8>);

impl Out {
    fn new(width: usize, height: usize) -> Self {
        let mut out = Self(b"\x89PNG\r\n\x1a\n".to_vec());
        let mut header = [(width as u32).to_be_bytes(), (height as u32).to_be_bytes()].concat();
        // 8 bits, red green blue, and the only methods there are.
        header.extend_from_slice(&[8, 2, 0, 0, 0]);
        out.chunk(b"IHDR", &header);
        out
    }

    fn chunk(&mut self, kind: &[u8; 4], body: &[u8]) {
        let mut sum = Crc::new();
        sum.update(kind);
        sum.update(body);
        self.0.extend_from_slice(&(body.len() as u32).to_be_bytes());
        self.0.extend_from_slice(kind);
        self.0.extend_from_slice(body);
        self.0.extend_from_slice(&sum.sum().to_be_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.chunk(b"IEND", &[]);
        self.0
    }
}
