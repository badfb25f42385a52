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


def more_metric_cases():
    """Metrics from class sums, curves, column losses, deviances and spreads; each with and without weights."""
    g = Golden("more-metrics")
    r = rng(31)
    n = 120
    t = r.integers(0, 2, n)
    s = np.round(short(np.clip(0.3 * t + 0.7 * r.random(n), 0, 1), 6), 2)
    p = (s > 0.55).astype(int)
    w = short(r.uniform(0.1, 2, n), 6)
    m = r.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    mp = np.where(r.random(n) < 0.6, m, r.integers(0, 3, n))
    words = np.array(["ant", "bee", "cat", "dog"])
    P = short(r.dirichlet(np.ones(4), n) * 0.6 + 0.4 * np.eye(4)[m], 8)
    P = P / P.sum(axis=1, keepdims=True)
    S = np.round(r.normal(size=(n, 4)) + np.eye(4)[m], 1)
    g.put("binary", yTrue=t, yPred=p, yScore=s)
    g.put("multiclass", yTrue=m, yPred=mp)
    g.put("words", yTrue=words[m], yPred=words[mp])
    g.put("weights", sampleWeight=w)
    g.put("probabilities", proba=columns_of(P))
    g.put("scores", scores=columns_of(S))

    def both(name, call, ids, f):
        g.case(name, call, ids, {"value": f(None)})
        g.case(f"{name} weights", call, [*ids, "weights"], {"value": f(w)})

    prf = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score, "jaccard": metrics.jaccard_score,
           "fbeta": lambda *a, **k: metrics.fbeta_score(*a, beta=0.5, **k)}  # fmt: skip
    for name, f in prf.items():
        both(f"{name} binary", name, ["binary"], lambda sw, f=f: f(t, p, sample_weight=sw))
        both(f"{name} negative", f"{name}(pos_label=0)", ["binary"], lambda sw, f=f: f(t, p, pos_label=0, sample_weight=sw))
        for average in ["micro", "macro", "weighted", None]:
            both(f"{name} {average}", f"{name}(average={average!r})", ["multiclass"],
                 lambda sw, f=f, a=average: f(m, mp, average=a, sample_weight=sw, zero_division=0))  # fmt: skip
            both(f"{name} {average} labels", f"{name}(average={average!r}, labels=[3, 1])", ["multiclass"],
                 lambda sw, f=f, a=average: f(m, mp, average=a, labels=[3, 1], sample_weight=sw, zero_division=0))  # fmt: skip
    for average in ["macro", None]:
        for weighted in [False, True]:
            found = metrics.precision_recall_fscore_support(
                m, mp, beta=0.5, average=average, labels=[3, 1, 2], sample_weight=w if weighted else None, zero_division=0)
            g.case(f"all {average}{' weights' if weighted else ''}", f"precision_recall_fscore_support(beta=0.5, average={average!r}, labels=[3, 1, 2])",
                   ["multiclass", *(["weights"] if weighted else [])], dict(zip(["precision", "recall", "fscore", "support"], found)))  # fmt: skip
    both("precision nan", "precision(average='macro', zero_division=nan)", ["multiclass"],
         lambda sw: metrics.precision_score(m, mp, average="macro", sample_weight=sw, zero_division=np.nan))  # fmt: skip
    for ids, a, b in [("binary", t, p), ("multiclass", m, mp)]:
        both(f"balanced {ids}", "balanced_accuracy_score", [ids], lambda sw, a=a, b=b: metrics.balanced_accuracy_score(a, b, sample_weight=sw))
        both(f"balanced adjusted {ids}", "balanced_accuracy_score(adjusted=True)", [ids],
             lambda sw, a=a, b=b: metrics.balanced_accuracy_score(a, b, adjusted=True, sample_weight=sw))  # fmt: skip
        both(f"matthews {ids}", "matthews_corrcoef", [ids], lambda sw, a=a, b=b: metrics.matthews_corrcoef(a, b, sample_weight=sw))
        for kind in [None, "linear", "quadratic"]:
            both(f"kappa {ids} {kind}", f"cohen_kappa_score(weights={kind!r})", [ids],
                 lambda sw, a=a, b=b, k=kind: metrics.cohen_kappa_score(a, b, weights=k, sample_weight=sw))  # fmt: skip
    for ids, a, b in [("binary", t, p), ("words", words[m], words[mp])]:
        g.case(f"report {ids}", "classification_report", [ids],
               {"record": metrics.classification_report(a, b, output_dict=True, zero_division=0),
                "text": metrics.classification_report(a, b, zero_division=0)})  # fmt: skip
    g.case("report subset", "classification_report(labels=[2, 0], digits=3)", ["multiclass"],
           {"text": metrics.classification_report(m, mp, labels=[2, 0], digits=3, zero_division=0)})  # fmt: skip
    both("brier binary", "brier_score_loss", ["binary"], lambda sw: metrics.brier_score_loss(t, s, sample_weight=sw))
    both("brier whole", "brier_score_loss(scale_by_half=False)", ["binary"],
         lambda sw: metrics.brier_score_loss(t, s, scale_by_half=False, sample_weight=sw))  # fmt: skip
    both("brier multiclass", "brier_score_loss", ["multiclass", "probabilities"], lambda sw: metrics.brier_score_loss(m, P, sample_weight=sw))
    for k in [1, 2, 3]:
        both(f"top-k {k}", f"top_k_accuracy_score(k={k})", ["multiclass", "scores"],
             lambda sw, k=k: metrics.top_k_accuracy_score(m, S, k=k, sample_weight=sw))  # fmt: skip
    both("average-precision", "average_precision_score", ["binary"], lambda sw: metrics.average_precision_score(t, s, sample_weight=sw))
    for drop in [False, True]:
        for weighted in [False, True]:
            precision, recall, thresholds = metrics.precision_recall_curve(t, s, sample_weight=w if weighted else None, drop_intermediate=drop)
            g.case(f"pr-curve drop={drop}{' weights' if weighted else ''}", f"precision_recall_curve(drop_intermediate={drop})",
                   ["binary", "weights"] if weighted else ["binary"],
                   {"precision": precision, "recall": recall, "thresholds": thresholds})  # fmt: skip
    for kind in ["ovr", "ovo"]:
        for average in ["macro", "weighted"]:
            g.case(f"roc-auc {kind} {average}", f"roc_auc_score(multi_class={kind!r}, average={average!r})", ["multiclass", "probabilities"],
                   {"value": metrics.roc_auc_score(m, P, multi_class=kind, average=average)})  # fmt: skip
    g.case("roc-auc ovr macro weights", "roc_auc_score(multi_class='ovr')", ["multiclass", "probabilities", "weights"],
           {"value": metrics.roc_auc_score(m, P, multi_class="ovr", sample_weight=w)})  # fmt: skip

    yt = short(np.exp(r.normal(size=n)), 8)
    yp = short(yt * np.exp(0.3 * r.normal(size=n)), 8)
    counts = r.poisson(2, n)
    g.put("positive", yTrue=yt, yPred=yp)
    g.put("counts", yTrue=counts, yPred=yp)
    regression = {
        "mape": metrics.mean_absolute_percentage_error, "msle": metrics.mean_squared_log_error, "rmsle": metrics.root_mean_squared_log_error,
        "medae": metrics.median_absolute_error, "explained-variance": metrics.explained_variance_score,
        "pinball 0.5": metrics.mean_pinball_loss, "pinball 0.1": lambda a, b, **k: metrics.mean_pinball_loss(a, b, alpha=0.1, **k),
    }  # fmt: skip
    for name, f in regression.items():
        both(name, name, ["positive"], lambda sw, f=f: f(yt, yp, sample_weight=sw))
    g.case("max-error", "max_error", ["positive"], {"value": metrics.max_error(yt, yp)})
    for power in [-1, 0, 1, 1.5, 2, 3]:
        both(f"tweedie {power}", f"mean_tweedie_deviance(power={power})", ["positive"],
             lambda sw, q=power: metrics.mean_tweedie_deviance(yt, yp, power=q, sample_weight=sw))  # fmt: skip
        both(f"d2-tweedie {power}", f"d2_tweedie_score(power={power})", ["positive"],
             lambda sw, q=power: metrics.d2_tweedie_score(yt, yp, power=q, sample_weight=sw))  # fmt: skip
    both("d2-absolute", "d2_absolute_error_score", ["positive"], lambda sw: metrics.d2_absolute_error_score(yt, yp, sample_weight=sw))
    both("d2-absolute counts", "d2_absolute_error_score", ["counts"], lambda sw: metrics.d2_absolute_error_score(counts, yp, sample_weight=sw))
    both("d2-log-loss", "d2_log_loss_score", ["multiclass", "probabilities"], lambda sw: metrics.d2_log_loss_score(m, P, sample_weight=sw))
    both("poisson counts", "mean_poisson_deviance", ["counts"], lambda sw: metrics.mean_poisson_deviance(counts, yp, sample_weight=sw))
    both("d2-tweedie counts", "d2_tweedie_score(power=1)", ["counts"], lambda sw: metrics.d2_tweedie_score(counts, yp, power=1, sample_weight=sw))
    return g
