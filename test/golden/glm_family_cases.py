"""Golden cases of generalised linear models of every family and link, with their statistics, from statsmodels.

Second oracles: the sandwich with expected information in plain numpy, asserted equal to statsmodels' where the link is
canonical (elsewhere statsmodels has the observed information); the test differentiates the deviance numerically.
"""

import warnings

import numpy as np
import statsmodels.api as sm
from scipy import stats

from golden_file import Golden, columns_of, rng, short

L = sm.families.links
LINKS = {
    "identity": L.Identity, "log": L.Log, "logit": L.Logit, "probit": L.Probit, "cloglog": L.CLogLog,
    "inverse": L.InversePower, "inverseSquared": L.InverseSquared, "sqrt": L.Sqrt, "power": lambda: L.Power(power=0.5),
}  # fmt: skip
F = sm.families
FAMILIES = {
    "gaussian": (F.Gaussian, {}), "binomial": (F.Binomial, {}), "poisson": (F.Poisson, {}), "gamma": (F.Gamma, {}),
    "inverseGaussian": (F.InverseGaussian, {}), "tweedie": (F.Tweedie, {"var_power": 1.6}),
    "negativeBinomial": (F.NegativeBinomial, {"alpha": 0.7}),
}  # fmt: skip


def sandwich(A, family, mu, y, kind, weights, counts):
    """HC0 to HC3 from scores and expected information; `counts`: a weight is so many rows, else a precision."""
    slope = 1 / family.link.deriv(mu)
    v = family.variance(mu)
    info = slope**2 / v
    score = (y - mu) / v * slope
    bread = np.linalg.inv(A.T @ (A * (weights * info)[:, None]))
    lever = np.einsum("ij,jk,ik->i", A, bread, A) * info * (1 if counts else weights)
    power = {"HC0": 0, "HC1": 0, "HC2": 1, "HC3": 2}[kind]
    squares = score**2 * (weights if counts else weights**2) / (1 - lever) ** power
    cov = bread @ (A.T @ (A * squares[:, None])) @ bread
    n = weights.sum() if counts else len(y)
    return np.sqrt(np.diag(cov) * (n / (n - A.shape[1]) if kind == "HC1" else 1))


