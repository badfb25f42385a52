"""Writes the data of a recipe of the inference suite into a folder: python bench/inference/data.py RECIPE FOLDER.

parquet-4m: 4,000,000 rows of 28 float64 columns and a label in 16 Parquet files of one row group each (zstd, as our writer
makes them), about 900 MB. meta.json is written last.
"""

import json
import sys
from pathlib import Path

import numpy as np

FILES = 16
ROWS = 250_000
COLUMNS = 28
SEED = 20241105


def parquet(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(SEED)
    beta = rng.normal(0, 0.3, COLUMNS)
    for k in range(FILES):
        X = rng.standard_normal((ROWS, COLUMNS)) * np.geomspace(0.5, 20, COLUMNS)
        z = (X / np.geomspace(0.5, 20, COLUMNS)) @ beta + 0.5 * np.abs(X[:, 0]) - 0.4
        label = (rng.random(ROWS) < 1 / (1 + np.exp(-z))).astype(float)
        table = pa.table({f"f{j}": X[:, j] for j in range(COLUMNS)} | {"label": label})
        pq.write_table(table, folder / f"part-{k:05d}.parquet", row_group_size=ROWS, compression="zstd")
    return {"rows": FILES * ROWS, "columns": COLUMNS}


RECIPES = {"parquet-4m": parquet}

if __name__ == "__main__":
    recipe, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    meta = RECIPES[recipe](folder)
    (folder / "meta.json").write_text(json.dumps({"recipe": recipe, "seed": SEED, **meta}) + "\n")
