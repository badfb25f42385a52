"""The peers of the foundation suite: scikit-learn, pandas + scikit-learn, and Dask + Dask-ML."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from peer_server import serve

# What lbfgs needs to bring the objective within 1e-8 of the optimum (relative). Its stop rule is a bound on the largest
# component of the gradient of the mean loss.
DENSE_TOL = 1e-5  # 30 iterations, 9.2e-9 above the optimum; 3e-5 leaves 1.3e-8
CSV_TOL = 3e-5  # 9 iterations, 1.8e-9 above the optimum; 1e-4 leaves 4.2e-7
DASK_TOL = 1e-6  # ends 9.5e-10 above the optimum


def load(data, name, columns, order):
    flat = np.fromfile(f"{data['directory']}/{name}", dtype="<f8").reshape(columns, data["rows"])
    if columns == 1:
        return flat[0]
    return np.ascontiguousarray(flat.T) if order == "C" else flat.T


class StandardScalerWork:
    """Fortran order: scikit-learn is quicker with it here and in LinearRegression; lbfgs wants C order."""

    def setup(self, data):
        self.X = load(data, "X.f64", data["columns"], "F")

    def run(self):
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(self.X)
        return scaler, scaler.transform(self.X)

    def values(self, result):
        scaler, Z = result
        rows = [0, len(Z) // 2, len(Z) - 1]
        return {"mean": scaler.mean_, "scale": scaler.scale_, "rows": Z[rows].ravel()}


class LinearRegressionWork:
    def setup(self, data):
        self.X = load(data, "X.f64", data["columns"], "F")
        self.y = load(data, "y.f64", 1, "C")

    def run(self):
        from sklearn.linear_model import LinearRegression

        return LinearRegression().fit(self.X, self.y)

    def values(self, model):
        return {"coef": model.coef_, "intercept": float(model.intercept_)}


class LogisticRegressionWork:
    def setup(self, data):
        self.X = load(data, "X.f64", data["columns"], "C")
        self.y = load(data, "label.f64", 1, "C")

    def run(self):
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=1.0, solver="lbfgs", tol=DENSE_TOL, max_iter=1000).fit(self.X, self.y)

    def values(self, model):
        return {"coef": model.coef_[0], "intercept": float(model.intercept_[0]), "iterations": int(model.n_iter_[0])}


class CsvPandas:
    """pandas' default reader: its engine="pyarrow" took longer here, the copy into numpy included."""

    def setup(self, data):
        import pandas  # noqa: F401  the import is not part of the work
        import sklearn.linear_model  # noqa: F401

        self.path = f"{data['directory']}/data.csv"

    def run(self):
        import pandas as pd
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        frame = pd.read_csv(self.path)
        X, y = frame.drop(columns="label"), frame["label"]
        return make_pipeline(StandardScaler(), LogisticRegression(C=1.0, tol=CSV_TOL, max_iter=1000)).fit(X, y)

    def values(self, model):
        scaler, logistic = model[0], model[1]
        return {"mean": scaler.mean_, "scale": scaler.scale_, "coef": logistic.coef_[0],
                "intercept": float(logistic.intercept_[0]), "iterations": int(logistic.n_iter_[0])}  # fmt: skip


class CsvDask:
    """Dask's threaded scheduler; blocks of 16 MB, all cores."""

    def setup(self, data):
        import dask.dataframe  # noqa: F401
        import dask_ml.linear_model  # noqa: F401

        self.path = f"{data['directory']}/data.csv"

    def run(self):
        import dask
        import dask.dataframe as dd
        from dask_ml.linear_model import LogisticRegression
        from dask_ml.preprocessing import StandardScaler

        frame = dd.read_csv(self.path, blocksize="16MB")
        X = frame.drop(columns="label").to_dask_array(lengths=True)
        y = frame["label"].to_dask_array(lengths=True)
        # Persisting is what Dask-ML's documentation advises for iterative fits; without it each pass reads the CSV again.
        X, y = dask.persist(X, y)
        scaler = StandardScaler()
        Z = scaler.fit_transform(X).persist()
        model = LogisticRegression(C=1.0, solver="lbfgs", tol=DASK_TOL, max_iter=1000).fit(Z, y)
        return scaler, model

    def values(self, result):
        scaler, model = result
        return {"mean": np.asarray(scaler.mean_), "scale": np.asarray(scaler.scale_), "coef": np.ravel(model.coef_),
                "intercept": float(np.ravel(model.intercept_)[0])}  # fmt: skip


WORKS = {
    "standard-scaler": StandardScalerWork,
    "linear-regression": LinearRegressionWork,
    "logistic-regression": LogisticRegressionWork,
    "csv-scale-logistic/pandas + scikit-learn": CsvPandas,
    "csv-scale-logistic/dask + dask-ml": CsvDask,
}

if __name__ == "__main__":
    serve(WORKS, ["scikit-learn", "numpy", "pandas", "pyarrow", "dask", "dask-ml"])
