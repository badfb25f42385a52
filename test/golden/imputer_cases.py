"""Golden cases of splines, imputers and label binarizers."""

import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import LabelBinarizer, MultiLabelBinarizer, SplineTransformer

from golden_file import Golden, columns_of, rng, short


def smooth():
    r = rng(71)
    return short(np.column_stack([r.standard_normal(50) * 2, np.exp(r.standard_normal(50)), r.integers(0, 7, 50)]), 9)


def beyond():
    """Inside the knots, on them, and beyond both ends."""
    r = rng(72)
    X = smooth()
    inside = short(X[:6] * 0.9 + 0.05, 9)
    wide = np.column_stack([r.uniform(-15, 15, 8), r.uniform(-10, 30, 8), r.uniform(-9, 15, 8)])
    return np.vstack([inside, short(wide, 9), X.min(axis=0), X.max(axis=0)])


def holes(seed, n=40):
    """Four related columns with missing values, one complete column, one that is never there."""
    r = rng(seed)
    a = r.standard_normal(n)
    X = np.column_stack(
        [
            a,
            2 * a + r.standard_normal(n) * 0.3 + 5,
            -a + 0.5 * r.standard_normal(n),
            10 * r.standard_normal(n) + 30,
            a * a + r.standard_normal(n),
            np.full(n, np.nan),
        ]
    )
    X = short(X, 9)
    mask = r.uniform(size=X.shape) < [0.3, 0.1, 0.2, 0.15, 0, 1]
    mask[:4, :5] = False
    X[mask] = np.nan
    return X


def alone(est, X, Z):
    return np.hstack([clone(est).fit(X[:, [j]]).transform(Z[:, [j]]) for j in range(X.shape[1])])


def spline_cases(g):
    X, Z = smooth(), beyond()
    g.put("smooth", columns=columns_of(X), rows=Z)
    for extrapolation in ["constant", "linear", "continue", "periodic"]:
        for degree in [0, 1, 2, 3]:
            if extrapolation == "constant" and degree == 0:
                continue  # scikit-learn 1.9 raises a shape error there
            est = SplineTransformer(degree=degree, n_knots=5, extrapolation=extrapolation).fit(X)
            g.case(
                f"spline-{extrapolation}-{degree}",
                f"SplineTransformer(degree={degree}, extrapolation='{extrapolation}').fit(X).transform(Z)",
                ["smooth"],
                {"transformed": columns_of(alone(est, X, Z)), "names": list(est.get_feature_names_out(["a", "b", "c"]))},
                "one fit a column: scikit-learn 1.9 changes the degree on the way from column to column (linear, degree 0 and 1)",
            )
    est = SplineTransformer(n_knots=6, knots="quantile", include_bias=False).fit(X)
    g.case(
        "spline-quantile",
        "SplineTransformer(n_knots=6, knots='quantile', include_bias=False).fit(X).transform(Z)",
        ["smooth"],
        {"transformed": columns_of(est.transform(Z)), "names": list(est.get_feature_names_out(["a", "b", "c"]))},
    )
    knots = [[-4, 0.1, -1], [-1, 1, 2], [0.5, 4, 3], [5, 12, 8]]
    est = SplineTransformer(knots=knots, degree=2, extrapolation="linear").fit(X)
    g.case(
        "spline-given",
        f"SplineTransformer(knots={knots}, degree=2, extrapolation='linear').fit(X).transform(Z)",
        ["smooth"],
        {"knots": knots, "transformed": columns_of(est.transform(Z))},
    )
    nan = Z.copy()
    nan[2, 1] = np.nan
    nan[7, 0] = np.nan
    with_nan = X.copy()
    with_nan[3, 0] = np.nan
    g.put("spline-nan", columns=columns_of(with_nan), rows=nan)
    est = SplineTransformer(handle_missing="zeros").fit(with_nan)
    g.case(
        "spline-missing",
        "SplineTransformer(handle_missing='zeros').fit(X).transform(Z)",
        ["spline-nan"],
        {"transformed": columns_of(est.transform(nan))},
    )


