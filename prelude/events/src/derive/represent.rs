//! Events as arrays: frames, surfaces, voxels, stacked histograms. Each is filled chunk by chunk.

use crate::model::columns::{Events, Geometry};
use crate::model::error::{EventError, Result};
use crate::model::memory::{MemoryProbe, SystemMemory};

/// A dense array, the last axis running fastest.
///
/// ```
/// let grid = events::Grid { shape: vec![2, 2], data: vec![1.0, 2.0, 3.0, 4.0] };
/// assert_eq!(grid.at(&[1, 0]), Some(3.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Length of each axis, such as `[bins, height, width]`.
    pub shape: Vec<usize>,
    /// The values.
    pub data: Vec<f32>,
}

impl Grid {
    fn zeros(shape: &[usize]) -> Result<Self> {
        Ok(Self { shape: shape.to_vec(), data: vec![0.0; room(shape, size_of::<f32>())?] })
    }

    /// The value at a place.
    ///
    /// ```
    /// let grid = events::Grid { shape: vec![2, 2], data: vec![1.0, 2.0, 3.0, 4.0] };
    /// assert_eq!((grid.at(&[0, 1]), grid.at(&[2, 0])), (Some(2.0), None));
    /// ```
    pub fn at(&self, place: &[usize]) -> Option<f32> {
        if place.len() != self.shape.len() || place.iter().zip(&self.shape).any(|(at, length)| at >= length) {
            return None;
        }
        let flat = place.iter().zip(&self.shape).fold(0, |flat, (at, length)| flat * length + at);
        self.data.get(flat).copied()
    }
}

fn pixel(geometry: Geometry, x: u16, y: u16) -> Option<usize> {
    (x < geometry.width && y < geometry.height).then(|| usize::from(y) * usize::from(geometry.width) + usize::from(x))
}

/// So much is taken without asking.
const SMALL: usize = 64 << 20;

/// Number of cells of an array whose cells take `each` bytes; an error when it does not fit the free memory, where taking
/// it would end the process.
pub(crate) fn room(shape: &[usize], each: usize) -> Result<usize> {
    let cells = shape.iter().try_fold(1usize, |cells, &length| cells.checked_mul(length));
    let bytes = cells.and_then(|cells| cells.checked_mul(each));
    let free = || usize::try_from(SystemMemory.available_bytes()).unwrap_or(usize::MAX) / 10 * 9;
    match (cells, bytes) {
        (Some(cells), Some(bytes)) if bytes <= SMALL || bytes <= free() => Ok(cells),
        _ => Err(EventError::Argument(format!(
            "an array of {shape:?} cells of {each} bytes does not fit into {} MB of memory; take fewer bins or a smaller sensor",
            free() >> 20
        ))),
    }
}

fn size(geometry: Geometry) -> [usize; 2] {
    [usize::from(geometry.height), usize::from(geometry.width)]
}

/// ON and OFF events per pixel.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let mut frame = events::EventFrame::new(sensor)?;
/// frame.add(&some);
/// assert_eq!((frame.on.iter().sum::<u32>(), frame.off.iter().sum::<u32>()), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFrame {
    geometry: Geometry,
    /// ON events, row after row.
    pub on: Vec<u32>,
    /// OFF events, row after row.
    pub off: Vec<u32>,
}

