"""Parquet files of five writers in random schemas, what pyarrow reads in them, and selections on them.

Usage: tables.py FOLDER SEED FILES. Each file NAME.parquet has NAME.arrow beside it: what pyarrow reads, with dictionaries as
their values, half-precision numbers widened and zones said as UTC. queries.json has selections by file.
"""

import datetime as dt
import decimal
import json
import random
import sys

import duckdb
import fastparquet
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

folder, seed, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
EPOCH = dt.datetime(1970, 1, 1)

INTS = {f"{s}int{b}": (0 if s else -(2 ** (b - 1)), 2 ** (b - (0 if s else 1)) - 1) for s in ("", "u") for b in (8, 16, 32, 64)}
FLOATS = ["float32", "float64"]
TIMES = [("ms", None), ("us", None), ("ns", None), ("us", "UTC"), ("ns", "Europe/Berlin"), ("ms", "+05:30")]


def numbers(low, high, rows):
    """Few or many different ones, narrow or up to the edges."""
    kind = rng.randrange(3)
    if kind == 0:
        low, high = max(low, -3), min(high, 9)
    start = rng.randint(low, high)
    width = rng.choice([1, 100, 10**6, high - low])
    values = [min(high, max(low, start + rng.randint(-width, width))) for _ in range(rows)]
    if kind == 2:
        values[rng.randrange(rows)], values[rng.randrange(rows)] = low, high
    return sorted(values) if rng.random() < 0.4 else values


def floats(rows, width):
    special = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1e-300, 1e300]
    dense = rng.random() < 0.5
    values = [rng.choice(special) if dense and rng.random() < 0.1 else rng.gauss(0, 10 ** rng.randint(0, 6)) for _ in range(rows)]
    values = values if width == 64 else [float(np.float32(v)) for v in np.clip(values, -3e38, 3e38)]
    return sorted(values, key=lambda v: (v != v, v)) if rng.random() < 0.3 else values


def texts(rows):
    words = ["", "a", "aé", "az", "z", "é", "ünï", "語", "b" * 70, "x y", "NaN", "null", "muon", "kaon"]
    if rng.random() < 0.5:
        words += [f"{rng.random()}" for _ in range(200)]
    values = [rng.choice(words) for _ in range(rows)]
    return sorted(values) if rng.random() < 0.3 else values


def times(rows, unit):
    scale = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    years = 200 if unit == "ns" else rng.choice([20, 200, 7000])
    start = 2024 - years if years < 2000 else 1
    whole = [rng.randint((start - 1970) * 31556952, (start + years - 1970) * 31556952) for _ in range(rows)]
    parts = [rng.randrange(scale) if rng.random() < 0.5 else 0 for _ in range(rows)]
    values = [w * scale + p for w, p in zip(whole, parts)]
    return sorted(values) if rng.random() < 0.3 else values


def with_nulls(values):
    share = rng.choice([0, 0, 0.1, 0.9, 1.0 if rng.random() < 0.3 else 0])
    return [None if rng.random() < share else v for v in values]


def column(kind, rows):
    if kind in INTS:
        return pa.array(with_nulls(numbers(*INTS[kind], rows)), pa.type_for_alias(kind))
    if kind in FLOATS:
        return pa.array(with_nulls(floats(rows, int(kind[-2:]))), pa.type_for_alias(kind))
    if kind == "float16":
        return pa.array([None if v is None else np.float16(v) for v in with_nulls(np.clip(floats(rows, 32), -6e4, 6e4))], pa.float16())
    if kind == "bool":
        return pa.array(with_nulls([rng.random() < 0.5 for _ in range(rows)]), pa.bool_())
    if kind == "string":
        return pa.array(with_nulls(texts(rows)), pa.string())
    if kind == "dictionary":
        return pa.array(with_nulls(texts(rows)), pa.string()).dictionary_encode()
    if kind == "binary":
        return pa.array(with_nulls([t.encode() for t in texts(rows)]), pa.binary())
    if kind == "fixed":
        return pa.array(with_nulls([rng.randbytes(5) for _ in range(rows)]), pa.binary(5))
    if kind == "date":
        return pa.array(with_nulls([rng.randint(-30000, 60000) for _ in range(rows)]), pa.int32()).cast(pa.date32())
    if kind == "time":
        return pa.array(with_nulls([rng.randrange(86400 * 10**6) for _ in range(rows)]), pa.int64()).cast(pa.time64("us"))
    if kind == "duration":
        return pa.array(with_nulls([rng.randint(-(10**12), 10**12) for _ in range(rows)]), pa.int64()).cast(pa.duration("us"))
    if kind == "decimal":
        digits, scale = rng.choice([(7, 2), (15, 3), (30, 4)])
        whole = [decimal.Decimal(rng.randint(-(10**digits) + 1, 10**digits - 1)).scaleb(-scale) for _ in range(rows)]
        return pa.array(with_nulls(whole), pa.decimal128(digits, scale))
    if kind == "list":
        lists = [[rng.randint(0, 9) if rng.random() < 0.9 else None for _ in range(rng.randrange(4))] for _ in range(rows)]
        return pa.array(with_nulls(lists), pa.list_(pa.int32()))
    if kind == "struct":
        structs = [{"u": rng.randint(0, 9), "v": rng.choice(["p", None])} for _ in range(rows)]
        return pa.array(with_nulls(structs), pa.struct([("u", pa.int64()), ("v", pa.string())]))
    unit, zone = kind
    return pa.array(with_nulls(times(rows, unit)), pa.int64()).cast(pa.timestamp(unit, zone))


