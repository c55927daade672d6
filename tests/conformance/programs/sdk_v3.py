"""SageMaker SDK v3: ModelTrainer with logs, ModelBuilder, invoke, and the core resources."""

import sys

import numpy
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, TrainingJob
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer

train_csv, validation_csv, test_csv = sys.argv[1:]

session = Session()
role = get_execution_role()
bucket = session.default_bucket()
assert ":role/" in role and bucket.startswith("sagemaker-"), (role, bucket)
train_uri = session.upload_data(train_csv, bucket, key_prefix="churn-v3/train")
validation_uri = session.upload_data(validation_csv, bucket, key_prefix="churn-v3/validation")
image = image_uris.retrieve("xgboost", session.boto_region_name, version="1.7-1")

trainer = ModelTrainer(
    training_image=image, role=role, sagemaker_session=session, base_job_name="churn-v3",
    compute=Compute(instance_type="ml.m5.xlarge", instance_count=1, volume_size_in_gb=10),
    output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/churn-v3/output"),
    hyperparameters={"objective": "binary:logistic", "num_round": 20, "max_depth": 5, "eta": 0.2,
                     "gamma": 4, "min_child_weight": 6, "subsample": 0.8, "eval_metric": "auc"})
trainer.train(input_data_config=[
    InputData(channel_name="train", data_source=train_uri, content_type="text/csv"),
    InputData(channel_name="validation", data_source=validation_uri, content_type="text/csv")],
    wait=True, logs=True)

job = TrainingJob.get(trainer._latest_training_job.training_job_name)
assert job.training_job_status == "Completed", job.failure_reason
artifact = job.model_artifacts.s3_model_artifacts
names = [listed.training_job_name for listed in TrainingJob.get_all(name_contains="churn-v3")]
assert job.training_job_name in names

builder = ModelBuilder(image_uri=image, s3_model_data_url=artifact, role_arn=role,
                       sagemaker_session=session, instance_type="ml.m5.large")
model = builder.build()
endpoint = builder.deploy(initial_instance_count=1, instance_type="ml.m5.large")
rows = numpy.loadtxt(test_csv, delimiter=",")
body = "\n".join(",".join(str(v) for v in row) for row in rows[:, 1:])
answer = endpoint.invoke(body=body, content_type="text/csv", accept="text/csv")
text = answer.body.read() if hasattr(answer.body, "read") else answer.body
text = text.decode() if isinstance(text, bytes) else text
scores = numpy.array([float(v) for v in text.replace("\n", ",").strip(",").split(",")])
right = float(((scores > 0.5) == (rows[:, 0] > 0.5)).mean())
print("ACCURACY", right)
assert right > 0.9

found = Endpoint.get(endpoint.endpoint_name)
assert found.endpoint_status == "InService"
config = EndpointConfig.get(found.endpoint_config_name)
model_name = config.production_variants[0].model_name
found.delete()
config.delete()
Model.get(model_name).delete()
print("DONE")
