"""Spark processing jobs: a framework environment with pyspark stands in for the published image."""

import pathlib
import shutil

import aws
import frameworks
import pytest
from clary_server import VENVS

PROGRAMS = pathlib.Path(__file__).parent / "programs"
IMAGE = frameworks.REGISTRY + "sagemaker-spark-processing:3.3-cpu-py39-v1.0"
CODE = "/opt/ml/processing/input/code"
pytestmark = pytest.mark.skipif(
    not shutil.which("java") or not (VENVS / "spark" / ".jars").exists(),
    reason="needs Java (openjdk-17-jre-headless) and tools/make_venvs.sh spark")


def submit(clients, bucket, script, *options, **changes):
    """Runs the script as an application; returns the job's description."""
    clients.s3.put_object(Bucket=bucket, Key="code/app.py", Body=script)
    name = aws.unique("spark")
    clients.sagemaker.create_processing_job(
        ProcessingJobName=name, RoleArn=clients.role,
        AppSpecification={"ImageUri": IMAGE,
                          "ContainerEntrypoint": ["smspark-submit", *options, CODE + "/app.py"]},
        ProcessingInputs=[{"InputName": "code", "S3Input": {
            "S3Uri": f"s3://{bucket}/code/app.py", "LocalPath": CODE, "S3DataType": "S3Prefix",
            "S3InputMode": "File"}}],
        ProcessingResources={"ClusterConfig": {
            "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}}, **changes)
    return aws.wait_processing(clients, name, 300)


def test_sdk_v2(run_program):
    """PySparkProcessor, unmodified: files, settings, event logs; two instances with s3a paths."""
    output = run_program("sdk_v2", "python", str(PROGRAMS / "sdk_v2_spark.py"), merged=True,
                         PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-6000:]
    assert "shuffle partitions: 3" in output
    assert "counted {'blue': 1, 'fish': 4, 'one': 1, 'red': 1, 'two': 1}" in output
    assert "driver algo-1 executors ['algo-2']" in output and "spark://algo-1:7077" in output


def test_an_application_that_fails(clients, bucket):
    """Isolated from the network too; the message has the application's own last words."""
    job = submit(clients, bucket, "from pyspark.sql import SparkSession\n"
                 "rows = SparkSession.builder.getOrCreate().range(4).count()\n"
                 "raise ValueError(f'{rows} rows are too few')\n",
                 NetworkConfig={"EnableNetworkIsolation": True})
    assert job["ProcessingJobStatus"] == "Failed"
    assert "ValueError: 4 rows are too few" in job["ExitMessage"]
    assert "4 rows are too few" in job["FailureReason"]


def test_what_cannot_be_submitted(clients, bucket):
    job = submit(clients, bucket, "", "--py-files", "/opt/ml/processing/input/none")
    assert job["ProcessingJobStatus"] == "Failed"
    assert "no file or folder /opt/ml/processing/input/none" in job["ExitMessage"]
