"""The user's code: found, unpacked, its requirements installed."""

import logging
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from clary_runtime import paths
from clary_runtime.errors import UserError

log = logging.getLogger("clary")

KEPT_LINES = 12


def unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            # Members that leave the folder are refused; older Pythons cannot, and what is reachable
            # is the job's own.
            options = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            tar.extractall(folder, **options)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UserError(f"the code in {archive} cannot be unpacked: {error}") from None


def bring_code(where: str) -> None:
    """Puts the code into /opt/ml/code. What is in S3 the agent has brought there already."""
    paths.CODE.mkdir(parents=True, exist_ok=True)
    if where.startswith("s3://"):
        if not any(paths.CODE.iterdir()):
            raise UserError(f"the code in {where} is empty")
        return
    source = Path(where)
    if source.is_file():
        unpack(source, paths.CODE)
    elif source.is_dir():
        if source.resolve() != paths.CODE.resolve():
            shutil.copytree(source, paths.CODE, dirs_exist_ok=True)
    else:
        raise UserError(f"the job's code is not at {where}, where sagemaker_submit_directory says "
                        "it is")


def has_network() -> bool:
    """Only a job with network gets credentials and an address to use them at."""
    return "AWS_ENDPOINT_URL" in os.environ


def pip_install(arguments: list[str], what: str) -> None:
    command = [sys.executable, "-m", "pip", "install", *arguments]
    log.info("Installing %s:\n%s", what, " ".join(command))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", cwd=paths.CODE)
    tail: list[str] = []
    for line in process.stdout:
        print(line, end="", flush=True)
        tail = (tail + [line.rstrip()])[-KEPT_LINES:]
    if process.wait() == 0:
        return
    reason = next((line for line in reversed(tail) if line.startswith("ERROR")),
                  tail[-1] if tail else "")
    if not has_network():
        reason += (" (the job has no network: EnableNetworkIsolation is on, so only packages that "
                   "the environment has, or that come with the code, can be used)")
    raise UserError(f"InstallRequirementsError: {what} could not be installed: {reason}")


def install_requirements(folder: Path) -> None:
    requirements = folder / "requirements.txt"
    if requirements.is_file():
        # Without network it succeeds when everything is there already.
        offline = [] if has_network() else ["--no-index"]
        pip_install([*offline, "-r", str(requirements)], "requirements.txt")


def install_package(folder: Path) -> None:
    """Code with a setup.py is installed and then run as a module."""
    pip_install(["--no-build-isolation", "--no-deps", str(folder)], "the code's setup.py")
