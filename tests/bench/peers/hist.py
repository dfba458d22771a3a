"""Times boost-histogram: argv = folder of x, y, w; threads; passes; edges. Prints "seconds counts..." per histogram."""
import sys
import time

# The script's folder is on the path, and this file is called as a package.
sys.path.pop(0)

import boost_histogram as bh
import numpy as np

folder, threads, passes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
edges = [float(edge) for edge in sys.argv[4].split()]
x, y, w = (np.fromfile(f"{folder}/{name}", dtype="<f8") for name in "xyw")


def fill(storage, columns, *axes, **options):
    h = bh.Histogram(*axes, storage=storage)
    h.fill(*columns, threads=threads, **options)
    return np.ravel(h.values())


histograms = [
    lambda: fill(bh.storage.Weight(), [x], bh.axis.Regular(100, 0, 3), weight=w),
    lambda: fill(bh.storage.Int64(), [x], bh.axis.Regular(100, 0, 3)),
    lambda: fill(bh.storage.Weight(), [x], bh.axis.Variable(edges), weight=w),
    lambda: fill(bh.storage.Weight(), [x, y], bh.axis.Regular(50, 0, 3), bh.axis.Regular(50, 0, 3), weight=w),
    lambda: np.histogram(x, 100)[0],
]
for make in histograms:
    seconds = []
    for _ in range(passes + 1):
        start = time.perf_counter()
        counts = make()
        seconds.append(time.perf_counter() - start)
    print(sorted(seconds[1:])[passes // 2], *(repr(float(count)) for count in counts))
