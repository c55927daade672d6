"""kill -9 while versions are written and deleted: what was acknowledged holds, and every key has one
latest version."""

import hashlib
import threading
import time
from collections import defaultdict

import pytest
from botocore.exceptions import BotoCoreError, ClientError

KEYS = [f"k{i}" for i in range(4)]


def content(key, number, size):
    seed = hashlib.sha256(f"{key}/{number}".encode()).digest()
    return (seed * (size // len(seed) + 1))[:size]


class Writer(threading.Thread):
    """Puts, hides and deletes versions until the server is gone; remembers what was answered."""

    def __init__(self, s3, bucket, seed):
        super().__init__()
        self.s3, self.bucket, self.seed = s3, bucket, seed
        self.made, self.markers, self.gone, self.doubtful = {}, set(), set(), set()

    def run(self):
        for number in range(100_000):
            try:
                self.step(number)
            except (BotoCoreError, ClientError):
                return

    def step(self, number):
        key = KEYS[(number + self.seed) % len(KEYS)]
        body = content(key, f"{self.seed}/{number}", 100 if number % 3 else 70_000)
        version = self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)["VersionId"]
        self.made[key, version] = body
        if number % 4 == 1:
            marker = self.s3.delete_object(Bucket=self.bucket, Key=key)["VersionId"]
            self.markers.add((key, marker))
        if number % 5 == 2:
            self.doubtful = {(key, version)}
            self.s3.delete_object(Bucket=self.bucket, Key=key, VersionId=version)
            self.gone.add((key, version))
            self.doubtful = set()


def listed(s3, bucket):
    versions, markers, latest = set(), set(), defaultdict(list)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for kind, found in (("Versions", versions), ("DeleteMarkers", markers)):
            for item in page.get(kind, []):
                found.add((item["Key"], item["VersionId"]))
                if item["IsLatest"]:
                    latest[item["Key"]].append((kind, item["VersionId"]))
    return versions, markers, latest


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_versions(server, clients, bucket, seconds):
    """Six writers on four keys, one crash."""
    clients.s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    writers = [Writer(clients.client("s3"), bucket, seed) for seed in range(6)]
    for writer in writers:
        writer.start()
    time.sleep(seconds)
    server.kill()
    for writer in writers:
        writer.join()
    server.start()
    s3 = clients.s3
    versions, markers, latest = listed(s3, bucket)
    assert sum(len(w.made) for w in writers) > 6
    for writer in writers:
        for (key, version), body in writer.made.items():
            if (key, version) in writer.gone:
                assert (key, version) not in versions, "a deleted version is back"
            elif (key, version) not in writer.doubtful:
                assert (key, version) in versions, "an acknowledged version is lost"
                answer = s3.get_object(Bucket=bucket, Key=key, VersionId=version)
                assert answer["Body"].read() == body
        assert writer.markers <= markers
    current = {o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    for key in {key for key, _ in versions | markers}:
        (kind, version), = latest[key]
        assert (key in current) == (kind == "Versions")
        if kind == "Versions":
            assert s3.head_object(Bucket=bucket, Key=key)["VersionId"] == version
    for key, version in versions | markers:
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    assert listed(s3, bucket) == (set(), set(), {})
