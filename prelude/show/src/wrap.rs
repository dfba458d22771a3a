//! Wrappers that display as what they hold.

use crate::bundle::{Bundle, Display};
use crate::raster;

/// HTML, shown as it is. Front ends sanitise it in notebooks that are not trusted.
///
/// ```
/// use show::Display;
/// assert_eq!(show::Html("<b>run 7</b>").bundle().get("text/html"), Some("<b>run 7</b>"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Html<S = String>(pub S);

/// An SVG document, shown as a picture, with a PNG beside it for front ends that refuse SVG.
///
/// ```
/// # let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4"/></svg>"#;
/// use show::Display;
/// assert!(show::Svg(svg).bundle().get("image/png").is_some(), "for front ends that refuse SVG");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg<S = String>(pub S);

/// LaTeX; mathematics between dollars.
///
/// ```
/// use show::Display;
/// assert_eq!(show::Latex("$E = mc^2$").bundle().get("text/latex"), Some("$E = mc^2$"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latex<S = String>(pub S);

/// Markdown.
///
/// ```
/// use show::Display;
/// assert_eq!(show::Markdown("*run 7*").bundle().get("text/markdown"), Some("*run 7*"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markdown<S = String>(pub S);

/// The bytes of a PNG file.
///
/// ```
/// # let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4"/></svg>"#;
/// use show::Display;
/// let png = show::Png(show::raster::png(svg, 1.0)?);
/// assert!(png.bundle().get("image/png").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Png<B = Vec<u8>>(pub B);

impl<S: AsRef<str>> Display for Html<S> {
    fn bundle(&self) -> Bundle {
        Bundle::text(crate::text::without_tags(self.0.as_ref())).html(self.0.as_ref())
    }
}

impl<S: AsRef<str>> Display for Svg<S> {
    fn bundle(&self) -> Bundle {
        let svg = self.0.as_ref();
        let words = crate::text::without_tags(svg);
        let bundle = Bundle::text(if words.is_empty() { "[picture]".to_owned() } else { words });
        let bundle = match raster::png(svg, 2.0) {
            Ok(png) => bundle.bytes("image/png", &png),
            Err(_) => bundle,
        };
        bundle.with("image/svg+xml", svg)
    }
}

impl<S: AsRef<str>> Display for Latex<S> {
    fn bundle(&self) -> Bundle {
        Bundle::text(self.0.as_ref()).with("text/latex", self.0.as_ref())
    }
}

impl<S: AsRef<str>> Display for Markdown<S> {
    fn bundle(&self) -> Bundle {
        Bundle::text(self.0.as_ref()).with("text/markdown", self.0.as_ref())
    }
}

impl<B: AsRef<[u8]>> Display for Png<B> {
    fn bundle(&self) -> Bundle {
        let bytes = self.0.as_ref();
        let words = match dimensions(bytes) {
            Some((width, height)) => format!("[PNG picture, {width} x {height} pixels]"),
            None => format!("[{} bytes that are not a PNG picture]", bytes.len()),
        };
        Bundle::text(words).bytes("image/png", bytes)
    }
}

/// Width and height as a PNG's first chunk says.
fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(8..16)?;
    let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    Some((number(0)?, number(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_carry_their_own_mime_type_and_words() {
        let html = Html("<b>bold &amp; brave</b>").bundle();
        assert_eq!((html.plain(), html.get("text/html")), ("bold & brave", Some("<b>bold &amp; brave</b>")));
        assert_eq!(Latex("$x^2$").bundle().get("text/latex"), Some("$x^2$"));
        assert_eq!(Markdown("# Title").bundle().get("text/markdown"), Some("# Title"));
    }

    #[test]
    fn a_png_says_its_size_and_bad_bytes_say_so() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"><title>dot</title></svg>"#;
        let bundle = Svg(svg).bundle();
        assert_eq!(bundle.plain(), "dot");
        let png = raster::png(svg, 2.0).unwrap();
        assert_eq!(Png(&png).bundle().plain(), "[PNG picture, 6 x 4 pixels]");
        assert_eq!(Png(b"nothing").bundle().plain(), "[7 bytes that are not a PNG picture]");
    }
}
