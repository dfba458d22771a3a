"""HDF5 tables as basf2, PyTables, pandas and h5py write them, and what they hold.

Usage: hdf5.py FOLDER. Each NAME.parquet holds the rows of the table that NAME.txt names (`file.h5:table`, or a file alone).
"""

import sys
import warnings

# A script beside this one is called like PyTables.
sys.path.pop(0)

import h5py
import numpy as np
import pandas as pd
import tables

warnings.simplefilter("ignore")
folder, rows = sys.argv[1], 30_000
random = np.random.default_rng(5)


def say(name, path, frame):
    frame.to_parquet(f"{folder}/{name}.parquet", index=False)
    open(f"{folder}/{name}.txt", "w").write(path)


def frame():
    made = pd.DataFrame({
        "x": random.normal(size=rows), "n": np.arange(rows), "s": [f"text {i % 7}" for i in range(rows)],
        "b": np.arange(rows) % 3 == 0, "f": random.normal(size=rows).astype("f4"), "y": random.exponential(size=rows),
        "i": random.integers(-100, 100, rows).astype("i1"), "u": random.integers(0, 60000, rows).astype("u2"),
    })
    made["t"] = pd.date_range("2024-01-01", periods=rows, freq="s")
    made.loc[5, ["x", "t"]] = [np.nan, pd.NaT]
    made.loc[7, "s"] = None
    return made


def basf2(complib):
    """As `VariablesToTable` of basf2 makes its files."""
    names = ["__experiment__", "__run__", "__event__", "__candidate__", "__ncandidates__", "__weight__", "M", "daughter__bo0__cm__spp__bc"]
    kinds = dict(zip(names, ["<i4", "<i4", "<u4", "<u4", "<u4", "<f8", "<f8", "<f8"]))
    rows_ = np.zeros(rows, np.dtype(list(kinds.items())))
    for name in names:
        rows_[name] = np.arange(rows) if name == "__event__" else random.integers(0, 30, rows) / (1 if "i" in kinds[name] or "u" in kinds[name] else 8)
    name = complib.replace(":", "_") if complib else "plain"
    with tables.open_file(f"{folder}/vtt_{name}.h5", "w") as file:
        filters = tables.Filters(complevel=1 if complib else 0, complib=complib or "zlib", fletcher32=bool(complib) and "zlib" in complib)
        table = file.create_table("/", "mumu", obj=np.zeros(0, rows_.dtype), filters=filters, expectedrows=rows)
        table.append(rows_[: rows // 2])
        table.append(rows_[rows // 2 :])
    say(f"vtt_{name}", f"vtt_{name}.h5", pd.DataFrame(rows_))


for complib in (None, "zlib", "blosc:lz4", "blosc:zstd", "blosc"):
    basf2(complib)
made = frame()
made.to_hdf(f"{folder}/several.h5", key="all", format="table", complib="blosc", complevel=5)
say("blocks", "several.h5:all", made.reset_index())
made.to_hdf(f"{folder}/several.h5", key="deep/down", format="table", data_columns=True)
say("data_columns", "several.h5:deep/down", made.reset_index())
fixed = made.drop(columns="s")
fixed.to_hdf(f"{folder}/several.h5", key="fixed")
say("fixed", "several.h5:fixed", fixed.reset_index())
timed = fixed[["x", "n"]].set_index(pd.date_range("2020-03-01", periods=rows, freq="min").as_unit("ns"))
timed.to_hdf(f"{folder}/several.h5", key="timed", format="table")
say("timed", "several.h5:timed", timed.rename_axis("index").reset_index())
with h5py.File(f"{folder}/columns.hdf5", "w") as file:
    columns = {"x": made["x"].to_numpy(), "b": made["b"].to_numpy(), "u": made["u"].to_numpy(), "s": np.array([f"ä{i % 5}".encode() for i in range(rows)])}
    for name, values in columns.items():
        file.create_dataset(name, data=values, chunks=(4096,), compression="gzip", shuffle=True)
    # HDF5 lists what is in a group by name.
    say("columns", "columns.hdf5", pd.DataFrame({**columns, "s": [text.decode() for text in columns["s"]]})[sorted(columns)])
big = np.zeros(100, np.dtype([("x", ">f8"), ("n", ">i4"), ("v", "<f4", (3,))]))
big["x"], big["n"], big["v"] = np.arange(100) / 7, np.arange(100), np.arange(300).reshape(100, 3)
with h5py.File(f"{folder}/swapped.h5", "w") as file:
    file["inside/rows"] = big
flat = {"x": big["x"].astype("<f8"), "n": big["n"].astype("<i4"), **{f"v_{i}": big["v"][:, i] for i in range(3)}}
say("swapped", "swapped.h5", pd.DataFrame(flat))
