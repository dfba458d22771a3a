"""Times pandas selections: argv = frame.parquet, cuts.txt; prints "seconds kept" per cut, the median of 3."""
import sys
import time

import pandas as pd

frame = pd.read_parquet(sys.argv[1])
# numexpr refuses names with two underscores at both ends.
frame.columns = [name.strip("_") for name in frame.columns]
frame["event"] = frame["event"].astype("int64")
with open(sys.argv[2], encoding="utf-8") as file:
    for cut in file.read().splitlines():
        cut = cut.replace("__candidate__", "candidate").replace("__event__", "event")
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            kept = int(frame.eval(cut).sum())
            seconds.append(time.perf_counter() - start)
        print(sorted(seconds)[1], kept)
