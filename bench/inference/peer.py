"""The peers of the inference suite: pandas + scikit-learn file by file, Dask-ML's ParallelPostFit, LightGBM on pandas chunks."""

import shutil
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from peer_server import serve


def part_number(path):
    """Of part-00003.parquet as of Dask's part.3.parquet, whose names do not sort."""
    return int("".join(c for c in path.stem if c.isdigit()))


class Scoring:
    """Fits on the first file; a run reads all files, scores them and writes probabilities beside the label."""

    def setup(self, data):
        import pandas as pd

        self.files = sorted(Path(data["directory"]).glob("part-*.parquet"))
        self.out = Path(data["directory"]) / f"scored-{type(self).__name__}"
        first = pd.read_parquet(self.files[0])
        self.features = [c for c in first.columns if c != "label"]
        self.model = self.fit(first[self.features], first["label"])

    def clear(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def values(self, _):
        import pandas as pd

        scored = pd.concat([pd.read_parquet(f) for f in sorted(self.out.glob("*.parquet"), key=part_number)])
        p = scored["probability"].to_numpy()
        return {"rows": len(p), "mean": float(p.mean()), "first": p[:5]}


def linear():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=1.0, tol=1e-8, max_iter=1000))


class Pandas(Scoring):
    def fit(self, X, y):
        return linear().fit(X, y)

    def run(self):
        import pandas as pd

        self.clear()
        for file in self.files:
            frame = pd.read_parquet(file)
            p = self.model.predict_proba(frame[self.features])[:, 1]
            pd.DataFrame({"label": frame["label"], "probability": p}).to_parquet(self.out / file.name, compression="zstd")


class DaskMl(Scoring):
    """Threads, all cores; one partition a file."""

    def fit(self, X, y):
        from dask_ml.wrappers import ParallelPostFit

        return ParallelPostFit(linear()).fit(X, y)

    def run(self):
        import dask.dataframe as dd

        self.clear()
        frame = dd.read_parquet([str(f) for f in self.files])
        p = self.model.predict_proba(frame[self.features])[:, 1]
        frame[["label"]].assign(probability=p).to_parquet(str(self.out), compression="zstd", write_index=False)


class LightGbm(Scoring):
    def fit(self, X, y):
        from lightgbm import LGBMClassifier

        return LGBMClassifier(n_estimators=100, num_leaves=31, verbose=-1).fit(X, y)

    def run(self):
        import pandas as pd

        self.clear()
        for file in self.files:
            frame = pd.read_parquet(file)
            p = self.model.predict_proba(frame[self.features])[:, 1]
            pd.DataFrame({"label": frame["label"], "probability": p}).to_parquet(self.out / file.name, compression="zstd")


WORKS = {
    "score-linear": Pandas,
    "score-linear/dask-ml": DaskMl,
    "score-boosted": LightGbm,
}

if __name__ == "__main__":
    serve(WORKS, ["scikit-learn", "numpy", "pandas", "pyarrow", "dask", "dask-ml", "lightgbm"])
