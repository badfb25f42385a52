"""Writes the data of a recipe of the cluster suite into a folder: python bench/cluster/data.py RECIPE FOLDER.

Eight Parquet files of float64 columns x0, x1, ... and a label of 0 and 1, so that every side's workers read their own
partitions. RECIPE is ``logistic-ROWS`` (20 columns) or ``boosting-ROWS`` (28).
"""

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl

PARTS = 8
SEED = 20241101


def write(folder, rows, columns):
    """Normal columns of scale 0.5 to 2; a label of moderate signal, linear and with two interactions."""
    rng = np.random.default_rng([SEED, columns])
    scales = np.geomspace(0.5, 2, columns)
    beta = rng.normal(0, 0.25, columns)
    for part in range(PARTS):
        Z = rng.standard_normal((rows // PARTS, columns))
        signal = Z @ beta + 0.3 * Z[:, 0] * Z[:, 1] - 0.2 * Z[:, 2] * Z[:, 3] - 0.3
        label = (rng.random(len(Z)) < 1 / (1 + np.exp(-signal))).astype(float)
        frame = pl.DataFrame({f"x{j}": Z[:, j] * scales[j] for j in range(columns)}).with_columns(label=pl.Series(label))
        frame.write_parquet(folder / f"part-{part}.parquet", compression="uncompressed")
    return {"rows": rows // PARTS * PARTS, "columns": columns}


COLUMNS = {"logistic": 20, "boosting": 28}

if __name__ == "__main__":
    recipe, target = sys.argv[1], Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    work, rows = recipe.split("-")
    meta = write(target, int(rows), COLUMNS[work])
    (target / "meta.json").write_text(json.dumps(meta))
