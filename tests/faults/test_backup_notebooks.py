"""Backups of notebook instances that run: their files as of one moment, and writers that go on
whatever happens to the backup."""

import shutil
import signal
import subprocess
import time

import aws
import frameworks
import notebooks
import pytest
from clary_server import ClaryServer, binary
from commands import clary
from notebooks import Browser

pytestmark = notebooks.needs_notebooks

FILE = "/home/ec2-user/SageMaker/kept.txt"


def lab_server(tmp_path, folder=None):
    server = ClaryServer(folder, variables={
        "CLARY_ENVIRONMENTS_FILE": str(frameworks.environments_file(tmp_path))})
    if folder is not None:
        server.log_path = folder.with_name(folder.name + ".log")
    server.start()
    return server


@pytest.fixture
def server(tmp_path):
    own = lab_server(tmp_path)
    yield own
    own.remove()


def write(clients, text):
    Browser(clients, "lab").run(f"open({FILE!r}, 'w').write({text!r}); print('done')")


def read(clients):
    return Browser(clients, "lab").run(f"print(open({FILE!r}).read())").strip()


def test_a_notebook_that_runs(server, clients, tmp_path):
    """It is in the backup with its files and starts where that is restored; backups that are killed
    leave it as it was, and one that is stopped is copied once."""
    clients.sagemaker.create_notebook_instance(**notebooks.request(clients, "lab"))
    notebooks.in_service(clients, "lab")
    write(clients, "first")
    backup, command = tmp_path / "backup", ["--data-dir", str(server.data_dir)]
    for delay in (0.05, 0.15, 0.3):
        process = subprocess.Popen([binary(), "backup", str(backup), *command],
                                   stdout=subprocess.DEVNULL)
        time.sleep(delay)  # where in its work it dies is up to the machine
        process.send_signal(signal.SIGKILL)
        process.wait()
        write(clients, f"after {delay}")
    write(clients, "in the backup")
    assert "volumes   1 " in clary("backup", backup, *command).stdout
    write(clients, "after the backup")
    clary("restore", backup, "--check")
    notebooks.stop(clients, "lab")
    assert "of them new 1\n" in clary("backup", backup, *command).stdout
    assert "of them new 0\n" in clary("backup", backup, *command).stdout
    assert "whole:" in clary("fsck", *command).stdout
    server.stop()

    folder = tmp_path / "restored"
    first = sorted((backup / "snapshots").iterdir())[0].name
    clary("restore", backup, "--data-dir", folder, "--snapshot", first)
    shutil.copy(server.data_dir / "root.key", folder / "root.key")
    other = lab_server(tmp_path, folder)
    try:
        back = aws.Clients(other)
        notebooks.in_service(back, "lab")  # it ran when the snapshot was taken: it runs again
        assert aws.wait_until(lambda: reads(back)) == "in the backup"
        notebooks.delete(back, "lab")
        other.stop()
        assert "whole:" in clary("fsck", "--data-dir", folder).stdout
    finally:
        other.remove()


def reads(clients):
    """None until the way to it is there: the run that the snapshot knows is lost first."""
    try:
        return read(clients)
    except (AssertionError, OSError, clients.sagemaker.exceptions.ClientError):
        return None
