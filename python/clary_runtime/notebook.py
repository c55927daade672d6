"""`notebook`: a notebook instance, from its lifecycle scripts to JupyterLab on the socket that
CLARY_SERVE_SOCKET names. What it is to do stands in input/config/notebook.json:

    base_path      what all paths of the server begin with, "/ACCOUNT/REGION/NAME"
    token          what JupyterLab wants from whoever talks to it
    root           the folder that is kept, /home/ec2-user/SageMaker
    name, arn      of the notebook instance
    lifecycle_arn  of its lifecycle configuration, "" without one
    on_create      base64 of the script of the first start; "" at a later one
    on_start       base64 of the script of every start, or ""
    repositories   URLs to clone, the default one first
    branches       of those whose default branch is not meant, by URL

The folder of `root` is the home of whoever works there; it starts empty.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from clary_runtime import paths
from clary_runtime.training import start_log

log = logging.getLogger("clary")

SCRIPT_SECONDS = float(os.environ.get("CLARY_LIFECYCLE_SECONDS", "300"))
CLONE_SECONDS = 300
# What Amazon's notebook instances call their kernels: notebooks name them.
KERNELS = {"conda_python3": "conda_python3"}
# Scripts for Amazon's instances are root and become ec2-user. Here everything is the one user.
SUDO = r"""#!/bin/bash
# There is no root in here: runs the command as who you are.
login=
while [ $# -gt 0 ]; do
  case $1 in
    -u|-g|--user|--group) shift 2 ;;
    -i|--login|-s|--shell) login=-l; shift ;;
    --) shift; break ;;
    -*|*=*) case $1 in *=*) export "$1" ;; esac; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || exec /bin/bash $login
exec "$@"
"""


class NotebookFailed(Exception):
    """Why the instance cannot start; its FailureReason."""


def read_configuration() -> dict:
    return json.loads((paths.INPUT_CONFIG / "notebook.json").read_text())


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Home:
    """The user's own folder, around the one that is kept."""

    def __init__(self, root: Path):
        self.folder = root.parent
        self.bin = self.folder / ".local" / "bin"
        self.environment = dict(os.environ)
        self.environment |= {
            "HOME": str(self.folder), "SHELL": "/bin/bash",
            "PATH": os.pathsep.join([str(self.bin), os.environ.get("PATH", "/usr/bin:/bin"),
                                     "/usr/sbin", "/sbin"])}

    def prepare(self) -> None:
        write_program(self.bin / "sudo", SUDO)
        kernels = self.folder / ".local" / "share" / "jupyter" / "kernels"
        for name, shown in KERNELS.items():
            (kernels / name).mkdir(parents=True, exist_ok=True)
            (kernels / name / "kernel.json").write_text(json.dumps({
                "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": shown, "language": "python", "metadata": {"debugger": True}}))


def pass_on(stream, mark: str) -> None:
    """Lines with a mark, by which the server knows which log stream they are for."""
    for line in stream:
        print(f"[{mark}] {line.decode(errors='replace').rstrip()}", flush=True)


