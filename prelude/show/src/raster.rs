//! SVG to pixels and to PDF, with the fonts of this room so that every machine makes the same picture.

use crate::origin;
use resvg::tiny_skia::{Pixmap, PixmapMut, Transform};
use resvg::usvg::{self, fontdb};
use std::sync::{Arc, LazyLock};

/// What can go wrong when a picture is rasterised or saved.
///
/// ```
/// use show::raster::{Error, png};
/// assert!(matches!(png("no picture", 1.0), Err(Error::Svg(_))));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The SVG is not one that can be drawn.
    #[error("this SVG cannot be drawn: {0}")]
    Svg(String),
    /// The picture has no size, or too much of it.
    #[error("a picture of {width} x {height} pixels cannot be made; choose a size between 1 and 16384")]
    Size {
        /// Pixels across.
        width: f32,
        /// Pixels down.
        height: f32,
    },
    /// A file name whose ending says nothing.
    #[error("cannot tell from `{0}` what to write: end the name with .svg, .png or .pdf")]
    Ending(String),
    /// The file system refused.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
}

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for font in crate::font::FILES {
        fonts.load_font_data(font.to_vec());
    }
    fonts.set_sans_serif_family("Arimo");
    Arc::new(fonts)
});

fn tree(svg: &str) -> Result<usvg::Tree, Error> {
    let options = usvg::Options { fontdb: FONTS.clone(), font_family: "Arimo".into(), ..usvg::Options::default() };
    let svg = crate::font::drawable(svg);
    // The text layout of usvg panics on some marks that combine; a picture must not end a cell.
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| usvg::Tree::from_str(&svg, &options))) {
        Ok(tree) => tree.map_err(|error| Error::Svg(error.to_string())),
        Err(_) => Err(Error::Svg("its text cannot be laid out".into())),
    }
}

/// A PNG of an SVG document, `scale` pixels for each of its units.
///
/// # Errors
/// When the SVG is malformed, or the picture would be empty or larger than 16384 pixels.
///
/// ```
/// # let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4"/></svg>"#;
/// assert!(show::raster::png(svg, 2.0)?.starts_with(b"\x89PNG"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    let tree = tree(svg)?;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let fits = (1.0..=16384.0).contains(&width) && (1.0..=16384.0).contains(&height);
    let size = Error::Size { width, height };
    let mut pixels = if fits { Pixmap::new(width.round() as u32, height.round() as u32) } else { None }.ok_or(size)?;
    draw(&tree, scale, &mut pixels);
    crate::png::encode(&pixels).map_err(|error| Error::Svg(error.to_string()))
}

/// Draws in two parts, one above the other, at the same time. Edges of what lies in both may have another shade than in one part.
fn draw(tree: &usvg::Tree, scale: f32, pixels: &mut Pixmap) {
    let (width, height) = (pixels.width(), pixels.height());
    let upper = height / 2;
    let (one, other) = pixels.data_mut().split_at_mut(upper as usize * width as usize * 4);
    let part = |bytes, from: u32, rows| {
        let Some(mut part) = PixmapMut::from_bytes(bytes, width, rows) else { return };
        resvg::render(tree, Transform::from_scale(scale, scale).post_translate(0.0, -(from as f32)), &mut part);
    };
    rayon::join(|| part(one, 0, upper), || part(other, upper, height - upper));
}

/// A PDF of an SVG document: lines and text, not pixels.
///
/// # Errors
/// When the SVG is malformed.
///
/// ```
/// # let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4"/></svg>"#;
/// assert!(show::raster::pdf(svg)?.starts_with(b"%PDF"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pdf(svg: &str) -> Result<Vec<u8>, Error> {
    let tree = tree(svg)?;
    svg2pdf::to_pdf(&tree, svg2pdf::ConversionOptions::default(), svg2pdf::PageOptions::default())
        .map_err(|error| Error::Svg(error.to_string()))
}

/// Writes an SVG document as the file's ending says: `.svg`, `.png` (three pixels per unit) or `.pdf`. In a notebook the
/// file carries what it was made from ([`segment::record::origin`]).
///
/// # Errors
/// When the ending is another one, or the file cannot be written.
///
/// ```
/// # let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4"/></svg>"#;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// show::raster::save(svg, &folder.join("picture.png"))?;
/// assert!(std::fs::read(folder.join("picture.png"))?.starts_with(b"\x89PNG"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save(svg: &str, path: &std::path::Path) -> Result<(), Error> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    let of = segment::record::origin();
    let bytes = match ending.as_str() {
        "svg" => origin::in_svg(svg, &of).into_bytes(),
        "png" => origin::in_png(png(svg, 3.0)?, &of),
        "pdf" => origin::in_pdf(pdf(svg)?, &of),
        _ => return Err(Error::Ending(path.display().to_string())),
    };
    std::fs::write(path, bytes).map_err(|source| Error::Write { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOT: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="#fff"/><text x="1" y="9" font-family="Arimo">√s</text></svg>"##;

    #[test]
    fn text_is_drawn_without_fonts_of_the_system() {
        let pixels = Pixmap::decode_png(&png(DOT, 2.0).unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (40, 20));
        assert!(pixels.pixels().iter().any(|pixel| pixel.red() < 64), "the letters leave dark pixels");
    }

    #[test]
    fn a_picture_of_two_parts_looks_like_one() {
        let tree = tree(DOT).unwrap();
        for (width, height, scale) in [(40, 20, 2.0), (20, 11, 1.1), (1, 1, 0.1)] {
            let mut whole = Pixmap::new(width, height).unwrap();
            let mut parts = whole.clone();
            resvg::render(&tree, Transform::from_scale(scale, scale), &mut whole.as_mut());
            draw(&tree, scale, &mut parts);
            let difference = whole.data().iter().zip(parts.data()).map(|(one, other)| one.abs_diff(*other)).max();
            assert!(difference <= Some(64), "{width} x {height}: {difference:?}");
        }
    }

    #[test]
    fn files_are_written_by_their_ending() {
        let folder = tempfile::tempdir().unwrap();
        for (name, magic) in [("a.svg", &b"<svg"[..]), ("a.png", b"\x89PNG"), ("a.PDF", b"%PDF")] {
            let path = folder.path().join(name);
            save(DOT, &path).unwrap();
            assert!(std::fs::read(&path).unwrap().starts_with(magic), "{name}");
        }
        let error = save(DOT, &folder.path().join("a.jpg")).unwrap_err().to_string();
        assert!(error.ends_with("end the name with .svg, .png or .pdf"), "{error}");
        assert!(
            save(DOT, &folder.path().join("no/such/folder.svg")).unwrap_err().to_string().starts_with("cannot write")
        );
    }

    #[test]
    fn pictures_that_cannot_be_made_say_why() {
        assert!(matches!(png("<svg", 1.0), Err(Error::Svg(_))));
        assert!(matches!(png(DOT, 1e4), Err(Error::Size { .. })));
    }
}
