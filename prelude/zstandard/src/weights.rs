//! The weights of literals, which have a code of their own: finite state entropy. RFC 8878, sections 4.1 and 4.2.1.2.

/// The most states of the code, as a power of two.
const MOST: u32 = 6;

#[derive(Clone, Copy, Default)]
struct State {
    weight: u8,
    /// Bits to read for the next state, and what to add to them.
    bits: u8,
    base: u16,
}

/// Unpacks weights, and says how many there are.
pub(super) fn unpack(bytes: &[u8], weights: &mut [u8; 256]) -> Option<usize> {
    let (states, log, used) = states(bytes)?;
    let mut bits = Backward::new(bytes.get(used..)?)?;
    let mut state = [bits.take(log)?, bits.take(log)?];
    let mut count = 0;
    // Two states take turns; when one cannot go on, the other has the last weight.
    while count < 254 {
        let turn = count % 2;
        let now = states[state[turn] % states.len()];
        weights[count] = now.weight;
        count += 1;
        let Some(more) = bits.take(u32::from(now.bits)) else {
            weights[count] = states[state[1 - turn]].weight;
            return Some(count + 1);
        };
        state[turn] = usize::from(now.base) + more;
    }
    None
}

/// The states that the beginning of `bytes` describes, the power of two of how many, and how many bytes describe them.
fn states(bytes: &[u8]) -> Option<([State; 1 << MOST], u32, usize)> {
    let mut bits = Forward { bytes, at: 0 };
    let log = bits.take(4)? + 5;
    if log > MOST {
        return None;
    }
    let mut left = 1_i32 << log;
    let (mut counts, mut used) = ([0_i32; 16], 0);
    while left > 0 {
        let value = bits.at_most(left as u32 + 1)?;
        let count = value as i32 - 1;
        left -= count.abs();
        *counts.get_mut(used)? = count;
        used += 1;
        // Weights that never come are counted, by threes.
        let mut more = if count == 0 { 3 } else { 0 };
        while more == 3 {
            more = bits.take(2)? as usize;
            used += more;
        }
    }
    if left < 0 {
        return None;
    }
    Some((spread(counts.get(..used)?, log)?, log, bits.at.div_ceil(8)))
}

/// Spreads weights over the states by how often they come, which is as often as there are states; `-1` stands for less
/// than once.
fn spread(counts: &[i32], log: u32) -> Option<[State; 1 << MOST]> {
    let size = 1_usize << log;
    let mut states = [State::default(); 1 << MOST];
    let mut rare = size;
    for (weight, _) in counts.iter().enumerate().filter(|(_, count)| **count < 0) {
        rare = rare.checked_sub(1)?;
        states[rare].weight = weight as u8;
    }
    let step = (size >> 1) + (size >> 3) + 3;
    let mut at = 0;
    for (weight, &count) in counts.iter().enumerate() {
        for _ in 0..count {
            states[at].weight = weight as u8;
            at = (at + step) & (size - 1);
            while at >= rare {
                at = (at + step) & (size - 1);
            }
        }
    }
    let mut next = [0_u16; 16];
    next.iter_mut().zip(counts).for_each(|(next, count)| *next = count.unsigned_abs() as u16);
    for state in &mut states[..size] {
        let number = &mut next[usize::from(state.weight)];
        state.bits = (log - u32::from(*number).checked_ilog2()?) as u8;
        state.base = (*number << state.bits) - size as u16;
        *number += 1;
    }
    Some(states)
}

/// Bits from the beginning of some bytes on.
struct Forward<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Forward<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for bit in 0..count {
            value |= u32::from(self.bytes.get(self.at / 8)? >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Some(value)
    }

    /// A number up to `most`, in a bit less where it is small.
    fn at_most(&mut self, most: u32) -> Option<u32> {
        let bits = most.ilog2();
        let low = self.take(bits)?;
        let short = (2 << bits) - 1 - most;
        if low < short {
            return Some(low);
        }
        let value = low | self.take(1)? << bits;
        Some(if value >= 1 << bits { value - short } else { value })
    }
}

/// Bits from the end of some bytes on; the highest that is set marks the end.
struct Backward<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Backward<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let (last, before) = bytes.split_last()?;
        Some(Self { bytes, left: before.len() * 8 + last.checked_ilog2()? as usize })
    }

    /// The next bits, at most eight; `None` where not so many are left.
    fn take(&mut self, count: u32) -> Option<usize> {
        self.left = self.left.checked_sub(count as usize)?;
        let at = self.left / 8;
        let two = u16::from_le_bytes([*self.bytes.get(at)?, self.bytes.get(at + 1).copied().unwrap_or(0)]);
        Some(usize::from(two >> (self.left % 8)) & ((1 << count) - 1))
    }
}
