"""Golden cases of penalised least squares and generalised linear models.

Second oracles: KKT violation and duality gap of the coefficients (lasso, elastic net), exact normal equations in extended
precision (ridge), gradient norm of the objective (generalised linear models, multinomial).
"""

import warnings

import numpy as np
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    Lasso,
    LassoCV,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeCV,
    TweedieRegressor,
    enet_path,
    lasso_path,
)

from golden_file import Golden, columns_of, from_recipe, rng, short


def centred(X, y, w, intercept):
    w = np.ones(len(y)) if w is None else w
    if not intercept:
        return X, y, w
    return X - np.average(X, axis=0, weights=w), y - np.average(y, weights=w), w


def kkt_violation(X, y, w, coef, alpha, l1_ratio, intercept, positive=False):
    """Largest distance of the objective's gradient from its subdifferential's zero, in units of alpha."""
    Xc, yc, wc = centred(X, y, w, intercept)
    g = Xc.T @ (wc * (yc - Xc @ coef)) / wc.sum() - alpha * (1 - l1_ratio) * coef
    l1 = alpha * l1_ratio
    active = np.abs(g - l1 * np.sign(coef))
    inactive = np.maximum(g - l1, 0) if positive else np.maximum(np.abs(g) - l1, 0)
    return float(np.max(np.where(coef != 0, active, inactive)) / alpha)


def ridge_exact(X, y, w, alpha, intercept):
    L = np.longdouble
    Xc, yc, wc = centred(X.astype(L), y.astype(L), None if w is None else w.astype(L), intercept)
    A = Xc.T @ (Xc * wc[:, None]) + L(alpha) * np.eye(X.shape[1], dtype=L)
    b = Xc.T @ (wc * yc)
    coef = np.linalg.solve(A.astype(float), b.astype(float)).astype(L)
    for _ in range(5):
        coef = coef + np.linalg.solve(A.astype(float), (b - A @ coef).astype(float))
    return coef.astype(float)


