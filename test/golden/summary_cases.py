"""Golden cases of the summaries of least squares, logistic and multinomial regression, from statsmodels."""

import warnings

import numpy as np
import statsmodels.api as sm

from golden_file import Golden, columns_of, rng, short


def summaries():
    g = Golden("summaries")
    r = rng(61)
    n = 130
    X = short(r.standard_normal((n, 3)) * [1, 3, 0.2] + [0, 2, 100], 8)
    z = (X - [0, 2, 100]) @ [0.8, -0.3, 1.5]
    y = short(z + 1 + 0.5 * (1 + np.abs(X[:, 0])) * r.standard_normal(n), 7)
    t = (r.random(n) < 1 / (1 + np.exp(-z))).astype(float)
    classes = np.argmax(np.column_stack([np.zeros(n), z, -0.5 * z + 0.3]) + r.gumbel(size=(n, 3)), axis=1).astype(float)
    groups = r.integers(0, 17, n).astype(float)
    w = r.integers(1, 4, n).astype(float)
    g.put("linear", columns=columns_of(X), dtype="float64", y=y)
    g.put("binary", columns=columns_of(X), dtype="float64", y=t)
    g.put("classes", columns=columns_of(X), dtype="float64", y=classes)
    g.put("groups", groups=groups)
    g.put("counts", sampleWeight=w)
    ids = groups.astype(int)

    def add(key, call, inputs, fit, order, extra):
        ci = np.asarray(fit.conf_int(0.1))
        pick = lambda v: np.asarray(v).reshape(-1, order="F")[order]
        ci = ci.reshape(-1, 2)[order] if ci.ndim == 3 else ci[order]
        cov = np.asarray(fit.cov_params())[np.ix_(order, order)]
        g.case(key, call, inputs, {
            "params": pick(fit.params), "standardError": np.sqrt(np.diag(cov)), "statistic": pick(fit.tvalues), "pValue": pick(fit.pvalues),
            "lower": ci[:, 0], "upper": ci[:, 1], "covariance": cov.ravel(), "logLikelihood": fit.llf, "aic": fit.aic, **extra,
        }, "Intervals of 90 %; intercept last.")  # fmt: skip

    for intercept in (True, False):
        A = np.column_stack([X, np.ones(n)]) if intercept else X
        order = np.arange(A.shape[1])
        suffix = "" if intercept else "-no-intercept"
        ols = sm.OLS(y, A).fit()
        for kind in ["nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster"]:
            kw = {"groups": ids} if kind == "cluster" else {}
            fit = ols if kind == "nonrobust" else ols.get_robustcov_results(kind, use_t=True, **kw)
            extra = {"bic": ols.bic, "rSquared": ols.rsquared, "adjustedRSquared": ols.rsquared_adj, "dispersion": ols.scale,
                     "fStatistic": ols.fvalue, "fPValue": ols.f_pvalue, "deviance": ols.ssr, "dfResid": ols.df_resid, "fitIntercept": intercept}  # fmt: skip
            add(f"linear-{kind}{suffix}", f"sm.OLS(y, A).fit().get_robustcov_results('{kind}', use_t=True)", ["linear", "groups"], fit, order, extra)
    A = np.column_stack([X, np.ones(n)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in ["nonrobust", "HC0", "cluster"]:
            kw = {"cov_kwds": {"groups": ids}} if kind == "cluster" else {}
            fit = sm.Logit(t, A).fit(method="newton", tol=1e-13, maxiter=100, disp=0, cov_type=kind, **kw)
            add(f"logistic-{kind}", f"sm.Logit(t, A).fit(cov_type='{kind}')", ["binary", "groups"], fit, np.arange(4),
                {"bic": fit.bic, "mcFadden": fit.prsquared, "nullLogLikelihood": fit.llnull, "fitIntercept": True})  # fmt: skip
            multi = sm.MNLogit(classes, A).fit(method="newton", tol=1e-13, maxiter=100, disp=0, cov_type=kind, **kw)
            add(f"multinomial-{kind}", f"sm.MNLogit(classes, A).fit(cov_type='{kind}')", ["classes", "groups"], multi, np.arange(8),
                {"bic": multi.bic, "mcFadden": multi.prsquared, "nullLogLikelihood": multi.llnull, "fitIntercept": True})  # fmt: skip
    return g
