"""The network between the instances of a job: encrypted when asked, isolated when asked, and each job's
own. docs/decisions/job-network.md."""

import hashlib
import json
import os
import socket
import threading

import aws
import frameworks
import pytest

TWO = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}
SECRET = hashlib.sha256(b"what the instances tell each other").hexdigest().encode()

# The second sends what is nowhere in the script; the first answers with as much of it as was asked for.
TALK = """
import hashlib, json, os, socket, sys, time
hosts = json.loads(os.environ["SM_HOSTS"]); me = os.environ["SM_CURRENT_HOST"]
secret = hashlib.sha256(b"what the instances tell each other").hexdigest().encode()
rounds = int(json.loads(os.environ["SM_HPS"]).get("rounds", 1))
if me == hosts[0]:
    connection = socket.create_server((me, 5000)).accept()[0]
    got = b""
    while len(got) < rounds * len(secret):
        got += connection.recv(1 << 20)
    connection.sendall(hashlib.sha256(got).digest())
    assert got == secret * rounds
else:
    for attempt in range(1200):
        try:
            connection = socket.create_connection((hosts[0], 5000))
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    connection.sendall(secret * rounds)
    assert connection.recv(100) == hashlib.sha256(secret * rounds).digest()
"""

REACH = """
import json, os, socket, urllib.request
def can(address):
    try:
        socket.create_connection(address, timeout=5).close()
        return True
    except OSError as error:
        return str(error)
names = sorted(name for _, name in socket.if_nameindex())
print("interfaces", names, flush=True)
print("outside", can(json.loads(os.environ["SM_HPS"])["outside"]), flush=True)
print("loopback", can(json.loads(os.environ["SM_HPS"])["loopback"]), flush=True)
url = os.environ.get("AWS_ENDPOINT_URL")
print("server", url and urllib.request.urlopen(url + "/healthz", timeout=10).status, flush=True)
"""


class Wire:
    """What passes the machine's interfaces, looked through for some bytes."""

    def __init__(self, wanted):
        everything = 0x0003
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(everything))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.settimeout(0.1)
        self.wanted, self.found, self.packets, self.ended = wanted, 0, 0, False
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def _look(self):
        while not self.ended:
            try:
                packet = self.socket.recv(1 << 17)
            except TimeoutError:
                continue
            self.packets += 1
            self.found += self.wanted in packet

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        self.socket.close()


def completed(job):
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return job


def lines_of(clients, job):
    return aws.job_messages(clients, job["TrainingJobName"])


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="looking at the wire takes root")


@needs_root
@pytest.mark.parametrize("asked, on_the_wire", [
    ({}, True),
    ({"EnableInterContainerTrafficEncryption": True}, False),
    ({"EnableNetworkIsolation": True}, False)])
def test_what_a_listener_on_the_wire_sees(clients, bucket, asked, on_the_wire):
    """The same exchange in clear text, encrypted, and isolated."""
    with Wire(SECRET) as wire:
        completed(frameworks.script_job(clients, bucket, {"train.py": TALK}, ResourceConfig=TWO,
                                        hyperparameters={"rounds": "100"}, **asked))
    assert wire.packets > 0
    assert (wire.found > 0) == on_the_wire


def test_much_passes(clients, bucket):
    """64 MB from one instance to the other, encrypted, whole."""
    job = frameworks.script_job(clients, bucket, {"train.py": TALK}, ResourceConfig=TWO,
                                hyperparameters={"rounds": "1000000"},
                                EnableInterContainerTrafficEncryption=True)
    completed(job)


@pytest.fixture
def listener():
    """A server of the machine, at an address that is not its loopback."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
    except OSError:
        pytest.skip("this machine has no network")
    finally:
        probe.close()
    with socket.create_server((address, 0), backlog=16) as outside, \
            socket.create_server(("127.0.0.1", 0), backlog=16) as inside:
        yield {"outside": json.dumps(outside.getsockname()),
               "loopback": json.dumps(inside.getsockname())}


def test_an_encrypted_job_still_gets_out(clients, bucket, listener):
    """To the platform and to other machines; the machine's own loopback is not its business."""
    job = completed(frameworks.script_job(
        clients, bucket, {"train.py": REACH}, ResourceConfig=TWO, hyperparameters=listener,
        EnableInterContainerTrafficEncryption=True))
    lines = lines_of(clients, job)
    assert lines.count("outside True") == 2, lines
    assert lines.count("server 200") == 2, lines
    assert not [line for line in lines if line.startswith("loopback True")], lines
    assert lines.count("interfaces ['eth0', 'lo', 'tap0']") == 2, lines


def test_an_isolated_job_reaches_its_instances_only(clients, bucket, listener):
    job = completed(frameworks.script_job(
        clients, bucket, {"train.py": REACH}, ResourceConfig=TWO, hyperparameters=listener,
        EnableNetworkIsolation=True))
    lines = lines_of(clients, job)
    assert lines.count("interfaces ['eth0', 'lo']") == 2, lines
    assert lines.count("server None") == 2, lines
    assert not [line for line in lines if line.endswith("True")], lines


