"""SageMaker SDK v2 with an image of one's own: Estimator(image_uri), deploy, predict."""

import sys

import sagemaker
from sagemaker.estimator import Estimator

image, data = sys.argv[1:]
session = sagemaker.Session()
role = sagemaker.get_execution_role()
uri = session.upload_data(data, key_prefix="own-v2/train")
estimator = Estimator(image_uri=image, role=role, instance_count=1, instance_type="ml.m5.large",
                      hyperparameters={"do": "train"}, sagemaker_session=session,
                      environment={"FROM_JOB": "v2"},
                      metric_definitions=[{"Name": "loss", "Regex": "loss=([0-9.]+);"}])
estimator.fit({"train": uri}, logs="All")
predictor = estimator.deploy(initial_instance_count=1, instance_type="ml.m5.large")
print("ANSWER", predictor.predict(b"hello"))
predictor.delete_endpoint()
print("DONE")
