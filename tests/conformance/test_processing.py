"""Processing jobs: scripts in an environment of the tests' own, and both SDKs' processors."""

import json
import pathlib

import aws
import frameworks
import pytest
from botocore.exceptions import ClientError

PROGRAMS = pathlib.Path(__file__).parent / "programs"
CODE = "/opt/ml/processing/input/code"
OUT = "/opt/ml/processing/output"


@pytest.fixture
def process(clients, bucket):
    """Runs a script as a job; returns its description (or its name, without `wait`)."""
    def run(script, *arguments, wait=True, instances=1, mode="EndOfJob", inputs=(), **changes):
        clients.s3.put_object(Bucket=bucket, Key="code/work.py", Body=script)
        request = {
            "ProcessingJobName": aws.unique("processing"), "RoleArn": clients.role,
            "AppSpecification": {"ImageUri": frameworks.PLAIN_IMAGE,
                                 "ContainerEntrypoint": ["python3", CODE + "/work.py"]},
            "ProcessingInputs": [s3_input("code", f"s3://{bucket}/code/work.py", CODE), *inputs],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": {
                "S3Uri": f"s3://{bucket}/out", "LocalPath": OUT, "S3UploadMode": mode}}]},
            "ProcessingResources": {"ClusterConfig": {
                "InstanceType": "ml.t3.medium", "InstanceCount": instances, "VolumeSizeInGB": 1}},
        } | changes
        if arguments:
            request["AppSpecification"]["ContainerArguments"] = list(arguments)
        clients.sagemaker.create_processing_job(**request)
        name = request["ProcessingJobName"]
        return aws.wait_processing(clients, name, 90) if wait else name
    return run


def s3_input(name, uri, path, **more):
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": path,
                                           "S3DataType": "S3Prefix", "S3InputMode": "File"} | more}


def read(clients, bucket, key):
    return clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def keys(clients, bucket, prefix="out/"):
    listed = clients.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [item["Key"] for item in listed]


def test_what_a_script_finds(clients, bucket, process):
    """Arguments, configuration files, variables, inputs; outputs, message and log come back."""
    for name in ("a.csv", "deep/b.csv"):
        clients.s3.put_object(Bucket=bucket, Key="data/" + name, Body=name)
    job = process("""if True:
        import json, os, sys
        config = json.load(open('/opt/ml/config/processingjobconfig.json'))
        resources = json.load(open('/opt/ml/config/resourceconfig.json'))
        data = '/opt/ml/processing/data'
        found = sorted(os.path.relpath(os.path.join(f, n), data)
                       for f, _, names in os.walk(data) for n in names)
        os.makedirs('/opt/ml/processing/output/deep')
        json.dump({'arguments': sys.argv[1:], 'arn': config['ProcessingJobArn'],
                   'same': os.environ['PROCESSING_JOB_ARN'] == config['ProcessingJobArn'],
                   'mine': os.environ['MINE'], 'hosts': resources['hosts'], 'found': found},
                  open('/opt/ml/processing/output/deep/report.json', 'w'))
        open('/opt/ml/output/message', 'w').write('2 files')
        print('the work is done')
        """, "--rows", "3", Environment={"MINE": "yes"},
        inputs=[s3_input("data", f"s3://{bucket}/data", "/opt/ml/processing/data")])
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ExitMessage"] == "2 files" and "MonitoringScheduleArn" not in job
    assert job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert json.loads(read(clients, bucket, "out/deep/report.json")) == {
        "arguments": ["--rows", "3"], "arn": job["ProcessingJobArn"], "same": True, "mine": "yes",
        "hosts": ["algo-1"], "found": ["a.csv", "deep/b.csv"]}
    assert "the work is done" in aws.job_messages(clients, job["ProcessingJobName"],
                                                  "ProcessingJobs")


def test_failure(clients, bucket, process):
    """The reason has what the script said last and its exit code; nothing is uploaded."""
    job = process("import sys; open('/opt/ml/processing/output/x', 'w'); sys.exit('no such luck')")
    assert job["ProcessingJobStatus"] == "Failed"
    assert "no such luck" in job["FailureReason"] and "exit code: 1" in job["FailureReason"]
    assert keys(clients, bucket) == []


