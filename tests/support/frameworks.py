"""Script mode: the environments that tests run in, and requests that bring a script."""

import functools
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import aws
import pytest
from clary_server import VENVS

REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com/"
SKLEARN_IMAGE = REGISTRY + "sagemaker-scikit-learn:1.2-1-cpu-py3"
XGBOOST_IMAGE = REGISTRY + "sagemaker-xgboost:1.7-1"
PYTORCH_IMAGE = REGISTRY + "pytorch-training:1.13.1-cpu-py39"
# An environment of the tests' own, of a Python without any framework.
PLAIN_IMAGE = REGISTRY + "tests-plain:1"
# One that is nowhere.
ABSENT_IMAGE = REGISTRY + "tests-absent:1"

# For scripts: the first instance listens and hears from another one, who tries until it does.
TALK = """
import socket, time
def talk(me, hosts):
    if me == hosts[0]:
        return socket.create_server((me, 5000)).accept()[0].recv(100).decode()
    for attempt in range(1200):
        try:
            socket.create_connection((hosts[0], 5000)).sendall(me.encode())
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    return "sent"
"""


def environments_file(folder):
    """environments.toml for a server under test."""
    python = VENVS / "frameworks" / "bin" / "python3"
    path = Path(folder) / "environments.toml"
    path.write_text(f"""
[[environment]]
name = "sklearn"
interpreter = "{python}"

[[environment]]
name = "xgboost"
interpreter = "{python}"

[[environment]]
name = "notebook"
interpreter = "{VENVS / "notebook" / "bin" / "python3"}"

[[environment]]
name = "spark"
interpreter = "{VENVS / "spark" / "bin" / "python3"}"

[[environment]]
name = "plain"
repositories = ["tests-plain"]
interpreter = "/usr/bin/python3"
variables = {{ FROM_THE_TABLE = "yes" }}

[[environment]]
name = "absent"
repositories = ["tests-absent"]
imports = ["a_module_that_is_nowhere"]
""")
    return path


@functools.cache
def has_torch():
    """Whether the machine's own Python has PyTorch (Debian's python3-torch)."""
    return subprocess.run(["/usr/bin/python3", "-c", "import torch"],
                          capture_output=True).returncode == 0


def need_torch():
    if not has_torch():
        pytest.skip("/usr/bin/python3 has no torch: apt-get install python3-torch")


def source_tarball(files):
    """sourcedir.tar.gz with these files, {path: text or bytes}."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            content = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def wheel(name, version="1.0", source=""):
    """A pure Python wheel with one module: what pip can install without any network."""
    packed = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(f"{info}/METADATA",
                         f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL",
                         "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
                         "Tag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD",
                         f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return packed.getvalue()


def upload_source(clients, bucket, files):
    key = f"code/{aws.unique()}/sourcedir.tar.gz"
    clients.s3.put_object(Bucket=bucket, Key=key, Body=source_tarball(files))
    return f"s3://{bucket}/{key}"


def script_request(clients, bucket, files, program="train.py", image=SKLEARN_IMAGE, channels=(),
                   hyperparameters=None, **changes):
    """A CreateTrainingJob request for a script. Values are encoded as SDK v2 does."""
    uri = upload_source(clients, bucket, files)
    encoded = {"sagemaker_submit_directory": f'"{uri}"', "sagemaker_program": f'"{program}"',
               "sagemaker_container_log_level": "20", "sagemaker_region": '"us-east-1"'}
    encoded |= {"objective": None, "num_round": None, "max_depth": None, "eta": None,
                "eval_metric": None} | (hyperparameters or {})
    return aws.job_request(clients, bucket, list(channels), hyperparameters=encoded,
                           AlgorithmSpecification={"TrainingImage": image,
                                                   "TrainingInputMode": "File"}
                           | changes.pop("algorithm", {}), **changes)


def script_job(clients, bucket, files, timeout=90, **more):
    """Runs a script to its end; returns the job's description."""
    request = script_request(clients, bucket, files, **more)
    clients.sagemaker.create_training_job(**request)
    return aws.wait_job(clients, request["TrainingJobName"], timeout)