impl EventFrame {
    /// An empty frame.
    ///
    /// # Errors
    /// When it does not fit the memory.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(events::EventFrame::new(sensor)?.on.len(), 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(geometry: Geometry) -> Result<Self> {
        let [height, width] = size(geometry);
        let pixels = room(&[2, height, width], size_of::<u32>())? / 2;
        Ok(Self { geometry, on: vec![0; pixels], off: vec![0; pixels] })
    }

    /// Size of the sensor.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(events::EventFrame::new(sensor)?.geometry(), sensor);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Adds events; those outside of the sensor have no pixel.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut frame = events::EventFrame::new(sensor)?;
    /// frame.add(&some);
    /// assert_eq!((frame.on[5], frame.off[6]), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, events: &Events) {
        for ((&x, &y), &polarity) in events.x.iter().zip(&events.y).zip(&events.polarity) {
            if let Some(pixel) = pixel(self.geometry, x, y) {
                let side = if polarity > 0 { &mut self.on } else { &mut self.off };
                side[pixel] += 1;
            }
        }
    }

    /// Adds the counts of another frame of the same sensor.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut frame = events::EventFrame::new(sensor)?;
    /// frame.add(&some);
    /// frame.merge(&frame.clone());
    /// assert_eq!(frame.on[5], 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&mut self, other: &Self) {
        self.on.iter_mut().zip(&other.on).for_each(|(count, more)| *count += more);
        self.off.iter_mut().zip(&other.off).for_each(|(count, more)| *count += more);
    }

    /// ON minus OFF, `[height, width]`.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut frame = events::EventFrame::new(sensor)?;
    /// frame.add(&some);
    /// assert_eq!(frame.signed().at(&[1, 2]), Some(-1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn signed(&self) -> Grid {
        let data = self.on.iter().zip(&self.off).map(|(&on, &off)| on as f32 - off as f32).collect();
        Grid { shape: size(self.geometry).to_vec(), data }
    }
}

/// How long ago each pixel saw its last event, as `exp(-(t - last) / tau)`, per polarity.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let mut surface = events::TimeSurface::new(sensor, 10.0)?;
/// surface.add(&some);
/// assert_eq!(surface.surface().at(&[1, 1, 0]), Some(1.0), "the latest event was just seen");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSurface {
    geometry: Geometry,
    tau: f64,
    /// OFF first, then ON; `i64::MIN` where nothing was seen.
    last: Vec<i64>,
    latest: i64,
}

impl TimeSurface {
    /// `tau_us`: the time after which a trace has faded to 1/e.
    ///
    /// # Errors
    /// When it is not positive, or the surface does not fit the memory.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// assert!(events::TimeSurface::new(sensor, 0.0).is_err());
    /// ```
    pub fn new(geometry: Geometry, tau_us: f64) -> Result<Self> {
        if tau_us.is_nan() || tau_us <= 0.0 {
            return Err(EventError::Argument(format!("a time surface with tau = {tau_us} us: it must be positive")));
        }
        let [height, width] = size(geometry);
        let cells = room(&[2, height, width], size_of::<i64>())?;
        Ok(Self { geometry, tau: tau_us, last: vec![i64::MIN; cells], latest: i64::MIN })
    }

    /// Adds events.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut surface = events::TimeSurface::new(sensor, 10.0)?;
    /// surface.add(&some);
    /// assert_eq!(surface.surface().shape, [2, 3, 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, events: &Events) {
        let pixels = self.last.len() / 2;
        for row in 0..events.len() {
            let Some((t, x, y, polarity)) = events.get(row) else { continue };
            if let Some(pixel) = pixel(self.geometry, x, y) {
                let last = &mut self.last[pixel + if polarity > 0 { pixels } else { 0 }];
                *last = t.max(*last);
                self.latest = t.max(self.latest);
            }
        }
    }

    /// The surface at the latest event, `[2, height, width]`, OFF first; 0 where nothing was seen.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut surface = events::TimeSurface::new(sensor, 10.0)?;
    /// surface.add(&some);
    /// assert_eq!(surface.surface().at(&[0, 0, 0]), Some(0.0), "nothing was seen there");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn surface(&self) -> Grid {
        self.surface_at(self.latest)
    }

    /// The surface at a time; events after it count as just seen.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut surface = events::TimeSurface::new(sensor, 10.0)?;
    /// surface.add(&some);
    /// let faded = surface.surface_at(140).at(&[1, 1, 0]).unwrap();
    /// assert!((faded - (-1_f32).exp()).abs() < 1e-6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn surface_at(&self, t: i64) -> Grid {
        let [height, width] = size(self.geometry);
        let value = |&last: &i64| {
            if last == i64::MIN { 0.0 } else { (-(t.saturating_sub(last).max(0) as f64) / self.tau).exp() as f32 }
        };
        Grid { shape: vec![2, height, width], data: self.last.iter().map(value).collect() }
    }
}

