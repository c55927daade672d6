"""kill -9 of the agent or of the workload: the job ends Failed, and says why."""

import os
import signal
import subprocess

import aws
import pytest
from clary_server import processes_of


def begin(clients, bucket, channels):
    request = aws.job_request(clients, bucket, channels, hyperparameters={
        "num_round": "1000000", "eta": "0.001"})
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)

    def training():
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        assert job["TrainingJobStatus"] == "InProgress", job.get("FailureReason")
        return job["SecondaryStatus"] == "Training"
    aws.wait_until(training, 30)
    return name


def workloads():
    """Processes of `clary-algo train`, seen from outside of their sandbox."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if entry.isdigit() and words[0].endswith(b"clary-algo") and b"train" in words:
            found.append(int(entry))
    return found


def test_agent(server, clients, bucket, channels):
    """Failed with a reason, within seconds, and the workload does not run on alone."""
    before = set(workloads())
    name = begin(clients, bucket, channels)
    agents = processes_of(server.data_dir, "agent")
    assert agents, "no agent was found"
    for pid in agents:
        os.kill(pid, signal.SIGKILL)
    job = aws.wait_job(clients, name, 60)
    assert job["TrainingJobStatus"] == "Failed" and job["FailureReason"]
    assert "agent" in job["FailureReason"] or "InternalServerError" in job["FailureReason"]
    aws.wait_until(lambda: not set(workloads()) - before, 20)


def test_agent_while_the_server_is_down(server, clients, bucket, channels):
    """Both are gone: the next server finds out."""
    name = begin(clients, bucket, channels)
    agents = processes_of(server.data_dir, "agent")
    server.kill()
    for pid in agents:
        os.kill(pid, signal.SIGKILL)
    server.start()
    job = aws.wait_job(clients, name, 60)
    assert job["TrainingJobStatus"] == "Failed" and job["FailureReason"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_workload(server, clients, bucket, channels, number):
    """A workload that dies by a signal (out of memory, a crash) is an AlgorithmError."""
    before = set(workloads())
    name = begin(clients, bucket, channels)
    victims = aws.wait_until(lambda: set(workloads()) - before, 10)
    for pid in victims:
        os.kill(pid, number)
    job = aws.wait_job(clients, name, 60)
    assert job["TrainingJobStatus"] == "Failed"
    assert "AlgorithmError" in job["FailureReason"], job["FailureReason"]
    assert "exit code" in job["FailureReason"] or "signal" in job["FailureReason"]


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/loop-control"),
                    reason="takes root and loop devices")
class TestVolume:
    """The encrypted disk that holds the files of jobs."""

    @staticmethod
    def runs_on(server):
        return [path.name for path in (server.data_dir / "volumes" / "plain").iterdir()
                if path.name != "lost+found"]

    def test_it_outlives_the_server_and_the_job_goes_on(self, server, clients, bucket, channels):
        name = begin(clients, bucket, channels)
        before = self.runs_on(server)
        assert len(before) == 1
        server.kill()
        server.start()
        assert self.runs_on(server) == before
        clients.sagemaker.stop_training_job(TrainingJobName=name)
        job = aws.wait_job(clients, name, 60)
        assert job["TrainingJobStatus"] == "Stopped", job.get("FailureReason")
        aws.wait_until(lambda: not self.runs_on(server), 20)

    def test_nothing_is_left_of_a_job_whose_agent_was_killed(self, server, clients, bucket,
                                                             channels):
        name = begin(clients, bucket, channels)
        for pid in processes_of(server.data_dir, "agent"):
            os.kill(pid, signal.SIGKILL)
        assert aws.wait_job(clients, name, 60)["TrainingJobStatus"] == "Failed"
        aws.wait_until(lambda: not self.runs_on(server), 20)
        assert server.stop() == 0
        assert not (server.data_dir / "volumes" / "disk").exists()

    def test_a_disk_that_is_taken_away_fails_the_job_and_the_next_one_gets_another(
            self, server, clients, bucket, channels):
        name = begin(clients, bucket, channels)
        subprocess.run(["umount", "--lazy", str(server.data_dir / "volumes" / "plain")], check=True)
        clients.sagemaker.stop_training_job(TrainingJobName=name)
        job = aws.wait_job(clients, name, 60)
        assert job["TrainingJobStatus"] == "Failed"
        assert "encrypted volume" in job["FailureReason"]
        request = aws.job_request(clients, bucket, channels)
        clients.sagemaker.create_training_job(**request)
        job = aws.wait_job(clients, request["TrainingJobName"], 60)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
