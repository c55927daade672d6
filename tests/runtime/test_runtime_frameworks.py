"""What frameworks' images do without a script: with the real frameworks, where they are."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from clary_runtime import content, tensorflow_serving

COMPAT = Path(content.__file__).resolve().parents[1] / "compat"
ROOT = Path(__file__).resolve().parents[2]
VENVS = Path(os.environ.get("CLARY_VENVS", ROOT / "build" / "venv"))
ONE = {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
PYTHONS = {"frameworks": str(VENVS / "frameworks" / "bin" / "python3"), "host": "/usr/bin/python3",
           # By hand (python3 -m venv, pip install tensorflow-cpu): too large for every run.
           "tensorflow": str(VENVS / "tensorflow" / "bin" / "python3")}


def make_model(python, base, code, needed):
    """Runs code that saves a model in the folder that is its first argument; skips without it."""
    found = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{needed}') is None)"
    if not os.path.exists(python) or subprocess.run([python, "-c", found]).returncode != 0:
        pytest.skip(f"{python} has no {needed}")
    folder = base / "model"
    folder.mkdir()
    subprocess.run([python, "-c", code, str(folder)], check=True, timeout=120)


def answer(server, body, content_type, accept="application/json"):
    status, text, _ = server.request(body=body, Content_Type=content_type, Accept=accept)
    assert status == 200, text
    return json.loads(text) if accept == "application/json" else text


def test_sklearn(serve, tmp_path):
    python = PYTHONS["frameworks"]
    make_model(python, tmp_path, """
import sys, joblib, numpy
from sklearn.linear_model import LinearRegression
x = numpy.array([[0, 0], [1, 0], [0, 1], [1, 1]])
joblib.dump(LinearRegression().fit(x, x @ [1, 2]), sys.argv[1] + "/model.joblib")
""", "sklearn")
    server = serve(python=python, CLARY_FRAMEWORK="sklearn", **ONE).ready()
    assert answer(server, b"1,1\n0,1\n", "text/csv") == pytest.approx([3, 2], abs=1e-5)
    assert answer(server, b"1,1", "text/csv") == pytest.approx([3], abs=1e-5)  # one row
    assert answer(server, b"[[1, 0]]", "application/json; charset=utf-8") == pytest.approx(
        [1], abs=1e-5)
    packed = answer(server, b"[[1, 0]]", "application/json", accept="application/x-npy")
    assert packed.startswith(b"\x93NUMPY")


@pytest.mark.parametrize("name", ["xgboost-model", "any.pkl"])
def test_xgboost(serve, tmp_path, name):
    python = PYTHONS["frameworks"]
    make_model(python, tmp_path, f"""
import sys, pickle, numpy, xgboost
x = numpy.array([[0.0], [1.0]] * 20)
booster = xgboost.train({{"min_child_weight": 0, "lambda": 0, "learning_rate": 1}},
                        xgboost.DMatrix(x, label=x[:, 0] * 4 + 1), 3)
path = sys.argv[1] + "/{name}"
if path.endswith("pkl"):
    pickle.dump(booster, open(path, "wb"))
else:
    booster.save_model(path)
""", "xgboost")
    server = serve(python=python, CLARY_FRAMEWORK="xgboost", **ONE).ready()
    assert answer(server, b"0\n1\n\n", "text/csv") == pytest.approx([1, 5], abs=1e-4)
    assert answer(server, b"0 0:1\n0 0:0\n", "text/libsvm") == pytest.approx([5, 1], abs=1e-4)
    assert server.request(body=b"a,b", Content_Type="text/csv")[0] == 400
    assert server.request(body=b"1:x", Content_Type="text/libsvm")[0] == 400


def test_pytorch(serve, tmp_path):
    python = PYTHONS["host"]
    make_model(python, tmp_path, """
