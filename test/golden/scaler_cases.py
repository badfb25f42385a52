"""Golden cases of StandardScaler."""

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import StandardScaler

from golden_file import Golden, columns_of, real_set, rng, short


def scaler_state(s):
    return {
        "mean": None if s.mean_ is None else s.mean_,
        "var": None if s.var_ is None else s.var_,
        "scale": None if s.scale_ is None else s.scale_,
        "nSamplesSeen": s.n_samples_seen_,
    }


def csr_of(X):
    return {"shape": list(X.shape), "indptr": X.indptr, "indices": X.indices, "data": X.data}


def standard_scaler():
    g = Golden("standard-scaler")
    r = rng(1)
    n = 60
    base = r.standard_normal((n, 4)) * [1, 250, 3e-5, 0.02] + [0, 1000, 2e-5, 1e5]
    X = short(np.column_stack([base, np.full(n, 0.1), np.full(n, 1e8)]), 12)
    w = short(r.uniform(0.1, 3, n), 6)
    nan = X.copy()
    for i, j in [(0, 0), (1, 0), (7, 1), (33, 2), (59, 3), (5, 4), (12, 1)]:
        nan[i, j] = np.nan
    nan[:, 5] = np.nan
    nan[:3, 5] = [1, 2, 4]
    g.put("dense", columns=columns_of(X), dtype="float64")
    g.put("withNaN", columns=columns_of(nan), dtype="float64")
    X32 = (r.standard_normal((n, 3)) * [1, 40, 1e-3] + [0, 1000, 5]).astype(np.float32)
    X32 = np.column_stack([X32, np.full(n, 0.1, dtype=np.float32)])
    g.put("float32", columns=columns_of(X32), dtype="float32")
    g.put("weights", sampleWeight=w)
    w0 = r.integers(0, 4, n).astype(float)
    g.put("integerWeights", sampleWeight=w0)

    notes = {
        "default": "Column 4 is constant 0.1, column 5 constant 1e8: scale 1, transformed to (nearly) 0.",
        "without-mean": "scale_ as with the mean; the transform only divides.",
        "without-std": "var_ and scale_ are null; mean_ is learned.",
        "neither": "Nothing is learned but the count: mean_, var_ and scale_ are null; transform is the identity.",
    }
    for key, (m, s) in {
        "default": (True, True), "without-mean": (False, True), "without-std": (True, False), "neither": (False, False),
    }.items():  # fmt: skip
        est = StandardScaler(with_mean=m, with_std=s).fit(X)
        call = f"StandardScaler(with_mean={m}, with_std={s}).fit(X).transform(X)"
        g.case(key, call, ["dense"], {**scaler_state(est), "transformed": columns_of(est.transform(X))}, notes[key])
    est = StandardScaler().fit(X)
    back = est.inverse_transform(est.transform(X))
    g.case("inverse", "StandardScaler().fit(X).inverse_transform(transform(X))", ["dense"],
           {"maxAbsError": np.abs(back - X).max(axis=0)}, "How far scikit-learn's own round trip is from X, a column.")  # fmt: skip
    est = StandardScaler().fit(nan)
    g.case("nan", "StandardScaler().fit(X).transform(X), X with NaN", ["withNaN"],
           {**scaler_state(est), "transformed": columns_of(est.transform(nan))},
           "NaN is skipped in fit (counts differ by column) and stays NaN in transform.")  # fmt: skip
    est = StandardScaler().fit(X, sample_weight=w)
    g.case("weights", "StandardScaler().fit(X, sample_weight=w)", ["dense", "weights"],
           {**scaler_state(est), "transformed": columns_of(est.transform(X))}, "nSamplesSeen is the sum of weights.")  # fmt: skip
    est = StandardScaler().fit(X, sample_weight=w0)
    rep = StandardScaler().fit(np.repeat(X, w0.astype(int), axis=0))
    g.case("integer-weights", "StandardScaler().fit(X, sample_weight=w), w in 0..3", ["dense", "integerWeights"],
           {**scaler_state(est), "repeated": scaler_state(rep)}, "`repeated`: the same rows repeated w times instead.")  # fmt: skip
    est = StandardScaler().fit(nan, sample_weight=w)
    g.case("nan-weights", "StandardScaler().fit(X, sample_weight=w), X with NaN", ["withNaN", "weights"],
           scaler_state(est), "nSamplesSeen: the weights of the rows that are not NaN, by column.")  # fmt: skip
    est = StandardScaler()
    steps = []
    bounds = [0, 7, 8, 40, 60]
    for a, b in zip(bounds, bounds[1:]):
        est.partial_fit(X[a:b])
        steps.append(scaler_state(est))
    g.put("batches", bounds=bounds)
    g.case("partial-fit", "StandardScaler().partial_fit(X[a:b]) for each batch", ["dense", "batches"], {"steps": steps},
           "After the second batch (one row) and on; a constant column stays at scale 1.")  # fmt: skip
    est = StandardScaler()
    for a, b in zip(bounds, bounds[1:]):
        est.partial_fit(X[a:b], sample_weight=w[a:b])
    g.case("partial-fit-weights", "StandardScaler().partial_fit(X[a:b], sample_weight=w[a:b])",
           ["dense", "batches", "weights"], scaler_state(est))  # fmt: skip
    est = StandardScaler().fit(X32)
    assert est.transform(X32).dtype == np.float32
    wide = StandardScaler().fit(X32.astype(float))
    g.case("float32", "StandardScaler().fit(X).transform(X), X float32", ["float32"],
           {**scaler_state(est), "transformed": columns_of(est.transform(X32)), "float64": scaler_state(wide)},
           "The transform is float32 too. `float64`: the state of the same values widened before the fit.")  # fmt: skip
    S = sp.random(n, 5, density=0.2, format="csr", rng=rng(2), data_rvs=lambda k: short(rng(3).normal(2, 3, k), 9))
    S.data[3] = 0.0
    S.sort_indices()
    g.put("sparse", csr=csr_of(S))
    for key, weights in {"sparse": None, "sparse-weights": w}.items():
        est = StandardScaler(with_mean=False).fit(S, sample_weight=weights)
        g.case(key, "StandardScaler(with_mean=False).fit(X).transform(X), X CSR",
               ["sparse"] + (["weights"] if weights is not None else []),
               {**scaler_state(est), "transformedData": est.transform(S).data},
               "One stored value is an explicit zero. The zeros that are not stored count in mean_ and var_.")  # fmt: skip
    for name in ["iris", "breast-cancer", "diabetes", "digits", "wine"]:
        R, _ = real_set(name)
        est = StandardScaler().fit(R)
        key = g.put(name, recipe={"dataset": name})
        g.case(name, "StandardScaler().fit(X)", [key], {**scaler_state(est), "firstRow": est.transform(R)[0],
               "lastRow": est.transform(R)[-1]})  # fmt: skip
    return g
