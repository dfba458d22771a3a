//! Events as files: EVT2, EVT3, DAT, CSV and HDF5 as DSEC lays it out.
//!
//! Every function gives the bytes of a whole file and refuses events that the format cannot store exactly.

use crate::model::columns::{Events, Geometry};
use crate::model::error::{EventError, Result};
use crate::model::format::Format;

fn unwritable(format: Format, row: usize, what: String) -> EventError {
    EventError::Unwritable { format, row: row as u64, what }
}

/// Time must not be negative nor step back, places must be below `side`.
fn check(events: &Events, format: Format, side: u16) -> Result<()> {
    let mut before = 0;
    for (row, ((&t, &x), &y)) in events.t.iter().zip(&events.x).zip(&events.y).enumerate() {
        if t < before {
            let what = if t < 0 {
                format!("its time is {t} us")
            } else {
                format!("time steps back from {before} to {t} us; sort first")
            };
            return Err(unwritable(format, row, what));
        }
        if x >= side || y >= side {
            return Err(unwritable(format, row, format!("its place is {x}, {y}; below {side} is possible")));
        }
        before = t;
    }
    Ok(())
}

fn header(evt: &str, name: &str, geometry: Option<Geometry>) -> Vec<u8> {
    let mut head = format!("% evt {evt}\n% format {name}");
    if let Some(Geometry { width, height }) = geometry {
        head.push_str(&format!(";height={height};width={width}\n% geometry {width}x{height}"));
    }
    head.push_str("\n% end\n");
    head.into_bytes()
}

/// A recording that is quiet for more turns of its clock than this is not written: 200 days of EVT3, 570 years of EVT2.
const MOST_TURNS: i64 = 1 << 20;

/// Calls `set` with the times at which the clock of a format must be set, from that of the event before to that of the next,
/// so that a reader counts its overflows right.
///
/// A reader sees an overflow only when the base falls from the end of one period to the start of the next,
/// so the quiet periods between two events must be shown, each by its last and its first base.
fn bases_between(
    before: Option<i64>,
    next: i64,
    per_period: i64,
    mut set: impl FnMut(i64),
) -> std::result::Result<(), String> {
    let period = |base: i64| base.div_euclid(per_period);
    // A recording that starts after the first overflow has to show those before it, too.
    let from = before.unwrap_or(0);
    let turns = period(next) - period(from);
    if turns > MOST_TURNS {
        return Err(format!(
            "the clock of the format would turn {turns} times before it; subtract a start from the times"
        ));
    }
    if before.is_none() && turns > 0 {
        set(0);
    }
    for passed in period(from)..period(next) {
        set((passed + 1) * per_period - 1);
        set((passed + 1) * per_period);
    }
    // The first base of its period is set already.
    if turns == 0 || next.rem_euclid(per_period) != 0 {
        set(next);
    }
    Ok(())
}

/// A Prophesee EVT 2.0 file. Places below 2048, times from 0 on that never step back.
///
/// # Errors
/// When an event does not fit the format.
///
/// ```
#[doc = include_str!("example.txt")]
/// let bytes = events::write::evt2(&some, Some(sensor))?;
/// assert_eq!(events::Recording::from_bytes("run.raw", bytes)?.format(), events::Format::Evt2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evt2(events: &Events, geometry: Option<Geometry>) -> Result<Vec<u8>> {
    check(events, Format::Evt2, 2048)?;
    let mut out = header("2.0", "EVT2", geometry);
    out.reserve(events.len() * 4 + events.len() / 16);
    let mut base = None;
    for row in 0..events.len() {
        let t = events.t[row];
        let next = t >> 6;
        if base != Some(next) {
            let set = |high: i64| out.extend_from_slice(&(8u32 << 28 | (high & 0x0FFF_FFFF) as u32).to_le_bytes());
            bases_between(base, next, 1 << 28, set)
                .map_err(|what| unwritable(Format::Evt2, row, format!("its time is {t} us: {what}")))?;
            base = Some(next);
        }
        let kind = u32::from(events.polarity[row] > 0);
        let word = kind << 28 | ((t & 63) as u32) << 22 | u32::from(events.x[row]) << 11 | u32::from(events.y[row]);
        out.extend_from_slice(&word.to_le_bytes());
    }
    Ok(out)
}

