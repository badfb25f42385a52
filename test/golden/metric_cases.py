"""Golden cases of the metrics."""

import numpy as np
from sklearn import metrics

from golden_file import Golden, columns_of, rng, short


def metric_cases():
    g = Golden("metrics")
    r = rng(30)
    n = 150
    t = r.integers(0, 2, n)
    s = short(np.clip(0.3 * t + 0.7 * r.random(n), 0, 1), 6)
    ties = np.round(s, 1)
    p = (s > 0.5).astype(int)
    w = short(r.uniform(0, 2, n), 6)
    w[::10] = 0
    m = r.integers(0, 4, n)
    mp = np.where(r.random(n) < 0.7, m, r.integers(0, 4, n))
    words = np.array(["ant", "bee", "cat", "dog"])
    g.put("binary", yTrue=t, yPred=p, yScore=s)
    g.put("ties", yTrue=t, yScore=ties)
    g.put("multiclass", yTrue=m, yPred=mp)
    g.put("words", yTrue=words[m], yPred=words[mp])
    g.put("weights", sampleWeight=w)
    P = short(r.dirichlet(np.ones(4), n) * 0.5 + 0.5 * np.eye(4)[m], 8)
    P = P / P.sum(axis=1, keepdims=True)
    g.put("probabilities", proba=columns_of(P))
    for name, ids, a, b in [("binary", ["binary"], t, p), ("multiclass", ["multiclass"], m, mp), ("words", ["words"], words[m], words[mp])]:
        g.case(f"accuracy {name}", "accuracy_score(y, p)", ids, {"value": metrics.accuracy_score(a, b)})
        g.case(f"accuracy {name} weights", "accuracy_score(y, p, sample_weight=w)", [*ids, "weights"],
               {"value": metrics.accuracy_score(a, b, sample_weight=w)})  # fmt: skip
        g.case(f"accuracy {name} count", "accuracy_score(y, p, normalize=False)", ids,
               {"value": metrics.accuracy_score(a, b, normalize=False)})  # fmt: skip
    g.case("log-loss binary", "log_loss(y, score)", ["binary"], {"value": metrics.log_loss(t, s)},
           "Scores are P(y = 1); exact 0 and 1 are clipped to eps and 1 - eps, eps = 2**-52.")  # fmt: skip
    g.case("log-loss binary weights", "log_loss(y, score, sample_weight=w)", ["binary", "weights"],
           {"value": metrics.log_loss(t, s, sample_weight=w)})  # fmt: skip
    g.case("log-loss binary sum", "log_loss(y, score, normalize=False)", ["binary"],
           {"value": metrics.log_loss(t, s, normalize=False)})  # fmt: skip
    g.put("certain", yTrue=[0, 1, 1, 0], yScore=[0, 1, 0, 0.25])
    g.case("log-loss clipped", "log_loss(y, score)", ["certain"], {"value": metrics.log_loss([0, 1, 1, 0], [0, 1, 0, 0.25])},
           "The third row is certain and wrong: -log(2**-52).")  # fmt: skip
    g.case("log-loss multiclass", "log_loss(y, P)", ["multiclass", "probabilities"], {"value": metrics.log_loss(m, P)})
    g.case("log-loss multiclass weights", "log_loss(y, P, sample_weight=w)", ["multiclass", "probabilities", "weights"],
           {"value": metrics.log_loss(m, P, sample_weight=w)})  # fmt: skip
    g.case("log-loss words", "log_loss(y, P)", ["words", "probabilities"], {"value": metrics.log_loss(words[m], P)},
           "Columns of P in sorted label order.")  # fmt: skip
    for name, ids, sc in [("binary", ["binary"], s), ("ties", ["ties"], ties)]:
        g.case(f"roc-auc {name}", "roc_auc_score(y, score)", ids, {"value": metrics.roc_auc_score(t, sc)})
        g.case(f"roc-auc {name} weights", "roc_auc_score(y, score, sample_weight=w)", [*ids, "weights"],
               {"value": metrics.roc_auc_score(t, sc, sample_weight=w)})  # fmt: skip
        for weighted in [False, True]:
            fpr, tpr, th = metrics.roc_curve(t, sc, sample_weight=w if weighted else None, drop_intermediate=False)
            g.case(f"roc-curve {name}{' weights' if weighted else ''}", "roc_curve(y, score, drop_intermediate=False)",
                   [*ids, "weights"] if weighted else ids,
                   {"falsePositiveRate": fpr, "truePositiveRate": tpr, "thresholds": th})  # fmt: skip
    for key, scores in {"perfect": [0.1, 0.2, 0.8, 0.9], "reversed": [0.9, 0.8, 0.2, 0.1], "all-tied": [0.5] * 4}.items():
        g.put(key, yTrue=[0, 0, 1, 1], yScore=scores)
        g.case(f"roc-auc {key}", "roc_auc_score(y, score)", [key], {"value": metrics.roc_auc_score([0, 0, 1, 1], scores)})
    for name, ids, a, b in [("binary", ["binary"], t, p), ("multiclass", ["multiclass"], m, mp), ("words", ["words"], words[m], words[mp])]:
        for norm in [None, "true", "pred", "all"]:
            g.case(f"confusion {name} normalize={norm or 'none'}", f"confusion_matrix(y, p, normalize={norm!r})", ids,
                   {"matrix": metrics.confusion_matrix(a, b, normalize=norm), "labels": np.unique(a)},
                   "Rows are true labels, columns predicted.")  # fmt: skip
        g.case(f"confusion {name} weights", "confusion_matrix(y, p, sample_weight=w)", [*ids, "weights"],
               {"matrix": metrics.confusion_matrix(a, b, sample_weight=w), "labels": np.unique(a)})  # fmt: skip
    for key, labels in {"subset": [2, 0], "with absent label": [0, 1, 2, 3, 9]}.items():
        for norm in [None, "true"]:
            g.case(f"confusion labels {key} normalize={norm or 'none'}", f"confusion_matrix(y, p, labels={labels}, normalize={norm!r})",
                   ["multiclass"], {"matrix": metrics.confusion_matrix(m, mp, labels=labels, normalize=norm), "labels": labels},
                   "Rows with another true or predicted label are left out; an empty row normalises to zeros.")  # fmt: skip
    yt = short(r.standard_normal(n) * 3 + 100, 8)
    yp = short(yt + r.standard_normal(n), 8)
    g.put("regression", yTrue=yt, yPred=yp)
    far = short(yt + 1e8, 12)
    g.put("far", yTrue=far, yPred=short(far + (yp - yt), 12))
    g.put("constant", yTrue=[0.5] * 4, yPred=[0.5, 0.75, 0.5, 0.25])
    g.put("constantPerfect", yTrue=[0.5] * 4, yPred=[0.5] * 4)
    score = {"r2": metrics.r2_score, "mean-squared-error": metrics.mean_squared_error, "mean-absolute-error": metrics.mean_absolute_error}
    for key in ["regression", "far", "constant", "constantPerfect"]:
        a, b = np.array(g.inputs[key]["yTrue"], dtype=float), np.array(g.inputs[key]["yPred"], dtype=float)
        for name, f in score.items():
            note = "Constant target: 1 when perfect, else 0." if key.startswith("constant") and name == "r2" else ""
            g.case(f"{name} {key}", f"{f.__name__}(y, p)", [key], {"value": f(a, b)}, note)
            if len(a) == n:
                g.case(f"{name} {key} weights", f"{f.__name__}(y, p, sample_weight=w)", [key, "weights"],
                       {"value": f(a, b, sample_weight=w)})  # fmt: skip
    return g
