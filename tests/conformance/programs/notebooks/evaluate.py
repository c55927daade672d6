"""Processing: unpacks a model and writes how good it is."""

import json
import tarfile

import joblib
import pandas
from sklearn.metrics import accuracy_score, classification_report, roc_auc_score

with tarfile.open("/opt/ml/processing/model/model.tar.gz") as archive:
    archive.extractall(path=".")
model = joblib.load("model.joblib")
features = pandas.read_csv("/opt/ml/processing/test/features.csv", header=None)
labels = pandas.read_csv("/opt/ml/processing/test/labels.csv", header=None)[0]
guesses = model.predict(features)
report = classification_report(labels, guesses, output_dict=True)
report["accuracy"] = accuracy_score(labels, guesses)
report["roc_auc"] = roc_auc_score(labels, guesses)
with open("/opt/ml/processing/evaluation/evaluation.json", "w") as out:
    json.dump(report, out)
