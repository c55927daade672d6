"""Training jobs: bad input, stopping and running too long."""

import io
import tarfile
import time

import aws
import pytest

LONG = {"num_round": "100000", "max_depth": "6", "eta": "0.001"}


def failed(job, *words):
    assert job["TrainingJobStatus"] == "Failed", job["TrainingJobStatus"]
    assert job["SecondaryStatus"] == "Failed"
    for word in words:
        assert word in job["FailureReason"], job["FailureReason"]
    assert "ModelArtifacts" not in job or not job["ModelArtifacts"].get("S3ModelArtifacts")
    return job["FailureReason"]


@pytest.mark.parametrize("hyperparameters, words", [
    ({"num_round": None}, ["num_round"]),
    ({"num_round": "0"}, ["num_round"]),
    ({"eta": "1.5"}, ["eta"]),
    ({"objective": "binary:nonsense"}, ["objective"]),
    ({"max_depth": "deep"}, ["max_depth"]),
    ({"unheard_of": "1"}, ["unheard_of"]),
    ({"objective": "multi:softmax"}, ["num_class"]),
    ({"eval_metric": "nonsense"}, ["eval_metric"]),
])
def test_wrong_hyperparameters(clients, churn, churn_channels, hyperparameters, words):
    """A user's mistake is a ClientError that names the hyperparameter."""
    job = aws.train(clients, churn, churn_channels, hyperparameters=hyperparameters)
    failed(job, "ClientError", *words)


def test_ragged_csv(clients, bucket):
    """A line that is too short: the reason names file and line."""
    rows = aws.churn_rows("train").splitlines()
    rows[41] = b"1,2,3"
    clients.s3.put_object(Bucket=bucket, Key="in/ragged.csv", Body=b"\n".join(rows))
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/")])
    failed(job, "ClientError", "ragged.csv", "42")


def test_csv_with_words(clients, bucket):
    """Text where a number belongs."""
    rows = aws.churn_rows("train").splitlines()
    rows[9] = rows[9].replace(b",", b",abc", 1)
    clients.s3.put_object(Bucket=bucket, Key="in/words.csv", Body=b"\n".join(rows))
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/")])
    failed(job, "ClientError", "words.csv", "10")


def test_csv_with_header(clients, bucket):
    """The most common mistake: the first line holds names."""
    body = b"label,a,b\n1,2,3\n0,4,5\n"
    clients.s3.put_object(Bucket=bucket, Key="in/train.csv", Body=body)
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/")])
    failed(job, "ClientError", "train.csv")


def test_labels_out_of_range(clients, bucket):
    """binary:logistic wants labels from 0 to 1."""
    clients.s3.put_object(Bucket=bucket, Key="in/train.csv", Body=b"7,1\n0,2\n" * 10)
    job = aws.train(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/")])
    failed(job, "ClientError", "label")


def refused(clients, bucket, channels):
    """The message of CreateTrainingJob's ValidationException."""
    with pytest.raises(clients.sagemaker.exceptions.ClientError) as error:
        clients.sagemaker.create_training_job(**aws.job_request(clients, bucket, channels))
    assert error.value.response["Error"]["Code"] == "ValidationException"
    return error.value.response["Error"]["Message"]


def test_empty_prefix(clients, churn, bucket):
    """Nothing under the prefix: refused at once, as AWS does, naming the location."""
    message = refused(clients, churn, [aws.channel("train", f"s3://{bucket}/nothing/here/")])
    assert f'No S3 objects found under S3 URL "s3://{bucket}/nothing/here/"' in message


def test_missing_bucket(clients, churn):
    """A bucket that is not there: the same, asking whether the bucket exists."""
    message = refused(clients, churn, [aws.channel("train", "s3://no-such-bucket-here/x/")])
    assert "no-such-bucket-here" in message and "bucket exists" in message


def test_no_train_channel(clients, churn, churn_channels):
    """XGBoost needs the channel `train`."""
    failed(aws.train(clients, churn, churn_channels[1:]), "ClientError", "train")


def test_unknown_content_type(clients, churn):
    """A type it cannot read is named."""
    channel = aws.channel("train", f"s3://{churn}/train/", "text/nonsense")
    failed(aws.train(clients, churn, [channel]), "ClientError", "text/nonsense")


def test_image_that_nobody_has(clients, churn, churn_channels):
    """No algorithm, environment or image of that name: the reason says what to do."""
    specification = {"TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/nobody:1",
                     "TrainingInputMode": "File"}
    job = aws.train(clients, churn, churn_channels, AlgorithmSpecification=specification)
    failed(job, "nobody:1")


def start(clients, churn, churn_channels, **changes):
    """A job that trains for minutes, and is training by now."""
    request = aws.job_request(clients, churn, churn_channels, hyperparameters=LONG, **changes)
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)

    def training():
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        assert job["TrainingJobStatus"] == "InProgress", job.get("FailureReason")
        return job["SecondaryStatus"] == "Training"
    aws.wait_until(training, 30)
    return name


def test_stop(clients, churn, churn_channels):
    """Stopped within seconds; SDKs read Stopping in between. What was learnt is kept."""
    name = start(clients, churn, churn_channels)
    time.sleep(0.5)
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.wait_job(clients, name, 60)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    names = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert names[-1] == "Stopped" and "Stopping" in names


def test_stop_twice_and_too_late(clients, churn, churn_channels, trained):
    """Stopping what stops already is no error; stopping what ended is one."""
    name = start(clients, churn, churn_channels)
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    try:
        clients.sagemaker.stop_training_job(TrainingJobName=name)
    except clients.sagemaker.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException"
    aws.wait_job(clients, name)
    with pytest.raises(clients.sagemaker.exceptions.ClientError) as error:
        clients.sagemaker.stop_training_job(TrainingJobName=trained["TrainingJobName"])
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_delete_while_running(clients, churn, churn_channels):
    """A running job cannot be deleted."""
    name = start(clients, churn, churn_channels)
    with pytest.raises(clients.sagemaker.exceptions.ClientError):
        clients.sagemaker.delete_training_job(TrainingJobName=name)
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    aws.wait_job(clients, name)


def test_max_runtime(clients, churn, churn_channels):
    """MaxRuntimeInSeconds ends the job: Stopped, MaxRuntimeExceeded."""
    name = start(clients, churn, churn_channels, StoppingCondition={"MaxRuntimeInSeconds": 2})
    job = aws.wait_job(clients, name, 60)
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] in ("MaxRuntimeExceeded", "Stopped")
    assert "MaxRuntimeExceeded" in [s["Status"] for s in job["SecondaryStatusTransitions"]]
    assert job["TrainingTimeInSeconds"] >= 2


def artifact_names(clients, job):
    """Members of what ModelArtifacts points at; None when it points nowhere."""
    uri = job.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    if not uri:
        return None
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    body = clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        return archive.getnames()


def test_stop_keeps_the_model(clients, churn, churn_channels):
    """With save_model_on_termination SIGTERM lets XGBoost save what it has learnt."""
    request = aws.job_request(clients, churn, churn_channels, hyperparameters=LONG | {
        "save_model_on_termination": "true"})
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)
    aws.wait_until(lambda: any("[5]" in m for m in messages(clients, name)), 30)
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    names = artifact_names(clients, aws.wait_job(clients, name, 60))
    assert names and "xgboost-model" in names


def messages(clients, name):
    try:
        return aws.job_messages(clients, name)
    except clients.logs.exceptions.ResourceNotFoundException:
        return []
