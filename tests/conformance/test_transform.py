"""Batch transform over the built-in XGBoost model."""

import gzip
import json
import pathlib

import aws
import pytest
from botocore.exceptions import ClientError

PROGRAMS = pathlib.Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def model(clients, artifact):
    return aws.create_model(clients, artifact)


@pytest.fixture
def transform(clients, bucket, model):
    """Runs a job over objects of the test's bucket; returns its description."""
    def run(source="in/", timeout=60, wait=True, **changes):
        request = {
            "TransformJobName": aws.unique("transform"),
            "ModelName": model,
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix",
                                                "S3Uri": f"s3://{bucket}/{source}"}},
                "ContentType": "text/csv", "SplitType": "Line"},
            "TransformOutput": {"S3OutputPath": f"s3://{bucket}/out", "AssembleWith": "Line",
                                "Accept": "text/csv"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        for name, value in changes.items():
            if isinstance(value, dict):
                request[name] = request.get(name, {}) | value
            else:
                request[name] = value
        clients.sagemaker.create_transform_job(**request)
        return aws.wait_transform(clients, request["TransformJobName"], timeout) if wait else request
    return run


def put(clients, bucket, key, body):
    clients.s3.put_object(Bucket=bucket, Key=key, Body=body)


def read(clients, bucket, key):
    return clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def keys(clients, bucket, prefix="out/"):
    listed = clients.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [item["Key"] for item in listed]


def completed(job):
    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    return job


def features():
    return aws.churn_features()[0]


def scores_of(text):
    return [float(score) for score in text.decode().split()]


def test_every_object_has_its_output_in_order(clients, bucket, transform, endpoint):
    """Line for line what the endpoint answers, one .out for each object, paths kept."""
    rows = features()
    put(clients, bucket, "in/a.csv", b"\n".join(rows))
    put(clients, bucket, "in/deep/b.csv", b"\r\n".join(rows[:7]) + b"\r\n\r\n")
    put(clients, bucket, "in/empty.csv", b"")
    job = completed(transform())
    assert keys(clients, bucket) == ["out/a.csv.out", "out/deep/b.csv.out", "out/empty.csv.out"]
    answer = aws.invoke(clients, endpoint, b"\n".join(rows))["Body"].read()
    expected = scores_of(answer.replace(b",", b"\n"))
    assert scores_of(read(clients, bucket, "out/a.csv.out")) == expected
    assert scores_of(read(clients, bucket, "out/deep/b.csv.out")) == expected[:7]
    assert read(clients, bucket, "out/empty.csv.out") == b""
    assert job["TransformStartTime"] <= job["TransformEndTime"]
    assert "LabelingJobArn" not in job and "FailureReason" not in job
    assert job["DataProcessing"] == {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}


def test_join_and_filters(clients, bucket, transform):
    """An id column is kept from the model and comes back beside the score."""
    rows = features()[:50]
    text = b"\n".join(b'"id, %d",%s' % (i, row) for i, row in enumerate(rows))
    put(clients, bucket, "in/a.csv", text)
    completed(transform(DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input",
                                        "OutputFilter": "$[0,-1]"}, BatchStrategy="SingleRecord",
                        MaxConcurrentTransforms=4))
    lines = read(clients, bucket, "out/a.csv.out").decode().splitlines()
    assert [line.rsplit(",", 1)[0] for line in lines] == [f'"id, {i}"' for i in range(50)]
    assert all(0 <= float(line.rsplit(",", 1)[1]) <= 1 for line in lines)


def test_a_bad_record_fails_its_object_and_the_job(clients, bucket, transform):
    """The other objects are done nevertheless; the reason names the object, the log the line."""
    rows = features()[:5]
    put(clients, bucket, "in/bad.csv", b"\n".join(rows) + b"\nno,numbers\n")
    put(clients, bucket, "in/good.csv", b"\n".join(rows))
    job = transform()
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f"ClientError: {bucket}/in/bad.csv: ")
    assert keys(clients, bucket) == ["out/good.csv.out"]
    messages = aws.job_messages(clients, job["TransformJobName"], "TransformJobs")
    assert any(f"{bucket}/in/bad.csv: ClientError" in line for line in messages)
    assert any("MaxConcurrentTransforms=" in line for line in messages)


