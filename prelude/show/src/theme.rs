//! Colours for light and dark pages, and the arithmetic of contrast.
//!
//! A front end shows a standalone SVG as an isolated image: the page's variables and `currentColor` do not reach it.
//! And no single ink reads on both pages: 4.5:1 on white needs a luminance below 0.183, on JupyterLab's dark
//! `#111111` one above 0.200. So each picture carries its own opaque background, and there are two pictures:
//! `image/svg+xml` and `image/png` are the light one, and `text/html` holds both as images and shows the one that
//! fits the page (see `plot::bundle`).

/// A colour without transparency.
///
/// ```
/// use show::theme::Color;
/// assert_eq!(Color(255, 128, 0).hex(), "#ff8000");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

/// The colours of a picture.
///
/// ```
/// use show::theme::{DARK, LIGHT};
/// assert!(DARK.dark && !LIGHT.dark);
/// assert!(LIGHT.ink.contrast(LIGHT.background) > 4.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    /// The page.
    pub background: Color,
    /// Axes, text, data points.
    pub ink: Color,
    /// Text of second rank; still at least 4.5:1.
    pub soft: Color,
    /// Lines that must not be noticed first.
    pub grid: Color,
    /// Lines and outlines, told apart also by people who do not see red or green, and also by their dashes.
    pub lines: [Color; 8],
    /// Areas in a stack, in this fixed order (M. Petroff, arXiv:2107.02270, the ten-colour cycle).
    pub fills: [Color; 10],
    /// Whether the page is dark.
    pub dark: bool,
}

const FILLS: [Color; 10] = [
    Color(0x3f, 0x90, 0xda),
    Color(0xff, 0xa9, 0x0e),
    Color(0xbd, 0x1f, 0x01),
    Color(0x94, 0xa4, 0xa2),
    Color(0x83, 0x2d, 0xb6),
    Color(0xa9, 0x6b, 0x59),
    Color(0xe7, 0x63, 0x00),
    Color(0xb9, 0xac, 0x70),
    Color(0x71, 0x75, 0x81),
    Color(0x92, 0xda, 0xdd),
];

/// Black on white.
pub const LIGHT: Theme = Theme {
    background: Color(0xff, 0xff, 0xff),
    ink: Color(0x1a, 0x1b, 0x20),
    soft: Color(0x55, 0x57, 0x62),
    grid: Color(0xe2, 0xe3, 0xe8),
    lines: [
        Color(0x1f, 0x6f, 0xc4),
        Color(0xc9, 0x41, 0x0a),
        Color(0x12, 0x80, 0x62),
        Color(0x83, 0x2d, 0xb6),
        Color(0x9a, 0x66, 0x08),
        Color(0x0f, 0x7d, 0x96),
        Color(0xb3, 0x2b, 0x6c),
        Color(0x5c, 0x63, 0x70),
    ],
    fills: FILLS,
    dark: false,
};

/// White on the black of JupyterLab's dark theme.
pub const DARK: Theme = Theme {
    background: Color(0x11, 0x11, 0x11),
    ink: Color(0xec, 0xec, 0xf1),
    soft: Color(0xb2, 0xb4, 0xbf),
    grid: Color(0x33, 0x34, 0x3a),
    lines: [
        Color(0x6d, 0xb4, 0xf5),
        Color(0xff, 0x96, 0x57),
        Color(0x4f, 0xd3, 0xa6),
        Color(0xcb, 0x9c, 0xf2),
        Color(0xf0, 0xc2, 0x5f),
        Color(0x61, 0xd2, 0xe4),
        Color(0xff, 0x90, 0xbf),
        Color(0xb6, 0xbe, 0xca),
    ],
    fills: FILLS,
    dark: true,
};

/// Dashes of the lines, by place: a second mark beside the colour.
pub(crate) const DASHES: [&str; 4] = ["", "7 3", "2 2.5", "8 3 2 3"];

/// Anchors of the perceptually even map from dark violet to yellow that the field uses for densities
/// (viridis of matplotlib, CC0).
const VIRIDIS: [Color; 9] = [
    Color(0x44, 0x01, 0x54),
    Color(0x47, 0x2d, 0x7b),
    Color(0x3b, 0x52, 0x8b),
    Color(0x2c, 0x72, 0x8e),
    Color(0x21, 0x91, 0x8c),
    Color(0x28, 0xae, 0x80),
    Color(0x5e, 0xc9, 0x62),
    Color(0xad, 0xdc, 0x30),
    Color(0xfd, 0xe7, 0x25),
];

