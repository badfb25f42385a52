"""Golden cases of stochastic gradient descent: rows in their order (shuffle=False), so that every step can be compared."""

import warnings

import numpy as np
from scipy import sparse
from sklearn.linear_model import (
    PassiveAggressiveClassifier,
    PassiveAggressiveRegressor,
    Perceptron,
    SGDClassifier,
    SGDRegressor,
)

from golden_file import Golden, columns_of, rng, short

warnings.filterwarnings("ignore")


def fitted(model, X, y, w=None):
    args = {} if w is None else {"sample_weight": w}
    model.fit(X, y, **args)
    return {"coef": np.ravel(model.coef_), "intercepts": np.ravel(model.intercept_), "t": model.t_}


def sgd():
    g = Golden("sgd")
    r = rng(61)
    n, p = 60, 4
    X = short(r.standard_normal((n, p)), 6)
    score = X @ [1.2, -0.7, 0.4, 0] + 0.3 + 0.8 * r.standard_normal(n)
    g.put("two", columns=columns_of(X), y=(score > 0).astype(float))
    g.put("three", columns=columns_of(X), y=np.digitize(score, [-0.6, 0.8]).astype(float))
    target = short(score, 7)
    g.put("real", columns=columns_of(X), y=target)
    w = short(r.uniform(0.2, 3, n), 4)
    g.put("weights", sampleWeight=w)
    two, three = (score > 0).astype(float), np.digitize(score, [-0.6, 0.8]).astype(float)
    base = {"max_iter": 7, "tol": None, "shuffle": False}

    def classify(key, y=two, weights=None, note="", **params):
        inputs = ["two" if y is two else "three"] + ([] if weights is None else ["weights"])
        model = SGDClassifier(**base, **params)
        g.case(key, f"SGDClassifier({params}).fit(X, y)", inputs, fitted(model, X, y, weights), note)

    for loss in ["hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"]:
        classify(f"class-{loss}", loss=loss, alpha=0.01)
    for penalty in ["l1", "elasticnet", None]:
        classify(f"class-penalty-{penalty}", loss="log_loss", penalty=penalty, alpha=0.02, l1_ratio=0.4)
    classify("class-constant", loss="log_loss", learning_rate="constant", eta0=0.05)
    classify("class-invscaling", loss="log_loss", learning_rate="invscaling", eta0=0.1, power_t=0.3)
    classify("class-average", loss="log_loss", average=True, alpha=0.01)
    classify("class-average-later", loss="hinge", average=100, alpha=0.01)
    classify("class-weights", weights=w, loss="log_loss", alpha=0.01)
    classify("class-weight-record", loss="log_loss", alpha=0.01, class_weight={0: 0.5, 1: 3})
    classify("class-balanced", loss="hinge", alpha=0.01, class_weight="balanced")
    classify("class-no-intercept", loss="log_loss", alpha=0.01, fit_intercept=False)
    classify("three-log_loss", y=three, loss="log_loss", alpha=0.01)
    classify("three-balanced", y=three, loss="modified_huber", alpha=0.01, class_weight="balanced")

    def regress(key, weights=None, **params):
        inputs = ["real"] + ([] if weights is None else ["weights"])
        g.case(key, f"SGDRegressor({params}).fit(X, y)", inputs, fitted(SGDRegressor(**base, **params), X, target, weights))

    for loss in ["squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"]:
        regress(f"real-{loss}", loss=loss, epsilon=0.2)
    regress("real-l1", penalty="l1", alpha=0.05)
    regress("real-elasticnet", penalty="elasticnet", alpha=0.05, l1_ratio=0.5)
    regress("real-average", average=True)
    regress("real-optimal", learning_rate="optimal", alpha=0.1)
    regress("real-weights", weights=w)

    g.case("perceptron", "Perceptron(shuffle=False).fit(X, y)", ["two"], fitted(Perceptron(**base), X, two))
    g.case("perceptron-l2", "Perceptron(penalty='l2')", ["three"], fitted(Perceptron(**base, penalty="l2", alpha=0.01, eta0=0.1), X, three))
    for loss in ["hinge", "squared_hinge"]:
        model = PassiveAggressiveClassifier(**base, C=0.3, loss=loss)
        g.case(f"passive-aggressive-{loss}", f"PassiveAggressiveClassifier(C=0.3, loss='{loss}')", ["two"], fitted(model, X, two))
    for loss in ["epsilon_insensitive", "squared_epsilon_insensitive"]:
        model = PassiveAggressiveRegressor(**base, C=0.3, epsilon=0.2, loss=loss)
        g.case(f"passive-aggressive-{loss}", f"PassiveAggressiveRegressor(C=0.3, loss='{loss}')", ["real"], fitted(model, X, target))

    # partial_fit goes on with its steps. For more than two classes scikit-learn 1.9 overwrites the averaged intercepts with
    # the last ones, so the intercepts are those of one epoch of fit, which are the same steps.
    model = SGDClassifier(loss="log_loss", alpha=0.01, shuffle=False, average=True)
    for part in (slice(0, 25), slice(25, 60)):
        model.partial_fit(X[part], three[part], classes=[0, 1, 2])
    whole = SGDClassifier(loss="log_loss", alpha=0.01, average=True, max_iter=1, tol=None, shuffle=False).fit(X, three)
    expected = {"coef": np.ravel(model.coef_), "intercepts": whole.intercept_}
    g.case("partial-fit", "two batches: 25 rows, then 35", ["three"], expected)

    probabilities = SGDClassifier(**base, loss="modified_huber", alpha=0.01).fit(X, three)
    g.case("probabilities-three", "predict_proba(X[:10])", ["three"], {"proba": probabilities.predict_proba(X[:10])})
    probabilities = SGDClassifier(**base, loss="log_loss", alpha=0.01).fit(X, two)
    g.case("probabilities-two", "predict_proba(X[:10])", ["two"], {"proba": probabilities.predict_proba(X[:10])})
    return g
