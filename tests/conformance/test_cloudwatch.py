"""CloudWatch metrics in all the protocols that its clients speak."""

import pathlib
import struct
import time

import aws
import cbor2
import raw_http

PROGRAM = str(pathlib.Path(__file__).parent / "programs" / "cloudwatch.py")


def test_json_of_current_clients(run_program):
    """Current botocore speaks JSON 1.0 in query mode."""
    assert run_program("conformance", "python", PROGRAM).startswith("ok")


def test_query_of_older_clients(run_program):
    """botocore of 2024 speaks Query with XML answers; the same program must pass."""
    assert run_program("old_botocore", "python", PROGRAM).startswith("ok")


def cbor(server, operation, document):
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor",
               "Accept": "application/cbor"}
    path = f"/service/GraniteServiceVersion20100801/operation/{operation}"
    return raw_http.call(server, "POST", path, headers, cbor2.dumps(document), "monitoring")


def test_cbor(server, clients):
    """SDKs that read the protocol list pick rpc-v2-cbor: by hand, as no Python client does yet."""
    namespace = "Test/" + aws.unique()
    now = int(time.time())  # points more than two weeks old are refused, as on AWS
    moment = cbor2.CBORTag(1, now - 59.5)
    put = cbor(server, "PutMetricData", {"Namespace": namespace, "MetricData": [
        {"MetricName": "m", "Value": 2.5, "Timestamp": moment}]})
    assert put.status == 200, put
    assert put.headers["smithy-protocol"] == "rpc-v2-cbor"
    listed = cbor(server, "ListMetrics", {"Namespace": namespace})
    assert listed.status == 200 and listed.headers["content-type"] == "application/cbor"
    assert cbor2.loads(listed.body)["Metrics"] == [
        {"Namespace": namespace, "MetricName": "m", "Dimensions": []}] or (
        cbor2.loads(listed.body)["Metrics"] == [{"Namespace": namespace, "MetricName": "m"}])
    got = cbor(server, "GetMetricStatistics", {
        "Namespace": namespace, "MetricName": "m", "Period": 60, "Statistics": ["Sum"],
        "StartTime": cbor2.CBORTag(1, now - 200), "EndTime": cbor2.CBORTag(1, now + 60)})
    points = cbor2.loads(got.body)["Datapoints"]
    assert [p["Sum"] for p in points] == [2.5]


def test_cbor_error(server):
    """Errors are CBOR with a __type, and the status of the model."""
    answer = cbor(server, "PutMetricData", {"MetricData": []})
    assert answer.status == 400
    document = cbor2.loads(answer.body)
    assert document["__type"].split("#")[-1] and isinstance(document.get("message", ""), str)


def test_damaged_cbor(server):
    """Bytes that are no CBOR, and lengths that lie, end in SerializationException."""
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    for body in (b"\xff\xff", b"\xbb" + struct.pack(">Q", 2**63), b"\x9f" * 100_000, b"\xa1\x61"):
        answer = raw_http.call(server, "POST", path, headers, body, "monitoring")
        assert answer.status == 400, body[:10]
