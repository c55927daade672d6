"""SDK v3: ModelTrainer with SourceCode (script, requirements, command), its drivers unmodified, and
ModelBuilder with a script that serves."""

import sys
from pathlib import Path

import numpy
from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import EndpointConfig, Model, TrainingJob
from sagemaker.core.training.configs import Compute, InputData, SourceCode
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.distributed import Torchrun

train_csv, test_csv, source_dir, source_uri, with_torch = sys.argv[1:]
session = Session()
role = get_execution_role()
bucket = session.default_bucket()
train_uri = session.upload_data(train_csv, bucket, key_prefix="scripts-v3/train")
image = image_uris.retrieve("sklearn", session.boto_region_name, version="1.2-1",
                            py_version="py3", instance_type="ml.m5.xlarge")
compute = Compute(instance_type="ml.m5.xlarge", instance_count=1, volume_size_in_gb=10)


def train(**source):
    trainer = ModelTrainer(
        training_image=image, role=role, sagemaker_session=session, base_job_name="scripts-v3",
        compute=compute, source_code=SourceCode(source_dir=source_dir, **source),
        hyperparameters={"n-estimators": 20})
    trainer.train(input_data_config=[InputData(channel_name="train", data_source=train_uri)],
                  wait=True, logs=True)
    job = TrainingJob.get(trainer._latest_training_job.training_job_name)
    assert job.training_job_status == "Completed", job.failure_reason
    return job


train(command="python -c 'import colours; print(colours.BEST)' && pip list",
      requirements="requirements.txt")
job = train(entry_script="train.py", requirements="requirements.txt")

if with_torch == "torch":
    trainer = ModelTrainer(
        training_image=image_uris.retrieve(
            "pytorch", session.boto_region_name, version="1.13.1", py_version="py39",
            instance_type="ml.m5.xlarge", image_scope="training"),
        role=role, sagemaker_session=session, base_job_name="torchrun-v3", compute=compute,
        source_code=SourceCode(source_dir=str(Path(__file__).parent / "pytorch_source"),
                               entry_script="train.py"),
        # torchrun 1.13 does not know its own default under Python 3.11.
        environment={"PET_REDIRECTS": "1", "PET_TEE": "1"},
        distributed=Torchrun(process_count_per_node=2), hyperparameters={"steps": 20})
    trainer.train(wait=True, logs=True)

builder = ModelBuilder(image_uri=image, s3_model_data_url=job.model_artifacts.s3_model_artifacts,
                       role_arn=role, sagemaker_session=session, instance_type="ml.m5.large",
                       env_vars={"SAGEMAKER_PROGRAM": "train.py",
                                 "SAGEMAKER_SUBMIT_DIRECTORY": source_uri})
builder.build()
endpoint = builder.deploy(initial_instance_count=1, instance_type="ml.m5.large")
rows = numpy.loadtxt(Path(test_csv), delimiter=",")
body = "\n".join(",".join(str(v) for v in row) for row in rows[:, 1:])
answer = endpoint.invoke(body=body, content_type="text/csv", accept="text/csv")
text = answer.body.read() if hasattr(answer.body, "read") else answer.body
text = text.decode() if isinstance(text, bytes) else text
scores = numpy.array([float(value) for value in text.split()])
right = float((scores == rows[:, 0]).mean())
print("ACCURACY", right)
assert right > 0.9
config = EndpointConfig.get(endpoint.endpoint_config_name)
endpoint.delete()
config.delete()
Model.get(config.production_variants[0].model_name).delete()
print("DONE")
