//! What a notebook cell of Recoil can say without importing it.
//!
//! Data are opened lazily, selected with texts in the manner of pandas, and counted, filled and fitted in one pass over
//! their files, however large these are:
//!
//! ```
//! use recoil::*;
//! # let folder = std::env::temp_dir().join(format!("recoil-front-{}", std::process::id()));
//! toy(folder.join("ntuples"), 2_000, 1)?;                   // or files of your own: ROOT, Parquet, CSV, ..
//! let data = load(folder.join("ntuples"))?;                 // names and sizes; no row is read
//! let mumu = data.group("mumu").query("pRecoil > 2.0 & 2.6 > pRecoilTheta > 0.3").oneCandOnly();
//! let pt = mumu.define("pt", "mu1P * sin(mu1Theta)").label("p_T", "GeV/c").hist("pt", (40, 0.0, 4.0))?;
//! histogram(&pt).log_y().save(folder.join("pt.pdf"))?;      // in a notebook the last line is shown
//! println!("{} candidates, mean {:.2}", mumu.count()?, pt.mean());
//! # assert!(pt.sum() > 0.0);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`load`], [`hipo()`], [`events()`] open files; [`Data`] holds processes, a [`Group`] some of them with a chain of steps.
//! * [`Group::query`], [`Group::define`], [`Group::weight`], [`Group::oneCandOnly`] are steps and cannot fail;
//!   [`Group::hist`], [`Group::count`], [`Group::cutflow`], [`Group::collect`] read and give a `Result`.
//! * A [`Histogram`] knows its processes and errors; `h.fit(Gaussian + Line)?` is a [`FitResult`]; [`stack`], [`overlay`],
//!   [`histogram`] and [`grid`] draw; [`display`] shows anything.
mod exports;
pub use exports::*;
