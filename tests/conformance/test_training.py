"""Training jobs: what Create, Describe, List and Delete promise around the built-in XGBoost."""

import datetime
import json
import re

import aws
import pytest
from botocore.exceptions import ClientError
from clary_server import XGBOOST_IMAGE


def error_of(call):
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]


def test_churn_trains(clients, trained):
    """The spine of everything: a job over real data ends Completed, with a model."""
    assert trained["TrainingJobStatus"] == "Completed"
    assert trained["SecondaryStatus"] == "Completed"
    artifact = trained["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifact.endswith(f"/output/{trained['TrainingJobName']}/output/model.tar.gz")
    assert "xgboost-model" in aws.read_artifact(clients, trained)


def test_shape_of_describe(clients, trained):
    """Members that both SDKs read, with the types they expect."""
    assert trained["TrainingJobArn"].endswith(":training-job/" + trained["TrainingJobName"])
    assert trained["AlgorithmSpecification"]["TrainingImage"] == XGBOOST_IMAGE
    assert trained["AlgorithmSpecification"]["TrainingInputMode"] == "File"
    assert trained["RoleArn"] == clients.role
    assert trained["HyperParameters"]["objective"] == "binary:logistic"
    assert trained["OutputDataConfig"].get("KmsKeyId", "missing") == ""
    assert trained["ResourceConfig"]["InstanceCount"] == 1
    assert trained["StoppingCondition"]["MaxRuntimeInSeconds"] == 600
    assert trained["EnableNetworkIsolation"] is False
    times = [trained[k] for k in ("CreationTime", "TrainingStartTime", "TrainingEndTime",
                                  "LastModifiedTime")]
    assert all(isinstance(t, datetime.datetime) for t in times)
    assert times[0] <= times[1] <= times[2]
    assert trained["TrainingTimeInSeconds"] >= 0 and trained["BillableTimeInSeconds"] >= 0
    assert "FailureReason" not in trained


def test_transitions(trained):
    """Each secondary status once, in order, with times; SDK v2 prints them."""
    steps = trained["SecondaryStatusTransitions"]
    names = [step["Status"] for step in steps]
    assert names == [n for n in ("Starting", "Pending", "Downloading", "Training", "Uploading",
                                 "Completed") if n in names]
    assert {"Starting", "Downloading", "Training", "Uploading", "Completed"} <= set(names)
    assert all(step["StartTime"] and "StatusMessage" in step for step in steps)
    assert all(a["EndTime"] <= b["StartTime"] + datetime.timedelta(milliseconds=1)
               for a, b in zip(steps, steps[1:]))


def test_metric_definitions_of_built_ins(trained):
    """The service fills them for its own algorithms; v2's training_job_analytics needs them."""
    definitions = trained["AlgorithmSpecification"]["MetricDefinitions"]
    names = {d["Name"] for d in definitions}
    assert {"train:auc", "validation:auc"} <= names
    assert all(re.compile(d["Regex"]) for d in definitions)


def test_final_metrics(trained):
    """The last value of each metric, as HPO and people read it."""
    metrics = {m["MetricName"]: m for m in trained["FinalMetricDataList"]}
    assert 0.8 < metrics["validation:auc"]["Value"] <= 1
    assert 0.9 < metrics["train:auc"]["Value"] <= 1
    assert isinstance(metrics["train:auc"]["Timestamp"], datetime.datetime)


def test_log_lines(clients, trained):
    """One stream `<job>/algo-1-<epoch>`, one line a round in XGBoost's form."""
    streams = clients.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs",
        logStreamNamePrefix=trained["TrainingJobName"] + "/")["logStreams"]
    assert len(streams) == 1
    assert re.fullmatch(re.escape(trained["TrainingJobName"]) + r"/algo-1-\d{10,}",
                        streams[0]["logStreamName"])
    text = "\n".join(aws.job_messages(clients, trained["TrainingJobName"]))
    rounds = re.findall(r"\[(\d+)\](?:\t|#011)train-auc:\S+?(?:\t|#011)validation-auc:\S+", text)
    assert rounds == [str(i) for i in range(10)]


def test_metrics_in_cloudwatch(clients, trained):
    """Scraped metrics land where training_job_analytics looks for them."""
    def points():
        return clients.cloudwatch.get_metric_statistics(
            Namespace="/aws/sagemaker/TrainingJobs", MetricName="validation:auc",
            Dimensions=[{"Name": "TrainingJobName", "Value": trained["TrainingJobName"]}],
            StartTime=trained["TrainingStartTime"] - datetime.timedelta(minutes=1),
            EndTime=trained["TrainingEndTime"] + datetime.timedelta(minutes=2),
            Period=60, Statistics=["Average", "SampleCount"])["Datapoints"]
    found = aws.wait_until(points, 10)
    assert sum(p["SampleCount"] for p in found) == 10
    assert all(0.5 < p["Average"] <= 1 for p in found)


