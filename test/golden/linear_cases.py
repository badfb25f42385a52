"""Golden cases of LinearRegression. Second oracle: exact rational arithmetic, or the pseudo-inverse."""

from fractions import Fraction

import numpy as np
from sklearn.linear_model import LinearRegression

from golden_file import Golden, columns_of, from_recipe, rng, short


def exact_least_squares(X, y, w, intercept):
    """Coefficients of the weighted least squares problem in rational arithmetic, rounded once at the end."""
    rows = [[Fraction(float(v)) for v in row] + ([Fraction(1)] if intercept else []) for row in X]
    ys = [Fraction(float(v)) for v in y]
    ws = [Fraction(float(v)) for v in (np.ones(len(y)) if w is None else w)]
    d = len(rows[0])
    A = [[sum(wi * r[i] * r[j] for r, wi in zip(rows, ws)) for j in range(d)]
         + [sum(wi * r[i] * yi for r, yi, wi in zip(rows, ys, ws))] for i in range(d)]  # fmt: skip
    for i in range(d):
        pivot = next(k for k in range(i, d) if A[k][i] != 0)
        A[i], A[pivot] = A[pivot], A[i]
        A[i] = [v / A[i][i] for v in A[i]]
        for k in range(d):
            if k != i and A[k][i] != 0:
                f = A[k][i]
                A[k] = [a - f * b for a, b in zip(A[k], A[i])]
    solution = [float(A[i][d]) for i in range(d)]
    return {"coef": solution[: d - 1] if intercept else solution, "intercept": solution[-1] if intercept else 0.0}


def linear_expected(X, y, w=None, intercept=True, exact=True, tol=1e-6):
    est = LinearRegression(fit_intercept=intercept, tol=tol).fit(X, y, sample_weight=w)
    out = {
        "coef": est.coef_,
        "intercept": est.intercept_,
        "rank": est.rank_,
        "predictHead": est.predict(X[:10]),
        "r2": est.score(X, y, sample_weight=w),
    }
    if exact:
        out["exact"] = exact_least_squares(X, y, w, intercept)
    return out


def minimum_norm(X, y, intercept):
    """The least-squares solution of smallest norm, of the centred problem when there is an intercept."""
    xm, ym = (X.mean(axis=0), y.mean()) if intercept else (0, 0)
    coef = np.linalg.pinv(X - xm, rcond=1e-12) @ (y - ym)
    return {"coef": coef, "intercept": float(ym - np.dot(xm, coef)) if intercept else 0.0}


