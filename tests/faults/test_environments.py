"""`clary env-create`: made whole or not at all, and used by the next job."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import aws  # noqa: E402
import frameworks  # noqa: E402
from clary_server import ClaryServer, binary  # noqa: E402

TABLE = """
[[environment]]
name = "made"
repositories = ["tests-made"]
imports = ["only_here"]
packages = ["{wheel}"]
"""


@pytest.fixture
def server(tmp_path):
    wheel = tmp_path / "only_here-1.0-py3-none-any.whl"
    wheel.write_bytes(frameworks.wheel("only_here", source="VALUE = 'made'"))
    table = tmp_path / "environments.toml"
    table.write_text(TABLE.format(wheel=wheel))
    own = ClaryServer(variables={"CLARY_ENVIRONMENTS_FILE": str(table)})
    own.start()
    yield own
    own.remove()


def env_create(server, *words):
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("CLARY_")} | server.variables
    return subprocess.Popen([binary(), "env-create", *words, "--data-dir", str(server.data_dir)],
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, start_new_session=True)


def run_job(clients, bucket):
    return frameworks.script_job(clients, bucket,
                                 {"train.py": "import only_here; print(only_here.VALUE)"},
                                 image=frameworks.REGISTRY + "tests-made:1")


def test_killed_build_is_none(server):
    """Killed with pip and all while it builds; the next build clears it away, a job then runs."""
    clients = aws.Clients(server)
    bucket = aws.unique("environments")
    clients.s3.create_bucket(Bucket=bucket)
    job = run_job(clients, bucket)
    assert "clary env-create made" in job["FailureReason"]

    folder = server.data_dir / "environments" / "made"
    build = env_create(server, "made")
    aws.wait_until(lambda: list(folder.glob("*/pyvenv.cfg")), 60)
    second = env_create(server, "made")
    assert "somebody else" in second.communicate(timeout=60)[0] and second.returncode == 1
    os.killpg(build.pid, signal.SIGKILL)
    build.communicate(timeout=60)
    assert not (folder / "current").exists()
    listed = env_create(server, "--list").communicate(timeout=60)[0]
    assert "absent  The environment made is not on this machine" in listed, listed
    left = [path.parent for path in folder.glob("*/pyvenv.cfg")]

    build = env_create(server, "made")
    output = build.communicate(timeout=300)[0]
    assert build.returncode == 0 and "only-here" in output.replace("_", "-"), output
    assert not any(path.exists() for path in left)
    # The server's "no" is older than two seconds, or asked for again when it is.
    job = aws.wait_until(lambda: next(
        (done for done in [run_job(clients, bucket)] if done["TrainingJobStatus"] == "Completed"),
        None), 60)
    assert "made" in aws.job_messages(clients, job["TrainingJobName"])
