//! The streamer: the same events in any mode, within the memory, with progress and an end on request.

use super::made::{self, open, plain, some};
use crate::{
    Cancel, EventError, Events, FixedMemory, IndexCache, Mode, PolaritySelection, ReadOptions, Recording, Roi,
    Selection, write,
};

fn recording(events: &Events, block_bytes: u64) -> Recording {
    let file = write::evt3(events, None).unwrap();
    Recording::from_bytes_with("made", file, ReadOptions { block_bytes, ..plain() }).unwrap()
}

#[test]
fn all_modes_give_the_same_events() {
    let events = some(3000);
    for block_bytes in [16, 1000, 1 << 20] {
        let recording = recording(&events, block_bytes);
        let mut each = Events::default();
        recording
            .stream()
            .for_each(|block| {
                each.append(block);
                Ok(())
            })
            .unwrap();
        assert_eq!(each, events);
        for chunk in [1, 7, 1000, 100_000] {
            let chunks: Vec<Events> = recording.stream().chunk_size(chunk).chunks().map(Result::unwrap).collect();
            assert!(chunks.iter().rev().skip(1).all(|part| part.len() as u64 == chunk));
            let mut joined = Events::default();
            chunks.iter().for_each(|part| joined.append(part));
            assert_eq!(joined, events);
        }
        let mut joined = Events::default();
        recording.stream().blocks().for_each(|block| joined.append(&block.unwrap()));
        assert_eq!(joined, events);
        assert_eq!(recording.stream().collect().unwrap(), events);
    }
}

#[test]
fn chunks_adapt_to_the_free_memory() {
    let recording = recording(&some(3000), 0);
    let plan = |free: u64| recording.stream().streaming_threshold(0).memory_probe(FixedMemory(free)).plan();
    assert_eq!(plan(0).chunk_events, 100_000);
    assert_eq!(plan(u64::MAX).chunk_events, 10_000_000);
    let middle = plan(400 << 20);
    assert_eq!((middle.budget_bytes, middle.mode), (100 << 20, Mode::Streaming));
    assert_eq!(middle.chunk_events, (100 << 20) / 26);
    assert_eq!(recording.stream().memory_limit_mb(64).plan().budget_bytes, 64 << 20);
    assert_eq!(recording.stream().plan().mode, Mode::Direct);
    assert_eq!(recording.stream().streaming_threshold(10).plan().mode, Mode::Streaming);
    // Little memory: streaming, even below the threshold.
    assert_eq!(recording.stream().memory_limit_mb(0).plan().mode, Mode::Streaming);
}

#[test]
fn what_does_not_fit_is_refused_with_numbers() {
    let recording = recording(&some(3000), 0);
    let error = recording.stream().memory_limit_mb(0).collect().unwrap_err();
    assert!(matches!(error, EventError::Memory { events: 3000, .. }), "{error}");
    // Streaming the same still works.
    let count: usize = recording.stream().memory_limit_mb(0).chunks().map(|chunk| chunk.unwrap().len()).sum();
    assert_eq!(count, 3000);
}

#[test]
fn progress_ends_at_all_bytes() {
    let recording = recording(&some(3000), 64);
    let mut seen = Vec::new();
    recording.stream().progress(|progress| seen.push(*progress)).for_each(|_| Ok(())).unwrap();
    let last = seen.last().unwrap();
    assert_eq!((last.bytes, last.events, last.fraction()), (last.total_bytes, 3000, 1.0));
    assert_eq!(last.eta, Some(std::time::Duration::ZERO));
}

#[test]
fn a_request_to_stop_is_heard() {
    let recording = recording(&some(3000), 64);
    let cancel = Cancel::new();
    let mut blocks = 0;
    let result = recording.stream().cancel(cancel.clone()).for_each(|_| {
        blocks += 1;
        cancel.cancel();
        Ok(())
    });
    assert!(matches!(result, Err(EventError::Cancelled { events: 1.. })));
    assert_eq!(blocks, 1);
    assert!(matches!(
        recording.stream().cancel(cancel).chunks().next(),
        Some(Err(EventError::Cancelled { events: 0 }))
    ));
}

