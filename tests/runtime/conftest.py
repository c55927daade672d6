"""clary_runtime by itself, over a folder in place of /opt/ml. The tests of it inside the sandbox are
in tests/conformance/test_script_mode.py and test_script_serving.py."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

PYTHON = Path(__file__).resolve().parents[2] / "python"
sys.path.insert(0, str(PYTHON))


class Job:
    """A folder like /opt/ml and the `train` program over it."""

    def __init__(self, base):
        self.base = base
        for folder in ("code", "model", "input/config", "input/data", "output/data"):
            (base / folder).mkdir(parents=True)
        self.config("hyperparameters", {})
        self.config("inputdataconfig", {})
        self.resources = {"current_host": "localhost", "hosts": ["localhost"],
                          "current_group_name": "g", "network_interface_name": "lo",
                          "instance_groups": [{"instance_group_name": "g", "hosts": ["localhost"],
                                               "instance_type": "ml.m5.large"}]}
        self.config("resourceconfig", self.resources)

    def config(self, name, value):
        (self.base / "input" / "config" / f"{name}.json").write_text(json.dumps(value))

    def code(self, name, text):
        path = self.base / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, timeout=60, **variables):
        environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(self.base)} | variables
        return subprocess.run([sys.executable, str(PYTHON / "bin" / "train")], env=environment,
                              capture_output=True, text=True, timeout=timeout)

    def failure(self):
        return (self.base / "output" / "failure").read_text()


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path / "ml")


class Server:
    """`serve` over a folder, on a Unix socket."""

    def __init__(self, base, script=None, python=sys.executable, **variables):
        self.base, self.socket = base, str(base / "sock")
        for folder in ("model/code", "output", "code"):
            (base / folder).mkdir(parents=True, exist_ok=True)
        if script is not None:
            (base / "model" / "code" / "inference.py").write_text(script)
        environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(base),
                       "CLARY_SERVE_SOCKET": self.socket, "SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
        self.log = open(base / "log", "wb")
        self.process = subprocess.Popen([python, str(PYTHON / "bin" / "serve")],
                                        env=environment | variables, stdout=self.log,
                                        stderr=subprocess.STDOUT)

    def request(self, method="POST", path="/invocations", body=b"", connection=None, **headers):
        own = connection or self.connect()
        own.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = own.getresponse()
        return answer.status, answer.read(), answer.headers

    def connect(self):
        connection = http.client.HTTPConnection("localhost", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        connection.sock.connect(self.socket)
        return connection

    def ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.request("GET", "/ping")[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError("not ready: " + (self.base / "log").read_text()[-3000:])

    def end(self):
        self.process.terminate()
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            self.log.close()


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(script=None, **more):
        started.append(Server(tmp_path, script, **more))
        return started[-1]
    yield start
    for server in started:
        server.end()
