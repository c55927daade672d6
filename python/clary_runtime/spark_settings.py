"""The settings of Spark and Hadoop: what this server and the instance make of them, then the user's
own, which win. Those are EMR's classifications, in configuration.json."""

import json
import logging
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlparse
from xml.sax.saxutils import escape

from clary_runtime import paths
from clary_runtime.errors import UserError
from clary_runtime.job import cpu_count

log = logging.getLogger("clary")

MEBIBYTE = 1 << 20
# Of the instance's memory; the rest is for Python's processes and what the JVM has beside its heap.
HEAP_SHARE = 0.6
LEAST_HEAP = 512
# Where each classification goes, and how it is written. Sources: EMR's "Configure applications";
# what the published image accepts.
PROPERTIES = {"spark-defaults": "spark-defaults.conf", "spark-log4j": "log4j2.properties",
              "spark-metrics": "metrics.properties"}
XML = {"core-site": "core-site.xml", "spark-hive-site": "hive-site.xml",
       "hive-site": "hive-site.xml"}
EXPORTS = {"spark-env": "spark-env.sh", "hadoop-env": "spark-env.sh"}
# Of programs that the published image has and no job of ours starts.
WITHOUT_EFFECT = ("hadoop-log4j", "hive-env", "hive-log4j", "hive-exec-log4j", "yarn-env",
                  "yarn-site")


def memory_mebibytes() -> int:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = os.environ.get("CLARY_MEMORY_BYTES", "")
    return (min(int(limit), machine) if limit.isdigit() else machine) // MEBIBYTE


def heap_mebibytes(share: float = HEAP_SHARE) -> int:
    return max(int(memory_mebibytes() * share), LEAST_HEAP)


def local_master() -> str:
    return f"local[{cpu_count()}]"


def s3a_settings() -> dict[str, str]:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    settings = {
        "fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "fs.s3a.aws.credentials.provider":
            "com.amazonaws.auth.EnvironmentVariableCredentialsProvider",
        "fs.s3a.endpoint.region": os.environ.get("AWS_REGION", "us-east-1"),
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.maximum": "100",
        # Files are renamed by copying there; this way each is copied once.
        "mapreduce.fileoutputcommitter.algorithm.version": "2"}
    if endpoint:
        settings["fs.s3a.endpoint"] = endpoint
        secure = urlparse(endpoint).scheme == "https"
        settings["fs.s3a.connection.ssl.enabled"] = "true" if secure else "false"
    return {f"spark.hadoop.{name}": value for name, value in settings.items()}


def own_defaults(scratch: Path, events: str, cluster) -> dict[str, str]:
    settings = {"spark.ui.enabled": "false", "spark.ui.killEnabled": "false", "spark.local.dir": str(scratch / "local"),
                "spark.sql.warehouse.dir": str(scratch / "warehouse"),
                "spark.rpc.askTimeout": "300s"} | s3a_settings()
    if events:
        settings["spark.eventLog.enabled"] = "true"
        remote = events.startswith("s3://")
        settings["spark.eventLog.dir"] = "s3a" + events[2:] if remote else f"file://{events}"
    if cluster is None:
        return settings | {"spark.driver.memory": f"{heap_mebibytes()}m",
                           "spark.driver.host": "localhost",
                           "spark.driver.bindAddress": "127.0.0.1"}
    cores = cpu_count()
    return settings | cluster.settings() | {
        "spark.driver.memory": f"{heap_mebibytes(HEAP_SHARE / 2)}m",
        "spark.driver.host": cluster.host,
        "spark.driver.bindAddress": socket.gethostbyname(cluster.host),
        "spark.executor.memory": f"{heap_mebibytes()}m",
        "spark.executor.cores": str(cores),
        "spark.default.parallelism": str(2 * cores * (len(cluster.hosts) - 1))}


def property_lines(settings: dict) -> str:
    for name, value in settings.items():
        if "\n" in f"{name}{value}":
            raise UserError(f"the setting {name!r} has a line break in it")
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def xml_document(settings: dict) -> str:
    entries = "".join(f"  <property><name>{escape(str(name))}</name>"
                      f"<value>{escape(str(value))}</value></property>\n"
                      for name, value in settings.items())
    return f'<?xml version="1.0"?>\n<configuration>\n{entries}</configuration>\n'


def user_configuration() -> list[dict]:
    for folder in (paths.INPUT_DATA / "conf", paths.BASE / "processing" / "input" / "conf"):
        try:
            text = (folder / "configuration.json").read_text()
        except FileNotFoundError:
            continue
        try:
            value = json.loads(text)
        except ValueError as error:
            raise UserError(f"configuration.json is no JSON: {error}") from None
        entries = value if isinstance(value, list) else [value]
        if not all(isinstance(entry, dict) and "Classification" in entry for entry in entries):
            raise UserError("configuration.json must be an object with a Classification, or a list "
                            "of such objects")
        return entries
    return []


def exports_of(entry: dict) -> dict[str, str]:
    found: dict[str, str] = {}
    for inner in entry.get("Configurations") or []:
        if inner.get("Classification") != "export":
            raise UserError(f"the classification {entry['Classification']} takes its variables in "
                            "a sub-configuration called export")
        found |= inner.get("Properties") or {}
    return found


def apply(entry: dict, folder: Path, defaults: dict[str, str]) -> None:
    kind = entry["Classification"]
    settings = entry.get("Properties") or {}
    if kind == "spark-defaults":
        defaults |= settings
    elif kind in PROPERTIES:
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        (folder / PROPERTIES[kind]).write_text(lines)
    elif kind in XML:
        (folder / XML[kind]).write_text(xml_document(settings))
    elif kind in EXPORTS:
        with open(folder / EXPORTS[kind], "a") as file:
            file.writelines(f"export {n}={v}\n" for n, v in exports_of(entry).items())
    elif kind in WITHOUT_EFFECT:
        log.warning("The classification %s has no effect here: jobs run without YARN and Hive's "
                    "server", kind)
    else:
        known = sorted([*PROPERTIES, *XML, *EXPORTS, *WITHOUT_EFFECT])
        raise UserError(f"{kind} is no classification of a Spark job: {', '.join(known)}")


def write(scratch: Path, home: Path, events: str, cluster) -> dict[str, str]:
    """Writes them; returns the variables by which Spark's programs find them."""
    folder = scratch / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    (scratch / "local").mkdir(exist_ok=True)
    defaults = own_defaults(scratch, events, cluster)
    for entry in user_configuration():
        apply(entry, folder, defaults)
    file = folder / "spark-defaults.conf"
    file.touch(mode=0o600)  # a cluster's secret is in it
    file.write_text(property_lines(defaults))
    host = cluster.host if cluster else "localhost"
    return {"SPARK_HOME": str(home), "SPARK_CONF_DIR": str(folder), "HADOOP_CONF_DIR": str(folder),
            "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable,
            "SPARK_LOCAL_DIRS": str(scratch / "local"),
            # Names of hosts are those of /etc/hosts in the sandbox, which the JVM would not guess.
            "SPARK_LOCAL_HOSTNAME": host,
            # Also where the cluster's pages listen; everywhere without it.
            "SPARK_LOCAL_IP": socket.gethostbyname(host),
            "AWS_JAVA_V1_DISABLE_DEPRECATION_ANNOUNCEMENT": "true"}
