"""Backups of a server that works, what kills and damage do to them, the check of a folder, and upgrades
from an earlier version's folder."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import aws
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from clary_server import ClaryServer, binary
from commands import clary

SCHEMA = Path(__file__).parent / "schema_0_1_0"


def body_of(number):
    """Small ones stand in the database, large ones in files."""
    return bytes([number % 251]) * (100 + number % 7 * 40_000)


def restored(backup, folder, *arguments):
    """A server over a restored folder."""
    clary("restore", backup, "--data-dir", folder, *arguments)
    server = ClaryServer(folder)
    server.log_path = folder.with_name(folder.name + ".log")
    server.start()
    return server


@pytest.fixture
def backup(tmp_path):
    return tmp_path / "backup"


def copy_root_key(server, folder):
    shutil.copy(server.data_dir / "root.key", folder / "root.key")


def test_there_and_back(server, clients, bucket, backup, tmp_path):
    """Objects of every kind, buckets' settings, keys and resources are what they were."""
    for number in range(20):
        clients.s3.put_object(Bucket=bucket, Key=f"k{number}", Body=body_of(number),
                              Metadata={"n": str(number)})
    upload = clients.s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    parts = [{"PartNumber": n, "ETag": clients.s3.upload_part(
        Bucket=bucket, Key="parts", UploadId=upload, PartNumber=n, Body=b)["ETag"]}
        for n, b in ((1, b"1" * (5 << 20)), (2, b"22"))]
    clients.s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload,
                                         MultipartUpload={"Parts": parts})
    clients.sagemaker.create_model(ModelName="kept", ExecutionRoleArn=clients.role,
                                   PrimaryContainer={"Image": aws.XGBOOST_IMAGE})
    said = clary("backup", backup, "--data-dir", server.data_dir).stdout
    assert "root key" in said and "not in it" in said
    assert not list(backup.rglob("root.key"))
    clary("restore", backup, "--check")

    folder = tmp_path / "restored"
    clary("restore", backup, "--data-dir", folder)
    copy_root_key(server, folder)
    other = ClaryServer(folder)
    other.log_path = tmp_path / "restored.log"
    other.start()
    try:
        assert other.exported["AWS_SECRET_ACCESS_KEY"] == server.exported["AWS_SECRET_ACCESS_KEY"]
        back = aws.Clients(other)
        for number in range(20):
            got = back.s3.get_object(Bucket=bucket, Key=f"k{number}")
            assert got["Body"].read() == body_of(number) and got["Metadata"] == {"n": str(number)}
        assert back.s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"1" * (5 << 20) + b"22"
        assert back.sagemaker.describe_model(ModelName="kept")["ModelName"] == "kept"
        other.stop()
        assert "whole:" in clary("fsck", "--data-dir", folder).stdout
    finally:
        other.remove()


def test_incremental(server, clients, bucket, backup):
    """The second one copies what is new; what only removed snapshots had goes."""
    for number in range(10):
        clients.s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"x" * 100_000)
    assert "new 10 " in clary("backup", backup, "--data-dir", server.data_dir).stdout
    clients.s3.put_object(Bucket=bucket, Key="one-more", Body=b"y" * 100_000)
    for number in range(4):
        clients.s3.delete_object(Bucket=bucket, Key=f"k{number}")
    said = clary("backup", backup, "--data-dir", server.data_dir, "--keep", 1).stdout
    assert "files     7 " in said and "new 1 " in said and "removed   1 older" in said
    assert len([f for f in (backup / "files").rglob("*") if f.is_file()]) == 7
    clary("restore", backup, "--check")


def test_with_root_key(server, clients, bucket, backup, tmp_path):
    """Only when it is asked for; then the restored folder starts by itself."""
    clients.s3.put_object(Bucket=bucket, Key="k", Body=b"z" * 100_000)
    clary("backup", backup, "--data-dir", server.data_dir, "--with-root-key")
    other = restored(backup, tmp_path / "restored")
    try:
        assert aws.Clients(other).s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"z" * 100_000
    finally:
        other.remove()


