"""Writes the data of a recipe of the foundation suite into a folder: python bench/foundation/data.py RECIPE FOLDER.

Matrices are raw little-endian float64, column after column. meta.json is written last and describes the files.
"""

import json
import sys
from pathlib import Path

import numpy as np

ROWS = 1_000_000
SEED = 20240607


def write_columns(path, X):
    with open(path, "wb") as f:
        for j in range(X.shape[1]):
            f.write(np.ascontiguousarray(X[:, j], dtype="<f8").tobytes())


def correlated(rng, columns, scales, means):
    """Normal columns; every third leans on its two neighbours, then each gets its own scale and mean."""
    Z = rng.standard_normal((columns, ROWS))
    for j in range(2, columns, 3):
        Z[j] = 0.6 * Z[j - 2] + 0.5 * Z[j - 1] + 0.62 * Z[j]
    return Z, (Z.T * scales + means)


def bernoulli(rng, z):
    return (rng.random(len(z)) < 1 / (1 + np.exp(-z))).astype(float)


def dense(folder):
    """28 columns of scale 0.5 to 2 with means of -0.5 to 0.5; a linear and a binary target of moderate signal."""
    rng = np.random.default_rng([SEED, 1])
    d = 28
    Z, X = correlated(rng, d, np.geomspace(0.5, 2, d)[rng.permutation(d)], rng.uniform(-0.5, 0.5, d))
    beta = rng.normal(0, 1, d)
    y = X @ beta + 2.5 + 3 * rng.standard_normal(ROWS)
    signal = rng.normal(0, 0.25, d) @ Z
    label = bernoulli(rng, signal - 0.4)
    write_columns(folder / "X.f64", X)
    write_columns(folder / "y.f64", y[:, None])
    write_columns(folder / "label.f64", label[:, None])
    return {"rows": ROWS, "columns": d}


def csv(folder):
    """20 columns of scale 0.01 to 1000, five decimals or six digits, and the last column "label" of 0 and 1."""
    import pyarrow as pa
    import pyarrow.csv

    rng = np.random.default_rng([SEED, 2])
    d = 20
    scales = np.geomspace(0.01, 1000, d)[rng.permutation(d)]
    Z, X = correlated(rng, d, scales, rng.uniform(-2, 2, d) * scales)
    for j in range(d):
        X[:, j] = np.round(X[:, j], int(5 - np.floor(np.log10(scales[j]))))
    label = bernoulli(rng, rng.normal(0, 0.3, d) @ Z + 0.2)
    names = [f"f{j}" for j in range(d)]
    table = pa.table({**{n: X[:, j] for j, n in enumerate(names)}, "label": label.astype(np.int8)})
    pyarrow.csv.write_csv(table, folder / "data.csv", pyarrow.csv.WriteOptions(quoting_style="none", quoting_header="none"))
    write_columns(folder / "X.f64", X)
    write_columns(folder / "label.f64", label[:, None])
    return {"rows": ROWS, "columns": d, "names": names}


if __name__ == "__main__":
    recipe, target = sys.argv[1], Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    meta = {"dense-1m": dense, "csv-1m": csv}[recipe](target)
    (target / "meta.json").write_text(json.dumps({"recipe": recipe, "seed": SEED, **meta}) + "\n")
