"""Evaluates selections with pandas: argv = frame.parquet, expressions.txt; prints one mask in hexadecimal per line.

Bit r of a mask is row r. Integers are widened to int64 first, because pandas wraps small ones around, and
`%` and `//` go to the Python engine, because numexpr gives the remainder another sign.
"""
import multiprocessing
import os
import sys
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
np.seterr(all="ignore")
FRAME = pd.read_parquet(sys.argv[1])
for name in FRAME.columns:
    if FRAME[name].dtype.kind in "iu":
        FRAME[name] = FRAME[name].astype("int64")
CUT, LIST = 0.5, [1, 3, -2]


def mask(expression):
    engines = ["python"] if "%" in expression or "//" in expression else ["numexpr", "python"]
    for engine in engines:
        try:
            kept = FRAME.query(expression, engine=engine, local_dict={"cut": CUT, "lst": LIST})
        except Exception as error:
            message = f"refused {type(error).__name__}: {error}".replace("\n", " ")
            continue
        return format(sum(1 << int(row) for row in kept["row"]), "x")
    return message


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        expressions = file.read().splitlines()
    with multiprocessing.Pool(min(4, os.cpu_count() or 1)) as pool:
        print("\n".join(pool.map(mask, expressions, chunksize=64)))
