"""Several instances on a cluster whose nodes have networks of their own: what passes between the
nodes, and under which names. docs/decisions/job-network.md."""

import shutil

import aws
import frameworks
import pytest
import slurm
from clary_server import ClaryServer
from test_instance_network import SECRET, TALK, Wire

pytestmark = pytest.mark.skipif(bool(slurm.missing() or not shutil.which("ip")),
                                reason=slurm.missing() or "ip (iproute2) is not installed")

THREE = {"InstanceType": "ml.m5.large", "InstanceCount": 3, "VolumeSizeInGB": 10}

WHERE = """
import json, os, socket
config = json.load(open("/opt/ml/input/config/resourceconfig.json"))
names = [name for _, name in socket.if_nameindex()]
assert config["network_interface_name"] in names, (config, names)
print("interface", config["network_interface_name"],
      [socket.gethostbyname(host) for host in config["hosts"]], flush=True)
"""


@pytest.fixture(scope="module")
def cluster():
    own = slurm.SlurmCluster(private=True)
    try:
        own.start()
        yield own
    finally:
        own.remove()


@pytest.fixture(scope="module")
def slurm_server(cluster, tmp_path_factory):
    own = ClaryServer(address="0.0.0.0", arguments=["--compute", "slurm"], variables={
        "SLURM_CONF": str(cluster.config), "PATH": slurm.path(),
        "CLARY_ENVIRONMENTS_FILE": str(frameworks.environments_file(
            tmp_path_factory.mktemp("environments")))})
    own.variables["CLARY_ADVERTISE_URL"] = f"http://{cluster.network.host}:{own.port}"
    own.start()
    yield own
    own.remove()


@pytest.fixture(scope="module")
def slurm_clients(slurm_server):
    clients = aws.Clients(slurm_server)
    clients.s3.create_bucket(Bucket="slurm")
    return clients


def run(clients, script, **more):
    job = frameworks.script_job(clients, "slurm", {"train.py": script}, image=frameworks.PLAIN_IMAGE,
                                timeout=120, **more)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return aws.job_messages(clients, job["TrainingJobName"])


def test_the_interface_between_the_nodes_is_named(cluster, slurm_clients):
    """resourceconfig.json: the node's own interface, and the nodes' addresses behind the names."""
    lines = run(slurm_clients, WHERE, ResourceConfig=THREE)
    addresses = list(cluster.network.addresses.values())
    found = [line for line in lines if line.startswith("interface node0")]
    assert len(found) == 3 and all(line.count(cluster.network.subnet) == 3 for line in found), lines
    assert all(address in found[0] for address in addresses), lines


@pytest.mark.parametrize("asked, on_the_wire", [
    ({}, True), ({"EnableInterContainerTrafficEncryption": True}, False)])
def test_what_passes_between_the_nodes(slurm_clients, asked, on_the_wire):
    """A listener on the bridge between them reads it, unless encryption was asked for."""
    two = dict(THREE, InstanceCount=2)
    with Wire(SECRET) as wire:
        run(slurm_clients, TALK, ResourceConfig=two, hyperparameters={"rounds": "100"}, **asked)
    assert wire.packets > 0
    assert (wire.found > 0) == on_the_wire


def test_three_instances_in_a_network_of_their_own(slurm_clients):
    lines = run(slurm_clients, WHERE, ResourceConfig=THREE, EnableNetworkIsolation=True)
    expected = "interface eth0 ['198.18.0.1', '198.18.0.2', '198.18.0.3']"
    assert lines.count(expected) == 3, lines


def test_a_node_that_is_cut_off_fails_the_job(cluster, slurm_clients):
    """The network between two nodes goes away for good: Failed in the end, never stuck."""
    script = "import time\nprint('runs', flush=True)\ntime.sleep(600)\n"
    request = frameworks.script_request(
        slurm_clients, "slurm", {"train.py": script}, image=frameworks.PLAIN_IMAGE,
        ResourceConfig=dict(THREE, InstanceCount=2), EnableInterContainerTrafficEncryption=True)
    slurm_clients.sagemaker.create_training_job(**request)
    name = request["TrainingJobName"]
    aws.wait_until(lambda: aws.messages_so_far(slurm_clients, name).count("runs") == 2, 60)
    (row,) = [row for row in cluster.jobs() if name in row[3] and row[1] == "RUNNING"]
    assert row[2] == "node[1-2]", row
    cluster.network.cut("node2")
    try:
        job = aws.wait_job(slurm_clients, name, 150)
    finally:
        cluster.network.cut("node2", "up")
    assert job["TrainingJobStatus"] == "Failed"
    # Slurm may be the first to notice, and ends the agents of the other nodes too.
    reason = job["FailureReason"]
    assert "algo-2" in reason or "its node failed" in reason, reason
