"""adl.py PEER QUERY FILE RUNS: one query of the ADL benchmark in awkward (with pyarrow), DuckDB or Polars; prints the least
processor seconds and the least wall seconds of RUNS runs after one that warms up, the peak memory of the process in MB, and
the counts of the histogram."""
import os
import resource
import sys
import time

import numpy as np

peer, query, path, runs = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
BINS = {1: (0, 2000), 2: (15, 60), 3: (15, 60), 4: (0, 2000), 5: (0, 2000), 6: (15, 40), 7: (15, 200), 8: (15, 250)}


def filled(values):
    return np.histogram(np.asarray(values), 100, BINS[query])[0]


def with_awkward():
    import awkward as ak
    import pyarrow.parquet as pq

    need = {
        1: ["MET_pt"],
        2: ["Jet_pt"],
        3: ["Jet_pt", "Jet_eta"],
        4: ["MET_pt", "Jet_pt"],
        5: ["MET_pt"] + ["Muon_" + x for x in ("pt", "eta", "phi", "mass", "charge")],
        6: ["Jet_" + x for x in ("pt", "eta", "phi", "mass", "btag")],
        7: [o + x for o in ("Jet_", "Muon_", "Electron_") for x in ("pt", "eta", "phi")],
        8: ["MET_pt", "MET_phi"] + [o + x for o in ("Muon_", "Electron_") for x in ("pt", "eta", "phi", "mass", "charge")],
    }[query]

    def wrapped(x):
        return x - 2 * np.pi * np.round(x / (2 * np.pi))

    def vectors(pt, eta, phi, mass):
        x, y, z = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
        return x, y, z, np.sqrt(x * x + y * y + z * z + mass * mass)

    def mass(x, y, z, e):
        return np.sqrt(np.maximum(e * e - x * x - y * y - z * z, 0))

    def wide(array):
        return ak.values_astype(array, np.float64)

    def batch(a):
        if query == 1:
            return filled(a["MET_pt"])
        if query == 2:
            return filled(ak.flatten(a["Jet_pt"]))
        if query == 3:
            pt, eta = ak.flatten(a["Jet_pt"]), ak.flatten(a["Jet_eta"])
            return filled(pt[np.abs(eta) < 1])
        if query == 4:
            return filled(a["MET_pt"][ak.sum(a["Jet_pt"] > 40, axis=1) > 1])
        if query == 5:
            a = a[ak.num(a["Muon_pt"]) > 1]
            parts = vectors(*(wide(a["Muon_" + x]) for x in ("pt", "eta", "phi", "mass")))
            i, j = ak.unzip(ak.argcombinations(a["Muon_pt"], 2))
            m = mass(*(part[i] + part[j] for part in parts))
            good = (m > 60) & (m < 120) & (a["Muon_charge"][i] != a["Muon_charge"][j])
            return filled(a["MET_pt"][ak.any(good, axis=1)])
        if query == 6:
            a = a[ak.num(a["Jet_pt"]) > 2]
            parts = vectors(*(wide(a["Jet_" + x]) for x in ("pt", "eta", "phi", "mass")))
            i, j, k = ak.unzip(ak.argcombinations(a["Jet_pt"], 3))
            x, y, z, e = (part[i] + part[j] + part[k] for part in parts)
            best = ak.argmin(np.abs(mass(x, y, z, e) - 172.5), axis=1, keepdims=True)
            pt = ak.flatten(np.sqrt(x[best] ** 2 + y[best] ** 2))
            tag = a["Jet_btag"]
            tags = np.maximum(np.maximum(tag[i[best]], tag[j[best]]), tag[k[best]])
            np.histogram(ak.to_numpy(ak.flatten(tags)), 100, (0, 1))
            return filled(pt)
        if query == 7:
            jet = [wide(a["Jet_" + x]) for x in ("pt", "eta", "phi")]
            lepton = [ak.concatenate([a["Muon_" + x], a["Electron_" + x]], axis=1) for x in ("pt", "eta", "phi")]
            jet = [x[jet[0] > 30] for x in jet]
            lepton = [wide(x[lepton[0] > 10]) for x in lepton]
            pairs = [ak.unzip(ak.cartesian([jet[at], lepton[at]], nested=True)) for at in (1, 2)]
            eta, phi = pairs[0][0] - pairs[0][1], wrapped(pairs[1][0] - pairs[1][1])
            good = ak.all(eta * eta + phi * phi >= 0.16, axis=2)
            good = jet[0][good]
            return filled(ak.sum(good[ak.num(good) > 0], axis=1))
        a = a[ak.num(a["Muon_pt"]) + ak.num(a["Electron_pt"]) > 2]
        fields = [
            ak.concatenate([wide(a["Muon_" + x]), wide(a["Electron_" + x])], axis=1)
            for x in ("pt", "eta", "phi", "mass", "charge")
        ]
        kind = ak.concatenate([ak.zeros_like(a["Muon_pt"]), ak.ones_like(a["Electron_pt"])], axis=1)
        parts = vectors(*fields[:4])
        i, j = ak.unzip(ak.argcombinations(fields[0], 2))
        good = (fields[4][i] != fields[4][j]) & (kind[i] == kind[j])
        i, j = i[good], j[good]
        some = ak.num(i) > 0
        i, j, parts, a = i[some], j[some], [part[some] for part in parts], a[some]
        fields = [field[some] for field in fields]
        best = ak.argmin(np.abs(mass(*(part[i] + part[j] for part in parts)) - 91.2), axis=1, keepdims=True)
        at = ak.local_index(fields[0])
        rest = (at != ak.flatten(i[best])) & (at != ak.flatten(j[best]))
        pt, phi = fields[0][rest], fields[2][rest]
        top = ak.argmax(pt, axis=1, keepdims=True)
        pt, phi = ak.flatten(pt[top]), ak.flatten(phi[top])
        return filled(np.sqrt(2 * a["MET_pt"] * pt * (1 - np.cos(wrapped(a["MET_phi"] - phi)))))

    file = pq.ParquetFile(path)
    total = np.zeros(100, np.int64)
    for group in range(file.num_row_groups):
        total += batch(ak.from_arrow(file.read_row_group(group, need)))
    return total


