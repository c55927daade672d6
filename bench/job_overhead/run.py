"""CreateTrainingJob to Completed, against a bare Python script that does the same work."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from measure import ClaryServer, Report, aws, median, put_churn, python_of, quantile, work_folder

ROUNDS = 100
HYPERPARAMETERS = {"num_round": str(ROUNDS), "max_depth": "5", "eta": "0.2", "gamma": "4",
                   "min_child_weight": "6", "subsample": "0.8", "seed": "7"}


def job(clients, channels, samples):
    """One job: seconds from the call to Completed as the client sees it, and what the log tells."""
    request = aws.job_request(clients, "bench", channels, hyperparameters=HYPERPARAMETERS)
    name = request["TrainingJobName"]
    began = time.perf_counter()
    clients.sagemaker.create_training_job(**request)
    while True:
        described = clients.sagemaker.describe_training_job(TrainingJobName=name)
        if described["TrainingJobStatus"] in aws.ENDED:
            break
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    if described["TrainingJobStatus"] != "Completed":
        sys.exit(f"the job ended {described['TrainingJobStatus']}: {described['FailureReason']}")
    created = described["CreationTime"].timestamp()
    samples["client"].append(seconds)
    samples["server"].append(described["TrainingEndTime"].timestamp() - created)
    stream = clients.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=name + "/")["logStreams"][0]
    events = clients.logs.get_log_events(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=stream["logStreamName"],
        startFromHead=True)["events"]
    first = next(e["timestamp"] for e in events if "[0]" in e["message"])
    samples["first"].append(first - created * 1000)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    python, folder = python_of("bench"), work_folder("job_overhead")
    for part in ("train", "validation"):
        (folder / f"{part}.csv").write_bytes(aws.churn_rows(part))
    bare_command = [python, str(Path(__file__).with_name("bare.py")), str(folder / "train.csv"),
                    str(folder / "validation.csv"), str(folder / "model.ubj"), str(ROUNDS)]
    server = ClaryServer(folder / "data")
    server.data_dir.mkdir()
    server.start()
    report = Report("job_overhead")
    try:
        clients = aws.Clients(server)
        channels = put_churn(clients)
        samples, bare = {"client": [], "server": [], "first": []}, []
        for run in range(options.runs + 2):
            job(clients, channels, samples)
            began = time.perf_counter()
            subprocess.run(bare_command, check=True, stdout=subprocess.DEVNULL)
            bare.append(time.perf_counter() - began)
            if run < 2:  # caches are cold in the first runs of both
                samples = {key: [] for key in samples}
                bare = []
    finally:
        server.remove()
    report.row("CreateTrainingJob to Completed, client's clock", median(samples["client"]),
               median(bare), "bare Python", "s", "ratio <= 1.0, so >= 1.00x", "lower")
    report.row("CreationTime to TrainingEndTime", median(samples["server"]), median(bare),
               "bare Python", "s", "", "lower")
    report.row("accepted to first iteration, median", median(samples["first"]), unit="ms",
               goal="< 50 ms")
    report.row("accepted to first iteration, p90", quantile(samples["first"], 0.9), unit="ms")
    report.finish()


main()
