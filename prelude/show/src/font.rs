//! The fonts of this room and the width of text in them. Arimo has the metrics of Arial, Helvetica and Liberation Sans,
//! one of which nearly every browser has, so what is measured here also fits there.

use std::sync::LazyLock;
use ttf_parser::Face;

/// The font files: regular, bold, italic, symbols.
pub(crate) const FILES: [&[u8]; 4] = [
    include_bytes!("../fonts/Arimo-Regular.ttf"),
    include_bytes!("../fonts/Arimo-Bold.ttf"),
    include_bytes!("../fonts/Arimo-Italic.ttf"),
    include_bytes!("../fonts/Symbols.ttf"),
];

/// What SVG text asks for.
pub(crate) const FAMILY: &str = "Arimo, Arial, Helvetica, Liberation Sans, sans-serif";

static FACES: LazyLock<Vec<Face<'static>>> =
    LazyLock::new(|| FILES.iter().filter_map(|file| Face::parse(file, 0).ok()).collect());

/// The width of a text in units of the font size.
pub(crate) fn width(text: &str, bold: bool) -> f64 {
    text.chars().map(|c| advance(c, bold)).sum()
}

fn advance(c: char, bold: bool) -> f64 {
    let first = usize::from(bold);
    [first, 0, 3]
        .into_iter()
        .filter_map(|face| FACES.get(face))
        .find_map(|face| {
            let glyph = face.glyph_index(c)?;
            Some(f64::from(face.glyph_hor_advance(glyph)?) / f64::from(face.units_per_em()))
        })
        .unwrap_or(0.6)
}

/// The text with a box in the place of every character that no font of ours has.
pub(crate) fn drawable(text: &str) -> String {
    let known = |c: char| c.is_ascii() || FACES.iter().any(|face| face.glyph_index(c).is_some());
    text.chars().map(|c| if known(c) { c } else { '□' }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn widths_are_those_of_arial() {
        assert_eq!(super::FACES.len(), 4);
        assert!((super::width("00", false) - 1.1123).abs() < 1e-3);
        assert!(super::width("mm", true) > super::width("mm", false) && super::width("√", false) > 0.3);
    }
}
