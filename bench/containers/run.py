"""A container job whose image is present: the call to the first line of the program's output,
against `podman run` of the same image in the same storage."""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from measure import ClaryServer, Report, aws, median, quantile, work_folder

import containers

IMAGE = "bench:1"
TRAIN = "#!/bin/sh\necho first line\n"


def by_clary(clients, bucket):
    """Milliseconds from the call to when the line was read, by one clock; and to the job's end."""
    request = aws.job_request(clients, bucket, [], HyperParameters={})
    request["AlgorithmSpecification"]["TrainingImage"] = IMAGE
    request.pop("HyperParameters")
    name = request["TrainingJobName"]
    began = time.time()
    clients.sagemaker.create_training_job(**request)
    job = aws.wait_job(clients, name)
    if job["TrainingJobStatus"] != "Completed":
        sys.exit(f"the job ended {job['TrainingJobStatus']}: {job['FailureReason']}")
    group = "/aws/sagemaker/TrainingJobs"
    stream = clients.logs.describe_log_streams(
        logGroupName=group, logStreamNamePrefix=name + "/")["logStreams"][0]["logStreamName"]
    events = clients.logs.get_log_events(logGroupName=group, logStreamName=stream,
                                         startFromHead=True)["events"]
    return (events[0]["timestamp"] - began * 1000,
            (job["TrainingEndTime"].timestamp() - began) * 1000)


def by_podman(podman):
    """The same two by hand."""
    began = time.time()
    process = subprocess.Popen(podman.command("run", "--rm", IMAGE, "train"),
                               env=podman.environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    line = process.stdout.readline()
    first = time.time()
    process.stdout.read()
    if process.wait() != 0 or line != b"first line\n":
        sys.exit(f"podman run failed: {line!r}")
    return (first - began) * 1000, (time.time() - began) * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    reason = containers.missing()
    if reason:
        sys.exit(reason)
    folder = work_folder("containers")
    podman = containers.Podman()
    server = ClaryServer(folder / "data", arguments=["--container-socket", str(podman.socket)])
    server.data_dir.mkdir()
    report = Report("containers")
    ours, peer = [], []
    try:
        podman.start()
        server.start()
        podman.load(server, IMAGE, {"/opt/program/train": TRAIN})
        clients = aws.Clients(server)
        clients.s3.create_bucket(Bucket="bench")
        for run in range(options.runs + 1):
            ours.append(by_clary(clients, "bench"))
            peer.append(by_podman(podman))
            if run == 0:  # caches are cold
                ours, peer = [], []
    finally:
        server.remove()
        podman.remove()
        shutil.rmtree(folder, ignore_errors=True)
    mine, theirs = [first for first, _ in ours], [first for first, _ in peer]
    report.row("call to first line, median", median(mine), median(theirs), "podman run", "ms",
               "< 1500 ms, < the peer's + 300 ms", "lower")
    report.row("call to first line, p90", quantile(mine, 0.9), quantile(theirs, 0.9), "podman run",
               "ms", "", "lower")
    report.row("call to the end, median", median([end for _, end in ours]),
               median([end for _, end in peer]), "podman run", "ms", "", "lower")
    report.note(f"more than the peer's first line: {median(mine) - median(theirs):.0f} ms")
    report.finish()


main()