/// A Prophesee EVT 3.0 file; neighbours of one time, row and polarity become vectors.
///
/// Places below 2048, times from 0 on that never step back.
///
/// # Errors
/// When an event does not fit the format.
///
/// ```
#[doc = include_str!("example.txt")]
/// let bytes = events::write::evt3(&some, Some(sensor))?;
/// assert_eq!(events::Recording::from_bytes("run.raw", bytes)?.read()?.t, some.t);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evt3(events: &Events, geometry: Option<Geometry>) -> Result<Vec<u8>> {
    check(events, Format::Evt3, 2048)?;
    let mut out = header("3.0", "EVT3", geometry);
    let mut word = |kind: u16, value: u16| out.extend_from_slice(&(kind << 12 | value).to_le_bytes());
    let (mut base, mut low, mut y) = (None, None, None);
    let mut row = 0;
    while row < events.len() {
        let t = events.t[row];
        let high = t >> 12;
        if base != Some(high) {
            bases_between(base, high, 1 << 12, |high| word(8, (high & 0xFFF) as u16))
                .map_err(|what| unwritable(Format::Evt3, row, format!("its time is {t} us: {what}")))?;
            (base, low) = (Some(high), Some(0));
        }
        if low != Some(t & 0xFFF) {
            low = Some(t & 0xFFF);
            word(6, (t & 0xFFF) as u16);
        }
        if y != Some(events.y[row]) {
            y = Some(events.y[row]);
            word(0, events.y[row]);
        }
        let (mask, count) = neighbours(events, row);
        let polarity = u16::from(events.polarity[row] > 0) << 11;
        // Two words of a vector replace one word per event.
        if count > 2 {
            word(3, polarity | events.x[row]);
            word(4, mask);
            row += count;
        } else {
            word(2, polarity | events.x[row]);
            row += 1;
        }
    }
    Ok(out)
}

/// The events from `row` on that one vector of 12 pixels can hold: its mask, and how many they are.
fn neighbours(events: &Events, row: usize) -> (u16, usize) {
    let on = events.polarity[row] > 0;
    let (mut mask, mut count) = (0, 0);
    while let Some((t, x, y, polarity)) = events.get(row + count) {
        let far = x.checked_sub(events.x[row]).filter(|&far| far < 12 && u32::from(mask) >> far == 0);
        let same = t == events.t[row] && y == events.y[row] && (polarity > 0) == on;
        let Some(far) = far.filter(|_| same) else { break };
        mask |= 1 << far;
        count += 1;
    }
    (mask, count)
}

/// A Prophesee DAT file, version 2. Places below 16384; steps back in time are kept, as long as they are below 2^31.
///
/// # Errors
/// When an event does not fit the format.
///
/// ```
#[doc = include_str!("example.txt")]
/// let bytes = events::write::dat(&some, Some(sensor))?;
/// assert_eq!(events::Recording::from_bytes("run.dat", bytes)?.read()?, some);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn dat(events: &Events, geometry: Option<Geometry>) -> Result<Vec<u8>> {
    let mut head = "% Data file containing CD events.\n% Version 2\n".to_string();
    if let Some(Geometry { width, height }) = geometry {
        head.push_str(&format!("% Height {height}\n% Width {width}\n"));
    }
    let mut out = head.into_bytes();
    out.extend_from_slice(&[12, 8]);
    out.reserve(events.len() * 8);
    let mut before: Option<i64> = None;
    for row in 0..events.len() {
        let (t, x, y) = (events.t[row], events.x[row], events.y[row]);
        if t < 0
            || (before.is_none() && t >= 1 << 32)
            || before.is_some_and(|before| t - before >= 1 << 31 || before - t >= 1 << 31)
        {
            return Err(unwritable(Format::Dat, row, format!("its time is {t} us, and 32 bits of time cannot follow")));
        }
        if x >= 1 << 14 || y >= 1 << 14 {
            return Err(unwritable(Format::Dat, row, format!("its place is {x}, {y}; below 16384 is possible")));
        }
        before = Some(t);
        let data = u32::from(x) | u32::from(y) << 14 | u32::from(events.polarity[row] > 0) << 28;
        out.extend_from_slice(&(t as u32).to_le_bytes());
        out.extend_from_slice(&data.to_le_bytes());
    }
    Ok(out)
}