DUCK = {
    1: "select MET_pt v from t",
    2: "select unnest(Jet_pt) v from t",
    3: "select pt v from (select unnest(Jet_pt) pt, unnest(Jet_eta) eta from t) where abs(eta) < 1",
    4: "select MET_pt v from t where len(list_filter(Jet_pt, lambda x: x > 40)) > 1",
    # Massless muons, and the two charges joined: twice as fast as four-vectors and pairs; three events differ.
    5: """with m as (select event, MET_pt, unnest(Muon_charge) q, unnest(Muon_pt) pt, unnest(Muon_eta)::double eta, unnest(Muon_phi)::double phi
          from t where nMuon > 1)
          select any_value(a.MET_pt) v from (from m where q > 0) a join (from m where q < 0) b on a.event = b.event
          where 2 * a.pt * b.pt * (cosh(a.eta - b.eta) - cos(a.phi - b.phi)) between 3600 and 14400 group by a.event""",
    6: """with m as (select event, generate_subscripts(Jet_pt, 1) k, unnest(Jet_btag) t, unnest(Jet_pt)::double pt,
          unnest(Jet_eta)::double eta, unnest(Jet_phi)::double phi, unnest(Jet_mass)::double m from t where nJet > 2),
          p as (select *, pt * cos(phi) x, pt * sin(phi) y, pt * sinh(eta) z, sqrt((pt * cosh(eta)) ** 2 + m * m) e from m),
          c as (select a.event, greatest(a.t, b.t, c.t) t, a.x + b.x + c.x x, a.y + b.y + c.y y, a.z + b.z + c.z z, a.e + b.e + c.e e
          from p a join p b on a.event = b.event and a.k < b.k join p c on a.event = c.event and b.k < c.k)
          select r.pt v from (select min_by({'pt': sqrt(x * x + y * y), 't': t}, abs(sqrt(greatest(e * e - x * x - y * y - z * z, 0)) - 172.5)) r
          from c group by event)""",
    7: """with j as (select event, generate_subscripts(Jet_pt, 1) k, unnest(Jet_pt)::double pt, unnest(Jet_eta)::double eta, unnest(Jet_phi)::double phi from t),
          g as (select * from j where pt > 30),
          l as (select event, unnest(Muon_pt || Electron_pt) pt, unnest(Muon_eta || Electron_eta)::double eta, unnest(Muon_phi || Electron_phi)::double phi from t),
          b as (select * from l where pt > 10)
          select sum(pt) v from g where not exists (select 1 from b where b.event = g.event and (b.eta - g.eta) ** 2 +
          (b.phi - g.phi - 2 * pi() * round_even((b.phi - g.phi) / (2 * pi()), 0)) ** 2 < 0.16) group by event""",
    8: """with l as (select event, MET_pt mp, MET_phi mf, generate_subscripts(Muon_pt || Electron_pt, 1) k, nMuon n, unnest(Muon_charge || Electron_charge) q,
          unnest(Muon_pt || Electron_pt)::double pt, unnest(Muon_eta || Electron_eta)::double eta, unnest(Muon_phi || Electron_phi)::double phi,
          unnest(Muon_mass || Electron_mass)::double m from t where nMuon + nElectron > 2),
          p as (select *, pt * cos(phi) x, pt * sin(phi) y, pt * sinh(eta) z, sqrt((pt * cosh(eta)) ** 2 + m * m) e from l),
          z as (select a.event, min_by({'a': a.k, 'b': b.k}, abs(sqrt(greatest((a.e + b.e) ** 2 - (a.x + b.x) ** 2 - (a.y + b.y) ** 2 - (a.z + b.z) ** 2, 0)) - 91.2)) r
          from p a join p b on a.event = b.event and a.k < b.k and a.q != b.q and (a.k <= a.n) = (b.k <= b.n) group by a.event),
          o as (select p.event, max_by({'pt': pt, 'phi': phi, 'mp': mp, 'mf': mf}, pt) l from p join z on p.event = z.event and k != r.a and k != r.b group by p.event)
          select sqrt(2 * l.mp * l.pt * (1 - cos(l.mf - l.phi))) v from o""",
}


