//! Rows of HDF5 datasets, for readers of tables and of event recordings.
//!
//! `hdf5-pure` reads the metadata; the chunks themselves are read and unpacked here, so that they can be read in parallel, in
//! pieces, and with the filters that h5py, PyTables and event cameras use. In goes a dataset and the bytes of its file, never
//! trusted; out come rows as they are stored, or an error with the byte offset of what is damaged.
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("x.h5");
//! let mut file = hdf5_pure::FileBuilder::new();
//! file.create_dataset("x").with_f64_data(&[1.5, 2.5]).with_shape(&[2]);
//! file.write(&path)?;
//! let (file, bytes) = (hdf5_pure::File::open(&path)?, recoil_bytes::Bytes::open(&path)?);
//! let store = recoil_hdf5::Store::open(&file.dataset("x")?, &bytes, None)?;
//! let (items, mut raw) = (store.items(), Vec::new());
//! store.read(&bytes, 0, store.rows, &mut raw).map_err(|(at, what)| format!("byte {at}: {what}"))?;
//! assert_eq!(items[0].kind, Ok(recoil_hdf5::Kind::Number(recoil_hdf5::Number::F64)));
//! let field = items[0].field().ok_or("no number")?;
//! assert_eq!(field.floats(&raw).collect::<Vec<_>>(), [1.5, 2.5]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blosc;
mod error;
mod file;
mod filters;
mod items;
mod shuffle;
mod store;

pub use error::{Error, Result};
pub use file::FileBytes;
pub use filters::Filter;
pub use items::{Item, Kind};
pub use store::{Field, Number, Own, Store};
