"""root_seeds.py FILES OUT: seeds for root_stream and root_ntuple (and root_file) from the ROOT files of a folder."""
import glob
import os
import struct
import sys

import uproot

files, out = sys.argv[1:3]
for target in ("root_stream", "root_ntuple", "root_file"):
    os.makedirs(os.path.join(out, target), exist_ok=True)


def save(target, name, data):
    if len(data) < 1 << 18:
        open(os.path.join(out, target, name), "wb").write(data)


def part(key, fixed):
    """The bytes of an object, and how long its key is beyond the fixed part."""
    chunk, cursor = key.get_uncompressed_chunk_cursor()
    return bytes(chunk.raw_data), max(0, min(254, key.fKeylen - fixed))


def little(data, at):
    return struct.unpack_from("<q", data, at)[0]


def envelope(raw, at, stored, size):
    from uproot.source.chunk import Chunk
    from uproot.source.cursor import Cursor
    data = raw[at : at + stored]
    if stored != size:
        chunk = Chunk.wrap(None, data)
        data = bytes(uproot.compression.decompress(chunk, Cursor(0), {}, stored, size).raw_data)
    return data[8:-8]


def ntuple(raw, anchor, name):
    header = envelope(raw, anchor.member("fSeekHeader"), anchor.member("fNBytesHeader"), anchor.member("fLenHeader"))
    footer = envelope(raw, anchor.member("fSeekFooter"), anchor.member("fNBytesFooter"), anchor.member("fLenFooter"))
    at = 8
    for _ in range(3):
        at += 4 + struct.unpack_from("<I", header, at)[0]
    schema = header[at:]
    extension = footer[16 + 8 : 16 + little(footer, 16)]
    group = 16 + little(footer, 16) + 12 + 8 + 20
    size, stored, position = struct.unpack_from("<QiQ", footer, group)
    pages = envelope(raw, position, stored, size)[8:]
    head = struct.pack("<HHH", len(schema), len(extension), len(pages))
    save("root_ntuple", name, head + schema + extension + pages + raw[256:])


for path in glob.glob(os.path.join(files, "*.root")):
    name, raw = os.path.basename(path), open(path, "rb").read()
    save("root_file", name, raw)
    try:
        file = uproot.open(path)
        infos, infos_pad = part(file.file.streamer_infos and uproot.reading.ReadOnlyKey(
            file.file.chunk(file.file.fSeekInfo, file.file.fSeekInfo + file.file.fNbytesInfo),
            uproot.source.cursor.Cursor(file.file.fSeekInfo), {}, file.file, file.file, read_strings=True), 46)
    except Exception:
        infos, infos_pad = b"", 0
    try:
        for key in file.keys(recursive=False):
            key = file.key(key)
            if key.fClassName == "TTree":
                tree, pad = part(key, 35)
                if len(tree) < 1 << 16 and len(infos) < 1 << 16:
                    head = struct.pack("<BBHH", pad, infos_pad, len(tree), len(infos))
                    save("root_stream", name, head + tree + infos + raw[256:])
            elif key.fClassName == "ROOT::RNTuple":
                ntuple(raw, file[key.fName], name)
    except Exception as error:
        print(name, error)
