"""Training jobs: the ways in which data comes to the algorithm."""

import json

import aws
import pytest


def completed(job):
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return {m["MetricName"]: m["Value"] for m in job["FinalMetricDataList"]}


def test_fast_file(clients, churn, churn_channels):
    """FastFile: the algorithm reads files as if they were local."""
    specification = {"TrainingImage": aws.XGBOOST_IMAGE, "TrainingInputMode": "FastFile"}
    job = aws.train(clients, churn, churn_channels, AlgorithmSpecification=specification)
    assert completed(job)["validation:auc"] > 0.8


def test_input_mode_of_a_channel(clients, churn, churn_channels):
    """A channel's own InputMode wins over the job's."""
    channels = [dict(c, InputMode="FastFile") for c in churn_channels]
    completed(aws.train(clients, churn, channels))


def test_without_validation(clients, churn, churn_channels):
    """The validation channel is optional."""
    metrics = completed(aws.train(clients, churn, churn_channels[:1]))
    assert set(metrics) == {"train:auc"}


def test_manifest_file(clients, churn, bucket):
    """ManifestFile: a prefix and the names under it; what is not named is not read."""
    clients.s3.put_object(Bucket=bucket, Key="data/part one.csv", Body=aws.churn_rows("train"))
    clients.s3.put_object(Bucket=bucket, Key="data/bad.csv", Body=b"not,a,number\n")
    manifest = [{"prefix": f"s3://{bucket}/data/"}, "part one.csv"]
    clients.s3.put_object(Bucket=bucket, Key="train.manifest", Body=json.dumps(manifest))
    channel = aws.channel("train", f"s3://{bucket}/train.manifest",
                          source={"S3DataType": "ManifestFile"})
    assert completed(aws.train(clients, bucket, [channel]))["train:auc"] > 0.9


def test_prefix_without_slash(clients, bucket):
    """S3Prefix is a prefix of keys, not a folder: `part` takes part-1 and part-2 alike."""
    rows = aws.churn_rows("train").splitlines(keepends=True)
    clients.s3.put_object(Bucket=bucket, Key="in/part-1.csv", Body=b"".join(rows[:1000]))
    clients.s3.put_object(Bucket=bucket, Key="in/part-2/deep.csv", Body=b"".join(rows[1000:]))
    completed(aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/part")]))


def test_single_object(clients, bucket):
    """S3Uri may name one object."""
    clients.s3.put_object(Bucket=bucket, Key="in/only.csv", Body=aws.churn_rows("train"))
    completed(aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/only.csv")]))


def test_gzip(clients, bucket):
    """CompressionType Gzip: unpacked on the way in."""
    clients.s3.put_object(Bucket=bucket, Key="in/train.csv.gz",
                          Body=aws.gzipped(aws.churn_rows("train")))
    channel = aws.channel("train", f"s3://{bucket}/in/", CompressionType="Gzip")
    assert completed(aws.train(clients, bucket, [channel]))["train:auc"] > 0.9


def libsvm(rows):
    lines = []
    for row in rows.decode().split():
        label, *values = row.split(",")
        pairs = [f"{i}:{v}" for i, v in enumerate(values) if float(v)]
        lines.append(" ".join([label, *pairs]))
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("content_type", ["text/libsvm", "text/x-libsvm", "libsvm"])
def test_libsvm(clients, bucket, content_type):
    """Sparse text, XGBoost's own format."""
    clients.s3.put_object(Bucket=bucket, Key="in/train", Body=libsvm(aws.churn_rows("train")))
    channel = aws.channel("train", f"s3://{bucket}/in/", content_type)
    assert completed(aws.train(clients, bucket, [channel]))["train:auc"] > 0.9


def test_csv_weights(clients, bucket):
    """csv_weights=1: the second column weighs the row."""
    rows = [line.split(b",", 1) for line in aws.churn_rows("train").split()]
    body = b"\n".join(label + b",1.5," + rest for label, rest in rows)
    clients.s3.put_object(Bucket=bucket, Key="in/train.csv", Body=body)
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/")],
                    hyperparameters={"csv_weights": "1"})
    assert completed(job)["train:auc"] > 0.9


def test_early_stopping(clients, churn, churn_channels):
    """early_stopping_rounds ends long before num_round when validation gets no better."""
    job = aws.train(clients, churn, churn_channels, hyperparameters={
        "num_round": "500", "early_stopping_rounds": "5", "eta": "0.9"})
    completed(job)
    rounds = [m for m in aws.job_messages(clients, job["TrainingJobName"]) if "validation-" in m]
    assert 5 < len(rounds) < 400


def test_several_metrics(clients, churn, churn_channels):
    """eval_metric takes a list; each becomes a metric of the job."""
    metrics = completed(aws.train(clients, churn, churn_channels,
                                  hyperparameters={"eval_metric": "auc,error,logloss"}))
    assert {"train:auc", "validation:error", "validation:logloss"} <= set(metrics)


def test_multiclass(clients, bucket):
    """multi:softprob needs num_class and gives mlogloss."""
    rows = b"".join(b"%d,%d,%d\n" % (i % 3, i % 3 * 10 + i % 2, i % 7) for i in range(300))
    clients.s3.put_object(Bucket=bucket, Key="in/train.csv", Body=rows)
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/")],
                    hyperparameters={"objective": "multi:softprob", "num_class": "3",
                                     "eval_metric": "mlogloss"})
    assert completed(job)["train:mlogloss"] < 0.2


def test_regression_by_default(clients, bucket):
    """Without an objective it is squared error."""
    rows = b"".join(b"%f,%d,%d\n" % (i * 0.5, i, i % 5) for i in range(300))
    clients.s3.put_object(Bucket=bucket, Key="in/train.csv", Body=rows)
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/")],
                    hyperparameters={"objective": None, "eval_metric": "rmse"})
    assert completed(job)["train:rmse"] < 10


def test_two_instances(clients, churn, churn_channels):
    """InstanceCount 2: trained together, or refused in words; never silently on one."""
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}
    try:
        job = aws.train(clients, churn, churn_channels, ResourceConfig=resources)
    except clients.sagemaker.exceptions.ResourceLimitExceeded as error:
        assert "instance" in str(error)
    else:
        completed(job)


def test_image_of_another_region(clients, churn, churn_channels):
    """Repository and tag decide; account, region and registry do not."""
    specification = {"TrainingImage": "246618743249.dkr.ecr.us-west-2.amazonaws.com/xgboost:1",
                     "TrainingInputMode": "File"}
    completed(aws.train(clients, churn, churn_channels, AlgorithmSpecification=specification))


def test_output_goes_where_it_was_asked(clients, churn, churn_channels, bucket):
    """S3OutputPath with a trailing slash makes no empty path element."""
    job = aws.train(clients, churn, churn_channels,
                    OutputDataConfig={"S3OutputPath": f"s3://{bucket}/"})
    completed(job)
    name = job["TrainingJobName"]
    keys = [o["Key"] for o in clients.s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == [f"{name}/output/model.tar.gz"]
