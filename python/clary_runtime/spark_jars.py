#!/usr/bin/env python3
"""Puts Java packages beside those that pyspark brings: `spark_jars.py GROUP:ARTIFACT:VERSION...`, run
by the Python of the environment. Spark's own resolver fetches them, with all they need, from Maven
Central, or from where ~/.m2 and Ivy's settings say. {hadoop} in a version is the Hadoop of this
Spark."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# All of AWS's services in one file of 300 MB; the list names what is needed of it.
LEFT_OUT = "com.amazonaws:aws-java-sdk-bundle"
TIMEOUT_SECONDS = 1800


def artifact(jar: str) -> str:
    """"joda-time" of joda-time-2.12.5.jar."""
    return re.sub(r"-\d[^/]*\.jar$", "", jar)


def main(packages: list[str]) -> int:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        print("the environment has no pyspark to put jars beside", file=sys.stderr)
        return 1
    home = Path(spec.submodule_search_locations[0])
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        print("Java is not on this machine: apt-get install openjdk-17-jre-headless",
              file=sys.stderr)
        return 1
    there = {artifact(jar.name) for jar in (home / "jars").glob("*.jar")}
    hadoop = next((home / "jars").glob("hadoop-client-api-*.jar")).name[len("hadoop-client-api-"):-4]
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "nothing.py").touch()
        subprocess.run(
            [home / "bin" / "spark-submit", "--master", "local",
             "--packages", ",".join(package.replace("{hadoop}", hadoop) for package in packages),
             "--exclude-packages", LEFT_OUT, "--conf", f"spark.jars.ivy={scratch}/ivy",
             Path(scratch) / "nothing.py"],
            env=os.environ | {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable},
            check=True, timeout=TIMEOUT_SECONDS)
        for jar in sorted((Path(scratch) / "ivy" / "jars").glob("*.jar")):
            name = jar.name.partition("_")[2]  # Ivy puts the group before it
            if artifact(name) not in there:
                shutil.copy(jar, home / "jars" / name)
                print("added", name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
