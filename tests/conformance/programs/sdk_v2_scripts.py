"""SDK v2's framework estimators: SKLearn and XGBoost with scripts, deploy, and every serializer."""

import sys
from pathlib import Path

import numpy
import sagemaker
from quick_deploy import deploy
from sagemaker.deserializers import CSVDeserializer, JSONDeserializer, NumpyDeserializer
from sagemaker.serializers import CSVSerializer, JSONSerializer, NumpySerializer
from sagemaker.sklearn import SKLearn
from sagemaker.xgboost import XGBoost

train_csv, test_csv = sys.argv[1:]
here = Path(__file__).parent
session = sagemaker.Session()
role = sagemaker.get_execution_role()
train_uri = session.upload_data(train_csv, key_prefix="scripts-v2/train")
rows = numpy.loadtxt(test_csv, delimiter=",")
features, labels = rows[:, 1:], rows[:, 0]

estimator = SKLearn("train.py", source_dir=str(here / "sklearn_source"), framework_version="1.2-1",
                    py_version="py3", role=role, instance_type="ml.m5.xlarge",
                    sagemaker_session=session, hyperparameters={"n-estimators": 20},
                    metric_definitions=[{"Name": "train:accuracy", "Regex": "accuracy=(.*?);"}])
estimator.fit({"train": train_uri}, logs="All", wait=True)
assert "train:accuracy" in set(
    estimator.training_job_analytics.dataframe(force_refresh=True)["metric_name"])

predictor = deploy(estimator)
for serializer, deserializer in ((NumpySerializer(), NumpyDeserializer()),
                                 (CSVSerializer(), CSVDeserializer()),
                                 (JSONSerializer(), JSONDeserializer())):
    predictor.serializer, predictor.deserializer = serializer, deserializer
    answer = predictor.predict(features)
    scores = numpy.array(answer, dtype=float).reshape(-1)
    right = float((scores == labels).mean())
    print("SKLEARN", type(serializer).__name__, right)
    assert scores.shape == labels.shape and right > 0.9
predictor.delete_model()
predictor.delete_endpoint()

booster = XGBoost("train.py", source_dir=str(here / "xgboost_source"), framework_version="1.7-1",
                  role=role, instance_count=1, instance_type="ml.m5.xlarge",
                  sagemaker_session=session,
                  hyperparameters={"num_round": 10, "objective": "binary:logistic"})
booster.fit({"train": train_uri}, logs="None", wait=True)
predictor = deploy(booster, serializer=CSVSerializer(), deserializer=JSONDeserializer())
scores = numpy.array(predictor.predict(features))
right = float(((scores > 0.5) == (labels > 0.5)).mean())
print("XGBOOST", right)
assert right > 0.9
predictor.delete_model()
predictor.delete_endpoint()
print("DONE")