def glm_families():
    g = Golden("glm-families")
    r = rng(60)
    n = 140
    X = short(r.uniform(0.2, 2.0, (n, 3)) * [1, 0.5, 2] + [0, 0.1, 0], 6)
    base = X @ [0.5, 0.8, 0.2] + 0.3
    exposure = short(r.uniform(0.3, 3, n), 5)
    offset = short(0.3 * r.standard_normal(n), 5)
    w = r.integers(1, 4, n).astype(float)
    groups = r.integers(0, 23, n).astype(float)
    z = X @ [0.6, -0.9, 0.4] - 0.4
    targets = {
        "gaussian": short(base + 0.4 * r.standard_normal(n), 6),
        "binomial": (r.random(n) < 1 / (1 + np.exp(-z))).astype(float),
        "poisson": r.poisson(base).astype(float),
        "gamma": short(r.gamma(5, base / 5), 6),
        "inverseGaussian": short(r.wald(base, 12 * base), 6),
        "tweedie": short(np.where(r.random(n) < 0.2, 0, r.gamma(3, base / 3)), 6),
        "negativeBinomial": r.negative_binomial(1.5, 1.5 / (1.5 + base)).astype(float),
    }
    g.put("x", columns=columns_of(X), dtype="float64")
    for name, y in targets.items():
        g.put(name, y=y)
    g.put("exposed", y=r.poisson(base * exposure).astype(float))
    trials = r.integers(1, 9, n).astype(float)
    shares = short(r.binomial(trials.astype(int), 1 / (1 + np.exp(-z))) / trials, 12)
    g.put("shares", y=shares, sampleWeight=trials)
    g.put("counts", sampleWeight=w)
    g.put("offset", offset=offset)
    g.put("exposure", exposure=exposure)
    g.put("groups", groups=groups)
    precise = short(r.uniform(0.3, 3, n), 5)
    g.put("precise", sampleWeight=precise)
    links = {
        "gaussian": ["identity", "log", "inverse", "sqrt"], "binomial": ["logit", "probit", "cloglog", "log"],
        "poisson": ["log", "identity", "sqrt"], "gamma": ["log", "inverse", "identity", "power"],
        "inverseGaussian": ["log", "inverseSquared", "inverse", "identity"], "tweedie": ["log", "power"],
        "negativeBinomial": ["log", "identity"],
    }  # fmt: skip
    plan = [(f, link, None, None, True, "") for f, ls in links.items() for link in ls if (f, link) != ("binomial", "log")]
    plan += [
        ("poisson", "log", "counts", None, True, ""), ("gamma", "log", "counts", None, True, ""), ("gaussian", "log", "counts", None, True, ""),
        ("inverseGaussian", "log", "counts", None, True, ""), ("tweedie", "log", "counts", None, True, ""),
        ("negativeBinomial", "log", "counts", None, True, ""), ("binomial", "probit", "counts", None, True, ""),
        ("gaussian", "identity", "precise", None, True, ""), ("gamma", "log", "precise", None, True, ""),
        ("inverseGaussian", "log", "precise", None, True, ""), ("tweedie", "log", "precise", None, True, ""),
        ("binomial", "logit", "trials", None, True, "shares"), ("binomial", "cloglog", "trials", None, True, "shares"),
        ("poisson", "log", None, "exposure", True, "exposed"), ("poisson", "log", "counts", "exposure", True, "exposed"),
        ("negativeBinomial", "log", None, "exposure", True, "exposed"), ("gamma", "log", None, "offset", True, ""),
        ("gamma", "inverse", None, None, False, ""), ("binomial", "logit", None, "offset", True, ""),
        ("binomial", "probit", None, "offset", False, ""), ("gaussian", "identity", None, "offset", True, ""),
        ("poisson", "log", None, None, False, ""), ("poisson", "sqrt", None, None, False, ""),
    ]  # fmt: skip
    for family, link, weight, shift, intercept, target in plan:
        y = np.array({"exposed": g.inputs["exposed"]["y"], "shares": shares}.get(target, targets[family]), dtype=float)
        weights = {"counts": w, "precise": precise, "trials": trials}.get(weight, np.ones(n))
        counts = weight in (None, "counts")
        A = np.column_stack([X, np.ones(n)]) if intercept else X
        Family, kwargs = FAMILIES[family]
        fam = Family(link=LINKS[link](), check_link=False, **kwargs)
        extra = {"offset": offset} if shift == "offset" else {"exposure": exposure} if shift == "exposure" else {}
        kw = {} if weight is None else {"freq_weights": w} if counts else {"var_weights": weights}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = sm.GLM(y, A, family=fam, **kw, **extra)
            fit = model.fit(maxiter=200, tol=1e-13, tol_criterion="params")
        assert fit.converged, (family, link)
        ids = ["x", target or family] + (["counts"] if weight == "counts" else ["precise"] if weight == "precise" else [])
        ids += [shift] if shift else []
        key = "-".join(filter(None, [family, link, weight, shift, None if intercept else "no-intercept"]))
        ci = fit.conf_int(0.1)
        mu = fit.mu
        expected = {
            "family": family, "link": link, "fitIntercept": intercept, "weights": "frequency" if counts else "variance",
            "params": fit.params, "deviance": fit.deviance, "nullDeviance": fit.null_deviance, "pearson": fit.pearson_chi2,
            "scale": fit.scale, "dfResid": fit.df_resid, "standardError": fit.bse, "pValue": fit.pvalues, "lower": ci[:, 0], "upper": ci[:, 1],
            "predictHead": mu[:6],
        }  # fmt: skip
        if weight == "trials":
            # Of shares and weights statsmodels takes another likelihood than of the counts behind them.
            fit = sm.GLM(np.column_stack([np.round(y * trials), np.round((1 - y) * trials)]), A, family=fam, **extra).fit(tol=1e-13)
        if family != "tweedie":
            expected |= {"logLikelihood": fit.llf, "aic": fit.aic, "bic": fit.bic_llf}
        for kind in ["HC0", "HC1", "HC2", "HC3"]:
            expected[kind] = sandwich(A, fam, mu, y, kind, weights, counts)
        if weight is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                hc0 = model.fit(maxiter=200, tol=1e-13, tol_criterion="params", cov_type="HC0").bse
                clustered = model.fit(maxiter=200, tol=1e-13, tol_criterion="params", cov_type="cluster", cov_kwds={"groups": groups.astype(int)}).bse
            canonical = (family, link) in {("gaussian", "identity"), ("binomial", "logit"), ("poisson", "log"), ("gamma", "inverse"), ("inverseGaussian", "inverseSquared")}
            if canonical:
                assert np.allclose(hc0, expected["HC0"], rtol=1e-8), (key, hc0, expected["HC0"])
            slope = 1 / fam.link.deriv(mu)
            score = A * ((y - mu) / fam.variance(mu) * slope)[:, None]
            bread = np.linalg.inv(A.T @ (A * (slope**2 / fam.variance(mu))[:, None]))
            sums = np.array([score[groups == k].sum(axis=0) for k in np.unique(groups)])
            G = len(sums)
            own = np.sqrt(np.diag(bread @ (sums.T @ sums) @ bread) * G / (G - 1) * (n - 1) / (n - A.shape[1]))
            if canonical:
                assert np.allclose(clustered, own, rtol=1e-8), (key, clustered, own)
            expected["clustered"] = own
        g.case(key, f"sm.GLM(y, A, family={family}({link}), {', '.join([*kw, *extra])}).fit(tol=1e-13)", ids, expected,
               "Intervals of 90 %; HC0 to HC3 and clustered: the sandwich with expected information, in numpy.")  # fmt: skip
    return g
