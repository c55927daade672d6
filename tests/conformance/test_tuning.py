"""Hyperparameter tuning jobs: what they make, what they answer, how they end."""

import pathlib
import re

import aws
import commands
import frameworks
import pytest
import tuning
from botocore.exceptions import ClientError

PROGRAMS = pathlib.Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def finished(clients, churn, churn_channels):
    """A finished random search of four training jobs, with tags."""
    return tuning.run(clients, churn, churn_channels, Tags=[{"Key": "team", "Value": "blue"}])


def test_whole_job(clients, finished):
    """Names, counters, the best job and the times are those of the training jobs."""
    assert finished["HyperParameterTuningJobStatus"] == "Completed", finished.get("FailureReason")
    name = finished["HyperParameterTuningJobName"]
    jobs = tuning.jobs_of(clients, name)
    assert [j["TrainingJobName"][:-8] for j in jobs] == [f"{name}-00{i}-" for i in (1, 2, 3, 4)]
    assert finished["TrainingJobStatusCounters"] == {
        "Completed": 4, "InProgress": 0, "RetryableError": 0, "NonRetryableError": 0, "Stopped": 0}
    assert finished["ObjectiveStatusCounters"] == {"Succeeded": 4, "Pending": 0, "Failed": 0}
    best = max(jobs, key=tuning.value_of)
    assert tuning.value_of(finished["BestTrainingJob"]) == tuning.value_of(best) > 0.7
    assert set(best["TunedHyperParameters"]) == {"eta", "max_depth"}
    assert finished["HyperParameterTuningEndTime"] >= finished["CreationTime"]
    assert finished["ConsumedResources"]["RuntimeInSeconds"] >= 0
    details = finished["TuningJobCompletionDetails"]
    assert 0 <= details["NumberOfTrainingJobsObjectiveNotImproving"] < 4


