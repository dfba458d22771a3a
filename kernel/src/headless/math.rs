//! Formulas of Markdown as MathML, which browsers draw by themselves. A formula that is no LaTeX is shown as it was written.

use super::ansi::escape;
use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, mathml::push_mathml};
use std::convert::Infallible;

/// A formula as MathML, in a line of its own or within a line.
pub(super) fn mathml(tex: &str, display: bool) -> String {
    let written = escape(tex.trim());
    let display_mode = if display { DisplayMode::Block } else { DisplayMode::Inline };
    let config = RenderConfig { display_mode, annotation: Some(&written), ..RenderConfig::default() };
    let storage = Storage::new();
    let mut out = String::new();
    // An error inside a formula would be drawn in the middle of it.
    let drawn = match Parser::new(tex.trim(), &storage).collect::<Result<Vec<_>, _>>() {
        Ok(events) => push_mathml(&mut out, events.into_iter().map(Ok::<_, Infallible>), config).is_ok(),
        Err(_) => false,
    };
    if drawn { out } else { format!("<code>{written}</code>") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_of_the_first_tutorial_is_mathml() {
        let tex = r"m^2 = 2\, p_{T1}\, \left(\cosh(\eta_1 - \eta_2) - \cos(\varphi_1)\right)";
        let math = mathml(tex, true);
        assert!(math.starts_with("<math display=\"block\">"), "{math}");
        for part in [
            "<msup><mi>m</mi><mn>2</mn></msup>",
            "<msub><mi>p</mi><mrow><mi>T</mi><mn>1</mn></mrow></msub>",
            "<mi>cosh</mi>",
            "<msub><mi>η</mi><mn>1</mn></msub>",
            "<mo stretchy=\"true\">(</mo>",
        ] {
            assert!(math.contains(part), "{part} in {math}");
        }
    }

    #[test]
    fn fractions_roots_texts_and_both_scripts() {
        for (tex, part) in [
            (r"\frac{1}{x}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>x</mi></mrow></mfrac>"),
            (r"\sqrt{s}", "<msqrt><mrow><mi>s</mi></mrow></msqrt>"),
            (r"x_i^2", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
            (r"\text{a < b}", "<mtext>a &lt; b</mtext>"),
            (r"\begin{matrix} a & b \end{matrix}", "<mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd>"),
        ] {
            let math = mathml(tex, false);
            assert!(math.contains(part), "{part} in {math}");
        }
    }

    #[test]
    fn what_is_no_latex_is_shown_as_written() {
        for tex in ["{a", "a}", r"\unknown", "^", r"\def\x{\x\x}\x"] {
            assert_eq!(mathml(tex, false), format!("<code>{}</code>", escape(tex)), "{tex}");
        }
        assert!(!mathml("<script>", false).contains("<script"));
    }
}
