"""Golden cases of model selection: folds, cross-validated scores, curves and searches."""

import numpy as np
from sklearn import model_selection as ms
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from golden_file import Golden, columns_of, rng, short


def selection_cases():
    g = Golden("model-selection")
    r = rng(40)
    n = 61
    X = np.zeros((n, 1))
    y = r.choice(3, n, p=[0.5, 0.3, 0.2])
    groups = np.repeat(np.arange(11), np.arange(1, 12))[:n]
    groups = np.concatenate([groups, np.full(n - len(groups), 10)])
    r.shuffle(groups)
    fold = r.integers(-1, 3, n)
    g.put("rows", yTrue=y, groups=groups, testFold=fold)
    splitters = {
        "KFold": ms.KFold(5), "KFold 7": ms.KFold(7), "StratifiedKFold": ms.StratifiedKFold(4), "GroupKFold": ms.GroupKFold(3),
        "StratifiedGroupKFold": ms.StratifiedGroupKFold(3), "LeaveOneGroupOut": ms.LeaveOneGroupOut(), "TimeSeriesSplit": ms.TimeSeriesSplit(4),
        "TimeSeriesSplit gap": ms.TimeSeriesSplit(3, gap=2, test_size=5, max_train_size=20), "PredefinedSplit": ms.PredefinedSplit(fold),
    }  # fmt: skip
    for name, splitter in splitters.items():
        splits = list(splitter.split(X, y, groups))
        g.case(name, f"{splitter!r}.split(X, y, groups)", ["rows"], {"train": [s[0] for s in splits], "test": [s[1] for s in splits]})

    n = 120
    X = short(r.normal(size=(n, 4)) * [1, 5, 0.2, 1] + [0, 10, 0, -3], 8)
    score = (X - X.mean(0)) / X.std(0) @ np.array([1.5, -1, 0.5, 0])
    y = (score + 1.5 * r.normal(size=n) > 0).astype(int)
    t = short(score + 0.5 * r.normal(size=n), 8)
    w = short(r.uniform(0.2, 2, n), 6)
    g.put("classes", columns=columns_of(X), yTrue=y)
    g.put("targets", columns=columns_of(X), y=t)
    g.put("weights", sampleWeight=w)
    logistic = LogisticRegression(tol=1e-10, max_iter=10000, solver="newton-cholesky")
    scoring = ["accuracy", "neg_log_loss", "roc_auc", "f1", "average_precision", "neg_brier_score"]
    found = ms.cross_validate(logistic, X, y, cv=5, scoring=scoring, return_train_score=True)
    g.case("cross-validate", f"cross_validate(LogisticRegression(), cv=5, scoring={scoring})", ["classes"],
           {k: v for k, v in found.items() if not k.endswith("time")})  # fmt: skip
    ridge = Ridge()
    found = ms.cross_validate(ridge, X, t, cv=4, scoring=["r2", "neg_mean_squared_error"], params={"sample_weight": w})
    g.case("cross-validate weights", "cross_validate(Ridge(), cv=4, params={'sample_weight': w})", ["targets", "weights"],
           {k: v for k, v in found.items() if not k.endswith("time")}, "scikit-learn weighs the fits only, not the scores.")  # fmt: skip
    g.case("cross-val-predict", "cross_val_predict(Ridge(), cv=5)", ["targets"], {"value": ms.cross_val_predict(ridge, X, t, cv=5)})
    g.case("cross-val-predict proba", "cross_val_predict(LogisticRegression(), cv=5, method='predict_proba')", ["classes"],
           {"value": ms.cross_val_predict(logistic, X, y, cv=5, method="predict_proba")[:, 1]})  # fmt: skip
    sizes, train, test = ms.learning_curve(ridge, X, t, cv=4, train_sizes=[0.2, 0.5, 1.0])
    g.case("learning-curve", "learning_curve(Ridge(), cv=4, train_sizes=[0.2, 0.5, 1])", ["targets"], {"sizes": sizes, "train": train, "test": test})
    train, test = ms.validation_curve(ridge, X, t, param_name="alpha", param_range=[0.1, 10, 1000], cv=4)
    g.case("validation-curve", "validation_curve(Ridge(), 'alpha', [0.1, 10, 1000], cv=4)", ["targets"], {"train": train, "test": test})
    pipe = make_pipeline(StandardScaler(), logistic)
    grid = ms.GridSearchCV(pipe, {"logisticregression__C": [0.01, 0.1, 1, 10], "logisticregression__fit_intercept": [True, False]},
                           scoring=["neg_log_loss", "accuracy"], refit="neg_log_loss", cv=3, return_train_score=True).fit(X, y)  # fmt: skip
    keep = [k for k in grid.cv_results_ if "score" in k and "time" not in k]
    g.case("grid pipeline", "GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), C x fit_intercept, cv=3)", ["classes"],
           {"results": {k: grid.cv_results_[k] for k in keep}, "bestIndex": grid.best_index_, "bestScore": grid.best_score_})  # fmt: skip
    grid = ms.GridSearchCV(ridge, [{"alpha": [0.1, 1, 10]}, {"alpha": [1], "fit_intercept": [False]}], cv=5).fit(X, t)
    keep = [k for k in grid.cv_results_ if "score" in k and "time" not in k]
    g.case("grid ridge", "GridSearchCV(Ridge(), [alpha, alpha x fit_intercept], cv=5)", ["targets"],
           {"results": {k: grid.cv_results_[k] for k in keep}, "bestIndex": grid.best_index_, "bestScore": grid.best_score_,
            "coef": grid.best_estimator_.coef_})  # fmt: skip
    return g
