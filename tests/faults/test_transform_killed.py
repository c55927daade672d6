"""kill -9 of server, agent and model server while a transform job runs."""

import os
import signal

import aws
import pytest
from clary_server import processes_of

OBJECTS = 6


@pytest.fixture
def job(clients, bucket, channels):
    """A transform job that takes some seconds and is under way; its rows and its name."""
    trained = aws.train(clients, bucket, channels)
    model = aws.create_model(clients, trained["ModelArtifacts"]["S3ModelArtifacts"])
    rows = b"\n".join(aws.churn_features()[0] * 6)
    for i in range(OBJECTS):
        clients.s3.put_object(Bucket=bucket, Key=f"in/{i}.csv", Body=rows)
    name = aws.unique("transform")
    clients.sagemaker.create_transform_job(
        TransformJobName=name, ModelName=model, BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=1,
        TransformInput={"DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/in/"}},
            "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": f"s3://{bucket}/out", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})
    aws.wait_until(lambda: outputs(clients, bucket), 30, 0.01)
    return rows.count(b"\n") + 1, name


def outputs(clients, bucket):
    listed = clients.s3.list_objects_v2(Bucket=bucket, Prefix="out/").get("Contents", [])
    return {item["Key"]: clients.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            for item in listed}


def test_server(server, clients, bucket, job):
    """The agent waits for S3, goes on, and every output is whole."""
    rows, name = job
    server.kill()
    assert processes_of(server.data_dir, "agent"), "the agent died with the server"
    server.start()
    ended = aws.wait_transform(clients, name, 90)
    assert ended["TransformJobStatus"] == "Completed", ended.get("FailureReason")
    written = outputs(clients, bucket)
    assert len(written) == OBJECTS
    assert {text.count(b"\n") for text in written.values()} == {rows}
    assert len(set(written.values())) == 1


def test_agent(server, clients, bucket, job):
    """Failed with a reason; what has an output is whole."""
    rows, name = job
    for pid in processes_of(server.data_dir, "agent"):
        os.kill(pid, signal.SIGKILL)
    ended = aws.wait_transform(clients, name, 60)
    assert ended["TransformJobStatus"] == "Failed" and "InternalServerError" in ended["FailureReason"]
    assert {text.count(b"\n") for text in outputs(clients, bucket).values()} == {rows}


def model_servers(server):
    """This server's processes of `clary-algo serve`, by what is mounted in their sandboxes."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{entry}/mountinfo", encoding="utf-8") as file:
                own = server.data_dir.name in file.read()
        except OSError:
            continue
        if own and words[0].endswith(b"clary-algo") and b"serve" in words:
            found.append(int(entry))
    return found


def test_model_server(server, clients, job):
    """The job fails and says that the model ended."""
    _, name = job
    victims = model_servers(server)
    assert victims, "no model server was found"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    ended = aws.wait_transform(clients, name, 60)
    assert ended["TransformJobStatus"] == "Failed"
    assert ended["FailureReason"].startswith("AlgorithmError: ")
