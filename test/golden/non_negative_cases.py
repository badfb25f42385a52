"""Golden cases of least squares with coefficients at or above 0. Second oracle: scipy's non-negative least squares."""

import numpy as np
from scipy.optimize import nnls
from sklearn.linear_model import LinearRegression, Ridge

from golden_file import Golden, columns_of, rng, short


def non_negative():
    g = Golden("non-negative")
    r = rng(61)
    n = 90
    X = short(r.standard_normal((n, 6)) @ (np.eye(6) + 0.5 * r.standard_normal((6, 6))) + [0, 1, -2, 0.5, 3, 10], 7)
    y = short(X @ [1.0, -0.8, 0.3, 0, 0.6, -0.1] + 2 + r.standard_normal(n), 7)
    w = short(r.uniform(0.1, 3, n), 6)
    g.put("dense", columns=columns_of(X), dtype="float64", y=y)
    g.put("weights", sampleWeight=w)
    for alpha in (0, 5):
        for weights in (None, w):
            for intercept in (True, False):
                model = LinearRegression(positive=True, fit_intercept=intercept, tol=1e-12) if alpha == 0 else Ridge(
                    alpha=alpha, positive=True, fit_intercept=intercept, tol=1e-14, max_iter=100_000)  # fmt: skip
                est = model.fit(X, y, sample_weight=weights)
                ws = np.ones(n) if weights is None else weights
                mx = np.average(X, axis=0, weights=ws) if intercept else np.zeros(6)
                my = np.average(y, weights=ws) if intercept else 0.0
                root = np.sqrt(ws)[:, None]
                A = np.vstack([(X - mx) * root, np.sqrt(alpha) * np.eye(6)])
                exact = nnls(A, np.concatenate([(y - my) * root[:, 0], np.zeros(6)]))[0]
                name = f"alpha={alpha}" + ("" if weights is None else " weights") + ("" if intercept else " no-intercept")
                g.case(name, f"{type(est).__name__}({', '.join(f'{k}={v!r}' for k, v in est.get_params().items() if k in ('alpha', 'fit_intercept', 'positive', 'tol'))}).fit(X, y)",
                       ["dense"] + ([] if weights is None else ["weights"]), {
                    "params": {"fitIntercept": intercept, "positive": True}, "alpha": alpha,
                    "scikitLearn": est.coef_, "coef": exact, "intercept": float(my - mx @ exact),
                }, "coef: scipy.optimize.nnls on the centred rows, with the penalty as rows.")  # fmt: skip
    return g
