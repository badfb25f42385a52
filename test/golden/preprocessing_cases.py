"""Golden cases of the transformers that learn from numbers, without the encoders."""

import warnings

import numpy as np
import scipy.sparse as sp
from scipy import stats
from sklearn.feature_selection import (
    SelectKBest,
    SelectPercentile,
    VarianceThreshold,
    chi2,
    f_classif,
    f_regression,
)
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
)

from golden_file import Golden, columns_of, rng, short

N = 60


def dense():
    r = rng(31)
    return short(
        np.column_stack(
            [
                r.standard_normal(N),
                np.exp(r.standard_normal(N) * 1.5),
                r.standard_t(1.5, N) * 40 + 500,
                r.integers(-2, 3, N),
                np.full(N, 0.1),
            ]
        ),
        9,
    )


def fresh():
    r = rng(32)
    X = np.column_stack([r.standard_normal(12) * 2, np.exp(r.standard_normal(12) * 2), r.standard_t(1.5, 12) * 60 + 500, r.integers(-4, 5, 12), [0.1, 0.2, -3] * 4])
    return short(X, 9)


def with_nan(X):
    nan = X.copy()
    for i, j in [(0, 0), (1, 0), (7, 1), (33, 2), (59, 3), (5, 4), (12, 1)]:
        nan[i, j] = np.nan
    return nan


