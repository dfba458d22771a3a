"""What pyarrow reads in the test files of Apache Parquet and Arrow: rows, and sums of every column.

Usage: apache.py PARQUET_TESTING ARROW_TESTING > ../tables/apache.json. Files that pyarrow refuses are listed with `refused`.
"""

import decimal
import json
import math
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

decimal.getcontext().prec = 200
NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def fnv(parts):
    value = 0xCBF29CE484222325
    for byte in b"".join(parts):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def measure(array):
    """Counts and sums of an array, into its lists and structs."""
    if array.type.id in (21, 22):
        # Intervals, for which pyarrow has no values.
        return {"unreadable": "interval"}
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return measure(array.storage)
    if pa.types.is_dictionary(kind):
        return measure(array.dictionary_decode())
    found = {"n": len(array), "nulls": array.null_count}
    if pa.types.is_null(kind):
        return found
    if pa.types.is_map(kind):
        key, value = kind.key_field.name, kind.item_field.name
        inner = [{key: k, value: v} for entries in array.to_pylist() for k, v in entries or []]
        entry = pa.struct([(key, kind.key_type), (value, kind.item_type)])
        return found | {"items": measure(pa.array(inner, entry))}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = [item for items in array.to_pylist() for item in items or []]
        return found | {"items": measure(pa.array(inner, kind.value_type))}
    if pa.types.is_struct(kind):
        children = zip(kind, array.flatten())
        return found | {"fields": {field.name: measure(child) for field, child in children}}
    if pa.types.is_boolean(kind):
        return found | {"sum": str(sum(v for v in array.to_pylist() if v))}
    if pa.types.is_integer(kind):
        return found | {"sum": str(sum(v for v in array.to_pylist() if v is not None))}
    if pa.types.is_decimal(kind):
        whole = sum(int(v.scaleb(kind.scale)) for v in array.to_pylist() if v is not None)
        # Of 128 bits, as columns are.
        return found | {"sum": str((whole + 2**127) % 2**128 - 2**127)}
    if pa.types.is_floating(kind):
        values = [v for v in array.cast(pa.float64()).to_pylist() if v is not None]
        finite = [v for v in values if math.isfinite(v)]
        return found | {"sum": math.fsum(finite), "nan": sum(math.isnan(v) for v in values)}
    if pa.types.is_date64(kind):
        return found | {"sum": str(sum(v * 1000 for v in array.cast(pa.int64()).to_pylist() if v is not None))}
    if pa.types.is_date(kind):
        days = array.cast(pa.date32()).cast(pa.int32())
        return found | {"sum": str(sum(v for v in days.to_pylist() if v is not None))}
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time64(kind) or pa.types.is_time32(kind):
        wide = array.cast(pa.int32()).cast(pa.int64()) if pa.types.is_time32(kind) else array.cast(pa.int64())
        # In microseconds, which every unit has.
        values = (v * NANOSECONDS[kind.unit] // 1000 for v in wide.to_pylist() if v is not None)
        return found | {"sum": str(sum(values))}
    if kind == pa.string_view() or kind == pa.binary_view():
        return measure(array.cast(pa.string() if kind == pa.string_view() else pa.binary()))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        parts = [v.encode() for v in array.to_pylist() if v is not None]
        return found | {"bytes": sum(map(len, parts)), "fnv": fnv(parts)}
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        parts = [v for v in array.to_pylist() if v is not None]
        return found | {"bytes": sum(map(len, parts)), "fnv": fnv(parts)}
    return found | {"unreadable": str(kind)}


def entry(root, path):
    name = str(path.relative_to(root))
    try:
        if path.suffix in (".parquet", ".encrypted"):
            file = pq.ParquetFile(path, coerce_int96_timestamp_unit="us")
            table = file.read()
        else:
            table = pa.ipc.open_file(path).read_all()
            table.validate(full="integration" not in name)
    except Exception as error:  # noqa: BLE001 - whatever it is, the file is refused
        return {"path": name, "refused": str(error).splitlines()[0][:100]}
    columns = {}
    for field, array in zip(table.schema, table.columns):
        try:
            columns[field.name] = measure(array)
        except (pa.ArrowNotImplementedError, KeyError) as error:
            columns[field.name] = {"unreadable": str(error)[:60]}
    if len(columns) < table.num_columns:
        return {"path": name, "rows": table.num_rows, "columns": {}, "duplicates": True}
    return {"path": name, "rows": table.num_rows, "columns": columns}


def main():
    parquet, arrow = map(Path, sys.argv[1:3])
    files = sorted([*parquet.rglob("*.parquet"), *parquet.rglob("*.encrypted")])
    table = {"parquet-testing": [entry(parquet, path) for path in files]}
    files = sorted([*arrow.glob("data/**/*.arrow_file"), *arrow.glob("data/parquet/*.parquet")])
    table["arrow-testing"] = [entry(arrow, path) for path in files]
    lines = []
    for repository, entries in table.items():
        lines.append(f'"{repository}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]")
    print("{\n" + ",\n".join(lines) + "\n}")


main()
