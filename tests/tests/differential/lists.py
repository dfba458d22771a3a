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


# A collection of its own as lists of structs: null lists, null objects in lists, and null fields in objects.
tracks = np.where(random.random(events) < 0.25, 0, random.poisson(2.5, events))
listed = random.random(events) > 0.1
tracks[~listed] = 0
many = int(tracks.sum())
p = np.round(random.normal(0, 10, many), 2)
p[random.random(many) < 0.1] = np.nan
q = random.integers(-3, 4, many).astype(np.int32)
here, with_p, with_q = (random.random(many) > 0.1 for _ in range(3))
objects = pa.StructArray.from_arrays(
    [pa.array(p, mask=~with_p), pa.array(q, mask=~with_q)], names=["p", "q"], mask=pa.array(~here)
)
starts = np.concatenate([[0], np.cumsum(tracks)])


table = pa.table(
    {
        "cut": cut,
        "nJet": lengths.astype(np.uint32),
        "Jet_x": lists(pa.array(x, mask=~given)),
        "Jet_n": lists(pa.array(n, mask=~known)),
        "Jet_flag": lists(pa.array(flag)),
        "Jet_f": lists(pa.array(x.astype(np.float32))),
        "Track": pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), objects, mask=pa.array(~listed)),
    }
)
pq.write_table(table, folder + "/lists.parquet", use_dictionary=False, row_group_size=events // 3 + 1)

ends = np.concatenate([[0], np.cumsum(lengths)])
X = np.where(given, x, np.nan)
F = x.astype(np.float32).astype(np.float64)


P = np.where(here & with_p, p, np.nan)
has_q = here & with_q


def track(value):
    return [value(range(starts[at], starts[at + 1]), at) for at in range(events)]


def pairs(s):
    return [(i, j) for i in s for j in s if i < j]


def triples(s):
    return [(i, j, k) for i, j in pairs(s) for k in s if j < k]


def present(values):
    return [float(value) for value in values if not np.isnan(value)]


def first_best(keys, value):
    """The value of the first lowest key; NaN never wins."""
    known = [(key, at) for at, key in enumerate(keys) if not np.isnan(key)]
    return float(value(min(known)[1])) if known else float("nan")


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
    answers |= {
        "len(Track)": track(lambda s, e: len(s)),
        "count(has(t) for t in Track)": track(lambda s, e: sum(bool(here[t]) for t in s)),
        "sum(Track.p)": track(lambda s, e: ordered(present(P[t] for t in s))),
        "mean(Track.p)": track(lambda s, e: or_missing(lambda v: ordered(v) / len(v), present(P[t] for t in s))),
        "max(Track.p)": track(lambda s, e: or_missing(max, present(P[t] for t in s))),
        "min(Track.q)": track(lambda s, e: or_missing(min, [q[t] for t in s if has_q[t]])),
        "sum(Track.q)": track(lambda s, e: sum(int(q[t]) for t in s if has_q[t])),
        "count(Track.q != 1)": track(lambda s, e: sum(bool(not has_q[t] or q[t] != 1) for t in s)),
        "len(Track[p > cut])": track(lambda s, e: sum(bool(P[t] > cut[e]) for t in s)),
        "Track[0].p": track(lambda s, e: P[s[0]] if len(s) else float("nan")),
        "Track[-1].q": track(lambda s, e: q[s[-1]] if len(s) and has_q[s[-1]] else float("nan")),
        "sum(Track[1:].p)": track(lambda s, e: ordered(present(P[t] for t in s[1:]))),
        "sum(a.p * b.p for a, b in pairs(Track) if a.q < b.q)": track(
            lambda s, e: ordered(present(P[i] * P[j] for i, j in pairs(s) if has_q[i] and has_q[j] and q[i] < q[j]))
        ),
        "max(abs(a.p - b.p) for a, b in pairs(Track) if a.p > cut & any(j.x > b.p for j in Jet))": track(
            lambda s, e: or_missing(
                max,
                present(
                    abs(P[i] - P[j])
                    for i, j in pairs(s)
                    if P[i] > cut[e] and (X[ends[e] : ends[e + 1]] > P[j]).any()
                ),
            )
        ),
        "argmin(abs(a.p + b.p + c.p - 5) for a, b, c in triples(Track))[1].p": track(
            lambda s, e: first_best([abs(P[i] + P[j] + P[k] - 5) for i, j, k in triples(s)], lambda at: P[triples(s)[at][1]])
        ),
        "count(sum(t.p) > 0 for t in triples(Track) if t[0].q == 0)": track(
            lambda s, e: sum(
                ordered(present([P[i], P[j], P[k]])) > 0 for i, j, k in triples(s) if has_q[i] and q[i] == 0
            )
        ),
        "count(t.p > j.x for t in Track for j in Jet if t.q > j.n)": track(
            lambda s, e: sum(
                bool(P[t] > X[j])
                for t in s
                for j in range(ends[e], ends[e + 1])
                if has_q[t] and known[j] and q[t] > n[j]
            )
        ),
        "all(any(j.x > t.p for j in Jet) for t in Track)": track(
            lambda s, e: all(bool((X[ends[e] : ends[e + 1]] > P[t]).any()) for t in s)
        ),
    }
for text, values in answers.items():
    # JSON has no NaN.
    print(json.dumps({"text": text, "values": [None if value != value else float(value) for value in values]}))
