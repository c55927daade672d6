"""Jobs a minute: many short training jobs queued at once, against GNU parallel running the very same
program in the same kind of sandbox, as many at a time."""

import argparse
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from measure import ROOT, ClaryServer, Report, aws, put_churn, work_folder

HYPERPARAMETERS = {"num_round": "30", "max_depth": "5", "eta": "0.2",
                   "objective": "binary:logistic", "eval_metric": "auc"}
AT_ONCE = 2  # an ml.m5.large has two CPUs


def put_opt_ml(folder, algorithm):
    """What the agent lays out, for one run by hand; returns its command."""
    for name in ("input/config", "model", "output/data"):
        (folder / name).mkdir(parents=True)
    channels = {}
    for part in ("train", "validation"):
        data = folder / "input/data" / part
        data.mkdir(parents=True)
        (data / f"{part}.csv").write_bytes(aws.churn_rows(part))
        channels[part] = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated",
                          "RecordWrapperType": "None", "ContentType": "text/csv"}
    config = folder / "input/config"
    (config / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS))
    (config / "inputdataconfig.json").write_text(json.dumps(channels))
    (config / "resourceconfig.json").write_text(json.dumps(
        {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}))
    library = algorithm.parent.parent / "lib"
    binds = [algorithm.parent] + ([library] if library.is_dir() else [])
    for line in subprocess.run(["ldd", str(algorithm)], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        path = line.partition("=>")[2].strip().split(" ")[0]
        if path.startswith("/") and not path.startswith(("/usr/", "/lib")):
            binds.append(Path(path).parent)
    words = ["bwrap", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink",
             "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin", "--tmpfs", "/tmp", "--dev",
             "/dev", "--proc", "/proc", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL",
             "--setenv", "OMP_WAIT_POLICY", "passive"]
    for bind in dict.fromkeys(map(str, binds)):
        words += ["--ro-bind", bind, bind]
    return words + ["--bind", str(folder), "/opt/ml", str(algorithm), "train"]


def by_parallel(folder, jobs):
    algorithm = ROOT / "build/release/bin/clary-algo"
    lines = [" ".join(put_opt_ml(folder / f"run-{number}", algorithm)) for number in range(jobs)]
    began = time.perf_counter()
    done = subprocess.run(["parallel", "--jobs", str(AT_ONCE), "--halt", "now,fail=1"],
                          input="\n".join(lines), text=True, capture_output=True)
    seconds = time.perf_counter() - began
    if done.returncode != 0 or not (folder / "run-0/model/xgboost-model").exists():
        sys.exit(f"the peer failed: {done.stderr[-1000:] or done.stdout[-1000:]}")
    return seconds


def by_clary(clients, channels, jobs):
    """From the first call to the last job's end, as the server tells; and the calls' share."""
    def create(number):
        request = aws.job_request(clients, "bench", channels, name=f"rate-{number}-{stamp}",
                                  hyperparameters=HYPERPARAMETERS)
        clients.sagemaker.create_training_job(**request)
        return request["TrainingJobName"]
    stamp = str(time.time_ns())
    began = time.time()
    with ThreadPoolExecutor(4) as pool:
        names = list(pool.map(create, range(jobs)))
    submitted = time.time()
    # Watching should cost little: the peer is not watched either.
    aws.wait_until(lambda: not clients.sagemaker.list_training_jobs(
        StatusEquals="InProgress", MaxResults=1)["TrainingJobSummaries"], 600, 0.25)
    ends = []
    for name in names:
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        if job["TrainingJobStatus"] != "Completed":
            sys.exit(f"{name} ended {job['TrainingJobStatus']}: {job.get('FailureReason')}")
        ends.append(job["TrainingEndTime"].timestamp())
    return max(ends) - began, submitted - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=200)
    options = parser.parse_args()
    folder = work_folder("job_rate")
    server = ClaryServer(folder / "data", arguments=["--job-cpus", str(2 * AT_ONCE)])
    server.data_dir.mkdir()
    server.start()
    report = Report("job_rate")
    try:
        clients = aws.Clients(server)
        channels = put_churn(clients)
        by_clary(clients, channels, 4)  # caches are cold
        ours, submission = by_clary(clients, channels, options.jobs)
        peer = by_parallel(folder / "peer", options.jobs)
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)
    report.row(f"{options.jobs} jobs queued at once", options.jobs / ours * 60,
               options.jobs / peer * 60, "GNU parallel", "jobs/min", ">= 0.8x")
    report.row("of that, the calls", submission, unit="s", better="lower")
    report.finish()


main()