def test_names_are_unique(clients, churn, churn_channels, trained):
    """A name is taken for ever: ResourceInUse, with the words that SDKs look for."""
    request = aws.job_request(clients, churn, churn_channels, name=trained["TrainingJobName"])
    error = error_of(lambda: clients.sagemaker.create_training_job(**request))
    assert error["Code"] == "ResourceInUse" and "already exists" in error["Message"]


def test_missing_job(clients):
    """ValidationException with `Requested resource not found.` or `Could not find`."""
    error = error_of(lambda: clients.sagemaker.describe_training_job(TrainingJobName="no-such"))
    assert error["Code"] in ("ValidationException", "ResourceNotFound")
    assert re.search("not find|not found", error["Message"])


@pytest.mark.parametrize("change, words", [
    ({"TrainingJobName": "bad name!"}, "regular expression pattern"),
    ({"TrainingJobName": "x" * 64}, "length less than or equal to 63"),
    ({"RoleArn": "nonsense"}, "regular expression pattern|length greater than or equal to"),
    ({"ResourceConfig": {"InstanceType": "ml.nonsense.large", "InstanceCount": 1,
                         "VolumeSizeInGB": 1}}, "enum value set"),
    ({"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": -1,
                         "VolumeSizeInGB": 1}}, "greater than or equal to 0"),
])
def test_validation_by_the_model(clients, churn, churn_channels, change, words):
    """Bad input is answered in AWS's words, which name member and constraint."""
    request = aws.job_request(clients, churn, churn_channels) | change
    checked = clients.client("sagemaker", parameter_validation=False)
    error = error_of(lambda: checked.create_training_job(**request))
    assert error["Code"] == "ValidationException"
    assert re.search(words, error["Message"]), error["Message"]
    assert re.search("validation error[s]? detected|failed to satisfy", error["Message"])


def test_missing_member(clients):
    """What botocore would have caught: required members are named, all of them."""
    checked = clients.client("sagemaker", parameter_validation=False)
    error = error_of(lambda: checked.create_training_job(TrainingJobName="x"))
    assert error["Code"] == "ValidationException"
    assert "outputDataConfig" in error["Message"] and "roleArn" in error["Message"]
    assert "Member must not be null" in error["Message"]


def test_unknown_role(clients, churn, churn_channels):
    """A role that does not exist cannot be assumed: the request is refused."""
    account = clients.role.split(":")[4]
    request = aws.job_request(clients, churn, churn_channels,
                              RoleArn=f"arn:aws:iam::{account}:role/NoSuchRole")
    error = error_of(lambda: clients.sagemaker.create_training_job(**request))
    assert error["Code"] == "ValidationException" and "role" in error["Message"].lower()


def test_tags(clients, churn, churn_channels):
    """Tags of the creation, added and removed ones."""
    request = aws.job_request(clients, churn, churn_channels, Tags=[{"Key": "a", "Value": "1"}])
    arn = clients.sagemaker.create_training_job(**request)["TrainingJobArn"]
    clients.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    clients.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert clients.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    aws.wait_job(clients, request["TrainingJobName"])


