"""Answers /ping and /invocations: CSV features in, a label for each line out."""

import functools
import io
import pickle

import flask
import numpy

app = flask.Flask(__name__)


@functools.cache
def model():
    with open("/opt/ml/model/decision-tree-model.pkl", "rb") as file:
        return pickle.load(file)


@app.get("/ping")
def ping():
    model()
    return flask.Response("\n", mimetype="application/json")


@app.post("/invocations")
def invocations():
    if flask.request.content_type != "text/csv":
        return flask.Response("this model reads text/csv", status=415, mimetype="text/plain")
    features = numpy.loadtxt(io.BytesIO(flask.request.data), delimiter=",", ndmin=2)
    print(f"invoked with {len(features)} rows")
    lines = "".join(f"{label}\n" for label in model().predict(features))
    return flask.Response(lines, mimetype="text/csv")
