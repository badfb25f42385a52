"""What every golden file shares: the form of the file, seeded inputs, and the bundled real sets."""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "datasets" / "data"
SEED = 20240607
VERSIONS = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__}


def plain(v):
    """JSON-able form of a value; non-finite floats become "NaN", "Infinity", "-Infinity", which the loader decodes."""
    if v is None or isinstance(v, (str, bool)):
        return v
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    if isinstance(v, np.ndarray):
        return plain(v.tolist())
    if isinstance(v, np.generic):
        return plain(v.item())
    if isinstance(v, float):
        if np.isnan(v):
            return "NaN"
        if np.isinf(v):
            return "Infinity" if v > 0 else "-Infinity"
        return int(v) if v.is_integer() and abs(v) < 2**53 and not (v == 0 and np.signbit(v)) else v
    return v


def columns_of(X):
    return [column for column in np.asarray(X).T]


class Golden:
    def __init__(self, name):
        self.name, self.inputs, self.cases = name, {}, {}

    def put(self, key, **values):
        self.inputs[key] = plain(values)
        return key

    def case(self, key, call, inputs, expected, note=""):
        assert key not in self.cases, key
        self.cases[key] = plain({"call": call, "inputs": inputs, "expected": expected, "note": note})

    def write(self):
        def block(table):
            return ",\n".join(f"    {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in table.items())

        text = "\n".join(
            [
                "{",
                f'  "name": {json.dumps(self.name)},',
                f'  "versions": {json.dumps(VERSIONS)},',
                f'  "seed": {SEED},',
                '  "inputs": {',
                block(self.inputs),
                "  },",
                '  "cases": {',
                block(self.cases),
                "  }",
                "}",
            ]
        )
        path = HERE / f"{self.name}.json"
        path.write_text(text + "\n", encoding="utf-8")
        assert len(text) < 400_000, (self.name, len(text))
        print(f"{path.name}: {len(self.cases)} cases, {path.stat().st_size} bytes")


def short(a, digits=9):
    """Rounds to `digits` significant digits, so that inputs are short and exact in the file."""
    a = np.asarray(a, dtype=float)
    return np.array([float(f"{v:.{digits}g}") for v in a.ravel()]).reshape(a.shape)


def rng(*purpose):
    return np.random.default_rng([SEED, *purpose])


def real_set(name):
    record = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return np.array(record["columns"], dtype=float).T, np.array(record["target"], dtype=float)


def from_recipe(recipe):
    """The data that a recipe names; load-golden.ts does the same steps in the same order."""
    X, target = real_set(recipe["dataset"])
    start, stop = recipe.get("rows", [0, len(X)])
    X, target = X[start:stop], target[start:stop]
    t = recipe.get("target")
    y = None
    if t is not None:
        if t["kind"] == "target":
            y = target
        elif t["kind"] == "column":
            y = X[:, t["column"]]
            X = np.delete(X, t["column"], axis=1)
        elif t["kind"] == "atLeast":
            y = (target >= t["value"]).astype(float)
        elif t["kind"] == "odd":
            y = target % 2
    if "divideBy" in recipe:
        X = X / recipe["divideBy"]
    if recipe.get("standardize"):
        mean = X.mean(axis=0)
        scale = np.sqrt(((X - mean) ** 2).mean(axis=0))
        X = (X - mean) / np.where(scale == 0, 1, scale)
    return np.ascontiguousarray(X), y
