"""Writes the data of a recipe of the preprocessing suite into a folder: python bench/preprocessing/data.py RECIPE FOLDER.

Matrices are raw little-endian float64, column after column; tables are Parquet. meta.json is written last.
"""

import json
import string
import sys
from pathlib import Path

import numpy as np

SEED = 20241123


def write_columns(path, X):
    with open(path, "wb") as f:
        for j in range(X.shape[1]):
            f.write(np.ascontiguousarray(X[:, j], dtype="<f8").tobytes())


def write_table(folder, columns, partitions=16):
    import pyarrow as pa
    import pyarrow.parquet

    table = pa.table(columns)
    pa.parquet.write_table(table, folder / "table.parquet", row_group_size=-(-table.num_rows // partitions))


def dense(rows):
    """28 columns: normal ones of scale 0.5 to 2, and every fourth the exponential of one, for a heavy right tail."""

    def make(folder):
        rng = np.random.default_rng([SEED, 1])
        X = rng.standard_normal((rows, 28)) * np.geomspace(0.5, 2, 28) + rng.uniform(-0.5, 0.5, 28)
        X[:, ::4] = np.exp(X[:, ::4])
        write_columns(folder / "X.f64", X)
        return {"rows": rows, "columns": 28}

    return make


def names(rng, count, low, high):
    """Distinct words of `low` to `high` letters."""
    found = {}
    while len(found) < count:
        size = int(rng.integers(low, high + 1))
        found["".join(rng.choice(list(string.ascii_lowercase), size))] = True
    return np.array(list(found), dtype=object)


def skewed(rng, count, rows):
    p = 1 / np.arange(1, count + 1)
    return rng.choice(count, rows, p=p / p.sum()).astype(np.int32)


def categories(folder):
    """Four string columns like a flight's: origin, destination, hour, weekday."""
    import pyarrow as pa

    rng = np.random.default_rng([SEED, 2])
    rows = 5_000_000
    airports = names(rng, 300, 3, 3)
    lists = {"origin": airports, "destination": airports, "hour": np.array([f"h{i:02d}" for i in range(24)], dtype=object),
             "weekday": np.array(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], dtype=object)}  # fmt: skip
    write_table(folder, {name: pa.DictionaryArray.from_arrays(skewed(rng, len(words), rows), words).cast(pa.string())
                         for name, words in lists.items()})  # fmt: skip
    return {"rows": rows, "columns": 4}


def documents(folder):
    """200,000 documents of 60 to 140 words from a Zipf vocabulary of 60,000, with capitals, commas and full stops."""
    import pyarrow as pa

    rng = np.random.default_rng([SEED, 3])
    rows = 200_000
    words = names(rng, 60_000, 2, 12)
    words = words[np.argsort([len(w) + 4 * rng.random() for w in words])]
    p = 1 / (np.arange(len(words)) + 2.7)
    lengths = rng.integers(60, 141, rows)
    drawn = words[rng.choice(len(words), lengths.sum(), p=p / p.sum())]
    texts, at = [], 0
    for n in lengths:
        own = drawn[at : at + n]
        at += n
        texts.append(". ".join(" ".join(own[k : k + 12]).capitalize() for k in range(0, n, 12)) + ".")
    write_table(folder, {"text": pa.array(texts)})
    return {"rows": rows, "columns": 1}


def mixed(folder):
    """20 columns: 14 numbers and 6 of text, of 3 to 200 categories."""
    import pyarrow as pa

    rng = np.random.default_rng([SEED, 4])
    rows = 1_000_000
    columns = {f"n{j:02d}": rng.standard_normal(rows) * (1 + j) for j in range(14)}
    for j, count in enumerate([3, 5, 12, 30, 80, 200]):
        words = names(rng, count, 4, 10)
        columns[f"c{j}"] = pa.DictionaryArray.from_arrays(skewed(rng, count, rows), words).cast(pa.string())
    write_table(folder, columns)
    return {"rows": rows, "columns": 20}


RECIPES = {
    "dense-1m": dense(1_000_000),
    "dense-200k": dense(200_000),
    "categories-5m": categories,
    "documents-200k": documents,
    "mixed-1m": mixed,
}

if __name__ == "__main__":
    recipe, target = sys.argv[1], Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    meta = RECIPES[recipe](target)
    (target / "meta.json").write_text(json.dumps({"recipe": recipe, "seed": SEED, **meta}) + "\n")
