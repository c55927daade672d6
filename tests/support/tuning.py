"""Tuning jobs of XGBoost over the churn data, for tests."""

import datetime

import aws

ENDED = ("Completed", "Failed", "Stopped")
CONTINUOUS = {"Name": "eta", "MinValue": "0.05", "MaxValue": "0.6", "ScalingType": "Auto"}
INTEGER = {"Name": "max_depth", "MinValue": "1", "MaxValue": "6", "ScalingType": "Auto"}


def request(clients, bucket, channels, name=None, strategy="Random", jobs=4, parallel=2,
            ranges=None, static=None, config=None, definition=None, **changes):
    """A CreateHyperParameterTuningJob request."""
    job = aws.job_request(clients, bucket, channels)
    static = {"objective": "binary:logistic", "num_round": "3", "eval_metric": "auc",
              **(static or {})}
    limits = {"MaxParallelTrainingJobs": parallel}
    if jobs:
        limits["MaxNumberOfTrainingJobs"] = jobs
    return {
        "HyperParameterTuningJobName": name or aws.unique("tune"),
        "HyperParameterTuningJobConfig": {
            "Strategy": strategy, "ResourceLimits": limits, "RandomSeed": 7,
            "HyperParameterTuningJobObjective": {"Type": "Maximize",
                                                 "MetricName": "validation:auc"},
            "ParameterRanges": ranges or {"ContinuousParameterRanges": [CONTINUOUS],
                                          "IntegerParameterRanges": [INTEGER]},
        } | (config or {}),
        "TrainingJobDefinition": {
            "StaticHyperParameters": {k: v for k, v in static.items() if v is not None},
            **{member: job[member] for member in (
                "AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig",
                "ResourceConfig", "StoppingCondition") if member in job},
        } | (definition or {}),
    } | changes


def describe(clients, name):
    return clients.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def wait(clients, name, timeout=90):
    def ended():
        job = describe(clients, name)
        return job if job["HyperParameterTuningJobStatus"] in ENDED else None
    return aws.wait_until(ended, timeout)


def jobs_of(clients, name, **more):
    """Every training job of a tuning job, as listed."""
    pages = clients.sagemaker.get_paginator(
        "list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=name, **more)
    return [job for page in pages for job in page["TrainingJobSummaries"]]


def run(clients, *arguments, timeout=90, **changes):
    """Creates a tuning job and waits for its end."""
    wanted = request(clients, *arguments, **changes)
    clients.sagemaker.create_hyper_parameter_tuning_job(**wanted)
    return wait(clients, wanted["HyperParameterTuningJobName"], timeout)


def value_of(job):
    return job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]


def importance(clients, job):
    """The share of each hyperparameter, as the server told it last."""
    ranges = job["HyperParameterTuningJobConfig"]["ParameterRanges"]
    names = [one["Name"] for kind in ranges.values() for one in kind]
    queries = [{"Id": f"q{i}", "Label": name, "MetricStat": {"Period": 1, "Stat": "Average", "Metric": {
        "Namespace": "/aws/sagemaker/HyperParameterTuningJobs", "MetricName": "Importance",
        "Dimensions": [{"Name": "TuningJobName", "Value": job["HyperParameterTuningJobName"]},
                       {"Name": "HyperParameterName", "Value": name}]}}}
        for i, name in enumerate(names)]
    found = clients.cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=job["CreationTime"], ScanBy="TimestampDescending",
        EndTime=datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1))
    return {one["Label"]: one["Values"][0] for one in found["MetricDataResults"] if one["Values"]}
