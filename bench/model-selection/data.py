"""Writes the data of a recipe of the model-selection suite into a folder: python bench/model-selection/data.py RECIPE FOLDER.

Matrices are raw little-endian float64, column after column. meta.json is written last.
"""

import json
import sys
from pathlib import Path

import metrics_data
import search_data

RECIPES = {**metrics_data.RECIPES}

if __name__ == "__main__":
    recipe, target = sys.argv[1], Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    kind, _, rows = recipe.rpartition("-")
    meta = search_data.mixed(target, int(rows)) if kind == "mixed" else RECIPES[recipe](target)
    (target / "meta.json").write_text(json.dumps({"recipe": recipe, "seed": metrics_data.SEED, **meta}) + "\n")
