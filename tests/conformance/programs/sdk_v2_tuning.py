"""SageMaker SDK v2: HyperparameterTuner fits, waits, analyses, deploys; attach finds it again."""

import sys

import numpy
from sagemaker import Session, get_execution_role, image_uris
from sagemaker.deserializers import CSVDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.serializers import CSVSerializer
from sagemaker.tuner import (CategoricalParameter, ContinuousParameter, HyperparameterTuner,
                             IntegerParameter)

train_csv, validation_csv, test_csv = sys.argv[1:]
session = Session()
role = get_execution_role()
bucket = session.default_bucket()
channels = {name: TrainingInput(session.upload_data(path, bucket, key_prefix=f"tune-v2/{name}"),
                                content_type="text/csv")
            for name, path in (("train", train_csv), ("validation", validation_csv))}
image = image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1")
estimator = Estimator(image, role, instance_count=1, instance_type="ml.m5.large",
                      output_path=f"s3://{bucket}/tune-v2/output", sagemaker_session=session)
estimator.set_hyperparameters(objective="binary:logistic", num_round=15, eval_metric="auc")
tuner = HyperparameterTuner(
    estimator, "validation:auc",
    {"eta": ContinuousParameter(0.05, 0.6, scaling_type="Logarithmic"),
     "max_depth": IntegerParameter(2, 6),
     "booster": CategoricalParameter(["gbtree", "dart"])},
    objective_type="Maximize", max_jobs=5, max_parallel_jobs=2, strategy="Bayesian",
    base_tuning_job_name="tune-v2", early_stopping_type="Auto")
tuner.fit(channels, wait=True)

frame = tuner.analytics().dataframe()
assert len(frame) == 5, frame
assert {"eta", "max_depth", "booster", "FinalObjectiveValue"} <= set(frame), frame
best = tuner.best_training_job()
assert best == frame.sort_values("FinalObjectiveValue").iloc[-1]["TrainingJobName"]
assert tuner.best_estimator().latest_training_job.name == best

attached = HyperparameterTuner.attach(tuner.latest_tuning_job.name, sagemaker_session=session)
assert attached.best_training_job() == best
assert attached.describe()["HyperParameterTuningJobStatus"] == "Completed"

predictor = tuner.deploy(1, "ml.m5.large", serializer=CSVSerializer(),
                         deserializer=CSVDeserializer())
rows = numpy.loadtxt(test_csv, delimiter=",")
scores = numpy.array(predictor.predict(rows[:, 1:])).astype(float).ravel()
right = float(((scores > 0.5) == (rows[:, 0] > 0.5)).mean())
predictor.delete_endpoint()
assert right > 0.85, right

child = tuner.identical_dataset_and_algorithm_tuner()
child.max_jobs, child.max_parallel_jobs = 2, 1
child.fit(channels, wait=True)
assert child.describe()["OverallBestTrainingJob"]["TuningJobName"]
print("DONE")
