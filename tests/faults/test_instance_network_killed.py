"""kill -9 of what carries the packets of a job's own network: the job ends with the true reason."""

import os
import signal
from pathlib import Path

import aws
import frameworks
import pytest
from clary_server import ClaryServer, processes_of

TWO = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}
# Each waits for a word of the other that never comes.
WAIT = """
import json, os, socket, time
hosts = json.loads(os.environ["SM_HOSTS"]); me = os.environ["SM_CURRENT_HOST"]
if me == hosts[0]:
    connection = socket.create_server((me, 5000)).accept()[0]
else:
    while True:
        try:
            connection = socket.create_connection((hosts[0], 5000))
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
print("connected", flush=True)
connection.recv(1)
time.sleep(600)
"""


@pytest.fixture
def server(tmp_path):
    own = ClaryServer(variables={
        "CLARY_ENVIRONMENTS_FILE": str(frameworks.environments_file(tmp_path))})
    own.start()
    yield own
    own.remove()


def children_of(parent, name):
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
        except OSError:
            continue
        if f"({name})" in stat and int(stat.rsplit(")", 1)[1].split()[1]) == parent:
            found.append(int(entry.name))
    return found


def is_alive(pid):
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("victim", [0, 1])
def test_agent(server, clients, bucket, victim):
    """One agent of two is gone: the job fails at once with that reason, and nothing of it is left."""
    request = frameworks.script_request(
        clients, bucket, {"train.py": WAIT}, image=frameworks.PLAIN_IMAGE, ResourceConfig=TWO,
        EnableInterContainerTrafficEncryption=True)
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)
    aws.wait_until(lambda: aws.messages_so_far(clients, name).count("connected") == 2, 60)
    agents = sorted(processes_of(server.data_dir, "agent"))
    assert len(agents) == 2, agents
    ways_out = [pid for agent in agents for pid in children_of(agent, "slirp4netns")]
    assert ways_out
    os.kill(agents[victim], signal.SIGKILL)
    job = aws.wait_job(clients, name, 60)
    assert job["TrainingJobStatus"] == "Failed"
    assert "agent" in job["FailureReason"], job["FailureReason"]
    aws.wait_until(lambda: not any(is_alive(pid) for pid in [*agents, *ways_out]), 20)
