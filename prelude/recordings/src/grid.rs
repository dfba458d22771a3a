//! Arrays of events in time and place.

use crate::picture::EventPicture;
use ::events::Grid;
use show::Bundle;
use std::ops::Deref;

/// An array of events in time and place; displays as its planes side by side.
///
/// ```
#[doc = include_str!("example.txt")]
/// let grid = recording.voxel_grid(2)?;
/// assert_eq!(grid.shape, [2, 3, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EventGrid(Grid);

impl Deref for EventGrid {
    type Target = Grid;

    fn deref(&self) -> &Grid {
        &self.0
    }
}

impl EventGrid {
    pub(crate) fn new(grid: Grid) -> Self {
        Self(grid)
    }

    /// Its planes as one picture.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// let (width, height) = recording.voxel_grid(2)?.picture().size();
    /// assert!(width >= 2 * 4 && height >= 3, "two planes side by side");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn picture(&self) -> EventPicture {
        let shape = &self.0.shape;
        let (height, width) = (shape[shape.len() - 2], shape[shape.len() - 1]);
        let bins = shape[shape.len() - 3];
        let most = self.0.data.iter().fold(1.0f32, |most, value| most.max(value.abs()));
        let plane = width * height;
        let side = |bin: usize, sign: f32| -> Vec<f32> {
            // A stack has the OFF events in front and the ON events behind; voxels have them as signs.
            let (start, sign) = match (shape.len(), sign > 0.0) {
                (4, on) => ((bin + if on { bins } else { 0 }) * plane, 1.0),
                _ => (bin * plane, sign),
            };
            self.0.data[start..start + plane].iter().map(|value| (value * sign / most).max(0.0).sqrt()).collect()
        };
        let planes: Vec<EventPicture> = (0..bins)
            .map(|bin| EventPicture::new(width, height, &side(bin, 1.0), &side(bin, -1.0), String::new()))
            .collect();
        EventPicture::beside(&planes, 5, format!("{bins} bins of time"))
    }
}

impl show::Display for EventGrid {
    fn bundle(&self) -> Bundle {
        self.picture().bundle()
    }
}
