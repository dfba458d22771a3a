"""Times chains of pandas: argv = frame.parquet; prints "seconds numbers.." per chain, the median of 3.

First the example of the source document (query, one candidate per event, histogram), then one candidate per event alone.
"""
import sys
import time

import numpy as np
import pandas as pd

frame = pd.read_parquet(sys.argv[1])
keys = ["__experiment__", "__run__", "__event__", "__production__"]


def chain():
    kept = frame.query("pRecoil > 2.0 & 2.6 > pRecoilTheta > 0.3").drop_duplicates(subset=keys, keep="first")
    return np.histogram(kept["mu1P"].to_numpy(), bins=50)[0]


def candidates():
    return [len(frame.drop_duplicates(subset=keys, keep="first"))]


for run in (chain, candidates):
    seconds, answer = [], []
    for _ in range(3):
        start = time.perf_counter()
        answer = run()
        seconds.append(time.perf_counter() - start)
    print(sorted(seconds)[1], *[int(number) for number in answer])
