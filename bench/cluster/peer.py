"""The peers of the cluster suite: Dask-ML, and LightGBM and XGBoost in their Dask modes, on two worker processes of one
thread each; and partwise's own local engine on two threads, in a Node process behind a pipe."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from peer_server import serve

ROOT = Path(__file__).resolve().parents[2]
TREES, LEAVES, RATE, BINS = 100, 31, 0.1, 255


def log_loss(label, probability):
    p = np.clip(probability, 1e-15, 1 - 1e-15)
    return float(-np.mean(label * np.log(p) + (1 - label) * np.log1p(-p)))


def read_part(path, columns):
    import pandas as pd

    return pd.read_parquet(path, columns=columns).to_numpy()


class OnDask:
    """A cluster of processes, and the partitions in its memory as arrays."""

    def setup(self, data):
        import dask
        import dask.array as da
        from distributed import Client, LocalCluster, wait

        self.cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0")
        self.client = Client(self.cluster)
        paths = sorted(str(path) for path in Path(data["directory"]).glob("part-*.parquet"))
        rows = data["rows"] // len(paths)

        def array(columns):
            read = dask.delayed(read_part)
            shape = (rows, len(columns))
            return da.concatenate([da.from_delayed(read(path, columns), shape, dtype=float) for path in paths])

        self.X = array([f"x{j}" for j in range(data["columns"])]).persist()
        self.y = array(["label"])[:, 0].persist()
        wait([self.X, self.y])


class DaskMlLogistic(OnDask):
    def run(self):
        from dask_ml.linear_model import LogisticRegression

        # Its lbfgs has no stop that ends near 50 iterations for sure: tol 1e-6 ends within 1e-6 of the optimum.
        return LogisticRegression(solver="lbfgs", C=1.0, max_iter=50, tol=1e-6).fit(self.X, self.y)

    def values(self, model):
        coef = np.asarray(model.coef_)
        z = (self.X @ coef + float(model.intercept_)).compute()
        y = self.y.compute()
        margin = np.where(y == 1, z, -z)
        return {"objective": float(np.sum(np.logaddexp(0, -margin)) + 0.5 * coef @ coef)}


class LightGbmDask(OnDask):
    def run(self):
        from lightgbm import DaskLGBMClassifier

        return DaskLGBMClassifier(
            n_estimators=TREES, num_leaves=LEAVES, learning_rate=RATE, max_bin=BINS, min_child_samples=20,
            reg_lambda=0.0, verbose=-1, client=self.client,
        ).fit(self.X, self.y)

    def values(self, model):
        probability = model.predict_proba(self.X).compute()[:, 1]
        return {"logLoss": log_loss(self.y.compute(), probability)}


class XgboostDask(OnDask):
    def run(self):
        from xgboost import dask as dxgb

        model = dxgb.DaskXGBClassifier(
            n_estimators=TREES, max_leaves=LEAVES, max_depth=0, grow_policy="lossguide", learning_rate=RATE,
            max_bin=BINS + 1, tree_method="hist", reg_lambda=0.0, verbosity=0,
        )
        model.client = self.client
        return model.fit(self.X, self.y)

    def values(self, model):
        probability = model.predict_proba(self.X).compute()[:, 1]
        return {"logLoss": log_loss(self.y.compute(), probability)}


class LocalEngine:
    """`ours.js --local`, which speaks this server's own protocol; the pipe costs well under a millisecond."""

    work = ""

    def ask(self, **request):
        self.node.stdin.write(json.dumps({"id": 0, "work": self.work, **request}) + "\n")
        self.node.stdin.flush()
        answer = json.loads(self.node.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def setup(self, data):
        command = ["node", "--expose-gc", str(ROOT / "dist/bench/cluster/ours.js"), "--local"]
        self.node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.ask(op="setup", data=data)

    def run(self):
        return self.ask(op="run")

    def values(self, answer):
        return answer["values"]


class LocalLogistic(LocalEngine):
    work = "logistic"


class LocalBoosting(LocalEngine):
    work = "boosting"


# Workers are spawned, and import this file.
if __name__ == "__main__":
    serve(
        {
            "logistic/local engine": LocalLogistic,
            "logistic/dask-ml": DaskMlLogistic,
            "boosting/local engine": LocalBoosting,
            "boosting/lightgbm on dask": LightGbmDask,
            "boosting/xgboost on dask": XgboostDask,
        },
        ["dask", "distributed", "dask-ml", "lightgbm", "xgboost"],
    )
