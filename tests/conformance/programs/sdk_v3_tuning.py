"""SageMaker SDK v3: HyperparameterTuner over a ModelTrainer, analytics, the best job deployed."""

import sys

import numpy
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.parameter import ContinuousParameter, IntegerParameter
from sagemaker.core.resources import HyperParameterTuningJob, TrainingJob
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

train_csv, validation_csv, test_csv = sys.argv[1:]
session = Session()
role = get_execution_role()
bucket = session.default_bucket()
inputs = [InputData(channel_name=name, content_type="text/csv",
                    data_source=session.upload_data(path, bucket, key_prefix=f"tune-v3/{name}"))
          for name, path in (("train", train_csv), ("validation", validation_csv))]
image = image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1")
trainer = ModelTrainer(
    training_image=image, role=role, sagemaker_session=session, base_job_name="tune-v3",
    compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=10),
    output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/tune-v3/output"),
    hyperparameters={"objective": "binary:logistic", "num_round": 15, "eval_metric": "auc"})
tuner = HyperparameterTuner(
    model_trainer=trainer, objective_metric_name="validation:auc",
    hyperparameter_ranges={"eta": ContinuousParameter(0.05, 0.6),
                           "max_depth": IntegerParameter(2, 6)},
    objective_type="Maximize", max_jobs=4, max_parallel_jobs=2, strategy="Bayesian",
    base_tuning_job_name="tune-v3")
tuner.tune(inputs, wait=True)

frame = tuner.analytics().dataframe()
assert len(frame) == 4 and {"eta", "max_depth", "FinalObjectiveValue"} <= set(frame), frame
best = tuner.best_training_job()
assert best == frame.sort_values("FinalObjectiveValue").iloc[-1]["TrainingJobName"]
found = HyperParameterTuningJob.get(tuner.latest_tuning_job.hyper_parameter_tuning_job_name)
assert found.training_job_status_counters.completed == 4
assert len(list(found.get_all_training_jobs())) == 4

job = TrainingJob.get(best)
builder = ModelBuilder(image_uri=image, s3_model_data_url=job.model_artifacts.s3_model_artifacts,
                       role_arn=role, sagemaker_session=session, instance_type="ml.m5.large")
builder.build()
endpoint = builder.deploy(initial_instance_count=1, instance_type="ml.m5.large")
rows = numpy.loadtxt(test_csv, delimiter=",")
body = "\n".join(",".join(str(v) for v in row) for row in rows[:, 1:])
answer = endpoint.invoke(body=body, content_type="text/csv", accept="text/csv")
text = answer.body.read() if hasattr(answer.body, "read") else answer.body
text = text.decode() if isinstance(text, bytes) else text
scores = numpy.array([float(v) for v in text.replace("\n", ",").strip(",").split(",")])
right = float(((scores > 0.5) == (rows[:, 0] > 0.5)).mean())
endpoint.delete()
assert right > 0.85, right
print("DONE")