COMMON = [*INTS, *FLOATS, *FLOATS, "bool", "string", "date", ("us", None), ("ns", None)]
ALL = COMMON + TIMES + ["float16", "dictionary", "binary", "fixed", "time", "duration", "decimal", "list", "struct"]


def table(kinds, columns=None):
    rows = rng.choice([1, 7, 500, 3000])
    chosen = [rng.choice(kinds) for _ in range(columns or rng.randint(2, 7))]
    return pa.table({f"c{at}": column(kind, rows) for at, kind in enumerate(chosen)})


def encodings(t):
    """An encoding for every flat column, of those that its type allows."""
    allowed = {}
    for field in t.schema:
        kind = field.type
        if pa.types.is_boolean(kind):
            choice = ["PLAIN", "RLE"]
        elif pa.types.is_float16(kind) or (pa.types.is_fixed_size_binary(kind) and not pa.types.is_decimal(kind)):
            choice = ["PLAIN", "BYTE_STREAM_SPLIT"]
        elif pa.types.is_decimal(kind):
            choice = ["PLAIN"]
        elif pa.types.is_floating(kind):
            choice = ["PLAIN", "BYTE_STREAM_SPLIT"]
        elif pa.types.is_string(kind) or pa.types.is_binary(kind):
            choice = ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]
        elif pa.types.is_nested(kind) or pa.types.is_dictionary(kind):
            continue
        else:
            choice = ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"]
        allowed[field.name] = rng.choice(choice)
    return allowed


def by_pyarrow(path):
    t = table(ALL)
    options = dict(
        data_page_version=rng.choice(["1.0", "2.0"]),
        compression=rng.choice(["NONE", "SNAPPY", "ZSTD", "GZIP", "LZ4", "BROTLI"]),
        data_page_size=rng.choice([200, 2000, 1 << 20]),
        row_group_size=rng.choice([100, 1000, 10**6]),
        write_batch_size=rng.choice([50, 1024]),
        version=rng.choice(["1.0", "2.4", "2.6"]),
        store_schema=rng.random() < 0.6,
        write_statistics=rng.random() < 0.9,
    )
    if rng.random() < 0.5:
        options["use_dictionary"] = True
    else:
        options.update(use_dictionary=False, column_encoding=encodings(t))
    if options["version"] != "2.6" or rng.random() < 0.3:
        options.update(coerce_timestamps=rng.choice(["ms", "us"]), allow_truncated_timestamps=True)
    pq.write_table(t, path, **options)


def in_nanoseconds(frame):
    times = [frame[name].dropna() for name in frame if pd.api.types.is_datetime64_any_dtype(frame[name])]
    return all(len(t) == 0 or (t.min().year >= 1678 and t.max().year <= 2261) for t in times)


def by_pandas(path):
    frame = table(COMMON).to_pandas()
    options = dict(compression=rng.choice([None, "snappy", "zstd"]), row_group_size=rng.choice([100, 10**6]))
    if rng.random() < 0.5:
        options.update(coerce_timestamps=rng.choice(["ms", "us"]), allow_truncated_timestamps=True)
    # pyarrow reads times of 96 bits as nanoseconds, and wraps what these cannot hold: no reference for other years.
    if rng.random() < 0.2 and in_nanoseconds(frame):
        options.update(use_deprecated_int96_timestamps=True)
    frame.to_parquet(path, **options)


