"""Golden cases of decision trees and forests.

Single trees on columns of few distinct values, without ties: the same trees. Second oracle: a tree by the book in the test.
Forests draw by other numbers there: their out-of-bag and test scores, means of several seeds.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from golden_file import Golden, columns_of, from_recipe, rng

SETS = {name: {"dataset": name, "target": {"kind": "target"}} for name in ["diabetes", "breast-cancer", "wine", "digits"]}


def rounded(a):
    return [float(f"{v:.10g}") for v in np.asarray(a, dtype=float).ravel()]


def told(tree, X):
    t = tree.tree_
    return {"depth": int(tree.get_depth()), "leaves": int(tree.get_n_leaves()), "importances": rounded(tree.feature_importances_), "nodes": int(t.node_count)}


def forest():
    g = Golden("forest")
    r = rng(81)
    n, p = 240, 5
    X = np.round(r.standard_normal((n, p)) * 30) / 8
    X[r.random((n, p)) < 0.04] = np.nan
    filled = np.nan_to_num(X, nan=1.5)
    score = filled @ [1, -0.6, 0.3, 0, 0.2] + filled[:, 0] * filled[:, 1] / 4
    classes = np.digitize(score + r.standard_normal(n), [-2, 3]).astype(float)
    w = np.round(r.random(n) * 3 + 0.25, 2)
    value = np.round(score * 4 + r.standard_normal(n) * 3, 2)
    counts = r.poisson(np.exp(np.clip(score / 6, -2, 2))).astype(float)
    g.put("X", columns=columns_of(X))
    g.put("classes", y=classes)
    g.put("value", y=value)
    g.put("counts", y=counts)
    g.put("w", sampleWeight=w)
    # In smaller leaves of the unweighted cases cuts of several columns tie, and scikit-learn's answer hangs on its seed.
    same = "At most 255 distinct values a column, no ties: the same tree."
    few = {"min_samples_leaf": 20}

    def untied(est, *data):
        answers = {tuple(np.round(type(est)(**{**est.get_params(), "random_state": s}).fit(*data).feature_importances_, 8)) for s in range(10)}
        assert len(answers) == 1, est
        return est.fit(*data)

    for key, est, weighted in [
        ("gini", DecisionTreeClassifier(**few), False),
        ("gini-weights", DecisionTreeClassifier(**few), True),
        ("entropy", DecisionTreeClassifier(criterion="entropy", max_depth=3, min_samples_leaf=30), False),
        ("balanced", DecisionTreeClassifier(class_weight="balanced", max_leaf_nodes=9, **few), False),
    ]:
        untied(est, X, classes, w if weighted else None)
        g.case(key, f"{est}.fit(X, y{', sampleWeight' if weighted else ''})", ["X", "classes"] + (["w"] if weighted else []),
               {"proba": rounded(est.predict_proba(X).T), **told(est, X)}, same)  # fmt: skip
    for key, est, y, weighted in [
        ("squared", DecisionTreeRegressor(**few), "value", False),
        ("squared-weights", DecisionTreeRegressor(**few), "value", True),
        ("limits", DecisionTreeRegressor(max_leaf_nodes=12, min_samples_split=40, min_impurity_decrease=0.4, min_samples_leaf=3), "value", False),
        ("poisson", DecisionTreeRegressor(criterion="poisson", **few), "counts", False),
    ]:
        target = value if y == "value" else counts
        untied(est, X, target, w if weighted else None)
        g.case(key, f"{est}.fit(X, y{', sampleWeight' if weighted else ''})", ["X", y] + (["w"] if weighted else []),
               {"prediction": rounded(est.predict(X)), **told(est, X)}, same)  # fmt: skip

    def quality(key, Class, names, **params):
        expected = {}
        for name in names:
            X, y = from_recipe(SETS[name])
            test = np.arange(len(y)) % 3 == 0
            scores = []
            for seed in range(5):
                est = Class(random_state=seed, n_jobs=1, **params).fit(X[~test], y[~test])
                scores.append(est.score(X[test], y[test]))
            expected[name] = {"mean": float(np.mean(scores)), "least": float(np.min(scores)), "most": float(np.max(scores))}
        g.case(key, f"{Class.__name__}({params}) on two rows of three, scored on the third; 5 seeds", [], expected)

    quality("random-forest-classifier", RandomForestClassifier, ["breast-cancer", "wine", "digits"])
    quality("random-forest-regressor", RandomForestRegressor, ["diabetes"], max_features=0.4, min_samples_leaf=3)
    quality("extra-trees-classifier", ExtraTreesClassifier, ["breast-cancer", "wine", "digits"])
    quality("extra-trees-regressor", ExtraTreesRegressor, ["diabetes"], min_samples_leaf=3)
    return g
