"""lists.py EVENTS SEED FOLDER: random lists with empty and missing ones, NaN and nulls, as FOLDER/lists.parquet; prints what
numpy says of every fold of them, a line of JSON each: the text of a selection and its value for every event."""
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

events, seed, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
random = np.random.default_rng(seed)
lengths = np.where(random.random(events) < 0.3, 0, random.poisson(random.choice([1, 3, 12], events)))
there = random.random(events) > 0.1
lengths[~there] = 0
total = int(lengths.sum())
x = np.round(random.normal(0, 30, total), 2) * random.choice([1, 1e-3, 1e9], total)
x[random.random(total) < 0.1] = np.nan
given = random.random(total) > 0.1
n = random.integers(-4, 5, total).astype(np.int32)
known = random.random(total) > 0.15
flag = random.random(total) < 0.7
cut = np.round(random.normal(0, 20, events), 1)


def lists(values):
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    mask = pa.array(~there)
    return pa.ListArray.from_arrays(pa.array(ends), values, mask=mask)


table = pa.table(
    {
        "cut": cut,
        "nJet": lengths.astype(np.uint32),
        "Jet_x": lists(pa.array(x, mask=~given)),
        "Jet_n": lists(pa.array(n, mask=~known)),
        "Jet_flag": lists(pa.array(flag)),
        "Jet_f": lists(pa.array(x.astype(np.float32))),
    }
)
pq.write_table(table, folder + "/lists.parquet", use_dictionary=False, row_group_size=events // 3 + 1)

ends = np.concatenate([[0], np.cumsum(lengths)])
X = np.where(given, x, np.nan)
F = x.astype(np.float32).astype(np.float64)


def each(value):
    return [value(slice(ends[at], ends[at + 1]), cut[at]) for at in range(events)]


def ordered(values):
    """The sum in the order of the list; numpy's own adds in another."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


def numbers(values, s):
    v = values[s]
    return v[~np.isnan(v)]


def or_missing(value, values):
    return float(value(values)) if len(values) else float("nan")


def best(keys, values, s, largest):
    k = keys[s]
    if np.isnan(k).all():
        return float("nan")
    return float(values[s][np.nanargmax(k) if largest else np.nanargmin(k)])


def whole(s):
    return n[s][known[s]]


with np.errstate(all="ignore"):
    answers = {
        "len(Jet)": each(lambda s, c: s.stop - s.start),
        "len(Jet.x)": each(lambda s, c: s.stop - s.start),
        "sum(Jet.x)": each(lambda s, c: ordered(numbers(X, s))),
        "sum(Jet.f)": each(lambda s, c: ordered(numbers(F, s))),
        "mean(Jet.x)": each(lambda s, c: or_missing(lambda v: ordered(v) / len(v), numbers(X, s))),
        "mean(Jet.n)": each(lambda s, c: or_missing(lambda v: ordered(v) / len(v), whole(s))),
        "min(Jet.x)": each(lambda s, c: or_missing(np.min, numbers(X, s))),
        "max(Jet.x)": each(lambda s, c: or_missing(np.max, numbers(X, s))),
        "sum(Jet.n)": each(lambda s, c: int(whole(s).sum())),
        "min(Jet.n)": each(lambda s, c: or_missing(np.min, whole(s))),
        "max(Jet.n)": each(lambda s, c: or_missing(np.max, whole(s))),
        "sum(Jet.flag)": each(lambda s, c: int(flag[s].sum())),
        "count(Jet.x > cut)": each(lambda s, c: int((X[s] > c).sum())),
        "count(Jet.x != cut)": each(lambda s, c: int((X[s] != c).sum())),
        "count(Jet.n >= 2)": each(lambda s, c: int((whole(s) >= 2).sum())),
        "count(Jet.n != 2)": each(lambda s, c: int((~known[s] | (n[s] != 2)).sum())),
        "count(Jet.flag)": each(lambda s, c: int(flag[s].sum())),
        "any(Jet.x > cut)": each(lambda s, c: bool((X[s] > c).any())),
        "all(Jet.x > cut)": each(lambda s, c: bool((X[s] > c).all())),
        "any(Jet.flag)": each(lambda s, c: bool(flag[s].any())),
        "all(Jet.n < 4)": each(lambda s, c: bool((known[s] & (n[s] < 4)).all())),
        "sort(Jet.x)[0]": each(lambda s, c: or_missing(lambda v: np.sort(v)[0], X[s])),
        "sort(Jet.x)[-1]": each(lambda s, c: or_missing(lambda v: np.sort(v)[-1], X[s])),
        "sum(Jet[flag].x)": each(lambda s, c: ordered(numbers(X, s)[flag[s][~np.isnan(X[s])]])),
        "argmin(j.x for j in Jet).f": each(lambda s, c: best(X, F, s, False) if s.stop > s.start else float("nan")),
        "argmax(j.x for j in Jet).f": each(lambda s, c: best(X, F, s, True) if s.stop > s.start else float("nan")),
        "sum(a.x * b.x for a, b in pairs(Jet))": each(
            lambda s, c: ordered(
                [v for i in range(s.start, s.stop) for j in range(i + 1, s.stop) if not np.isnan(v := X[i] * X[j])]
            )
        ),
        "count(sum(t.f) > 0 for t in triples(Jet))": each(
            lambda s, c: sum(
                ordered(np.array([F[i], F[j], F[k]])[~np.isnan([F[i], F[j], F[k]])]) > 0
                for i in range(s.start, s.stop)
                for j in range(i + 1, s.stop)
                for k in range(j + 1, s.stop)
            )
        ),
    }
for text, values in answers.items():
    # JSON has no NaN.
    print(json.dumps({"text": text, "values": [None if value != value else float(value) for value in values]}))