def imputer_cases(g):
    X, Z = holes(81), holes(82, 12)
    Z[3, :5] = np.nan
    g.put("holes", columns=columns_of(X), rows=Z)
    for name, params in {
        "default": {},
        "distance": {"weights": "distance", "n_neighbors": 3},
        "indicator": {"add_indicator": True, "n_neighbors": 2},
        "keep": {"keep_empty_features": True, "n_neighbors": 100},
    }.items():
        est = KNNImputer(**params).fit(X)
        g.case(
            f"knn-{name}",
            f"KNNImputer({params}).fit(X).transform(Z)",
            ["holes"],
            {"transformed": columns_of(est.transform(Z)), "own": columns_of(est.transform(X))},
        )
    for name, estimator, params in [
        ("default", LinearRegression(), {}),
        ("ridge", Ridge(alpha=2.5), {"max_iter": 4}),
        ("descending", LinearRegression(), {"imputation_order": "descending", "initial_strategy": "median", "max_iter": 3}),
        ("roman", LinearRegression(), {"imputation_order": "roman", "initial_strategy": "most_frequent", "max_iter": 2}),
        ("arabic", LinearRegression(), {"imputation_order": "arabic", "initial_strategy": "constant", "fill_value": 1.5, "max_iter": 2}),
        ("skip", LinearRegression(), {"skip_complete": True, "add_indicator": True}),
        ("limits", LinearRegression(), {"min_value": 0, "max_value": [1, 6, 2, 40, 3, 9], "max_iter": 3}),
        ("keep", LinearRegression(), {"keep_empty_features": True, "max_iter": 3, "tol": 1e-8}),
        ("none", LinearRegression(), {"max_iter": 0}),
    ]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est = IterativeImputer(estimator=estimator, random_state=0, **params).fit(X)
            expected = {
                "nIter": est.n_iter_,
                "transformed": columns_of(est.transform(Z)),
                "own": columns_of(est.transform(X)),
            }
        g.case(f"iterative-{name}", f"IterativeImputer({estimator}, {params}).fit(X).transform(Z)", ["holes"], expected)


def label_cases(g):
    g.put("none", rows=[[0]])
    for name, labels, params in [
        ("three", ["b", "a", "c", "b"], {}),
        ("signs", [3, 1, 2, 3], {"neg_label": -2, "pos_label": 5}),
        ("two", ["yes", "no", "yes"], {}),
        ("two-signs", [4, 9, 9], {"neg_label": -1, "pos_label": 1}),
        ("one", ["x", "x"], {}),
        ("sparse", [2, 7, 5, 2], {"sparse_output": True, "pos_label": 3}),
    ]:
        est = LabelBinarizer(**params).fit(labels)
        out = est.transform(labels)
        out = out.toarray() if sp.issparse(out) else out
        scores = rng(91).uniform(-1, 1, (5, out.shape[1]))
        g.case(
            f"labels-{name}",
            f"LabelBinarizer({params}).fit_transform({labels})",
            ["none"],
            {
                "labels": labels,
                "classes": est.classes_,
                "transformed": columns_of(out),
                "scores": scores,
                "ofScores": est.inverse_transform(scores),
            },
        )
    sets = [["sea", "sun"], [], ["snow"], ["sun", "sun", "snow"]]
    for name, params in [("found", {}), ("given", {"classes": ["sun", "snow", "wind", "sea"]}), ("sparse", {"sparse_output": True})]:
        est = MultiLabelBinarizer(**params).fit(sets)
        out = est.transform(sets)
        out = out.toarray() if sp.issparse(out) else out
        g.case(
            f"sets-{name}",
            f"MultiLabelBinarizer({params}).fit_transform({sets})",
            ["none"],
            {"sets": sets, "classes": est.classes_, "transformed": columns_of(out)},
        )


def imputers():
    g = Golden("imputers")
    spline_cases(g)
    imputer_cases(g)
    label_cases(g)
    return g
