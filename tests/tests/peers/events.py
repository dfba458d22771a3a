"""Event files of other writers: events.py FOLDER makes them there and prints what is in them, a line of JSON.

h5py and hdf5plugin write HDF5 in the layouts and compressions that recordings come in, faery and dv-processing write
Prophesee files, Event Stream and AEDAT 4, numpy and print the text files. `null` stands for a file that must be refused.
"""

import hashlib
import json
import os
import sys

import dv_processing as dv
import faery
import h5py
import hdf5plugin
import numpy as np

FOLDER = sys.argv[1]
RANDOM = np.random.default_rng(5)
expected = {}


def scene(width, height, count, first=1000):
    t = first + np.cumsum(RANDOM.integers(0, 7, count))
    places = [RANDOM.integers(0, side, count) for side in (width, height)]
    return [t, *places, RANDOM.integers(0, 2, count)]


def path(name, events):
    """Where to write a file, after saying what it is to hold."""
    kinds = dict(t="<i8", x="<u2", y="<u2", on="u1")
    digest = lambda column, kind: hashlib.sha256(np.asarray(column).astype(kind).tobytes()).hexdigest()
    expected[name] = events and {
        "n": len(events[0]),
        **{key: digest(column, kind) for (key, kind), column in zip(kinds.items(), events)},
    }
    return os.path.join(FOLDER, name)


T = scene(640, 480, 3000)
LONG = scene(640, 480, 150_000)


def columns(name, events=T, group="events", names="txyp", kinds=("<u4", "<u2", "<u2", "u1"), file={}, refused=False, **how):
    stored = how.pop("stored", events)
    with h5py.File(path(name, None if refused else events), "w", **file) as out:
        place = out.create_group(group) if group else out
        for key, column, kind in zip(names, stored, kinds):
            place.create_dataset(key, data=np.asarray(column).astype(kind), **how)
        if "offset" in name:
            out.create_dataset("t_offset", data=np.int64(1000))


columns("plain.h5")
columns("latest.h5", file={"libver": "latest"})
columns("v108.h5", file={"libver": ("v108", "v108")}, chunks=(512,))
columns("v110.h5", file={"libver": ("v110", "v110")}, chunks=(512,), compression="gzip")
columns("grows.h5", chunks=(700,), maxshape=(None,))
for size in (512, 1024, 4096):
    columns(f"user_block_{size}.h5", file={"userblock_size": size})
columns("big_endian.h5", kinds=(">i8", ">u2", ">u2", ">i2"))
columns("signed.h5", kinds=("<i8", "<i2", "<i2", "?"))
columns("floats.h5", kinds=("<f8", "<f4", "<f4", "<f4"), stored=[T[0] / 1e6, *T[1:]])
columns("root.h5", group="")
columns("long_names.h5", names=("timestamps", "x_pos", "y_pos", "polarity"))
columns("plural.h5", names=("ts", "xs", "ys", "ps"))
columns("m3ed.h5", group="prophesee/left")
columns("offset.h5", stored=[T[0] - 1000, *T[1:]])
columns("gzip.h5", chunks=(1000,), compression="gzip", shuffle=True)
columns("lzf.h5", chunks=(1000,), compression="lzf", shuffle=True)
columns("fletcher32.h5", chunks=(1000,), compression="gzip", fletcher32=True)
columns("zstd.h5", chunks=(1000,), **hdf5plugin.Zstd())
columns("lz4.h5", chunks=(1000,), **hdf5plugin.LZ4())
for codec in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
    for shuffle in (0, 1, 2):
        for level in (1, 9):
            how = hdf5plugin.Blosc(cname=codec, clevel=level, shuffle=shuffle)
            columns(f"blosc_{codec}_{shuffle}_{level}.h5", chunks=(3000,), **how)
    how = hdf5plugin.Blosc(cname=codec, clevel=5, shuffle=1)
    columns(f"blosc_{codec}_long.h5", LONG, kinds=("<i8", "<u2", "<u2", "?"), chunks=(100_000,), **how)
columns("bitshuffle.h5", refused=True, chunks=(1000,), **hdf5plugin.Bitshuffle())
columns("blosc2.h5", refused=True, chunks=(1000,), **hdf5plugin.Blosc2())
columns("snappy.h5", refused=True, chunks=(3000,), **hdf5plugin.Blosc(cname="snappy"))


def table(name, place, order, polarity):
    kinds = {"t": "<i8", "x": "<u2", "y": "<u2", "p": polarity}
    rows = np.zeros(len(T[0]), dtype=np.dtype([(key, kinds[key]) for key in order], align=True))
    for key, column in zip("txyp", T):
        rows[key] = column
    with h5py.File(path(name, T), "w") as out:
        out.create_dataset(place, data=rows, chunks=(1024,))


