"""clary_runtime by itself, over a folder in place of /opt/ml. The tests of it inside the sandbox are
in tests/conformance/test_script_mode.py and test_script_serving.py."""

import json
import os
import subprocess
import sys
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