import sys, torch
model = torch.jit.trace(lambda x: x.sum(1), torch.rand(2, 2))
torch.jit.save(model, sys.argv[1] + "/model.pt")
""", "torch")
    server = serve(python=python, CLARY_FRAMEWORK="pytorch", **ONE).ready()
    assert answer(server, b"[[1, 2], [3, 4]]", "application/json") == [3, 7]
    assert answer(server, b"1,2\n3,4\n", "text/csv", accept="text/csv") == b"3.0\n7.0\n"


def test_model_that_is_not_one(serve, tmp_path):
    """The reason lists what is there."""
    python = PYTHONS["frameworks"]
    make_model(python, tmp_path, "import sys; open(sys.argv[1] + '/weights.bin', 'w')", "sklearn")
    server = serve(python=python, CLARY_FRAMEWORK="sklearn", **ONE)
    assert server.process.wait(60) == 1
    failure = (server.base / "output" / "failure").read_text()
    assert "model.joblib" in failure and "weights.bin" in failure, failure


def test_tensorflow(serve, tmp_path):
    """A SavedModel, two versions of it: TensorFlow Serving's requests and answers."""
    python = PYTHONS["tensorflow"]
    make_model(python, tmp_path, """
import sys, tensorflow as tf
class Scale(tf.Module):
    def __init__(self, by):
        self.by = tf.Variable(by)
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def run(self, x):
        return {"scaled": x * self.by}
for version, by in ((9, 1.0), (10, 3.0)):
    module = Scale(by)
    tf.saved_model.save(module, f"{sys.argv[1]}/{version}", signatures=module.run)
""", "tensorflow")
    server = serve(python=python, CLARY_FRAMEWORK="tensorflow", **ONE).ready()
    expected = {"predictions": [[3.0, 6.0]]}
    for body, kind in ((b'{"instances": [[1, 2]]}', "application/json"), (b"1,2\n", "text/csv"),
                       (b'{"instances": [{"x": [1, 2]}]}', "application/json"),
                       (b"[[1, 2]]", "application/json"), (b"[1, 2]\n", "application/jsonlines")):
        assert answer(server, body, kind) == expected, body
    assert answer(server, b'{"inputs": [[1, 2]]}', "application/json") == {"outputs": [[3.0, 6.0]]}
    status, text, _ = server.request(body=b'{"instances": [[1, 2, 3]]}',
                                     Content_Type="application/json")
    assert status == 400 and b"does not take this" in text


def test_tensorflow_requests():
    """What becomes of a request, without TensorFlow."""
    columns = tensorflow_serving.columns_of
    assert columns({"instances": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}, ["a", "b"]) == {
        "a": [1, 3], "b": [2, 4]}
    assert columns({"inputs": {"a": [1]}}, ["a"]) == {"a": [1]}
    for wrong in ({"instances": []}, {"instances": [1]}, {"instances": [{"a": 1}]}, {"inputs": 1},
                  {"inputs": {"a": [1]}}):
        with pytest.raises(content.BadPayload):
            columns(wrong, ["a", "b"])
    with pytest.raises(content.BadPayload):
        tensorflow_serving.instances_of(b"1,x", "text/csv")
    with pytest.raises(content.UnsupportedFormat):
        tensorflow_serving.instances_of(b"", "application/x-npy")


def test_libsvm_is_read_as_in_training(tmp_path):
    """What scripts train on and what requests are have the same columns, an unused first one among
    them, and the same gaps."""
    (tmp_path / "train.libsvm").write_text("5 1:2 3:4\n6 1:1\n")
    done = subprocess.run([PYTHONS["frameworks"], "-c", f"""if True:
        from sagemaker_xgboost_container import data_utils, encoder
        trained = data_utils.get_dmatrix({str(tmp_path)!r}, "text/libsvm")
        asked = encoder.libsvm_to_dmatrix("1:2 3:4")
        assert (trained.num_col(), asked.num_col()) == (4, 4), (trained.num_col(), asked.num_col())
        assert (trained.num_nonmissing(), asked.num_nonmissing()) == (3, 2)
        """], env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{COMPAT}:{COMPAT.parent}"},
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