def test_continuous_and_stop(clients, bucket, process):
    """Files come while the job runs; a job that is stopped gets SIGTERM and ends as Stopped."""
    name = process("""if True:
        import signal, sys, time
        def end(*_):
            open('/opt/ml/processing/output/last', 'w').write('ended')
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        open('/opt/ml/processing/output/first', 'w').write('begun')
        time.sleep(600)
        """, wait=False, mode="Continuous")
    aws.wait_until(lambda: "out/first" in keys(clients, bucket), 60)
    clients.sagemaker.stop_processing_job(ProcessingJobName=name)
    job = aws.wait_processing(clients, name)
    assert job["ProcessingJobStatus"] == "Stopped"
    assert read(clients, bucket, "out/last") == "ended"
    with pytest.raises(ClientError, match="is in status Stopped"):
        clients.sagemaker.stop_processing_job(ProcessingJobName=name)
    clients.sagemaker.delete_processing_job(ProcessingJobName=name)
    with pytest.raises(ClientError, match="Could not find requested job"):
        clients.sagemaker.describe_processing_job(ProcessingJobName=name)


def test_time_limit(clients, bucket, process):
    job = process("import time; time.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert job["ProcessingJobStatus"] == "Stopped" and "MaxRuntime" in job["ExitMessage"]


def test_several_instances_share_their_input(clients, bucket, process):
    """Each of two sees both hosts, has its shard and a log stream of its own."""
    for i in range(4):
        clients.s3.put_object(Bucket=bucket, Key=f"data/{i}", Body=b"x")
    job = process("""if True:
        import json, os
        resources = json.load(open('/opt/ml/config/resourceconfig.json'))
        name = resources['current_host']
        found = sorted(os.listdir('/opt/ml/processing/data'))
        open(f'/opt/ml/processing/output/{name}', 'w').write(
            ' '.join(resources['hosts'] + found))
        """, instances=2, inputs=[s3_input("data", f"s3://{bucket}/data/", "/opt/ml/processing/data",
                                           S3DataDistributionType="ShardedByS3Key")])
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert read(clients, bucket, "out/algo-1") == "algo-1 algo-2 0 2"
    assert read(clients, bucket, "out/algo-2") == "algo-1 algo-2 1 3"


def test_pipe_mode(clients, bucket, process):
    """S3InputMode Pipe: the objects come through a named pipe beside LocalPath."""
    for name in ("a.csv", "b.csv"):
        clients.s3.put_object(Bucket=bucket, Key="data/" + name, Body=name + "\n")
    job = process("""if True:
        lines = open('/opt/ml/processing/data_0').read()
        open('/opt/ml/processing/output/lines', 'w').write(lines)
        """, inputs=[s3_input("data", f"s3://{bucket}/data/", "/opt/ml/processing/data",
                              S3InputMode="Pipe")])
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert read(clients, bucket, "out/lines") == "a.csv\nb.csv\n"


def test_network(clients, process):
    """The role's session is there, unless the job is isolated."""
    script = "import os, sys; sys.exit(0 if 'AWS_SESSION_TOKEN' in os.environ else 'isolated')"
    assert process(script)["ProcessingJobStatus"] == "Completed"
    job = process(script, NetworkConfig={"EnableNetworkIsolation": True})
    assert job["ProcessingJobStatus"] == "Failed" and "isolated" in job["FailureReason"]


def test_an_input_that_is_not_there(bucket, process):
    job = process("", inputs=[s3_input("data", f"s3://{bucket}/none/", "/opt/ml/processing/data")])
    assert job["ProcessingJobStatus"] == "Failed" and f"{bucket}/none/" in job["FailureReason"]


@pytest.mark.parametrize("version", ["sdk_v2", "sdk_v3"])
def test_sdks(run_program, version):
    """ScriptProcessor/SKLearnProcessor and FrameworkProcessor, unmodified, with wait and logs."""
    output = run_program(version, "python", str(PROGRAMS / f"{version}_processing.py"),
                         merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    assert "rows kept: 2" in output, "the log was not shown"