def test_distributed_xgboost_in_isolation(clients, bucket):
    """An algorithm of the platform's own: no network but its instances'."""
    rows = aws.churn_rows("train").splitlines(keepends=True)
    for i in range(2):
        clients.s3.put_object(Bucket=bucket, Key=f"in/{i}.csv", Body=b"".join(rows[i::2]))
    job = aws.train(clients, bucket, [aws.channel(
        "train", f"s3://{bucket}/in/", source={"S3DataDistributionType": "ShardedByS3Key"})],
        ResourceConfig=TWO, EnableNetworkIsolation=True,
        EnableInterContainerTrafficEncryption=True)
    completed(job)
    assert list(aws.read_artifact(clients, job)) == ["xgboost-model"]


def test_processing_instances_in_isolation(clients, bucket):
    """NetworkConfig of a processing job: its instances reach each other, and nothing else."""
    script = frameworks.TALK + """
import json
config = json.load(open("/opt/ml/config/resourceconfig.json"))
assert config["network_interface_name"] == "eth0", config
me, hosts = config["current_host"], config["hosts"]
open("/opt/ml/output/message", "w").write(f"{me}:{talk(me, hosts)} ")
"""
    clients.s3.put_object(Bucket=bucket, Key="code/talk.py", Body=script.encode())
    name = aws.unique("talk")
    clients.sagemaker.create_processing_job(
        ProcessingJobName=name, RoleArn=clients.role,
        AppSpecification={"ImageUri": frameworks.PLAIN_IMAGE, "ContainerEntrypoint": [
            "python3", "/opt/ml/processing/input/code/talk.py"]},
        ProcessingInputs=[{"InputName": "code", "S3Input": {
            "S3Uri": f"s3://{bucket}/code/talk.py", "LocalPath": "/opt/ml/processing/input/code",
            "S3DataType": "S3Prefix", "S3InputMode": "File"}}],
        ProcessingResources={"ClusterConfig": {
            "InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}},
        NetworkConfig={"EnableNetworkIsolation": True,
                       "EnableInterContainerTrafficEncryption": True})

    job = aws.wait_processing(clients, name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ExitMessage"].split() == ["algo-1:algo-2", "algo-2:sent"]


def listeners_of_jobs():
    """Addresses at which users of jobs listen: those from 1,879,048,192 on."""
    found = []
    with open("/proc/net/tcp") as table:
        for row in list(table)[1:]:
            columns = row.split()
            if columns[3] == "0A" and int(columns[7]) >= 1879048192:
                packed = bytes.fromhex(columns[1].split(":")[0])[::-1]
                found.append(socket.inet_ntoa(packed))
    return found


@needs_root
def test_xgboost_listens_at_the_jobs_address_only(clients, bucket):
    """libxgboost's workers would listen at every address of the machine."""
    clients.s3.put_object(Bucket=bucket, Key="in/0.csv", Body=aws.churn_rows("train"))
    clients.s3.put_object(Bucket=bucket, Key="in/1.csv", Body=aws.churn_rows("train"))
    request = aws.job_request(
        clients, bucket, [aws.channel("train", f"s3://{bucket}/in/",
                                      source={"S3DataDistributionType": "ShardedByS3Key"})],
        ResourceConfig=TWO, hyperparameters={"num_round": "100000", "eta": "0.001"})
    clients.sagemaker.create_training_job(**request)
    name = request["TrainingJobName"]
    try:
        aws.wait_until(lambda: any("train-auc" in m or m.startswith("[1]")
                                   for m in aws.messages_so_far(clients, name)), 60)
        addresses = listeners_of_jobs()
    finally:
        clients.sagemaker.stop_training_job(TrainingJobName=name)
        aws.wait_job(clients, name, 60)
    assert len(addresses) >= 2, "the workers' and the tracker's"
    assert all(address.startswith("127.") and address != "127.0.0.1" for address in addresses), addresses


REDUCE = """
import time, torch, torch.distributed as dist
dist.init_process_group("gloo")
value = torch.tensor([dist.get_rank() + 1.0])
for _ in range(20):
    dist.barrier(); time.sleep(0.1)
dist.all_reduce(value)
print("sum", value.item(), "of", dist.get_world_size(), flush=True)
"""


def test_two_torchrun_jobs_at_once(clients, bucket):
    """Each has its own rendezvous, in the machine's network and in one of its own."""
    frameworks.need_torch()
    names, ends = [], []
    for more in ({}, {}, {"EnableInterContainerTrafficEncryption": True}):
        request = frameworks.script_request(
            clients, bucket, {"train.py": REDUCE}, image=frameworks.PYTORCH_IMAGE,
            ResourceConfig=TWO, hyperparameters={"sagemaker_torch_distributed_enabled": "true"}, **more)
        clients.sagemaker.create_training_job(**request)
        names.append(request["TrainingJobName"])
    for name in names:
        completed(aws.wait_job(clients, name, 180))
        assert aws.job_messages(clients, name).count("sum 3.0 of 2") or any(
            "sum 3.0 of 2" in m for m in aws.job_messages(clients, name))
