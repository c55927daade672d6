"""InvokeEndpoint: formats of requests and answers, and the ways in which they fail."""

import json

import aws
import pytest
import raw_http
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def rows():
    return aws.churn_features()[0]


def body(answer):
    return answer["Body"].read().decode().strip()


def test_one_row(clients, endpoint, rows):
    """One CSV row gives one number, as text/csv."""
    answer = aws.invoke(clients, endpoint, rows[0])
    assert answer["ContentType"].startswith("text/csv")
    assert 0 <= float(body(answer)) <= 1
    assert answer["ResponseMetadata"]["RequestId"]


def test_rows_are_independent(clients, endpoint, rows):
    """A batch gives what the rows give one by one, in order."""
    single = [float(body(aws.invoke(clients, endpoint, row))) for row in rows[:5]]
    together = body(aws.invoke(clients, endpoint, b"\n".join(rows[:5])))
    assert [float(s) for s in together.replace("\n", ",").split(",")] == single


def test_json_answer(clients, endpoint, rows):
    """Accept application/json: predictions with score."""
    answer = aws.invoke(clients, endpoint, b"\n".join(rows[:2]), Accept="application/json")
    assert answer["ContentType"].startswith("application/json")
    predictions = json.loads(body(answer))["predictions"]
    assert len(predictions) == 2 and 0 <= predictions[0]["score"] <= 1


def test_jsonlines_answer(clients, endpoint, rows):
    """Accept application/jsonlines: one object a line."""
    answer = aws.invoke(clients, endpoint, b"\n".join(rows[:2]), Accept="application/jsonlines")
    lines = [json.loads(line) for line in body(answer).splitlines()]
    assert len(lines) == 2 and "score" in lines[0]


def test_libsvm_request(clients, endpoint, rows):
    """Sparse text gives the same scores as dense CSV."""
    sparse = "\n".join(
        " ".join(f"{i}:{v}" for i, v in enumerate(row.decode().split(",")) if float(v))
        for row in rows[:3])
    dense = body(aws.invoke(clients, endpoint, b"\n".join(rows[:3])))
    answer = body(aws.invoke(clients, endpoint, sparse, ContentType="text/libsvm"))
    as_numbers = [[float(s) for s in t.replace("\n", ",").split(",")] for t in (answer, dense)]
    assert as_numbers[0] == pytest.approx(as_numbers[1], abs=0.3)


def model_error(call):
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response


@pytest.mark.parametrize("arguments, status", [
    ({"ContentType": "application/nonsense"}, 415),
    ({"Accept": "application/nonsense"}, 406),
    ({"Body": b"1,two,3"}, 415),
])
def test_model_error(clients, endpoint, rows, arguments, status):
    """What the container refuses is ModelError 424, with its own status and words inside."""
    response = model_error(lambda: aws.invoke(
        clients, endpoint, **({"body": arguments.pop("Body", rows[0])} | arguments)))
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] in (status, 400)
    assert response["OriginalMessage"] and "LogStreamArn" in response


def test_wrong_number_of_columns(clients, endpoint):
    """Too few features: a ModelError, not a guess."""
    response = model_error(lambda: aws.invoke(clients, endpoint, b"1,2,3"))
    assert response["Error"]["Code"] == "ModelError"


def test_unknown_endpoint(clients):
    """ValidationError 400 that names the endpoint."""
    response = model_error(lambda: aws.invoke(clients, "no-such-endpoint", b"1"))
    assert response["Error"]["Code"] == "ValidationError"
    assert "no-such-endpoint" in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_custom_attributes_and_inference_id(clients, endpoint, rows):
    """Headers of the caller are taken along without harm."""
    answer = aws.invoke(clients, endpoint, rows[0], CustomAttributes="trace=1", InferenceId="id-1")
    assert 0 <= float(body(answer)) <= 1


def test_empty_body(clients, endpoint):
    """Nothing asked: no crash and no invented number."""
    try:
        answer = aws.invoke(clients, endpoint, b"")
        assert body(answer) == ""
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 424)


def test_large_batch(clients, endpoint, rows):
    """5,000 rows in one request: about a megabyte each way is usual for batch scoring."""
    many = b"\n".join(rows[i % len(rows)] for i in range(5000))
    scores = body(aws.invoke(clients, endpoint, many)).replace("\n", ",").split(",")
    assert len(scores) == 5000


def test_body_over_the_limit(server, clients, endpoint):
    """Beyond SageMaker's limit (6 MB for long; now 25 MB): refused, not buffered."""
    try:
        answer = raw_http.call(server, "POST", f"/endpoints/{endpoint}/invocations",
                               {"Content-Type": "text/csv"}, b"1" * (26 * 1024 * 1024))
    except (BrokenPipeError, ConnectionResetError):
        return
    assert answer.status in (400, 413, 424), answer


def test_missing_content_type(server, endpoint, rows):
    """Without Content-Type the container's default is CSV."""
    answer = raw_http.call(server, "POST", f"/endpoints/{endpoint}/invocations", {}, rows[0])
    assert answer.status in (200, 424)


def test_wrong_method(server, endpoint):
    """GET of an invocation path is no operation."""
    answer = raw_http.call(server, "GET", f"/endpoints/{endpoint}/invocations", {}, b"")
    assert 400 <= answer.status < 500


def test_keep_alive(server, endpoint, rows):
    """Many requests over one connection, as any client pool does."""
    connection = raw_http.connect(server)
    for row in rows[:20]:
        signed = raw_http.sign(server, "POST", f"/endpoints/{endpoint}/invocations",
                               {"Content-Type": "text/csv"}, row)
        signed["Content-Length"] = str(len(row))
        connection.sendall(raw_http.head("POST", f"/endpoints/{endpoint}/invocations", signed,
                                         server) + row)
        assert raw_http.read_answer(connection).status == 200
    connection.close()


def test_pipelined_requests(server, endpoint, rows):
    """Two requests in one packet are answered in order."""
    packet = b""
    for row in rows[:2]:
        signed = raw_http.sign(server, "POST", f"/endpoints/{endpoint}/invocations",
                               {"Content-Type": "text/csv"}, row)
        signed["Content-Length"] = str(len(row))
        packet += raw_http.head("POST", f"/endpoints/{endpoint}/invocations", signed, server) + row
    connection = raw_http.connect(server)
    connection.sendall(packet)
    received = b""
    while received.count(b"HTTP/1.1 200") < 2 or not received.rstrip()[-1:].isdigit():
        block = connection.recv(65536)
        assert block, received
        received += block
    connection.close()