#[test]
fn an_index_is_kept_and_makes_slices_cheap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.raw");
    let events = some(3000);
    std::fs::write(&path, write::evt3(&events, None).unwrap()).unwrap();
    let options =
        ReadOptions { block_bytes: 256, index_cache: IndexCache::Folder(folder.path().join("cache")), ..plain() };
    let first = Recording::open_with(&path, options.clone()).unwrap();
    assert!(!first.has_index());
    first.stream().for_each(|_| Ok(())).unwrap();
    let again = Recording::open_with(&path, options.clone()).unwrap();
    let blocks = again.blocks().unwrap();
    assert_eq!(blocks.last().map(|block| block.rows.1), Some(3000));
    let middle = blocks[blocks.len() / 2];
    let read = again.read_block(blocks.len() / 2).unwrap();
    assert_eq!(read.t, events.t[middle.rows.0 as usize..middle.rows.1 as usize]);
    assert!(again.has_index());
    assert_eq!(again.info().unwrap(), first.info().unwrap());
    let (start, end) = (events.t[1000], events.t[1100]);
    let mut decoded = 0;
    again
        .stream()
        .select(Selection { time: Some((start, end)), ..Selection::default() })
        .progress(|progress| decoded = progress.total_bytes)
        .for_each(|_| Ok(()))
        .unwrap();
    assert!(decoded * 5 < std::fs::metadata(&path).unwrap().len(), "{decoded} bytes were decoded");
    let mut wanted = events.clone();
    wanted.retain(|t, _, _, _| t >= start && t < end);
    assert_eq!(again.slice(start, end).unwrap(), wanted);
    // Another file under the same name has another index.
    std::fs::write(&path, write::evt3(&some(2000), None).unwrap()).unwrap();
    assert_eq!(Recording::open_with(&path, options).unwrap().count().unwrap(), 2000);
}

#[test]
fn selections_agree_with_filters_of_everything() {
    let events = some(2000);
    let recording = recording(&events, 128);
    let roi = Roi { x0: 10, y0: 20, x1: 60, y1: 70 };
    for polarity in [PolaritySelection::Both, PolaritySelection::On, PolaritySelection::Off] {
        for roi in [None, Some(roi)] {
            let selection = Selection { roi, polarity, ..Selection::default() };
            let mut wanted = events.clone();
            wanted.retain(|_, x, y, p| {
                let inside = roi.is_none_or(|roi| (roi.x0..roi.x1).contains(&x) && (roi.y0..roi.y1).contains(&y));
                let side = match polarity {
                    PolaritySelection::Both => true,
                    PolaritySelection::On => p > 0,
                    PolaritySelection::Off => p == 0,
                };
                inside && side
            });
            assert_eq!(recording.select(selection).unwrap(), wanted);
        }
    }
    let hot = (events.x[0], events.y[0]);
    let rest = recording.select(Selection { without_pixels: vec![hot], ..Selection::default() }).unwrap();
    assert!(rest.x.iter().zip(&rest.y).all(|(&x, &y)| (x, y) != hot));
}

#[test]
fn windows_cover_everything_once() {
    let events = some(2000);
    let recording = recording(&events, 128);
    let counted = recording.counts_per_window(10_000).unwrap();
    assert_eq!(counted.iter().map(|(_, count)| count).sum::<u64>(), 2000);
    assert_eq!(counted[0].0.start, events.t[0]);
    for (window, count) in counted.iter().take(5) {
        assert_eq!(recording.slice(window.start, window.end).unwrap().len() as u64, *count);
    }
    assert!(recording.windows(0).is_err());
}

#[test]
fn info_is_told_without_decoding_where_the_format_allows() {
    let events = some(2000);
    let hdf5 = open(write::hdf5(&events, None).unwrap()).unwrap();
    let info = hdf5.info().unwrap();
    assert_eq!((info.events, info.time), (2000, Some((events.t[0], events.t[1999]))));
    let evt = recording(&events, 0).info().unwrap();
    assert_eq!((evt.events, evt.time, evt.on), (2000, info.time, Some(events.count_on() as u64)));
    assert!(evt.rate > 0.0 && evt.duration_us() == events.t[1999] - events.t[0]);
}

#[test]
fn formats_without_states_to_guess_stream_as_well() {
    let events = some(2000);
    for file in
        [made::event_stream(&events), made::aedat3(&events, 10, 0), made::aedat4(&events, 10, made::Packing::Lz4)]
    {
        let recording = Recording::from_bytes_with("made", file, ReadOptions { block_bytes: 64, ..plain() }).unwrap();
        assert_eq!(recording.read().unwrap(), events);
        let (start, end) = (events.t[500], events.t[600]);
        let mut wanted = events.clone();
        wanted.retain(|t, _, _, _| t >= start && t < end);
        assert_eq!(recording.slice(start, end).unwrap(), wanted);
    }
}
