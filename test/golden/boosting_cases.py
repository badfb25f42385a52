"""Golden cases of histogram gradient boosting."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from golden_file import Golden, from_recipe

DIABETES = {"dataset": "diabetes", "target": {"kind": "target"}}
CANCER = {"dataset": "breast-cancer", "target": {"kind": "target"}}


def rounded(a):
    return [float(f"{v:.10g}") for v in np.asarray(a, dtype=float)]


def boosting():
    g = Golden("boosting")
    g.put("diabetes", recipe=DIABETES)
    g.put("cancer", recipe=CANCER)
    X, y = from_recipe(DIABETES)
    exact = "At most 255 distinct values a column, one bin each: the same trees up to the rounding of gradients to float32."
    cases = {
        "squared": ("HistGradientBoostingRegressor()", HistGradientBoostingRegressor()),
        "l2-and-depth": (
            "HistGradientBoostingRegressor(l2_regularization=3, max_depth=3, min_samples_leaf=5, max_iter=50)",
            HistGradientBoostingRegressor(l2_regularization=3, max_depth=3, min_samples_leaf=5, max_iter=50),
        ),
        "poisson": ("HistGradientBoostingRegressor(loss='poisson', max_iter=30)", HistGradientBoostingRegressor(loss="poisson", max_iter=30)),
    }
    up = "max_iter=40, min_samples_leaf=5"
    cases |= {
        "monotonic": (
            f"HistGradientBoostingRegressor(monotonic_cst=[0, 0, 1, 1, -1, 0, -1, 0, 1, 0], {up})",
            HistGradientBoostingRegressor(monotonic_cst=[0, 0, 1, 1, -1, 0, -1, 0, 1, 0], max_iter=40, min_samples_leaf=5),
        ),
        "sets": (
            f"HistGradientBoostingRegressor(interaction_cst=[{{0, 2, 3}}, {{2, 8}}, {{4, 5, 6}}], {up})",
            HistGradientBoostingRegressor(interaction_cst=[{0, 2, 3}, {2, 8}, {4, 5, 6}], max_iter=40, min_samples_leaf=5),
        ),
        "pairwise": (
            f"HistGradientBoostingRegressor(interaction_cst='pairwise', {up})",
            HistGradientBoostingRegressor(interaction_cst="pairwise", max_iter=40, min_samples_leaf=5),
        ),
        "no-interactions": (
            f"HistGradientBoostingRegressor(interaction_cst='no_interactions', {up})",
            HistGradientBoostingRegressor(interaction_cst="no_interactions", max_iter=40, min_samples_leaf=5),
        ),
    }
    for key, (call, est) in cases.items():
        est.fit(X, y)
        g.case(key, f"{call}.fit(X, y).predict(X)", ["diabetes"], {"prediction": rounded(est.predict(X)), "r2": est.score(X, y)}, exact)
    X, y = from_recipe(CANCER)
    est = HistGradientBoostingClassifier(max_iter=50).fit(X, y)
    p = est.predict_proba(X)[:, 1]
    loss = float(-np.mean(np.where(y == 1, np.log(p), np.log1p(-p))))
    g.case("log-loss", "HistGradientBoostingClassifier(max_iter=50).fit(X, y)", ["cancer"],
           {"loss": loss, "accuracy": est.score(X, y)}, "More than 255 distinct values in most columns: other bins, a close loss.")  # fmt: skip
    return g
