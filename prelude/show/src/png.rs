//! Pixels to PNG, small: pictures of ours have few colours, and a notebook holds many pictures.

use flate2::{Compression, write::ZlibEncoder};
use polars::prelude::PlHashMap;
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};
use std::io::Write;

/// Colours of a palette.
const COLORS: usize = 256;
/// Differences of a channel up to this are not seen between neighbours on the edge of a line.
const ALIKE: u8 = 4;
/// A change by more than this is seen, but on single pixels.
const VISIBLE: u8 = 16;
/// One pixel of so many may be changed by more; a picture with more of them keeps all its colours.
const SINGLE: usize = 1000;

/// Of a histogram this makes as little as the default level in three quarters of the time, of a map a twelfth more.
const LEVEL: Compression = Compression::new(5);

type Rgba = [u8; 4];

/// A PNG of the pixels: with a palette of at most 256 colours where that is not seen, with all colours otherwise. (The
/// encoder's own choice of compression is the fastest, which gives files six times the size.)
pub(crate) fn encode(pixels: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let (colors, _) = pixels.data().as_chunks::<4>();
    let size = (pixels.width(), pixels.height());
    match indexed(colors) {
        Some((palette, places)) => with_palette(size, &palette.into_iter().map(straight).collect::<Vec<_>>(), &places),
        None => with_all_colors(size, &colors.iter().copied().map(straight).collect::<Vec<_>>()),
    }
}

/// A colour whose channels are not multiplied with its alpha.
fn straight(color: Rgba) -> Rgba {
    let [red, green, blue, alpha] = color;
    let Some(color) = PremultipliedColorU8::from_rgba(red, green, blue, alpha) else { return color };
    let color = color.demultiply();
    [color.red(), color.green(), color.blue(), color.alpha()]
}

/// The colours of a picture, how many pixels each has, and the pixels as runs of one of them.
#[derive(Default)]
struct Runs {
    colors: Vec<(Rgba, usize)>,
    /// Places in `colors`, and lengths. Neighbours are mostly equal.
    runs: Vec<(u32, usize)>,
}

impl Runs {
    fn new(pixels: &[Rgba]) -> Self {
        let mut all = Self::default();
        let mut places: PlHashMap<u32, u32> = PlHashMap::default();
        for run in pixels.chunk_by(PartialEq::eq) {
            let place = *places.entry(u32::from_ne_bytes(run[0])).or_insert_with(|| {
                all.colors.push((run[0], 0));
                all.colors.len() as u32 - 1
            });
            all.colors[place as usize].1 += run.len();
            all.runs.push((place, run.len()));
        }
        all
    }
}

/// A palette, and the place in it of every pixel.
fn indexed(pixels: &[Rgba]) -> Option<(Vec<Rgba>, Vec<u8>)> {
    let Runs { colors, runs } = Runs::new(pixels);
    let mut by_count: Vec<usize> = (0..colors.len()).collect();
    by_count.sort_unstable_by_key(|&at| (std::cmp::Reverse(colors[at].1), colors[at].0));
    let exact = colors.len() <= COLORS;
    let mut palette: Vec<Rgba> = Vec::new();
    let mut places = vec![0; colors.len()];
    let mut left = Vec::new();
    for at in by_count {
        let color = colors[at].0;
        let near = palette.iter().position(|&known| distance(known, color) <= ALIKE).filter(|_| !exact);
        match near {
            Some(near) => places[at] = near as u8,
            None if palette.len() < COLORS => {
                places[at] = palette.len() as u8;
                palette.push(color);
            }
            None => left.push(at),
        }
    }
    let mut visible = 0;
    for at in left {
        let (color, count) = colors[at];
        let (near, nearest) = palette.iter().enumerate().min_by_key(|(_, known)| distance(**known, color))?;
        visible += if distance(*nearest, color) > VISIBLE { count } else { 0 };
        if visible * SINGLE > pixels.len() {
            return None;
        }
        places[at] = near as u8;
    }
    let mut indices = Vec::with_capacity(pixels.len());
    for (at, length) in runs {
        indices.resize(indices.len() + length, places[at as usize]);
    }
    Some((palette, indices))
}

/// The largest difference of a channel.
fn distance(a: Rgba, b: Rgba) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
}

fn with_palette((width, height): (u32, u32), palette: &[Rgba], places: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.iter().flat_map(|color| [color[0], color[1], color[2]]).collect::<Vec<_>>());
    encoder.set_trns(palette.iter().map(|color| color[3]).collect::<Vec<_>>());
    encoder.write_header()?.write_chunk(png::chunk::IDAT, &packed(places, width as usize)?)?;
    Ok(file)
}

/// The rows of a picture, none of them filtered, as they stand in a file. The encoder of the library clears a buffer of 32 kB
/// for every row, which takes it longer than the packing.
fn packed(places: &[u8], width: usize) -> std::io::Result<Vec<u8>> {
    const NO_FILTER: u8 = 0;
    let mut rows = Vec::with_capacity(places.len() + places.len() / width.max(1));
    for row in places.chunks_exact(width) {
        rows.push(NO_FILTER);
        rows.extend_from_slice(row);
    }
    let mut packer = ZlibEncoder::new(Vec::new(), LEVEL);
    packer.write_all(&rows)?;
    packer.finish()
}

fn with_all_colors((width, height): (u32, u32), colors: &[Rgba]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    encoder.set_compression(png::Compression::Default);
    encoder.write_header()?.write_image_data(colors.as_flattened())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(side: u32, color: impl Fn(u32, u32) -> Rgba) -> Pixmap {
        let mut pixels = Pixmap::new(side, side).unwrap();
        for (at, pixel) in pixels.pixels_mut().iter_mut().enumerate() {
            let [r, g, b, a] = color(at as u32 % side, at as u32 / side);
            *pixel = PremultipliedColorU8::from_rgba(r, g, b, a).unwrap();
        }
        pixels
    }

    fn largest_difference(pixels: &Pixmap) -> u8 {
        let again = Pixmap::decode_png(&encode(pixels).unwrap()).unwrap();
        let channels = pixels.data().iter().zip(again.data());
        channels.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
    }

    #[test]
    fn few_colours_stay_what_they_are() {
        let corner = |x: u32, y: u32| if x + y < 3 { [0; 4] } else { [(x % 16) as u8 * 16, (y % 8) as u8, 7, 255] };
        assert_eq!(largest_difference(&picture(60, corner)), 0);
    }

    #[test]
    fn many_shades_of_few_colours_change_less_than_can_be_seen() {
        let ramp = |x: u32, y: u32| [x as u8, (x as u8) / 2, (y / 64 * 60) as u8, 255];
        assert!(largest_difference(&picture(256, ramp)) <= VISIBLE);
    }

    #[test]
    fn a_photograph_keeps_all_its_colours() {
        let wild = |x: u32, y: u32| [x as u8, y as u8, (x * y % 256) as u8, 255];
        assert_eq!(largest_difference(&picture(256, wild)), 0);
    }
}
