"""SageMaker SDK v3 with an image of one's own: ModelTrainer(training_image), with the image's own
program and with source code that the SDK brings into it."""

import logging
import sys
from pathlib import Path

from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import TrainingJob
from sagemaker.core.training.configs import Compute, InputData, SourceCode
from sagemaker.train import ModelTrainer

# The SDK shows a job's log through its logger.
logging.basicConfig(level=logging.INFO)
image, image_with_pip, data = sys.argv[1:]
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

# The SDK's script in the image wants Python, pip and bash there, as on SageMaker.
code = Path("code")
code.mkdir()
(code / "helper.py").write_text("def count(path):\n    return len(open(path).readlines())\n")
(code / "entry.py").write_text("""
import argparse, os
from helper import count
parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
rows = count(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "rows.csv"))
print("entry", rows, parser.parse_args().depth, os.environ["FROM_JOB"])
open(os.path.join(os.environ["SM_MODEL_DIR"], "rows"), "w").write(str(rows))
""")
scripted = ModelTrainer(
    training_image=image_with_pip, role=role, sagemaker_session=session,
    source_code=SourceCode(source_dir=str(code), entry_script="entry.py"),
    compute=Compute(instance_type="ml.m5.large", instance_count=1),
    hyperparameters={"depth": 4}, environment={"FROM_JOB": "v3"})
scripted.train(input_data_config=[InputData(channel_name="train", data_source=uri)], wait=True,
               logs=True)
job = TrainingJob.get(scripted._latest_training_job.training_job_name)
assert job.training_job_status == "Completed", job.failure_reason
print("DONE")
