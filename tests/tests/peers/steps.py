"""Random tables, steps on them, and what pandas makes of them.

Usage: steps.py FOLDER SEED TABLES. Each table is N.parquet; cases.json lists steps with the file of pandas' answer. Times of an
answer are nanoseconds since 1970.
"""

import datetime as dt
import json
import random
import sys

import numpy as np
import pandas as pd

folder, seed, tables = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
ZONES = [None, "Europe/Berlin", "America/Sao_Paulo", "America/New_York", dt.timezone(dt.timedelta(hours=5, minutes=30))]
cases = []


def gaps(values, share=0.15):
    return [None if rng.random() < share else value for value in values]


def table(zone):
    rows = rng.choice([1, 7, 60, 300])
    start = pd.Timestamp("2018-09-20") + pd.Timedelta(days=rng.randint(0, 2000), seconds=rng.randint(0, 86399))
    span = rng.choice([3600, 86400 * 5, 86400 * 90, 86400 * 900])
    times = sorted(start + pd.Timedelta(microseconds=rng.randint(0, span * 10**6)) for _ in range(rows))
    t = pd.Series(pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(zone) if zone else pd.DatetimeIndex(times))
    return pd.DataFrame({
        "t": t.astype(t.dtype if zone is None else t.dtype),
        "row": np.arange(rows, dtype="int64"),
        "run": pd.array(gaps([rng.randint(0, 3) for _ in range(rows)]), dtype="Int64"),
        "det": pd.array(gaps([rng.choice(["ecl", "svd", "top"]) for _ in range(rows)]), dtype="string"),
        "x": pd.Series([np.nan if v is None else v for v in gaps([rng.choice([rng.gauss(0, 3), 1.5, -2.0]) for _ in range(rows)])]),
        "n": np.array([rng.randint(-5, 5) for _ in range(rows)], dtype="int64"),
    })


def answer(name, step, frame):
    """Notes a step and its answer."""
    file = f"{name}_{len(cases)}.parquet"
    frame = frame.reset_index(drop=True)
    for column in frame.columns:
        if isinstance(frame[column].dtype, pd.DatetimeTZDtype) or frame[column].dtype.kind == "M":
            frame[column] = frame[column].astype("int64") if frame[column].dt.tz is None else frame[column].dt.tz_convert("UTC").dt.tz_localize(None).astype("int64")
    frame.to_parquet(f"{folder}/{file}")
    cases.append({"table": f"{name}.parquet", "step": step, "answer": file})


def windows(name, df):
    for _ in range(6):
        keys = rng.choice([[], ["run"], ["det"], ["run", "det"]])
        column = rng.choice(["x", "n"])
        values = df.groupby(keys)[column] if keys else df[column]
        kind = rng.choice(["cumulative_sum", "cumulative_min", "cumulative_max", "lag", "difference", "rank", "row_number"])
        step = {"kind": kind, "keys": keys, "column": column}
        if kind in ("lag", "difference"):
            step["rows"] = rng.choice([1, 2, -1])
            out = values.shift(step["rows"]) if kind == "lag" else values.diff(step["rows"])
        elif kind == "rank":
            step["ties"], step["descending"] = rng.choice(["average", "min", "max", "first", "dense"]), rng.random() < 0.5
            out = values.rank(method=step["ties"], ascending=not step["descending"])
        elif kind == "row_number":
            out = df.groupby(keys).cumcount() if keys else pd.Series(np.arange(len(df)))
            out = out.astype("float64")
            out[df[keys].isna().any(axis=1)] = np.nan
        else:
            out = {"cumulative_sum": lambda: values.cumsum(), "cumulative_min": lambda: values.cummin(), "cumulative_max": lambda: values.cummax()}[kind]()
        out = out.astype("float64")
        if keys:
            out[df[keys].isna().any(axis=1)] = np.nan
        answer(name, step, pd.DataFrame({"row": df["row"], "value": out}))


