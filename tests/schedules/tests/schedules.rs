//! Each scenario in many orders of its threads.

use recoil_schedules::{memory, run, worker};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

/// Bytes of a thread's stack: reading a pipe takes more than the checker's own choice.
const STACK: usize = 1 << 20;

/// Orders drawn at random, and those that differ in few places from one after the other.
fn check(scenario: fn(), times: usize) {
    run_by(RandomScheduler::new(times), scenario);
    run_by(PctScheduler::new(3, times), scenario);
}

fn run_by(scheduler: impl Scheduler + 'static, scenario: fn()) {
    let mut config = Config::new();
    config.stack_size = STACK;
    Runner::new(scheduler, config).run(scenario);
}

#[test]
fn gate() {
    check(memory::scenario::workers_share_a_budget, 3_000);
}

#[test]
fn disk() {
    check(memory::scenario::columns_go_to_the_disk_while_others_look_and_forget, 3_000);
}

#[test]
fn morsels() {
    check(run::morsels_are_worked_on_once_and_the_first_failure_is_reported, 5_000);
}

#[test]
fn listener() {
    check(worker::scenario::an_ending_belongs_to_its_cell, 1_000);
    check(worker::scenario::an_errand_ends_when_the_worker_goes, 1_000);
}
