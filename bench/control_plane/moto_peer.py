"""The peer: moto's server with many training jobs put straight into its memory.

Run in the `moto` environment:  moto_peer.py PORT JOBS
"""

import copy
import sys

import boto3
from moto.sagemaker.models import sagemaker_backends
from moto.server import ThreadedMotoServer

port, jobs = int(sys.argv[1]), int(sys.argv[2])
server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
server.start()
client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="testing",
                      aws_secret_access_key="testing", endpoint_url=f"http://127.0.0.1:{port}")
client.create_training_job(
    TrainingJobName="seed", RoleArn="arn:aws:iam::123456789012:role/role",
    AlgorithmSpecification={"TrainingImage": "i", "TrainingInputMode": "File"},
    HyperParameters={"num_round": "10"}, OutputDataConfig={"S3OutputPath": "s3://b/o"},
    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
    StoppingCondition={"MaxRuntimeInSeconds": 600})
stored = sagemaker_backends["123456789012"]["us-east-1"].training_jobs
seed = stored["seed"]
for number in range(jobs):
    job = copy.copy(seed)
    job.training_job_name = f"job-{number:06d}"
    job.arn = seed.arn.replace("seed", job.training_job_name)
    stored[job.training_job_name] = job
print("ready", flush=True)
sys.stdin.read()
server.stop()
