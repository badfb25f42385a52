"""Golden cases of isotonic regression. Second oracle: the min-max formula, in the test."""

import numpy as np
from sklearn.isotonic import IsotonicRegression

from golden_file import Golden, rng, short


def isotonic():
    g = Golden("isotonic")
    r = rng(71)
    n = 120
    # Ties in x, and weights of which some are 0.
    x = short(np.round(r.normal(size=n) * 3, 1), 6)
    y = short(np.sin(x / 3) * 2 + r.normal(size=n), 6)
    w = short(r.uniform(0.1, 2, n) * (r.uniform(size=n) > 0.1), 6)
    new = short(np.linspace(-12, 12, 25), 6)
    g.put("rows", columns=[x], y=y)
    g.put("falling", columns=[x], y=-y)
    g.put("weights", sampleWeight=w)
    g.put("new", columnsNew=[new])

    def case(key, ids, params, y, sw=None):
        model = IsotonicRegression(**params).fit(x, y, sample_weight=sw)
        g.case(key, repr(model), [*ids, "new"], {
            "x": model.X_thresholds_, "y": model.y_thresholds_, "increasing": bool(model.increasing_), "predicted": model.predict(new),
        })  # fmt: skip

    case("increasing", ["rows"], {}, y)
    case("clip", ["rows"], {"out_of_bounds": "clip"}, y)
    case("weights", ["rows", "weights"], {"out_of_bounds": "clip"}, y, w)
    case("decreasing", ["rows"], {"increasing": False, "out_of_bounds": "clip"}, y)
    case("bounds", ["rows", "weights"], {"y_min": -0.5, "y_max": 1.0, "out_of_bounds": "clip"}, y, w)
    case("auto", ["rows"], {"increasing": "auto"}, y)
    case("auto falling", ["falling", "weights"], {"increasing": "auto", "out_of_bounds": "clip"}, -y, w)
    return g