def by_fastparquet(path):
    frame = table([*INTS, *FLOATS, "bool", "string", ("ns", None)]).to_pandas()
    rows = len(frame)
    offsets = sorted({0, *(rng.randrange(rows) for _ in range(rng.randrange(3)))})
    fastparquet.write(
        path,
        frame,
        compression=rng.choice([None, "SNAPPY", "GZIP", "ZSTD"]),
        row_group_offsets=offsets,
        has_nulls=True,
        times=rng.choice(["int64", "int96"]),
        write_index=False,
    )


def by_duckdb(path):
    t = table([*INTS, *FLOATS, "bool", "string", "date", ("us", None), ("ns", None), "decimal", "list", "struct"])
    compression = rng.choice(["uncompressed", "snappy", "zstd", "gzip"])
    version = rng.choice(["V1", "V2"])
    duckdb.sql(f"copy (select * from t) to '{path}' (format parquet, compression {compression}, row_group_size 2048, parquet_version {version})")


def by_polars(path):
    frame = pl.from_arrow(table([*COMMON, "list", "struct", "decimal", "dictionary", "binary"]))
    frame.write_parquet(
        path,
        compression=rng.choice(["uncompressed", "snappy", "zstd", "gzip", "lz4", "brotli"]),
        row_group_size=rng.choice([100, 1000, None]),
        data_page_size=rng.choice([500, None]),
        statistics=rng.choice([True, "full"]),
    )


def plain(kind):
    if pa.types.is_dictionary(kind):
        return plain(kind.value_type)
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pa.timestamp(kind.unit, "UTC")
    return kind


def literal(kind, value):
    """A value as a selection says it."""
    if isinstance(value, bool):
        return str(value)
    if pa.types.is_integer(kind):
        return str(value)
    if pa.types.is_floating(kind):
        return None if value != value or abs(value) == float("inf") else repr(float(value))
    if pa.types.is_string(kind):
        return json.dumps(value, ensure_ascii=False)
    if pa.types.is_date(kind):
        return f"'{value.isoformat()}'"
    return None


def times_of(array, kind):
    unit = {"ms": 1000, "us": 1, "ns": None}[kind.unit]
    whole = [v for v in array.cast(pa.int64()).to_pylist() if v is not None]
    for value in whole:
        micros = value // 1000 if unit is None else value * unit
        try:
            yield f"'{(EPOCH + dt.timedelta(microseconds=micros)).isoformat(sep=' ')}'"
        except OverflowError:
            pass


def queries(t):
    for name, array in zip(t.column_names, t.columns):
        kind = array.type
        array = array.combine_chunks()
        if pa.types.is_timestamp(kind) and kind.tz is None:
            known = [text for text in times_of(array, kind) if "'1700" < text < "'2250"]
        else:
            known = [literal(kind, v) for v in array.to_pylist() if v is not None]
            known = [v for v in known if v is not None]
        for value in rng.sample(known, min(3, len(known))):
            for operator in ["<", "<=", ">", ">=", "==", "!="]:
                if pa.types.is_boolean(kind) and operator not in ("==", "!="):
                    continue
                yield f"{name} {operator} {value}"


def what_is_in(path):
    try:
        return pq.ParquetFile(path).read()
    except OSError:
        # pyarrow does not read the columns without any value that DuckDB writes.
        read = duckdb.sql(f"select * from '{path}'").arrow()
        return read.read_all() if isinstance(read, pa.RecordBatchReader) else read


WRITERS = [by_pyarrow, by_pyarrow, by_pandas, by_fastparquet, by_duckdb, by_polars]
asked = {}
for number in range(files):
    writer = WRITERS[number % len(WRITERS)]
    name = f"{number:03}_{writer.__name__[3:]}"
    writer(f"{folder}/{name}.parquet")
    read = what_is_in(f"{folder}/{name}.parquet")
    read = read.cast(pa.schema([pa.field(f.name, plain(f.type), f.nullable) for f in read.schema]))
    with pa.ipc.new_file(f"{folder}/{name}.arrow", read.schema) as sink:
        sink.write_table(read.combine_chunks())
    asked[name] = list(queries(read))
json.dump(asked, open(f"{folder}/queries.json", "w"))