def run_script(hook: str, content: str, configuration: dict, home: Home) -> None:
    """One lifecycle script; what it leaves running goes on. Its time limit is AWS's."""
    try:
        text = base64.b64decode(content, validate=True)
    except ValueError:
        raise NotebookFailed(f"the script {hook} of the lifecycle configuration is not base64") from None
    file = home.folder / ".lifecycle" / hook
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
    file.chmod(0o755)
    command = [str(file)] if text.startswith(b"#!") else ["/bin/bash", str(file)]
    what = (f"Notebook Instance Lifecycle Config '{configuration.get('lifecycle_arn', '')}' for "
            f"Notebook Instance '{configuration.get('arn', '')}'")
    hint = "Please check your CloudWatch logs for more details."
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, cwd="/", env=home.environment,
                                 start_new_session=True)
    except OSError as error:
        raise NotebookFailed(f"{what} could not be started: {error.strerror}. {hint}") from None
    reader = threading.Thread(target=pass_on, args=(child.stdout, f"LifecycleConfig{hook}"), daemon=True)
    reader.start()
    try:
        code = child.wait(SCRIPT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        reader.join(1)
        raise NotebookFailed(f"{what} took longer than 5 minutes. {hint}") from None
    reader.join(1)  # whom it left running may hold the pipe for ever
    if code != 0:
        raise NotebookFailed(f"{what} failed: {hook} ended with exit code "
                             f"{code if code > 0 else 128 - code}. {hint}")


def folder_of(url: str) -> str:
    """What `git clone` would call it; nothing that leaves the folder it is in."""
    name = PurePosixPath(urlsplit(url).path.rstrip("/")).name.removesuffix(".git")
    return name if name not in ("", ".", "..") else "repository"


def clone(url: str, branch: str, root: Path, environment: dict[str, str]) -> str:
    """Into `root`, unless it is there from an earlier start; the folder's name. `branch`: "" is the
    default one."""
    name = folder_of(url)
    if (root / name).exists():
        return name
    part = root / f".{name}.part"
    subprocess.run(["rm", "-rf", "--", str(part)], check=True)
    log.info("Cloning %s", url)
    try:
        done = subprocess.run(["git", "clone", "--quiet", *([f"--branch={branch}"] if branch else []),
                               "--", url, str(part)],
                              env=environment | {"GIT_TERMINAL_PROMPT": "0"}, capture_output=True,
                              text=True, errors="replace", timeout=CLONE_SECONDS)
    except FileNotFoundError:
        raise NotebookFailed(f"the repository {url} cannot be cloned: git is not installed on this "
                             "machine") from None
    except subprocess.TimeoutExpired:
        raise NotebookFailed(f"cloning the repository {url} took longer than 5 minutes") from None
    if done.returncode != 0:
        raise NotebookFailed(f"the repository {url} cannot be cloned: "
                             f"{(done.stderr.strip().splitlines() or ['git failed'])[-1]}")
    part.rename(root / name)
    return name


def write_settings(configuration: dict, root: Path, home: Home, opened: str) -> Path:
    """JupyterLab's, in a file: a token in a command line would be everybody's to see."""
    base = configuration["base_path"].rstrip("/") + "/"
    settings = {
        "ServerApp": {
            "sock": os.environ["CLARY_SERVE_SOCKET"], "sock_mode": "0600", "base_url": base,
            "root_dir": str(root), "default_url": "/lab" + (f"/tree/{quote(opened)}" if opened else ""),
            "open_browser": False, "quit_button": False, "trust_xheaders": True,
            # Who may come at all, and from which page, is asked before a request gets here.
            "allow_remote_access": True,
            "terminado_settings": {"shell_command": ["/bin/bash", "-l"]}},
        "IdentityProvider": {"token": configuration["token"]},
        "LabApp": {"news_url": None, "extension_manager": "readonly",
                   "check_for_updates_class": "jupyterlab.NeverCheckForUpdate"}}
    file = home.folder / ".jupyter" / "clary_settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    file.write_text(json.dumps(settings))
    return file


def jupyter_environment(home: Home) -> dict[str, str]:
    """The packages are in the environment, below a layer of the run's own: Jupyter, which looks
    beside its interpreter, is told where the rest of it is."""
    import jupyterlab

    prefix = Path(jupyterlab.__file__).parents[4]
    return home.environment | {
        "JUPYTERLAB_DIR": str(prefix / "share" / "jupyter" / "lab"),
        "JUPYTER_PATH": str(prefix / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": str(prefix / "etc" / "jupyter")}


def start() -> None:
    configuration = read_configuration()
    root = Path(configuration["root"])
    home = Home(root)
    home.prepare()
    created = paths.OUTPUT / ".created"  # JupyterLab may crash and be started anew
    if configuration.get("on_create") and not created.exists():
        run_script("OnCreate", configuration["on_create"], configuration, home)
        created.touch()
    if configuration.get("on_start"):
        run_script("OnStart", configuration["on_start"], configuration, home)
    branches = configuration.get("branches", {})
    folders = [clone(url, branches.get(url, ""), root, home.environment)
               for url in configuration.get("repositories", [])]
    settings = write_settings(configuration, root, home, folders[0] if folders else "")
    environment = jupyter_environment(home)
    os.chdir(root)
    os.execve(sys.executable, [sys.executable, "-m", "jupyterlab", f"--config={settings}"], environment)


def main() -> int:
    start_log()
    try:
        start()
    except NotebookFailed as error:
        reason = str(error)
    except ImportError as error:
        reason = (f"the environment {os.environ.get('CLARY_ENVIRONMENT', '')} has no JupyterLab "
                  f"({error}); make it with `clary env-create notebook`")
    except Exception as error:  # whatever else, the user must see it
        reason = f"the notebook server could not be started: {error}"
        log.exception("%s", reason)
    log.error("%s", reason)
    paths.FAILURE.write_text(reason)
    return 1
