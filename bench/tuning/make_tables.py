"""Tabulates real training runs for functions.py: XGBoost over a grid of hyperparameters on the churn
data and on scikit-learn's bundled sets. Run once, in an environment with xgboost-cpu and
scikit-learn; what it writes is committed, so that the benchmark is the same everywhere.

    make_tables.py CHURN_FOLDER [NAME...]
"""

import itertools
import json
import sys
from pathlib import Path

import numpy
import xgboost
from sklearn import datasets
from sklearn.model_selection import KFold

OUT = Path(__file__).parent / "tables"
RATE = {"name": "eta", "type": "Continuous", "scaling": "Logarithmic",
        "levels": [0.01, 0.03, 0.07, 0.15, 0.35, 1.0]}
DEPTH = {"name": "max_depth", "type": "Integer", "scaling": "Linear", "levels": [1, 2, 4, 6, 9, 12]}
WEIGHT = {"name": "min_child_weight", "type": "Continuous", "scaling": "Logarithmic",
          "levels": [0.1, 1.0, 6.0, 30.0]}
ROWS = {"name": "subsample", "type": "Continuous", "scaling": "Linear",
        "levels": [0.3, 0.55, 0.8, 1.0]}
GROW = {"name": "grow_policy", "type": "Categorical", "levels": ["depthwise", "lossguide"]}
LAMBDA = {"name": "lambda", "type": "Continuous", "scaling": "Logarithmic",
          "levels": [0.01, 1.0, 30.0]}


def churn(folder):
    parts = [numpy.genfromtxt(Path(folder) / name, delimiter=",", skip_header=skip)
             for name, skip in (("train_with_header.csv", 1), ("validation.csv", 0))]
    return [(parts[0][:, 1:], parts[0][:, 0], parts[1][:, 1:], parts[1][:, 0])]


def folds(load, count=3):
    data, target = load(return_X_y=True)
    return [(data[a], target[a], data[b], target[b])
            for a, b in KFold(count, shuffle=True, random_state=1).split(data)]


TASKS = {
    "xgb_churn": ([RATE, DEPTH, WEIGHT, ROWS, LAMBDA], 40,
                  {"objective": "binary:logistic", "eval_metric": "logloss"}),
    "xgb_cancer": ([RATE, DEPTH, WEIGHT, ROWS, LAMBDA], 40,
                   {"objective": "binary:logistic", "eval_metric": "logloss"}),
    "xgb_diabetes": ([RATE, DEPTH, WEIGHT, ROWS, LAMBDA], 40,
                     {"objective": "reg:squarederror", "eval_metric": "rmse"}),
    "xgb_digits": ([RATE, DEPTH, WEIGHT, ROWS, GROW], 12,
                   {"objective": "multi:softprob", "eval_metric": "mlogloss", "num_class": 10,
                    "tree_method": "hist", "max_leaves": 12}),
}


def data_of(name, churn_folder):
    if name == "xgb_churn":
        return churn(churn_folder)
    if name == "xgb_digits":
        return folds(datasets.load_digits)[:1]
    return folds(datasets.load_breast_cancer if name == "xgb_cancer" else datasets.load_diabetes)


def value(parts, parameters, rounds):
    losses = []
    for train, valid in parts:
        seen = {}
        xgboost.train({**parameters, "nthread": 1, "seed": 1, "verbosity": 0}, train, rounds,
                      evals=[(valid, "valid")], evals_result=seen, verbose_eval=False)
        losses.append(next(iter(seen["valid"].values()))[-1])
    return sum(losses) / len(losses)


def main():
    churn_folder, *names = sys.argv[1:]
    for name in names or TASKS:
        axes, rounds, fixed = TASKS[name]
        parts = [(xgboost.DMatrix(a, b), xgboost.DMatrix(c, d))
                 for a, b, c, d in data_of(name, churn_folder)]
        values = []
        for levels in itertools.product(*(axis["levels"] for axis in axes)):
            chosen = {axis["name"]: level for axis, level in zip(axes, levels)}
            values.append(round(value(parts, {**fixed, **chosen}, rounds), 6))
        OUT.mkdir(exist_ok=True)
        text = json.dumps({"axes": axes, "values": values}, separators=(",", ":"))
        (OUT / f"{name}.json").write_text(text + "\n")
        print(name, len(values), min(values), sorted(values)[len(values) // 2])


if __name__ == "__main__":
    main()
