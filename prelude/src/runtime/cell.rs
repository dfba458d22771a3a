//! Running a cell's code: its beginning, its end, and the points where it can be stopped.

use super::ending::{Stop, Why};
use super::link::{self, PANICS};
use super::{places, store, threads};
use port::{Bundle, Ending, ToKernel};
use segment::{Sealed, lock};
use std::any::TypeId;
use std::cell::RefCell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// What the value of a cell looks like, if there is anything to show.
pub type View = Option<Sealed<Bundle>>;

/// What is thrown through a cell's frames to end it; no panic hook sees it.
struct Thrown(Stop);

/// How a cell's code ended; becomes a message in [`Ended::finish`], when all variables are back in the store.
#[must_use]
pub struct Ended(Sealed<Ending>);

thread_local! {
    /// Variables whose types have changed since they were stored.
    static LOST: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Begins a cell: waits for the kernel's go. Always true.
pub fn begin() -> bool {
    link::begin();
    store::sweep();
    LOST.take();
    FAILED.store(true, Ordering::SeqCst);
    true
}

/// Runs a compiled cell. Nothing that it throws gets further, as a cell is called from C.
pub fn guard(cell: fn()) {
    // The kernel asks `recoil_cell_failed`.
    let _ = catch_unwind(cell);
}

/// Whether a variable is there with this type, and all before it were; asked for every variable that the cell will
/// [`super::take`].
pub fn fits<T: 'static>(name: &str, ok: bool) -> bool {
    fits_any(name, TypeId::of::<T>(), ok)
}

#[inline(never)]
fn fits_any(name: &str, kind: TypeId, ok: bool) -> bool {
    let fits = store::holds(name, kind);
    if !fits {
        LOST.with_borrow_mut(|lost| lost.push(name.to_owned()));
    }
    fits && ok
}

/// Whether the cell can run; otherwise ends it.
pub fn ready(ok: bool) -> bool {
    if !ok {
        let lost = LOST.take();
        let message =
            format!("the type of `{}` has changed, so its value is lost: run its cell again", lost.join("`, `"));
        store::forget(lost);
        store::sweep();
        finish(Ending::Error { message, kind: "LostVariable".into(), causes: Vec::new(), place: None });
    }
    ok
}

/// Takes what a cell's block leaves; keeps the block a statement.
pub fn done((): ()) {}

static FAILED: AtomicBool = AtomicBool::new(false);

/// Whether the last cell did not run to its end; the worker's host asks after each cell.
#[unsafe(no_mangle)]
pub extern "C" fn recoil_cell_failed() -> i32 {
    i32::from(FAILED.swap(false, Ordering::SeqCst))
}

/// Runs a cell's code, which are the `lines` lines after the call, to its end, in all cases.
#[track_caller]
pub fn run<F: FnOnce() -> Result<View, Stop>>(lines: u32, body: F) -> Ended {
    // Every cell compiles its own copy of this shell, so it is as thin as it can be: no `Option`, no trait object.
    fn call<F: FnOnce() -> Result<View, Stop>>(body: *mut ()) -> Result<View, Stop> {
        // SAFETY: `body` points to the closure that `run` forgets, and `run_any` calls this once.
        unsafe { body.cast::<F>().read()() }
    }
    places::note(std::panic::Location::caller(), lines);
    let mut body = ManuallyDrop::new(body);
    run_any(call::<F>, (&raw mut body).cast())
}

#[inline(never)]
fn run_any(call: fn(*mut ()) -> Result<View, Stop>, body: *mut ()) -> Ended {
    threads::was_stopped();
    let _entered = ENTERED.load(Ordering::Relaxed).then(|| executor().enter());
    // The variables behind a broken borrow stay usable for the user, who sees the panic.
    let ending = match catch_unwind(AssertUnwindSafe(|| call(body))) {
        Ok(Ok(view)) => Ending::Value(view.map(Sealed::into_inner)),
        Ok(Err(stop)) => stop.into(),
        Err(payload) => match payload.downcast::<Thrown>() {
            Ok(thrown) => thrown.0.into(),
            Err(payload) => panicked(&*payload),
        },
    };
    // Whatever the cell has made of the end of its threads.
    Ended(Sealed::new(if threads::was_stopped() { Ending::Interrupted } else { ending }))
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> Ending {
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string));
    let mut panics = std::mem::take(&mut *lock(&PANICS));
    let last = panics.iter().rposition(|seen| Some(&seen.message) == text.as_ref()).or(panics.len().checked_sub(1));
    let seen = last.map(|last| panics.swap_remove(last));
    let message = seen.as_ref().map(|seen| seen.message.clone()).or(text);
    Ending::Panicked {
        message: message.unwrap_or_else(|| "a panic without a text".into()),
        place: seen.and_then(|seen| seen.place),
    }
}

impl From<Stop> for Ending {
    fn from(stop: Stop) -> Self {
        match stop.why() {
            Why::Interrupted => Self::Interrupted,
            // Work that was stopped by the user may say so in its own words.
            Why::Error { .. } if segment::work::interrupted() => Self::Interrupted,
            Why::Error { message, kind, causes, place } => Self::Error { message, kind, causes, place },
        }
    }
}

impl Ended {
    /// Whether the code ran to its end.
    pub fn well(&self) -> bool {
        matches!(*self.0, Ending::Value(_))
    }

    /// Tells the kernel, after everything that was printed.
    pub fn finish(self) {
        finish(self.0.into_inner());
    }
}

