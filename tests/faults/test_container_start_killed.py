"""kill -9 of the processes that the container runtime starts a container with."""

import shutil

import aws
import containers
import pytest

# In place of runc: kills the first process of a container as soon as it is there, `deaths` times.
RUNC = r'''#!/usr/bin/python3
import os, signal, sys
runc, folder = "{runc}", "{folder}"
arguments = ["runc", *sys.argv[1:]]
deaths = int(open(folder + "/deaths").read())
if "create" not in arguments or deaths == 0:
    os.execv(runc, arguments)
with open(folder + "/deaths", "w") as file:
    file.write(str(deaths - 1))
child = os.fork()
if child == 0:
    os.execv(runc, arguments)
def first_processes():
    for task in os.listdir(f"/proc/{{child}}/task"):
        for process in open(f"/proc/{{child}}/task/{{task}}/children").read().split():
            if "init" in open(f"/proc/{{process}}/cmdline").read():
                yield int(process)
killed = False
while not killed and os.waitpid(child, os.WNOHANG)[0] == 0:
    try:
        for process in first_processes():
            os.kill(process, signal.SIGKILL)
            killed = True
    except OSError:
        pass
if not killed:
    sys.exit("there was nobody to kill")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("runc")
    (made / "deaths").write_text("0")
    program = made / "runc"
    real = shutil.which("runc", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin:/usr/local/bin")
    program.write_text(RUNC.format(runc=real, folder=made))
    program.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def podman(folder):
    yield from containers.own_runtime(runc=folder / "runc")


@pytest.fixture(scope="module")
def server(podman):
    for own in containers.server_with(podman):
        podman.load(own, "quick:1", {"/opt/program/train": "#!/bin/sh\necho began\n"})
        yield own


@pytest.mark.parametrize("deaths, status", [(2, "Completed"), (100, "Failed")])
def test_first_process(server, folder, deaths, status):
    """It is tried again, since the program had not begun; and the reason says what is wrong."""
    clients = aws.Clients(server)
    bucket = aws.unique("deaths")
    clients.s3.create_bucket(Bucket=bucket)
    (folder / "deaths").write_text(str(deaths))
    request = aws.job_request(clients, bucket, [], HyperParameters={})
    request.pop("InputDataConfig", None)
    request.pop("HyperParameters", None)
    request["AlgorithmSpecification"]["TrainingImage"] = "quick:1"
    clients.sagemaker.create_training_job(**request)
    job = aws.wait_job(clients, request["TrainingJobName"])
    left = int((folder / "deaths").read_text())
    (folder / "deaths").write_text("0")
    assert job["TrainingJobStatus"] == status, job.get("FailureReason")
    if status == "Completed":
        assert left == 0, "it was not killed at all"
        assert aws.job_messages(clients, request["TrainingJobName"]) == ["began"]
    else:
        assert left < deaths
        reason = job["FailureReason"]
        assert "CannotStartContainerError" in reason and "out of memory or of processes" in reason
