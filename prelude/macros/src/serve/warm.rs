//! What a forked compiler can do before it has a cell.
//!
//! A child shares its memory with the process that it was copied from. Each page that it writes for the first time is copied, each
//! page of new memory is cleared, and each page of the compiler's own code is looked up once more: a third of the time of a cell.
//! All of that can be done before. Nothing here changes what the child computes, and what a system refuses is left out.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::LazyLock;

/// Bytes of a page.
static PAGE: LazyLock<usize> = LazyLock::new(|| {
    // SAFETY: the call has no memory effects.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
});
/// So many pages are prepared between two looks at the pipe: less than a millisecond's work.
const AT_ONCE: usize = 512;
/// What a cell makes its compiler allocate, in pieces that the allocator keeps when they are given back.
const PIECES: usize = 128;
const PIECE: usize = 256 << 10;

/// Prepares the memory of this process, while nobody wants it for something else.
pub(super) fn warm(is_wanted: &dyn Fn() -> bool) {
    // Without these files there is nothing to be prepared.
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return };
    let maps: Vec<Map> = maps.lines().filter_map(Map::parse).collect();
    let own = maps.iter().filter(|map| map.is_own).flat_map(|map| present(&map.pages).unwrap_or_default());
    populate(own, libc::MADV_POPULATE_WRITE, is_wanted);
    if !is_wanted() {
        allocate();
    }
    let code = maps.iter().filter(|map| map.is_code).flat_map(|map| resident(&map.pages));
    populate(code, libc::MADV_POPULATE_READ, is_wanted);
}

/// A part of the address space.
#[derive(Debug, PartialEq, Eq)]
struct Map {
    /// Numbers of pages.
    pages: Range<usize>,
    /// Whether this process may write it, and nobody else sees that.
    is_own: bool,
    /// Whether it is code from a file.
    is_code: bool,
}

impl Map {
    /// A line of `/proc/self/maps`.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let page = |text| usize::from_str_radix(text, 16).ok().map(|address| address / *PAGE);
        let rights = fields.next()?;
        let is_file = fields.nth(2)? != "0";
        let is_system = fields.next().is_some_and(|name| name.starts_with("[v"));
        let is_own = rights.starts_with("rw") && rights.ends_with('p') && !is_system;
        Some(Self { pages: page(start)?..page(end)?, is_own, is_code: rights.contains('x') && is_file })
    }
}

/// Those of the pages that are in the memory of this process.
fn present(pages: &Range<usize>) -> io::Result<Vec<Range<usize>>> {
    /// Bytes that the file has for each page, and the bit of the last one that says that it is there.
    const ENTRY: usize = 8;
    const PRESENT: u8 = 0x80;
    let mut file = File::open("/proc/self/pagemap")?;
    file.seek(SeekFrom::Start((pages.start * ENTRY) as u64))?;
    let mut entries = vec![0; pages.len() * ENTRY];
    file.read_exact(&mut entries)?;
    Ok(runs(pages.start, entries.chunks_exact(ENTRY).map(|entry| entry[ENTRY - 1] & PRESENT != 0)))
}

/// Those of the pages of a file that are in the memory of the system.
fn resident(pages: &Range<usize>) -> Vec<Range<usize>> {
    let mut all = vec![0u8; pages.len()];
    let start = (pages.start * *PAGE) as *mut libc::c_void;
    // SAFETY: the call writes a byte for each page, and reads no page.
    if unsafe { libc::mincore(start, pages.len() * *PAGE, all.as_mut_ptr().cast()) } != 0 {
        return Vec::new();
    }
    runs(pages.start, all.iter().map(|page| page & 1 != 0))
}

/// Runs of pages that are marked, none of them longer than what is done at once.
fn runs(first: usize, marks: impl Iterator<Item = bool>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for (page, _) in (first..).zip(marks).filter(|(_, is_marked)| *is_marked) {
        match all.last_mut().filter(|run| run.end == page && run.len() < AT_ONCE) {
            Some(run) => run.end = page + 1,
            None => all.push(page..page + 1),
        }
    }
    all
}

/// Has the system do for these pages what it would do when they are used.
fn populate(runs: impl Iterator<Item = Range<usize>>, how: libc::c_int, is_wanted: &dyn Fn() -> bool) {
    let mut since = 0;
    for run in runs {
        let start = (run.start * *PAGE) as *mut libc::c_void;
        // SAFETY: this changes what the tables of pages hold, and neither the memory nor what may be done with it. A range that is no
        // longer there is refused.
        if unsafe { libc::madvise(start, run.len() * *PAGE, how) } != 0 {
            continue;
        }
        since += run.len();
        if since >= AT_ONCE {
            since = 0;
            if is_wanted() {
                return;
            }
        }
    }
}

/// Takes memory, writes each page of it and gives it back to the allocator, which keeps it.
fn allocate() {
    let pieces: Vec<Vec<u8>> = (0..PIECES).map(|_| vec![1; PIECE]).collect();
    std::hint::black_box(&pieces);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_maps_say_what_they_are() {
        let map = |line| Map::parse(line).unwrap();
        let heap = map("7f0000000000-7f0000030000 rw-p 00000000 00:00 0 ");
        let first = 0x7f00_0000_0000 / *PAGE;
        assert_eq!(heap, Map { pages: first..first + 0x30000 / *PAGE, is_own: true, is_code: false });
        assert!(map("7f00-8f00 r-xp 00001000 fe:00 1234   /usr/lib/librustc_driver.so").is_code);
        assert!(!map("7f00-8f00 rw-s 00000000 fe:00 77 /dev/shm/x").is_own);
        let system = map("7ffd1000-7ffd3000 r-xp 00000000 00:00 0 [vdso]");
        assert!(!system.is_code && !system.is_own);
        assert_eq!(Map::parse("no map"), None);
    }

    #[test]
    fn runs_end_at_gaps_and_are_short() {
        assert_eq!(runs(10, [true, true, false, true].into_iter()), [10..12, 13..14]);
        assert_eq!(runs(0, std::iter::repeat_n(true, AT_ONCE + 1)), [0..AT_ONCE, AT_ONCE..AT_ONCE + 1]);
    }

    #[test]
    fn memory_stays_what_it_was() {
        let bytes: Vec<u8> = (0..1 << 20).map(|at: u32| at as u8).collect();
        let address = bytes.as_ptr() as usize;
        let pages = address / *PAGE + 1..(address + bytes.len()) / *PAGE;
        assert_eq!(present(&pages).unwrap().iter().map(Range::len).sum::<usize>(), pages.len());
        warm(&|| false);
        warm(&|| true);
        assert!(bytes.iter().zip(0u32..).all(|(byte, at)| *byte == at as u8));
    }
}
