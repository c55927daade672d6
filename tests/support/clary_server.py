"""A Clary server of one's own: started on a free port over a temporary data folder, and ended."""

import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENVS = Path(os.environ.get("CLARY_VENVS", ROOT / "build" / "venv"))
CHURN = ROOT / "examples" / "churn"
XGBOOST_IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


def binary():
    """The server under test: CLARY_BIN, else the release build."""
    path = Path(os.environ.get("CLARY_BIN", ROOT / "build" / "release" / "bin" / "clary"))
    if not path.exists():
        raise RuntimeError(f"{path} does not exist: build it, or set CLARY_BIN")
    return str(path)


def free_port():
    """A port below the kernel's ephemeral range: no outgoing connection takes it meanwhile."""
    while True:
        port = random.randrange(10240, 32768)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def processes_of(data_dir, word=""):
    """Ids of the processes whose command line names the data folder (agents outlive servers)."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(data_dir) in command and word in command:
            found.append(int(entry.name))
    return found


def unmount_below(folder):
    """The encrypted disk of jobs that were still running when the server ended."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        place = line.split(" ")[1]
        if place.startswith(str(folder) + "/"):
            subprocess.run(["umount", "--lazy", place], check=False)


class ClaryServer:
    """owns: the process and, unless given one, the data folder. Restarts keep port and folder."""

    def __init__(self, data_dir=None, arguments=(), preexec=None, variables=None,
                 address="127.0.0.1"):
        self.own_folder = data_dir is None
        self.data_dir = Path(data_dir or tempfile.mkdtemp(prefix="clary-test-"))
        self.port = free_port()
        self.arguments = list(arguments)
        self.preexec = preexec
        self.address = address  # it listens there; clients use loopback
        self.variables = dict(variables or {})  # CLARY_... of the server
        self.process = None
        self.log_path = self.data_dir.with_name(self.data_dir.name + ".log")
        self.exported = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def start(self, timeout=30):
        """Starts it; returns the seconds until it said `ready`."""
        began = time.monotonic()
        command = [binary(), "serve", "--data-dir", str(self.data_dir),
                   "--listen", f"{self.address}:{self.port}", *self.arguments]
        if "--notebook-listen" not in self.arguments:  # not the next port: others may want it
            command += ["--notebook-listen", f"{self.address}:0"]
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith(("AWS_", "CLARY_")) and k.lower() not in
                       ("http_proxy", "https_proxy", "no_proxy", "all_proxy")} | self.variables
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log,
                                            stdin=subprocess.DEVNULL, env=environment,
                                            preexec_fn=self.preexec)
        line = self._first_line(timeout)
        took = time.monotonic() - began
        if not line.startswith("ready "):
            self.kill()
            raise RuntimeError(f"no `ready` line but {line!r}; its log ends:\n{self.log_tail()}")
        # Whatever else it prints must not fill the pipe.
        threading.Thread(target=self._drain, args=(self.process.stdout,), daemon=True).start()
        self.exported = self._export()
        return took

    def _first_line(self, timeout):
        result = []
        reader = threading.Thread(
            target=lambda: result.append(self.process.stdout.readline().decode().strip()),
            daemon=True)
        reader.start()
        reader.join(timeout)
        return result[0] if result else ""

    @staticmethod
    def _drain(pipe):
        for _ in pipe:
            pass

    def _export(self):
        """What `clary env` exports, as a mapping."""
        text = subprocess.run([binary(), "env", "--data-dir", str(self.data_dir)], check=True,
                              capture_output=True, text=True, timeout=20).stdout
        found = {}
        for line in text.splitlines():
            match = re.match(r"export (\w+)=(.*)", line.strip())
            if match:
                found[match[1]] = "".join(shlex.split(match[2].rstrip(";")))
        return found

    def environment(self):
        """The environment of a client program: ours without AWS settings, plus `clary env`."""
        mine = {k: v for k, v in os.environ.items()
                if not k.startswith(("AWS_", "CLARY_", "SAGEMAKER_")) and k.lower() not in
                ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "requests_ca_bundle",
                 "ssl_cert_file", "node_extra_ca_certs")}
        # No configuration of the person who runs the tests.
        mine.update(HOME=str(self.client_home()), AWS_EC2_METADATA_DISABLED="true")
        return mine | self.exported

    def client_home(self):
        home = self.data_dir.with_name(self.data_dir.name + "-home")
        home.mkdir(exist_ok=True)
        return home

    def log_tail(self, lines=40):
        try:
            return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def get(self, path, timeout=5):
        """Body of an unsigned GET, such as /healthz."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=timeout) as answer:
            return answer.read().decode()

    def rss_bytes(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def stop(self, timeout=60):
        """SIGTERM; returns the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return -signal.SIGKILL
        return self.process.returncode

    def kill(self):
        """SIGKILL, as a crash would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def remove(self):
        """Stops server and workloads that still run, and removes the folder if it is ours."""
        status = self.stop()
        for pid in processes_of(self.data_dir):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        unmount_below(self.data_dir)
        if self.own_folder and not os.environ.get("CLARY_KEEP"):
            shutil.rmtree(self.data_dir, ignore_errors=True)
            shutil.rmtree(self.client_home(), ignore_errors=True)
            self.log_path.unlink(missing_ok=True)
        return status


class ForeignServer:
    """A server that runs already (CLARY_TEST_ENDPOINT), to check the tests themselves."""

    def __init__(self, url):
        self.url = url
        self.port = int(url.rsplit(":", 1)[1])
        self.exported = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": os.environ.get("CLARY_TEST_KEY", "testing"),
                         "AWS_SECRET_ACCESS_KEY": os.environ.get("CLARY_TEST_KEY", "testing"), "AWS_DEFAULT_REGION": "us-east-1",
                         "CLARY_ROLE_ARN": "arn:aws:iam::123456789012:role/role"}

    def environment(self):
        return {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | self.exported

    def remove(self):
        return 0
