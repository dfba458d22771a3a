"""The same work by a peer: for every line that comes in, once; prints the seconds and the histogram."""
import os
import sys
import time

import numpy

WHAT, PEER, PATH = sys.argv[1:]
THREADS = len(os.sched_getaffinity(0))
STUDY = (
    "mu1nCDCHits>4 & mu2nCDCHits>4 & 0.8>mu1clusterEoP & 0.8>mu2clusterEoP & "
    "2.6179938779914944>pRecoilTheta>0.29670597283903605 & 11>totalMuonMomentum & absdPhi>1.5707963267948966 & "
    "(absdPhiMu1>.4|absdThetaMu1>.4) & min_deltaMuPRecoil>-0.01 & 0.35>mu1clusterE & 0.35>mu2clusterE"
)


def serve(run):
    for _ in sys.stdin:
        start = time.perf_counter()
        answer = run()
        print(time.perf_counter() - start, *answer, flush=True)


def duckdb_six():
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set threads={THREADS}")
    query = f"""
        select cast(floor(x * 5.0) as integer) as bin, sum(cast(w as double)), sum(cast(w as double) * cast(w as double))
        from read_parquet('{PATH}')
        where x > 2.0 and y < 6.0 and z < 8.0 and z > 2.0
          and a < 0.9::float and b > 0.05::float and w > 0.02::float
        group by bin"""

    def run():
        counts = numpy.zeros(50)
        for bin_, total, _ in connection.execute(query).fetchall():
            counts[bin_] += total
        return counts

    return run


def pandas_six():
    import pandas

    def run():
        table = pandas.read_parquet(PATH)
        kept = table.query("x > 2.0 & y < 6.0 & 8.0 > z > 2.0 & a < 0.9 & b > 0.05 & w > 0.02")
        return numpy.histogram(kept.x, bins=50, range=(0, 10), weights=kept.w.astype("f8"))[0]

    return run


def pandas_study():
    import pandas

    def run():
        table = pandas.read_parquet(PATH)
        kept = table.query(STUDY, engine="python")
        one = kept.drop_duplicates(["__experiment__", "__run__", "__event__"])
        return numpy.histogram(one.pRecoilTheta, bins=50, range=(0, 3))[0]

    return run


serve(globals()[f"{PEER}_{WHAT}"]())
