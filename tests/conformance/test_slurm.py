"""Jobs on a Slurm cluster: `compute = slurm`. What users see is the same as on one machine."""

import aws
import pytest
import slurm
from clary_server import ClaryServer

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing() or "-")


@pytest.fixture(scope="module")
def cluster():
    own = slurm.SlurmCluster()
    own.start()
    yield own
    own.remove()


@pytest.fixture(scope="module")
def slurm_server(cluster):
    own = ClaryServer(arguments=["--compute", "slurm"],
                      variables={"SLURM_CONF": str(cluster.config), "PATH": slurm.path()})
    own.start()
    yield own
    own.remove()


@pytest.fixture(scope="module")
def slurm_clients(slurm_server):
    return aws.Clients(slurm_server)


@pytest.fixture(scope="module")
def channels(slurm_clients):
    slurm_clients.s3.create_bucket(Bucket="slurm")
    for part in ("train", "validation"):
        slurm_clients.s3.put_object(Bucket="slurm", Key=f"{part}/{part}.csv",
                                    Body=aws.churn_rows(part))
    return [aws.channel(part, f"s3://slurm/{part}/") for part in ("train", "validation")]


def begin(clients, channels, **hyperparameters):
    request = aws.job_request(clients, "slurm", channels, **(
        {"hyperparameters": hyperparameters} if hyperparameters else {}))
    clients.sagemaker.create_training_job(**request)
    return request["TrainingJobName"]


def long_job(clients, channels):
    return begin(clients, channels, num_round="1000000", eta="0.001")


def secondary(clients, name):
    return clients.sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"]


def test_trains_on_a_node(cluster, slurm_clients, channels):
    """The job is Slurm's, the model is in S3, the log lines are in CloudWatch Logs."""
    name = begin(slurm_clients, channels)
    job = aws.wait_job(slurm_clients, name, 90)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert any(name in row[3] for row in cluster.jobs())
    key = job["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]
    assert slurm_clients.s3.head_object(Bucket="slurm", Key=key)["ContentLength"] > 100
    streams = slurm_clients.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=name)["logStreams"]
    assert streams


def test_stop(cluster, slurm_clients, channels):
    """A running job is told to end, keeps its model, and leaves the cluster."""
    name = long_job(slurm_clients, channels)
    aws.wait_until(lambda: secondary(slurm_clients, name) == "Training", 60)
    slurm_clients.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.wait_job(slurm_clients, name, 60)
    assert job["TrainingJobStatus"] == "Stopped"
    aws.wait_until(lambda: all(row[1] not in ("RUNNING", "PENDING") for row in cluster.jobs()), 60)


def test_what_waits_says_for_what(cluster, slurm_clients, channels):
    """More than the cluster has: Slurm's own queue, and Describe says so; stopping takes it out."""
    names = [long_job(slurm_clients, channels) for _ in range(4)]
    try:
        def waiting():
            for name in names:
                job = slurm_clients.sagemaker.describe_training_job(TrainingJobName=name)
                message = job["SecondaryStatusTransitions"][-1]["StatusMessage"]
                if "Waiting for Slurm" in message and "PENDING" in message:
                    return name
            return None
        queued = aws.wait_until(waiting, 60)
        slurm_clients.sagemaker.stop_training_job(TrainingJobName=queued)
        assert aws.wait_job(slurm_clients, queued, 30)["TrainingJobStatus"] == "Stopped"
    finally:
        for name in names:
            try:
                slurm_clients.sagemaker.stop_training_job(TrainingJobName=name)
            except slurm_clients.sagemaker.exceptions.ClientError:
                pass
        for name in names:
            aws.wait_job(slurm_clients, name, 90)


def test_a_restarted_server_finds_its_jobs(slurm_server, slurm_clients, channels):
    """kill -9 of the server while a job runs on a node: the job goes on and is followed again."""
    name = long_job(slurm_clients, channels)
    aws.wait_until(lambda: secondary(slurm_clients, name) == "Training", 60)
    slurm_server.kill()
    slurm_server.start()
    assert secondary(slurm_clients, name) == "Training"
    slurm_clients.sagemaker.stop_training_job(TrainingJobName=name)
    assert aws.wait_job(slurm_clients, name, 60)["TrainingJobStatus"] == "Stopped"


def test_three_instances(cluster, slurm_clients, channels):
    """One Slurm job over three nodes; every instance has its log stream."""
    request = aws.job_request(slurm_clients, "slurm", channels)
    request["ResourceConfig"]["InstanceCount"] = 3
    name = request["TrainingJobName"]
    try:
        slurm_clients.sagemaker.create_training_job(**request)
    except slurm_clients.sagemaker.exceptions.ResourceLimitExceeded as error:
        pytest.skip(f"several instances are not offered: {error}")
    job = aws.wait_job(slurm_clients, name, 120)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    (row,) = [row for row in cluster.jobs() if name in row[3]]
    assert row[2] == "node[1-3]"
    streams = slurm_clients.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=name + "/")["logStreams"]
    assert len(streams) == 3
