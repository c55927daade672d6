"""What jobs and endpoints use of their instances, as CloudWatch metrics."""

import datetime

import aws

MINUTES = datetime.timedelta(minutes=5)


def points(clients, namespace, name, dimensions, around):
    return clients.cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName=name, StartTime=around - MINUTES, EndTime=around + MINUTES,
        Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
        Period=60, Statistics=["Maximum", "SampleCount"])["Datapoints"]


def test_of_a_short_job(clients, trained):
    """One sample at its end, where SageMaker has them: dimension Host, in percent."""
    host = {"Host": trained["TrainingJobName"] + "/algo-1"}
    for name in ("CPUUtilization", "MemoryUtilization", "DiskUtilization"):
        found = points(clients, "/aws/sagemaker/TrainingJobs", name, host,
                       trained["TrainingEndTime"])
        assert sum(point["SampleCount"] for point in found) == 1, name
        assert found[0]["Unit"] == "Percent" and 0 < found[0]["Maximum"] <= 800, name


def test_are_no_results_of_the_job(trained):
    """FinalMetricDataList holds what the algorithm measured, and nothing else."""
    names = {metric["MetricName"] for metric in trained["FinalMetricDataList"]}
    assert not any("Utilization" in name for name in names)


def test_of_an_endpoint(clients, endpoint):
    """Dimensions EndpointName and VariantName, as console and autoscaling read them."""
    dimensions = {"EndpointName": endpoint, "VariantName": "AllTraffic"}

    def sampled():
        now = datetime.datetime.now(datetime.timezone.utc)
        return points(clients, "/aws/sagemaker/Endpoints", "MemoryUtilization", dimensions, now)
    found = aws.wait_until(sampled, 40, pause=0.5)
    assert 0 < found[0]["Maximum"] <= 100
