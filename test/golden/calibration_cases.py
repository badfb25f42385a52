"""Golden cases of calibrated classifiers, tuned thresholds and partial dependence."""

import warnings

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.preprocessing import PolynomialFeatures

from golden_file import Golden, columns_of, rng, short


class Scores(LogisticRegression):
    """A classifier whose scores are columns of X: what is left is the calibration."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        return X[:, 0] if len(self.classes_) == 2 else X[:, : len(self.classes_)]


def calibration_cases():
    warnings.simplefilter("ignore")
    g = Golden("calibration")
    r = rng(33)
    n = 150
    X = short(r.normal(size=(n, 3)), 6)
    two = (X[:, 0] + 0.5 * X[:, 1] + r.normal(size=n) > 0.3).astype(int)
    three = np.digitize(X[:, 0] + 0.4 * r.normal(size=n), [-0.5, 0.6])
    w = short(r.uniform(0.1, 2, n), 6)
    g.put("two", columns=columns_of(X), y=two)
    g.put("three", columns=columns_of(X), y=three)
    g.put("weights", sampleWeight=w)
    T = short(r.normal(size=(12, 3)) * 2, 6)
    g.put("new", columnsNew=columns_of(T))
    for key, y in [("two", two), ("three", three)]:
        for method in ["sigmoid", "isotonic", "temperature"]:
            for weighted in [False, True]:
                ids = [key, "new", *(["weights"] if weighted else [])]
                sw = w if weighted else None
                tag = f"{method} {key}{' weights' if weighted else ''}"
                model = CalibratedClassifierCV(FrozenEstimator(Scores().fit(X, y)), method=method).fit(X, y, sample_weight=sw)
                g.case(f"prefit {tag}", f"CalibratedClassifierCV(FrozenEstimator, method={method!r})", ids, {"proba": columns_of(model.predict_proba(T))},
                       "The scores are the first column of X, or the first three.")  # fmt: skip
                for ensemble in [True, False]:
                    base = LogisticRegression(C=1.0, tol=1e-10, max_iter=2000)
                    model = CalibratedClassifierCV(base, method=method, cv=3, ensemble=ensemble).fit(X, y, sample_weight=sw)
                    g.case(f"cv {tag} ensemble={ensemble}", f"CalibratedClassifierCV(LogisticRegression(), cv=3, ensemble={ensemble})", ids,
                           {"proba": columns_of(model.predict_proba(T))})  # fmt: skip
    for scoring in ["balanced_accuracy", "f1", "accuracy"]:
        for method in ["decision_function", "predict_proba"]:
            base = LogisticRegression(C=1.0, tol=1e-10, max_iter=2000)
            model = TunedThresholdClassifierCV(base, scoring=scoring, response_method=method, thresholds=25, cv=4, store_cv_results=True).fit(X, two)
            g.case(f"threshold {scoring} {method}", f"TunedThresholdClassifierCV(scoring={scoring!r}, response_method={method!r})", ["two", "new"],
                   {"threshold": model.best_threshold_, "score": model.best_score_, "thresholds": model.cv_results_["thresholds"],
                    "scores": model.cv_results_["scores"], "labels": model.predict(T)})  # fmt: skip
    target = short(X[:, 0] * X[:, 1] + 2 * X[:, 0] + 0.1 * r.normal(size=n), 8)
    P = PolynomialFeatures(2, include_bias=False).fit_transform(X)
    g.put("regression", columns=columns_of(X), y=target)

    class Poly(LinearRegression):
        def fit(self, X, y):
            return super().fit(PolynomialFeatures(2, include_bias=False).fit_transform(X), y)

        def predict(self, X):
            return super().predict(PolynomialFeatures(2, include_bias=False).fit_transform(X))

    assert P.shape[1] == 9
    model = Poly().fit(X, target)
    for features in [[0], [0, 1]]:
        for weighted in [False, True]:
            found = partial_dependence(model, X, features, kind="average", grid_resolution=7, method="brute", sample_weight=w if weighted else None)
            g.case(f"dependence {len(features)}{' weights' if weighted else ''}", f"partial_dependence(features={features})",
                   ["regression", *(["weights"] if weighted else [])],
                   {"average": found["average"][0].ravel(), "grid": list(found["grid_values"])})  # fmt: skip
    found = partial_dependence(model, X[:10], [0], kind="individual", grid_resolution=5, method="brute")
    g.case("individual", "partial_dependence(kind='individual')", ["regression"],
           {"individual": found["individual"][0], "grid": list(found["grid_values"])}, "Of the first ten rows, with the grid of them.")  # fmt: skip
    return g
