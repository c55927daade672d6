"""kill -9 around a container: of the runtime's service, of its monitor, of the agent, of the server.

A job ends Completed, or Failed with a true reason, and nothing is left behind."""

import os
import signal
import time
from pathlib import Path

import aws
import containers
import pytest
from clary_server import processes_of

# Writes a line now and then, so that what is lost of its output shows.
TRAIN = r'''#!/bin/sh
i=0
while [ $i -lt 30 ]; do echo line $i; i=$((i+1)); sleep 0.1; done
echo bytes > /opt/ml/model/model
echo last line
'''


@pytest.fixture(scope="module")
def podman():
    yield from containers.own_runtime()


@pytest.fixture(scope="module")
def server(podman):
    for own in containers.server_with(podman):
        podman.load(own, "slow:1", {"/opt/program/train": TRAIN})
        yield own


@pytest.fixture(scope="module")
def clients(server):
    return aws.Clients(server)


@pytest.fixture(scope="module")
def bucket(clients):
    name = aws.unique("killed")
    clients.s3.create_bucket(Bucket=name)
    return name


def begin(clients, bucket):
    request = aws.job_request(clients, bucket, [], HyperParameters={})
    request.pop("InputDataConfig", None)
    request.pop("HyperParameters", None)
    request["AlgorithmSpecification"]["TrainingImage"] = "slow:1"
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)

    def trains():
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        assert job["TrainingJobStatus"] == "InProgress", job["FailureReason"]
        return job["SecondaryStatus"] == "Training"
    aws.wait_until(trains, 60)
    aws.wait_until(lambda: lines_of(clients, name), 30)
    return name


def lines_of(clients, name):
    try:
        return aws.job_messages(clients, name)
    except clients.logs.exceptions.ResourceNotFoundException:
        return []


def monitors(podman):
    """Podman's conmon processes of this storage."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if entry.name.isdigit() and b"conmon" in words.split(b"\0")[0] and (
                str(podman.folder).encode() in words):
            found.append(int(entry.name))
    return found


def has_ended(pid):
    """Also when its parent has not taken note of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def none_left(podman):
    aws.wait_until(lambda: not podman.containers(), 30, 0.5)


def test_service(clients, bucket, podman):
    """The API service is killed and comes back: the job goes on and completes, with all its lines."""
    name = begin(clients, bucket)
    podman.kill()
    time.sleep(0.5)
    podman.start()
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    lines = aws.job_messages(clients, name)
    assert lines == [f"line {i}" for i in range(30)] + ["last line"]
    none_left(podman)


def test_service_stays_away(clients, bucket, podman):
    """It does not come back until the program has ended: the exit code is waited for."""
    name = begin(clients, bucket)
    podman.kill()
    time.sleep(5)
    podman.start()
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert aws.job_messages(clients, name)[-1] == "last line"
    none_left(podman)


def test_output_comes_after_the_end(clients, bucket, podman):
    """The program has ended before conmon wrote down its last lines, and they are not lost."""
    name = begin(clients, bucket)
    program = int(podman.run("inspect", "--format", "{{.State.Pid}}", podman.containers()[0]))
    stopped = monitors(podman)
    assert stopped
    podman.kill()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    aws.wait_until(lambda: has_ended(program), 30)
    podman.start()
    time.sleep(2)  # for whoever would read the log too early
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert aws.job_messages(clients, name) == [f"line {i}" for i in range(30)] + ["last line"]
    none_left(podman)


def test_monitor(clients, bucket, podman):
    """conmon is killed: nobody knows the exit code, and the job says so."""
    name = begin(clients, bucket)
    for pid in monitors(podman):
        os.kill(pid, signal.SIGKILL)
    job = aws.wait_job(clients, name, 90)
    assert job["TrainingJobStatus"] in ("Completed", "Failed")
    if job["TrainingJobStatus"] == "Failed":
        assert "exit code" in job["FailureReason"], job["FailureReason"]
    none_left(podman)


def test_agent(clients, bucket, podman, server):
    """The agent is killed: the job fails, its container is removed."""
    name = begin(clients, bucket)
    for pid in processes_of(server.data_dir, "agent"):
        os.kill(pid, signal.SIGKILL)
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Failed" and "agent" in job["FailureReason"]
    none_left(podman)


def test_agent_and_server(clients, bucket, podman, server):
    """Both are killed: the next server removes the container."""
    name = begin(clients, bucket)
    agents = processes_of(server.data_dir, "agent")
    server.kill()
    for pid in agents:
        os.kill(pid, signal.SIGKILL)
    server.start()
    assert aws.wait_job(clients, name)["TrainingJobStatus"] == "Failed"
    none_left(podman)


def test_server(clients, bucket, podman, server):
    """The server alone: the container does not notice."""
    name = begin(clients, bucket)
    server.kill()
    server.start()
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert aws.job_messages(clients, name)[-1] == "last line"
    none_left(podman)


def test_container(clients, bucket, podman):
    """The container's program is killed from outside: its exit code is the reason."""
    name = begin(clients, bucket)
    podman.run("kill", "--signal", "KILL", podman.containers()[0])
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Failed" and "137" in job["FailureReason"]
    assert "memory" not in job["FailureReason"]
    none_left(podman)