impl Color {
    /// `#rrggbb`.
    ///
    /// ```
    /// assert_eq!(show::theme::Color(0, 16, 255).hex(), "#0010ff");
    /// ```
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// The colour of `#rrggbb`.
    ///
    /// ```
    /// use show::theme::Color;
    /// assert_eq!(Color::parse("#ff8000"), Some(Color(255, 128, 0)));
    /// assert_eq!(Color::parse("orange"), None);
    /// ```
    pub fn parse(hex: &str) -> Option<Self> {
        let digits = hex.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self(part(0)?, part(2)?, part(4)?))
    }

    /// Relative luminance (WCAG 2.1).
    ///
    /// ```
    /// assert!((show::theme::Color(255, 255, 255).luminance() - 1.0).abs() < 1e-12);
    /// ```
    pub fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Contrast with another colour, from 1 to 21 (WCAG 2.1).
    ///
    /// ```
    /// use show::theme::Color;
    /// assert!((Color(0, 0, 0).contrast(Color(255, 255, 255)) - 21.0).abs() < 1e-9);
    /// ```
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever reads better on this colour; one of them always has at least 4.5:1.
    ///
    /// ```
    /// use show::theme::Color;
    /// assert_eq!(Color(255, 255, 0).opposite(), Color(0, 0, 0));
    /// ```
    pub fn opposite(self) -> Self {
        let (black, white) = (Self(0, 0, 0), Self(255, 255, 255));
        if self.contrast(black) > self.contrast(white) { black } else { white }
    }

    /// The colour `share` of the way to another.
    pub(crate) fn toward(self, other: Self, share: f64) -> Self {
        let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share.clamp(0.0, 1.0)).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

impl Theme {
    /// The colour of a density between 0 and 1.
    pub(crate) fn density(&self, share: f64) -> Color {
        let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
        let at = (place as usize).min(VIRIDIS.len() - 2);
        VIRIDIS[at].toward(VIRIDIS[at + 1], place - at as f64)
    }

    /// The colour of a correlation between -1 and 1: blue, the page, red.
    pub(crate) fn signed(&self, value: f64) -> Color {
        let end = if value < 0.0 { Color(0x2a, 0x62, 0xb8) } else { Color(0xc2, 0x35, 0x2b) };
        self.background.toward(end, value.abs())
    }

    pub(crate) fn line(&self, at: usize) -> Color {
        self.lines[at % self.lines.len()]
    }

    pub(crate) fn fill(&self, at: usize) -> Color {
        self.fills[at % self.fills.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_lines_are_readable_on_their_page() {
        for theme in [LIGHT, DARK] {
            assert!(theme.ink.contrast(theme.background) > 12.0);
            assert!(theme.soft.contrast(theme.background) > 4.5);
            for line in theme.lines {
                assert!(line.contrast(theme.background) > 4.5, "{} on {}", line.hex(), theme.background.hex());
            }
        }
    }

    #[test]
    fn no_single_ink_reads_on_both_pages() {
        let reads = |grey: u8| {
            let grey = Color(grey, grey, grey);
            grey.contrast(LIGHT.background) >= 4.5 && grey.contrast(DARK.background) >= 4.5
        };
        assert!(!(0..=255).any(reads));
    }

    #[test]
    fn black_or_white_reads_on_every_colour() {
        for red in (0..=255).step_by(17) {
            for green in (0..=255).step_by(17) {
                for blue in (0..=255).step_by(17) {
                    let color = Color(red, green, blue);
                    assert!(color.opposite().contrast(color) >= 4.5);
                }
            }
        }
    }

    /// What a person without the red or green cone sees (Viénot, Brettel and Mollon 1999, linear light).
    fn dichromat(color: Color, green_blind: bool) -> [f64; 3] {
        let linear = |part: u8| (f64::from(part) / 255.0).powf(2.2);
        let (r, g, b) = (linear(color.0), linear(color.1), linear(color.2));
        let yellow = if green_blind { 0.292_75 * r + 0.707_25 * g } else { 0.112_38 * r + 0.887_62 * g };
        let blue = if green_blind { -0.022_34 * r + 0.022_34 * g + b } else { 0.004_01 * r - 0.004_01 * g + b };
        [yellow, yellow, blue.max(0.0)].map(|part| part.powf(1.0 / 2.2) * 255.0)
    }

    #[test]
    fn neighbours_in_a_stack_differ_for_people_who_do_not_see_red_or_green() {
        for green_blind in [false, true] {
            for pair in FILLS.windows(2) {
                let (a, b) = (dichromat(pair[0], green_blind), dichromat(pair[1], green_blind));
                let distance = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
                assert!(distance > 40.0, "{} and {}: {distance}", pair[0].hex(), pair[1].hex());
            }
        }
    }

    #[test]
    fn hex_and_back() {
        assert_eq!(Color::parse(&FILLS[1].hex()), Some(FILLS[1]));
        assert_eq!((Color::parse("red"), Color::parse("#ffgg00")), (None, None));
    }
}