def test_training_job(clients, finished):
    """A training job of the search is one like any other, and says whose it is."""
    best = clients.sagemaker.describe_training_job(
        TrainingJobName=finished["BestTrainingJob"]["TrainingJobName"])
    assert best["TuningJobArn"] == finished["HyperParameterTuningJobArn"]
    tuned = finished["BestTrainingJob"]["TunedHyperParameters"]
    assert best["HyperParameters"] == tuned | {
        "objective": "binary:logistic", "num_round": "3", "eval_metric": "auc",
        "_tuning_objective_metric": "validation:auc"}
    tags = clients.sagemaker.list_tags(ResourceArn=best["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "blue"}]
    listed = clients.sagemaker.list_training_jobs(
        NameContains=finished["HyperParameterTuningJobName"])["TrainingJobSummaries"]
    assert len(listed) == 4
    metrics = {m["MetricName"]: m["Value"] for m in best["FinalMetricDataList"]}
    assert metrics["validation:auc"] == tuning.value_of(finished["BestTrainingJob"])


def test_what_the_sdks_read(finished):
    """Members that both SDKs take from Describe without asking."""
    definition = finished["TrainingJobDefinition"]
    assert definition["StaticHyperParameters"]["_tuning_objective_metric"] == "validation:auc"
    assert definition["OutputDataConfig"]["KmsKeyId"] == ""
    assert definition["AlgorithmSpecification"]["MetricDefinitions"]
    ranges = finished["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert ranges["CategoricalParameterRanges"] == []


def test_lists(clients, finished):
    """Order by the objective, by status, pages; the list of tuning jobs and Search."""
    name = finished["HyperParameterTuningJobName"]
    by_value = [tuning.value_of(j) for j in tuning.jobs_of(
        clients, name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending")]
    assert by_value == sorted(by_value, reverse=True) and len(by_value) == 4
    page = clients.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, MaxResults=3)
    assert len(page["TrainingJobSummaries"]) == 3 and page["NextToken"]
    assert tuning.jobs_of(clients, name, StatusEquals="Failed") == []
    listed = clients.sagemaker.list_hyper_parameter_tuning_jobs(
        NameContains=name)["HyperParameterTuningJobSummaries"]
    assert [j["HyperParameterTuningJobName"] for j in listed] == [name]
    assert listed[0]["Strategy"] == "Random"
    assert listed[0]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 4
    found = clients.sagemaker.search(
        Resource="HyperParameterTuningJob", SearchExpression={"Filters": [
            {"Name": "HyperParameterTuningJobName", "Operator": "Equals", "Value": name}]})
    assert found["Results"][0]["HyperParameterTuningJob"]["BestTrainingJob"]


def test_same_seed_same_search(clients, churn, churn_channels, finished):
    """RandomSeed repeats a random search, whatever ended first."""
    again = tuning.run(clients, churn, churn_channels, parallel=4)
    chosen = [[j["TunedHyperParameters"] for j in tuning.jobs_of(
        clients, job["HyperParameterTuningJobName"])] for job in (finished, again)]
    assert chosen[0] == chosen[1]


def test_grid(clients, churn, churn_channels):
    """Every combination once, and as many jobs as there are combinations."""
    job = tuning.run(clients, churn, churn_channels, strategy="Grid", jobs=None, parallel=3,
                     ranges={"CategoricalParameterRanges": [
                         {"Name": "max_depth", "Values": ["2", "4"]},
                         {"Name": "eta", "Values": ["0.1", "0.3"]}]})
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    chosen = {tuple(sorted(j["TunedHyperParameters"].items()))
              for j in tuning.jobs_of(clients, job["HyperParameterTuningJobName"])}
    assert len(chosen) == 4


def test_target_ends_it(clients, churn, churn_channels):
    """TargetObjectiveMetricValue: no more jobs once one has reached it."""
    job = tuning.run(clients, churn, churn_channels, strategy="Bayesian", jobs=50, parallel=1,
                     config={"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0.6}})
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert sum(job["TrainingJobStatusCounters"].values()) < 5


def test_not_improving_ends_it(clients, churn, churn_channels):
    """BestObjectiveNotImproving: a space of nearly equal points is given up."""
    job = tuning.run(
        clients, churn, churn_channels, jobs=50, parallel=1,
        ranges={"ContinuousParameterRanges": [CONTINUOUS_NARROW]},
        config={"TuningJobCompletionCriteria": {
            "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}})
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
    details = job["TuningJobCompletionDetails"]
    assert details["NumberOfTrainingJobsObjectiveNotImproving"] == 3


def test_convergence_ends_it(clients, churn, churn_channels):
    """ConvergenceDetected: nothing is left to be found in a space whose points are all known."""
    job = tuning.run(
        clients, churn, churn_channels, strategy="Bayesian", jobs=50, parallel=1,
        ranges={"IntegerParameterRanges": [tuning.INTEGER | {"MaxValue": "3"}]},
        config={"TuningJobCompletionCriteria": {
            "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}})
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    assert job["TuningJobCompletionDetails"]["ConvergenceDetectedTime"] >= job["CreationTime"]


CONTINUOUS_NARROW = {"Name": "eta", "MinValue": "0.3", "MaxValue": "0.30001"}


def test_stop(clients, churn, churn_channels):
    """Stopping stops the training jobs that run, makes no more, and keeps what was learned."""
    request = tuning.request(clients, churn, churn_channels, jobs=20, parallel=2,
                             static={"num_round": "1000000"})
    name = request["HyperParameterTuningJobName"]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    # A training job is listed a moment before it is counted.
    aws.wait_until(lambda: tuning.describe(clients, name)["TrainingJobStatusCounters"][
        "InProgress"] == 2)
    assert len(tuning.jobs_of(clients, name)) == 2
    first = tuning.jobs_of(clients, name)[0]
    assert first["ObjectiveStatus"] == "Pending"
    with pytest.raises(ClientError, match="ResourceInUse"):
        clients.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    clients.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = tuning.wait(clients, name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2
    with pytest.raises(ClientError, match="is in status Stopped"):
        clients.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    clients.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    with pytest.raises(ClientError) as missing:
        tuning.describe(clients, name)
    assert missing.value.response["Error"]["Code"] == "ResourceNotFound"
    # The training jobs stay.
    clients.sagemaker.describe_training_job(TrainingJobName=first["TrainingJobName"])


def test_failures_are_outcomes(clients, churn, churn_channels):
    """Points at which training fails count as failed; the search goes on and completes."""
    job = tuning.run(clients, churn, churn_channels, strategy="Grid", jobs=None, parallel=2,
                     ranges={"CategoricalParameterRanges": [
                         {"Name": "max_depth", "Values": ["2", "none", "3"]}]})
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 1
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 1}
    failed, = tuning.jobs_of(clients, job["HyperParameterTuningJobName"], StatusEquals="Failed")
    assert failed["FailureReason"] and failed["ObjectiveStatus"] == "Failed"


def test_nothing_succeeds(clients, churn, churn_channels):
    """A search without one success gives up after five, as on AWS."""
    job = tuning.run(clients, churn, churn_channels, jobs=20, parallel=1,
                     static={"objective": "no:such"})
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No training job succeeded after 5 attempts")
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 5


SCRIPT = """
import argparse, time
parser = argparse.ArgumentParser()
parser.add_argument("-x", type=float)
parser.add_argument("--kind")
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--pause", type=float, default=0)
known, _ = parser.parse_known_args()
for epoch in range(known.epochs):
    print(f"epoch {epoch}: loss={(known.x - 0.3) ** 2 + (known.kind == 'bad')};", flush=True)
    time.sleep(known.pause)
"""
METRIC = [{"Name": "loss", "Regex": "loss=([0-9.e-]+);"}]
X = {"Name": "x", "MinValue": "0", "MaxValue": "1"}


def script_request(clients, bucket, static=None, **more):
    """A search over a script whose loss is a parabola."""
    uri = frameworks.upload_source(clients, bucket, {"train.py": SCRIPT})
    config = {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"}}
    config |= more.pop("config", {})
    request = tuning.request(
        clients, bucket, [], config=config,
        ranges=more.pop("ranges", {"ContinuousParameterRanges": [X]}), **more)
    definition = request["TrainingJobDefinition"]
    definition["AlgorithmSpecification"] = {
        "TrainingImage": frameworks.PLAIN_IMAGE, "TrainingInputMode": "File",
        "MetricDefinitions": METRIC}
    definition["StaticHyperParameters"] = {
        "sagemaker_program": "train.py", "sagemaker_submit_directory": uri} | (static or {})
    return request


def test_script_with_metrics_of_its_own(clients, bucket):
    """Bayesian search over a script: regular expressions give the objective, minimised."""
    request = script_request(
        clients, bucket, strategy="Bayesian", jobs=10, parallel=2,
        ranges={"ContinuousParameterRanges": [X],
                "CategoricalParameterRanges": [{"Name": "kind", "Values": ["good", "bad"]}]})
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    job = tuning.wait(clients, request["HyperParameterTuningJobName"])
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    best = job["BestTrainingJob"]
    assert tuning.value_of(best) < 0.05 and best["TunedHyperParameters"]["kind"] == "good"


def test_metric_that_never_comes(clients, bucket):
    """Training jobs that complete without the objective fail the search with AWS's sentence."""
    request = script_request(clients, bucket, jobs=2, parallel=2)
    algorithm = request["TrainingJobDefinition"]["AlgorithmSpecification"]
    algorithm["MetricDefinitions"] = [{"Name": "loss", "Regex": "nowhere=([0-9.]+)"}]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    job = tuning.wait(clients, request["HyperParameterTuningJobName"])
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert "No objective metrics found after running 2 training jobs" in job["FailureReason"]


def test_early_stopping(clients, bucket):
    """The median rule ends a job that is worse than those before it; its value still counts."""
    request = script_request(
        clients, bucket, strategy="Grid", jobs=None, parallel=1,
        static={"epochs": "60", "pause": "0.02", "x": "0.3"},
        ranges={"CategoricalParameterRanges": [
            {"Name": "kind", "Values": ["a", "b", "c", "d", "e", "bad"]}]},
        config={"TrainingJobEarlyStoppingType": "Auto", "RandomSeed": 2})
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    job = tuning.wait(clients, request["HyperParameterTuningJobName"])
    jobs = tuning.jobs_of(clients, request["HyperParameterTuningJobName"])
    order = [j["TunedHyperParameters"]["kind"] for j in jobs]
    stopped = [j["TunedHyperParameters"]["kind"] for j in jobs
               if j["TrainingJobStatus"] == "Stopped"]
    assert job["ObjectiveStatusCounters"]["Succeeded"] == 6
    assert stopped == (["bad"] if order.index("bad") >= 3 else []), order


def test_hyperband(clients, bucket):
    """Jobs end at MaxResource, worse ones before; none before MinResource."""
    request = script_request(
        clients, bucket, strategy="Hyperband", jobs=9, parallel=3,
        static={"epochs": "400", "pause": "0.02", "kind": "good"},
        config={"StrategyConfig": {"HyperbandStrategyConfig": {
            "MinResource": 2, "MaxResource": 30}}})
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    job = tuning.wait(clients, request["HyperParameterTuningJobName"])
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    counters = job["TrainingJobStatusCounters"]
    assert counters["Stopped"] == 9, counters  # none gets to its own end
    assert job["ObjectiveStatusCounters"]["Succeeded"] == 9


def sdk_files(folder):
    files = [folder / f"{part}.csv" for part in ("train", "validation", "test")]
    for path in files:
        path.write_bytes(aws.churn_rows(path.stem))
    return [str(path) for path in files]


@pytest.mark.parametrize("version", ["sdk_v2", "sdk_v3"])
def test_sdk(run_program, tmp_path, version):
    """HyperparameterTuner of both SDKs: fit, wait, analytics, the best job deployed, invoke."""
    output = run_program(version, "python", str(PROGRAMS / f"{version}_tuning.py"),
                         *sdk_files(tmp_path), timeout=300, merged=True)
    assert "\nDONE\n" in output, output[-3000:]


def test_watch(server, clients, finished):
    """clary tune watch: a line for each training job, then progress, the best and what matters."""
    name = finished["HyperParameterTuningJobName"]
    done = commands.clary("tune", "watch", name, "--data-dir", server.data_dir).stdout
    best = finished["BestTrainingJob"]
    assert f"{best['TrainingJobName']}  Completed" in done
    assert "4 of 4, 0 running" in done and "maximize validation:auc" in done
    assert f"best {tuning.value_of(best):.6g}  {best['TrainingJobName']}  eta=" in done
    shares = tuning.importance(clients, finished)
    assert set(shares) == {"eta", "max_depth"} and abs(sum(shares.values()) - 1) < 1e-6
    for name, share in shares.items():
        assert re.search(rf"^  {name} +[#.]+ +{share * 100:.0f} %$", done, re.MULTILINE), done


def test_watch_on_a_terminal(server, clients, churn, churn_channels):
    """The picture is drawn over itself while the search goes on; the exit code tells its end."""
    request = tuning.request(clients, churn, churn_channels, jobs=9, parallel=2,
                             static={"num_round": "1000000"})
    name = request["HyperParameterTuningJobName"]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    with commands.OnTerminal("tune", "watch", name, "--data-dir", server.data_dir) as watch:
        watch.until("0 of 9, 2 running")
        clients.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        text = watch.rest()
        assert watch.wait() == 4
    assert re.search(r"\x1b\[\d+A\x1b\[J\x1b\[2m" + name, text), text  # once more, Stopped
    assert "2 of 9, 0 running, 2 stopped" in text
    for line in re.sub(r"\x1b\[\d*[mAJ]", "", text).splitlines():
        assert len(line) <= 80


def test_among_the_jobs(server, clients, churn, churn_channels):
    """`clary jobs`, `job` and `stop` know tuning jobs; `logs` says where to look."""
    request = tuning.request(clients, churn, churn_channels, jobs=9, parallel=1,
                             static={"num_round": "1000000"})
    name = request["HyperParameterTuningJobName"]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    aws.wait_until(lambda: tuning.jobs_of(clients, name))
    folder = ("--data-dir", server.data_dir)
    _, line = commands.clary("jobs", "--type", "tuning", "--name", name, *folder).stdout.splitlines()
    assert line.split()[:3] == [name, "tuning", "InProgress"] and "  0/9" in line
    assert "0/9" in commands.clary("job", name, *folder).stdout
    logs = commands.clary("logs", name, *folder, check=False)
    assert logs.returncode == 1 and f"clary tune watch {name}" in logs.stderr
    told = commands.clary("stop", name, *folder).stdout
    assert f"stopping tuning job {name}; follow it with: clary tune watch {name}" in told
    assert tuning.wait(clients, name)["HyperParameterTuningJobStatus"] == "Stopped"
    _, line = commands.clary("jobs", "--type", "tuning", "--name", name, *folder).stdout.splitlines()
    assert line.split()[2] == "Stopped" and "  1/9" in line
