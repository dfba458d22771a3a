//! Writes into a saved picture what it was made from, where each format has a place for it: a PDF in its information
//! dictionary, a PNG in a text chunk, an SVG in its `metadata`. Without an origin a picture stays as it is.

/// The name of the entry in PDF and PNG, and the id of the SVG's element.
const NAME: &str = "recoil";

/// The PDF with an entry `recoil` and a subject in its information dictionary: an incremental update behind its last byte
/// (ISO 32000-1, 7.5.6). A file whose trailer is not understood stays as it is.
pub(crate) fn in_pdf(bytes: Vec<u8>, origin: &str) -> Vec<u8> {
    if origin.is_empty() { bytes } else { update(&bytes, origin).unwrap_or(bytes) }
}

fn update(bytes: &[u8], origin: &str) -> Option<Vec<u8>> {
    let end = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(2048)..]).into_owned();
    let trailer = &end[end.rfind("trailer")?..];
    let number = |key: &str| {
        let rest = trailer[trailer.find(key)? + key.len()..].trim_start();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    };
    let (size, root, last) = (number("/Size")?, number("/Root")?, number("startxref")?);
    let mut out = bytes.to_vec();
    if out.last() != Some(&b'\n') {
        out.push(b'\n');
    }
    let object = out.len();
    let (entry, subject) = (text_of_pdf(origin), text_of_pdf("made with Recoil; the entry recoil says from what"));
    out.extend(format!("{size} 0 obj\n<< /Subject {subject} /{NAME} {entry} >>\nendobj\n").into_bytes());
    let table = out.len();
    let trailer = format!("trailer\n<< /Size {} /Root {root} 0 R /Prev {last} /Info {size} 0 R >>", size + 1);
    out.extend(format!("xref\n{size} 1\n{object:010} 00000 n \n{trailer}\nstartxref\n{table}\n%%EOF\n").into_bytes());
    Some(out)
}

/// A text string of PDF: as it is where it is ASCII, else in UTF-16 (7.9.2.2).
fn text_of_pdf(text: &str) -> String {
    if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        let escaped = text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
        return format!("({escaped})");
    }
    let units: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("<FEFF{units}>")
}

/// The PNG with an international text chunk behind its header (PNG 1.2, 4.2.3.3).
pub(crate) fn in_png(mut bytes: Vec<u8>, origin: &str) -> Vec<u8> {
    /// The signature and the header's chunk.
    const HEADER: usize = 8 + 4 + 4 + 13 + 4;
    if bytes.len() < HEADER || origin.is_empty() {
        return bytes;
    }
    let mut body = b"iTXt".to_vec();
    body.extend(NAME.as_bytes());
    // Not compressed, in no language, without a translated keyword.
    body.extend([0, 0, 0, 0, 0]);
    body.extend(origin.as_bytes());
    let length = u32::try_from(body.len() - 4).unwrap_or_default().to_be_bytes();
    let check = crc(&body).to_be_bytes();
    bytes.splice(HEADER..HEADER, length.into_iter().chain(body).chain(check));
    bytes
}

/// The check of a chunk: CRC-32 of ISO 3309.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 })
    };
    !bytes.iter().fold(!0, step)
}

/// The SVG with an element `metadata` as its first child.
pub(crate) fn in_svg(svg: &str, origin: &str) -> String {
    let start = svg.find("<svg").filter(|_| !origin.is_empty());
    let Some(at) = start.and_then(|start| Some(start + svg[start..].find('>')? + 1)) else { return svg.to_owned() };
    let text = origin.replace('&', "&amp;").replace('<', "&lt;");
    format!("{}<metadata id=\"{NAME}\">{text}</metadata>{}", &svg[..at], &svg[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOT: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="#fff"/></svg>"##;
    const ORIGIN: &str = r#"{"inputs":[{"path":"a (1) <b>.csv"}]}"#;

    #[test]
    fn every_format_carries_the_origin_and_is_still_drawn() {
        let svg = in_svg(DOT, ORIGIN);
        assert!(svg.contains("a (1) &lt;b>.csv") && crate::raster::png(&svg, 1.0).is_ok());
        let plain = crate::raster::png(DOT, 1.0).unwrap();
        let signed = in_png(plain.clone(), ORIGIN);
        let decoder = png::Decoder::new(std::io::Cursor::new(&signed));
        let reader = decoder.read_info().unwrap();
        let text = &reader.info().utf8_text[0];
        assert_eq!((text.keyword.as_str(), text.get_text().unwrap().as_str()), ("recoil", ORIGIN));
        let pdf = crate::raster::pdf(DOT).unwrap();
        let signed = in_pdf(pdf.clone(), ORIGIN);
        assert_eq!(&signed[..pdf.len()], pdf, "what was there stays");
        let added = String::from_utf8_lossy(&signed[pdf.len()..]).into_owned();
        assert!(added.contains(r#"/recoil ({"inputs":[{"path":"a \(1\) <b>.csv"}]})"#), "{added}");
        let at: usize = added.split("startxref\n").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        assert!(signed[at..].starts_with(b"xref\n"));
        let object = String::from_utf8_lossy(&signed[at..]).lines().nth(2).unwrap()[..10].parse::<usize>().unwrap();
        assert!(
            String::from_utf8_lossy(&signed[object..]).split_once(' ').unwrap().1.starts_with("0 obj\n<< /Subject")
        );
        assert_eq!(text_of_pdf("µ"), "<FEFF00B5>");
        assert_eq!(in_pdf(b"no pdf".to_vec(), ORIGIN), b"no pdf");
    }
}
