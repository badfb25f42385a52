"""Golden cases of LogisticRegression. Second oracle: the gradient's norm at an optimum polished in extended precision.

numpy's longdouble has 64 bits of mantissa on x86-64 and other lengths elsewhere: regenerate there for the same digits.
"""

import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

from golden_file import Golden, columns_of, from_recipe, rng, short


def logistic_objective(X, t, w, C, coef, b):
    z = X @ coef + b
    return C * np.sum(w * (np.logaddexp(0, z) - t * z)) + 0.5 * coef @ coef


def logistic_gradient(X, t, w, C, coef, b, intercept):
    p = 1 / (1 + np.exp(-(X @ coef + b)))
    e = C * w * (p - t)
    grad = X.T @ e + coef
    return np.append(grad, e.sum()) if intercept else grad


def polish(X, t, w, C, coef, b, intercept):
    """Newton steps in extended precision from scikit-learn's answer until the gradient no longer shrinks."""
    L = np.longdouble
    X, t, w, coef, b = X.astype(L), t.astype(L), w.astype(L), coef.astype(L), L(b)
    best = (np.inf, coef, b)
    for _ in range(30):
        g = logistic_gradient(X, t, w, L(C), coef, b, intercept)
        norm = float(np.sqrt((g * g).sum()))
        if norm >= best[0]:
            break
        best = (norm, coef, b)
        p = 1 / (1 + np.exp(-(X @ coef + b)))
        h = L(C) * w * p * (1 - p)
        A = np.column_stack([X, np.ones(len(X), dtype=L)]) if intercept else X
        H = (A.T * h) @ A
        H[np.arange(X.shape[1]), np.arange(X.shape[1])] += 1
        step = np.linalg.solve(H.astype(float), g.astype(float)).astype(L)
        coef = coef - step[: X.shape[1]]
        b = b - step[-1] if intercept else b
    return best


def logistic_expected(X, y, C=1.0, w=None, intercept=True):
    weights = np.ones(len(y)) if w is None else w
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            est = LogisticRegression(C=C, fit_intercept=intercept, solver="newton-cholesky", tol=1e-12, max_iter=10_000)
            est.fit(X, y, sample_weight=w)
        except Warning:
            warnings.simplefilter("ignore")
            est = LogisticRegression(C=C, fit_intercept=intercept, solver="lbfgs", tol=1e-10, max_iter=100_000)
            est.fit(X, y, sample_weight=w)
    t = (np.asarray(y) == est.classes_[1]).astype(float)
    X64 = X.astype(float)
    norm, coef, b = polish(X64, t, weights, C, est.coef_[0].astype(float), float(est.intercept_[0]), intercept)
    sk = float(logistic_objective(X64, t, weights, C, est.coef_[0].astype(float), float(est.intercept_[0])))
    best = float(logistic_objective(X64.astype(np.longdouble), t, weights, np.longdouble(C), coef, b))
    assert X.dtype == np.float32 or abs(sk - best) <= 1e-10 * best, (sk, best)
    coef64, b64 = coef.astype(float), float(b)
    z = X64[:10] @ coef64 + b64
    return {
        "classes": est.classes_,
        "coef": coef64,
        "intercept": b64,
        "objective": best,
        "gradientNorm": norm,
        "scikitLearn": {"coef": est.coef_[0], "intercept": est.intercept_[0], "objective": sk},
        "decisionHead": z,
        "probaHead": 1 / (1 + np.exp(-z)),
        "predictHead": est.predict(X[:10]),
        "accuracy": est.score(X, y, sample_weight=w),
    }


