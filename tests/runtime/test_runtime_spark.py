"""smspark-submit without Java: its arguments, its settings, how a cluster's instances meet."""

import json
import socket
import subprocess
import sys
import threading

import pytest
from clary_runtime import paths, spark, spark_cluster, spark_settings
from clary_runtime.errors import UserError


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "BASE", tmp_path)
    monkeypatch.setattr(paths, "INPUT_DATA", tmp_path / "input" / "data")
    return tmp_path


def configure(base, *entries):
    folder = base / "processing" / "input" / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "configuration.json").write_text(json.dumps(list(entries)))


def defaults(base, **changes):
    spark_settings.write(base / "spark", base / "home", **({"events": "", "cluster": None} | changes))
    lines = (base / "spark" / "conf" / "spark-defaults.conf").read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_what_follows_the_application_is_its_own():
    given = spark.parse(["--class", "a.B", "-v", "app.jar", "x", "--jars", "mine"])
    assert (given.main_class, given.verbose, given.jars, given.app) == ("a.B", True, None, "app.jar")
    assert given.app_arguments == ["x", "--jars", "mine"]
    for wrong in (["--jars"], [], ["--conf", "a=b", "app.py"]):
        with pytest.raises(UserError):
            spark.parse(wrong)


def test_a_folder_stands_for_its_files(tmp_path):
    for name in ("b.py", "a.py"):
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    assert spark.files_of(f"s3://b/k.py,{tmp_path}") == \
        f"s3://b/k.py,{tmp_path}/a.py,{tmp_path}/b.py"
    for wrong in ("relative.py", f"{tmp_path}/none", f"{tmp_path}/empty", "http://h/x.py"):
        with pytest.raises(UserError):
            spark.files_of(wrong)


def test_settings_of_the_instance_and_the_user(base, monkeypatch):
    monkeypatch.setenv("CLARY_MEMORY_BYTES", str(1 << 31))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    configure(base, {"Classification": "spark-defaults", "Properties": {"spark.driver.memory": "1g"}},
              {"Classification": "core-site", "Properties": {"a<b": "1&2"}},
              {"Classification": "spark-env", "Configurations": [
                  {"Classification": "export", "Properties": {"MINE": "yes"}}]},
              {"Classification": "yarn-site", "Properties": {"x": "y"}})
    found = defaults(base, events="s3://bucket/events")
    assert found["spark.driver.memory"] == "1g"
    assert found["spark.hadoop.fs.s3a.endpoint"] == "http://127.0.0.1:9000"
    assert found["spark.eventLog.dir"] == "s3a://bucket/events"
    conf = base / "spark" / "conf"
    assert (conf / "spark-env.sh").read_text() == "export MINE=yes\n"
    assert "<name>a&lt;b</name><value>1&amp;2</value>" in (conf / "core-site.xml").read_text()
    configure(base)
    assert defaults(base)["spark.driver.memory"] == "1228m"


@pytest.mark.parametrize("entry, words", [
    ({"Classification": "no-such", "Properties": {}}, "no-such is no classification"),
    ({"Properties": {}}, "with a Classification"),
    ({"Classification": "spark-defaults", "Properties": {"a": "b\nspark.x 1"}}, "line break"),
    ({"Classification": "spark-env", "Configurations": [{"Classification": "x"}]}, "export")])
def test_settings_that_are_none(base, entry, words):
    configure(base, entry)
    with pytest.raises(UserError, match=words):
        defaults(base)


@pytest.fixture
def clusters(base, monkeypatch):
    """Of two instances that are both this machine, and a stand-in for Spark's programs."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the role's session")
    ports = iter(free_ports())
    monkeypatch.setattr(spark_cluster, "MASTER_PORT", next(ports))
    monkeypatch.setattr(spark_cluster, "MEETING_PORT", next(ports))
    hosts = ["127.0.0.1", "localhost"]
    made = [spark_cluster.Cluster(base, host, hosts) for host in hosts]
    for cluster in made:
        monkeypatch.setattr(cluster, "start", lambda name, *_: subprocess.Popen(
            [sys.executable, "-c", f"""if True:
                import socket, sys, time
                server = {'Master' in name} and socket.create_server(
                    ('127.0.0.1', {spark_cluster.MASTER_PORT}))
                time.sleep(60)"""]))
    return made


def free_ports():
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def worker(cluster):
    """Runs it beside; joins to what it raised, or None."""
    result = []

    def run():
        try:
            cluster.work({})
            result.append(None)
        except UserError as error:
            result.append(str(error))
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, result


def test_workers_end_when_the_application_has(clusters):
    first, second = clusters
    thread, result = worker(second)
    with first.master({}):
        assert thread.is_alive()
    thread.join(30)
    assert result == [None]


def test_workers_fail_when_the_application_does(clusters):
    first, second = clusters
    thread, result = worker(second)
    with pytest.raises(ZeroDivisionError), first.master({}):
        raise ZeroDivisionError
    thread.join(30)
    assert "ended before the application had" in result[0]


def test_a_stranger_is_no_worker(clusters):
    first, second = clusters
    second.secret = "guessed"
    thread, result = worker(second)
    meeting = spark_cluster.Meeting(first)
    with meeting, spark_cluster.ended(first.start("Master")):
        meeting.server.settimeout(30)
        meeting.greet(meeting.server.accept()[0])
        assert meeting.missing == {"localhost"}
        thread.join(30)
    assert result and result[0]
