"""Golden cases of boosted trees whose bins hold every value: exact trees of other libraries."""

import lightgbm
import numpy as np
import xgboost
from sklearn.tree import DecisionTreeRegressor

from golden_file import Golden, columns_of, rng, short


def many_bins():
    g = Golden("many-bins")
    r = rng(181)
    n = 900
    X = np.column_stack([short(r.normal(size=n)), short(r.normal(size=n) * 30), short(r.exponential(size=n))])
    y = short(np.sin(2 * X[:, 0]) * 3 + (X[:, 1] > 11.3) * X[:, 2] + r.normal(size=n) * 0.2)
    g.put("rows", columns=columns_of(X), y=y)
    holes = X.copy()
    holes[r.random(n) < 0.15, 2] = np.nan
    g.put("holes", columns=columns_of(holes), y=y)
    tree = DecisionTreeRegressor(max_leaf_nodes=40, min_samples_leaf=3).fit(X, y)
    g.case(
        "tree",
        "DecisionTreeRegressor(max_leaf_nodes=40, min_samples_leaf=3).fit(X, y)",
        ["rows"],
        {"prediction": tree.predict(X).tolist()},
        "An exact tree, best first: one round of boosting with learningRate 1.",
    )
    params = {"objective": "regression", "max_bin": 65535, "min_data_in_bin": 1, "verbose": -1, "num_threads": 1, "deterministic": True}
    booster = lightgbm.train(params, lightgbm.Dataset(holes, y), 30)
    g.case(
        "lightgbm",
        "lightgbm.train({'objective': 'regression', 'max_bin': 65535, 'min_data_in_bin': 1}, Dataset(X, y), 30).predict(X)",
        ["holes"],
        {"prediction": booster.predict(holes).tolist()},
        "Every value has a bin of its own there, too.",
    )
    exact = {"tree_method": "exact", "max_depth": 4, "eta": 0.3, "lambda": 1, "min_child_weight": 5, "nthread": 1, "base_score": 0.0}
    model = xgboost.train(exact, xgboost.DMatrix(holes, y), 20)
    g.case(
        "xgboost",
        "xgboost.train({'tree_method': 'exact', 'max_depth': 4, 'eta': 0.3, 'lambda': 1, 'min_child_weight': 5, 'base_score': 0}, DMatrix(X, y), 20).predict(X)",
        ["holes"],
        {"prediction": model.predict(xgboost.DMatrix(holes)).astype(float).tolist()},
        "Without bins at all; level by level.",
    )
    return g
