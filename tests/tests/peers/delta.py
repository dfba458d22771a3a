"""Delta tables written by delta-rs, and the rows of each version as it reads them.

Usage: delta.py FOLDER. Beside each table NAME there is NAME.json: by version the number of rows, the sum of `x`, the count of
values and the texts of each column, sorted.
"""

import json
import sys

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

folder = sys.argv[1]


def rows(start, n, **more):
    table = {"id": pa.array(range(start, start + n), pa.int64()), "x": pa.array([i * 0.5 for i in range(start, start + n)], pa.float64())}
    table["city"] = pa.array([["Köln", "a b", "x=y/z", None][i % 4] for i in range(start, start + n)], pa.string())
    table["run"] = pa.array([i % 3 for i in range(start, start + n)], pa.int32())
    table["day"] = pa.array([19000 + i % 2 for i in range(start, start + n)], pa.date32())
    for name, values in more.items():
        table[name] = values
    return pa.table(table)


def described(path):
    last = DeltaTable(path).version()
    answer = {}
    for version in range(last + 1):
        table = DeltaTable(path, version=version).to_pyarrow_table()
        columns = {name: sorted("null" if v is None else str(v) for v in table[name].to_pylist()) for name in table.column_names}
        answer[version] = {"rows": table.num_rows, "columns": columns}
    json.dump(answer, open(f"{path}.json", "w"))


def plain(path):
    for start in (0, 10, 20):
        write_deltalake(path, rows(start, 10), mode="append" if start else "error")
    DeltaTable(path).delete("id < 5")
    write_deltalake(path, rows(100, 4), mode="append")
    DeltaTable(path).optimize.compact()
    write_deltalake(path, rows(7, 2), mode="overwrite")


def parted(path):
    write_deltalake(path, rows(0, 24), partition_by=["city", "run", "day"])
    DeltaTable(path).delete("run = 1")
    write_deltalake(path, rows(50, 6), mode="append")


def checkpointed(path):
    for version in range(13):
        write_deltalake(path, rows(version * 10, 3), mode="append")
    DeltaTable(path).create_checkpoint()
    DeltaTable(path).delete("id >= 100")
    write_deltalake(path, rows(500, 3), mode="append")


def widened(path):
    write_deltalake(path, rows(0, 3))
    write_deltalake(path, rows(3, 3, more=pa.array([1.5, None, 2.5], pa.float64())), mode="append", schema_mode="merge")


for make in (plain, parted, checkpointed, widened):
    path = f"{folder}/{make.__name__}"
    make(path)
    described(path)
