"""Golden cases of Huber and quantile regression."""

import warnings

import numpy as np
from sklearn.linear_model import HuberRegressor, QuantileRegressor
from sklearn.linear_model._huber import _huber_loss_and_gradient

from golden_file import Golden, columns_of, from_recipe, rng, short


def pinball(X, y, w, q, alpha, coef, b):
    r = y - X @ coef - b
    return float(np.sum(w * np.maximum(q * r, (q - 1) * r)) / w.sum() + alpha * np.abs(coef).sum())


def robust():
    g = Golden("robust")
    r = rng(62)
    n = 160
    X = short(r.standard_normal((n, 4)) * [1, 10, 0.1, 1] + [0, 5, 1, -2], 7)
    y = short(X @ [1.5, -0.2, 4, 0] + 3 + 0.5 * r.standard_normal(n) + np.where(r.random(n) < 0.1, 15, 0), 8)
    w = r.integers(0, 4, n).astype(float)
    precise = short(r.uniform(0.1, 3, n), 5)
    g.put("dense", columns=columns_of(X), dtype="float64", y=y)
    g.put("counts", sampleWeight=w)
    g.put("precise", sampleWeight=precise)
    D, yd = from_recipe({"dataset": "diabetes", "target": {"kind": "target"}, "standardize": True})
    g.put("diabetes", recipe={"dataset": "diabetes", "target": {"kind": "target"}, "standardize": True})
    sets = {"dense": (X, y, None, ["dense"]), "counts": (X, y, w, ["dense", "counts"]), "precise": (X, y, precise, ["dense", "precise"]), "diabetes": (D, yd, None, ["diabetes"])}
    for key, name, epsilon, alpha, intercept in [
        ("huber", "dense", 1.35, 1e-4, True), ("huber-wide", "dense", 3.0, 1.0, True), ("huber-narrow", "dense", 1.1, 0.0, True),
        ("huber-no-intercept", "dense", 1.5, 0.1, False), ("huber-weights", "counts", 1.35, 0.5, True), ("huber-precise", "precise", 1.35, 0.0, True),
        ("huber-diabetes", "diabetes", 1.35, 1e-4, True),
    ]:  # fmt: skip
        A, t, weights, ids = sets[name]
        weights = np.ones(len(t)) if weights is None else weights
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est = HuberRegressor(epsilon=epsilon, alpha=alpha, fit_intercept=intercept, tol=1e-12, max_iter=100_000).fit(A, t, sample_weight=weights)
        # Polished: scikit-learn's solver stops where its line search sees no decrease.
        at = np.concatenate([est.coef_, [est.intercept_] if intercept else [], [est.scale_]])
        args = (A, t, epsilon, alpha, weights)
        for _ in range(30):
            B = np.column_stack([A, np.ones(len(t))]) if intercept else A
            res = (t - B @ at[:-1]) / at[-1]
            inside = weights * (np.abs(res) <= epsilon)
            Z = np.column_stack([B, res])
            H = 2 / at[-1] * Z.T @ (Z * inside[:, None])
            H[np.arange(A.shape[1]), np.arange(A.shape[1])] += 2 * alpha
            before, slope = _huber_loss_and_gradient(at, *args)
            step = np.linalg.solve(H + 1e-12 * np.diag(np.diag(H)), slope)
            while (at - step)[-1] <= 0 or _huber_loss_and_gradient(at - step, *args)[0] > before + 1e-13 * before:
                step = step / 2
            at = at - step
        value, slope = _huber_loss_and_gradient(at, *args)
        assert np.abs(slope).max() < 1e-7 * len(t), (key, slope)
        b = at[len(A[0])] if intercept else 0.0
        coef, scale = at[: A.shape[1]], at[-1]
        assert np.allclose(coef, est.coef_, rtol=1e-3, atol=1e-3 * np.abs(est.coef_).max()), (key, coef, est.coef_)
        g.case(key, f"HuberRegressor(epsilon={epsilon}, alpha={alpha}, fit_intercept={intercept}, tol=1e-12)", ids, {
            "params": {"epsilon": epsilon, "alpha": alpha, "fitIntercept": intercept}, "coef": coef, "intercept": b, "scale": scale, "objective": value,
            "outliers": (np.abs(t - A @ coef - b) > scale * epsilon).astype(int),
        }, "Polished by Newton steps on scikit-learn's own gradient.")  # fmt: skip
    for key, name, q, alpha, intercept in [
        ("quantile-median", "dense", 0.5, 0.0, True), ("quantile-penalised", "dense", 0.5, 0.05, True), ("quantile-low", "dense", 0.1, 0.01, True),
        ("quantile-high", "dense", 0.95, 0.0, True), ("quantile-no-intercept", "dense", 0.3, 0.02, False), ("quantile-weights", "counts", 0.7, 0.01, True),
        ("quantile-precise", "precise", 0.25, 0.0, True), ("quantile-diabetes", "diabetes", 0.8, 0.1, True), ("quantile-default", "dense", 0.5, 1.0, True),
        ("quantile-diabetes-unpenalised", "diabetes", 0.5, 0.0, True),
    ]:  # fmt: skip
        A, t, weights, ids = sets[name]
        weights = np.ones(len(t)) if weights is None else weights
        est = QuantileRegressor(quantile=q, alpha=alpha, fit_intercept=intercept, solver="highs").fit(A, t, sample_weight=weights)
        g.case(key, f"QuantileRegressor(quantile={q}, alpha={alpha}, fit_intercept={intercept})", ids, {
            "params": {"quantile": q, "alpha": alpha, "fitIntercept": intercept}, "coef": est.coef_, "intercept": est.intercept_,
            "objective": pinball(A, t, weights, q, alpha, est.coef_, est.intercept_),
        })  # fmt: skip
    return g