def penalised_least_squares():
    g = Golden("penalised-least-squares")
    r = rng(40)
    n = 150
    X = short(r.standard_normal((n, 6)) @ (np.eye(6) + 0.5 * r.standard_normal((6, 6))) + [0, 1, -2, 0.5, 3, 10], 7)
    y = short(X @ [1.5, -2, 0.25, 0, 0, 0.7] + 4 + 0.8 * r.standard_normal(n), 8)
    w = short(r.uniform(0.05, 4, n), 6)
    g.put("dense", columns=columns_of(X), dtype="float64", y=y)
    g.put("weights", sampleWeight=w)
    D, yd = from_recipe({"dataset": "diabetes", "target": {"kind": "target"}, "standardize": True})
    g.put("diabetes", recipe={"dataset": "diabetes", "target": {"kind": "target"}, "standardize": True})
    B, yb = from_recipe({"dataset": "breast-cancer", "target": {"kind": "target"}, "standardize": True})
    g.put("breast-cancer", recipe={"dataset": "breast-cancer", "target": {"kind": "target"}, "standardize": True})
    sets = {"dense": (X, y, None, ["dense"]), "weights": (X, y, w, ["dense", "weights"]),
            "diabetes": (D, yd, None, ["diabetes"]), "breast-cancer": (B, yb, None, ["breast-cancer"])}  # fmt: skip

    for key, name, alpha, intercept in [
        ("ridge", "dense", 1.0, True), ("ridge-no-intercept", "dense", 10.0, False), ("ridge-weights", "weights", 2.5, True),
        ("ridge-diabetes", "diabetes", 0.1, True), ("ridge-breast-cancer", "breast-cancer", 1e-3, True),
    ]:  # fmt: skip
        A, t, weights, ids = sets[name]
        est = Ridge(alpha=alpha, fit_intercept=intercept, solver="svd").fit(A, t, sample_weight=weights)
        g.case(key, f"Ridge(alpha={alpha:g}, fit_intercept={intercept}, solver='svd')", ids, {
            "params": {"alpha": alpha, "fitIntercept": intercept}, "coef": est.coef_, "intercept": est.intercept_,
            "exactCoef": ridge_exact(A, t, weights, alpha, intercept), "score": est.score(A, t, sample_weight=weights),
        }, "`exactCoef`: normal equations refined in extended precision.")  # fmt: skip

    alphas = [1e-3, 0.1, 1.0, 10.0, 100.0]
    for key, name, cv, intercept in [
        ("ridge-cv", "dense", None, True), ("ridge-cv-no-intercept", "dense", None, False), ("ridge-cv-weights", "weights", None, True),
        ("ridge-cv-diabetes", "diabetes", None, True), ("ridge-cv-folds", "dense", 4, True), ("ridge-cv-folds-diabetes", "diabetes", 5, True),
    ]:  # fmt: skip
        A, t, weights, ids = sets[name]
        est = RidgeCV(alphas=alphas, cv=cv, fit_intercept=intercept).fit(A, t, sample_weight=weights)
        g.case(key, f"RidgeCV(alphas={alphas}, cv={cv}, fit_intercept={intercept})", ids, {
            "params": {"alphas": alphas, "cv": cv, "fitIntercept": intercept}, "alpha": est.alpha_,
            "coef": est.coef_, "intercept": est.intercept_, "bestScore": est.best_score_,
        })  # fmt: skip

    for key, name, alpha, l1_ratio, intercept, positive in [
        ("lasso", "dense", 0.3, 1, True, False), ("lasso-no-intercept", "dense", 0.3, 1, False, False),
        ("lasso-weights", "weights", 0.2, 1, True, False), ("lasso-positive", "dense", 0.2, 1, True, True),
        ("lasso-diabetes", "diabetes", 1.0, 1, True, False), ("lasso-breast-cancer", "breast-cancer", 1e-3, 1, True, False),
        ("lasso-all-zero", "dense", 1e3, 1, True, False),
        ("enet", "dense", 0.3, 0.5, True, False), ("enet-weights", "weights", 0.5, 0.2, True, False),
        ("enet-positive", "diabetes", 0.5, 0.7, True, True), ("enet-breast-cancer", "breast-cancer", 0.01, 0.3, False, False),
        ("enet-ridge", "dense", 0.3, 0, True, False), ("enet-ridge-positive", "dense", 0.3, 0, True, True),
    ]:  # fmt: skip
        A, t, weights, ids = sets[name]
        Class, extra = (Lasso, {}) if l1_ratio == 1 else (ElasticNet, {"l1_ratio": l1_ratio})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est = Class(alpha=alpha, fit_intercept=intercept, positive=positive, tol=1e-14, max_iter=1_000_000, **extra)
            est.fit(A, t, sample_weight=weights)
        violation = kkt_violation(A, t, weights, est.coef_, alpha, l1_ratio, intercept, positive)
        assert violation < 1e-6, (key, violation)
        g.case(key, f"{Class.__name__}(alpha={alpha:g}, l1_ratio={l1_ratio}, positive={positive}, fit_intercept={intercept}, tol=1e-14)", ids, {
            "params": {"alpha": alpha, "fitIntercept": intercept, "positive": positive, **({} if l1_ratio == 1 else {"l1Ratio": l1_ratio})},
            "coef": est.coef_, "intercept": est.intercept_, "kktViolation": violation,
        }, "`kktViolation`: of scikit-learn's coefficients, in units of alpha.")  # fmt: skip

    for key, name, cv, l1_ratio, positive in [
        ("lasso-cv", "dense", 5, 1, False), ("lasso-cv-weights", "weights", 4, 1, False), ("lasso-cv-diabetes", "diabetes", 3, 1, False),
        ("enet-cv", "dense", 5, [0.2, 0.9], False), ("enet-cv-positive", "diabetes", 4, 0.5, True),
    ]:  # fmt: skip
        A, t, weights, ids = sets[name]
        Class, extra = (LassoCV, {}) if l1_ratio == 1 else (ElasticNetCV, {"l1_ratio": l1_ratio})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est = Class(alphas=20, cv=cv, positive=positive, tol=1e-12, max_iter=1_000_000, **extra).fit(A, t, sample_weight=weights)
        ratios = np.atleast_1d(l1_ratio)
        chosen = 0 if l1_ratio == 1 or len(ratios) == 1 else list(ratios).index(est.l1_ratio_)
        mse = est.mse_path_ if est.mse_path_.ndim == 2 else est.mse_path_[chosen]
        grid = np.atleast_2d(est.alphas_)[chosen if np.ndim(est.alphas_) == 2 else 0]
        g.case(key, f"{Class.__name__}(alphas=20, cv={cv}, l1_ratio={l1_ratio}, positive={positive}, tol=1e-12)", ids, {
            "params": {"alphas": 20, "cv": cv, "positive": positive, **({} if l1_ratio == 1 else {"l1Ratio": l1_ratio})},
            "alpha": est.alpha_, "l1Ratio": 1 if l1_ratio == 1 else est.l1_ratio_, "coef": est.coef_, "intercept": est.intercept_,
            "alphas": grid, "msePath": mse.ravel(),
        }, "`msePath` row by row: one row a penalty, one entry a fold.")  # fmt: skip

    A, t = X - X.mean(axis=0), y - y.mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        al, coefs, _ = lasso_path(A, t, alphas=15, tol=1e-14, max_iter=1_000_000)
        al2, coefs2, _ = enet_path(A, t, l1_ratio=0.4, eps=1e-2, alphas=10, tol=1e-14, max_iter=1_000_000)
    g.case("lasso-path", "lasso_path(X - X.mean(0), y - y.mean(), alphas=15, tol=1e-14)", ["dense"],
           {"alphas": al, "coefs": coefs.T.ravel()}, "`coefs` row by row, one row a penalty.")  # fmt: skip
    g.case("enet-path", "enet_path(X - X.mean(0), y - y.mean(), l1_ratio=0.4, eps=1e-2, alphas=10, tol=1e-14)", ["dense"],
           {"alphas": al2, "coefs": coefs2.T.ravel()}, "`coefs` row by row, one row a penalty.")  # fmt: skip
    return g