def with_duckdb():
    low, high = BINS[query]
    bins = f"select floor((v::double - {low}) / {(high - low) / 100})::int b, count(*) n from ({DUCK[query]}) where v between {low} and {high} group by 1"
    total = np.zeros(100, np.int64)
    for at, count in duck.sql(bins).fetchall():
        total[min(at, 99)] += count
    return total


def with_polars():
    import polars as pl
    from polars import col

    frame = pl.scan_parquet(path)
    f64 = pl.Float64

    def objects(frame, names, keep=()):
        return frame.select(*keep, *names).explode(*names, empty_as_null=False, keep_nulls=False)

    def vectors(frame):
        pt, eta, phi = (col(x).cast(f64) for x in ("pt", "eta", "phi"))
        frame = frame.with_columns(x=pt * phi.cos(), y=pt * phi.sin(), z=pt * eta.sinh(), pt2=pt * pt)
        e = (col("pt2") + col("z") ** 2 + col("mass").cast(f64) ** 2).sqrt()
        return frame.with_columns(e=e)

    def sums(names):
        return {x: sum(col(x + name) for name in names) for x in "xyze"}

    mass = (col("e") ** 2 - col("x") ** 2 - col("y") ** 2 - col("z") ** 2).clip(0).sqrt()
    if query == 1:
        v = frame.select(v="MET_pt")
    elif query == 2:
        v = frame.select(v=col("Jet_pt").explode(empty_as_null=False, keep_nulls=False))
    elif query == 3:
        v = objects(frame, ["Jet_pt", "Jet_eta"]).filter(col("Jet_eta").abs() < 1).select(v="Jet_pt")
    elif query == 4:
        v = frame.filter(col("Jet_pt").list.eval(pl.element() > 40).list.sum() > 1).select(v="MET_pt")
    elif query in (5, 6):
        name, least = ("Muon", 1) if query == 5 else ("Jet", 2)
        extra = "charge" if query == 5 else "btag"
        fields = [f"{name}_{x}" for x in ("pt", "eta", "phi", "mass", extra)]
        rows = frame.filter(col("n" + name) > least).with_columns(k=pl.int_ranges(0, col("n" + name)))
        rows = objects(rows, [*fields, "k"], ["event", "MET_pt"]).rename({x: x.split("_")[1] for x in fields})
        rows = vectors(rows).select("event", "MET_pt", "k", "x", "y", "z", "e", q=extra)
        rows = rows.collect(engine="streaming").lazy()
        pairs = rows.join(rows, on="event", suffix="2")
        if query == 5:
            pairs = pairs.filter((col("k") < col("k2")) & (col("q") != col("q2")))
            pairs = pairs.select("event", "MET_pt", **sums(["", "2"])).filter(mass.is_between(60, 120))
            v = pairs.group_by("event").agg(v=col("MET_pt").first()).select("v")
        else:
            pairs = pairs.filter(col("k") < col("k2"))
            pairs = pairs.select("event", "k2", q=pl.max_horizontal("q", "q2"), **sums(["", "2"]))
            three = pairs.join(rows.rename({"k": "k3", "q": "q3"}), on="event", suffix="2").filter(col("k2") < col("k3"))
            three = three.select("event", q=pl.max_horizontal("q", "q3"), **sums(["", "2"]))
            pt = (col("x") ** 2 + col("y") ** 2).sqrt()
            three = three.select("event", "q", v=pt, d=(mass - 172.5).abs())
            v = three.group_by("event").agg(col("v", "q").sort_by("d").first()).select("v")
    elif query == 7:
        fields = ("pt", "eta", "phi")
        rows = frame.select("event", **{x: "Jet_" + x for x in fields})
        rows = objects(rows, fields, ["event"]).filter(col("pt") > 30)
        rows = rows.with_row_index("k").collect(engine="streaming").lazy()
        # `concat_list` takes six times as long as two frames one after another.
        leptons = [frame.select("event", **{"l" + x: f"{o}_{x}" for x in fields}) for o in ("Muon", "Electron")]
        leptons = [objects(one, ["l" + x for x in fields], ["event"]).filter(col("lpt") > 10) for one in leptons]
        phi = (col("phi").cast(f64) - col("lphi").cast(f64)).abs()
        phi = pl.min_horizontal(phi, 2 * np.pi - phi)
        near = rows.join(pl.concat(leptons), on="event")
        near = near.filter((col("eta").cast(f64) - col("leta")) ** 2 + phi**2 < 0.16).select("k").unique()
        good = rows.join(near, on="k", how="anti")
        v = good.group_by("event").agg(v=col("pt").cast(f64).sum()).select("v")
    else:
        frame = frame.filter(col("nMuon").cast(pl.Int64) + col("nElectron") > 2)
        names = ["pt", "eta", "phi", "mass", "charge"]
        both = [pl.concat_list(f"Muon_{x}", f"Electron_{x}").alias(x) for x in names]
        rows = frame.select("event", "MET_pt", "MET_phi", "nMuon", *both, k=pl.int_ranges(0, col("nMuon") + col("nElectron")))
        rows = objects(rows, [*names, "k"], ["event", "MET_pt", "MET_phi", "nMuon"])
        rows = vectors(rows.with_columns(kind=col("k") < col("nMuon"))).collect(engine="streaming").lazy()
        slim = rows.select("event", "k", "kind", "charge", "x", "y", "z", "e")
        pairs = slim.join(slim, on=["event", "kind"], suffix="2")
        pairs = pairs.filter((col("k") < col("k2")) & (col("charge") != col("charge2")))
        pairs = pairs.select("event", "k", "k2", **sums(["", "2"])).with_columns(d=(mass - 91.2).abs())
        z = pairs.group_by("event").agg(col("k", "k2").sort_by("d").first()).rename({"k": "k1"})
        rest = rows.join(z, on="event").filter((col("k") != col("k1")) & (col("k") != col("k2")))
        top = rest.group_by("event").agg(col("pt", "phi", "MET_pt", "MET_phi").sort_by("pt").last())
        angle = col("MET_phi").cast(f64) - col("phi")
        v = top.select(v=(2 * col("MET_pt").cast(f64) * col("pt") * (1 - angle.cos())).sqrt())
    low, high = BINS[query]
    bins = ((col("v").cast(f64) - low) / ((high - low) / 100)).floor().cast(pl.Int32).clip(0, 99)
    counted = v.filter(col("v").is_between(low, high)).select(b=bins).group_by("b").len().collect(engine="streaming")
    total = np.zeros(100, np.int64)
    total[counted["b"].to_numpy()] = counted["len"].to_numpy()
    return total


if peer == "duckdb":
    import duckdb as duck

    duck.sql("set threads = 2")
    duck.sql(f"create view t as select * from '{path}'")
work = {"awkward": with_awkward, "duckdb": with_duckdb, "polars": with_polars}[peer]
cpus, walls = [], []
for _ in range(runs + 1):
    start, before = time.perf_counter(), os.times()
    counts = work()
    after = os.times()
    walls.append(time.perf_counter() - start)
    cpus.append(after.user + after.system - before.user - before.system)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(min(cpus[1:]), min(walls[1:]), peak, *counts)
