"""Both SageMaker SDKs, unmodified, in the environment that `clary env` prints and nothing else."""

import pathlib
import re
import shutil

import aws
import frameworks
import pytest

PROGRAMS = pathlib.Path(__file__).parent / "programs"


@pytest.mark.parametrize("version", ["sdk_v2", "sdk_v3"])
def test_churn(run_program, tmp_path, version):
    """Default bucket, get_execution_role(), upload, training with logs, deploy, predict, delete."""
    files = []
    for part in ("train", "validation", "test"):
        files.append(tmp_path / f"{part}.csv")
        files[-1].write_bytes(aws.churn_rows(part))
    output = run_program(version, "python", str(PROGRAMS / f"{version}.py"), *map(str, files),
                         timeout=420, merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    # v2 prints the log, v3 writes it to its logger, which ends on standard error.
    assert "train-auc" in output, "the training log was not shown"


def churn_files(folder):
    files = [folder / f"{part}.csv" for part in ("train", "test")]
    for path in files:
        path.write_bytes(aws.churn_rows(path.stem))
    return [str(path) for path in files]


def test_v2_framework_estimators(run_program, tmp_path):
    """SKLearn and XGBoost with scripts: fit with logs, deploy, predict with every serializer."""
    output = run_program("sdk_v2", "python", str(PROGRAMS / "sdk_v2_scripts.py"),
                         *churn_files(tmp_path), timeout=420, merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    assert "Invoking script with the following command" in output, "the log was not shown"


def test_v3_source_code(run_program, clients, bucket, tmp_path):
    """ModelTrainer's drivers run unmodified: requirements, a command, an entry script."""
    source = tmp_path / "source"
    source.mkdir()
    script = (PROGRAMS / "sklearn_source" / "train.py").read_text()
    (source / "train.py").write_text(script)
    (source / "colours-1.0-py3-none-any.whl").write_bytes(
        frameworks.wheel("colours", source="BEST = 'teal'"))
    (source / "requirements.txt").write_text("./colours-1.0-py3-none-any.whl\n")
    uri = frameworks.upload_source(clients, bucket, {"train.py": script})
    output = run_program("sdk_v3", "python", str(PROGRAMS / "sdk_v3_scripts.py"),
                         *churn_files(tmp_path), str(source), uri,
                         "torch" if frameworks.has_torch() else "-", timeout=420, merged=True,
                         PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    assert "teal" in output, "the command did not see the requirements"
    if frameworks.has_torch():
        assert "rank 1 of 2" in output, "torchrun did not start two processes"


def test_v2_pytorch(run_program):
    """PyTorch of the machine's own Python; the SDK packs the script into the model."""
    frameworks.need_torch()
    output = run_program("sdk_v2", "python", str(PROGRAMS / "sdk_v2_pytorch.py"), timeout=420,
                         merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]

REDUCE = """
import argparse, os, socket
from mpi4py import MPI
parser = argparse.ArgumentParser()
parser.add_argument("--start", type=int)
world = MPI.COMM_WORLD
total = world.allreduce(parser.parse_args().start + world.rank)
hosts = world.allgather(socket.gethostname())
assert os.environ["SM_CURRENT_HOST"] == socket.gethostname()
if world.rank == 0:
    open("/opt/ml/model/result", "w").write(f"{total} {' '.join(hosts)}")
"""


@pytest.mark.skipif(not all(shutil.which(name, path="/usr/bin:/usr/sbin")
                            for name in ("mpirun", "ssh", "sshd")),
                    reason="openmpi-bin, openssh-client and openssh-server are not all installed")
def test_v3_mpi(run_program, clients, tmp_path):
    """ModelTrainer's MPI driver runs unmodified: sshd, paramiko, and ranks that reduce over two hosts."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(REDUCE)
    output = run_program("sdk_v3", "python", str(PROGRAMS / "sdk_v3_mpi.py"), str(source),
                         timeout=600, merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    results = {}
    for word in re.findall(r"^ENDED (\S+) Completed", output, re.MULTILINE):
        job = clients.sagemaker.describe_training_job(TrainingJobName=word)
        instances = job["ResourceConfig"]["InstanceCount"]
        results[instances] = aws.read_artifact(clients, job)["result"].decode()
    assert results == {1: "11 algo-1 algo-1", 2: "11 algo-1 algo-2"}, output[-3000:]
