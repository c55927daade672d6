"""What the console asks of AWS's APIs, as boto3 asks for it."""

import json

import aws
import pytest


def test_the_built_in_algorithm_says_what_it_takes(clients):
    """Forms are made from it: every hyperparameter with its type, range, default and help."""
    algorithm = clients.sagemaker.describe_algorithm(AlgorithmName="sagemaker-xgboost")
    training = algorithm["TrainingSpecification"]
    assert algorithm["AlgorithmStatus"] == "Completed" and algorithm["AlgorithmDescription"]
    parameters = {one["Name"]: one for one in training["SupportedHyperParameters"]}
    assert parameters["num_round"]["IsRequired"] and parameters["num_round"]["Type"] == "Integer"
    assert parameters["eta"]["Range"]["ContinuousParameterRangeSpecification"] == {
        "MinValue": "0", "MaxValue": "1"}
    assert "binary:logistic" in parameters["objective"]["Range"][
        "CategoricalParameterRangeSpecification"]["Values"]
    assert all(one["Description"] for one in parameters.values())
    assert {"Type": "Maximize", "MetricName": "validation:auc"} in training[
        "SupportedTuningJobObjectiveMetrics"]
    by_arn = clients.sagemaker.describe_algorithm(AlgorithmName=algorithm["AlgorithmArn"])
    assert by_arn["AlgorithmArn"] == algorithm["AlgorithmArn"]
    with pytest.raises(clients.sagemaker.exceptions.ClientError, match="does not exist"):
        clients.sagemaker.describe_algorithm(AlgorithmName="sagemaker-nothing")


def test_every_iteration_of_a_metric(clients, trained):
    """A job measures ten rounds in a moment; CloudWatch's seconds would show one of them."""
    metrics = clients.client("sagemaker-metrics")
    query = {"ResourceArn": trained["TrainingJobArn"], "MetricStat": "Avg",
             "Period": "IterationNumber", "XAxisType": "IterationNumber"}
    train, none, minutes = metrics.batch_get_metrics(MetricQueries=[
        query | {"MetricName": "train:auc"}, query | {"MetricName": "none"},
        query | {"MetricName": "train:auc", "Period": "OneMinute"}])["MetricQueryResults"]
    assert train["Status"] == "Complete" and train["XAxisValues"] == list(range(10))
    final, = [one["Value"] for one in trained["FinalMetricDataList"]
              if one["MetricName"] == "train:auc"]
    # Describe shows them with single precision, as on AWS.
    assert train["MetricValues"][-1] == pytest.approx(final, rel=1e-6)
    assert none == {"Status": "Complete", "XAxisValues": [], "MetricValues": []}
    assert minutes["Status"] == "ValidationError" and "IterationNumber" in minutes["Message"]


def test_capacity(clients):
    """What jobs have of the machine, for anybody's dashboard."""
    def names():
        found = clients.cloudwatch.list_metrics(Namespace="Clary/Capacity")["Metrics"]
        return {one["MetricName"] for one in found}
    aws.wait_until(lambda: {"CPUs", "CPUsInUse", "Memory", "MemoryInUse", "JobsRunning",
                            "JobsQueued"} <= names(), 20)


def test_a_console_session_may_call_iam(server, clients):
    """As AWS's console may for its users; sessions of GetSessionToken may not."""
    import people
    import raw_http
    name = aws.unique("console")
    clients.iam.create_user(UserName=name)
    clients.iam.create_login_profile(UserName=name, Password="Correct-Horse-7")
    clients.iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
    own = {"X-Clary-Console": "1"}
    form = json.dumps({"user": name, "password": "Correct-Horse-7"}).encode()
    entered = raw_http.send(server, "POST", "/_console/session", own, form)
    assert entered.status == 200, entered
    cookie = {"Cookie": entered.headers["set-cookie"].split(";")[0]}
    key = raw_http.send(server, "POST", "/_console/credentials", own | cookie).json()
    assert people.client_of_key(server, "iam", key).get_user()["User"]["UserName"] == name
    clients.iam.delete_login_profile(UserName=name)
    assert raw_http.send(server, "POST", "/_console/credentials", own | cookie).status == 401
