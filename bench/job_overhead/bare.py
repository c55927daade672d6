"""The peer: what a person would run by hand. Reads the CSVs, trains, saves."""

import sys

import numpy
import xgboost

train_csv, validation_csv, model, rounds = sys.argv[1:]


def matrix(path):
    table = numpy.loadtxt(path, delimiter=",", dtype=numpy.float32)
    return xgboost.DMatrix(table[:, 1:], table[:, 0])


train, validation = matrix(train_csv), matrix(validation_csv)
booster = xgboost.train(
    {"objective": "binary:logistic", "eval_metric": "auc", "max_depth": 5, "eta": 0.2, "gamma": 4,
     "min_child_weight": 6, "subsample": 0.8, "seed": 7},
    train, int(rounds), evals=[(train, "train"), (validation, "validation")])
booster.save_model(model)