def orders(name, df):
    by = rng.choice([["x"], ["n"], ["n", "x"], ["det", "n"], ["t"]])
    ascending = rng.random() < 0.5
    out = df.sort_values(by, ascending=ascending, kind="stable", na_position="last")
    answer(name, {"kind": "sorted", "by": by, "ascending": ascending}, out[["row"]])
    rows = rng.choice([1, 3, 20])
    out = df.sort_values("n", ascending=ascending, kind="stable").head(rows)
    answer(name, {"kind": "best", "by": "n", "rows": rows, "ascending": ascending}, out[["row"]])
    columns = rng.choice([["run"], ["run", "det"], ["n"], ["x"]])
    answer(name, {"kind": "distinct", "columns": columns}, df.drop_duplicates(columns)[["row"]])


def asof(name, df):
    rows = rng.choice([0, 1, 5, 40])
    other = pd.DataFrame({
        "t": df["t"].iloc[[rng.randrange(len(df)) for _ in range(rows)]].reset_index(drop=True)
        + pd.to_timedelta([rng.choice([0, 0, rng.randint(-10**10, 10**10)]) for _ in range(rows)], unit="us"),
        "run": pd.array([rng.randint(0, 3) for _ in range(rows)], dtype="Int64"),
        "value": np.array([rng.random() for _ in range(rows)], dtype="float64"),
    })
    file = f"{name}_{len(cases)}_other.parquet"
    other.to_parquet(f"{folder}/{file}")
    by, direction = rng.choice([None, "run"]), rng.choice(["backward", "forward", "nearest"])
    seconds = rng.choice([None, None, 3600, 86400])
    tolerance = None if seconds is None else pd.Timedelta(seconds=seconds)
    right = other.sort_values("t", kind="stable")
    left = df[["t", "row", "run"]]
    if by is None:
        right = right.drop(columns="run")
    else:
        left = left[left["run"].notna()]
    out = pd.merge_asof(left, right, on="t", by=by, direction=direction, tolerance=tolerance)
    step = {"kind": "asof", "other": file, "by": by, "direction": direction, "seconds": seconds}
    answer(name, step, out[["row", "value"]])


def buckets(name, df, zone):
    rules = ["1h", "7h", "90min", "D", "3D", "W", "2W-WED", "MS", "ME", "2MS", "3ME", "QS", "QE", "YS", "2YE"]
    for rule in rng.sample(rules, 5):
        step = {"kind": "resample", "rule": rule}
        options = {}
        fixed = rule in ("1h", "7h", "90min", "D", "3D")
        if fixed and rng.random() < 0.4:
            options["closed"] = rng.choice(["left", "right"])
        if rng.random() < 0.4:
            options["label"] = rng.choice(["left", "right"])
        if fixed and rng.random() < 0.3:
            options["origin"] = rng.choice(["start", "epoch", "start_day"])
        grouped = df.set_index("t").resample(rule, **options)
        out = pd.DataFrame({"rows": grouped["row"].count(), "sum": grouped["n"].sum(), "first": grouped["row"].min()})
        out = out[out["rows"] > 0].reset_index()
        out["first"] = out["first"].astype("int64")
        answer(name, step | options, out)


def compare(name, df, zone):
    middle = df["t"].iloc[len(df) // 2]
    text = middle.strftime("%Y-%m-%d %H:%M:%S")
    try:
        kept = df[df["t"] < text]
    except Exception:  # the clocks of the zone skip the time, or show it twice
        return
    answer(name, {"kind": "query", "cut": f"t < '{text}'"}, kept[["row"]])


for number in range(tables):
    zone = ZONES[number % len(ZONES)]
    df = table(zone)
    df.to_parquet(f"{folder}/{number}.parquet")
    name = str(number)
    windows(name, df)
    orders(name, df)
    asof(name, df)
    buckets(name, df, zone)
    compare(name, df, zone)

json.dump(cases, open(f"{folder}/cases.json", "w"))
