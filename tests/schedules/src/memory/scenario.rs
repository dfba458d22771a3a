//! Workers under a budget; columns on their way to a disk.

use super::disk::OnDisk;
use super::gate::MemoryGate;
use super::{Key, STORED, Tier};
use crate::prelude::Column;
use crate::report::counters::Counters;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const BUDGET: u64 = 10;

/// Everybody comes in, now or after waiting; together they hold more than the budget only when it is one alone.
pub fn workers_share_a_budget() {
    let gate = Arc::new(MemoryGate::default());
    let counters = Arc::new(Counters::default());
    let held: Arc<[AtomicU64; 2]> = Arc::default();
    let workers: Vec<_> = (0..4u64)
        .map(|number| {
            let (gate, counters, held) = (gate.clone(), counters.clone(), held.clone());
            thread::spawn(move || {
                for round in 0..3 {
                    let bytes = 1 + thread_rng().gen_range(0..2 * BUDGET);
                    let room = if (number + round) % 3 == 0 {
                        gate.try_enter(bytes, BUDGET, &counters)
                    } else {
                        Some(gate.enter(bytes, BUDGET, &counters).expect("never interrupted"))
                    };
                    let Some(room) = room else { continue };
                    let [workers, sum] = &*held;
                    let (others, all) =
                        (workers.fetch_add(1, Ordering::SeqCst), sum.fetch_add(bytes, Ordering::SeqCst) + bytes);
                    assert!(others == 0 || all <= BUDGET, "{all} bytes of {} workers", others + 1);
                    thread::yield_now();
                    sum.fetch_sub(bytes, Ordering::SeqCst);
                    workers.fetch_sub(1, Ordering::SeqCst);
                    drop(room);
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().expect("no worker fails"));
    assert_eq!(gate.in_work(), 0, "all room is given back");
}

/// What is found is the column that was put there, whatever is forgotten meanwhile, and in the end the counts are right.
pub fn columns_go_to_the_disk_while_others_look_and_forget() {
    let disk = Arc::new(OnDisk::default());
    disk.set_budget(400);
    disk.place(Path::new("/somewhere"), true);
    let offer = |disk: &OnDisk, number: usize| disk.offer(vec![(Key(number), Column(number), 25)]);
    let look = |disk: &OnDisk, number: usize| {
        if let Some((found, _)) = disk.get(&Key(number)) {
            assert_eq!(found, Column(number));
        }
    };
    let mut threads = Vec::new();
    for thread in 0..2 {
        let disk = disk.clone();
        threads.push(thread::spawn(move || {
            for number in 0..4 {
                offer(&disk, number + thread);
                look(&disk, number);
            }
            disk.settle();
        }));
    }
    let forgetful = disk.clone();
    threads.push(thread::spawn(move || {
        forgetful.clear();
        look(&forgetful, 2);
        forgetful.clear();
        forgetful.settle();
    }));
    threads.into_iter().for_each(|thread| thread.join().expect("no thread fails"));
    disk.settle();
    let (columns, stored, _) = disk.amount();
    assert_eq!(stored, STORED * columns as u64, "bytes of what lies there");
    // Room that was lost to forgotten columns would refuse these.
    disk.clear();
    offer(&disk, 10);
    offer(&disk, 11);
    assert!(disk.has(&Key(10)) && disk.has(&Key(11)), "there is room for all that may wait");
    disk.settle();
    assert_eq!(disk.get(&Key(11)), Some((Column(11), Tier::Disk)));
    assert_eq!(disk.amount().1, 2 * STORED);
}