table("prophesee.h5", "CD/events", "xypt", "<i2")
table("table.h5", "events", "txyp", "?")
table("nested_table.h5", "events/events", "txyp", "i1")
with h5py.File(path("array.h5", T), "w") as out:
    out.create_dataset("events", data=np.stack(T, 1).astype("u4"), chunks=(500, 4), compression="gzip")
# h5py's own choice of chunks parts the columns.
with h5py.File(path("tiles.h5", T), "w") as out:
    out.create_dataset("events", data=np.stack(T, 1).astype("u4"), chunks=True, maxshape=(None, 4), compression="gzip")
with h5py.File(path("mvsec.h5", T), "w") as out:
    out.create_dataset("davis/left/events", data=np.stack([T[1], T[2], T[0] / 1e6, T[3] * 2.0 - 1], 1))


def text(name, rows, columns=None):
    with open(path(name, T), "w", newline="") as out:
        out.write(rows if isinstance(rows, str) else "".join(row + "\n" for row in rows))


R = list(zip(*[column.tolist() for column in T]))
text("microseconds.txt", (f"{t} {x} {y} {p}" for t, x, y, p in R))
text("seconds.txt", (f"{t // 10**6}.{t % 10**6:06} {x} {y} {p}" for t, x, y, p in R))
text("floats.txt", (f"{t / 1e6:.6f}\t{float(x)}\t{float(y)}\t{float(p)}" for t, x, y, p in R))
text("savetxt.txt", (f"{t / 1e6:.18e} {x:.18e} {y:.18e} {p:.18e}" for t, x, y, p in R))
text("openeb.csv", (f"{x},{y},{p},{t}" for t, x, y, p in R))
text("geometry.csv", ["%geometry:640,480", *(f"{x},{y},{p},{t}" for t, x, y, p in R)])
text("semicolons.csv", (f"{t};{x};{y};{p}" for t, x, y, p in R))
text("signed.txt", (f"{t} {x} {y} {p * 2 - 1}" for t, x, y, p in R))
text("xytp.csv", (f"{x},{y},{t},{p}" for t, x, y, p in R))
text("heading.csv", ["x,y,polarity,timestamp", *(f"{x},{y},{bool(p)},{t}" for t, x, y, p in R)])
text("index.csv", [",t,x,y,p", *(f"{k},{t},{x},{y},{p}" for k, (t, x, y, p) in enumerate(R))])
text("comment.txt", ["# timestamp x y polarity", *(f"{t} {x} {y} {p}" for t, x, y, p in R)])
text("size_first.txt", ["640 480", *(f"{t / 1e6:.6f} {x} {y} {p}" for t, x, y, p in R)])
text("windows.txt", "\r\n".join(f"{t} {x} {y} {p}" for t, x, y, p in R))
text("blanks.txt", ["", *(f"   {t}   {x}   {y}   {p}  " for t, x, y, p in R), "", ""])

D = scene(346, 260, 5000)
rows = np.zeros(len(D[0]), dtype=faery.EVENTS_DTYPE)
for key, column in zip(rows.dtype.names, D):
    rows[key] = column
# faery writes these with the time of the first event as 0.
ZERO = [D[0] - D[0][0], *D[1:]]
stream = lambda: faery.events_stream_from_array(rows, (346, 260))
for name, compression in {"none": None, "lz4": ("lz4", 1), "lz4hc": ("lz4", 9), "zstd": ("zstd", 1)}.items():
    stream().to_file(path(f"faery_{name}.aedat4", D), compression=compression)
for version in ("evt2", "evt3"):
    stream().to_file(path(f"faery_{version}.raw", ZERO), version=version)
stream().to_file(path("faery.dat", ZERO), version="dat2")
stream().to_file(path("faery.csv", D))

# Since 1970, as cameras write it.
NOW = [D[0] + 1_700_000_000_000_000, *D[1:]]
for compression in ("NONE", "LZ4", "LZ4_HIGH", "ZSTD", "ZSTD_HIGH"):
    config = dv.io.MonoCameraWriter.EventOnlyConfig("DVX", (346, 260), getattr(dv.CompressionType, compression))
    writer = dv.io.MonoCameraWriter(path(f"dv_{compression}.aedat4", NOW), config)
    for first in range(0, len(D[0]), 700):
        store = dv.EventStore()
        for t, x, y, on in zip(*[column[first : first + 700].tolist() for column in NOW]):
            store.push_back(t, x, y, bool(on))
        writer.writeEvents(store)
    del writer
print(json.dumps(expected))
