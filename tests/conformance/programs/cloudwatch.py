"""Puts metric points and reads them back; run under several versions of botocore."""

import datetime
import sys
import uuid

import boto3

namespace = "Test/" + uuid.uuid4().hex[:8]
cloudwatch = boto3.client("cloudwatch")
end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, second=0)
start = end - datetime.timedelta(minutes=10)
dimensions = [{"Name": "TrainingJobName", "Value": "job"}]

for minute, value in ((1, 1.0), (1, 3.0), (2, 10.0)):
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{
        "MetricName": "loss", "Dimensions": dimensions, "Value": value,
        "Timestamp": start + datetime.timedelta(minutes=minute, seconds=5)}])
cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{
    "MetricName": "latency", "Unit": "Microseconds",
    "Timestamp": start + datetime.timedelta(minutes=1),
    "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}}])

points = cloudwatch.get_metric_statistics(
    Namespace=namespace, MetricName="loss", Dimensions=dimensions, StartTime=start, EndTime=end,
    Period=60, Statistics=["Average", "Maximum", "SampleCount"])["Datapoints"]
points.sort(key=lambda point: point["Timestamp"])
assert [(p["Average"], p["Maximum"], p["SampleCount"]) for p in points] == [
    (2.0, 3.0, 2.0), (10.0, 10.0, 1.0)], points
assert points[0]["Timestamp"] == start + datetime.timedelta(minutes=1)

latency = cloudwatch.get_metric_statistics(
    Namespace=namespace, MetricName="latency", StartTime=start, EndTime=end, Period=600,
    Statistics=["Sum", "Average", "Minimum"], Unit="Microseconds")["Datapoints"]
assert [(p["Sum"], p["Average"], p["Minimum"]) for p in latency] == [(10.0, 2.5, 1.0)], latency

result = cloudwatch.get_metric_data(
    MetricDataQueries=[{"Id": "m1", "MetricStat": {
        "Metric": {"Namespace": namespace, "MetricName": "loss", "Dimensions": dimensions},
        "Period": 60, "Stat": "Sum"}}],
    StartTime=start, EndTime=end, ScanBy="TimestampAscending")["MetricDataResults"][0]
assert result["Values"] == [4.0, 10.0] and result["StatusCode"] == "Complete", result

metrics = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
assert {m["MetricName"] for m in metrics} == {"loss", "latency"}, metrics
assert cloudwatch.list_metrics(Namespace=namespace, Dimensions=dimensions)["Metrics"] == [
    {"Namespace": namespace, "MetricName": "loss", "Dimensions": dimensions}]

try:
    cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName="loss", StartTime=end, EndTime=start, Period=60,
        Statistics=["Sum"])
    sys.exit("a window that ends before it starts was taken")
except cloudwatch.exceptions.ClientError as error:
    # Each protocol spells it in its own way; both are AWS's.
    code = error.response["Error"]["Code"]
    assert code in ("InvalidParameterValue", "InvalidParameterCombination",
                    "InvalidParameterValueException", "InvalidParameterCombinationException",
                    "ValidationError"), code
print("ok", boto3.__version__)
