"""S3 load from one client program (minio-go) and from wrk with presigned links, on each server."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from measure import (PEERS, ROOT, ClaryServer, Peer, Report, free_port, lua_requests, median,
                     work_folder, wrk)

import boto3
from botocore.config import Config

KEYS = {"AWS_ACCESS_KEY_ID": "benchbenchbench", "AWS_SECRET_ACCESS_KEY": "benchbenchbench"}
MIB = 1 << 20


class Target:
    def __init__(self, name, port, keys):
        self.name, self.port, self.keys = name, port, keys
        self.found = {}
        # MinIO takes minutes to be filled with 100,000 objects, so listings leave it out.
        self.lists = name != "MinIO"

    def load(self, mode, **flags):
        print(f"  {self.name} {mode} {flags}", flush=True)
        command = [str(PEERS / "s3load"), "-host", f"127.0.0.1:{self.port}", "-mode", mode]
        for flag, value in flags.items():
            command += [f"-{flag}", str(value)]
        done = subprocess.run(command, env=os.environ | self.keys, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{self.name}: {done.stderr}")
        result = json.loads(done.stdout)
        if result["errors"]:
            print(f"  {self.name} {mode}: {result['errors']} errors: {result['first_error']}")
        return result

    def links(self, operation, count):
        """Presigned requests, so that the load tool spends nothing on signing."""
        s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{self.port}",
                          region_name="us-east-1",
                          aws_access_key_id=self.keys["AWS_ACCESS_KEY_ID"],
                          aws_secret_access_key=self.keys["AWS_SECRET_ACCESS_KEY"],
                          aws_session_token=self.keys.get("AWS_SESSION_TOKEN"),
                          config=Config(signature_version="s3v4",
                                        s3={"addressing_style": "path"}))
        body = os.urandom(1024) if operation == "put_object" else b""
        made = []
        for number in range(count):
            url = s3.generate_presigned_url(operation, {"Bucket": "bench",
                                                        "Key": f"small/{number:07d}"})
            path = url.split(str(self.port), 1)[1]
            made.append(("PUT" if body else "GET", path, {}, body))
        return made

    def replay(self, folder, operation, options):
        script = lua_requests(folder / f"{self.name}-{operation}.lua",
                              self.links(operation, 1000))
        result = wrk(f"http://127.0.0.1:{self.port}", script, options.seconds, 16)
        if result["errors"]:
            print(f"  {self.name} {operation}: {result['errors']} errors under wrk")
        return result["rps"]


def measure(target, folder, options):
    """One pass over everything on one server."""
    once = {"seconds": options.seconds}
    found = {
        "PUT 1 KiB, presigned, wrk [1/s]": target.replay(folder, "put_object", options),
        "GET 1 KiB, presigned, wrk [1/s]": target.replay(folder, "get_object", options),
        "PUT 1 KiB, minio-go [1/s]": target.load(
            "put", size=1024, workers=16, prefix="p/", **once)["per_second"],
        "GET 1 KiB, minio-go [1/s]": target.load(
            "get", size=1024, workers=16, prefix="small/", count=1000, **once)["per_second"],
        "PUT 64 MiB [MiB/s]": target.load(
            "put", size=64 * MIB, workers=2, prefix="large/", **once)["mib_per_second"],
        "GET 64 MiB [MiB/s]": target.load(
            "get", size=64 * MIB, workers=2, prefix="large/", count=2, **once)["mib_per_second"],
    }
    if target.lists:
        found[f"list {options.keys} keys, pages of 1,000 [lists/s]"] = target.load(
            "list", bucket="many", prefix="k/", workers=1, count=options.keys,
            **once)["per_second"]
    for what, value in found.items():
        target.found.setdefault(what, []).append(value)


def peers(folder):
    """Commands of the peers that are built."""
    found = []
    if (PEERS / "versitygw").exists():
        port, data = free_port(), folder / "versitygw"
        data.mkdir()
        found.append((Target("versitygw", port, KEYS), [
            str(PEERS / "versitygw"), "--quiet", "--keep-alive", "-p", f"127.0.0.1:{port}",
            "posix", str(data)], {"ROOT_ACCESS_KEY": "benchbenchbench",
                                  "ROOT_SECRET_KEY": "benchbenchbench"}))
    if (PEERS / "minio").exists():
        port, data = free_port(), folder / "minio"
        data.mkdir()
        found.append((Target("MinIO", port, KEYS), [
            str(PEERS / "minio"), "server", "--quiet", "--address", f"127.0.0.1:{port}",
            str(data)], {"MINIO_ROOT_USER": "benchbenchbench",
                         "MINIO_ROOT_PASSWORD": "benchbenchbench"}))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keys", type=int, default=100_000)
    options = parser.parse_args()
    options.seconds = int(options.seconds)
    subprocess.run([str(ROOT / "tools" / "build_peers.sh")], check=True)
    folder = work_folder("s3")
    report = Report("s3")
    server = ClaryServer(folder / "clary")
    server.data_dir.mkdir()
    server.start()
    targets = []
    try:
        keys = {k: server.exported[k] for k in (
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            if k in server.exported}
        ours = Target("Clary", server.port, keys)
        targets.append(ours)
        run_all(ours, peers(folder), folder, options, targets)
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)
    for what in ours.found:
        rates = {t.name: median(t.found[what]) for t in targets if what in t.found}
        others = {name: rate for name, rate in rates.items() if name != "Clary"}
        name = max(others, key=others.get) if others else ""
        report.row(what, rates["Clary"], others.get(name), name, goal="> 1x")
        report.note(f"{what}: " + ", ".join(f"{n} {r:.4g}" for n, r in rates.items()))
    report.finish()


def run_all(ours, found, folder, options, targets):
    processes = [Peer(command, target.port, folder / f"{target.name}.log",
                      env=os.environ | environment) for target, command, environment in found]
    try:
        for process in processes:
            process.__enter__()
        targets += [target for target, _, _ in found]
        for target in targets:
            target.load("fill", bucket="bench", prefix="small/", size=1024, count=1000, workers=16)
            target.load("fill", bucket="bench", prefix="large/", size=64 * MIB, count=2, workers=1)
            if target.lists:
                target.load("fill", bucket="many", prefix="k/", size=16, count=options.keys,
                            workers=32)
        for _ in range(options.rounds):
            for target in targets:
                measure(target, folder, options)
    finally:
        for process in processes:
            process.__exit__()


main()