def test_waiter(clients, churn, churn_channels):
    """boto3's own waiter ends."""
    request = aws.job_request(clients, churn, churn_channels)
    clients.sagemaker.create_training_job(**request)
    clients.sagemaker.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName=request["TrainingJobName"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def test_delete(clients, churn, churn_channels):
    """DeleteTrainingJob takes ended jobs away, and only those."""
    job = aws.train(clients, churn, churn_channels)
    clients.sagemaker.delete_training_job(TrainingJobName=job["TrainingJobName"])
    error = error_of(lambda: clients.sagemaker.describe_training_job(
        TrainingJobName=job["TrainingJobName"]))
    assert error["Code"] in ("ValidationException", "ResourceNotFound")


def test_many_jobs_at_once(clients, churn, churn_channels):
    """More than fit the machine: the scheduler queues them and every one completes."""
    names = []
    for _ in range(8):
        request = aws.job_request(clients, churn, churn_channels,
                                  hyperparameters={"num_round": "3"})
        clients.sagemaker.create_training_job(**request)
        names.append(request["TrainingJobName"])
    jobs = [aws.wait_job(clients, name, 120) for name in names]
    assert {job["TrainingJobStatus"] for job in jobs} == {"Completed"}


def test_same_seed_same_model(clients, churn, churn_channels):
    """Reproducible: two jobs of one configuration give the same bytes."""
    models = [aws.read_artifact(clients, aws.train(
        clients, churn, churn_channels, hyperparameters={"seed": "3", "nthread": "1"}))
        for _ in range(2)]
    assert models[0]["xgboost-model"] == models[1]["xgboost-model"]


class TestList:
    """ListTrainingJobs over jobs of known names."""

    @pytest.fixture(scope="class")
    def names(self, clients, churn, churn_channels):
        base = aws.unique("listed")
        names = [f"{base}-{i}" for i in range(4)]
        for i, name in enumerate(names):
            rounds = "nonsense" if i == 3 else "2"
            clients.sagemaker.create_training_job(**aws.job_request(
                clients, churn, churn_channels, name=name, hyperparameters={"num_round": rounds}))
            aws.wait_job(clients, name)
        return names

    def listed(self, clients, names, **filters):
        base = names[0].rsplit("-", 1)[0]
        summaries = clients.sagemaker.list_training_jobs(
            NameContains=base, **({"SortBy": "Name", "SortOrder": "Ascending"} | filters)
        )["TrainingJobSummaries"]
        return [s["TrainingJobName"] for s in summaries]

    def test_by_name(self, clients, names):
        """NameContains finds them, in the asked order."""
        assert self.listed(clients, names) == names
        assert self.listed(clients, names, SortOrder="Descending") == names[::-1]
        assert self.listed(clients, names, SortBy="CreationTime") == names

    def test_name_contains_ignores_case(self, clients, names):
        """As the documentation of NameContains on AWS behaves."""
        summaries = clients.sagemaker.list_training_jobs(
            NameContains=names[0].upper())["TrainingJobSummaries"]
        assert [s["TrainingJobName"] for s in summaries] in ([names[0]], [])

    def test_by_status(self, clients, names):
        """One of them failed."""
        assert self.listed(clients, names, StatusEquals="Failed") == names[3:]
        assert self.listed(clients, names, StatusEquals="Completed") == names[:3]

    def test_by_time(self, clients, names):
        """Created after the second: the third and fourth."""
        second = clients.sagemaker.describe_training_job(TrainingJobName=names[1])["CreationTime"]
        after = second + datetime.timedelta(milliseconds=1)
        assert self.listed(clients, names, CreationTimeAfter=after) == names[2:]
        assert self.listed(clients, names, CreationTimeBefore=after) == names[:2]
        assert self.listed(clients, names, LastModifiedTimeAfter=second) == names[1:]

    def test_pages(self, clients, names):
        """MaxResults and NextToken give each job once; the last page has no token."""
        base = names[0].rsplit("-", 1)[0]
        pages = list(clients.sagemaker.get_paginator("list_training_jobs").paginate(
            NameContains=base, SortBy="Name", SortOrder="Ascending",
            PaginationConfig={"PageSize": 3}))
        assert [[s["TrainingJobName"] for s in p["TrainingJobSummaries"]] for p in pages] == [
            names[:3], names[3:]]
        assert "NextToken" in pages[0] and "NextToken" not in pages[1]

    def test_new_jobs_do_not_disturb_paging(self, clients, names, churn, churn_channels):
        """A job created between two pages shows none twice and loses none."""
        base = names[0].rsplit("-", 1)[0]
        arguments = {"NameContains": base, "MaxResults": 2, "SortBy": "CreationTime",
                     "SortOrder": "Descending"}
        first = clients.sagemaker.list_training_jobs(**arguments)
        extra = aws.job_request(clients, churn, churn_channels, name=f"{base}-extra",
                                hyperparameters={"num_round": "1"})
        clients.sagemaker.create_training_job(**extra)
        second = clients.sagemaker.list_training_jobs(**arguments, NextToken=first["NextToken"])
        found = [s["TrainingJobName"] for p in (first, second) for s in p["TrainingJobSummaries"]]
        assert found == names[::-1]
        aws.wait_job(clients, extra["TrainingJobName"])
        clients.sagemaker.delete_training_job(TrainingJobName=extra["TrainingJobName"])

    def test_shape_of_summaries(self, clients, names):
        """Name, ARN, times and status, and nothing of the whole description."""
        summary = clients.sagemaker.list_training_jobs(
            NameContains=names[0])["TrainingJobSummaries"][0]
        assert {"TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime",
                "LastModifiedTime", "TrainingJobStatus"} <= set(summary)
        assert "HyperParameters" not in json.dumps(summary, default=str)

    def test_bad_token(self, clients, names):
        """A made-up token is the caller's mistake, not an internal failure."""
        error = error_of(lambda: clients.sagemaker.list_training_jobs(NextToken="nonsense"))
        assert error["Code"] == "ValidationException"
