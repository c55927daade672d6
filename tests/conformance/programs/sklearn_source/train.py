"""Trains a classifier on the first column of the training channel's CSV files, and serves it."""

import argparse
import json
import os

import joblib
import numpy
import pandas
from sklearn.ensemble import RandomForestClassifier


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--n-estimators", type=int, default=10)
    parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
    arguments = parser.parse_args()
    files = [os.path.join(arguments.train, name) for name in sorted(os.listdir(arguments.train))]
    rows = pandas.concat(pandas.read_csv(name, header=None) for name in files).to_numpy()
    model = RandomForestClassifier(arguments.n_estimators, random_state=1)
    model.fit(rows[:, 1:].astype(numpy.float32), rows[:, 0])
    print(f"accuracy={model.score(rows[:, 1:], rows[:, 0])};")
    joblib.dump(model, os.path.join(arguments.model_dir, "model.joblib"))
    with open(os.path.join(os.environ["SM_OUTPUT_DATA_DIR"], "seen.json"), "w") as out:
        json.dump({"estimators": arguments.n_estimators}, out)
