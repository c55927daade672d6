"""SageMaker SDK v3 with an image of one's own: ModelTrainer(training_image)."""

import logging
import sys

from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import TrainingJob
from sagemaker.core.training.configs import Compute, InputData
from sagemaker.train import ModelTrainer

# The SDK shows a job's log through its logger.
logging.basicConfig(level=logging.INFO)
image, data = sys.argv[1:]
session = Session()
role = get_execution_role()
uri = session.upload_data(data, session.default_bucket(), key_prefix="own-v3/train")

trainer = ModelTrainer(training_image=image, role=role, sagemaker_session=session,
                       compute=Compute(instance_type="ml.m5.large", instance_count=1),
                       hyperparameters={"do": "train"}, environment={"FROM_JOB": "v3"})
trainer.train(input_data_config=[InputData(channel_name="train", data_source=uri)], wait=True,
              logs=True)
job = TrainingJob.get(trainer._latest_training_job.training_job_name)
assert job.training_job_status == "Completed", job.failure_reason
print("DONE")