def test_beside_writers(server, clients, bucket, backup, tmp_path):
    """While objects are written, replaced and deleted: each is wholly in or wholly out, what was
    answered before is in, and a pair that is written in order is never there the other way round."""
    end = threading.Event()
    written = []

    def write(worker):
        s3 = clients.client("s3")
        number = 0
        while not end.is_set():
            key = f"w{worker}-{number}"
            s3.put_object(Bucket=bucket, Key=key, Body=body_of(number))
            s3.put_object(Bucket=bucket, Key=f"same-{worker}", Body=str(number).encode() * 20_000)
            written.append(key)
            if number > 10:
                s3.delete_object(Bucket=bucket, Key=f"w{worker}-{number - 10}")
            number += 1

    workers = [threading.Thread(target=write, args=(w,)) for w in range(3)]
    for worker in workers:
        worker.start()
    try:
        aws.wait_until(lambda: len(written) > 50)
        for _ in range(3):
            clary("backup", backup, "--data-dir", server.data_dir, "--with-root-key")
    finally:
        end.set()
        for worker in workers:
            worker.join()
    for snapshot in sorted((backup / "snapshots").iterdir()):
        clary("restore", backup, "--check", "--snapshot", snapshot.name)
    folder = tmp_path / "restored"
    clary("restore", backup, "--data-dir", folder)
    assert "whole:" in clary("fsck", "--data-dir", folder).stdout
    other = ClaryServer(folder)
    other.log_path = tmp_path / "restored.log"
    other.start()
    try:
        s3 = aws.Clients(other).s3
        keys = [o["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
                for o in p.get("Contents", [])]
        assert keys
        for key in keys:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            if key.startswith("w"):
                assert body == body_of(int(key.split("-")[1])), key
                continue
            number = int(body[:len(body) // 20_000])
            assert body == str(number).encode() * 20_000
            # The one before it was written first.
            worker = key.split("-")[1]
            assert f"w{worker}-{number}" in keys or number == 0
    finally:
        other.remove()


def test_killed_backup(server, clients, bucket, backup):
    """kill -9 at any moment leaves no snapshot that is not whole, and the next run completes."""
    for number in range(60):
        clients.s3.put_object(Bucket=bucket, Key=f"k{number}", Body=os.urandom(300_000))
    for delay in (0.0, 0.005, 0.01, 0.02, 0.04, 0.08):
        process = subprocess.Popen([binary(), "backup", str(backup), "--data-dir",
                                    str(server.data_dir)], stdout=subprocess.DEVNULL)
        time.sleep(delay)  # where in its work it dies is up to the machine
        process.send_signal(signal.SIGKILL)
        process.wait()
        whole = [s for s in (backup / "snapshots").glob("*") if s.suffix != ".partial"] \
            if (backup / "snapshots").exists() else []
        for snapshot in whole:
            clary("restore", backup, "--check", "--snapshot", snapshot.name)
    clary("backup", backup, "--data-dir", server.data_dir)
    assert not list((backup / "snapshots").glob("*.partial"))
    assert "60 files" in clary("restore", backup, "--check").stdout


def test_torn_backup_is_refused(server, clients, bucket, backup, tmp_path):
    """A file that is missing, shorter or changed; a manifest that is torn; a target in use."""
    clients.s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 100_000)
    clary("backup", backup, "--data-dir", server.data_dir)
    snapshot = next((backup / "snapshots").iterdir())
    data = next(f for f in (backup / "files").rglob("*") if f.is_file())
    folder = tmp_path / "restored"

    def refused(file, content):
        good = file.read_bytes()
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content(good))
        try:
            done = clary("restore", backup, "--data-dir", folder, check=False)
            assert done.returncode == 1 and file.name in done.stderr, done.stderr
            assert not folder.exists()
        finally:
            file.write_bytes(good)

    flipped = lambda good: good[:-1] + bytes([good[-1] ^ 1])  # noqa: E731
    for file in (data, snapshot / "metadata.db", snapshot / "objects" / "objects.db",
                 snapshot / "files.txt", snapshot / "manifest.json"):
        refused(file, None)
        refused(file, lambda good: good[:len(good) // 2])
        refused(file, flipped)
    folder.mkdir()
    (folder / "something").write_text("of somebody")
    done = clary("restore", backup, "--data-dir", folder, check=False)
    assert done.returncode == 1 and "not empty" in done.stderr
    shutil.rmtree(folder)
    clary("restore", backup, "--data-dir", folder)

    later = json.loads((snapshot / "manifest.json").read_text().split("\n//")[0])
    assert later["format"] == 1 and "sha256" in later["files"]["metadata.db"]


def test_backup_refuses(server, tmp_path):
    """A folder inside of the data folder, and one that is no data folder."""
    done = clary("backup", server.data_dir / "b", "--data-dir", server.data_dir, check=False)
    assert done.returncode == 1 and "lost with it" in done.stderr
    done = clary("backup", tmp_path / "b", "--data-dir", tmp_path / "none", check=False)
    assert done.returncode == 1 and "no data folder" in done.stderr


def data_files(server):
    return sorted(f for f in (server.data_dir / "objects" / "data").rglob("*") if f.is_file())


def test_fsck_finds_damage(server, clients, bucket):
    """One flipped bit, a file cut short, a file gone: each is named by its object; exit code 1."""
    for key in ("flipped", "short", "gone", "good"):
        clients.s3.put_object(Bucket=bucket, Key=key, Body=key.encode() * 40_000)
    assert "whole: 4 objects" in clary("fsck", "--data-dir", server.data_dir).stdout  # beside it
    server.stop()
    database = sqlite3.connect(server.data_dir / "objects" / "objects.db")
    files = dict(database.execute("SELECT key,file FROM objects"))
    database.close()
    path = {key: next(f for f in data_files(server) if f.name == name)
            for key, name in files.items()}
    damaged = bytearray(path["flipped"].read_bytes())
    damaged[50_000] ^= 1
    path["flipped"].write_bytes(damaged)
    path["short"].write_bytes(path["short"].read_bytes()[:-1])
    path["gone"].unlink()
    done = clary("fsck", "--data-dir", server.data_dir, check=False)
    assert done.returncode == 1 and "NOT WHOLE" in done.stdout
    problems = [line for line in done.stdout.splitlines() if line.startswith("PROBLEM")]
    assert len(problems) == 3, done.stdout
    for key, word in (("flipped", "is damaged"), ("short", "bytes on disk"), ("gone", "lost its file")):
        assert any(f"{bucket}/{key} " in line and word in line for line in problems), done.stdout
    quick = clary("fsck", "--quick", "--data-dir", server.data_dir, check=False).stdout
    assert "short" in quick and "flipped" not in quick


def test_fsck_repairs_what_is_safe(server, clients, bucket):
    """Files of no object and a damaged audit index; never what an object needs."""
    clients.s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 100_000)
    done = clary("fsck", "--repair", "--data-dir", server.data_dir, check=False)
    assert done.returncode == 1 and "stop it before" in done.stderr
    server.stop()
    stray = server.data_dir / "objects" / "data" / "ab" / ("0" * 34 + "ab")
    stray.write_bytes(b"left by a kill")
    index = server.data_dir / "audit" / "events.db"
    for side in ("-wal", "-shm"):
        index.with_name(index.name + side).unlink(missing_ok=True)
    index.write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    assert clary("fsck", "--data-dir", server.data_dir, check=False).returncode == 1
    said = clary("fsck", "--repair", "--data-dir", server.data_dir).stdout
    assert said.count("repaired:") == 2 and not stray.exists() and not index.exists()
    server.start()
    found = aws.wait_until(lambda: aws.Clients(server).cloudtrail.lookup_events(LookupAttributes=[
        {"AttributeKey": "EventName", "AttributeValue": "CreateBucket"}])["Events"])
    assert found  # made anew from the log
    assert aws.Clients(server).s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x" * 100_000


@pytest.fixture
def earlier(tmp_path):
    """The data folder of version 0.1.0, made of the SQL text of its databases."""
    folder = tmp_path / "earlier"
    (folder / "objects" / "data").mkdir(parents=True)
    for name, file in (("metadata", folder / "metadata.db"),
                       ("objects", folder / "objects" / "objects.db")):
        database = sqlite3.connect(file)
        database.executescript((SCHEMA / f"{name}.sql").read_text())
        database.execute("PRAGMA journal_mode=WAL")
        database.close()
    database = sqlite3.connect(folder / "objects" / "objects.db")
    contents = [(database.execute("SELECT file FROM objects WHERE key='large'").fetchone()[0],
                 bytes(range(256)) * 400)]
    for number, body in ((1, b"\1" * (5 << 20)), (2, b"\2" * 1000)):
        contents.append((database.execute("SELECT file FROM parts WHERE number=?",
                                          (number,)).fetchone()[0], body))
    database.close()
    for name, body in contents:
        file = folder / "objects" / "data" / name[-2:] / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(body)
    return folder


def test_upgrade(earlier, backup, tmp_path):
    """A folder of the previous version: objects, jobs, logs, metrics, roles and keys survive, and it
    is whole afterwards."""
    server = ClaryServer(earlier)
    server.log_path = tmp_path / "server.log"
    server.start()
    try:
        assert server.exported["AWS_ACCESS_KEY_ID"] == "AKIA56S2TCR3Y7PVHHTT"
        clients = aws.Clients(server)
        s3 = clients.s3
        small = s3.get_object(Bucket="kept", Key="small")
        assert small["Body"].read() == b"a small object" and small["Metadata"] == {"colour": "red"}
        assert small["ContentType"] == "text/plain"
        assert s3.get_object_tagging(Bucket="kept", Key="small")["TagSet"] == [
            {"Key": "a", "Value": "b"}]
        assert s3.get_object(Bucket="kept", Key="large")["Body"].read() == bytes(range(256)) * 400
        assert s3.get_object(Bucket="kept", Key="parts")["Body"].read() == (
            b"\1" * (5 << 20) + b"\2" * 1000)
        job = clients.sagemaker.describe_training_job(TrainingJobName="job-9b1bd5226134")
        assert job["TrainingJobStatus"] == "Completed" and job["FinalMetricDataList"]
        artifact = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://kept/")
        assert s3.get_object(Bucket="kept", Key=artifact)["Body"].read(2) == b"\x1f\x8b"
        events = clients.logs.get_log_events(
            logGroupName="/aws/sagemaker/TrainingJobs",
            logStreamName="job-9b1bd5226134/algo-1-1795393513620")["events"]
        assert any("train-auc" in event["message"] for event in events)
        assert clients.iam.get_role(RoleName="Kept")["Role"]["Arn"].endswith(":role/Kept")
        assert clients.iam.get_role_policy(RoleName="Kept", PolicyName="p")["PolicyDocument"]
        s3.put_object(Bucket="kept", Key="new", Body=b"n" * 100_000)
        clary("backup", backup, "--data-dir", earlier)
        server.stop()
        assert "whole:" in clary("fsck", "--data-dir", earlier).stdout
        clary("restore", backup, "--check")
        server.start()  # a second start migrates nothing and finds all
        assert aws.Clients(server).s3.head_object(Bucket="kept", Key="new")
    finally:
        server.remove()


@pytest.mark.parametrize("file, module", [("metadata.db", "documents"),
                                          ("objects/objects.db", "objects")])
def test_newer_folder_is_refused(earlier, file, module, tmp_path):
    """Said in words, and nothing in the folder is changed."""
    database = sqlite3.connect(earlier / file)
    database.execute("UPDATE schema_versions SET version=999 WHERE module=?", (module,))
    database.commit()
    before = list(database.iterdump())
    database.close()
    server = ClaryServer(earlier)
    server.log_path = tmp_path / "server.log"
    with pytest.raises(RuntimeError):
        server.start(timeout=10)
    assert f"newer version of the program ({module} has schema 999" in server.log_tail()
    database = sqlite3.connect(earlier / file)
    assert list(database.iterdump()) == before
    database.close()
    server.remove()


def test_server_killed_during_backup(server, clients, bucket, backup):
    """The snapshot needs nothing of the server: it is whole, or there is none."""
    for number in range(30):
        clients.s3.put_object(Bucket=bucket, Key=f"k{number}", Body=os.urandom(300_000))
    process = subprocess.Popen([binary(), "backup", str(backup), "--data-dir",
                                str(server.data_dir)], stdout=subprocess.PIPE, text=True)
    server.kill()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and "files     30 " in said
    clary("restore", backup, "--check")
    server.start()
    try:
        aws.Clients(server).s3.put_object(Bucket=bucket, Key="after", Body=b"x")
    except (ClientError, BotoCoreError) as error:
        raise AssertionError(server.log_tail()) from error
