"""Writes datasets/data/*.json: the five small real sets, columnar, with every float in its shortest exact form.

Run with the versions in requirements.txt: python test/golden/export-datasets.py
"""

import json
from pathlib import Path

import numpy as np
from sklearn import datasets

OUT = Path(__file__).resolve().parents[2] / "datasets" / "data"

BUNDLED = "Values as distributed with scikit-learn 1.9.1 (BSD-3-Clause); see README.md in this folder."

SETS = {
    "iris": (
        datasets.load_iris,
        "R. A. Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7 (1936) 179-188; "
        "UCI Machine Learning Repository, doi:10.24432/C56C76. Two rows follow Fisher's paper where the UCI file differs.",
        "CC BY 4.0 (UCI Machine Learning Repository).",
    ),
    "breast-cancer": (
        datasets.load_breast_cancer,
        "W. Wolberg, O. Mangasarian, N. Street, W. Street, Breast Cancer Wisconsin (Diagnostic), 1993; "
        "UCI Machine Learning Repository, doi:10.24432/C5DW2B.",
        "CC BY 4.0 (UCI Machine Learning Repository).",
    ),
    "diabetes": (
        datasets.load_diabetes,
        "B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, Least angle regression, Annals of Statistics 32 (2004) 407-499. "
        "Features are mean-centred and scaled to unit sum of squares (scikit-learn's scaled=True), not the raw measurements.",
        "Published by the authors with the paper; no licence text accompanies the original file.",
    ),
    "digits": (
        datasets.load_digits,
        "E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits (the test part, 8 x 8 pixels of 0 to 16), 1998; "
        "UCI Machine Learning Repository, doi:10.24432/C50P49.",
        "CC BY 4.0 (UCI Machine Learning Repository).",
    ),
    "wine": (
        datasets.load_wine,
        "S. Aeberhard, M. Forina, Wine recognition data, 1991; UCI Machine Learning Repository, doi:10.24432/C5PC7J.",
        "CC BY 4.0 (UCI Machine Learning Repository).",
    ),
}


def plain(value):
    """An int where the value is whole, else the float: 5.0 is written 5 and read back as the same number."""
    value = float(value)
    return int(value) if value.is_integer() else value


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (load, source, licence) in SETS.items():
        bunch = load()
        classes = getattr(bunch, "target_names", None)
        record = {
            "name": name,
            "source": source,
            "licence": f"{licence} {BUNDLED}",
            "featureNames": [str(f) for f in bunch.feature_names],
            # Class names for a classification set, in the order of the codes in `target`; the target's name otherwise.
            "targetNames": [str(c) for c in classes] if classes is not None else ["disease progression after one year"],
            "columns": [[plain(v) for v in column] for column in np.asarray(bunch.data).T],
            "target": [plain(v) for v in bunch.target],
        }
        path = OUT / f"{name}.json"
        head = {k: v for k, v in record.items() if k not in ("columns", "target")}
        lines = [json.dumps(head, ensure_ascii=False, indent=2)[:-2] + ",", '  "columns": [']
        lines += ["    " + json.dumps(c, separators=(",", ":")) + "," for c in record["columns"]]
        lines[-1] = lines[-1][:-1]
        lines += ["  ],", '  "target": ' + json.dumps(record["target"], separators=(",", ":")), "}"]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        assert json.loads(path.read_text(encoding="utf-8")) == record
        back = np.array(record["columns"], dtype=float).T
        assert np.array_equal(back, bunch.data), name
        print(f"{path.name}: {len(record['target'])} x {len(record['columns'])}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
