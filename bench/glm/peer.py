"""The peers of the glm suite: scikit-learn, and Dask-ML for what does not fit in memory.

Each solver's tolerance is the loosest power of ten that brings its objective within 1e-8 of the optimum (relative) on the
suite's data; the harness compares objectives, so a looser one would fail or flatter us.
"""

import glob
import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from peer_server import serve

warnings.filterwarnings("ignore")


def load(data, name, columns, order="C"):
    flat = np.fromfile(f"{data['directory']}/{name}", dtype="<f8").reshape(columns, data["rows"])
    if columns == 1:
        return flat[0]
    return np.ascontiguousarray(flat.T) if order == "C" else flat.T


class Logistic:
    """lbfgs wants C order, newton-cholesky is quicker with Fortran's."""

    def __init__(self, solver, tol):
        self.solver, self.tol = solver, tol

    def setup(self, data):
        self.X = load(data, "X.f64", data["columns"], "C" if self.solver == "lbfgs" else "F")
        self.y = load(data, "label.f64", 1)

    def run(self):
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=1.0, solver=self.solver, tol=self.tol, max_iter=1000).fit(self.X, self.y)

    def values(self, model):
        return {"coef": model.coef_.ravel(), "intercept": model.intercept_, "iterations": int(np.max(model.n_iter_))}


class LassoPath:
    """lasso_path knows no intercept: centring is part of the work."""

    def setup(self, data):
        self.X = load(data, "X.f64", data["columns"], "F")
        self.y = load(data, "y.f64", 1)

    def run(self):
        from sklearn.linear_model import lasso_path

        y = self.y - self.y.mean()
        return lasso_path(self.X - self.X.mean(axis=0), y, alphas=100, eps=1e-3, precompute=True, tol=1e-8, max_iter=100_000)

    def values(self, result):
        alphas, coefs, _ = result
        return {"alphas": alphas, "coefs": coefs.T.ravel()}


class OneHot:
    def __init__(self, fit_intercept, **params):
        self.params, self.fit_intercept = params, fit_intercept

    def setup(self, data):
        from scipy import sparse

        rows, columns = data["rows"], data["columns"]
        indices = np.fromfile(f"{data['directory']}/indices.i32", dtype="<i4")
        indptr = np.arange(0, len(indices) + 1, 20, dtype=np.int32)
        self.X = sparse.csr_matrix((np.ones(len(indices)), indices, indptr), shape=(rows, columns))
        self.y = load(data, "label.f64", 1)

    def run(self):
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(fit_intercept=self.fit_intercept, random_state=0, **self.params).fit(self.X, self.y)

    def values(self, model):
        intercept = model.intercept_ if self.fit_intercept else np.zeros(1)
        return {"coef": model.coef_.ravel(), "intercept": intercept, "iterations": int(np.max(model.n_iter_))}


class Glm:
    """newton-cholesky: at 28 columns it needs a fifth of lbfgs's passes."""

    def __init__(self, target):
        self.target = target

    def setup(self, data):
        self.X = load(data, "X.f64", data["columns"], "F")
        self.y = load(data, f"{self.target}.f64", 1)

    def run(self):
        from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor

        params = {"alpha": 1e-3, "solver": "newton-cholesky", "tol": 1e-4, "max_iter": 100}
        if self.target == "tweedie":
            model = TweedieRegressor(power=1.5, link="log", **params)
        else:
            model = {"poisson": PoissonRegressor, "gamma": GammaRegressor}[self.target](**params)
        return model.fit(self.X, self.y)

    def values(self, model):
        return {"coef": model.coef_, "intercept": np.array([model.intercept_]), "iterations": int(model.n_iter_)}


class DaskAdmm:
    """Dask's threaded scheduler over the files: nothing is persisted, because it would not fit."""

    def setup(self, data):
        import dask.dataframe  # noqa: F401
        import dask_ml.linear_model  # noqa: F401

        self.paths, self.columns = sorted(glob.glob(f"{data['directory']}/*.parquet")), data["columns"]

    def run(self):
        import dask.dataframe as dd
        from dask_ml.linear_model import LogisticRegression

        frame = dd.read_parquet(self.paths)
        X = frame.drop(columns="label").to_dask_array(lengths=True)
        y = frame["label"].to_dask_array(lengths=True)
        return LogisticRegression(C=1.0, solver="admm", max_iter=250).fit(X, y)

    def values(self, model):
        return {"coef": np.ravel(model.coef_), "intercept": np.ravel(model.intercept_)}


WORKS = {
    "lbfgs": lambda: Logistic("lbfgs", 1e-5),  # 29 iterations, 2e-9 above the optimum; 3e-5 leaves 6e-8
    "lbfgs-tight": lambda: Logistic("lbfgs", 3e-6),  # 500 columns: 5e-9 above, 10 classes: 4e-9; 1e-5 leaves 6e-8 and 2e-8
    "newton-cholesky": lambda: Logistic("newton-cholesky", 1e-4),  # 2e-12 above; 1e-3 leaves 8e-7
    "lasso-path": LassoPath,
    "saga": lambda: OneHot(True, solver="saga", C=1e-3, l1_ratio=0.5, tol=1e-5, max_iter=1000),
    "liblinear": lambda: OneHot(False, solver="liblinear", C=1e-3, l1_ratio=1.0, tol=1e-6, max_iter=1000),
    "poisson": lambda: Glm("poisson"),
    "gamma": lambda: Glm("gamma"),
    "tweedie": lambda: Glm("tweedie"),
    "admm": DaskAdmm,
}

if __name__ == "__main__":
    serve(WORKS, ["scikit-learn", "numpy", "scipy", "dask", "dask-ml"])
