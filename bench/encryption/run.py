"""What encryption at rest costs: two servers, one with it and one without, measured in turn."""

import argparse
import http.client
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from measure import ClaryServer, Report, aws, lua_requests, median, rounds, work_folder, wrk

MIB = 1 << 20
LARGE = 64 * MIB
SMALL = os.urandom(1024)


class Side:
    """One server, with a bucket of small objects and large ones, and presigned requests."""

    def __init__(self, folder, name):
        self.server = ClaryServer(data_dir=folder / name,
                                  arguments=["--encrypt-objects", name, "--log-level", "warn"])
        (folder / name).mkdir()
        self.server.start()
        self.s3 = aws.Clients(self.server).client("s3", signature_version="s3v4")
        self.s3.create_bucket(Bucket="bench")
        self.body = os.urandom(LARGE)
        made = self.s3.put_object(Bucket="bench", Key="large", Body=self.body)
        assert (made.get("ServerSideEncryption") == "AES256") == (name == "on")
        for number in range(200):
            self.s3.put_object(Bucket="bench", Key=f"small/{number}", Body=SMALL)
        self.scripts = {
            method: lua_requests(folder / f"{name}-{method}.lua", [
                (method, self.link(operation, f"small/{number}"), {}, body)
                for number in range(200)])
            for method, operation, body in (("GET", "get_object", b""),
                                            ("PUT", "put_object", SMALL))}
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self.buffer = memoryview(bytearray(MIB))

    def link(self, operation, key):
        url = self.s3.generate_presigned_url(operation, {"Bucket": "bench", "Key": key})
        return url.split(str(self.server.port), 1)[1]

    def get_large(self):
        """MiB/s; the bytes are received and dropped."""
        path, began, got = self.link("get_object", "large"), time.perf_counter(), 0
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        assert response.status == 200
        while count := response.readinto(self.buffer):
            got += count
        assert got == LARGE
        return LARGE / MIB / (time.perf_counter() - began)

    def put_large(self):
        path, began = self.link("put_object", "written"), time.perf_counter()
        self.connection.request("PUT", path, body=self.body)
        response = self.connection.getresponse()
        response.read()
        assert response.status == 200
        return LARGE / MIB / (time.perf_counter() - began)

    def small(self, method, seconds):
        found = wrk(self.server.url, self.scripts[method], seconds)
        assert not found["errors"], found
        return found["rps"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    folder = work_folder("encryption")
    sides = []
    report = Report("encryption")
    try:
        sides = [Side(folder, "on"), Side(folder, "off")]
        for what, run, count in (("GET 64 MiB", Side.get_large, options.rounds),
                                 ("PUT 64 MiB", Side.put_large, options.rounds)):
            on, off = rounds(count, *[lambda s=side, r=run: r(s) for side in sides])
            report.row(what, median(on), median(off), "not encrypted", "MiB/s", ">= 0.8x")
        for method in ("GET", "PUT"):
            on, off = rounds(3, *[lambda s=side: s.small(method, options.seconds)
                                  for side in sides])
            report.row(f"{method} 1 KiB", median(on), median(off), "not encrypted", "1/s")
        report.finish()
    finally:
        for side in sides:
            side.server.kill()


main()
