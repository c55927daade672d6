"""`notebook` by itself: what is done before JupyterLab starts. The real one runs in
tests/conformance/test_notebooks.py."""

import base64
import json
import os
import subprocess
import sys

import pytest
from conftest import PYTHON

STANDS_IN = """
import json, os, sys
settings = json.load(open(sys.argv[1].removeprefix("--config=")))
print("settings", json.dumps(settings))
print("folder", os.getcwd(), os.environ["HOME"], os.environ["JUPYTER_PATH"])
"""


class Notebook:
    def __init__(self, base):
        self.ml, self.root, self.base = base / "ml", base / "home" / "SageMaker", base
        for folder in (self.ml / "input" / "config", self.ml / "output", self.root):
            folder.mkdir(parents=True)
        self.packages = base / "env" / "lib" / "python3" / "site-packages"
        module = self.packages / "jupyterlab"
        module.mkdir(parents=True)
        (module / "__init__.py").write_text("")
        (module / "__main__.py").write_text(STANDS_IN)

    def run(self, **configuration):
        whole = {"base_path": "/1/r/n", "token": "secret", "root": str(self.root), "name": "n",
                 "arn": "arn:n", "lifecycle_arn": "arn:l", "on_create": "", "on_start": "",
                 "repositories": []} | configuration
        (self.ml / "input" / "config" / "notebook.json").write_text(json.dumps(whole))
        environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(self.ml),
                       "CLARY_SERVE_SOCKET": "/run/clary/sock", "PYTHONPATH": str(self.packages),
                       "CLARY_LIFECYCLE_SECONDS": "2"}
        return subprocess.run([sys.executable, str(PYTHON / "bin" / "notebook")], env=environment,
                              capture_output=True, text=True, timeout=60)

    def failure(self):
        return (self.ml / "output" / "failure").read_text()


def script(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def notebook(tmp_path):
    return Notebook(tmp_path)


def test_starts_jupyterlab_with_its_settings_in_a_private_file(notebook):
    done = notebook.run()
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    settings = json.loads(lines["settings"])
    assert settings["ServerApp"]["base_url"] == "/1/r/n/"
    assert settings["ServerApp"]["sock"] == "/run/clary/sock"
    assert settings["IdentityProvider"]["token"] == "secret"
    assert lines["folder"].split() == [str(notebook.root), str(notebook.root.parent),
                                       str(notebook.base / "env" / "share" / "jupyter")]
    file = notebook.root.parent / ".jupyter" / "clary_settings.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_lifecycle_scripts_run_in_order_and_may_become_ec2_user(notebook):
    done = notebook.run(
        on_create=script("#!/bin/bash\nset -e\necho made > $HOME/SageMaker/order\n"),
        on_start=script("sudo -u ec2-user -i <<'EOF'\necho started as $HOME >> ~/SageMaker/order\nEOF\n"
                        "NAME=x sudo echo said\n"))
    assert done.returncode == 0, done.stderr
    home = notebook.root.parent
    assert (notebook.root / "order").read_text() == f"made\nstarted as {home}\n"
    assert "[LifecycleConfigOnStart] said" in done.stdout


def test_a_server_that_is_started_anew_in_the_same_run_was_created_already(notebook):
    hooks = {"on_create": script("echo made >> $HOME/SageMaker/order\n"),
             "on_start": script("echo started >> $HOME/SageMaker/order\n")}
    for _ in range(2):
        assert notebook.run(**hooks).returncode == 0
    assert (notebook.root / "order").read_text() == "made\nstarted\nstarted\n"


def test_a_script_that_fails_fails_the_instance(notebook):
    done = notebook.run(on_start=script("echo why\nexit 3\n"))
    assert done.returncode == 1
    assert notebook.failure() == (
        "Notebook Instance Lifecycle Config 'arn:l' for Notebook Instance 'arn:n' failed: OnStart ended "
        "with exit code 3. Please check your CloudWatch logs for more details.")
    assert "[LifecycleConfigOnStart] why" in done.stdout
    assert "settings" not in done.stdout


def test_a_script_has_limited_time_but_may_leave_something_running(notebook):
    assert notebook.run(on_create=script("nohup sleep 30 >/dev/null 2>&1 &\n")).returncode == 0
    assert notebook.run(on_start=script("sleep 30\n")).returncode == 1
    assert "took longer than 5 minutes" in notebook.failure()


def test_repositories_are_cloned_once_and_the_first_is_opened(notebook):
    source = notebook.base / "served" / "examples.git"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(source)]
    source.mkdir(parents=True)
    subprocess.run([*git, "init", "--quiet"], check=True)
    (source / "a.txt").write_text("a")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "a"], check=True)
    subprocess.run([*git, "branch", "next"], check=True)
    done = notebook.run(repositories=[str(source)], branches={str(source): "none"})
    assert done.returncode == 1 and "none" in notebook.failure()
    for _ in range(2):
        done = notebook.run(repositories=[str(source)], branches={str(source): "next"})
        assert done.returncode == 0, done.stderr
        assert '"default_url": "/lab/tree/examples"' in done.stdout
    assert (notebook.root / "examples" / "a.txt").read_text() == "a"
    head = (notebook.root / "examples" / ".git" / "HEAD").read_text()
    assert head == "ref: refs/heads/next\n"


def test_a_repository_that_is_not_there_is_said(notebook):
    done = notebook.run(repositories=[str(notebook.base / "nowhere.git")])
    assert done.returncode == 1
    assert "nowhere.git cannot be cloned: " in notebook.failure()
    assert not list(notebook.root.glob(".*"))[1:]
