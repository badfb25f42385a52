"""Golden cases of metrics that compare clusterings, rank labels, and judge decisions."""

import numpy as np
from sklearn import metrics

from golden_file import Golden, columns_of, rng, short


def label_metric_cases():
    g = Golden("label-metrics")
    r = rng(32)
    n = 120
    w = short(r.uniform(0.1, 2, n), 6)
    g.put("weights", sampleWeight=w)
    t = r.integers(0, 4, n)
    p = np.where(r.random(n) < 0.6, (t + 1) % 4, r.integers(0, 6, n))
    words = np.array(["ant", "bee", "cat", "dog"])
    sides = {
        "clusters": (t, p),
        "same": (t, (t * 7) % 5),
        "one": (np.zeros(n, dtype=int), p),
        "single": (np.zeros(n, dtype=int), np.ones(n, dtype=int)),
        "own": (np.arange(n), p),
        "random": (r.integers(0, 10, n), r.integers(0, 10, n)),
        "words": (words[t], words[(t * 3 + 1) % 4]),
    }
    of = metrics.cluster if hasattr(metrics, "cluster") else metrics
    for key, (a, b) in sides.items():
        g.put(key, yTrue=a, yPred=b)
        value = {
            "rand": metrics.rand_score(a, b), "adjustedRand": metrics.adjusted_rand_score(a, b),
            "mutualInfo": metrics.mutual_info_score(a, b), "fowlkesMallows": metrics.fowlkes_mallows_score(a, b),
            "homogeneity": metrics.homogeneity_score(a, b), "completeness": metrics.completeness_score(a, b),
            "vMeasure": metrics.v_measure_score(a, b), "vMeasure0.3": metrics.v_measure_score(a, b, beta=0.3),
            "pairs": of.pair_confusion_matrix(a, b), "contingency": of.contingency_matrix(a, b),
        }  # fmt: skip
        for kind in ["min", "geometric", "arithmetic", "max"]:
            value[f"normalized {kind}"] = metrics.normalized_mutual_info_score(a, b, average_method=kind)
            value[f"adjusted {kind}"] = metrics.adjusted_mutual_info_score(a, b, average_method=kind)
        g.case(f"clusterings {key}", "sklearn.metrics.cluster", [key], value)

    def both(name, call, ids, f):
        g.case(name, call, ids, {"value": f(None)})
        g.case(f"{name} weights", f"{call}, sample_weight", [*ids, "weights"], {"value": f(w)})

    k = 5
    marks = (r.random((n, k)) < 0.4).astype(int)
    marks[0], marks[1] = 0, 1
    guess = np.where(r.random((n, k)) < 0.75, marks, 1 - marks)
    score = np.round(marks + r.normal(size=(n, k)), 1)
    gain = r.integers(0, 5, (n, k))
    gain[2] = 0
    g.put("marks", truth=columns_of(marks), scores=columns_of(score), guess=columns_of(guess))
    g.put("gains", truth=columns_of(gain), scores=columns_of(score))
    both("coverage", "coverage_error", ["marks"], lambda sw: metrics.coverage_error(marks, score, sample_weight=sw))
    both("ranking-loss", "label_ranking_loss", ["marks"], lambda sw: metrics.label_ranking_loss(marks, score, sample_weight=sw))
    both("ranking-precision", "label_ranking_average_precision_score", ["marks"],
         lambda sw: metrics.label_ranking_average_precision_score(marks, score, sample_weight=sw))  # fmt: skip
    for cut in [None, 2]:
        both(f"dcg {cut}", f"dcg_score(k={cut})", ["gains"], lambda sw, c=cut: metrics.dcg_score(gain, score, k=c, sample_weight=sw))
        both(f"ndcg {cut}", f"ndcg_score(k={cut})", ["gains"], lambda sw, c=cut: metrics.ndcg_score(gain, score, k=c, sample_weight=sw))
    both("dcg e", "dcg_score(log_base=e)", ["gains"], lambda sw: metrics.dcg_score(gain, score, log_base=np.e, sample_weight=sw))
    both("hamming labels", "hamming_loss", ["marks"], lambda sw: metrics.hamming_loss(marks, guess, sample_weight=sw))
    both("zero-one labels", "zero_one_loss", ["marks"], lambda sw: metrics.zero_one_loss(marks, guess, sample_weight=sw))
    both("confusion labels", "multilabel_confusion_matrix", ["marks"], lambda sw: metrics.multilabel_confusion_matrix(marks, guess, sample_weight=sw))
    both("hamming classes", "hamming_loss", ["clusters"], lambda sw: metrics.hamming_loss(t, p, sample_weight=sw))
    both("zero-one classes", "zero_one_loss", ["clusters"], lambda sw: metrics.zero_one_loss(t, p, sample_weight=sw))
    both("zero-one count", "zero_one_loss(normalize=False)", ["clusters"], lambda sw: metrics.zero_one_loss(t, p, sample_weight=sw, normalize=False))
    both("confusion classes", "multilabel_confusion_matrix", ["clusters"], lambda sw: metrics.multilabel_confusion_matrix(t, p, sample_weight=sw))
    both("confusion subset", "multilabel_confusion_matrix(labels=[3, 1])", ["clusters"],
         lambda sw: metrics.multilabel_confusion_matrix(t, p, sample_weight=sw, labels=[3, 1]))  # fmt: skip
    two = r.integers(0, 2, n)
    margin = np.round(2 * two - 1 + 1.5 * r.normal(size=n), 1)
    g.put("two", yTrue=two, yScore=margin, yPred=(margin > 0.3).astype(int))
    multi = np.round(r.normal(size=(n, 4)) + np.eye(4)[t], 2)
    g.put("margins", yTrue=t, scores=columns_of(multi))
    both("hinge binary", "hinge_loss", ["two"], lambda sw: metrics.hinge_loss(two, margin, sample_weight=sw))
    both("hinge classes", "hinge_loss", ["margins"], lambda sw: metrics.hinge_loss(t, multi, sample_weight=sw))
    both("likelihood", "class_likelihood_ratios", ["two"],
         lambda sw: metrics.class_likelihood_ratios(two, (margin > 0.3).astype(int), sample_weight=sw))  # fmt: skip
    for drop in [False, True]:
        both(f"det drop={drop}", f"det_curve(drop_intermediate={drop})", ["two"],
             lambda sw, d=drop: metrics.det_curve(two, margin, drop_intermediate=d, sample_weight=sw))  # fmt: skip
    fpr, tpr, _ = metrics.roc_curve(two, margin)
    g.case("auc", "auc(fpr, tpr)", ["two"], {"x": fpr, "y": tpr, "value": metrics.auc(fpr, tpr), "reversed": metrics.auc(fpr[::-1], tpr[::-1])})
    centers = np.array([[0, 0, 1e3], [3, 1, 1e3], [-2, 4, 1e3]])
    which = r.integers(0, 3, 60)
    rows = short(centers[which] + r.normal(size=(60, 3)), 9)
    which[7] = 3
    g.put("shapes", rows=rows, yTrue=which)
    g.case("shapes", "silhouette_samples, ...", ["shapes"],
           {"silhouettes": metrics.silhouette_samples(rows, which), "silhouette": metrics.silhouette_score(rows, which),
            "calinski": metrics.calinski_harabasz_score(rows, which), "davies": metrics.davies_bouldin_score(rows, which)},
           "The fourth cluster has one row.")  # fmt: skip
    A, B = short(r.normal(size=(9, 3)), 6), short(r.normal(size=(4, 3)), 6)
    B[1], B[2] = A[0], 0
    places = np.abs(A[:, :2]) * [0.5, 1]
    g.put("pairs", left=A, right=B, places=places)
    of = {name: metrics.pairwise_distances(A, B, metric=name) for name in ["sqeuclidean", "manhattan", "chebyshev", "cosine"]}
    of["euclidean"] = np.sqrt(((A[:, None] - B[None]) ** 2).sum(axis=2))
    of["haversine"] = metrics.pairwise_distances(places, places[:4], metric="haversine")
    g.case("distances", "pairwise_distances", ["pairs"], of)
    P, Q = np.abs(A), np.abs(B)
    kernels = {name: metrics.pairwise_kernels(P, Q, metric=own) for name, own in [
        ("linear", "linear"), ("polynomial", "poly"), ("rbf", "rbf"), ("sigmoid", "sigmoid"), ("laplacian", "laplacian"),
        ("chi2", "chi2"), ("additiveChi2", "additive_chi2"), ("cosine", "cosine")]}  # fmt: skip
    kernels["polynomial own"] = metrics.pairwise_kernels(P, Q, metric="poly", gamma=0.3, coef0=2, degree=2)
    g.case("kernels", "pairwise_kernels(abs(left), abs(right))", ["pairs"], kernels)
    nearest, least = metrics.pairwise_distances_argmin_min(A, B)
    g.case("nearest", "pairwise_distances_argmin_min", ["pairs"], {"indices": nearest, "distances": least})
    return g
