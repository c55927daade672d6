"""clary-algo serve answers what libxgboost answers, for every objective, booster and model format.

Runs with any xgboost version that is installed; models of old versions are made by running this
file's `make_models` with that version (see make_models.py). Needs numpy and xgboost.
"""
import http.client
import os
import pathlib
import pickle
import signal
import socket
import subprocess
import time

import numpy as np
import pytest

xgb = pytest.importorskip("xgboost")

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("CLARY_ALGO", str(ROOT / "build/release/bin/clary-algo"))
ROWS = 300


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Server:
    """A model server on a socket in `folder`, whose model folder is `folder`/model."""

    def __init__(self, folder, **environment):
        self.socket = str(folder / "s")
        self.process = subprocess.Popen(
            [PROGRAM, "serve"],
            env={**os.environ, "CLARY_ML_ROOT": str(folder), "CLARY_SERVE_SOCKET": self.socket,
                 **environment},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline()

    def invoke(self, body, content_type="text/csv", accept=""):
        connection = UnixConnection(self.socket)
        headers = {"Content-Type": content_type}
        if accept:
            headers["Accept"] = accept
        connection.request("POST", "/invocations", body, headers)
        response = connection.getresponse()
        return response.status, response.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        return self.process.returncode, self.process.stderr.read()


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(save, **environment):
        (tmp_path / "model").mkdir(exist_ok=True)
        save(tmp_path / "model")
        servers.append(Server(tmp_path, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def to_csv(rows):
    return "\n".join(",".join("" if np.isnan(v) else repr(float(v)) for v in row) for row in rows)


def data(seed=0, missing=0.1, columns=8):
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, columns)).astype(np.float32)
    score = x[:, 0] * 2 - x[:, 1] + x[:, 2] * x[:, 3] + random.normal(size=ROWS) * 0.2
    x[random.random(x.shape) < missing] = np.nan
    return x, score


def labels(objective, score):
    if objective.startswith("multi:"):
        return np.digitize(score, [-1.5, 0, 1.5]).astype(float)
    if objective.startswith(("binary:", "reg:logistic")):
        return (score > 0).astype(float)
    if objective in ("count:poisson", "reg:tweedie", "reg:gamma", "survival:aft", "survival:cox"):
        return np.exp(score / 4) if objective != "count:poisson" else np.floor(np.exp(score / 3))
    if objective == "reg:squaredlogerror":
        return np.abs(score)
    if objective.startswith("rank:"):
        return np.digitize(score, [-1, 1]).astype(float)
    return score


OBJECTIVES = ["reg:squarederror", "reg:logistic", "reg:gamma", "reg:tweedie", "reg:pseudohubererror",
              "reg:squaredlogerror", "reg:absoluteerror", "binary:logistic", "binary:logitraw",
              "binary:hinge", "multi:softmax", "multi:softprob", "count:poisson", "rank:pairwise",
              "rank:ndcg", "survival:cox", "survival:aft"]


def train(objective, booster="gbtree", rounds=30, **more):
    x, score = data()
    matrix = xgb.DMatrix(x, label=labels(objective, score))
    parameters = {"objective": objective, "booster": booster, "max_depth": 4, "seed": 1, **more}
    if objective.startswith("multi:"):
        parameters["num_class"] = 4
    if objective.startswith("rank:"):
        matrix.set_group([30] * (ROWS // 30))
    if objective == "survival:aft":
        matrix.set_float_info("label_lower_bound", labels(objective, score))
        matrix.set_float_info("label_upper_bound", labels(objective, score))
    if booster == "dart":
        parameters["rate_drop"] = 0.2
    return xgb.train(parameters, matrix, rounds), x


def check(server, booster, x, exact=True):
    expected = booster.predict(xgb.DMatrix(x))
    assert server.ready, server.stop()
    status, body = server.invoke(to_csv(x))
    assert status == 200, body
    found = np.array([[float(v) for v in line.split(",")] for line in body.decode().split()],
                     dtype=np.float32).reshape(expected.shape)
    # exp() may differ in the last place between C libraries; sums may not.
    np.testing.assert_allclose(found, expected, rtol=3e-7 if exact else 2e-5, atol=1e-37)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("booster", ["gbtree", "dart", "gblinear"])
def test_objectives(serve, objective, booster):
    model, x = train(objective, booster)
    server = serve(lambda folder: model.save_model(folder / "xgboost-model.ubj"))
    check(server, model, x, exact=booster != "gblinear")


@pytest.mark.parametrize("extension", ["json", "ubj", "deprecated"])
def test_formats(serve, extension):
    model, x = train("binary:logistic")

    def save(folder):
        try:
            raw = model.save_raw(extension)
        except Exception as error:  # this version no longer writes the old binary format
            pytest.skip(str(error))
        (folder / "xgboost-model").write_bytes(raw)

    check(serve(save), model, x)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(serve, protocol):
    """Older containers saved pickle.dump(booster)."""
    model, x = train("binary:logistic")
    save = lambda folder: (folder / "xgboost-model").write_bytes(pickle.dumps(model, protocol))
    check(serve(save), model, x)


def test_hostile_pickle(serve, tmp_path):
    """A pickle that would run a program is refused, and runs none."""
    marker = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {marker}",)

    server = serve(lambda folder: (folder / "xgboost-model").write_bytes(pickle.dumps(Hostile())))
    assert server.ready == ""
    status, errors = server.stop()
    assert status == 1 and "refused the pickle" in errors
    assert not marker.exists()


def test_forest_and_base_score(serve):
    model, x = train("binary:logistic", num_parallel_tree=3, base_score=0.2, subsample=0.5)
    check(serve(lambda folder: model.save_model(folder / "xgboost-model.json")), model, x)


def test_categorical_splits(serve):
    random = np.random.default_rng(0)
    x = np.column_stack([random.integers(0, 90, ROWS), random.normal(size=ROWS)]).astype(np.float32)
    y = np.isin(x[:, 0], [1, 5, 8, 70]) + x[:, 1]
    matrix = xgb.DMatrix(x, label=y, feature_types=["c", "q"], enable_categorical=True)
    model = xgb.train({"tree_method": "hist", "max_cat_to_onehot": 1}, matrix, 20)
    server = serve(lambda folder: model.save_model(folder / "xgboost-model.json"))
    x[::17, 0] = np.nan
    expected = model.predict(xgb.DMatrix(x, feature_types=["c", "q"], enable_categorical=True))
    status, body = server.invoke(to_csv(x))
    np.testing.assert_allclose(np.array(body.split(), dtype=np.float32), expected, rtol=3e-7)


def test_vector_leaves_fall_back(serve):
    """Trees with vector leaves are not evaluated natively: libxgboost answers."""
    x, score = data(missing=0)
    matrix = xgb.DMatrix(x, label=np.column_stack([score, -score]))
    model = xgb.train({"tree_method": "hist", "multi_strategy": "multi_output_tree"}, matrix, 5)
    server = serve(lambda folder: model.save_model(folder / "xgboost-model.ubj"))
    check(server, model, x)


def test_ensemble_is_the_mean(serve):
    first, x = train("binary:logistic")
    second, _ = train("binary:logistic", rounds=5)

    def save(folder):
        first.save_model(folder / "xgboost-model-0.ubj")
        second.save_model(folder / "xgboost-model-1.ubj")

    server = serve(save)
    expected = (first.predict(xgb.DMatrix(x)) + second.predict(xgb.DMatrix(x))) / 2
    _, body = server.invoke(to_csv(x))
    np.testing.assert_allclose(np.array(body.split(), dtype=np.float32), expected, rtol=3e-7)


def test_libsvm_and_selected_outputs(serve):
    model, x = train("binary:logistic")
    server = serve(lambda folder: model.save_model(folder / "xgboost-model.ubj"),
                   SAGEMAKER_INFERENCE_OUTPUT="predicted_label,probabilities")
    rows = [" ".join(f"{i}:{float(v)!r}" for i, v in enumerate(row) if not np.isnan(v)) for row in x]
    status, body = server.invoke("\n".join(rows), "text/libsvm", "application/json")
    assert status == 200, body
    import json

    expected = model.predict(xgb.DMatrix(x))
    for row, value in zip(json.loads(body)["predictions"], expected):
        assert row["predicted_label"] == int(value > 0.5)
        assert row["probabilities"][1] == pytest.approx(float(value), rel=3e-7)