/// Gives up the cell that this thread runs, which waits for something and does not look at the interrupt. Its frames stay where
/// they are, with the variables that it has taken; all others are still in the store. Returns 0 where that cannot be.
#[unsafe(no_mangle)]
pub extern "C" fn recoil_abandon_cell() -> i32 {
    if std::thread::panicking() {
        return 0;
    }
    // A cell that is left while it is parked must not leave the thread so.
    std::thread::current().unpark();
    std::thread::park();
    i32::from(catch_unwind(|| finish(Ending::Interrupted)).is_ok())
}

fn finish(ending: Ending) {
    FAILED.store(!matches!(ending, Ending::Value(_)), Ordering::SeqCst);
    let variables = store::list();
    threads::over();
    link::ended();
    link::send_in_order(|token| ToKernel::Finished { token, ending, variables, notes: notes() });
    segment::work::interrupt(false);
}

/// What the prelude's rooms have noted since the last cell.
fn notes() -> Vec<port::Note> {
    let notes = segment::record::take().into_iter().map(|note| match note {
        segment::record::Note::Seed { step, seed } => port::Note::Seed { step: step.to_owned(), seed },
        segment::record::Note::Rows { file, rows } => {
            port::Note::Rows { file: file.to_string_lossy().into_owned(), rows }
        }
    });
    notes.collect()
}

/// Stands at the head of every loop of a cell: ends the cell when the user has asked to stop.
#[inline]
pub fn checkpoint() {
    if segment::work::interrupted() {
        stop();
    }
}

#[cold]
fn stop() {
    if threads::stops() {
        threads::note_stop();
        throw(Stop::interrupted());
    }
}

/// Ends the cell from any depth of its call stack. Does nothing while the thread already unwinds.
#[cold]
pub(crate) fn throw(stop: Stop) {
    if !std::thread::panicking() {
        resume_unwind(Box::new(Thrown(stop)));
    }
}

/// Sleeps like `std::thread::sleep`, which cells are rewritten to call by this name, but can be interrupted.
pub fn sleep(duration: Duration) {
    if !link::rest(duration) {
        checkpoint();
    }
}

/// Whether cells run inside of the shared runtime also where they wait for nothing.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// From now on cells run inside of the shared runtime, so that `tokio::spawn` and tokio's timers work in them.
pub fn with_runtime() {
    ENTERED.store(true, Ordering::Relaxed);
}

/// The quotient of two counts, which is a whole number; says so, because a ratio was meant more often than not.
pub fn divided_counts<T>(quotient: T) -> T {
    eprintln!(
        "note: `/` of two counts gives a whole number; for the ratio write `a.count()? as f64 / b.count()? as f64`"
    );
    quotient
}

fn executor() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => panic!("the async runtime cannot be started: {error}"),
    })
}

/// Calls `work` often enough to tell how long it takes, and says so.
///
/// # Errors
/// The first one of `work`.
pub fn timeit<T>(mut work: impl FnMut() -> Result<T, Stop>) -> Result<(), Stop> {
    let mut wrong = None;
    time(&mut || {
        let result = work();
        let well = result.is_ok();
        std::hint::black_box(result).err().into_iter().for_each(|stop| wrong = Some(stop));
        well
    });
    wrong.map_or(Ok(()), Err)
}

/// Times calls as long as they end well, many at once where one takes no longer than the clock's step.
fn time(call: &mut dyn FnMut() -> bool) {
    const ENOUGH: Duration = Duration::from_millis(600);
    const AT_LEAST: Duration = Duration::from_micros(50);
    let mut round = |many: u32| {
        checkpoint();
        let start = Instant::now();
        (0..many).all(|_| call()).then(|| start.elapsed())
    };
    let mut many = 1;
    loop {
        let Some(took) = round(many) else { return };
        if took >= AT_LEAST || many >= 1 << 20 {
            break;
        }
        many *= 4;
    }
    let mut rounds = Vec::new();
    let begin = Instant::now();
    while rounds.len() < 3 || (begin.elapsed() < ENOUGH && rounds.len() < 10_000) {
        let Some(took) = round(many) else { return };
        rounds.push(took.as_secs_f64() / f64::from(many));
    }
    rounds.sort_unstable_by(f64::total_cmp);
    let (median, best) = (duration(rounds[rounds.len() / 2]), duration(rounds[0]));
    let each = if many == 1 { String::new() } else { format!(" of {many} calls each") };
    println!("{median} per run (median of {} rounds{each}; best {best})", rounds.len());
}

/// Seconds in the unit that fits.
fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        _ if seconds < 1e-6 => (seconds * 1e9, "ns"),
        _ if seconds < 1e-3 => (seconds * 1e6, "µs"),
        _ if seconds < 1.0 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    format!("{value:.3} {unit}")
}

/// Wakes the thread that runs cells.
struct Awaken(std::thread::Thread);

impl Wake for Awaken {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a cell's future, until it is done or the user asks to stop. What it spawns runs on the shared runtime.
pub fn block_on<T>(future: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let mut future = std::pin::pin!(future);
    let mut done = None;
    poll_often(&mut |context| {
        if let Poll::Ready(result) = future.as_mut().poll(context) {
            done = Some(result);
        }
        done.is_some()
    });
    done.unwrap_or_else(|| Err(Stop::interrupted()))
}

/// Polls until that says true or the user asks to stop. The shared runtime does not do it: it lets no other cell in while it waits
/// for a cell, and that may be one that was given up.
fn poll_often(poll: &mut dyn FnMut(&mut Context<'_>) -> bool) {
    let _entered = executor().enter();
    let waker = Waker::from(Arc::new(Awaken(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    while !poll(&mut context) && !segment::work::interrupted() {
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
