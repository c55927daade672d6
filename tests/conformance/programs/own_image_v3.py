"""SageMaker SDK v3 with an image of one's own: ModelTrainer(training_image)."""

import sys

from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import TrainingJob
from sagemaker.core.training.configs import Compute, InputData
from sagemaker.train import ModelTrainer

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
# The SDK follows a job's log at its own pace and may be behind when the job has ended.
for event in session.boto_session.client("logs").filter_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs",
        logStreamNamePrefix=job.training_job_name + "/")["events"]:
    print(event["message"])
print("DONE")
