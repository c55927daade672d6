"""Training script: a linear classifier over what the processing job left."""

import os

import joblib
import pandas
from sklearn.linear_model import LogisticRegression

folder = os.environ.get("SM_CHANNEL_TRAIN", "/opt/ml/input/data/train")
features = pandas.read_csv(f"{folder}/features.csv", header=None)
labels = pandas.read_csv(f"{folder}/labels.csv", header=None)
model = LogisticRegression(class_weight="balanced", max_iter=500).fit(features, labels[0])
joblib.dump(model, os.path.join("/opt/ml/model", "model.joblib"))
