"""Golden cases of linear support vector machines with a free intercept.

The hinge losses against SVC and SVR with a linear kernel, whose intercept is free; the squared ones against LinearSVC and
LinearSVR with an intercept_scaling so large that its penalty does not count. Second oracle: the test's duality gap, and the
objective here.
"""

import warnings

import numpy as np
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from golden_file import Golden, columns_of, rng, short

warnings.filterwarnings("ignore")
FREE = {"intercept_scaling": 1e4, "tol": 1e-12, "max_iter": 10_000_000, "dual": False}


def svm():
    g = Golden("svm")
    r = rng(62)
    n, p = 90, 4
    X = short(r.standard_normal((n, p)) + [0, 0.5, 0, -1], 6)
    score = X @ [1.2, -0.7, 0.4, 0] + 0.3 + 0.9 * r.standard_normal(n)
    two = (score > 0.4).astype(float)
    three = np.digitize(score, [-0.6, 1.2]).astype(float)
    target = short(score + 4, 7)
    w = short(r.uniform(0.2, 3, n), 4)
    g.put("two", columns=columns_of(X), y=two)
    g.put("three", columns=columns_of(X), y=three)
    g.put("real", columns=columns_of(X), y=target)
    g.put("weights", sampleWeight=w)

    def put(key, call, inputs, coef, intercepts, h, y, penalty, C, weight=None, note=""):
        m = np.outer(np.ones(n), intercepts) + X @ np.atleast_2d(coef).T
        weight = np.ones(n) if weight is None else weight
        objective = 0.0
        for k in range(m.shape[1]):
            b = np.atleast_2d(coef)[k]
            objective += (0.5 * b @ b if penalty == "l2" else np.abs(b).sum()) + C * float(weight @ h(m[:, k], k))
        g.case(key, call, inputs, {"coef": np.ravel(coef), "intercepts": np.ravel(intercepts), "objective": objective}, note)

    def signs(y, k):
        return np.where(y == (1 if len(set(y)) == 2 else k), 1.0, -1.0)

    def hinge(y, squared):
        return lambda m, k: np.maximum(0, 1 - signs(y, k) * m) ** (2 if squared else 1)

    for C in (0.05, 1.0):
        est = SVC(kernel="linear", C=C, tol=1e-11).fit(X, two)
        put(f"hinge-{C:g}", f"SVC(kernel='linear', C={C:g})", ["two"], est.coef_, est.intercept_, hinge(two, False), two, "l2", C)
    est = SVC(kernel="linear", C=0.5, tol=1e-11).fit(X, two, sample_weight=w)
    put("hinge-weights", "SVC(kernel='linear', C=0.5)", ["two", "weights"], est.coef_, est.intercept_, hinge(two, False), two, "l2", 0.5, w)
    for name, y in (("two", two), ("three", three)):
        est = LinearSVC(C=0.3, **FREE).fit(X, y)
        put(f"squared-{name}", "LinearSVC(C=0.3)", [name], est.coef_, est.intercept_, hinge(y, True), y, "l2", 0.3)
    est = LinearSVC(C=0.3, **FREE).fit(X, two, sample_weight=w)
    put("squared-weights", "LinearSVC(C=0.3)", ["two", "weights"], est.coef_, est.intercept_, hinge(two, True), two, "l2", 0.3, w)
    est = LinearSVC(C=0.3, fit_intercept=False, tol=1e-12, dual=False).fit(X, two)
    put("squared-no-intercept", "LinearSVC(C=0.3, fit_intercept=False)", ["two"], est.coef_, [0.0], hinge(two, True), two, "l2", 0.3)
    est = LinearSVC(C=0.08, penalty="l1", **FREE).fit(X, two)
    put("l1", "LinearSVC(C=0.08, penalty='l1')", ["two"], est.coef_, est.intercept_, hinge(two, True), two, "l1", 0.08)

    def residual(eps, squared):
        return lambda m, k: np.maximum(0, np.abs(m - target) - eps) ** (2 if squared else 1)

    for eps in (0.0, 0.4):
        est = SVR(kernel="linear", C=0.5, epsilon=eps, tol=1e-11).fit(X, target)
        put(f"svr-{eps:g}", f"SVR(kernel='linear', C=0.5, epsilon={eps:g})", ["real"], est.coef_, est.intercept_, residual(eps, False), target, "l2", 0.5)
    est = LinearSVR(C=0.5, epsilon=0.4, loss="squared_epsilon_insensitive", **FREE).fit(X, target)
    put("svr-squared", "LinearSVR(C=0.5, epsilon=0.4, loss='squared_epsilon_insensitive')", ["real"], est.coef_, est.intercept_, residual(0.4, True), target, "l2", 0.5)
    return g