def fitted(est, X, Z, back=False, **attributes):
    """What an estimator fitted on X has learnt, and what it makes of Z."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        est.fit(X)
        out = est.transform(Z)
        out = out.toarray() if sp.issparse(out) else out
        found = {name: getattr(est, attribute) for name, attribute in attributes.items()}
        found["transformed"] = columns_of(out)
        found["names"] = [str(name) for name in est.get_feature_names_out(["a", "b", "c", "d", "e"][: X.shape[1]])]
        if back:
            found["inverse"] = columns_of(est.inverse_transform(est.transform(Z)))
    return found


def scaler_cases(g):
    X, Z, nan = dense(), fresh(), with_nan(dense())
    g.put("fresh", rows=Z)
    g.put("dense", columns=columns_of(X))
    g.put("withNaN", columns=columns_of(nan))
    m = {"dataMin": "data_min_", "dataMax": "data_max_", "dataRange": "data_range_", "scale": "scale_", "min": "min_"}
    g.case("min-max", "MinMaxScaler().fit(X).transform(Z)", ["dense", "fresh"], fitted(MinMaxScaler(), X, Z, True, **m))
    est = MinMaxScaler(feature_range=(-1, 3), clip=True)
    g.case("min-max-clip", "MinMaxScaler((-1, 3), clip=True)", ["dense", "fresh"], fitted(est, X, Z, **m))
    g.case("min-max-nan", "MinMaxScaler(), X with NaN", ["withNaN", "fresh"], fitted(MinMaxScaler(), nan, Z, **m))
    m = {"maxAbs": "max_abs_", "scale": "scale_"}
    g.case("max-abs", "MaxAbsScaler()", ["dense", "fresh"], fitted(MaxAbsScaler(), X, Z, True, **m))
    g.case("max-abs-clip", "MaxAbsScaler(clip=True), NaN", ["withNaN", "fresh"], fitted(MaxAbsScaler(clip=True), nan, Z, **m))
    m = {"center": "center_", "scale": "scale_"}
    g.case("robust", "RobustScaler()", ["dense", "fresh"], fitted(RobustScaler(), X, Z, True, **m))
    est = RobustScaler(quantile_range=(10.0, 80.0), unit_variance=True)
    g.case("robust-range", "RobustScaler(quantile_range=(10, 80), unit_variance=True), NaN", ["withNaN", "fresh"], fitted(est, nan, Z, **m))
    for norm in ["l1", "l2", "max"]:
        g.case(f"normalize-{norm}", f"Normalizer({norm!r})", ["dense", "fresh"], fitted(Normalizer(norm), X, Z))
    g.case("binarize", "Binarizer(threshold=0.5)", ["dense", "fresh"], fitted(Binarizer(threshold=0.5), X, Z))


def bin_cases(g):
    X, Z = dense(), fresh()
    for key, params in {
        "bins-quantile": {"encode": "ordinal"},
        "bins-linear": {"encode": "ordinal", "quantile_method": "linear", "n_bins": 7},
        "bins-uniform": {"encode": "onehot-dense", "strategy": "uniform", "n_bins": [3, 4, 5, 2, 2]},
        "bins-many": {"encode": "ordinal", "n_bins": 12},
        "bins-sparse": {"n_bins": 3},
    }.items():
        est = KBinsDiscretizer(**params)
        found = fitted(est, X, Z, True)
        found["inverse"] = found["inverse"][:4]
        found["binEdges"] = list(est.bin_edges_)
        g.case(key, f"KBinsDiscretizer({params})", ["dense", "fresh"], found, "inverse: without the constant column.")
    W = short(rng(33).integers(0, 4, N), 3)
    g.put("integerWeights", sampleWeight=W)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        est = KBinsDiscretizer(encode="ordinal").fit(X, sample_weight=W)
    g.case("bins-weights", "KBinsDiscretizer().fit(X, sample_weight=w)", ["dense", "integerWeights"], {"binEdges": list(est.bin_edges_)})


def distribution_cases(g):
    X, Z, nan = dense(), fresh(), with_nan(dense())
    for key, params, data in [
        ("quantile-uniform", {}, X),
        ("quantile-normal", {"output_distribution": "normal", "n_quantiles": 20}, X),
        ("quantile-nan", {"n_quantiles": 17}, nan),
    ]:
        est = QuantileTransformer(**params)
        found = fitted(est, data, Z, True)
        found["quantiles"] = columns_of(est.quantiles_)
        g.case(key, f"QuantileTransformer({params})", ["withNaN" if key == "quantile-nan" else "dense", "fresh"], found)
    P = short(np.exp(rng(34).standard_normal((N, 3)) * [0.3, 1.2, 2] + [0, 3, -4]), 9)
    P[3, 1] = np.nan
    g.put("positive", columns=columns_of(P))
    g.put("positiveFresh", rows=short(np.exp(rng(35).standard_normal((10, 3)) * [0.3, 1.2, 2] + [0, 3, -4]), 9))
    # A constant column with a NaN is not seen as constant there, and its likelihood is rounding: this one has none.
    Yn = np.column_stack([nan[:, [0, 1, 3]], X[:, 4]])
    g.put("mixed", columns=columns_of(Yn))
    for key, method, data, at in [
        ("power-yeo-johnson", "yeo-johnson", Yn, Z[:, [0, 1, 3, 4]]),
        ("power-box-cox", "box-cox", P, short(np.exp(rng(35).standard_normal((10, 3)) * [0.3, 1.2, 2] + [0, 3, -4]), 9)),
    ]:
        for standardize in [True, False]:
            est = PowerTransformer(method=method, standardize=standardize)
            found = fitted(est, data, at, lambdas="lambdas_")
            if standardize:
                found |= {"mean": est._scaler.mean_, "scale": est._scaler.scale_}
            # A second oracle: the likelihood at our λ must not be below the one here.
            llf = stats.yeojohnson_llf if method == "yeo-johnson" else stats.boxcox_llf
            found["logLikelihood"] = [
                None if np.ptp(c[~np.isnan(c)]) == 0 else float(llf(lam, c[~np.isnan(c)])) for lam, c in zip(est.lambdas_, data.T)
            ]
            ids = ["mixed", "fresh"] if method == "yeo-johnson" else ["positive", "positiveFresh"]
            g.case(key + ("" if standardize else "-plain"), f"PowerTransformer({method!r}, standardize={standardize})", ids, found)


def feature_cases(g):
    X, Z, nan = dense(), fresh(), with_nan(dense())
    for key, params in {
        "polynomial": {},
        "polynomial-interaction": {"degree": 3, "interaction_only": True, "include_bias": False},
        "polynomial-range": {"degree": (2, 3)},
    }.items():
        est = PolynomialFeatures(**params)
        found = fitted(est, X[:, :3], Z[:, :3])
        found["powers"] = est.powers_
        g.case(key, f"PolynomialFeatures({params})", ["fresh"], found, "Of the first three columns.")
    empty = np.column_stack([nan, np.full(N, np.nan)])
    hole = np.column_stack([Z, np.arange(len(Z))]).astype(float)
    hole[0, 0] = hole[1, 1] = hole[2, 2] = hole[3, 3] = hole[4, 4] = np.nan
    hole[::2, 5] = np.nan
    g.put("withEmpty", columns=columns_of(empty))
    g.put("holes", rows=hole)
    for strategy in ["mean", "median", "most_frequent", "constant"]:
        for indicator, keep in [(False, False), (True, True)]:
            est = SimpleImputer(strategy=strategy, add_indicator=indicator, keep_empty_features=keep, fill_value=-7 if strategy == "constant" else None)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                est.fit(empty)
                found = {"statistics": est.statistics_.astype(float), "transformed": columns_of(est.transform(hole)),
                         "names": list(est.get_feature_names_out(list("abcdef")))}  # fmt: skip
            g.case(f"impute-{strategy}" + ("-indicator" if indicator else ""), f"SimpleImputer({strategy!r}, add_indicator={indicator}, keep_empty_features={keep})", ["withEmpty", "holes"], found)


def selection_cases(g):
    r = rng(36)
    X = short(r.standard_normal((N, 6)) * [1, 3, 0.1, 50, 1, 2], 9)
    y = r.integers(0, 3, N)
    X[:, 0] += y
    X[:, 3] += 20 * (y == 2)
    X[:, 5] = 4.5
    X = short(X, 9)
    target = short(2 * X[:, 1] - 30 * X[:, 2] + r.standard_normal(N), 9)
    C = r.poisson(2 + 2 * np.column_stack([y, y == 1, 0 * y, 3 - y]), (N, 4)).astype(float)
    C[:, 2] = r.poisson(0.2, N)
    g.put("scored", columns=columns_of(X), y=y)
    g.put("numbers", columns=columns_of(X), y=target)
    g.put("counts", columns=columns_of(C), y=y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for key, func, data, goal in [("f-classif", f_classif, X, y), ("f-regression", f_regression, X, target), ("chi2", chi2, C, y)]:
            scores, p = func(data, goal)
            support = {f"best{k}": SelectKBest(func, k=k).fit(data, goal).get_support() for k in [1, 2, 3]}
            support |= {f"percentile{q}": SelectPercentile(func, percentile=q).fit(data, goal).get_support() for q in [20, 50, 75]}
            ids = {"f-classif": "scored", "f-regression": "numbers", "chi2": "counts"}[key]
            g.case(key, f"{func.__name__}(X, y); SelectKBest, SelectPercentile", [ids], {"scores": scores, "pValues": p, **support})
        # A second oracle: scipy's own analysis of variance.
        f, p = stats.f_oneway(*[X[y == k] for k in range(3)])
        g.case("f-oneway", "scipy.stats.f_oneway", ["scored"], {"scores": f, "pValues": p})
        for t in [0.0, 2.0]:
            est = VarianceThreshold(t).fit(X)
            g.case(f"variance-{t:g}", f"VarianceThreshold({t})", ["scored"], {"support": est.get_support(), "variances": np.var(X, axis=0)})
    q = np.array([1e-12, 1e-7, 0.001, 0.02, 0.2, 0.5, 0.7, 0.93, 0.999, 1 - 1e-9])
    z = np.array([-8, -3, -1.5, -0.1, 0, 0.4, 1, 2.5, 6])
    g.case("special", "scipy.stats: norm.ppf(q), norm.cdf(z), f.sf, chi2.sf", [], {
        "q": q, "ppf": stats.norm.ppf(q), "z": z, "cdf": stats.norm.cdf(z),
        "fsf": [[f, a, b, stats.f.sf(f, a, b)] for f in [0.01, 1, 4, 50] for a, b in [(1, 58), (2, 57), (7, 3), (4, 100000)]],
        "chisf": [[x, d, stats.chi2.sf(x, d)] for x in [0.01, 1, 10, 80] for d in [1, 2, 9]],
    })  # fmt: skip


def scalers():
    g = Golden("column-scalers")
    scaler_cases(g)
    return g


def transformers():
    g = Golden("column-transformers")
    g.put("fresh", rows=fresh())
    g.put("dense", columns=columns_of(dense()))
    g.put("withNaN", columns=columns_of(with_nan(dense())))
    bin_cases(g)
    distribution_cases(g)
    feature_cases(g)
    return g


def selectors():
    g = Golden("column-selectors")
    selection_cases(g)
    return g