def test_gzip_manifest_and_shards(clients, bucket, transform):
    """Objects by a manifest, unpacked, shared between two instances."""
    rows = features()[:20]
    for i in range(5):
        put(clients, bucket, f"data/{i}.csv.gz", gzip.compress(b"\n".join(rows)))
    put(clients, bucket, "list", json.dumps(
        [{"prefix": f"s3://{bucket}/data/"}] + [f"{i}.csv.gz" for i in range(5)]))
    job = completed(transform("list", TransformInput={
        "DataSource": {"S3DataSource": {"S3DataType": "ManifestFile",
                                        "S3Uri": f"s3://{bucket}/list"}},
        "CompressionType": "Gzip"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 2}))
    outputs = {key: read(clients, bucket, key) for key in keys(clients, bucket)}
    assert list(outputs) == [f"out/{i}.csv.gz.out" for i in range(5)]
    assert len(set(outputs.values())) == 1 and len(scores_of(outputs["out/0.csv.gz.out"])) == 20
    streams = clients.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TransformJobs",
        logStreamNamePrefix=job["TransformJobName"] + "/")["logStreams"]
    assert [s["logStreamName"].split("/")[1][:7] for s in streams] == ["algo-1-", "algo-2-"]


def test_stop(clients, bucket, transform):
    """A job that is stopped ends as Stopped, and stopping it again is refused."""
    rows = b"\n".join(features() * 30)
    for i in range(20):
        put(clients, bucket, f"in/{i}.csv", rows)
    request = transform(wait=False, BatchStrategy="SingleRecord", MaxConcurrentTransforms=1)
    name = request["TransformJobName"]
    aws.wait_until(lambda: "TransformStartTime" in
                   clients.sagemaker.describe_transform_job(TransformJobName=name))
    clients.sagemaker.stop_transform_job(TransformJobName=name)
    job = aws.wait_transform(clients, name)
    assert job["TransformJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="is in status Stopped"):
        clients.sagemaker.stop_transform_job(TransformJobName=name)


@pytest.mark.parametrize("changes, message", [
    ({"ModelName": "not-there"}, "Could not find model"),
    ({"DataProcessing": {"InputFilter": "$..a"}}, "InputFilter"),
    ({"DataProcessing": {"JoinSource": "Input"},
      "TransformOutput": {"Accept": "application/json"}}, "Accept"),
    ({"MaxConcurrentTransforms": 20, "MaxPayloadInMB": 6}, "must not exceed 100"),
    ({"DataCaptureConfig": {"DestinationS3Uri": "s3://b/c"}}, "DataCaptureConfig"),
])
def test_what_is_refused(clients, transform, changes, message):
    """Bad requests answer before anything is made."""
    with pytest.raises(ClientError, match=message):
        transform(**changes)


def test_data_capture(clients, bucket, transform):
    """Manifests of inputs and outputs by hour; an id and the time after each prediction."""
    put(clients, bucket, "in/deep/a.csv", b"\n".join(features()[:3]))
    request = {"DestinationS3Uri": f"s3://{bucket}/seen", "GenerateInferenceId": True}
    job = completed(transform(DataCaptureConfig=request))
    assert job["DataCaptureConfig"] == request
    rows = [line.split(",") for line in read(clients, bucket, "out/deep/a.csv.out").decode().split()]
    assert len({row[1] for row in rows}) == 3 and all(len(row) == 3 for row in rows)
    assert all(0 <= float(row[0]) <= 1 and row[2].endswith("Z") for row in rows)
    inputs, outputs = sorted(keys(clients, bucket, "seen/"))
    assert inputs.startswith("seen/input/20") and outputs.startswith("seen/output/20")
    assert json.loads(read(clients, bucket, inputs)) == [
        {"prefix": f"s3://{bucket}/in/"}, "deep/a.csv"]
    assert json.loads(read(clients, bucket, outputs)) == [
        {"prefix": f"s3://{bucket}/out/"}, "deep/a.csv.out"]


def test_nothing_there(clients, transform):
    """A prefix without objects fails the job with a reason that names it."""
    job = transform("none/")
    assert job["TransformJobStatus"] == "Failed" and "none/" in job["FailureReason"]


def test_list_and_describe(clients, bucket, transform):
    put(clients, bucket, "in/a.csv", features()[0])
    job = completed(transform())
    name = job["TransformJobName"]
    listed = clients.sagemaker.list_transform_jobs(NameContains=name)["TransformJobSummaries"]
    assert [entry["TransformJobStatus"] for entry in listed] == ["Completed"]
    with pytest.raises(ClientError, match="already exists"):
        transform(TransformJobName=name)
    with pytest.raises(ClientError, match="Could not find requested job with name: nope"):
        clients.sagemaker.describe_transform_job(TransformJobName="nope")


@pytest.mark.parametrize("version", ["sdk_v2", "sdk_v3"])
def test_sdks(run_program, artifact, tmp_path, version):
    """Transformer of both SDKs, unmodified, with wait and logs."""
    file = tmp_path / "test.csv"
    file.write_bytes(aws.churn_rows("test"))
    output = run_program(version, "python", str(PROGRAMS / f"{version}_transform.py"), artifact,
                         str(file), merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    assert "BatchStrategy=MULTI_RECORD" in output, "the log was not shown"
