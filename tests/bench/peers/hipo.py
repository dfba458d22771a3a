"""One reading of a HIPO file with a peer: hipo.py oxihipo|hipopy FILE one|all THREADS PASSES, a line of JSON."""

import json
import resource
import sys
import time

library, path, columns, threads, passes = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
BANK = "REC::Particle"
seconds, rows, total = [], 0, 0.0
for _ in range(passes):
    start = time.perf_counter()
    if library == "oxihipo":
        import oxihipo

        if not seconds:
            start = time.perf_counter()  # the import is not reading
        chain = oxihipo.open(path)
        banks = chain.read_columns([(BANK, ["px"] if columns == "one" else [])], threads=threads)
        seconds.append(time.perf_counter() - start)
        bank = banks[0]
        found = {name: values for name, values, *_ in bank[2]}
        px = found["px"]
        rows, total = len(px), float(px.astype("f8").sum())
    else:
        import hipopy.hipopy as hipopy

        if not seconds:
            start = time.perf_counter()
        rows, total = 0, 0.0
        for batch in hipopy.iterate([path], banks=[BANK], step=10000):
            for event in batch[BANK + "_px"]:
                rows += len(event)
                total += float(sum(event))
        seconds.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "rows": rows, "sum": total, "peak_kb": peak}))
