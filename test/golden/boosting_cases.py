"""Golden cases of histogram gradient boosting."""

import lightgbm
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from golden_file import Golden, columns_of, from_recipe, rng, short

DIABETES = {"dataset": "diabetes", "target": {"kind": "target"}}
CANCER = {"dataset": "breast-cancer", "target": {"kind": "target"}}

IRIS = {"dataset": "iris", "target": {"kind": "target"}}


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
        "absolute": (
            "HistGradientBoostingRegressor(loss='absolute_error', max_iter=5)",
            HistGradientBoostingRegressor(loss="absolute_error", max_iter=5),
        ),
        "gamma": ("HistGradientBoostingRegressor(loss='gamma', max_iter=30)", HistGradientBoostingRegressor(loss="gamma", max_iter=30)),
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
    r = rng(83)
    n = 500
    a = r.integers(0, 40, n).astype(float)
    b = r.choice([3, 8, 9, 70, 400], n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    x = np.round(r.standard_normal((n, 2)) * 20) / 4
    effect = r.standard_normal(41) * 3
    a[r.random(n) < 0.06] = np.nan
    value = short(effect[np.nan_to_num(a, nan=40).astype(int)] + np.where(b == 8, 4, 0) * (x[:, 0] > 0) + x[:, 1] + r.standard_normal(n), 6)
    mixed = np.column_stack([a, x[:, 0], b, x[:, 1]])
    g.put("mixed", columns=columns_of(mixed), y=value)
    few = {"categorical_features": [0, 2], "max_iter": 30, "min_samples_leaf": 5}
    codes = "Categories of 10 rows and more are put in order and cut, as scikit-learn does; codes that fit did not see are missing values."
    fresh = np.array([[50.0, 1, 3, 0], [5.5e2, -1, 8, 2], [np.nan, 0, 9, 1], [7, 0.5, 5, 1], [7, 0.5, np.nan, 1], [7, 0.5, 401, 1]])
    g.put("fresh", columns=columns_of(fresh))
    for key, est, y in [
        ("categories", HistGradientBoostingRegressor(**few), value),
        ("categories-classes", HistGradientBoostingClassifier(**{**few, "max_iter": 5}), (value > 1).astype(float)),
    ]:
        est.fit(mixed, y)
        answer = est.predict if key == "categories" else est.decision_function
        g.case(key, f"{est}.fit(X, y)", ["mixed"], {"prediction": rounded(answer(mixed)), "fresh": rounded(answer(fresh))}, codes)
    X, y = from_recipe(CANCER)
    est = HistGradientBoostingClassifier(max_iter=50).fit(X, y)
    p = est.predict_proba(X)[:, 1]
    loss = float(-np.mean(np.where(y == 1, np.log(p), np.log1p(-p))))
    g.case("log-loss", "HistGradientBoostingClassifier(max_iter=50).fit(X, y)", ["cancer"],
           {"loss": loss, "accuracy": est.score(X, y)}, "More than 255 distinct values in most columns: other bins, a close loss.")  # fmt: skip
    g.put("iris", recipe=IRIS)
    X, y = from_recipe(IRIS)
    est = HistGradientBoostingClassifier(max_iter=30).fit(X, y)
    g.case("multiclass", "HistGradientBoostingClassifier(max_iter=30).fit(X, y).predict_proba(X)", ["iris"],
           {"probability": rounded(est.predict_proba(X).ravel())}, exact)  # fmt: skip
    est = HistGradientBoostingClassifier(max_iter=20, class_weight="balanced").fit(X[20:], y[20:])
    g.case("balanced", "HistGradientBoostingClassifier(max_iter=20, class_weight='balanced').fit(X[20:], y[20:]).predict_proba(X[20:])", ["iris"],
           {"probability": rounded(est.predict_proba(X[20:]).ravel())}, exact)  # fmt: skip
    X, y = from_recipe(DIABETES)
    for q in (0.1, 0.8):
        est = HistGradientBoostingRegressor(loss="quantile", quantile=q, max_iter=60).fit(X, y)
        d = est.predict(X) - y
        g.case(f"quantile-{q}", f"HistGradientBoostingRegressor(loss='quantile', quantile={q}, max_iter=60).fit(X, y)", ["diabetes"],
               {"loss": float(np.mean(np.where(d > 0, (1 - q) * d, -q * d)))}, "Quantiles of leaves are interpolated there, and equal gains of gradients of two values are told apart by rounding: a close loss.")  # fmt: skip
    common = dict(n_estimators=60, min_child_weight=1e-3, max_bin=255, min_data_in_bin=1, verbose=-1, n_jobs=1)
    est = lightgbm.LGBMRegressor(objective="huber", alpha=20, **common).fit(X, y)
    d = np.abs(est.predict(X) - y)
    why = "The same objective and parameters, other bins and start: a close loss."
    g.case("lightgbm-huber", "LGBMRegressor(objective='huber', alpha=20, n_estimators=60).fit(X, y)", ["diabetes"],
           {"loss": float(np.mean(np.where(d <= 20, d * d / 2, 20 * (d - 10))))}, why)  # fmt: skip
    z = np.maximum(0, y - 100)
    est = lightgbm.LGBMRegressor(objective="tweedie", tweedie_variance_power=1.3, **common).fit(X, z)
    m = np.log(est.predict(X))
    g.case("lightgbm-tweedie", "LGBMRegressor(objective='tweedie', tweedie_variance_power=1.3).fit(X, maximum(0, y - 100))", ["diabetes"],
           {"loss": float(np.mean(np.exp(0.7 * m) / 0.7 + z * np.exp(-0.3 * m) / 0.3))}, why)  # fmt: skip
    draw = rng(8)
    Z = short(draw.normal(size=(600, 4)), 4)
    relevance = np.clip(np.round(Z[:, 0] + 0.7 * Z[:, 1] * Z[:, 2] + 0.5 * draw.normal(size=600) + 1), 0, 4)
    sizes = [7, 13, 20] * 15
    g.put("ranks", columns=columns_of(Z), y=relevance, groups=np.repeat(np.arange(45), sizes))
    est = lightgbm.LGBMRanker(label_gain=[0, 1, 3, 7, 15], num_leaves=7, min_child_samples=10, **{**common, "n_estimators": 25})
    est.fit(Z, relevance, group=sizes)
    own = est.predict(Z)
    ndcg, at = [], 0
    for size in sizes:
        gain = 2 ** relevance[at : at + size] - 1
        discount = 1 / np.log2(2 + np.arange(min(10, size)))
        best = (np.sort(gain)[::-1][:10] * discount).sum()
        ndcg.append((gain[np.argsort(-own[at : at + size], kind="stable")][:10] * discount).sum() / best if best > 0 else 1.0)
        at += size
    g.case("lightgbm-ranker", "LGBMRanker(num_leaves=7, min_child_samples=10, n_estimators=25).fit(X, y, group)", ["ranks"],
           {"ndcg": float(np.mean(ndcg))}, "NDCG of the 10 best on the training rows.")  # fmt: skip
    return g
