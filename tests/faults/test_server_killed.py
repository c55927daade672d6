"""kill -9 of the server while a job trains or an endpoint serves: nothing repeated, nothing lost."""

import datetime
import re
import time

import aws
import pytest
from clary_server import processes_of

ROUNDS = 1500


def begin(clients, bucket, channels, rounds=ROUNDS):
    """Starts a job that takes some seconds; returns its name once it has trained a little."""
    request = aws.job_request(clients, bucket, channels, hyperparameters={
        "num_round": str(rounds), "max_depth": "6", "eta": "0.01", "nthread": "1"})
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)
    aws.wait_until(lambda: len(trained_rounds(clients, name)) > 5, 30)
    return name


def trained_rounds(clients, name):
    try:
        messages = aws.job_messages(clients, name)
    except clients.logs.exceptions.ResourceNotFoundException:
        return []
    found = [re.match(r"\[(\d+)\].*train-auc", m) or re.search(r"\[(\d+)\]\S*train-auc", m)
             for m in messages]
    return [int(m[1]) for m in found if m]


def check_whole(clients, name, rounds=ROUNDS):
    """The job is Completed, every round was logged once and in order, the model is there."""
    job = aws.wait_job(clients, name, 120)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert trained_rounds(clients, name) == list(range(rounds))
    assert "xgboost-model" in aws.read_artifact(clients, job)
    statuses = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert len(statuses) == len(set(statuses)) and statuses[-1] == "Completed"
    samples = clients.cloudwatch.get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs", MetricName="train:auc", Period=3600,
        Dimensions=[{"Name": "TrainingJobName", "Value": name}], Statistics=["SampleCount"],
        StartTime=job["TrainingStartTime"] - datetime.timedelta(hours=1),
        EndTime=job["TrainingEndTime"] + datetime.timedelta(hours=1))["Datapoints"]
    assert sum(p["SampleCount"] for p in samples) == rounds


def test_while_training(server, clients, bucket, channels):
    """The agent goes on without the server and reports to the next one."""
    name = begin(clients, bucket, channels)
    server.kill()
    assert processes_of(server.data_dir), "the agent died with the server"
    server.start()
    check_whole(clients, name)


def test_again_and_again(server, clients, bucket, channels):
    """Four crashes within one job."""
    name = begin(clients, bucket, channels)
    for _ in range(4):
        server.kill()
        server.start()
        time.sleep(0.3)
    check_whole(clients, name)


def test_job_ends_while_the_server_is_down(server, clients, bucket, channels):
    """What ended unseen is Completed after the start, with log and model."""
    name = begin(clients, bucket, channels, 400)
    server.kill()
    time.sleep(4)
    server.start()
    check_whole(clients, name, 400)


def test_right_after_create(server, clients, bucket, channels):
    """Acknowledged is acknowledged: the job runs, once, though nothing had begun."""
    request = aws.job_request(clients, bucket, channels)
    clients.sagemaker.create_training_job(**request)
    server.kill()
    server.start()
    check_whole(clients, request["TrainingJobName"], 10)


def test_queue_survives(server, clients, bucket, channels):
    """Jobs that wait for room are started after the crash."""
    names = []
    for _ in range(6):
        request = aws.job_request(clients, bucket, channels, hyperparameters={"num_round": "50"})
        clients.sagemaker.create_training_job(**request)
        names.append(request["TrainingJobName"])
    server.kill()
    server.start()
    for name in names:
        check_whole(clients, name, 50)


def test_stop_after_the_crash(server, clients, bucket, channels):
    """A job that was adopted can be stopped like any other."""
    name = begin(clients, bucket, channels, 100000)
    server.kill()
    server.start()
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    assert aws.wait_job(clients, name, 60)["TrainingJobStatus"] == "Stopped"


def test_graceful_stop_leaves_jobs_alone(server, clients, bucket, channels):
    """SIGTERM (an upgrade) is no reason to lose a job either."""
    name = begin(clients, bucket, channels)
    assert server.stop() == 0
    server.start()
    check_whole(clients, name)


def test_endpoint_survives(server, clients, bucket, channels):
    """Model servers live on; after the start the endpoint answers without a new deployment."""
    job = aws.train(clients, bucket, channels)
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    name = aws.deploy(clients, aws.variant(aws.create_model(clients, artifact)))
    row = aws.churn_features()[0][0]
    before = aws.invoke(clients, name, row)["Body"].read()
    server.kill()
    server.start()

    def answer():
        try:
            return aws.invoke(clients, name, row)["Body"].read()
        except clients.runtime.exceptions.ClientError:
            return None
    began = time.monotonic()
    assert aws.wait_until(answer, 20) == before
    assert time.monotonic() - began < 10
    assert clients.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.1, 0.2, 0.4, 0.8])
def test_at_any_moment(server, clients, bucket, channels, wait):
    """The crash may come at any step: staging, start, upload, report."""
    request = aws.job_request(clients, bucket, channels, hyperparameters={"num_round": "30"})
    clients.sagemaker.create_training_job(**request)
    time.sleep(wait)
    server.kill()
    server.start()
    check_whole(clients, request["TrainingJobName"], 30)
