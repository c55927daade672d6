"""A training job's channel of many small objects, against `aws s3 cp --recursive` of the same ones.

The job's figure is its own: from Downloading to Training in SecondaryStatusTransitions.
"""

import argparse
import concurrent.futures
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from measure import VENVS, ClaryServer, Report, aws, median, python_of, work_folder

BUCKET, FOLDERS = "staging", 10
# ext4 looks for inodes past those that were freed in the last five seconds, one by one: what the run
# before left must not count against the next, whichever it is.
PAUSE = 7
ROW = b"1,0.5,2.25,7\n0,0.25,1.5,3\n" * 40  # about a kilobyte


def put_objects(clients, count):
    clients.s3.create_bucket(Bucket=BUCKET)

    def put(number):
        clients.s3.put_object(Bucket=BUCKET, Body=ROW,
                              Key=f"train/part-{number % FOLDERS}/{number:06}.csv")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(count)))


def staged_by_job(clients):
    """Seconds that a job's inputs took."""
    job = aws.train(clients, BUCKET, [aws.channel("train", f"s3://{BUCKET}/train/")], timeout=300,
                    hyperparameters={"num_round": "1"})
    if job["TrainingJobStatus"] != "Completed":
        sys.exit(f"the job ended {job['TrainingJobStatus']}: {job['FailureReason']}")
    step = next(s for s in job["SecondaryStatusTransitions"] if s["Status"] == "Downloading")
    return (step["EndTime"] - step["StartTime"]).total_seconds()


def copied_by_cli(server, folder, count):
    """Seconds of `aws s3 cp --recursive` into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = server.environment()
    environment["PATH"] = f"{VENVS / 'cli' / 'bin'}:{environment['PATH']}"
    began = time.perf_counter()
    subprocess.run(["aws", "s3", "cp", "--recursive", "--quiet", f"s3://{BUCKET}/train/",
                    str(folder)], check=True, env=environment)
    seconds = time.perf_counter() - began
    found = sum(1 for path in folder.rglob("*.csv"))
    if found != count:
        sys.exit(f"aws s3 cp brought {found} of {count} objects")
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=10000)
    parser.add_argument("--runs", type=int, default=3, help="of the job; the peer has one of them")
    parser.add_argument("--without-peer", action="store_true")
    options = parser.parse_args()
    python_of("cli")
    folder = work_folder("staging")
    server = ClaryServer(folder / "data")
    server.data_dir.mkdir()
    server.start()
    report = Report("staging")
    try:
        clients = aws.Clients(server)
        put_objects(clients, options.objects)
        ours = [staged_by_job(clients)]
        time.sleep(PAUSE)
        peer = None
        if not options.without_peer:
            peer = copied_by_cli(server, folder / "copied", options.objects)
        for _ in range(options.runs - 1):
            time.sleep(PAUSE)
            ours.append(staged_by_job(clients))
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)
    report.row(f"{options.objects} objects of 1 KB staged", median(ours), peer,
               "aws s3 cp --recursive", "s", ">= 10x", "lower")
    report.note("runs of the job: " + ", ".join(f"{seconds:.2f} s" for seconds in ours))
    report.finish()


main()
