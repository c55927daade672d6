"""The command that starts the script: by itself, under torchrun, or under mpirun."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import socket
import sys

from clary_runtime import paths, remote
from clary_runtime.errors import UserError
from clary_runtime.job import Job, gpu_count

TORCH_PORT = 7777


def torch_port(master: str) -> int:
    """SageMaker's port where the first host has it to itself. On a machine that other jobs' hosts
    share, where torchrun listens at every address, one of the job's own; all hosts find the same."""
    try:
        shared = socket.gethostbyname(master).startswith("127.")
    except OSError:
        shared = False
    secret = os.environ.get(remote.SECRET_VARIABLE, "")
    if not shared or not secret:
        return TORCH_PORT
    # Below what the kernel gives to connections.
    return 10000 + int(hashlib.sha256(secret.encode()).hexdigest(), 16) % 20000


def is_package(program: str) -> bool:
    return not program.endswith(".sh") and (paths.CODE / "setup.py").is_file()


def check_program(program: str) -> None:
    if not program:
        raise UserError("the job names no script: set the hyperparameter sagemaker_program, and "
                        "sagemaker_submit_directory to where it is")
    if is_package(program):
        return
    if not (paths.CODE / program).is_file():
        there = sorted(entry.name for entry in paths.CODE.iterdir())[:20]
        raise UserError(f"the script {program}, which sagemaker_program names, is not in the job's "
                        f"code; there are: {', '.join(there) or 'no files'}")


def make_executable(program: str) -> None:
    script = paths.CODE / program
    script.chmod(script.stat().st_mode | 0o111)


def script_command(program: str, arguments: list[str], python: list[str] | None = None) -> list[str]:
    python = python or [sys.executable]
    if is_package(program):
        return [*python, "-m", program.removesuffix(".py"), *arguments]
    if program.endswith(".py"):
        return [*python, program, *arguments]
    make_executable(program)
    # A shell, since a script without a first line of its own is no program to the kernel.
    return ["/bin/sh", "-c", shlex.join(["./" + program, *arguments])]


def needs_redirects() -> bool:
    """PyTorch 1 under Python 3.11 cannot read its own default of --redirects."""
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return False
    return sys.version_info >= (3, 11) and version.startswith("1.")


def torchrun_command(job: Job) -> list[str]:
    program = job.program
    if not program.endswith(".py") or is_package(program):
        raise UserError("torch_distributed starts a Python script: sagemaker_program must name one")
    hosts = job.distribution_hosts
    each = job.number("sagemaker_mpi_num_of_processes_per_host", max(gpu_count(), 1))
    command = [sys.executable, "-m", "torch.distributed.run", "--nnodes", str(len(hosts)),
               "--nproc_per_node", str(each)]
    if len(hosts) > 1:
        command += ["--master_addr", job.master, "--master_port", str(torch_port(job.master)),
                    "--node_rank", str(hosts.index(job.current_host))]
    if needs_redirects():
        command += ["--redirects", "1", "--tee", "1"]
    return [*command, program, *job.arguments()]


def mpi_command(job: Job, variables: list[str]) -> list[str]:
    if shutil.which("mpirun") is None:
        raise UserError("the job asks for MPI (sagemaker_mpi_enabled), and mpirun is not on this "
                        "machine; install Open MPI there (apt-get install openmpi-bin)")
    hosts = job.distribution_hosts
    each = job.number("sagemaker_mpi_num_of_processes_per_host", max(gpu_count(), 1))
    count = job.number("sagemaker_mpi_num_processes", each * len(hosts))
    interface = job.network_interface
    command = ["mpirun", "--host", ",".join(f"{host}:{each}" for host in hosts), "-np", str(count),
               "--allow-run-as-root", "--tag-output", "--oversubscribe",
               "-mca", "btl_tcp_if_include", interface, "-mca", "oob_tcp_if_include", interface,
               "-mca", "plm_rsh_no_tree_spawn", "1", "-mca", "pml", "ob1", "-mca", "btl", "^openib",
               "-mca", "orte_abort_on_non_zero_status", "1",
               "-mca", "btl_vader_single_copy_mechanism", "none",
               "-bind-to", "none", "-map-by", "slot"]
    if len(hosts) > 1:
        command += ["-mca", "plm_rsh_agent", remote.agent_command()]
    for name in ["PATH", "LD_LIBRARY_PATH", "PYTHONPATH", *variables]:
        command += ["-x", name]
    command += shlex.split(str(job.settings.get("sagemaker_mpi_custom_mpi_options") or ""))
    # So that one rank's uncaught exception ends all of them, where mpi4py is there.
    python = [sys.executable]
    if importlib.util.find_spec("mpi4py") is not None:
        python += ["-m", "mpi4py"]
    return command + script_command(job.program, job.arguments(), python)


def waits_for_mpi(job: Job) -> bool:
    """Whether this host starts nothing itself, but what mpirun on the first host tells it to."""
    return (job.group in job.distribution_groups and job.enabled("mpi")
            and job.current_host != job.master
            and not job.enabled("torch_distributed") and not job.enabled("pytorch_ddp"))


def training_command(job: Job, variables: list[str]) -> list[str]:
    if job.group in job.distribution_groups:
        if job.enabled("torch_distributed") or job.enabled("pytorch_ddp"):
            return torchrun_command(job)
        if job.enabled("mpi"):
            return mpi_command(job, variables)
        for name in ("distributed_dataparallel", "pytorch_xla_multi_worker"):
            if job.enabled(name):
                raise UserError(f"sagemaker_{name}_enabled is not available on this server: use "
                                "torch_distributed or MPI")
    return script_command(job.program, job.arguments())
