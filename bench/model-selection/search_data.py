"""The data of the suite's searches: a Parquet file of 14 numbers and 6 columns of text (3 to 100 categories), and a binary label that depends on both.
"""

import numpy as np

SEED = 20240615


def mixed(folder, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng([SEED, rows])
    columns, z = {}, np.zeros(rows)
    for j in range(14):
        values = rng.standard_normal(rows)
        columns[f"n{j:02d}"] = values * (1 + j)
        z += rng.normal(0, 0.3) * values
    for j, count in enumerate([3, 5, 12, 30, 60, 100]):
        share = 1 / np.arange(1, count + 1)
        codes = rng.choice(count, rows, p=share / share.sum())
        columns[f"c{j}"] = pa.array([f"value {k:03d}" for k in range(count)]).take(pa.array(codes))
        z += rng.normal(0, 0.5, count)[codes]
    columns["label"] = (rng.random(rows) < 1 / (1 + np.exp(0.4 - z))).astype(float)
    pq.write_table(pa.table(columns), folder / "table.parquet", row_group_size=max(1, rows // 8))
    return {"rows": rows, "columns": 20}
