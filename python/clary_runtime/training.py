"""`train`: the training toolkit's part, from the job's files to the script's end."""

import importlib.metadata
import logging
import os
import shlex
import socket
import sys
import time
import traceback

from clary_runtime import children, launchers, paths, remote, user_code
from clary_runtime.errors import ScriptFailed, UserError
from clary_runtime.job import Job

log = logging.getLogger("clary")

HOSTS_WAIT_SECONDS = 15 * 60
DISTRIBUTIONS = {"sklearn": ["scikit-learn"], "xgboost": ["xgboost", "xgboost-cpu"],
                 "pytorch": ["torch"], "huggingface": ["torch", "transformers"],
                 "tensorflow": ["tensorflow", "tensorflow-cpu"], "mxnet": ["mxnet"],
                 "spark": ["pyspark"]}


def start_log(level: int = logging.INFO) -> None:
    logging.basicConfig(level=level, stream=sys.stdout, force=True,
                        format="%(asctime)s %(name)s %(levelname)-8s %(message)s")


def versions() -> str:
    """What stands in for the image, since its tag may say something else."""
    found = ["Python " + sys.version.split()[0]]
    for name in DISTRIBUTIONS.get(os.environ.get("CLARY_FRAMEWORK", ""), []):
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def wait_for_hosts(hosts: list[str]) -> None:
    """The other instances may come up later than this one."""
    deadline = time.monotonic() + HOSTS_WAIT_SECONDS
    for host in hosts:
        while True:
            try:
                socket.gethostbyname(host)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise UserError(f"the host {host} of the job never came up") from None
                time.sleep(0.2)


def wait_for_mpi(job: Job, variables: dict[str, str]) -> None:
    """What mpirun starts here has the first host's variables; why it failed is the first host's to
    say."""
    log.info("Waiting for mpirun on %s", job.master)
    if not launchers.is_package(job.program):
        launchers.make_executable(job.program)
    os.chdir(paths.CODE)
    os.environ.update(variables)
    remote.Waiting(job.current_host).serve()
    log.info("mpirun on %s has ended", job.master)


def train() -> None:
    job = Job.read()
    start_log(job.log_level)
    log.info("The environment %s runs this job: %s", os.environ.get("CLARY_ENVIRONMENT", ""),
             versions())
    user_code.bring_code(job.submit_directory)
    launchers.check_program(job.program)
    user_code.install_requirements(paths.CODE)
    if launchers.is_package(job.program):
        user_code.install_package(paths.CODE)
    wait_for_hosts(job.hosts)
    variables = job.variables()
    path = os.environ.get("PYTHONPATH", "")
    variables["PYTHONPATH"] = str(paths.CODE) + (os.pathsep + path if path else "")
    port = str(launchers.torch_port(job.master))
    variables["SM_MASTER_PORT"] = port
    for name, value in (("MASTER_ADDR", job.master), ("MASTER_PORT", port)):
        if name not in os.environ:
            variables[name] = value
    if launchers.waits_for_mpi(job):
        wait_for_mpi(job, variables)
        return
    command = launchers.training_command(job, list(variables))
    log.info("Invoking script with the following command:\n%s", shlex.join(command))
    try:
        code, message = children.run(command, os.environ | variables, paths.CODE)
    finally:
        if job.enabled("mpi"):
            remote.end([host for host in job.distribution_hosts if host != job.master])
    if code != 0:
        raise ScriptFailed(code if code > 0 else 128 - code, message, command)
    log.info("Reporting training SUCCESS")
    paths.SUCCESS.touch()


def report_failure(text: str) -> None:
    log.error("Reporting training FAILURE\n%s", text)
    try:
        paths.FAILURE.write_text(text)
    except OSError as error:
        log.error("%s", error)


def main() -> int:
    start_log()
    try:
        train()
        return 0
    except (UserError, ScriptFailed) as error:
        report_failure(str(error))
    except Exception as error:  # whatever else, the user must see it
        report_failure(f"Framework Error: \n{traceback.format_exc()}\n{error}")
    return 1
