//! Standard input of a cell: each line is asked of the user. Cells that call `std::io::stdin()` are rewritten to get this.

use super::show::input;
use std::io::{BufRead, Read, Result};
use std::sync::{Mutex, PoisonError};

/// What was typed and has not been read.
static REST: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Standard input, as [`std::io::Stdin`] is used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stdin {
    _private: (),
}

/// Standard input of the cell.
///
/// ```no_run
/// let mut line = String::new();
/// recoil::runtime::stdin().read_line(&mut line)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn stdin() -> Stdin {
    Stdin::default()
}

impl Stdin {
    /// Asks for a line and appends it, with its end.
    ///
    /// # Errors
    /// None; when the front end cannot ask, the cell ends and says so.
    pub fn read_line(&self, line: &mut String) -> Result<usize> {
        BufRead::read_line(&mut self.lock(), line)
    }

    /// All lines that the user types.
    pub fn lines(self) -> std::io::Lines<Buffered> {
        BufRead::lines(self.lock())
    }

    /// The reader with its buffer.
    pub fn lock(&self) -> Buffered {
        Buffered { line: std::mem::take(&mut *REST.lock().unwrap_or_else(PoisonError::into_inner)), at: 0 }
    }
}

impl Read for Stdin {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.lock().read(into)
    }
}

/// Standard input with the rest of the line that was read last.
#[derive(Debug)]
pub struct Buffered {
    line: Vec<u8>,
    at: usize,
}

impl Read for Buffered {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Buffered {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.at == self.line.len() {
            self.line = input("").into_bytes();
            self.line.push(b'\n');
            self.at = 0;
        }
        Ok(&self.line[self.at..])
    }

    fn consume(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.line.len());
    }
}

impl Drop for Buffered {
    fn drop(&mut self) {
        *REST.lock().unwrap_or_else(PoisonError::into_inner) = self.line.split_off(self.at.min(self.line.len()));
    }
}
