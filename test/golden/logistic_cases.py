"""Golden cases of LogisticRegression. Second oracle: the gradient's norm at an optimum polished in extended precision.

numpy's longdouble has 64 bits of mantissa on x86-64 and other lengths elsewhere: regenerate there for the same digits.
"""

import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

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


def kkt_violation(X, t, w, C, l1_ratio, coef, b, intercept, k):
    """Largest distance of the objective's gradient from its subdifferential's zero; t: classes 0 to k - 1."""
    z = X @ coef.T + b
    if k == 2:
        residual = 1 / (1 + np.exp(-z)) - t[:, None]
    else:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        residual = e / e.sum(axis=1, keepdims=True) - (t[:, None] == np.arange(k))
    g = C * (w[:, None] * residual).T @ X
    g0 = C * (w[:, None] * residual).sum(axis=0)
    if l1_ratio is None:
        violation = np.abs(g)
    else:
        g = g + (1 - l1_ratio) * coef
        violation = np.where(coef != 0, np.abs(g + l1_ratio * np.sign(coef)), np.maximum(np.abs(g) - l1_ratio, 0))
    return float(max(violation.max(), np.abs(g0).max() if intercept else 0))


def proximal_polish(X, t, w, C, l1_ratio, coef, b, intercept, k, steps=30_000):
    """Accelerated proximal gradient steps with restart, written out here, from scikit-learn's answer on."""
    A = np.column_stack([X, np.ones(len(X)) if intercept else np.zeros(len(X))])
    one_hot = t[:, None] if k == 2 else (t[:, None] == np.arange(k)).astype(float)
    L = C * np.linalg.norm((A.T * w) @ A, 2) * (0.25 if k == 2 else 0.5) + (1 - l1_ratio)
    x = np.column_stack([coef, b])
    y, momentum = x, 1.0
    for _ in range(steps):
        z = A @ y.T
        if k == 2:
            p = 1 / (1 + np.exp(-z))
        else:
            e = np.exp(z - z.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
        grad = C * (w[:, None] * (p - one_hot)).T @ A
        grad[:, :-1] += (1 - l1_ratio) * y[:, :-1]
        new = y - grad / L
        new[:, :-1] = np.sign(new[:, :-1]) * np.maximum(np.abs(new[:, :-1]) - l1_ratio / L, 0)
        if np.array_equal(new, x):
            break
        if ((y - new) * (new - x)).sum() > 0:
            momentum, y = 1.0, new
        else:
            grown = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            y = new + (momentum - 1) / grown * (new - x)
            momentum = grown
        x = new
    return x[:, :-1], x[:, -1]


def logistic_penalties():
    g = Golden("logistic-penalties")
    r = rng(27)
    n = 200
    X = short(r.standard_normal((n, 6)) @ (np.eye(6) + 0.4 * r.standard_normal((6, 6))) + [0, 0.5, -1, 0, 1, 0], 7)
    z = X @ [1.0, -0.7, 0.4, 0, 0, 0.05] + 0.3
    two = (r.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    scores = np.column_stack([z, -0.5 * z + X[:, 3] * 0.6, 0.2 * X[:, 4]])
    three = (scores + r.gumbel(size=scores.shape)).argmax(axis=1)
    w = short(r.uniform(0.05, 3, n), 6)
    S = X * (r.random(X.shape) < 0.4)
    g.put("two", columns=columns_of(X), dtype="float64", y=two)
    g.put("three", columns=columns_of(X), dtype="float64", y=three)
    g.put("weights", sampleWeight=w)
    g.put("sparse", columns=columns_of(S), dtype="float64", y=two)
    g.put("sparseThree", columns=columns_of(S), dtype="float64", y=three)
    common = (
        "objective = C * sum_i w_i loss_i + l1_ratio |coef|_1 + (1 - l1_ratio) / 2 |coef|^2, the intercept not penalised "
        "(no penalty: l1Ratio null, C 1); intercepts of three classes centred, without a penalty the coefficients too; "
        "with an L1 part scikit-learn's answer is polished by proximal gradient steps (its saga does not converge for some "
        "weights); kktViolation: of coef, intercepts."
    )
    penalties = {
        "none": ("none", 1.0, None), "l1": ("l1", 0.3, 1.0), "l1-strong": ("l1", 0.05, 1.0), "l2": ("l2", 0.5, 0.0),
        "elasticnet-0.5": ("elasticnet", 0.3, 0.5), "elasticnet-0.1": ("elasticnet", 1.0, 0.1),
        "elasticnet-0": ("elasticnet", 0.3, 0.0), "elasticnet-1": ("elasticnet", 0.2, 1.0),
    }  # fmt: skip
    data = {"two": (X, two, 2), "three": (X, three, 3), "sparse": (S, two, 2), "sparseThree": (S, three, 3)}
    for name, (A, y, k) in data.items():
        for key, (penalty, C, ratio) in penalties.items():
            for weighted, intercept, balanced in [(0, 1, 0), (1, 1, 0), (0, 0, 0), (1, 1, 1)]:
                if (weighted or not intercept) and key not in ("none", "l1", "elasticnet-0.5"):
                    continue
                cw = "balanced" if balanced else None
                # saga takes every penalty; l1_ratio says which one, and C = inf none.
                args = dict(C=np.inf if penalty == "none" else C, l1_ratio=ratio or 0.0, fit_intercept=bool(intercept),
                            class_weight=cw, solver="saga", tol=1e-13, max_iter=2_000, random_state=0)  # fmt: skip
                if penalty == "none" or ratio == 0:
                    args.update(solver="newton-cg" if penalty == "none" and k > 2 else "newton-cholesky", l1_ratio=0.0, tol=1e-10)
                with warnings.catch_warnings():
                    # saga stalls at its rounding before tol; kktViolation says how far it came.
                    warnings.simplefilter("ignore")
                    est = LogisticRegression(**args).fit(A, y, sample_weight=w if weighted else None)
                weights = w.copy() if weighted else np.ones(n)
                if balanced:
                    sums = np.array([weights[y == c].sum() for c in range(k)])
                    weights *= (weights.sum() / (k * sums))[y]
                coef, b = est.coef_, est.intercept_
                if ratio:
                    coef, b = proximal_polish(A, y, weights, C, ratio, coef, b, intercept, k)
                if k > 2:
                    b = b - b.mean()
                    if penalty == "none":
                        coef = coef - coef.mean(axis=0)
                zs = A @ coef.T + b
                if k == 2:
                    loss = np.sum(weights * (np.logaddexp(0, zs[:, 0]) - y * zs[:, 0]))
                else:
                    loss = np.sum(weights * (np.logaddexp.reduce(zs, axis=1) - zs[np.arange(n), y]))
                share = ratio or 0.0
                extra = 0.0 if penalty == "none" else share * np.abs(coef).sum() + 0.5 * (1 - share) * (coef**2).sum()
                Ck = 1.0 if penalty == "none" else C
                violation = kkt_violation(A, y, weights, Ck, None if penalty == "none" else share, coef, b, intercept, k)
                assert violation < 1e-5, (name, key, weighted, intercept, balanced, violation, est.n_iter_)
                label = f"{name} {key}" + (" weights" if weighted else "") + ("" if intercept else " no-intercept") + (" balanced" if balanced else "")  # fmt: skip
                g.case(label, f"LogisticRegression({', '.join(f'{a}={v!r}' for a, v in args.items())}).fit(X, y{', w' if weighted else ''})",
                       [name] + (["weights"] if weighted else []), {
                    "params": {"penalty": penalty, "C": Ck, "l1Ratio": ratio if penalty == "elasticnet" else None,
                               "fitIntercept": bool(intercept), "classWeight": cw},
                    "coef": coef.ravel(), "intercepts": b if intercept else np.zeros(len(b)),
                    "objective": float(Ck * loss + extra), "kktViolation": violation,
                    "scikitLearn": {"coef": est.coef_.ravel(), "intercepts": est.intercept_},
                }, common)  # fmt: skip
    return g


def logistic_cv():
    g = Golden("logistic-cv")
    r = rng(28)
    n = 180
    X = short(r.standard_normal((n, 5)) @ (np.eye(5) + 0.4 * r.standard_normal((5, 5))), 7)
    z = X @ [1.0, -0.7, 0.4, 0, 0] + 0.3
    two = (r.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    scores = np.column_stack([z, -0.5 * z + X[:, 3] * 0.6, 0.2 * X[:, 4]])
    three = (scores + r.gumbel(size=scores.shape)).argmax(axis=1)
    w = short(r.uniform(0.2, 2, n), 6)
    g.put("two", columns=columns_of(X), dtype="float64", y=two)
    g.put("three", columns=columns_of(X), dtype="float64", y=three)
    g.put("weights", sampleWeight=w)
    cases = [
        ("two l2", "two", dict(Cs=[0.01, 0.1, 1.0, 10.0]), {}, None),
        ("two l2 log-loss", "two", dict(Cs=[1.0, 0.01, 0.1], scoring="neg_log_loss", cv=3), {"scoring": "negLogLoss"}, None),
        ("two l1 auc", "two", dict(Cs=[0.05, 0.5], l1_ratios=(1.0,), scoring="roc_auc", cv=4), {"penalty": "l1", "scoring": "rocAuc"}, None),
        ("two elasticnet", "two", dict(Cs=[0.05, 0.5], l1_ratios=(0.2, 0.8), scoring="neg_log_loss", cv=3),
         {"penalty": "elasticnet", "l1Ratios": [0.2, 0.8], "scoring": "negLogLoss"}, None),
        ("two balanced weights", "two", dict(Cs=[0.01, 1.0], class_weight="balanced"), {"classWeight": "balanced"}, w),
        ("two no-refit", "two", dict(Cs=[0.01, 1.0, 5.0], refit=False, scoring="neg_log_loss"), {"refit": False, "scoring": "negLogLoss"}, None),
        ("two no-intercept", "two", dict(Cs=3, fit_intercept=False), {"fitIntercept": False}, None),
        ("three l2", "three", dict(Cs=[0.01, 0.1, 1.0], scoring="neg_log_loss"), {"scoring": "negLogLoss"}, None),
        ("three l1", "three", dict(Cs=[0.1, 1.0], l1_ratios=(1.0,), cv=3), {"penalty": "l1"}, None),
    ]  # fmt: skip
    for name, block, args, ours, weights in cases:
        l1 = args.get("l1_ratios", (0.0,)) != (0.0,)
        args = {"l1_ratios": (0.0,), "cv": 5, "refit": True, **args, "use_legacy_attributes": False}
        args.update(solver="saga" if l1 else "newton-cholesky", tol=1e-11 if l1 else 1e-10, max_iter=5_000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est = LogisticRegressionCV(**args).fit(X, two if block == "two" else three, sample_weight=weights)
        b = est.intercept_
        b = b - b.mean() if len(b) > 1 else b
        g.case(name, f"LogisticRegressionCV({', '.join(f'{a}={v!r}' for a, v in args.items())}).fit(X, y{', w' if weights is not None else ''})",
               [block] + (["weights"] if weights is not None else []), {
            "params": {"Cs": args["Cs"], "cv": args["cv"], **ours},
            "C": est.C_, "l1Ratio": est.l1_ratio_, "scoreShape": list(est.scores_.shape),
            "scores": np.moveaxis(est.scores_, 0, -1).ravel(), "coef": est.coef_.ravel(), "intercepts": b,
        }, "scores: l1_ratios x Cs x folds; intercepts of three classes centred.")  # fmt: skip
    return g
