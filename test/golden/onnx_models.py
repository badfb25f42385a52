"""ONNX files as other libraries write them, with onnxruntime's answers: test/exchange/fixtures/onnx.

skl2onnx==1.20.0, onnxmltools==1.16.0, onnx==1.23.2, onnxruntime==1.32.0, scikit-learn==1.9.1, lightgbm==4.7.0.
Run: .venv/bin/python test/golden/onnx_models.py
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from lightgbm import LGBMClassifier
from onnx import TensorProto, helper
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType as LightGbmFloats
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FOLDER = Path(__file__).resolve().parent.parent / "exchange" / "fixtures" / "onnx"
FOLDER.mkdir(parents=True, exist_ok=True)
answers = {}


def plain(value):
    if isinstance(value, list):  # ZipMap: one map a row
        return [list(row.values()) for row in value]
    return value.tolist()


def keep(name, model, feeds):
    """Writes the model and onnxruntime's answers to `feeds` (arrays by input)."""
    onnx.checker.check_model(model)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs = [o.name for o in session.get_outputs()]
    answers[name] = {
        "inputs": {k: v.tolist() for k, v in feeds.items()},
        "outputs": {k: plain(v) for k, v in zip(outputs, session.run(outputs, feeds))},
    }


X, y = load_iris(return_X_y=True)
rows = X[::15].astype("f")
iris = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
keep("iris-zipmap", to_onnx(iris, X[:1].astype("f")), {"X": rows})
keep("iris-matrix", to_onnx(iris, X[:1].astype("f"), options={"zipmap": False}), {"X": rows})
species = np.array(["setosa", "versicolor", "virginica"])[y]
named = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, species)
keep("iris-species", to_onnx(named, X[:1].astype("f")), {"X": rows})

D, t = load_diabetes(return_X_y=True)
linear = LinearRegression().fit(D, t)
keep("diabetes-double", convert_sklearn(linear, initial_types=[("X", DoubleTensorType([None, 10]))]), {"X": D[::50]})

table = pd.DataFrame(
    {
        "city": np.array(["Brno", "Praha", "Wien"])[np.arange(60) % 3],
        "hour": (np.arange(60) * 7) % 24,
        "distance": np.sin(np.arange(60)) * 100,
    }
)
late = (table.hour + 5 * (table.city == "Wien") > 14).astype(int)
mixed = make_pipeline(
    ColumnTransformer([("city", OneHotEncoder(handle_unknown="ignore"), ["city"]), ("n", StandardScaler(), ["hour", "distance"])]),
    LogisticRegression(),
).fit(table, late)
keep(
    "flights-columns",
    convert_sklearn(
        mixed,
        initial_types=[
            ("city", StringTensorType([None, 1])),
            ("hour", Int64TensorType([None, 1])),
            ("distance", FloatTensorType([None, 1])),
        ],
        options={"zipmap": False},
    ),
    {
        "city": table.city.to_numpy(dtype=object).reshape(-1, 1)[:9],
        "hour": table.hour.to_numpy("int64").reshape(-1, 1)[:9],
        "distance": table.distance.to_numpy("f").reshape(-1, 1)[:9],
    },
)

boosted = LGBMClassifier(n_estimators=5, num_leaves=7, min_child_samples=5, verbose=-1).fit(X, y)
keep("iris-lightgbm", convert_lightgbm(boosted, initial_types=[("input", LightGbmFloats([None, 4]))], target_opset=15), {"input": rows})

# A batch of exactly four rows, two inputs of several columns, and a boolean output: what PyTorch's exporter writes.
fixed = helper.make_graph(
    [
        helper.make_node("Add", ["a", "b"], ["sum"]),
        helper.make_node("ReduceSum", ["sum", "axis"], ["total"], keepdims=0),
        helper.make_node("Greater", ["total", "zero"], ["positive"]),
    ],
    "fixed",
    [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4, 2]) for n in "ab"],
    [
        helper.make_tensor_value_info("sum", TensorProto.FLOAT, [4, 2]),
        helper.make_tensor_value_info("positive", TensorProto.BOOL, [4]),
    ],
    [helper.make_tensor("axis", TensorProto.INT64, [1], [1]), helper.make_tensor("zero", TensorProto.FLOAT, [1], [0])],
)
keep(
    "fixed-batch",
    helper.make_model(fixed, opset_imports=[helper.make_opsetid("", 15)], ir_version=8),
    {"a": np.arange(8, dtype="f").reshape(4, 2) - 3, "b": np.full((4, 2), -1.5, dtype="f")},
)

(FOLDER / "answers.json").write_text(json.dumps(answers) + "\n")
