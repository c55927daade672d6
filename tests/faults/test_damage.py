"""Bytes at rest: they do not show what they are, and damage of them is found and not answered."""

import sqlite3
import subprocess
import urllib.request

import aws
import pytest
from botocore.exceptions import ClientError
from clary_server import ClaryServer, binary
from stored_bytes import holds

MARKER = b"a marker that must not be seen on disk. "


@pytest.fixture
def server():
    own = ClaryServer()
    own.start()
    yield own
    own.remove()


def scrub(server):
    """(exit code, text) of a check of everything."""
    done = subprocess.run([binary(), "scrub", "--now", "--data-dir", str(server.data_dir)],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


def files_with(folder, text):
    return [path for path in folder.rglob("*") if path.is_file() and holds(path, text)]


def data_files(server):
    return [path for path in (server.data_dir / "objects" / "data").rglob("*") if path.is_file()]


def flip_bit(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def failure(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"]


def test_nothing_of_an_object_shows_in_the_data_folder(server):
    """Rows, their log and files: all of the folder is searched, also for a key that is gone."""
    clients = aws.Clients(server)
    clients.s3.create_bucket(Bucket="bucket")
    key = clients.kms.create_key()["KeyMetadata"]["Arn"]
    kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    for name, body in (("small", MARKER), ("large", MARKER * 10_000)):
        clients.s3.put_object(Bucket="bucket", Key=name, Body=body)
        clients.s3.put_object(Bucket="bucket", Key=name + "-kms", Body=body, **kms)
        assert clients.s3.get_object(Bucket="bucket", Key=name)["Body"].read() == body
    upload = clients.s3.create_multipart_upload(Bucket="bucket", Key="m")["UploadId"]
    clients.s3.upload_part(Bucket="bucket", Key="m", UploadId=upload, PartNumber=1,
                           Body=MARKER * 1000)
    assert files_with(server.data_dir, MARKER) == []
    # The key's material is nowhere but in the folder; once it may not be used, nothing opens.
    clients.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for name in ("small-kms", "large-kms"):
        assert failure(clients.s3.get_object, Bucket="bucket", Key=name) == \
            "KMS.KMSInvalidStateException"
        assert clients.s3.get_object(Bucket="bucket", Key=name[:5])["Body"].read()


def test_a_damaged_file_is_reported_and_not_answered(server):
    """A disk that changes a bit says nothing; the check does, and a reader gets no wrong bytes."""
    s3 = aws.Clients(server).s3
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="dir/large", Body=MARKER * 100_000)
    code, text = scrub(server)
    assert code == 0 and " 0 damaged" in text
    flip_bit(data_files(server)[0], 2_000_000)
    code, text = scrub(server)
    assert code == 1
    assert "DAMAGED bucket/dir/large version null: its bytes changed" in text
    metrics = urllib.request.urlopen(server.url + "/metrics", timeout=10).read().decode()
    assert "clary_damaged_objects 1" in metrics
    with pytest.raises(Exception):
        s3.get_object(Bucket="bucket", Key="dir/large")["Body"].read()
    assert s3.get_object(Bucket="bucket", Key="dir/large",
                         Range="bytes=0-99")["Body"].read() == (MARKER * 3)[:100]
    s3.delete_object(Bucket="bucket", Key="dir/large")
    assert scrub(server)[0] == 0


def test_damaged_bytes_in_a_row_are_reported_and_not_answered(server):
    """The same for small objects, which stand in the database."""
    s3 = aws.Clients(server).s3
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="small", Body=MARKER)
    server.stop()
    with sqlite3.connect(server.data_dir / "objects" / "objects.db") as rows:
        (identity, stored), = rows.execute("SELECT id,bytes FROM inline_objects").fetchall()
        changed = stored[:60] + bytes([stored[60] ^ 1]) + stored[61:]
        rows.execute("UPDATE inline_objects SET bytes=? WHERE id=?", (changed, identity))
    server.start()
    s3 = aws.Clients(server).s3
    assert failure(s3.get_object, Bucket="bucket", Key="small") in ("InternalError", "500")
    code, text = scrub(server)
    assert code == 1 and "DAMAGED bucket/small version null: its bytes changed" in text
