"""Training jobs of several instances: sharded and replicated data, groups, what comes out."""

import io
import struct

import aws
import pytest

TWO = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}
SHARDED = {"S3DataDistributionType": "ShardedByS3Key"}


def completed(job):
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return {m["MetricName"]: m["Value"] for m in job["FinalMetricDataList"]}


@pytest.fixture(scope="module")
def shards(clients):
    """The churn training data in four objects."""
    name = aws.unique("shards")
    clients.s3.create_bucket(Bucket=name)
    rows = aws.churn_rows("train").splitlines(keepends=True)
    for i in range(4):
        clients.s3.put_object(Bucket=name, Key=f"train/{i}.csv", Body=b"".join(rows[i::4]))
    for i in range(2):
        clients.s3.put_object(Bucket=name, Key=f"validation/{i}.csv",
                              Body=aws.churn_rows("validation"))
    return name


def streams(clients, job):
    return sorted(s["logStreamName"].split("/")[1].rsplit("-", 1)[0]
                  for s in clients.logs.describe_log_streams(
                      logGroupName="/aws/sagemaker/TrainingJobs",
                      logStreamNamePrefix=job + "/")["logStreams"])


def test_sharded_data_makes_a_model_as_good_as_one_instance(clients, shards):
    """Two instances with half of the data each train one model together."""
    alone = completed(aws.train(clients, shards, [
        aws.channel(part, f"s3://{shards}/{part}/") for part in ("train", "validation")]))
    job = aws.train(clients, shards, [
        aws.channel(part, f"s3://{shards}/{part}/", source=SHARDED)
        for part in ("train", "validation")], ResourceConfig=TWO)
    together = completed(job)
    assert abs(together["validation:auc"] - alone["validation:auc"]) < 0.02
    assert streams(clients, job["TrainingJobName"]) == ["algo-1", "algo-2"]
    messages = aws.job_messages(clients, job["TrainingJobName"])
    rows = [m for m in messages if "Train matrix has" in m]
    assert len(rows) == 2 and all("2333 rows" not in row for row in rows)
    # Only the first prints the rounds, and one model comes out.
    assert sum(m.startswith("[9]") for m in messages) == 1
    assert list(aws.read_artifact(clients, job)) == ["xgboost-model"]


def test_an_instance_without_data_takes_no_part(clients, shards):
    """ShardedByS3Key with fewer objects than instances."""
    job = aws.train(clients, shards, [aws.channel("train", f"s3://{shards}/train/0",
                                                  source=SHARDED)], ResourceConfig=TWO)
    completed(job)
    assert any("does not have data" in m for m in aws.job_messages(clients, job["TrainingJobName"]))


def test_groups_have_channels_of_their_own(clients, shards):
    """InstanceGroups: a channel goes to the groups that it names."""
    channel = aws.channel("train", f"s3://{shards}/train/",
                          source={"InstanceGroupNames": ["workers"]})
    job = aws.train(clients, shards, [channel], ResourceConfig={
        "VolumeSizeInGB": 10, "InstanceGroups": [
            {"InstanceGroupName": "idle", "InstanceType": "ml.m5.large", "InstanceCount": 1},
            {"InstanceGroupName": "workers", "InstanceType": "ml.m6i.large", "InstanceCount": 1}]})
    # The first has no train channel, which the algorithm says.
    assert job["TrainingJobStatus"] == "Failed"
    assert "Missing required channel: train" in job["FailureReason"]


def test_one_that_fails_ends_the_others(clients, bucket):
    """A bad row on one instance fails the job with its reason."""
    rows = aws.churn_rows("train")
    clients.s3.put_object(Bucket=bucket, Key="in/0.csv", Body=rows)
    clients.s3.put_object(Bucket=bucket, Key="in/1.csv", Body=rows + b"1,not-a-number\n")
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/", source=SHARDED)],
                    ResourceConfig=TWO, hyperparameters={"num_round": "100000"})
    assert job["TrainingJobStatus"] == "Failed"
    assert "1.csv" in job["FailureReason"], job["FailureReason"]


def test_too_many_are_refused_by_number(clients, shards):
    request = aws.job_request(clients, shards, [aws.channel("train", f"s3://{shards}/train/")],
                              ResourceConfig=TWO | {"InstanceCount": 65})
    with pytest.raises(clients.sagemaker.exceptions.ClientError) as error:
        clients.sagemaker.create_training_job(**request)
    assert "65" in str(error.value)


def record(values, label):
    """One aialgs.data.Record with a dense Float32 row, framed as RecordIO."""
    def field(number, data):
        size, out = len(data), bytearray()
        while size >= 0x80:
            out.append(size & 0x7f | 0x80)
            size >>= 7
        out.append(size)
        return bytes([number << 3 | 2]) + bytes(out) + data

    def entry(numbers):
        tensor = field(1, struct.pack(f"<{len(numbers)}f", *numbers))
        return field(1, b"values") + field(2, field(2, tensor))
    body = field(1, entry(values)) + field(2, entry([label]))
    return struct.pack("<II", 0xced7230a, len(body)) + body + b"\0" * (-len(body) % 4)


def pipe(clients, bucket, content_type, **more):
    specification = {"TrainingImage": aws.XGBOOST_IMAGE, "TrainingInputMode": "Pipe"}
    return aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/", content_type,
                                                   **more)],
                     AlgorithmSpecification=specification)


def test_pipe_mode_csv(clients, bucket):
    """Pipe mode: the objects come one after the other out of a named pipe."""
    rows = aws.churn_rows("train").splitlines(keepends=True)
    clients.s3.put_object(Bucket=bucket, Key="in/0.csv", Body=b"".join(rows[:1000]))
    clients.s3.put_object(Bucket=bucket, Key="in/1.csv", Body=b"".join(rows[1000:]))
    job = pipe(clients, bucket, "text/csv")
    assert completed(job)["train:auc"] > 0.9
    assert any("2333 rows" in m for m in aws.job_messages(clients, job["TrainingJobName"]))


def test_pipe_mode_recordio(clients, bucket):
    """recordio-protobuf through the pipe, unpacked on the way."""
    body = io.BytesIO()
    for line in aws.churn_rows("train").split():
        label, *values = (float(v) for v in line.split(b","))
        body.write(record(values, label))
    clients.s3.put_object(Bucket=bucket, Key="in/0.pr.gz", Body=aws.gzipped(body.getvalue()))
    job = pipe(clients, bucket, "application/x-recordio-protobuf", CompressionType="Gzip",
               ShuffleConfig={"Seed": 3})
    assert completed(job)["train:auc"] > 0.9


def test_pipe_mode_without_the_right_to_read(clients, bucket):
    """Data that cannot be read fails the job as a download, whatever its program made of it."""
    clients.s3.put_object(Bucket=bucket, Key="in/there.csv", Body=aws.churn_rows("train"))
    clients.s3.put_object(Bucket=bucket, Key="m",
                          Body=f'[{{"prefix": "s3://{bucket}/in/"}}, "there.csv", "gone.csv"]')
    specification = {"TrainingImage": aws.XGBOOST_IMAGE, "TrainingInputMode": "Pipe"}
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/m",
                                                  source={"S3DataType": "ManifestFile"})],
                    AlgorithmSpecification=specification)
    assert job["TrainingJobStatus"] == "Failed"
    assert "Data download failed" in job["FailureReason"] and "gone.csv" in job["FailureReason"]
