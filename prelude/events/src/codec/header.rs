//! The text header of Prophesee RAW and DAT files: lines `% key value`.

use crate::model::columns::Geometry;

/// The lines of a header and where the data start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Key and value, in file order.
    pub(crate) lines: Vec<(String, String)>,
    /// Offset of the first byte after the header.
    pub(crate) body: u64,
}

impl Header {
    /// Reads lines until `% end`, or until a line that does not start with `% ` (older files have no end mark).
    pub(crate) fn parse(head: &[u8]) -> Self {
        let mut header = Self::default();
        let mut at = 0;
        while head[at..].starts_with(b"% ") {
            let Some(length) = line_of_text(&head[at..]) else { break };
            let line = String::from_utf8_lossy(&head[at + 2..at + length]);
            let line = line.trim();
            at += length + 1;
            if line == "end" {
                break;
            }
            let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            header.lines.push((key.trim_end_matches(':').to_string(), value.trim().to_string()));
        }
        header.body = at as u64;
        header
    }

    /// The first value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A part of the `format` line, such as `width` in `EVT3;height=720;width=1280`.
    pub(crate) fn format_option(&self, key: &str) -> Option<&str> {
        self.get("format")?
            .split(';')
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim())
    }

    /// Size of the sensor: from `format`, `geometry`, `Width`/`Height`, or known from the camera.
    pub(crate) fn geometry(&self) -> Option<Geometry> {
        let pair = |width: Option<&str>, height: Option<&str>| {
            Some(Geometry { width: width?.trim().parse().ok()?, height: height?.trim().parse().ok()? })
        };
        pair(self.format_option("width"), self.format_option("height"))
            .or_else(|| {
                let (width, height) = self.get("geometry")?.split_once('x')?;
                pair(Some(width), Some(height))
            })
            .or_else(|| pair(self.get("Width"), self.get("Height")))
            .or_else(|| self.get("system_ID").and_then(|id| camera(id.trim().parse().ok()?)))
    }
}

/// Length of the line of text at the front, without its end. Headers without an end mark stop where binary data happen to
/// begin like one more line: those have control characters before any line end.
pub(crate) fn line_of_text(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|&byte| byte < b' ' && !matches!(byte, b'\t' | b'\r'))?;
    (bytes[end] == b'\n').then_some(end)
}

/// Sensors of cameras that write no geometry, by their `system_ID`.
fn camera(system: u32) -> Option<Geometry> {
    match system {
        // Generation 3: VGA sensors.
        21 | 26 | 28 | 30 | 31 | 40 => Some(Geometry { width: 640, height: 480 }),
        // Generation 4 and later: HD sensors.
        39 | 41..=49 => Some(Geometry { width: 1280, height: 720 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_to_the_end_mark() {
        let header = Header::parse(b"% evt 3.0\n% format EVT3;height=720;width=1280\n% end\n% not header\n");
        assert_eq!(header.get("evt"), Some("3.0"));
        assert_eq!(header.geometry(), Some(Geometry { width: 1280, height: 720 }));
        assert_eq!(header.body, 52);
    }

    #[test]
    fn older_files_have_no_end_mark() {
        let header = Header::parse(b"% evt 2.0\n% geometry 640x480\n\x00\x01\x02\x80");
        assert_eq!(header.geometry(), Some(Geometry { width: 640, height: 480 }));
        assert_eq!(header.body, 29);
    }
}
