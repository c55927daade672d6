"""Scripts on several instances: they reach each other by name, MPI and torchrun span them, one archive
comes out; and scripts that read pipes."""

import shutil

import aws
import frameworks
import pytest

TWO = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}

TALK = """
import json, os, socket, time
hosts = json.loads(os.environ["SM_HOSTS"]); me = os.environ["SM_CURRENT_HOST"]
if me == hosts[0]:
    listener = socket.create_server((me, 5000))
    said = listener.accept()[0].recv(100).decode()
else:
    for attempt in range(200):
        try:
            connection = socket.create_connection((hosts[0], 5000))
            break
        except OSError:
            time.sleep(0.05)
    connection.sendall(me.encode())
    said = "sent"
open(f"/opt/ml/model/{me}", "w").write(said)
open(f"/opt/ml/output/data/{me}", "w").write(socket.gethostname())
"""


def completed(job):
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return job


def test_instances_talk_and_leave_one_archive(clients, bucket):
    """Fixed ports under one's own name; models of both in one model.tar.gz."""
    job = completed(frameworks.script_job(clients, bucket, {"train.py": TALK}, ResourceConfig=TWO))
    assert aws.read_artifact(clients, job) == {"algo-1": b"algo-2", "algo-2": b"sent"}
    output = dict(job, ModelArtifacts={
        "S3ModelArtifacts": job["ModelArtifacts"]["S3ModelArtifacts"].replace("model.tar",
                                                                              "output.tar")})
    assert aws.read_artifact(clients, output) == {"algo-1": b"algo-1", "algo-2": b"algo-2"}


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="Open MPI (openmpi-bin) is not installed")
def test_mpi_spans_the_instances(clients, bucket):
    """sagemaker_mpi_enabled: mpirun on the first host starts ranks on all, without ssh."""
    script = "echo rank $OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE on $(hostname)\n"
    job = completed(frameworks.script_job(
        clients, bucket, {"run.sh": script}, program="run.sh", ResourceConfig=TWO,
        hyperparameters={"sagemaker_mpi_enabled": "true",
                         "sagemaker_mpi_num_of_processes_per_host": "2"}))
    lines = "\n".join(aws.job_messages(clients, job["TrainingJobName"]))
    for rank, host in enumerate(("algo-1", "algo-1", "algo-2", "algo-2")):
        assert f"rank {rank} of 4 on {host}" in lines, lines


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="Open MPI (openmpi-bin) is not installed")
def test_a_rank_that_fails_fails_the_job(clients, bucket):
    """On whichever host it is."""
    script = "test $OMPI_COMM_WORLD_RANK = 0 || exit 9\nsleep 30\n"
    job = frameworks.script_job(clients, bucket, {"run.sh": script}, program="run.sh",
                                ResourceConfig=TWO,
                                hyperparameters={"sagemaker_mpi_enabled": "true"})
    assert job["TrainingJobStatus"] == "Failed"
    assert "ExecuteUserScriptError" in job["FailureReason"], job["FailureReason"]


REDUCE = """
import torch, torch.distributed as dist
dist.init_process_group("gloo")
value = torch.tensor([dist.get_rank() + 1.0])
dist.all_reduce(value)
print("sum", value.item(), "of", dist.get_world_size(), flush=True)
open(f"/opt/ml/model/rank-{dist.get_rank()}", "w").write(str(value.item()))
"""


def test_torchrun_spans_the_instances(clients, bucket):
    """sagemaker_torch_distributed_enabled: one process group over both hosts."""
    frameworks.need_torch()
    job = completed(frameworks.script_job(
        clients, bucket, {"train.py": REDUCE}, image=frameworks.PYTORCH_IMAGE, ResourceConfig=TWO,
        timeout=180, hyperparameters={"sagemaker_torch_distributed_enabled": "true"}))
    assert aws.read_artifact(clients, job) == {"rank-0": b"3.0", "rank-1": b"3.0"}


def test_a_script_reads_epochs_from_pipes(clients, bucket):
    """Two epochs, the second in an order of its own."""
    for i in range(6):
        clients.s3.put_object(Bucket=bucket, Key=f"in/{i}", Body=f"{i} ".encode())
    script = ("for epoch in (0, 1):\n"
              "    print('epoch', open(f'/opt/ml/input/data/train_{epoch}').read(), flush=True)\n")
    channel = aws.channel("train", f"s3://{bucket}/in/", InputMode="Pipe",
                          ShuffleConfig={"Seed": 5})
    job = completed(frameworks.script_job(clients, bucket, {"train.py": script},
                                          channels=[channel]))
    epochs = [m.split()[1:] for m in aws.job_messages(clients, job["TrainingJobName"])
              if m.startswith("epoch")]
    assert [sorted(e) for e in epochs] == [list("012345")] * 2 and epochs[0] != epochs[1]
