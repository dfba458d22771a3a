"""One query of the tick store by ArcticDB: prints the median of five in seconds, the peak of anonymous memory above the
start in MB, and rows and sum over all numbers of the answer."""
import os
import statistics
import sys
import threading
import time

THREADS = len(os.sched_getaffinity(0))
os.environ["ARCTICDB_VersionStore.NumCPUThreads_int".replace(".", "_")] = str(THREADS)

import arcticdb as adb  # noqa: E402
import pandas as pd  # noqa: E402

try:
    from arcticdb_ext import set_config_int
except ImportError:
    from arcticdb.config import set_config_int
set_config_int("VersionStore.NumCPUThreads", THREADS)
set_config_int("VersionStore.NumIOThreads", THREADS + 1)

NUMBER, FOLDER = int(sys.argv[1]), sys.argv[2]
START = pd.Timestamp("2024-01-01")


def library():
    store = adb.Arctic(f"lmdb://{FOLDER}/arctic?map_size=20GB")
    new = not store.has_library("ticks")
    lib = store.get_library(
        "ticks", create_if_missing=True, library_options=adb.LibraryOptions(rows_per_segment=100_000)
    )
    if new:
        for name in ("ticks", "wide"):
            lib.write(name, pd.read_parquet(f"{FOLDER}/{name}.parquet").set_index("ts"))
        try:
            lib._nvs.create_column_stats("ticks", {"k": {"MINMAX"}})
        except Exception as error:  # private: named, and left out where it has changed
            print("no column statistics:", error, file=sys.stderr)
    return lib


class Memory(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.start_ = self.peak = self.now()
        self.go = True

    def now(self):
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1e3 for line in status if line.startswith("RssAnon:"))

    def run(self):
        while self.go:
            self.peak = max(self.peak, self.now())
            time.sleep(0.002)


def main():
    lib = library()
    if NUMBER == 7:
        set_config_int("ColumnStats.UseForQueries", 1)
    q = adb.QueryBuilder()
    arguments = {}
    symbol = "ticks"
    if NUMBER == 0:
        q, arguments = q[q["v3"] < 1], {"columns": ["v1"]}
    elif NUMBER == 1:
        q, arguments = q[q["id1"] == "id001"], {"columns": ["v1", "v3"]}
    elif NUMBER == 2:
        q, arguments = q.apply("p", q["v1"] * q["v3"]), {"columns": ["p"]}
    elif NUMBER == 3:
        q = q.groupby("id1").agg({"v1": "sum"})
    elif NUMBER == 4:
        q = q.groupby("id6").agg({"v1": "sum", "v3": "mean"})
    elif NUMBER == 5:
        q = q.resample("100s").agg(
            {"o": ("v3", "first"), "h": ("v3", "max"), "l": ("v3", "min"), "c": ("v3", "last"), "v": ("v1", "sum")}
        )
    elif NUMBER == 6:
        symbol = "wide"
        day = START + pd.Timedelta(days=5)
        q = q.date_range((day, day + pd.Timedelta(days=1) - pd.Timedelta(1)))
        arguments = {"columns": ["c07", "c31"]}
    elif NUMBER == 7:
        q, arguments = q[q["k"] == 5000], {"columns": ["v1", "v3"]}
    else:
        q, arguments = q[q["v3"] < 1].head(10), {"columns": ["v1", "v3"]}
    # Arrow out: pandas' own costs are not measured.
    form = {"output_format": "polars"}
    try:
        import polars  # noqa: F401
    except ImportError:
        form = {"output_format": "pyarrow"}
    memory = Memory()
    memory.start()
    seconds = []
    for _ in range(5):
        answer = None
        start = time.perf_counter()
        answer = lib.read(symbol, query_builder=q, **arguments, **form).data
        seconds.append(time.perf_counter() - start)
    memory.go = False
    frame = answer.to_pandas()
    numbers = frame.select_dtypes("number")
    numbers = numbers[[name for name in numbers.columns if name != "id6"]]
    print(statistics.median(seconds), memory.peak - memory.start_, len(frame), float(numbers.sum().sum()))


main()