def logistic_regression():
    g = Golden("logistic-regression")
    r = rng(20)
    n = 160
    X = short(r.standard_normal((n, 4)) @ (np.eye(4) + 0.5 * r.standard_normal((4, 4))) + [0, 0.5, -1, 2], 7)
    z = X @ [1.2, -0.8, 0.5, 0] + 0.3
    y = (r.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    w = short(r.uniform(0.05, 3, n), 6)
    wi = r.integers(0, 4, n).astype(float)
    rare = (r.random(n) < 1 / (1 + np.exp(-(z - 4.2)))).astype(int)
    assert 3 <= rare.sum() <= 14, rare.sum()
    words = np.where(y == 1, "yes", "no")
    signs = np.where(y == 1, 1, -1)
    g.put("dense", columns=columns_of(X), dtype="float64", y=y)
    g.put("weights", sampleWeight=w)
    g.put("integerWeights", sampleWeight=wi)
    g.put("words", columns=columns_of(X), dtype="float64", y=words)
    g.put("signs", columns=columns_of(X), dtype="float64", y=signs)
    g.put("rare", columns=columns_of(X), dtype="float64", y=rare)
    common = (
        "objective = C * sum_i w_i log(1 + exp(-s_i (x_i coef + intercept))) + 0.5 |coef|^2, the intercept not penalised; "
        "coef, intercept: scikit-learn's answer polished by Newton steps in extended precision to gradientNorm; "
        "probaHead: of classes[1]."
    )
    for key, ids, labels, C, weights, intercept in [
        ("C=1", ["dense"], y, 1.0, None, True),
        ("C=0.01", ["dense"], y, 0.01, None, True),
        ("C=100", ["dense"], y, 100.0, None, True),
        ("no-intercept", ["dense"], y, 1.0, None, False),
        ("weights", ["dense", "weights"], y, 1.0, w, True),
        ("weights-no-intercept", ["dense", "weights"], y, 0.5, w, False),
        ("integer-weights", ["dense", "integerWeights"], y, 1.0, wi, True),
        ("string-labels", ["words"], words, 1.0, None, True),
        ("sign-labels", ["signs"], signs, 1.0, None, True),
        ("unbalanced", ["rare"], rare, 1.0, None, True),
        ("unbalanced-C=100", ["rare"], rare, 100.0, None, True),
    ]:
        args = "X, y" + (", sample_weight=w" if weights is not None else "")
        g.case(key, f"LogisticRegression(C={C:g}, fit_intercept={intercept}, solver='newton-cholesky', tol=1e-12).fit({args})",
               ids, logistic_expected(X, labels, C, weights, intercept), common)  # fmt: skip
    M = short(X * [1e-3, 1, 50, 1e3] + [0, 0, 0, 1e4], 12)
    g.put("multiScale", columns=columns_of(M), dtype="float64", y=y)
    g.case("multi-scale", "LogisticRegression().fit(X, y)", ["multiScale"], logistic_expected(M, y),
           "Columns from 1e-3 to 1e3, the last far from zero: hard for a first-order solver. " + common)  # fmt: skip
    X32 = X.astype(np.float32)
    g.put("float32", columns=columns_of(X32), dtype="float32", y=y)
    g.case("float32", "LogisticRegression().fit(X, y), X float32", ["float32"], logistic_expected(X32, y),
           "scikit-learn computes in float32; coef here is the optimum for the float32 values. " + common)  # fmt: skip
    for key, recipe, C in [
        ("breast-cancer", {"dataset": "breast-cancer", "target": {"kind": "target"}, "standardize": True}, 1.0),
        ("iris", {"dataset": "iris", "rows": [50, 150], "target": {"kind": "atLeast", "value": 2}}, 1.0),
        ("wine", {"dataset": "wine", "rows": [0, 130], "target": {"kind": "target"}, "standardize": True}, 1.0),
        ("digits", {"dataset": "digits", "target": {"kind": "odd"}, "divideBy": 16}, 1.0),
        ("diabetes", {"dataset": "diabetes", "target": {"kind": "atLeast", "value": 140}}, 100.0),
    ]:
        R, yr = from_recipe(recipe)
        g.put(key, recipe=recipe)
        g.case(key, f"LogisticRegression(C={C:g}).fit(X, y)", [key], logistic_expected(R, yr.astype(int), C), common)
    return g
