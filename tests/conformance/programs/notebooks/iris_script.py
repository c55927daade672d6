"""Script of the iris flow: trains a tree; serving it is what model_fn gives."""

import argparse
import os

import joblib
import pandas
from sklearn.tree import DecisionTreeClassifier


def model_fn(folder):
    return joblib.load(os.path.join(folder, "model.joblib"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--max_leaf_nodes", type=int, default=-1)
    parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
    options = parser.parse_args()
    files = [os.path.join(options.train, name) for name in os.listdir(options.train)]
    table = pandas.concat([pandas.read_csv(file, header=None) for file in files])
    tree = DecisionTreeClassifier(max_leaf_nodes=options.max_leaf_nodes)
    tree.fit(table.iloc[:, 1:].to_numpy(), table.iloc[:, 0].to_numpy())
    joblib.dump(tree, os.path.join(options.model_dir, "model.joblib"))
