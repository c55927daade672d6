"""Describe and List of training jobs with 100,000 of them stored."""

import argparse
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from measure import (ClaryServer, Report, aws, free_port, lua_requests, median, put_churn,
                     python_of, raw_http, rounds, work_folder, wrk)

BATCH = 10_000


def seed(database, count):
    """Copies the one stored job `count` times, a second apart; the server is not running."""
    connection = sqlite3.connect(database)
    columns = ["kind", "account", "region", "name", "arn", "status", "parent", "created",
               "modified", "version", "body", "internal"]
    row = dict(zip(columns, connection.execute(
        f"SELECT {','.join(columns)} FROM documents WHERE kind='training-job'").fetchone()))
    statement = (f"INSERT INTO documents({','.join(columns)}) "
                 f"VALUES({','.join('?' * len(columns))})")
    for start in range(0, count, BATCH):
        rows = []
        for number in range(start, min(start + BATCH, count)):
            name = f"job-{number:06d}"
            copied = {key: value.replace(row["name"], name) if isinstance(value, str) else value
                      for key, value in row.items()}
            copied["created"] = copied["modified"] = row["created"] - 1000 * (number + 1)
            rows.append([copied[column] for column in columns])
        connection.executemany(statement, rows)
        connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def database_of(folder):
    """The SQLite file that holds the documents."""
    for path in Path(folder).rglob("*"):
        if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3":
            connection = sqlite3.connect(path)
            found = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name='documents'").fetchone()
            connection.close()
            if found:
                return path
    sys.exit(f"no database with documents under {folder}")


def requests(server, operation, documents):
    made = []
    for document in documents:
        body = json.dumps(document).encode()
        headers = raw_http.sign(server, "POST", "/", raw_http.json_headers(operation), body)
        made.append(("POST", "/", headers, body))
    return made


class MotoKeys:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.exported = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
                         "AWS_DEFAULT_REGION": "us-east-1"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    folder = work_folder("control_plane")
    server = ClaryServer(folder / "data", arguments=["--requests-per-second", "0"])
    server.data_dir.mkdir()
    server.start()
    clients = aws.Clients(server)
    job = aws.train(clients, "bench", put_churn(clients))
    assert job["TrainingJobStatus"] == "Completed", job
    server.stop()
    seed(database_of(server.data_dir), options.jobs)
    restart = server.start()
    report = Report("control_plane")
    port = free_port()
    moto = subprocess.Popen([python_of("moto"), str(Path(__file__).with_name("moto_peer.py")),
                             str(port), str(options.jobs)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=open(folder / "moto.log", "wb"))
    try:
        while b"ready" not in moto.stdout.readline():
            assert moto.poll() is None, (folder / "moto.log").read_text()[-2000:]
        listed = clients.sagemaker.list_training_jobs(NameContains=f"job-{options.jobs - 1:06d}")
        assert len(listed["TrainingJobSummaries"]) == 1
        report.row(f"restart with {options.jobs} jobs stored", restart, unit="s",
                   goal="< 1 s (10,000)")
        measure(report, options, folder, server, MotoKeys(port))
    finally:
        moto.stdin.close()
        moto.terminate()
        moto.wait(20)
        server.remove()
    report.finish()


def measure(report, options, folder, server, moto):
    step = max(1, options.jobs // 997)
    describe = [{"TrainingJobName": f"job-{n:06d}"} for n in range(0, options.jobs, step)]
    newest, page = [{}], [{"MaxResults": 100}]
    filtered = [{"StatusEquals": "Completed", "SortBy": "Name", "SortOrder": "Ascending",
                 "MaxResults": 20}]
    cases = [("DescribeTrainingJob", describe, "Describe, any of them", ">= 50x"),
             ("ListTrainingJobs", newest, "List, 10 newest", ">= 50x"),
             ("ListTrainingJobs", page, "List, 100 newest", ">= 50x"),
             ("ListTrainingJobs", filtered, "List, by status and name, 20", "")]
    for number, (operation, documents, what, goal) in enumerate(cases):
        ours = lua_requests(folder / f"ours{number}.lua", requests(server, operation, documents))
        theirs = lua_requests(folder / f"moto{number}.lua", requests(moto, operation, documents))
        results = rounds(
            options.rounds, lambda: wrk(server.url, ours, options.seconds, options.connections))[0]
        # A list takes moto seconds: one connection, and long enough for some.
        slow = operation.startswith("List")
        peer = wrk(moto.url, theirs, 20 if slow else options.seconds, 1 if slow else 4)
        errors = sum(r["errors"] for r in results)
        if errors or peer["errors"]:
            report.note(f"{what}: errors: ours {errors}, peer {peer['errors']}")
        report.row(what, median([r["rps"] for r in results]), peer["rps"] or None, "moto_server",
                   "1/s", goal)
        light = wrk(server.url, ours, options.seconds, 2)
        report.row("  p99, two connections", light["p99"] / 1000, unit="ms",
                   goal="< 5 ms" if "List" in what else "")
    cold = []
    clients = aws.Clients(server)
    for name in range(7, options.jobs, max(1, options.jobs // 50)):
        began = time.perf_counter()
        clients.sagemaker.describe_training_job(TrainingJobName=f"job-{name:06d}")
        cold.append((time.perf_counter() - began) * 1000)
    report.row("Describe by boto3, one at a time, median", median(cold), unit="ms")


main()
