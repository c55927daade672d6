"""Processing: reads a table, scales its columns, writes what training and evaluation want."""

import argparse
import os

import pandas
from sklearn.compose import make_column_transformer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--test-share", type=float, default=0.3)
options, _ = parser.parse_known_args()
print("test share", options.test_share)

table = pandas.read_csv("/opt/ml/processing/input/train.csv", header=None).dropna()
labels, features = table.iloc[:, 0], table.iloc[:, 1:]
parts = train_test_split(features, labels, test_size=options.test_share, random_state=0)
scale = make_column_transformer((StandardScaler(), slice(None)))
frames = {"train": (scale.fit_transform(parts[0]), parts[2]),
          "test": (scale.transform(parts[1]), parts[3])}
for name, (columns, label) in frames.items():
    folder = f"/opt/ml/processing/{name}"
    os.makedirs(folder, exist_ok=True)
    pandas.DataFrame(columns).to_csv(f"{folder}/features.csv", header=False, index=False)
    label.to_csv(f"{folder}/labels.csv", header=False, index=False)
