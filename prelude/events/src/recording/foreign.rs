//! Files of other kinds, known by their first bytes and refused by name.
//!
//! Formats without a signature of their own must never be tried on them.

/// A signature: where it is, its bytes, what the file is, what to do with it.
struct Foreign(usize, &'static [u8], &'static str, &'static str);

const UNPACK: &str = "unpack it first";
const IMAGE: &str = "it holds pictures or sound, not events";
const TABLE: &str = "open it with `load`";
const ROS: &str = "export its event topic as HDF5 or text (t x y p) first";
const ARRAY: &str = "save the columns as text (t x y p) or HDF5 first";
const POINTS: &str = "it holds points in space, not events";

const FOREIGN: &[Foreign] = &[
    Foreign(0, b"#ROSBAG", "a ROS bag", ROS),
    Foreign(0, b"\x89MCAP0\r\n", "an MCAP recording (ROS 2)", ROS),
    Foreign(0, b"SQLite format 3\0", "an SQLite database (ROS 2 bags are)", ROS),
    Foreign(0, b"# .PCD", "a point cloud (PCD)", POINTS),
    Foreign(0, b"ply\n", "a point cloud or mesh (PLY)", POINTS),
    Foreign(0, b"ply\r\n", "a point cloud or mesh (PLY)", POINTS),
    Foreign(0, b"LASF", "a point cloud (LAS)", POINTS),
    Foreign(0, b"\x93NUMPY", "a NumPy array", ARRAY),
    Foreign(0, b"PK\x03\x04", "a ZIP archive (NumPy `.npz` and PyTorch files are)", UNPACK),
    Foreign(0, b"PK\x05\x06", "an empty ZIP archive", UNPACK),
    Foreign(0, b"\x1f\x8b\x08", "a gzip file", UNPACK),
    Foreign(0, b"\x28\xb5\x2f\xfd", "a zstd file", UNPACK),
    Foreign(0, b"BZh", "a bzip2 file", UNPACK),
    Foreign(0, b"\xfd7zXZ\0", "an xz file", UNPACK),
    Foreign(0, b"\x04\x22\x4d\x18", "an LZ4 file", UNPACK),
    Foreign(0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    Foreign(0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    Foreign(257, b"ustar", "a tar archive", UNPACK),
    Foreign(0, b"PAR1", "a Parquet file", TABLE),
    Foreign(0, b"ARROW1", "an Arrow file", TABLE),
    Foreign(0, b"root", "a ROOT file", TABLE),
    Foreign(0, b"HIPO", "a HIPO file", "open it with `hipo`"),
    Foreign(0, b"\x80\x04\x95", "a Python pickle", ARRAY),
    Foreign(0, b"\x80\x05\x95", "a Python pickle", ARRAY),
    Foreign(0, b"MATLAB 5.0 MAT-file", "a MATLAB file of version 5", "save it with `-v7.3`, as HDF5, or as text"),
    Foreign(0, b"SIMPLE  =", "a FITS file", ARRAY),
    Foreign(0, b"CDF\x01", "a netCDF 3 file", ARRAY),
    Foreign(0, b"CDF\x02", "a netCDF 3 file", ARRAY),
    Foreign(0, b"\x89PNG", "a PNG picture", IMAGE),
    Foreign(0, b"\xff\xd8\xff", "a JPEG picture", IMAGE),
    Foreign(0, b"GIF8", "a GIF picture", IMAGE),
    Foreign(0, b"II*\0", "a TIFF picture", IMAGE),
    Foreign(0, b"MM\0*", "a TIFF picture", IMAGE),
    Foreign(0, b"RIFF", "a RIFF file (AVI, WAV, WebP)", IMAGE),
    Foreign(4, b"ftyp", "an MP4 video", IMAGE),
    Foreign(0, b"\x1aE\xdf\xa3", "a Matroska video", IMAGE),
    Foreign(0, b"OggS", "an Ogg file", IMAGE),
    Foreign(0, b"%PDF", "a PDF document", IMAGE),
    Foreign(0, b"\x7fELF", "a program", "it holds no events"),
    Foreign(0, b"<?xml", "an XML document", "it holds no events"),
    Foreign(0, b"<!DOCTYPE", "an HTML page", "was the download a page of errors?"),
    Foreign(0, b"<html", "an HTML page", "was the download a page of errors?"),
    Foreign(0, b"version https://git-lfs", "a pointer of Git LFS", "fetch the file itself with `git lfs pull`"),
];

/// What kind of foreign file starts with these bytes, and what to do with it.
pub(super) fn kind(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let fits = |Foreign(at, magic, _, _): &&Foreign| head.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    FOREIGN.iter().find(fits).map(|Foreign(_, _, name, hint)| (*name, *hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_have_names() {
        assert_eq!(kind(b"#ROSBAG V2.0\n").unwrap().0, "a ROS bag");
        assert!(kind(b"\x93NUMPY\x01\0").unwrap().0.contains("NumPy"));
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(kind(&tar).unwrap().0, "a tar archive");
        assert!(kind(b"% evt 2.0\n").is_none() && kind(b"1 2 3 1\n").is_none() && kind(b"").is_none());
    }
}
