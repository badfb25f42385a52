"""Models that XGBoost and LightGBM wrote, what they predict, and how they explain it: test/golden/foreign/.

Run from the repository: .venv/bin/python test/golden/foreign_models.py (xgboost 3.2.0, lightgbm 4.7.0).
"""

import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
import xgboost as xgb

from golden_file import plain

OUT = Path(__file__).resolve().parent / "foreign"
rng = np.random.default_rng(20240607)
N, TEST = 600, 14


def data(n):
    """Two normal columns, one of small whole numbers with zeros, one with missing values, categories, counts."""
    X = np.column_stack([
        rng.normal(size=n), rng.normal(size=n) * 100, rng.integers(-2, 3, n).astype(float), rng.normal(size=n),
        rng.integers(0, 40, n).astype(float), rng.poisson(3, n).astype(float),
    ])  # fmt: skip
    X[rng.random(n) < 0.25, 3] = np.nan
    return X


def signal(X):
    return (X[:, 0] * (X[:, 2] + 0.3) + np.where(np.isnan(X[:, 3]), 1.2, X[:, 3]) + np.sin(X[:, 4] * 1.7) * 1.5
            + X[:, 1] / 100 * (X[:, 5] > 2))  # fmt: skip


X = data(N)
f = signal(X)
XT = data(TEST)
XT = np.vstack([XT, XT[:4]])
XT[-4, :] = np.nan
XT[-3, 4] = 77  # a category that was not seen
XT[-2, 4] = -1
XT[-1, 4] = np.nan
targets = {
    "regression": f + rng.normal(size=N) * 0.3,
    "binary": (f > 0.5).astype(int),
    "multiclass": np.digitize(f, [-0.5, 1.2]),
    "poisson": rng.poisson(np.exp(np.clip(f / 3, -2, 2))),
    "positive": np.exp(f / 3) + 0.05,
    "rank": np.clip(np.round(f + 1), 0, 3).astype(int),
}
GROUPS = [20] * (N // 20)
cases = []


def put(name, file, library, objective, expected, margin, contribs=None):
    cases.append({"name": name, "file": file, "library": library, "objective": objective, "prediction": np.asarray(expected, dtype=float),
                  "margin": np.asarray(margin, dtype=float), **({} if contribs is None else {"contributions": np.asarray(contribs, dtype=float)})})  # fmt: skip


def xgboost_model(name, objective, target, ending="json", contribs=False, rounds=5, categorical=False, **params):
    types = ["q"] * 4 + ["c" if categorical else "q"] + ["q"]
    options = {"feature_types": types, "enable_categorical": categorical}
    d = xgb.DMatrix(X, label=targets[target], **options)
    if objective.startswith("rank"):
        d.set_group(GROUPS)
    b = xgb.train({"objective": objective, "max_depth": 4, "seed": 1, "nthread": 1, **params}, d, rounds)
    file = f"xgboost-{name}.{ending}"
    b.save_model(OUT / file)
    t = xgb.DMatrix(XT, **options)
    put(f"XGBoost {name}", file, "XGBoost", objective, b.predict(t), b.predict(t, output_margin=True),
        b.predict(t, pred_contribs=True) if contribs else None)  # fmt: skip


def lightgbm_model(name, objective, target, contribs=False, rounds=5, categorical=False, **params):
    d = lgb.Dataset(X, label=targets[target], categorical_feature=[4] if categorical else [], free_raw_data=False,
                    **({"group": GROUPS} if objective == "lambdarank" else {}))  # fmt: skip
    b = lgb.train({"objective": objective, "num_leaves": 9, "seed": 1, "verbose": -1, "num_threads": 1, "deterministic": True,
                   "force_row_wise": True, "min_data_in_leaf": 5, "min_data_per_group": 5, "cat_smooth": 2, **params}, d, rounds)  # fmt: skip
    file = f"lightgbm-{name}.txt"
    # The parameters of the training are half of the file and say nothing about the trees.
    text = b.model_to_string()
    (OUT / file).write_text(text.split("\nparameters:")[0] + "\n")
    # The raw score of a forest is the sum of its trees here, and their mean in its predictions.
    put(f"LightGBM {name}", file, "LightGBM", objective, b.predict(XT), b.predict(XT, raw_score=params.get("boosting") != "rf"),
        b.predict(XT, pred_contrib=True) if contribs else None)  # fmt: skip


def main():
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    xgboost_model("regression", "reg:squarederror", "regression", contribs=True)
    xgboost_model("binary", "binary:logistic", "binary", ending="ubj", contribs=True)
    xgboost_model("multiclass", "multi:softprob", "multiclass", contribs=True, rounds=2, num_class=3, max_depth=3)
    xgboost_model("categorical", "binary:logistic", "binary", categorical=True, max_cat_to_onehot=1)
    xgboost_model("one-hot", "reg:squarederror", "regression", ending="ubj", categorical=True, max_cat_to_onehot=100)
    xgboost_model("dart", "reg:squarederror", "regression", booster="dart", rate_drop=0.5, max_depth=3)
    xgboost_model("poisson", "count:poisson", "poisson", max_depth=3)
    xgboost_model("gamma", "reg:gamma", "positive", ending="ubj", max_depth=3)
    xgboost_model("ranking", "rank:ndcg", "rank", max_depth=3)
    xgboost_model("forest", "multi:softprob", "multiclass", ending="ubj", rounds=1, num_class=3, num_parallel_tree=3, max_depth=3, subsample=0.7)
    xgboost_model("raw", "binary:logitraw", "binary", max_depth=2)
    lightgbm_model("regression", "regression", "regression", contribs=True)
    lightgbm_model("binary", "binary", "binary", contribs=True)
    lightgbm_model("multiclass", "multiclass", "multiclass", contribs=True, rounds=2, num_class=3)
    lightgbm_model("one-vs-all", "multiclassova", "multiclass", rounds=2, num_class=3)
    lightgbm_model("categorical", "regression", "regression", categorical=True, max_cat_to_onehot=2)
    lightgbm_model("zero-missing", "regression", "regression", zero_as_missing=True)
    lightgbm_model("no-missing", "regression", "regression", use_missing=False)
    lightgbm_model("dart", "binary", "binary", boosting="dart", drop_rate=0.5, skip_drop=0)
    lightgbm_model("forest", "regression", "regression", boosting="rf", bagging_freq=1, bagging_fraction=0.6)
    lightgbm_model("poisson", "poisson", "poisson")
    lightgbm_model("tweedie", "tweedie", "positive")
    lightgbm_model("sqrt", "regression", "regression", reg_sqrt=True)
    lightgbm_model("ranking", "lambdarank", "rank")
    (OUT / "expected.json").write_text(json.dumps(plain({
        "versions": {"xgboost": xgb.__version__, "lightgbm": lgb.__version__}, "X": XT,
        "cases": [{k: np.round(v, 9) if isinstance(v, np.ndarray) else v for k, v in case.items()} for case in cases],
    }), separators=(",", ":")) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
