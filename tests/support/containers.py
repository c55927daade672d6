"""A container runtime of the tests' own: Podman's API service over a temporary storage folder."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import aws
import tiny_image
from clary_server import ClaryServer, binary

# Limits that any machine may give, and no dependence on systemd.
SETTINGS = """[containers]
default_ulimits = ["nofile=16384:16384", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""


def missing():
    """Why there can be no runtime here; empty when there can."""
    if os.geteuid() != 0:
        return "a container runtime of the tests' own needs root"
    for program in ("podman", "runc"):
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            return f"{program} is not installed: run tools/install_dependencies.sh"
    return ""


class Podman:
    """owns: the service, its storage and its containers."""

    def __init__(self, runc=None):
        """`runc`: a program in its place."""
        # Short: Podman's own sockets are below it.
        self.folder = Path(tempfile.mkdtemp(prefix="clary-pod-", dir="/tmp"))
        settings = SETTINGS.format(folder=self.folder)
        if runc is not None:
            settings += f'[engine.runtimes]\nrunc = ["{runc}"]\n'
        (self.folder / "containers.conf").write_text(settings)
        (self.folder / "networks").mkdir()
        self.socket = self.folder / "s.sock"
        self.process = None

    def environment(self):
        return os.environ | {"CONTAINERS_CONF": str(self.folder / "containers.conf")}

    def command(self, *words):
        return ["podman", "--root", str(self.folder / "root"), "--runroot",
                str(self.folder / "run"), "--tmpdir", str(self.folder / "tmp"), *words]

    def run(self, *words, check=True, timeout=120):
        done = subprocess.run(self.command(*words), env=self.environment(), capture_output=True,
                              text=True, timeout=timeout)
        assert not check or done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def start(self):
        self.socket.unlink(missing_ok=True)
        with open(self.folder / "service.log", "ab") as log:
            self.process = subprocess.Popen(
                self.command("system", "service", "--time=0", f"unix://{self.socket}"),
                env=self.environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                cwd=self.folder,  # conmon writes a file there when memory ran out
                start_new_session=True)
        until = time.monotonic() + 30
        while not self.socket.exists():
            assert self.process.poll() is None and time.monotonic() < until, (
                (self.folder / "service.log").read_text()[-2000:])
            time.sleep(0.05)

    def kill(self):
        """SIGKILL of the service alone: containers go on."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def image(self, name, files, **options):
        """Makes an archive of an image; its path."""
        path = self.folder / (name.replace("/", "-").replace(":", "-") + ".tar")
        return tiny_image.write_archive(str(path), name, files, **options)

    def load(self, server, name, files, **options):
        """Makes an image and loads it as a user does; what `clary image load` said."""
        done = subprocess.run(
            [binary(), "image", "load", self.image(name, files, **options), "--data-dir",
             str(server.data_dir), "--container-socket", str(self.socket)],
            capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def containers(self):
        return self.run("ps", "--all", "--quiet").split()

    def remove(self):
        self.run("rm", "--all", "--force", "--time", "0", check=False)
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(str(self.folder))), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def own_runtime(runc=None):
    """For a fixture: a runtime that is there until the fixture ends."""
    import pytest  # benchmarks, which have none, make a runtime themselves
    reason = missing()
    if reason:
        pytest.skip(reason)
    runtime = Podman(runc)
    try:
        runtime.start()
        yield runtime
    finally:
        runtime.remove()


def server_with(podman):
    """For a fixture: a server that runs images there, and leaves no container behind."""
    own = ClaryServer(arguments=["--container-socket", str(podman.socket)])
    own.start()
    yield own
    # Endpoints that were deleted end in their own time.
    aws.wait_until(lambda: not podman.containers(), 60, 0.5)
    assert own.remove() == 0