def tweedie_half_deviance(power, y, mu):
    if power == 1:
        return np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / mu), 0) - y + mu
    if power == 2:
        return np.log(mu / y) + y / mu - 1
    return y ** (2 - power) / ((1 - power) * (2 - power)) - y * mu ** (1 - power) / (1 - power) + mu ** (2 - power) / (2 - power)


def glm_objective_and_gradient(power, log, X, y, w, alpha, coef, b):
    """Objective and the largest entry of its gradient, intercept included."""
    w = np.ones(len(y)) if w is None else w
    eta = X @ coef + b
    if not log:
        loss, slope = 0.5 * (eta - y) ** 2, eta - y
    else:
        mu = np.exp(eta)
        loss, slope = tweedie_half_deviance(power, y, mu), mu ** (2 - power) - y * mu ** (1 - power)
    value = np.sum(w * loss) / w.sum() + 0.5 * alpha * coef @ coef
    return float(value), X.T @ (w * slope) / w.sum() + alpha * coef, float((w * slope).sum() / w.sum())


def glm():
    g = Golden("glm")
    r = rng(41)
    n = 150
    X = short(r.standard_normal((n, 4)) @ (np.eye(4) + 0.4 * r.standard_normal((4, 4))) * 0.5 + [0, 0.2, -0.5, 1], 7)
    mu = np.exp(X @ [0.8, -0.5, 0.3, 0.0] + 0.4)
    counts = r.poisson(mu).astype(float)
    amounts = short(r.gamma(2.0, mu / 2.0), 7)
    mixed = short(np.where(r.random(n) < 0.4, 0, amounts), 7)
    real = short(mu + 0.3 * r.standard_normal(n), 7)
    w = short(r.uniform(0.05, 4, n), 6)
    wide = short(X * [1e-3, 1, 30, 100] + [0, 0, 0, 1e3], 10)
    for key, A, t in [("counts", X, counts), ("amounts", X, amounts), ("mixed", X, mixed), ("real", X, real), ("wideCounts", wide, counts)]:
        g.put(key, columns=columns_of(A), dtype="float64", y=t)
    g.put("weights", sampleWeight=w)
    for key, ids, A, t, weights, power, link, alpha, intercept in [
        ("poisson", ["counts"], X, counts, None, 1, "log", 1.0, True),
        ("poisson-unpenalised", ["counts"], X, counts, None, 1, "log", 0.0, True),
        ("poisson-weights", ["counts", "weights"], X, counts, w, 1, "log", 0.1, True),
        ("poisson-no-intercept", ["counts"], X, counts, None, 1, "log", 0.5, False),
        ("poisson-wide", ["wideCounts"], wide, counts, None, 1, "log", 1e-3, True),
        ("gamma", ["amounts"], X, amounts, None, 2, "log", 1.0, True),
        ("gamma-weights", ["amounts", "weights"], X, amounts, w, 2, "log", 0.01, True),
        ("gamma-no-intercept", ["amounts"], X, amounts, None, 2, "log", 0.1, False),
        ("tweedie-1.5", ["mixed"], X, mixed, None, 1.5, "log", 0.1, True),
        ("tweedie-1.1-weights", ["mixed", "weights"], X, mixed, w, 1.1, "log", 0.01, True),
        ("tweedie-1", ["counts"], X, counts, None, 1, "log", 0.2, True),
        ("tweedie-2", ["amounts"], X, amounts, None, 2, "log", 0.2, True),
        ("tweedie-3", ["amounts"], X, amounts, None, 3, "log", 0.1, True),
        ("tweedie-0", ["real"], X, real, None, 0, "identity", 0.1, True),
        ("tweedie-0-log", ["amounts"], X, amounts, None, 0, "log", 0.1, True),
    ]:  # fmt: skip
        # lbfgs does not converge on columns of such different scale.
        solver = "newton-cholesky" if key == "poisson-wide" else "lbfgs"
        common = dict(alpha=alpha, fit_intercept=intercept, tol=1e-12, max_iter=100_000, solver=solver)
        if key.startswith("poisson"):
            est = PoissonRegressor(**common)
        elif key.startswith("gamma"):
            est = GammaRegressor(**common)
        else:
            est = TweedieRegressor(power=power, link=link, **common)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est.fit(A, t, sample_weight=weights)
        value, slopes, constant = glm_objective_and_gradient(power, link == "log", A, t, weights, alpha, est.coef_, est.intercept_)
        norm = float(max(np.abs(slopes).max(), abs(constant) if intercept else 0))
        params = {"alpha": alpha, "fitIntercept": intercept}
        if key.startswith("tweedie"):
            params |= {"power": power, "link": "log" if key == "tweedie-0-log" else "auto"}
        g.case(key, f"{type(est).__name__}({', '.join(f'{k}={v}' for k, v in est.get_params().items())})", ids, {
            "params": params, "coef": est.coef_, "intercept": est.intercept_, "objective": value, "gradientNorm": norm,
            "predictHead": est.predict(A[:8]), "score": est.score(A, t, sample_weight=weights),
        }, "`objective`: mean half deviance + penalty; `gradientNorm`: at scikit-learn's coefficients.")  # fmt: skip
    return g