/// Signed events in bins of time, each event shared between the two bins next to it (`[bins, height, width]`).
///
/// ```
#[doc = include_str!("../example.txt")]
/// let mut voxels = events::VoxelGrid::new(sensor, 2, 100, 130)?;
/// voxels.add(&some);
/// assert_eq!(voxels.grid.shape, [2, 3, 4]);
/// assert_eq!(voxels.grid.at(&[0, 1, 0]), Some(-1.0), "an OFF event at the first point");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct VoxelGrid {
    geometry: Geometry,
    start: i64,
    end: i64,
    /// The array.
    pub grid: Grid,
}

impl VoxelGrid {
    /// `bins` points in time from `start` to `end`, both included.
    ///
    /// # Errors
    /// When there are no bins or no time, or the array does not fit the memory.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// assert!(events::VoxelGrid::new(sensor, 2, 100, 100).is_err(), "no time");
    /// ```
    pub fn new(geometry: Geometry, bins: usize, start: i64, end: i64) -> Result<Self> {
        check_bins(bins, start, end)?;
        let [height, width] = size(geometry);
        Ok(Self { geometry, start, end, grid: Grid::zeros(&[bins, height, width])? })
    }

    /// Adds events; those outside of the time or the sensor have no voxel.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut voxels = events::VoxelGrid::new(sensor, 2, 100, 130)?;
    /// voxels.add(&some);
    /// assert!(voxels.grid.data.iter().sum::<f32>().abs() < 1e-6, "as many ON as OFF");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, events: &Events) {
        let (bins, plane) = (self.grid.shape[0], self.grid.shape[1] * self.grid.shape[2]);
        // Times may lie farther apart than 63 bits count.
        let after = |t: i64| (i128::from(t) - i128::from(self.start)) as f64;
        let scale = (bins - 1) as f64 / after(self.end);
        for row in 0..events.len() {
            let Some((t, x, y, polarity)) = events.get(row) else { continue };
            let Some(pixel) = pixel(self.geometry, x, y).filter(|_| t >= self.start && t <= self.end) else { continue };
            let sign = if polarity > 0 { 1.0 } else { -1.0 };
            let place = (after(t) * scale).min((bins - 1) as f64);
            let (bin, part) = (place as usize, place.fract() as f32);
            self.grid.data[bin * plane + pixel] += sign * (1.0 - part);
            if bin + 1 < bins {
                self.grid.data[(bin + 1) * plane + pixel] += sign * part;
            }
        }
    }
}

/// Events in bins of time, per polarity (`[2, bins, height, width]`, OFF first).
///
/// ```
#[doc = include_str!("../example.txt")]
/// let mut stacked = events::StackedHistogram::new(sensor, 2, 100, 140)?;
/// stacked.add(&some);
/// assert_eq!(stacked.grid.shape, [2, 2, 3, 4]);
/// assert_eq!(stacked.grid.at(&[0, 0, 1, 0]), Some(1.0), "an OFF event in the first half");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StackedHistogram {
    geometry: Geometry,
    start: i64,
    end: i64,
    /// The array.
    pub grid: Grid,
}

impl StackedHistogram {
    /// `bins` of equal length that cover `start..end`.
    ///
    /// # Errors
    /// When there are no bins or no time, or the array does not fit the memory.
    ///
    /// ```
    #[doc = include_str!("../example_without_file.txt")]
    /// assert!(events::StackedHistogram::new(sensor, 0, 100, 140).is_err(), "no bins");
    /// ```
    pub fn new(geometry: Geometry, bins: usize, start: i64, end: i64) -> Result<Self> {
        check_bins(bins, start, end)?;
        let [height, width] = size(geometry);
        Ok(Self { geometry, start, end, grid: Grid::zeros(&[2, bins, height, width])? })
    }

