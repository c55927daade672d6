"""Makes the models and predictions that algorithms/xgboost/*_test.cc compare with.

Run with the pinned xgboost (cmake/packages.cmake) and numpy: `python make.py`, in this folder. Each
model trains on the same 60 rows of 4 columns, every tenth cell missing; NAME.json has {"rows": ...,
"predictions": ..., "model": ...}. Numbers are exact: floats written as the double they equal.
"""
import json
import pickle

import numpy as np
import xgboost as xgb

random = np.random.RandomState(0)
x = random.normal(size=(60, 4)).astype(np.float32)
score = x[:, 0] - x[:, 1] * x[:, 2]
x[random.uniform(size=x.shape) < 0.1] = np.nan
classes = np.digitize(score, [-0.7, 0.7]).astype(float)

CASES = {
    "squared_error": ({"objective": "reg:squarederror"}, score),
    "logistic": ({"objective": "binary:logistic"}, (score > 0).astype(float)),
    "logistic_dart": ({"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.3},
                      (score > 0).astype(float)),
    "logistic_linear": ({"objective": "binary:logistic", "booster": "gblinear",
                         "updater": "coord_descent"}, (score > 0).astype(float)),
    "hinge": ({"objective": "binary:hinge"}, (score > 0).astype(float)),
    "softprob": ({"objective": "multi:softprob", "num_class": 3}, classes),
    "softmax": ({"objective": "multi:softmax", "num_class": 3}, classes),
    "poisson": ({"objective": "count:poisson"}, np.floor(np.exp(score / 2))),
}


def cells(table):
    return [[None if np.isnan(v) else float(v) for v in row] for row in table]


for name, (parameters, label) in CASES.items():
    booster = xgb.train({"max_depth": 3, "seed": 1, "nthread": 1, **parameters},
                        xgb.DMatrix(x, label=label), 6)
    predictions = booster.predict(xgb.DMatrix(x)).reshape(60, -1)
    with open(f"{name}.json", "w") as file:
        json.dump({"rows": cells(x), "predictions": cells(predictions),
                   "model": json.loads(bytes(booster.save_raw("json")))}, file)
    if name == "logistic":
        open("logistic.ubj", "wb").write(bytes(booster.save_raw("ubj")))
        open("logistic.pickle", "wb").write(pickle.dumps(booster, 4))