def multinomial():
    g = Golden("multinomial")
    r = rng(42)
    n, p, k = 160, 4, 4
    X = short(r.standard_normal((n, p)) + [0, 1, -1, 3], 7)
    y = (X @ r.standard_normal((p, k)) + r.gumbel(size=(n, k))).argmax(axis=1)
    w = short(r.uniform(0.05, 3, n), 6)
    words = np.array(["ash", "beech", "cedar", "oak"])[y]
    g.put("dense", columns=columns_of(X), dtype="float64", y=y)
    g.put("words", columns=columns_of(X), dtype="float64", y=words)
    g.put("weights", sampleWeight=w)
    I, yi = from_recipe({"dataset": "iris", "target": {"kind": "target"}})
    g.put("iris", recipe={"dataset": "iris", "target": {"kind": "target"}})
    D, yd = from_recipe({"dataset": "digits", "target": {"kind": "target"}, "divideBy": 16})
    g.put("digits", recipe={"dataset": "digits", "target": {"kind": "target"}, "divideBy": 16})
    V, yv = from_recipe({"dataset": "wine", "target": {"kind": "target"}, "standardize": True})
    g.put("wine", recipe={"dataset": "wine", "target": {"kind": "target"}, "standardize": True})
    two = (y > 1).astype(int)
    g.put("binary", columns=columns_of(X), dtype="float64", y=two)
    for key, ids, A, t, weights, C, intercept, class_weight in [
        ("C=1", ["dense"], X, y, None, 1.0, True, None),
        ("C=100", ["dense"], X, y, None, 100.0, True, None),
        ("no-intercept", ["dense"], X, y, None, 0.5, False, None),
        ("weights", ["dense", "weights"], X, y, w, 1.0, True, None),
        ("balanced", ["dense", "weights"], X, y, w, 1.0, True, "balanced"),
        ("class-weights", ["dense"], X, y, None, 1.0, True, {0: 0.5, 1: 1.0, 2: 2.0, 3: 1.5}),
        ("words", ["words"], X, words, None, 1.0, True, None),
        ("iris", ["iris"], I, yi, None, 1.0, True, None),
        ("wine", ["wine"], V, yv, None, 1.0, True, None),
        ("digits", ["digits"], D, yd, None, 1.0, True, None),
        ("binary-balanced", ["binary"], X, two, None, 1.0, True, "balanced"),
        ("binary-class-weights", ["binary", "weights"], X, two, w, 0.5, True, {0: 0.2, 1: 3.0}),
    ]:  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est = LogisticRegression(C=C, fit_intercept=intercept, class_weight=class_weight, solver="newton-cholesky", tol=1e-12, max_iter=1000)
            est.fit(A, t, sample_weight=weights)
        if len(est.classes_) > 2:
            # Equal steps of all intercepts change nothing.
            est.intercept_ = est.intercept_ - est.intercept_.mean()
        scores = est.decision_function(A[:8])
        g.case(key, f"LogisticRegression(C={C:g}, fit_intercept={intercept}, class_weight={class_weight}, solver='newton-cholesky', tol=1e-12)", ids, {
            "params": {"C": C, "fitIntercept": intercept, **({} if class_weight is None else {"classWeight": class_weight if isinstance(class_weight, str) else {str(c): v for c, v in class_weight.items()}})},
            "classes": est.classes_, "coef": est.coef_.ravel(), "intercepts": est.intercept_,
            "decisionHead": scores.ravel(), "probaHead": est.predict_proba(A[:8]).ravel(), "predictHead": est.predict(A[:8]),
            "accuracy": est.score(A, t, sample_weight=weights),
        }, "Row by row: `coef` one row a class, `decisionHead` and `probaHead` one row a row.")  # fmt: skip
    return g


