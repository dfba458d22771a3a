"""A histogram of one column over HTTP by uproot: remote_uproot.py URL RUNS prints the median of seconds."""
import sys
import time

import numpy as np
import uproot

times = []
for run in range(int(sys.argv[2]) + 1):
    start = time.perf_counter()
    with uproot.open(sys.argv[1]) as file:
        counts, _ = np.histogram(file["tree"]["x5"].array(library="np"), 50, (0, 0.5))
    times.append(time.perf_counter() - start)
print(f"{sorted(times[1:])[len(times[1:]) // 2]:.3f} s, {counts.sum()} entries")
