/// The zone of times whose clocks run by something that has no name as a zone, such as an offset of half an hour. The
/// instants are those of UTC, of which it is another name; a text without an offset does not say which instant it means.
pub const UNNAMED_ZONE: &str = "Etc/Universal";
