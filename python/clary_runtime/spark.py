"""`smspark-submit`: the Spark images' part, from its arguments to the application's end. On one
instance Spark runs in the driver's own process; on several, algo-1 has the driver and the master of
a standalone cluster, the others are its workers."""

import argparse
import importlib.util
import json
import logging
import os
import re
import shlex
import shutil
import sys
import threading
import traceback
from pathlib import Path
from urllib.parse import urlparse

from clary_runtime import children, paths, spark_cluster, spark_settings
from clary_runtime.errors import UserError
from clary_runtime.training import start_log, versions, wait_for_hosts

log = logging.getLogger("clary")

PROCESSING = paths.BASE / "processing"
SCRATCH = paths.BASE / "spark"  # settings, shuffle files, event logs: gone with the job
COPY_SECONDS = 20  # between copies of the event logs, as in the published images
LONGEST_MESSAGE = 1024
NO_S3A = "S3AFileSystem not found"
# Of Spark's log and of Java's stack traces, what does not say why something failed. (Spark itself
# brings a Python application's errors into its standard output.)
NOISE = re.compile(r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (INFO|WARN|ERROR) |\s+at |\s+\.\.\. \d+ more")


class SparkFailed(Exception):
    def __init__(self, code: int, words: str):
        super().__init__(f"Algorithm Error: (caused by CalledProcessError): spark failed with a "
                         f"non-zero exit code: {words or f'exit status {code}'}")
        self.code = code


class Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        raise UserError(f"smspark-submit: {message}")


def parse(words: list[str]) -> argparse.Namespace:
    parser = Arguments(prog="smspark-submit", allow_abbrev=False)
    parser.add_argument("--class", dest="main_class")
    for name in ("--jars", "--py-files", "--files", "--spark-event-logs-s3-uri",
                 "--local-spark-event-logs-dir"):
        parser.add_argument(name)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("app")
    # All that follows is the application's, also what looks like an option.
    parser.add_argument("app_arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(words)


def files_of(value: str | None) -> str:
    """A comma-separated list, of which each folder stands for the files in it."""
    found: list[str] = []
    for entry in (value or "").split(","):
        if not entry:
            continue
        uri = urlparse(entry)
        if uri.scheme in ("s3", "s3a"):
            found.append(entry)
            continue
        if uri.scheme not in ("", "file"):
            raise UserError(f"{entry} is neither a path nor of the form s3://bucket/key")
        path = Path(uri.path)
        if not path.is_absolute() or not path.exists():
            raise UserError(f"there is no file or folder {entry}; its path must be absolute")
        inside = sorted(str(file) for file in path.iterdir() if file.is_file()) \
            if path.is_dir() else [str(path)]
        if not inside:
            raise UserError(f"there are no files in {path}")
        found += inside
    return ",".join(found)


def spark_home() -> Path:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("the environment of this job has no pyspark; make it again with `clary "
                        "env-create spark`")
    return Path(spec.submodule_search_locations[0])


def check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if home and os.access(Path(home) / "bin" / "java", os.X_OK):
        return
    if shutil.which("java") is None:
        raise UserError("Spark needs Java, which is not on this machine; install it there (apt-get "
                        "install openjdk-17-jre-headless)")


def copy_event_logs(source: Path, target: Path) -> None:
    for file in source.iterdir():
        name = file.name.removesuffix(".inprogress")
        # Beside the folder that is uploaded, so that half a file never is.
        part = SCRATCH / (name + ".part")
        try:
            shutil.copyfile(file, part)
        except FileNotFoundError:
            continue  # it has just got its final name
        shutil.move(part, target / name)


class EventLogs:
    """What the history server reads, brought to where the job's output takes it from."""

    def __init__(self, target: str | None):
        self.target = Path(target) if target else None
        self.source = SCRATCH / "events"
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.copy, daemon=True)

    def __enter__(self) -> "EventLogs":
        if self.target:
            self.source.mkdir(parents=True, exist_ok=True)
            self.target.mkdir(parents=True, exist_ok=True)
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        if self.target:
            self.thread.join()
            copy_event_logs(self.source, self.target)

    def copy(self) -> None:
        while not self.ended.wait(COPY_SECONDS):
            copy_event_logs(self.source, self.target)


def submit_command(home: Path, master: str, given: argparse.Namespace) -> list[str]:
    command = [str(home / "bin" / "spark-submit"), "--master", master, "--deploy-mode", "client"]
    if given.main_class:
        command += ["--class", given.main_class]
    for option, value in (("--jars", given.jars), ("--py-files", given.py_files),
                          ("--files", given.files)):
        listed = files_of(value)
        if listed:
            command += [option, listed]
    if given.verbose:
        command.append("--verbose")
    return [*command, given.app, *given.app_arguments]


def run_driver(command: list[str], variables: dict[str, str]) -> None:
    log.info("Running %s", shlex.join(command))
    SCRATCH.mkdir(exist_ok=True)
    code, message = children.run(command, os.environ | variables, SCRATCH, NOISE)
    if code == 0:
        return
    if NO_S3A in message:
        message = ("this server's Spark environment has no hadoop-aws, which s3:// and s3a:// "
                   "paths need: make it again with `clary env-create spark`, or give the data as "
                   "inputs and outputs below /opt/ml/processing. " + message)
    raise SparkFailed(code if code > 0 else 128 - code, message)


def resources() -> dict:
    for folder in (paths.BASE / "config", paths.INPUT_CONFIG):
        try:
            return json.loads((folder / "resourceconfig.json").read_text())
        except FileNotFoundError:
            continue
    return {"current_host": "algo-1", "hosts": ["algo-1"]}


def submit(words: list[str]) -> None:
    given = parse(words)
    log.info("The environment %s runs this job: %s", os.environ.get("CLARY_ENVIRONMENT", ""),
             versions())
    check_java()
    home = spark_home()
    job = resources()
    host, hosts = job["current_host"], job["hosts"]
    cluster = spark_cluster.Cluster(home, host, hosts) if len(hosts) > 1 else None
    if cluster:
        wait_for_hosts(hosts)
    local_logs = None if given.spark_event_logs_s3_uri else given.local_spark_event_logs_dir
    events = given.spark_event_logs_s3_uri or (str(SCRATCH / "events") if local_logs else "")
    variables = spark_settings.write(SCRATCH, home, events, cluster)
    if cluster and host != hosts[0]:
        cluster.work(variables)
        return
    with EventLogs(local_logs):
        if cluster is None:
            run_driver(submit_command(home, spark_settings.local_master(), given), variables)
            return
        with cluster.master(variables):
            run_driver(submit_command(home, cluster.url, given), variables)


def tell(message: str) -> None:
    """What the job's ExitMessage and FailureReason show."""
    log.error("%s", message)
    try:
        paths.OUTPUT.mkdir(parents=True, exist_ok=True)
        (paths.OUTPUT / "message").write_text(re.sub(r"\s+", " ", message)[:LONGEST_MESSAGE])
        paths.FAILURE.write_text(message)
    except OSError as error:
        log.error("%s", error)


def main(words: list[str]) -> int:
    start_log()
    try:
        submit(words)
        return 0
    except SparkFailed as error:
        tell(str(error))
        return error.code
    except UserError as error:
        tell(f"Algorithm Error: error preparing for spark submit: {error}")
    except Exception as error:  # whatever else, the user must see it
        log.error("%s", traceback.format_exc())
        tell(f"Algorithm Error: error running Spark job: {error}")
    return 1
