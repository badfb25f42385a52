"""Writes the data of a recipe of the boosting suite into a folder: python bench/boosting/data.py RECIPE FOLDER.

rows-N: N rows of 28 normal columns with a binary target that depends on ten of them, by products and steps too, and
a tenth as many rows to judge by. Raw little-endian float64, column after column; meta.json is written last.
"""

import json
import sys
from pathlib import Path

import numpy as np

SEED = 20241202
COLUMNS = 28


def draw(rows, seed):
    rng = np.random.default_rng([SEED, seed])
    X = rng.standard_normal((rows, COLUMNS))
    beta = np.random.default_rng(SEED).standard_normal(COLUMNS) * 0.25
    z = X @ beta + X[:, 0] * X[:, 1] + np.abs(X[:, 2]) - 0.8 + 0.5 * (X[:, 3] > 0.5) * X[:, 4]
    return X, (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(float)


def make(folder, rows):
    for prefix, count, seed in [("", rows, 1), ("other-", rows // 10, 2)]:
        X, y = draw(count, seed)
        X.T.astype("<f8").tofile(folder / f"{prefix}X.f64")
        y.astype("<f8").tofile(folder / f"{prefix}y.f64")
    return {"rows": rows, "columns": COLUMNS}


if __name__ == "__main__":
    recipe, target = sys.argv[1], Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    meta = make(target, int(recipe.removeprefix("rows-")))
    (target / "meta.json").write_text(json.dumps({"recipe": recipe, "seed": SEED, **meta}) + "\n")