def coefficient_tables():
    """Wald and t tables from textbook formulas, with scipy's distributions."""
    from scipy import stats
    from sklearn.linear_model import LinearRegression

    g = Golden("coefficient-tables")
    r = rng(43)
    n = 120
    X = short(r.standard_normal((n, 3)) + [0, 2, -1], 7)
    eta = X @ [0.8, -0.4, 0.05] + 0.3
    y = short(eta + 0.7 * r.standard_normal(n), 7)
    t = (r.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    counts = r.poisson(np.exp(0.5 * eta)).astype(float)
    w = r.integers(0, 4, n).astype(float)
    g.put("linear", columns=columns_of(X), dtype="float64", y=y)
    g.put("logistic", columns=columns_of(X), dtype="float64", y=t)
    g.put("poisson", columns=columns_of(X), dtype="float64", y=counts)
    g.put("weights", sampleWeight=w)
    for family, target in [("linear", y), ("logistic", t), ("poisson", counts)]:
        for key, weights, intercept in [("", None, True), ("-weights", w, True), ("-no-intercept", None, False)]:
            ww = np.ones(n) if weights is None else weights
            A = np.column_stack([X, np.ones(n)]) if intercept else X
            if family == "linear":
                est = LinearRegression(fit_intercept=intercept).fit(X, target, sample_weight=weights)
            elif family == "logistic":
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    est = LogisticRegression(C=1e12, fit_intercept=intercept, solver="newton-cholesky", tol=1e-12).fit(X, target, sample_weight=weights)
            else:
                est = PoissonRegressor(alpha=0, fit_intercept=intercept, solver="newton-cholesky", tol=1e-12).fit(X, target, sample_weight=weights)
            b = np.append(est.coef_.ravel(), np.ravel(est.intercept_)[0]) if intercept else est.coef_.ravel()
            z = A @ b
            base = np.average(target, weights=ww)
            if family == "linear":
                df = ww.sum() - A.shape[1]
                deviance = np.sum(ww * (target - z) ** 2)
                null = np.sum(ww * (target - (base if intercept else 0)) ** 2)
                cov = np.linalg.inv(A.T @ (A * ww[:, None])) * deviance / df
                dist = stats.t(df)
            else:
                df, dist = np.inf, stats.norm
                if family == "logistic":
                    mu = 1 / (1 + np.exp(-z))
                    v = mu * (1 - mu)
                    half = lambda m: -(target * np.log(m) + (1 - target) * np.log(1 - m))
                    null = 2 * np.sum(ww * half(base if intercept else 0.5))
                else:
                    mu = np.exp(z)
                    v = mu
                    half = lambda m: tweedie_half_deviance(1, target, m)
                    null = 2 * np.sum(ww * half(base if intercept else 1.0))
                deviance = 2 * np.sum(ww * half(mu))
                cov = np.linalg.inv(A.T @ (A * (ww * v)[:, None]))
            se = np.sqrt(np.diag(cov))
            q = dist.ppf(0.95)
            g.case(family + key, "textbook formulas with scipy.stats", [family] + (["weights"] if weights is not None else []), {
                "fitIntercept": intercept, "estimate": b, "standardError": se, "pValue": 2 * dist.sf(np.abs(b / se)),
                "lower": b - q * se, "upper": b + q * se, "df": df, "deviance": deviance, "nullDeviance": null,
            }, "Intervals of 90 %.")  # fmt: skip
    return g
