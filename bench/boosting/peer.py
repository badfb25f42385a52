"""The peers of the boosting suite: LightGBM, with gradients as they are and quantised, XGBoost hist and scikit-learn."""

import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from peer_server import serve

TREES = 100
RATE = 0.1


def read(data, prefix, rows):
    X = np.fromfile(f"{data['directory']}/{prefix}X.f64", dtype="<f8").reshape(data["columns"], rows)
    # Rows together is what each of these is quickest with.
    return np.ascontiguousarray(X.T), np.fromfile(f"{data['directory']}/{prefix}y.f64", dtype="<f8")


class Peer:
    def __init__(self, leaves):
        self.leaves = leaves

    def setup(self, data):
        self.X, self.y = read(data, "", data["rows"])
        self.others = read(data, "other-", data["rows"] // 10)
        self.categories = data.get("categories", [])

    def run(self):
        return self.train()

    def values(self, model):
        from sklearn.metrics import roc_auc_score

        X, y = self.others
        return {"areaAbove": 1 - roc_auc_score(y, self.margins(model, X))}


class LightGbm(Peer):
    quantised = False

    def train(self):
        import lightgbm

        params = {
            "objective": "binary",
            "num_leaves": self.leaves,
            "learning_rate": RATE,
            "max_bin": 255,
            "min_data_in_leaf": 20,
            "num_threads": os.cpu_count(),
            "use_quantized_grad": self.quantised,
            "verbose": -1,
        }
        return lightgbm.train(params, lightgbm.Dataset(self.X, self.y, categorical_feature=self.categories), TREES)

    def margins(self, model, X):
        return model.predict(X, raw_score=True)

    def contributions(self, model, X):
        return model.predict(X, pred_contrib=True)


class LightGbmQuantised(LightGbm):
    quantised = True


class XgBoost(Peer):
    def train(self):
        import xgboost

        params = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "grow_policy": "lossguide",
            "max_leaves": self.leaves,
            "max_depth": 0,
            "eta": RATE,
            "max_bin": 255,
            "nthread": os.cpu_count(),
        }
        types = ["c" if j in self.categories else "q" for j in range(self.X.shape[1])]
        rows = xgboost.QuantileDMatrix(self.X, self.y, max_bin=255, feature_types=types, enable_categorical=True)
        return xgboost.train(params, rows, TREES)

    def matrix(self, X):
        import xgboost

        types = ["c" if j in self.categories else "q" for j in range(X.shape[1])]
        return xgboost.DMatrix(X, feature_types=types, enable_categorical=True)

    def margins(self, model, X):
        # In-place prediction does not take categories.
        if self.categories:
            return model.predict(self.matrix(X), output_margin=True)
        return model.inplace_predict(X, predict_type="margin")

    def contributions(self, model, X):
        return model.predict(self.matrix(X), pred_contribs=True)


class ScikitLearn(Peer):
    def train(self):
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=TREES, max_leaf_nodes=self.leaves, learning_rate=RATE, early_stopping=False
        ).fit(self.X, self.y)

    def margins(self, model, X):
        return model.decision_function(X)


def predicting(kind):
    """The margins of all rows by a model that setup has trained."""

    class Predict(kind):
        def setup(self, data):
            super().setup(data)
            self.model = self.train()

        def run(self):
            return self.margins(self.model, self.X)

        def values(self, result):
            return super().values(self.model)

    return Predict


def explaining(kind):
    """SHAP values of the first 10,000 rows of the other set by a model that setup has trained."""

    class Explain(kind):
        def setup(self, data):
            super().setup(data)
            self.model = self.train()
            self.some = self.others[0][:10_000]

        def run(self):
            return self.contributions(self.model, self.some)

        def values(self, result):
            off = abs(result.sum(axis=1) - self.margins(self.model, self.some)).max()
            # Rows sum to their margins: to the rounding of float32 with XGBoost.
            return {**super().values(self.model), "sums": float(off > 1e-3)}

    return Explain


TRAINERS = {"LightGBM": LightGbm, "LightGBM quantised": LightGbmQuantised, "XGBoost hist": XgBoost}
WORKS = {
    **{
        f"train-{leaves}/{name}": (lambda kind=kind, leaves=leaves: kind(leaves))
        for leaves in [31, 255]
        for name, kind in TRAINERS.items()
    },
    **{f"flights/{name}": (lambda kind=kind: kind(31)) for name, kind in TRAINERS.items()},
    **{
        f"shap/{name}": (lambda kind=kind: explaining(kind)(31))
        for name, kind in {"LightGBM": LightGbm, "XGBoost hist": XgBoost}.items()
    },
    **{
        f"predict/{name}": (lambda kind=kind: predicting(kind)(31))
        for name, kind in {"LightGBM": LightGbm, "XGBoost hist": XgBoost, "scikit-learn": ScikitLearn}.items()
    },
}

if __name__ == "__main__":
    serve(WORKS, ["lightgbm", "xgboost", "scikit-learn", "numpy"])
