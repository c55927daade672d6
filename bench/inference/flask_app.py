"""The peer: the usual way to serve an XGBoost model by hand."""

import os

import numpy
import xgboost
from flask import Flask, Response, request

app = Flask(__name__)
booster = xgboost.Booster({"nthread": 1})
booster.load_model(os.environ["MODEL_FILE"])


@app.get("/ping")
def ping():
    return ""


@app.post("/invocations")
def invocations():
    rows = [line.split(",") for line in request.get_data(as_text=True).splitlines()]
    features = numpy.array(rows, dtype=numpy.float32)
    scores = booster.inplace_predict(features)
    return Response("\n".join(str(score) for score in scores), mimetype="text/csv")
