"""kill -9 of what runs a job on a Slurm cluster: the job ends with the true reason, or goes on."""

import os
import signal

import aws
import pytest
import slurm
from clary_server import ClaryServer, processes_of

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing() or "-")


@pytest.fixture
def cluster():
    own = slurm.SlurmCluster()
    own.start()
    yield own
    own.remove()


@pytest.fixture
def server(cluster):
    own = ClaryServer(arguments=["--compute", "slurm"],
                      variables={"SLURM_CONF": str(cluster.config), "PATH": slurm.path()})
    own.start()
    yield own
    own.remove()


def begin(clients, bucket, channels, phase="Training"):
    request = aws.job_request(clients, bucket, channels, hyperparameters={
        "num_round": "1000000", "eta": "0.001"})
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)

    def there():
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        assert job["TrainingJobStatus"] == "InProgress", job.get("FailureReason")
        return job["SecondaryStatus"] == phase
    aws.wait_until(there, 60)
    return name


def kill_all(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def test_agent(server, cluster, clients, bucket, channels):
    """The agent is gone: Failed within seconds, and the reason says which job and where."""
    name = begin(clients, bucket, channels)
    agents = processes_of(server.data_dir, "agent")
    assert agents
    kill_all(agents)
    job = aws.wait_job(clients, name, 60)
    assert job["TrainingJobStatus"] == "Failed"
    assert "Slurm" in job["FailureReason"] or "node" in job["FailureReason"], job["FailureReason"]


def test_node(server, cluster, clients, bucket, channels):
    """slurmd, slurmstepd and the agent of a node at once, as when a machine dies."""
    name = begin(clients, bucket, channels)
    (node,) = {row[2] for row in cluster.jobs() if row[1] == "RUNNING"}
    steps = cluster.step_daemons(node)
    cluster.daemons[node].kill()
    kill_all(steps + processes_of(server.data_dir, "agent"))
    cluster.daemons[node].wait()
    job = aws.wait_job(clients, name, 90)
    assert job["TrainingJobStatus"] == "Failed"
    assert node in job["FailureReason"], job["FailureReason"]


def test_controller_that_forgets(server, cluster, clients, bucket, channels):
    """slurmctld dies right after it took a job: whatever it remembers, the job runs and completes."""
    request = aws.job_request(clients, bucket, channels)
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)
    aws.wait_until(lambda: any(name in row[3] for row in cluster.jobs()), 20)
    cluster.kill_controller()
    cluster.start_controller()
    job = aws.wait_job(clients, name, 180)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")


def test_controller_that_is_away(server, cluster, clients, bucket, channels):
    """A job created while slurmctld is down starts when it is back."""
    cluster.kill_controller()
    request = aws.job_request(clients, bucket, channels)
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)

    def message():
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        assert job["TrainingJobStatus"] == "InProgress", job.get("FailureReason")
        return "Waiting for Slurm" in job["SecondaryStatusTransitions"][-1]["StatusMessage"]
    aws.wait_until(message, 60)
    cluster.start_controller()
    job = aws.wait_job(clients, name, 180)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
