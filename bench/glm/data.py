"""Writes the data of a recipe of the glm suite into a folder: python bench/glm/data.py KIND-ROWSxCOLUMNS FOLDER.

Matrices are raw little-endian float64, column after column. meta.json is written last and describes the files.
"""

import json
import sys
from pathlib import Path

import numpy as np

SEED = 20240611


def write_columns(path, X):
    with open(path, "wb") as f:
        for j in range(X.shape[1]):
            f.write(np.ascontiguousarray(X[:, j], dtype="<f8").tobytes())


def correlated(rng, rows, columns):
    """Normal columns; every third leans on its two neighbours."""
    Z = rng.standard_normal((columns, rows))
    for j in range(2, columns, 3):
        Z[j] = 0.6 * Z[j - 2] + 0.5 * Z[j - 1] + 0.62 * Z[j]
    return Z


def bernoulli(rng, z):
    return (rng.random(len(z)) < 1 / (1 + np.exp(-z))).astype(float)


def labels(rng, folder, rows, columns):
    """Scales of 0.5 to 2, and a binary label of moderate signal."""
    Z = correlated(rng, rows, columns)
    scale = np.geomspace(0.5, 2, columns)[rng.permutation(columns)]
    signal = rng.normal(0, 1.3 / np.sqrt(columns), columns) @ Z
    write_columns(folder / "X.f64", Z.T * scale)
    write_columns(folder / "label.f64", bernoulli(rng, signal - 0.4)[:, None])


def classes(rng, folder, rows, columns):
    """Ten classes drawn from a softmax."""
    Z = correlated(rng, rows, columns)
    eta = rng.normal(0, 1.5 / np.sqrt(columns), (10, columns)) @ Z + rng.normal(0, 0.5, 10)[:, None]
    eta += rng.gumbel(size=eta.shape)
    write_columns(folder / "X.f64", Z.T)
    write_columns(folder / "label.f64", eta.argmax(axis=0).astype(float)[:, None])


def path(rng, folder, rows, columns):
    """A target of coefficients that fall off by a factor of a thousand, and noise as strong as the signal."""
    Z = correlated(rng, rows, columns)
    beta = np.geomspace(1, 1e-3, columns)[rng.permutation(columns)] * rng.choice([-1, 1], columns)
    signal = beta @ Z
    y = 3 + signal + signal.std() * rng.standard_normal(rows)
    write_columns(folder / "X.f64", Z.T + rng.uniform(-1, 1, columns))
    write_columns(folder / "y.f64", y[:, None])


def counts(rng, folder, rows, columns):
    """Targets of the log-link families: counts, positive numbers, and compound Poisson sums with many zeros."""
    Z = correlated(rng, rows, columns)
    mean = np.exp(rng.normal(0, 0.5 / np.sqrt(columns), columns) @ Z + 0.5)
    write_columns(folder / "X.f64", Z.T)
    write_columns(folder / "poisson.f64", rng.poisson(mean).astype(float)[:, None])
    write_columns(folder / "gamma.f64", rng.gamma(2.0, mean / 2)[:, None])
    claims = rng.poisson(mean)
    write_columns(folder / "tweedie.f64", np.where(claims > 0, rng.gamma(np.maximum(claims, 1) * 1.0, 1.0), 0.0)[:, None])


def onehot(rng, folder, rows, columns):
    """Twenty factors, each a run of columns of which a row has one; frequent levels and rare ones."""
    levels = columns // 20
    share = 1 / np.arange(1, levels + 1)
    picks = np.stack([rng.choice(levels, rows, p=share / share.sum()) + f * levels for f in range(20)], axis=1)
    beta = rng.normal(0, 0.3, columns)
    picks.astype("<i4").tofile(folder / "indices.i32")
    write_columns(folder / "label.f64", bernoulli(rng, beta[picks].sum(axis=1) - 0.3)[:, None])


def parquet(rng, folder, rows, columns):
    """Files of 500,000 rows with columns f0, f1, ... and label; the first file's also for the judge."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    beta = rng.normal(0, 1.3 / np.sqrt(columns), columns)
    for part, start in enumerate(range(0, rows, 500_000)):
        Z = correlated(rng, min(500_000, rows - start), columns)
        table = {**{f"f{j}": Z[j] for j in range(columns)}, "label": bernoulli(rng, beta @ Z - 0.4)}
        pq.write_table(pa.table(table), folder / f"part-{part:03}.parquet")
        if part == 0:
            write_columns(folder / "X.f64", Z.T)
            write_columns(folder / "label.f64", table["label"][:, None])


if __name__ == "__main__":
    recipe, target = sys.argv[1], Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    kind, size = recipe.rsplit("-", 1)
    rows, columns = (int(n) for n in size.split("x"))
    maker = {f.__name__: f for f in (labels, classes, path, counts, onehot, parquet)}[kind]
    maker(np.random.default_rng([SEED, rows, columns]), target, rows, columns)
    (target / "meta.json").write_text(json.dumps({"recipe": recipe, "seed": SEED, "rows": rows, "columns": columns}) + "\n")
