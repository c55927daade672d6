"""How clary-algo train behaves as a job: metrics, early stopping, being stopped, checkpoints, folds."""
import json
import os
import re
import signal
import subprocess
import time

import numpy as np
import pytest

from test_training_data import BASE, PROGRAM, csv, lines, rows, train

xgb = pytest.importorskip("xgboost")


def job(folder, hyperparameters, validation=None, table=None):
    """Lays out a job with CSV channels without running it."""
    config = folder / "input/config"
    config.mkdir(parents=True)
    channels = {"train": table if table is not None else rows()}
    if validation is not None:
        channels["validation"] = validation
    for name, content in channels.items():
        (folder / "input/data" / name).mkdir(parents=True)
        (folder / "input/data" / name / "a.csv").write_text(csv(content))
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    (config / "inputdataconfig.json").write_text(
        json.dumps({name: {"ContentType": "text/csv"} for name in channels}))
    return folder


def run(folder):
    return subprocess.run([PROGRAM, "train"], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "CLARY_ML_ROOT": str(folder)})


def model(folder, name="xgboost-model"):
    return xgb.Booster(model_file=bytearray((folder / "model" / name).read_bytes()))


def test_same_lines_and_model_as_the_reference(tmp_path):
    """The job prints and saves what Python's xgb.train does with the same parameters."""
    table, validation = rows(500), rows(700)[500:]
    parameters = {"objective": "binary:logistic", "eval_metric": ["auc", "logloss"], "eta": 0.2,
                  "max_depth": 4, "subsample": 0.8, "seed": 7}
    given = {k: str(v) for k, v in parameters.items()}
    given.update(eval_metric="auc,logloss", num_round="20")
    folder = job(tmp_path, given, validation, table)
    result = run(folder)
    matrices = [xgb.DMatrix(t[:, 1:], label=t[:, 0]) for t in (table, validation)]
    reference = xgb.train({**parameters, "nthread": 1}, matrices[0], 20)
    expected = reference.eval_set([(matrices[0], "train"), (matrices[1], "validation")], 19)
    values = [float(v) for v in re.findall(r":(\S+)", lines(result)[-1])]
    assert values == pytest.approx([float(v) for v in re.findall(r":(\S+)", expected)], abs=6e-6)
    np.testing.assert_array_equal(model(folder).predict(matrices[1]),
                                  reference.predict(matrices[1]))


def test_container_metrics_match_scikit_learn(tmp_path):
    metrics = pytest.importorskip("sklearn.metrics")
    names = ["accuracy", "balanced_accuracy", "f1", "f1_binary", "precision", "recall",
             "precision_macro", "recall_micro", "mse", "r2"]
    folder = job(tmp_path, {**BASE, "eval_metric": ",".join(names)})
    line = lines(run(folder))[-1]
    table = rows()
    predicted = model(folder).predict(xgb.DMatrix(table[:, 1:]))
    label, guess = table[:, 0], (predicted > 0.5).astype(int)
    expected = {
        "accuracy": metrics.accuracy_score(label, guess),
        "balanced_accuracy": metrics.balanced_accuracy_score(label, guess),
        "f1": metrics.f1_score(label, guess, average="macro"),
        "f1_binary": metrics.f1_score(label, guess),
        "precision": metrics.precision_score(label, guess),
        "recall": metrics.recall_score(label, guess),
        "precision_macro": metrics.precision_score(label, guess, average="macro"),
        "recall_micro": metrics.recall_score(label, guess, average="micro"),
        "mse": metrics.mean_squared_error(label, predicted),
        "r2": metrics.r2_score(label, predicted)}
    found = dict(re.findall(r"train-([\w]+):(\S+)", line))
    assert {name: float(found[name]) for name in names} == pytest.approx(expected, abs=6e-6)


def test_early_stopping_keeps_the_best_round(tmp_path):
    folder = job(tmp_path, {**BASE, "num_round": "400", "eta": "1", "early_stopping_rounds": "5"},
                 rows(700)[500:])
    printed = lines(run(folder))
    scores = [float(re.search(r"validation-logloss:(\S+)", line)[1]) for line in printed]
    best = int(np.argmin(scores))
    assert len(scores) < 400 and len(scores) - 1 - best >= 5
    booster = model(folder)
    assert booster.num_boosted_rounds() == int(booster.attr("best_iteration")) + 1
    assert abs(booster.num_boosted_rounds() - 1 - best) <= 1  # five printed digits may tie


@pytest.mark.parametrize("save", ["true", "false"])
def test_sigterm(tmp_path, save):
    """A stopped job saves its model when it was asked to, and always ends at once."""
    folder = job(tmp_path, {**BASE, "num_round": "1000000", "save_model_on_termination": save})
    process = subprocess.Popen([PROGRAM, "train"], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "CLARY_ML_ROOT": str(folder)})
    for line in process.stdout:
        if line.startswith("[20]"):
            break
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    assert process.wait(10) == (0 if save == "true" else -signal.SIGTERM)
    assert time.monotonic() - started < 5
    if save == "true":
        assert model(folder).num_boosted_rounds() > 20


def test_checkpoints_resume(tmp_path):
    """A job that finds checkpoints goes on from the newest one and ends with the same model."""
    whole = job(tmp_path / "whole", {**BASE, "num_round": "30"})
    run(whole)
    half = job(tmp_path / "half", {**BASE, "num_round": "10"})
    (half / "checkpoints").mkdir()
    run(half)
    assert (half / "checkpoints/xgboost-checkpoint.9").exists()
    hyperparameters = half / "input/config/hyperparameters.json"
    hyperparameters.write_text(json.dumps({**BASE, "num_round": "30"}))
    result = run(half)
    assert lines(result)[0].startswith("[10]")
    assert (half / "checkpoints/xgboost-checkpoint.29").exists()
    data = xgb.DMatrix(rows()[:, 1:])
    np.testing.assert_allclose(model(half).predict(data), model(whole).predict(data), rtol=1e-5)


def test_cross_validation(tmp_path):
    folder = job(tmp_path, {**BASE, "_kfold": "4", "_num_cv_round": "2"})
    result = run(folder)
    assert len(list((folder / "model").glob("xgboost-model-*"))) == 8
    predictions = np.loadtxt(folder / "output/data/predictions.csv", delimiter=",")
    assert predictions.shape == (500, 3)
    np.testing.assert_array_equal(predictions[:, 0], rows()[:, 0])
    assert (predictions[:, 2] == predictions[:, 0]).mean() > 0.8
    assert len([line for line in lines(result) if line.startswith("[3]")]) == 3  # two rounds and all


@pytest.mark.parametrize("objective", [
    "reg:squarederror", "reg:linear", "reg:logistic", "reg:gamma", "reg:tweedie",
    "reg:pseudohubererror", "reg:squaredlogerror", "reg:absoluteerror", "binary:logistic",
    "binary:logitraw", "binary:hinge", "multi:softmax", "multi:softprob", "count:poisson",
    "rank:pairwise", "rank:ndcg", "rank:map", "survival:aft", "survival:cox"])
def test_every_objective_trains(tmp_path, objective):
    table = rows()
    if objective == "reg:gamma" or objective.startswith("survival"):
        table[:, 0] += 1
    hyperparameters = {"num_round": "3", "objective": objective}
    if objective.startswith("multi:"):
        hyperparameters["num_class"] = "2"
    folder = job(tmp_path, hyperparameters, table=table)
    result = run(folder)
    assert result.returncode == 0, result.stderr
    assert len(lines(result)) == 3 and (folder / "model/xgboost-model").exists()
