"""The peers of the preprocessing suite: scikit-learn, and Polars for one-hot columns."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from peer_server import serve


def matrix(data, order):
    flat = np.fromfile(f"{data['directory']}/X.f64", dtype="<f8").reshape(data["columns"], data["rows"])
    return np.ascontiguousarray(flat.T) if order == "C" else flat.T


def picked(Z):
    """The rows that ours.ts picks too: the first, the one in the middle, the last."""
    return Z[[0, len(Z) // 2, len(Z) - 1]].ravel()


def sparse_values(Z):
    """Sums that a wrong entry, a wrong place or a lost row would change."""
    rows = [0, Z.shape[0] // 2, Z.shape[0] - 1]
    Z.sort_indices()
    return {
        "shape": list(Z.shape),
        "entries": int(Z.nnz),
        "total": float(Z.sum()),
        "squares": float((Z.data**2).sum()),
        "places": float(Z.indices.astype(np.float64).sum()),
        "rowIndices": np.concatenate([Z.indices[Z.indptr[i] : Z.indptr[i + 1]] for i in rows]).astype(float),
        "rowValues": np.concatenate([Z.data[Z.indptr[i] : Z.indptr[i + 1]] for i in rows]).astype(float),
    }


class Dense:
    """A transformer of numbers: fit and transform. Fortran order is what each of these is quickest with, or as quick."""

    order = "F"

    def setup(self, data):
        self.make()
        self.X = matrix(data, self.order)

    def run(self):
        transformer = self.make()
        return transformer.fit(self.X).transform(self.X)

    def values(self, Z):
        return {"rows": picked(Z)}


class MinMaxScalerWork(Dense):
    def make(self):
        from sklearn.preprocessing import MinMaxScaler

        return MinMaxScaler()


class RobustScalerWork(Dense):
    def make(self):
        from sklearn.preprocessing import RobustScaler

        return RobustScaler()


class QuantileTransformerWork(Dense):
    """Both sides take 10,000 rows for the quantiles, but not the same ones."""

    def make(self):
        from sklearn.preprocessing import QuantileTransformer

        return QuantileTransformer(random_state=0)


class KBinsWork(Dense):
    """All rows on both sides, so that the edges are the same."""

    def make(self):
        from sklearn.preprocessing import KBinsDiscretizer

        return KBinsDiscretizer(n_bins=10, encode="ordinal", subsample=None, quantile_method="linear")


class PolynomialWork(Dense):
    order = "C"

    def make(self):
        from sklearn.preprocessing import PolynomialFeatures

        return PolynomialFeatures(2)


class OneHotWork:
    """A pandas frame of Python strings."""

    def setup(self, data):
        import pandas as pd
        import sklearn.preprocessing  # noqa: F401

        self.X = pd.read_parquet(f"{data['directory']}/table.parquet").astype(object)

    def run(self):
        from sklearn.preprocessing import OneHotEncoder

        return OneHotEncoder().fit_transform(self.X)

    def values(self, Z):
        return sparse_values(Z)


class DummiesWork:
    """Polars' own frame of bytes, on both cores."""

    def setup(self, data):
        import polars as pl

        self.X = pl.read_parquet(f"{data['directory']}/table.parquet")

    def run(self):
        return self.X.to_dummies()

    def values(self, Z):
        ones = Z.sum().row(0)
        return {"shape": list(Z.shape), "entries": int(sum(ones))}


class TextWork:
    """A list of Python strings: fit and transform in one, as scikit-learn is quickest."""

    def setup(self, data):
        import pyarrow.parquet

        self.make()
        self.texts = pyarrow.parquet.read_table(f"{data['directory']}/table.parquet")["text"].to_pylist()

    def run(self):
        return self.make().fit_transform(self.texts)

    def values(self, Z):
        return sparse_values(Z)


class HashingVectorizerWork(TextWork):
    def make(self):
        from sklearn.feature_extraction.text import HashingVectorizer

        return HashingVectorizer()


class TfidfVectorizerWork(TextWork):
    def make(self):
        from sklearn.feature_extraction.text import TfidfVectorizer

        return TfidfVectorizer()


class ColumnTransformerWork:
    """14 columns standardised, 6 one-hot encoded."""

    def setup(self, data):
        import pandas as pd

        self.X = pd.read_parquet(f"{data['directory']}/table.parquet")
        for name in self.X.columns:
            if name.startswith("c"):
                self.X[name] = self.X[name].astype(object)
        self.make()

    def make(self):
        from sklearn.compose import ColumnTransformer, make_column_selector
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        return ColumnTransformer(
            [
                ("numbers", StandardScaler(), make_column_selector(pattern="^n")),
                ("words", OneHotEncoder(), make_column_selector(pattern="^c")),
            ]
        )

    def run(self):
        return self.make().fit_transform(self.X)

    def values(self, Z):
        return sparse_values(Z)


WORKS = {
    "min-max-scaler": MinMaxScalerWork,
    "robust-scaler": RobustScalerWork,
    "quantile-transformer": QuantileTransformerWork,
    "k-bins-discretizer": KBinsWork,
    "polynomial-features": PolynomialWork,
    "one-hot-encoder/scikit-learn": OneHotWork,
    "one-hot-encoder/polars": DummiesWork,
    "hashing-vectorizer": HashingVectorizerWork,
    "tfidf-vectorizer": TfidfVectorizerWork,
    "column-transformer": ColumnTransformerWork,
}

if __name__ == "__main__":
    serve(WORKS, ["scikit-learn", "numpy", "scipy", "pandas", "polars"])
