"""frames.py make FOLDER ROWS: writes the tables of `--bench frames`. frames.py PEER QUERY FOLDER RUNS: one query in Polars
(streaming) or DuckDB; prints the least processor seconds and the least wall seconds of RUNS runs after one that warms up, the
peak memory of the process above its start in MB, the rows of the answer, and the sum of its floating point columns."""
import os
import sys
import time

ROWS = 1 << 20


def make(folder, rows):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(17)
    side = max(int(rows / 1.5 / 2500), 1)
    texts = np.array([f"customer-{number * 7919 % 1000003:07d}" for number in range(40_000)])
    writer = None
    for start in range(0, rows, ROWS):
        count = min(ROWS, rows - start)
        draw = lambda most: random.integers(0, most, count)
        part = pa.table({
            "a": draw(2500),
            "b": draw(side),
            # Far apart, so that no table can be indexed by them.
            "k": draw(max(rows // 5, 1)) * 1_000_003 + 11,
            "s": pa.array(texts[draw(len(texts))]),
            "j": draw(100_000),
            "x": random.normal(5.0, 2.0, count),
            "y": random.exponential(3.0, count),
        })
        writer = writer or pq.ParquetWriter(f"{folder}/rows.parquet", part.schema, compression="zstd")
        writer.write_table(part, row_group_size=262_144)
    writer.close()
    ids = np.arange(100_000)
    small = pa.table({"j": ids, "w": np.sqrt(ids + 1.0)})
    pq.write_table(small, f"{folder}/small.parquet", compression="zstd")
    wide = {f"c{at:03d}": random.normal(0, 1, max(rows // 100, 1)).astype("f4") for at in range(1000)}
    pq.write_table(pa.table(wide), f"{folder}/wide.parquet", compression="zstd", row_group_size=65_536)


SQL = {
    1: "select a, b, sum(x) x, avg(y) y from r group by a, b",
    2: "select k, sum(x) x, avg(y) y from r group by k",
    3: "select s, sum(x) x, avg(y) y from r group by s",
    4: "select x, y from r where contains(s, '777')",
    5: "select x, y from r where regexp_matches(s, '7[0-4]5$')",
    6: "select a, b, k, s, x, y from r order by x desc limit 10",
    7: "select sum(x) x, sum(w) w from r join small using (j)",
    8: "select sum(c101::double) a, sum(c502::double) b, sum(c903::double) c from wide",
    9: "select x, y from r where s = 'customer-0007919'",
}


def with_duckdb(query, folder):
    import duckdb

    duckdb.sql("set threads = 2")
    for name, file in (("r", "rows"), ("small", "small"), ("wide", "wide")):
        duckdb.sql(f"create or replace view {name} as select * from '{folder}/{file}.parquet'")

    def work():
        table = duckdb.sql(SQL[query]).to_arrow_table()
        return table

    return work


def with_polars(query, folder):
    import polars as pl
    from polars import col

    rows, small, wide = (pl.scan_parquet(f"{folder}/{name}.parquet") for name in ("rows", "small", "wide"))
    grouped = lambda *keys: rows.group_by(*keys).agg(col("x").sum(), col("y").mean())
    lazy = {
        1: lambda: grouped("a", "b"),
        2: lambda: grouped("k"),
        3: lambda: grouped("s"),
        4: lambda: rows.filter(col("s").str.contains("777")).select("x", "y"),
        5: lambda: rows.filter(col("s").str.contains("7[0-4]5$")).select("x", "y"),
        6: lambda: rows.select("a", "b", "k", "s", "x", "y").top_k(10, by="x"),
        7: lambda: rows.join(small, on="j").select(col("x").sum(), col("w").sum()),
        # As all others, in double precision.
        8: lambda: wide.select(col("c101", "c502", "c903").cast(pl.Float64).sum()),
        9: lambda: rows.filter(col("s") == "customer-0007919").select("x", "y"),
    }[query]()
    return lambda: lazy.collect(engine="streaming")


def told(answer):
    """Rows, and the sum of the columns of floating point numbers."""
    import polars as pl

    frame = answer if isinstance(answer, pl.DataFrame) else pl.from_arrow(answer)
    floats = frame.select(pl.col(pl.Float32, pl.Float64).cast(pl.Float64).sum())
    return frame.height, sum(floats.row(0)) if floats.width else 0.0


def memory(what):
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1000


def main():
    if sys.argv[1] == "make":
        return make(sys.argv[2], int(sys.argv[3]))
    peer, query, folder, runs = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    os.environ["POLARS_MAX_THREADS"] = "2"
    work = {"polars": with_polars, "duckdb": with_duckdb}[peer](query, folder)
    begun = memory("VmRSS")
    cpus, walls = [], []
    for _ in range(runs + 1):
        start, before = time.perf_counter(), time.process_time()
        answer = work()
        # Of all threads, finer than the hundredths of a second of `os.times`.
        cpus.append(time.process_time() - before)
        walls.append(time.perf_counter() - start)
    peak = memory("VmHWM") - begun
    print(min(cpus[1:]), min(walls[1:]), peak, *told(answer))


main()
