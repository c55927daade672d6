"""Programs on the job's other hosts: what mpirun uses in place of ssh."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

PYTHON = Path(__file__).resolve().parents[2] / "python"
sys.path.insert(0, str(PYTHON))

from clary_runtime import remote  # noqa: E402


@pytest.fixture
def host(monkeypatch):
    """An address of this test's own, and the secret of its job."""
    monkeypatch.setenv(remote.SECRET_VARIABLE, "0123456789abcdef")
    return f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 200 + 1}.2"


@pytest.fixture
def waiting(host):
    thread = threading.Thread(target=remote.Waiting(host).serve)
    thread.start()
    yield thread
    if thread.is_alive():
        remote.end([host])
        thread.join(20)


def test_a_command_runs_there_and_its_code_comes_back(host, waiting, tmp_path):
    assert remote.main([host, f"echo hello > {tmp_path}/said;", "exit", "5"]) == 5
    assert (tmp_path / "said").read_text() == "hello\n"


def test_the_end_is_told(host, waiting):
    remote.end([host])
    waiting.join(20)
    assert not waiting.is_alive()


def test_who_does_not_know_the_secret_is_refused(host, waiting, tmp_path):
    with pytest.raises(ConnectionError):
        connection = remote.socket.create_connection((host, remote.PORT), timeout=20)
        with connection:
            remote.read_line(connection)
            remote.send_line(connection, words=f'{{"command": "touch {tmp_path}/made"}}',
                             proof="0" * 64)
            remote.read_line(connection)
    assert not (tmp_path / "made").exists()


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="Open MPI is not installed")
def test_mpirun_takes_it_for_ssh(host, waiting):
    """Two slots on a host that mpirun does not know as its own."""
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    done = subprocess.run(
        ["mpirun", "--host", f"{host}:2", "-np", "2", "--oversubscribe", "-mca", "plm_rsh_agent",
         remote.agent_command(), "-mca", "oob_tcp_if_include", "lo", "-bind-to", "none",
         "sh", "-c", "echo rank $OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE"],
        env=environment, capture_output=True, text=True, timeout=60)
    assert sorted(done.stdout.split("\n")) == ["", "rank 0 of 2", "rank 1 of 2"], done.stderr
