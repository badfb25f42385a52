"""Golden cases of naive Bayes classifiers."""

import numpy as np
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB

from golden_file import Golden, columns_of, rng, short


def naive_bayes():
    g = Golden("naive-bayes")
    r = rng(41)
    n = 90
    y = r.integers(0, 3, n)
    X = short(r.normal(size=(n, 4)) * [1, 2, 0.5, 3] + y[:, None] * [0.5, -1, 0.2, 1] + [0, 0, 1e4, 0], 10)
    counts = r.poisson(1 + y[:, None] * [0.5, 0, 2, 1])
    w = short(r.uniform(0.1, 2, n), 6)
    new = [0, 17, 44, 60]
    g.put("normal", columns=columns_of(X), y=y)
    g.put("counts", columns=columns_of(counts), y=y)
    g.put("weights", sampleWeight=w)

    def case(key, ids, model, data, sw=None):
        model.fit(data, y, sample_weight=sw)
        expected = {"proba": model.predict_proba(data[new]), "joint": model.predict_joint_log_proba(data[new]), "labels": model.predict(data)}
        g.case(key, repr(model), ids, expected, "Probabilities of rows 0, 17, 44 and 60.")

    case("gaussian", ["normal"], GaussianNB(), X)
    case("gaussian smooth", ["normal"], GaussianNB(var_smoothing=1e-2), X)
    case("gaussian priors", ["normal"], GaussianNB(priors=[0.5, 0.25, 0.25]), X)
    case("gaussian weights", ["normal", "weights"], GaussianNB(var_smoothing=0), X, w)
    for name, Class in [("multinomial", MultinomialNB), ("bernoulli", BernoulliNB)]:
        case(name, ["counts"], Class(), counts)
        case(f"{name} weights", ["counts", "weights"], Class(alpha=0.3), counts, w)
        case(f"{name} equal", ["counts"], Class(fit_prior=False), counts)
        case(f"{name} priors", ["counts"], Class(class_prior=[0.5, 0.25, 0.25]), counts)
    # Codes with columns of other sizes, and a code that few rows have.
    codes = np.column_stack([counts[:, 0] % 3, counts[:, 1] % 5, np.minimum(counts[:, 2], 6), r.integers(0, 2, n)])
    g.put("codes", columns=columns_of(codes), y=y)
    case("categorical", ["codes"], CategoricalNB(), codes)
    case("categorical weights", ["codes", "weights"], CategoricalNB(alpha=0.3), codes, w)
    case("categorical equal", ["codes"], CategoricalNB(fit_prior=False), codes)
    case("categorical priors", ["codes"], CategoricalNB(class_prior=[0.5, 0.25, 0.25]), codes)
    case("categorical room", ["codes"], CategoricalNB(min_categories=9), codes)
    case("bernoulli threshold", ["counts"], BernoulliNB(binarize=1), counts)
    return g