def linear_regression():
    g = Golden("linear-regression")
    r = rng(10)
    n = 120
    X = short(r.standard_normal((n, 5)) @ (np.eye(5) + 0.4 * r.standard_normal((5, 5))) + [0, 1, -2, 0.5, 3], 7)
    y = short(X @ [1.5, -2, 0.25, 0, 4] + 7 + 0.5 * r.standard_normal(n), 8)
    w = short(r.uniform(0.05, 4, n), 6)
    wi = r.integers(0, 4, n).astype(float)
    g.put("dense", columns=columns_of(X), dtype="float64", y=y)
    g.put("weights", sampleWeight=w)
    g.put("integerWeights", sampleWeight=wi)
    exact_note = "`exact`: rational arithmetic on the same inputs, rounded once."
    for key, intercept, weights, ids in [
        ("default", True, None, []),
        ("no-intercept", False, None, []),
        ("weights", True, w, ["weights"]),
        ("weights-no-intercept", False, w, ["weights"]),
        ("integer-weights", True, wi, ["integerWeights"]),
    ]:
        args = "X, y" + (", sample_weight=w" if weights is not None else "")
        g.case(key, f"LinearRegression(fit_intercept={intercept}).fit({args})", ["dense", *ids],
               linear_expected(X, y, weights, intercept), exact_note)  # fmt: skip
    scales = np.array([1e-6, 1e-3, 1, 1e3, 1e6])
    M = short(r.standard_normal((n, 5)) * scales + [0, 0, 1e4, 1e5, -1e6], 12)
    ym = short((M - M.mean(axis=0)) / scales @ [1, -1, 2, -2, 0.5] + 3 + 0.1 * r.standard_normal(n), 10)
    g.put("multiScale", columns=columns_of(M), dtype="float64", y=ym)
    g.case("multi-scale", "LinearRegression(tol=1e-15).fit(X, y)", ["multiScale"], linear_expected(M, ym, tol=1e-15),
           "Columns from 1e-6 to 1e6, three of them far from zero: `exact` has five useful coefficients. " + exact_note)  # fmt: skip
    g.case("multi-scale-default-tol", "LinearRegression().fit(X, y)", ["multiScale"], linear_expected(M, ym),
           "scikit-learn's default tol=1e-6 drops the two smallest columns as if they were rank-deficient (rank 3): its "
           "answer here is not the least-squares solution. Compare with `exact`.")  # fmt: skip
    mild = np.array([1e-2, 0.1, 1, 10, 100])
    N = short(r.standard_normal((n, 5)) * mild + [0, 1, 10, 1e3, -1e4], 10)
    yn = short((N - N.mean(axis=0)) / mild @ [1, -1, 2, -2, 0.5] + 3 + 0.1 * r.standard_normal(n), 10)
    g.put("mildScale", columns=columns_of(N), dtype="float64", y=yn)
    g.case("mild-scale", "LinearRegression().fit(X, y)", ["mildScale"], linear_expected(N, yn),
           "Columns from 0.01 to 100 around means up to 1e4; scikit-learn keeps them all. " + exact_note)  # fmt: skip
    B = short(r.standard_normal((n, 3)), 7)
    D = np.column_stack([B, B[:, 0], B[:, 1] + B[:, 2]])
    D = np.column_stack([D, np.full(n, 0.1)])
    yd = short(B @ [1, 2, -1] + 4 + 0.3 * r.standard_normal(n), 8)
    g.put("rankDeficient", columns=columns_of(D), dtype="float64", y=yd)
    for key, intercept in [("rank-deficient", True), ("rank-deficient-no-intercept", False)]:
        g.case(key, f"LinearRegression(fit_intercept={intercept}).fit(X, y)", ["rankDeficient"],
               {**linear_expected(D, yd, None, intercept, exact=False), "minimumNorm": minimum_norm(D, yd, intercept)},
               "Column 3 repeats column 0, column 4 = 1 + 2, column 5 is constant 0.1: the minimum-norm solution, of "
               "the centred problem when there is an intercept.")  # fmt: skip
    Wd = short(r.standard_normal((8, 12)), 7)
    yw = short(r.standard_normal(8), 7)
    g.put("wide", columns=columns_of(Wd), dtype="float64", y=yw)
    g.case("wide", "LinearRegression().fit(X, y), 8 rows x 12 columns", ["wide"],
           {**linear_expected(Wd, yw, exact=False), "minimumNorm": minimum_norm(Wd, yw, True)},
           "More columns than rows: interpolates; minimum norm.")  # fmt: skip
    X32, y32 = X.astype(np.float32), y.astype(np.float32)
    g.put("float32", columns=columns_of(X32), dtype="float32", y=y32)
    out = linear_expected(X32, y32, exact=False)
    out["exact"] = exact_least_squares(X32, y32, None, True)
    g.case("float32", "LinearRegression().fit(X, y), both float32", ["float32"], out,
           "scikit-learn solves in float32; `exact` is the answer for the float32 values.")  # fmt: skip
    one = X[:, :1]
    g.put("oneColumn", columns=columns_of(one), dtype="float64", y=y)
    g.case("one-column", "LinearRegression().fit(X, y)", ["oneColumn"], linear_expected(one, y), exact_note)
    for key, recipe, full_rank in [
        ("diabetes", {"dataset": "diabetes", "target": {"kind": "target"}}, True),
        ("iris", {"dataset": "iris", "target": {"kind": "column", "column": 3}}, True),
        ("wine", {"dataset": "wine", "target": {"kind": "column", "column": 0}}, True),
        ("breast-cancer", {"dataset": "breast-cancer", "target": {"kind": "column", "column": 23}}, True),
        ("digits", {"dataset": "digits", "target": {"kind": "target"}}, False),
    ]:
        R, yr = from_recipe(recipe)
        g.put(key, recipe=recipe)
        expected = linear_expected(R, yr, exact=full_rank)
        if not full_rank:
            expected["minimumNorm"] = minimum_norm(R, yr, True)
        s = np.linalg.svd(R - R.mean(axis=0), compute_uv=False)
        note = f"cond of the centred X: {s[0] / s[s > s[0] * 1e-12][-1]:.1e}. " + (exact_note if full_rank else
               "Three pixels are constant 0: minimum norm.")  # fmt: skip
        g.case(key, "LinearRegression().fit(X, y)", [key], expected, note)
    return g
