"""Labels, predictions and probabilities of two classes."""

import numpy as np

SEED = 20241123


def labels(rows):
    def make(folder):
        rng = np.random.default_rng([SEED, 11])
        truth = rng.integers(0, 2, rows).astype(float)
        score = 0.3 * truth + 0.7 * rng.random(rows)
        with open(folder / "rows.f64", "wb") as f:
            for column in (truth, (score > 0.5).astype(float), score):
                f.write(np.ascontiguousarray(column, dtype="<f8").tobytes())
        return {"rows": rows, "columns": 3}

    return make


RECIPES = {"labels-10m": labels(10_000_000), "labels-2m": labels(2_000_000)}
