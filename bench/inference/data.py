"""Writes the data of a recipe of the inference suite into a folder: python bench/inference/data.py RECIPE FOLDER.

parquet-N: N rows of 28 float64 columns and a label in Parquet files of 250,000 rows, one row group each (zstd, as our writer
makes them): 240 MB a million; of fewer than a million rows four files. meta.json is written last.
"""

import json
import sys
from pathlib import Path

import numpy as np

FILE_ROWS = 250_000
FEWEST_FILES = 4
COLUMNS = 28
SEED = 20241105


def parquet(folder, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(SEED)
    beta = rng.normal(0, 0.3, COLUMNS)
    files = max(FEWEST_FILES, -(-rows // FILE_ROWS))
    per_file = -(-rows // files)
    for k in range(files):
        X = rng.standard_normal((per_file, COLUMNS)) * np.geomspace(0.5, 20, COLUMNS)
        z = (X / np.geomspace(0.5, 20, COLUMNS)) @ beta + 0.5 * np.abs(X[:, 0]) - 0.4
        label = (rng.random(per_file) < 1 / (1 + np.exp(-z))).astype(float)
        table = pa.table({f"f{j}": X[:, j] for j in range(COLUMNS)} | {"label": label})
        pq.write_table(table, folder / f"part-{k:05d}.parquet", row_group_size=per_file, compression="zstd")
    return {"rows": files * per_file, "columns": COLUMNS}


if __name__ == "__main__":
    recipe, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    meta = parquet(folder, int(recipe.removeprefix("parquet-")))
    (folder / "meta.json").write_text(json.dumps({"recipe": recipe, "seed": SEED, **meta}) + "\n")
