"""Golden cases of composition (column transformers, unions) and of feature selection by models and scores."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    f_classif,
    mutual_info_classif,
    mutual_info_regression,
)
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from golden_file import Golden, columns_of, rng, short


def composition_cases():
    g = Golden("composition")
    r = rng(51)
    n = 24
    frame = pd.DataFrame(
        {
            "city": r.choice(["oslo", "rome", "lima"], n),
            "size": r.choice(["s", "m"], n),
            "n_stops": r.integers(0, 5, n).astype(float),
            "fare": short(r.gamma(2.0, 30.0, n), 6),
            "miles": short(r.normal(500, 120, n), 6),
        }
    )
    g.put("frame", **{name: frame[name].tolist() for name in frame})

    def case(key, call, ct):
        Z = ct.fit_transform(frame)
        Z = Z.toarray() if hasattr(Z, "toarray") else np.asarray(Z, dtype=float)
        g.case(key, call, ["frame"], {"names": list(ct.get_feature_names_out()), "transformed": columns_of(Z)})

    hot = OneHotEncoder(sparse_output=False)
    numbers = make_column_selector(dtype_include="number")
    case("weights", "ColumnTransformer([hot city, scale numbers], transformer_weights={'scale': 0.5, 'hot': 3}, remainder='drop')",
         ColumnTransformer([("hot", hot, ["city"]), ("scale", StandardScaler(), numbers)], transformer_weights={"scale": 0.5, "hot": 3}))  # fmt: skip
    case("short names", "verbose_feature_names_out=False, remainder='passthrough'",
         ColumnTransformer([("hot", hot, ["city", "size"])], remainder="passthrough", verbose_feature_names_out=False))  # fmt: skip
    case("named by text", "verbose_feature_names_out='{feature_name}@{transformer_name}'",
         ColumnTransformer([("hot", hot, ["size"]), ("scale", MinMaxScaler(), ["fare"])], verbose_feature_names_out="{feature_name}@{transformer_name}"))  # fmt: skip
    case("mask and pattern", "mask for the first, pattern for the second, remainder=MinMaxScaler()",
         ColumnTransformer([("codes", OrdinalEncoder(), [True, True, False, False, False]), ("scale", StandardScaler(), make_column_selector(pattern="^n_"))],
                           remainder=MinMaxScaler()))  # fmt: skip
    inner = ColumnTransformer([("hot", hot, ["city"]), ("keep", "passthrough", ["fare"])])
    case("nested", "a ColumnTransformer and a pipeline inside a ColumnTransformer",
         ColumnTransformer([("inner", inner, ["city", "fare"]), ("pipe", make_pipeline(MinMaxScaler(), StandardScaler()), ["miles"])]))  # fmt: skip
    fu = FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())], transformer_weights={"b": 10})
    X = frame[["fare", "miles"]]
    g.case("union weights", "FeatureUnion([standard, minmax], transformer_weights={'b': 10}).fit(fare, miles)", ["frame"],
           {"names": list(fu.fit(X).get_feature_names_out()), "transformed": columns_of(fu.fit_transform(X))})  # fmt: skip
    return g


def feature_selection_cases():
    g = Golden("feature-selection")
    r = rng(52)
    n = 90
    X = short(r.normal(size=(n, 6)) * [1, 3, 0.5, 1, 2, 1], 8)
    score = X @ np.array([1.2, -0.4, 2.0, 0.0, 0.05, 0.6])
    t = short(score + 0.5 * r.normal(size=n), 8)
    labels = (score + r.normal(size=n) > 0).astype(int) + (score > 2).astype(int)
    w = short(r.uniform(0.2, 2, n), 6)
    g.put("numbers", columns=columns_of(X), y=t)
    g.put("classes", columns=columns_of(X), y=labels)
    g.put("weights", sampleWeight=w)
    logistic = LogisticRegression(tol=1e-10, max_iter=10000, solver="newton-cholesky")

    for key, kw in {"mean": {}, "median": {"threshold": "median"}, "scaled": {"threshold": "1.25*mean"}, "number": {"threshold": 0.3},
                    "at most": {"threshold": -np.inf, "max_features": 2}, "both": {"threshold": "median", "max_features": 2}}.items():  # fmt: skip
        s = SelectFromModel(LinearRegression(), **kw).fit(X, t)
        g.case(f"from model {key}", f"SelectFromModel(LinearRegression(), {kw})", ["numbers"], {"support": s.get_support(), "threshold": s.threshold_})
    s = SelectFromModel(Lasso(alpha=0.2, tol=1e-12, max_iter=100000)).fit(X, t)
    g.case("from model lasso", "SelectFromModel(Lasso(alpha=0.2))", ["numbers"], {"support": s.get_support(), "threshold": s.threshold_})
    s = SelectFromModel(logistic).fit(X, labels)
    g.case("from model classes", "SelectFromModel(LogisticRegression()), three classes", ["classes"], {"support": s.get_support(), "threshold": s.threshold_})

    for key, kw in {"half": {}, "two by two": {"n_features_to_select": 2, "step": 2}, "shares": {"n_features_to_select": 0.4, "step": 0.35}, "one": {"n_features_to_select": 1}}.items():
        s = RFE(LinearRegression(), **kw).fit(X, t)
        g.case(f"rfe {key}", f"RFE(LinearRegression(), {kw})", ["numbers"], {"support": s.support_, "ranking": s.ranking_, "coef": s.estimator_.coef_, "score": s.score(X, t)})
    s = RFE(logistic, n_features_to_select=2).fit(X, labels)
    g.case("rfe classes", "RFE(LogisticRegression(), n_features_to_select=2), three classes", ["classes"], {"support": s.support_, "ranking": s.ranking_, "score": s.score(X, labels)})
    s = RFE(Ridge(), n_features_to_select=3).fit(X, t, sample_weight=w)
    g.case("rfe weights", "RFE(Ridge(), n_features_to_select=3).fit(X, y, sample_weight=w)", ["numbers", "weights"], {"support": s.support_, "ranking": s.ranking_, "coef": s.estimator_.coef_})
    for key, kw in {"default": {}, "two": {"step": 2, "min_features_to_select": 2}}.items():
        s = RFECV(LinearRegression(), cv=KFold(4), scoring="neg_mean_squared_error", **kw).fit(X, t)
        res = s.cv_results_
        g.case(f"rfecv {key}", f"RFECV(LinearRegression(), cv=KFold(4), scoring='neg_mean_squared_error', {kw})", ["numbers"],
               {"support": s.support_, "ranking": s.ranking_, "nFeatures": s.n_features_, "sizes": res["n_features"], "mean": res["mean_test_score"], "std": res["std_test_score"],
                "splits": [res[f"split{k}_test_score"] for k in range(4)]})  # fmt: skip

    for name, Class, alphas in [("fpr", SelectFpr, [0.05, 0.5]), ("fdr", SelectFdr, [0.01, 0.3]), ("fwe", SelectFwe, [0.05, 0.9])]:
        for alpha in alphas:
            s = Class(f_classif, alpha=alpha).fit(X, labels)
            g.case(f"{name} {alpha}", f"{Class.__name__}(f_classif, alpha={alpha})", ["classes"], {"support": s.get_support(), "pValues": s.pvalues_})
    for mode, param in [("k_best", 2), ("percentile", 40), ("fpr", 0.2), ("fdr", 0.2), ("fwe", 0.2)]:
        s = GenericUnivariateSelect(f_classif, mode=mode, param=param).fit(X, labels)
        g.case(f"generic {mode}", f"GenericUnivariateSelect(f_classif, mode={mode!r}, param={param})", ["classes"], {"support": s.get_support()})

    # Discrete columns: both count, so the values are the same. Of continuous ones scikit-learn's nearest-neighbour estimate
    # is kept for a comparison of the order of columns only.
    D = np.column_stack([labels, r.integers(0, 4, n), (labels + r.integers(0, 2, n)) % 3, np.full(n, 7), r.integers(0, 2, n) * labels])
    g.put("discrete", columns=columns_of(D), y=labels)
    g.case("mutual information discrete", "mutual_info_classif(D, y, discrete_features=True)", ["discrete"], {"scores": mutual_info_classif(D, labels, discrete_features=True)})
    big = rng(53)
    N = 2000
    C = short(big.normal(size=(N, 4)), 7)
    z = short(C[:, 0] ** 2 + 0.5 * C[:, 1] + 0.3 * big.normal(size=N), 7)
    k = (C[:, 0] ** 2 + C[:, 2] > 1).astype(int)
    g.put("continuous", columns=columns_of(C), y=z)
    g.put("continuous classes", columns=columns_of(C), y=k)
    g.case("mutual information regression", "mutual_info_regression(C, z, random_state=0)", ["continuous"], {"scores": mutual_info_regression(C, z, random_state=0)})
    g.case("mutual information classes", "mutual_info_classif(C, k, random_state=0)", ["continuous classes"], {"scores": mutual_info_classif(C, k, random_state=0)})
    return g
