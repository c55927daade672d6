"""A standalone cluster of a job's instances. Whether all workers are there, and when they may end,
goes over a connection that each worker holds to algo-1: it ends with the line "done", or, when algo-1
is lost, without it."""

import contextlib
import hashlib
import hmac
import logging
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from clary_runtime import paths
from clary_runtime.errors import UserError
from clary_runtime.job import cpu_count

log = logging.getLogger("clary")

MASTER_PORT = 7077
MEETING_PORT = 7078
START_SECONDS = 600  # until all hosts are there, as in the published images
RETRY_SECONDS = 0.5
STOP_SECONDS = 10
LONGEST_LINE = 256


def shared_secret() -> str:
    """The instances of a job, and nobody else, have the same session of its role."""
    key = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not key:
        raise UserError("Spark on several instances needs the network: create the job without "
                        "EnableNetworkIsolation, or with one instance")
    return hmac.new(key.encode(), b"clary spark cluster", hashlib.sha256).hexdigest()


class Cluster:
    def __init__(self, home: Path, host: str, hosts: list[str]):
        self.home, self.host, self.hosts = home, host, hosts
        self.secret = shared_secret()
        self.url = f"spark://{hosts[0]}:{MASTER_PORT}"

    def settings(self) -> dict[str, str]:
        # Ports of the machine are everybody's, and who reaches a cluster can run programs there.
        return {"spark.authenticate": "true", "spark.authenticate.secret": self.secret,
                "spark.network.crypto.enabled": "true"}

    def proof(self, host: str) -> str:
        return hmac.new(self.secret.encode(), host.encode(), hashlib.sha256).hexdigest()

    def start(self, name: str, arguments: list[str], variables: dict[str, str]) -> subprocess.Popen:
        command = [str(self.home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}",
                   "--host", self.host, "--webui-port", "0", *arguments]
        daemon = {"SPARK_DAEMON_MEMORY": "512m",
                  # Another port than the one the others know would be of no use.
                  "SPARK_MASTER_OPTS": "-Dspark.port.maxRetries=0"}
        # What it says last, that it was told to end, is no reason of the job's.
        return subprocess.Popen(command, env=os.environ | variables | daemon, cwd=paths.BASE,
                                stderr=subprocess.STDOUT)

    @contextlib.contextmanager
    def master(self, variables: dict[str, str]) -> Iterator[None]:
        with Meeting(self) as meeting, \
                ended(self.start("master.Master", ["--port", str(MASTER_PORT)], variables)) as child:
            meeting.wait(child)
            yield
            # After a failure the connections just close, and no worker ends as if all were well.
            meeting.done()

    def work(self, variables: dict[str, str]) -> None:
        # A worker that does not reach the master at once waits long before it tries again.
        connect(self.hosts[0], MASTER_PORT).close()
        arguments = ["--cores", str(cpu_count()), "--work-dir", str(paths.BASE / "spark" / "work"),
                     self.url]
        # The connection is closed last: algo-1 keeps its master until then.
        with connect(self.hosts[0], MEETING_PORT) as line, \
                ended(self.start("worker.Worker", arguments, variables)) as child:
            line.sendall(f"{self.host} {self.proof(self.host)}\n".encode())
            threading.Thread(target=end_with, args=(child, line), daemon=True).start()
            answer = line.makefile("rb").readline(LONGEST_LINE).strip()
            code = child.poll()
        if code is not None:
            raise UserError(f"Spark's worker ended with exit code {code}; the log says why")
        if answer != b"done":
            raise UserError(f"{self.hosts[0]} ended before the application had; its log says why")
        log.info("The application on %s has ended", self.hosts[0])


def end_with(child: subprocess.Popen, line: socket.socket) -> None:
    """A worker that died must not leave its instance waiting for algo-1."""
    child.wait()
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def ended(child: subprocess.Popen) -> Iterator[subprocess.Popen]:
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def connect(host: str, port: int) -> socket.socket:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection((host, port))
        except OSError as error:
            if time.monotonic() > deadline:
                raise UserError(f"{host} cannot be reached: {error}") from None
            time.sleep(RETRY_SECONDS)


class Meeting:
    """Algo-1's side of the connections."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.missing = set(cluster.hosts[1:])
        self.lines: list[socket.socket] = []
        self.server: socket.socket | None = None

    def __enter__(self) -> "Meeting":
        self.server = socket.create_server((self.cluster.host, MEETING_PORT))
        return self

    def __exit__(self, *_: object) -> None:
        for line in [*self.lines, self.server]:
            line.close()

    def wait(self, child: subprocess.Popen) -> None:
        log.info("Waiting for %s", ", ".join(sorted(self.missing)))
        deadline = time.monotonic() + START_SECONDS
        while self.missing:
            if child.poll() is not None:
                raise UserError(f"Spark's master ended with exit code {child.returncode}; the log "
                                "says why")
            if time.monotonic() > deadline:
                raise UserError(f"{', '.join(sorted(self.missing))} never came up")
            self.server.settimeout(1)
            with contextlib.suppress(TimeoutError):
                self.greet(self.server.accept()[0])

    def greet(self, line: socket.socket) -> None:
        line.settimeout(10)
        try:
            host, _, proof = line.makefile("rb").readline(LONGEST_LINE).decode().partition(" ")
        except (OSError, UnicodeDecodeError):
            host, proof = "", ""
        right = hmac.compare_digest(self.cluster.proof(host), proof.strip())
        if not right or host not in self.missing:
            line.close()
            return
        line.settimeout(None)
        self.missing.remove(host)
        self.lines.append(line)

    def done(self) -> None:
        for line in self.lines:
            with contextlib.suppress(OSError):
                line.sendall(b"done\n")
        for line in self.lines:
            line.settimeout(STOP_SECONDS)
            with contextlib.suppress(OSError):
                line.recv(1)