/// A CSV file with the heading `t,x,y,p`: microseconds, places, and polarity as it is in `events`.
///
/// ```
#[doc = include_str!("example.txt")]
/// let text = String::from_utf8(events::write::csv(&some, None))?;
/// assert!(text.contains("t,x,y,p\n100,0,1,0\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn csv(events: &Events, geometry: Option<Geometry>) -> Vec<u8> {
    use std::io::Write;
    let mut out = Vec::with_capacity(events.len() * 24 + 64);
    if let Some(Geometry { width, height }) = geometry {
        out.extend_from_slice(format!("%geometry:{width},{height}\n").as_bytes());
    }
    out.extend_from_slice(b"t,x,y,p\n");
    for row in 0..events.len() {
        // Writing to a vector does not fail.
        writeln!(out, "{},{},{},{}", events.t[row], events.x[row], events.y[row], events.polarity[row]).ok();
    }
    out
}

/// An HDF5 file as the DSEC dataset lays it out: `events/{t,x,y,p}`, `ms_to_idx` and `t_offset`.
///
/// # Errors
/// When time steps back, or the recording is longer than 71 minutes: its times have 32 bits.
///
/// ```
#[doc = include_str!("example.txt")]
/// let bytes = events::write::hdf5(&some, Some(sensor))?;
/// assert_eq!(events::Recording::from_bytes("run.h5", bytes)?.read()?.x, some.x);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hdf5(events: &Events, geometry: Option<Geometry>) -> Result<Vec<u8>> {
    let offset = events.t.first().copied().unwrap_or(0);
    let mut times = Vec::with_capacity(events.len());
    let mut before = offset;
    for (row, &t) in events.t.iter().enumerate() {
        let relative = t.checked_sub(offset).and_then(|relative| u32::try_from(relative).ok());
        match relative.filter(|_| t >= before) {
            Some(relative) => times.push(relative),
            None => {
                return Err(unwritable(
                    Format::Hdf5,
                    row,
                    format!("its time is {t} us: before the event before it, or 2^32 us after the first"),
                ));
            }
        }
        before = t;
    }
    let on: Vec<u8> = events.polarity.iter().map(|&polarity| u8::from(polarity > 0)).collect();
    let milliseconds: Vec<u64> = match times.last() {
        Some(&last) => (0..=u64::from(last / 1000) + 1)
            .map(|ms| times.partition_point(|&t| u64::from(t) < ms * 1000) as u64)
            .collect(),
        None => Vec::new(),
    };
    let failed = |error: hdf5_pure::Error| EventError::Unsupported {
        path: "HDF5".into(),
        what: format!("writing this as HDF5 ({error})"),
        hint: "write parquet or DAT instead".to_string(),
    };
    let mut file = hdf5_pure::FileBuilder::new();
    let mut group = file.create_group("events");
    // HDF5 2.0 wants the sizes of chunks in as few bytes as they need; `hdf5-pure` writes 1, 2 or 4: two are right for both.
    let chunk = [(events.len() as u64).clamp(1, 1 << 15)];
    group.create_dataset("t").with_u32_data(&times).with_chunks(&chunk).with_shuffle().with_deflate(4);
    group.create_dataset("x").with_u16_data(&events.x).with_chunks(&chunk).with_shuffle().with_deflate(4);
    group.create_dataset("y").with_u16_data(&events.y).with_chunks(&chunk).with_shuffle().with_deflate(4);
    group.create_dataset("p").with_u8_data(&on).with_chunks(&chunk).with_deflate(4);
    file.add_group(group.finish());
    file.create_dataset("ms_to_idx").with_u64_data(&milliseconds);
    file.create_dataset("t_offset").with_i64_data(&[offset]).with_shape(&[]);
    if let Some(Geometry { width, height }) = geometry {
        file.set_attr("geometry", hdf5_pure::AttrValue::AsciiString(format!("{width}x{height}")));
    }
    file.finish().map_err(failed)
}
