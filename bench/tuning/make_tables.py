"""Tabulates real training runs for functions.py: XGBoost over a grid of hyperparameters on the churn
data and on scikit-learn's bundled sets. Run once, in an environment with xgboost-cpu and
scikit-learn; what it writes is committed, so that the benchmark is the same everywhere.

    make_tables.py CHURN_FOLDER [NAME...]

A NAME is one of TASKS, or `curves_` and one of them for the learning curves of random configurations.
"""

import itertools
import json
import math
import random
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
}


def data_of(name, churn_folder):
    if name == "xgb_churn":
        return churn(churn_folder)
    return folds(datasets.load_breast_cancer if name == "xgb_cancer" else datasets.load_diabetes)


def losses_of(part, parameters, rounds):
    train, valid = part
    seen = {}
    xgboost.train({**parameters, "nthread": 1, "seed": 1, "verbosity": 0}, train, rounds,
                  evals=[(valid, "valid")], evals_result=seen, verbose_eval=False)
    return next(iter(seen["valid"].values()))


def value(parts, parameters, rounds):
    losses = [losses_of(part, parameters, rounds)[-1] for part in parts]
    return sum(losses) / len(losses)


def between(axis, draw):
    """A random value of an axis' whole range."""
    levels = axis["levels"]
    if axis["type"] == "Categorical":
        return draw.choice(levels)
    if axis["type"] == "Integer":
        return draw.randint(levels[0], levels[-1])
    if axis["scaling"] == "Logarithmic":
        return math.exp(draw.uniform(math.log(levels[0]), math.log(levels[-1])))
    return draw.uniform(levels[0], levels[-1])


def write_curves(name, churn_folder, configurations=300, epochs=27):
    """One list of validation losses, one an epoch, for each of some random configurations."""
    axes, _, fixed = TASKS[name]
    parts = [(xgboost.DMatrix(a, b), xgboost.DMatrix(c, d))
             for a, b, c, d in data_of(name, churn_folder)]
    draw = random.Random(7)
    curves = []
    for _ in range(configurations):
        chosen = {axis["name"]: between(axis, draw) for axis in axes}
        losses = numpy.mean([losses_of(part, {**fixed, **chosen}, epochs) for part in parts], axis=0)
        curves.append([float(f"{loss:.4g}") for loss in losses])
    write(f"curves_{name}", {"curves": curves})
    print(name, "curves", min(curve[-1] for curve in curves))


def write(name, data):
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(data, separators=(",", ":")) + "\n")


def main():
    churn_folder, *names = sys.argv[1:]
    for name in names or (*TASKS, *(f"curves_{task}" for task in TASKS)):
        if name.startswith("curves_"):
            write_curves(name.removeprefix("curves_"), churn_folder)
            continue
        axes, rounds, fixed = TASKS[name]
        parts = [(xgboost.DMatrix(a, b), xgboost.DMatrix(c, d))
                 for a, b, c, d in data_of(name, churn_folder)]
        values = []
        for levels in itertools.product(*(axis["levels"] for axis in axes)):
            chosen = {axis["name"]: level for axis, level in zip(axes, levels)}
            values.append(round(value(parts, {**fixed, **chosen}, rounds), 6))
        write(name, {"axes": axes, "values": values})
        print(name, len(values), min(values), sorted(values)[len(values) // 2])


if __name__ == "__main__":
    main()
