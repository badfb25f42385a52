"""Writes the data of a recipe of the boosting suite into a folder: python bench/boosting/data.py RECIPE FOLDER.

rows-N: N rows of 28 normal columns with a binary target that depends on ten of them, by products and steps too, and
a tenth as many rows to judge by. flights-N: N of the 3,000,000 real flights of vega-datasets in a random order, of which a
tenth judges: day of the year, day of the week, hour, distance, and the codes of both airports (229 and 228 categories); the
target is a delay of more than 15 minutes. Raw little-endian float64, column after column; meta.json is written last.
"""

import json
import sys
from pathlib import Path

import numpy as np

SEED = 20241202
COLUMNS = 28
FLIGHTS = Path(__file__).resolve().parents[2] / "node_modules/vega-datasets/data/flights-3m.parquet"


def draw(rows, seed):
    rng = np.random.default_rng([SEED, seed])
    X = rng.standard_normal((rows, COLUMNS))
    beta = np.random.default_rng(SEED).standard_normal(COLUMNS) * 0.25
    z = X @ beta + X[:, 0] * X[:, 1] + np.abs(X[:, 2]) - 0.8 + 0.5 * (X[:, 3] > 0.5) * X[:, 4]
    return X, (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(float)


def write(folder, prefix, X, y):
    X.T.astype("<f8").tofile(folder / f"{prefix}X.f64")
    y.astype("<f8").tofile(folder / f"{prefix}y.f64")


def make(folder, rows):
    for prefix, count, seed in [("", rows, 1), ("other-", rows // 10, 2)]:
        write(folder, prefix, *draw(count, seed))
    return {"rows": rows, "columns": COLUMNS}


def make_flights(folder, rows):
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(FLIGHTS)
    codes = [table[name].combine_chunks().dictionary_encode() for name in ["origin", "destination"]]
    # Codes in the order of the names, as a column of text would have.
    ranks = [np.argsort(np.argsort(column.dictionary.to_pylist())) for column in codes]
    date = table["date"]
    columns = [
        pc.day_of_year(date), pc.day_of_week(date), pc.hour(date), table["distance"],
    ]  # fmt: skip
    X = np.column_stack(
        [np.asarray(column, dtype=float) for column in columns]
        + [rank[np.asarray(column.indices)].astype(float) for rank, column in zip(ranks, codes)]
    )
    y = (np.asarray(table["delay"]) > 15).astype(float)
    order = np.random.default_rng(SEED).permutation(len(y))[:rows]
    train = rows * 10 // 11
    write(folder, "", X[order[:train]], y[order[:train]])
    others = order[train : train + train // 10]
    write(folder, "other-", X[others], y[others])
    return {"rows": train, "columns": X.shape[1], "categories": [4, 5]}


if __name__ == "__main__":
    recipe, target = sys.argv[1], Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    kind, rows = recipe.split("-")
    meta = (make_flights if kind == "flights" else make)(target, int(rows))
    (target / "meta.json").write_text(json.dumps({"recipe": recipe, "seed": SEED, **meta}) + "\n")