    /// Adds events; those outside of the time or the sensor have no bin.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut stacked = events::StackedHistogram::new(sensor, 1, 100, 120)?;
    /// stacked.add(&some);
    /// assert_eq!(stacked.grid.data.iter().sum::<f32>(), 2.0, "those before 120");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, events: &Events) {
        let (bins, plane) = (self.grid.shape[1], self.grid.shape[2] * self.grid.shape[3]);
        let span = i128::from(self.end) - i128::from(self.start);
        for row in 0..events.len() {
            let Some((t, x, y, polarity)) = events.get(row) else { continue };
            let Some(pixel) = pixel(self.geometry, x, y).filter(|_| t >= self.start && t < self.end) else { continue };
            let bin = ((i128::from(t) - i128::from(self.start)) * bins as i128 / span) as usize;
            let side = usize::from(polarity > 0);
            self.grid.data[(side * bins + bin) * plane + pixel] += 1.0;
        }
    }
}

fn check_bins(bins: usize, start: i64, end: i64) -> Result<()> {
    if bins == 0 || end <= start {
        return Err(EventError::Argument(format!(
            "{bins} bins from {start} to {end} us: at least one bin and one microsecond are needed"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENSOR: Geometry = Geometry { width: 3, height: 2 };

    fn some() -> Events {
        let mut events = Events::default();
        events.push(0, 0, 0, 1);
        events.push(50, 2, 1, -1);
        events.push(75, 2, 1, 1);
        events.push(100, 9, 0, 1);
        events
    }

    #[test]
    fn frame_counts_per_polarity() {
        let mut frame = EventFrame::new(SENSOR).unwrap();
        frame.add(&some());
        assert_eq!(frame.on, [1, 0, 0, 0, 0, 1]);
        assert_eq!(frame.off, [0, 0, 0, 0, 0, 1]);
        assert_eq!(frame.signed().data, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn surface_fades() {
        let mut surface = TimeSurface::new(SENSOR, 25.0).unwrap();
        surface.add(&some());
        let grid = surface.surface();
        assert_eq!(grid.shape, [2, 2, 3]);
        assert_eq!(grid.at(&[1, 1, 2]), Some(1.0));
        assert!((grid.at(&[0, 1, 2]).unwrap() - (-1.0f32).exp()).abs() < 1e-6);
        assert_eq!(grid.at(&[0, 0, 1]), Some(0.0));
        assert!(TimeSurface::new(SENSOR, f64::NAN).is_err());
    }

    #[test]
    fn voxels_share_and_keep_the_sum() {
        let mut voxels = VoxelGrid::new(SENSOR, 3, 0, 100).unwrap();
        voxels.add(&some());
        assert_eq!(voxels.grid.at(&[0, 0, 0]), Some(1.0));
        assert_eq!(voxels.grid.at(&[1, 1, 2]), Some(-0.5));
        assert_eq!(voxels.grid.at(&[2, 1, 2]), Some(0.5));
        assert_eq!(voxels.grid.data.iter().sum::<f32>(), 1.0);
    }

    #[test]
    fn stacked_histogram_bins_by_time_and_polarity() {
        let mut stack = StackedHistogram::new(SENSOR, 2, 0, 100).unwrap();
        stack.add(&some());
        assert_eq!(stack.grid.at(&[1, 0, 0, 0]), Some(1.0));
        assert_eq!(stack.grid.at(&[0, 1, 1, 2]), Some(1.0));
        assert_eq!(stack.grid.at(&[1, 1, 1, 2]), Some(1.0));
        assert_eq!(stack.grid.data.iter().sum::<f32>(), 3.0);
        assert!(StackedHistogram::new(SENSOR, 0, 0, 1).is_err());
    }
}
