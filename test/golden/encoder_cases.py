"""Golden cases of the encoders and of composition. Cells are columns of text, null for what is missing."""

import warnings

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from golden_file import Golden, columns_of, rng, short


def table(*columns):
    X = np.empty((len(columns[0]), len(columns)), dtype=object)
    for j, column in enumerate(columns):
        X[:, j] = column
    return X


def one_hot_expected(X, new, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        est = OneHotEncoder(sparse_output=False, **options).fit(X)
        out = {
            "categories": [list(c) for c in est.categories_],
            "names": list(est.get_feature_names_out()),
            "transformed": columns_of(est.transform(X)),
            "transformedNew": columns_of(est.transform(new)) if new is not None else [],
        }
    out["infrequent"] = [[] if c is None else list(c) for c in est.infrequent_categories_] if "min_frequency" in options or "max_categories" in options else []
    return out


def encoder_cases():
    g = Golden("encoders")
    r = rng(70)
    n = 80
    towns = np.array(["Basel", "Bern", "Chur", "Genf", "Zug"])[r.choice(5, n, p=[0.4, 0.3, 0.17, 0.08, 0.05])].astype(object)
    kinds = np.array(["x", "y"])[r.integers(0, 2, n)].astype(object)
    digits = r.integers(0, 4, n).astype(float)
    X = table(towns, kinds)
    new = table(["Basel", "Lugano", "Zug"], ["x", "y", "z"])
    g.put("text", cells=columns_of(X))
    g.put("new", newCells=columns_of(new))
    g.put("numbers", columns=[digits, np.round(digits / 2)])
    holes = towns.copy()
    holes[[3, 17, 40]] = None
    g.put("holes", cells=[holes, kinds])
    for key, options, fresh in [
        ("default", {}, None),
        ("drop first", {"drop": "first", "handle_unknown": "ignore"}, new),
        ("drop if binary", {"drop": "if_binary"}, None),
        ("ignore", {"handle_unknown": "ignore"}, new),
        ("min frequency", {"min_frequency": 12, "handle_unknown": "infrequent_if_exist"}, new),
        ("min frequency share", {"min_frequency": 0.1, "handle_unknown": "ignore"}, new),
        ("max categories", {"max_categories": 3, "handle_unknown": "infrequent_if_exist"}, new),
        ("max categories and drop", {"max_categories": 3, "drop": "first", "handle_unknown": "infrequent_if_exist"}, new),
    ]:
        g.case(f"one-hot {key}", f"OneHotEncoder({options}).fit(X)", ["text", "new"], one_hot_expected(X, fresh, **options))
    given = [["Zug", "Genf", "Chur", "Bern", "Basel", "Thun"], ["y", "x"]]
    est = OneHotEncoder(categories=given, sparse_output=False).fit(X)
    g.case("one-hot given", "OneHotEncoder(categories=given)", ["text"],
           {"given": given, "names": list(est.get_feature_names_out()), "transformed": columns_of(est.transform(X))})  # fmt: skip
    H = table(holes, kinds)
    est = OneHotEncoder(sparse_output=False).fit(H)
    g.case("one-hot missing", "OneHotEncoder().fit(X)", ["holes"],
           {"categories": [list(c) for c in est.categories_], "transformed": columns_of(est.transform(H))}, "None is the last category.")  # fmt: skip
    N = np.column_stack([digits, np.round(digits / 2)])
    est = OneHotEncoder(sparse_output=False).fit(N)
    g.case("one-hot numbers", "OneHotEncoder().fit(X)", ["numbers"],
           {"categories": [list(c) for c in est.categories_], "transformed": columns_of(est.transform(N))})  # fmt: skip

    # scikit-learn's OrdinalEncoder takes NaN alone for missing; None is a category like others to it.
    H = table(np.where(holes == None, np.nan, holes), kinds)  # noqa: E711
    est = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2).fit(H)
    g.case("ordinal", "OrdinalEncoder(use_encoded_value, -1, encoded_missing_value=-2)", ["holes", "new"],
           {"categories": [[v if isinstance(v, str) else None for v in c] for c in est.categories_],
            "transformed": columns_of(est.transform(H)), "transformedNew": columns_of(est.transform(new))})  # fmt: skip

    y = short(3 * (towns == "Bern") - digits + r.standard_normal(n), 6)
    b = (y > 0).astype(int)
    g.put("continuous", y=y)
    g.put("binary", y=np.array(["no", "yes"])[b])
    for key, target, kind in [("continuous", y, "continuous"), ("binary", b, "binary")]:
        for smooth in ["auto", 0.0, 10.0]:
            est = TargetEncoder(smooth=smooth, target_type=kind).fit(X, target)
            g.case(f"target {key} {smooth}", f"TargetEncoder(smooth={smooth}).fit(X, y)", ["text", "new", key],
                   {"encodings": [list(e) for e in est.encodings_], "targetMean": est.target_mean_,
                    "transformed": columns_of(est.transform(X)), "transformedNew": columns_of(est.transform(new))})  # fmt: skip

    M = np.column_stack([digits, y, np.arange(n) % 7])
    g.put("mixed", columns=columns_of(M))
    ct = ColumnTransformer([("hot", OneHotEncoder(sparse_output=False), [0]), ("scale", StandardScaler(), [1])], remainder="passthrough").fit(M)
    g.case("column transformer", "ColumnTransformer([hot, scale], remainder='passthrough').fit(X)", ["mixed"],
           {"names": list(ct.get_feature_names_out()), "transformed": columns_of(ct.transform(M))})  # fmt: skip
    for key, threshold in [("sparse", 0.3), ("dense", 0.0)]:
        ct = ColumnTransformer([("hot", OneHotEncoder(), [0, 1]), ("scale", StandardScaler(), [2])], sparse_threshold=threshold)
        Z = ct.fit_transform(np.column_stack([np.arange(n) % 11, M[:, 2], M[:, 1]]))
        g.case(f"column transformer {key}", f"sparse_threshold={threshold}", ["mixed"], {"sparse": bool(hasattr(Z, "toarray"))})
    fu = FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]).fit(M)
    g.case("feature union", "FeatureUnion([standard, minmax]).fit(X)", ["mixed"], {"names": list(fu.get_feature_names_out()), "transformed": columns_of(fu.transform(M))})
    positive = np.exp(y / 4)
    g.put("positive", positive=short(positive, 8))
    positive = short(positive, 8)
    tt = TransformedTargetRegressor(regressor=LinearRegression(), func=np.log, inverse_func=np.exp).fit(M[:, [0, 2]], positive)
    ts = TransformedTargetRegressor(regressor=LinearRegression(), transformer=StandardScaler()).fit(M[:, [0, 2]], positive)
    g.case("transformed target", "TransformedTargetRegressor(LinearRegression(), func=log / transformer=StandardScaler())", ["mixed", "positive"],
           {"log": tt.predict(M[:, [0, 2]]), "scaled": ts.predict(M[:, [0, 2]]), "score": tt.score(M[:, [0, 2]], positive)})  # fmt: skip
    return g
