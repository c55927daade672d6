"""Endpoints whose model brings a script, in a framework environment."""

import json

import aws
import botocore.exceptions
import frameworks
import pytest

DOUBLER = """
import json
def model_fn(model_dir):
    return json.load(open(model_dir + "/factor.json"))
def predict_fn(data, model):
    if data.shape[1] == 3:
        raise ValueError("three is too many")
    return data * model["factor"]
"""


@pytest.fixture(scope="module")
def shelf(clients):
    """A bucket for the models of this file."""
    name = aws.unique("scripts")
    clients.s3.create_bucket(Bucket=name)
    return name


def model(clients, shelf, files, image=frameworks.SKLEARN_IMAGE, environment=None, **changes):
    key = f"models/{aws.unique()}/model.tar.gz"
    clients.s3.put_object(Bucket=shelf, Key=key, Body=frameworks.source_tarball(files))
    name = aws.unique("model")
    clients.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=clients.role,
        PrimaryContainer={"Image": image, "ModelDataUrl": f"s3://{shelf}/{key}",
                          "Environment": environment or {}}, **changes)
    return name


@pytest.fixture(scope="module")
def doubler(clients, shelf):
    """An endpoint with code/inference.py in its model."""
    return aws.deploy(clients, aws.variant(model(
        clients, shelf, {"factor.json": '{"factor": 2}', "code/inference.py": DOUBLER},
        environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "1"})))


def endpoint_messages(clients, endpoint):
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    return [event["message"]
            for event in clients.logs.filter_log_events(logGroupName=group)["events"]]


def model_error(clients, endpoint, body, **more):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        aws.invoke(clients, endpoint, body, **more)
    assert caught.value.response["Error"]["Code"] == "ModelError"
    return caught.value.response


def test_code_in_the_model(clients, doubler):
    answer = aws.invoke(clients, doubler, b"1,2\n3,4\n", Accept="application/json")
    assert json.loads(answer["Body"].read()) == [[2, 4], [6, 8]]
    assert answer["ContentType"] == "application/json"


def test_errors_are_the_containers(clients, doubler):
    """What the model server answers reaches the client as ModelError; tracebacks are logged."""
    error = model_error(clients, doubler, b"[1,2,3]", ContentType="application/json")
    assert error["OriginalStatusCode"] == 500
    assert "three is too many" in error["OriginalMessage"]
    assert model_error(clients, doubler, b"x",
                       ContentType="application/pdf")["OriginalStatusCode"] == 415
    assert model_error(clients, doubler, b"[1]", ContentType="application/json",
                       Accept="image/png")["OriginalStatusCode"] == 406
    assert model_error(clients, doubler, b"[1",
                       ContentType="application/json")["OriginalStatusCode"] == 400
    aws.wait_until(lambda: any("ValueError: three is too many" in line
                               for line in endpoint_messages(clients, doubler)), 30)


def test_script_from_s3(clients, shelf):
    """SAGEMAKER_PROGRAM in a tarball, as SDK v2 gives it for scikit-learn, with requirements."""
    uri = frameworks.upload_source(clients, shelf, {
        "serve.py": "import colours\ndef model_fn(d): return None\n"
                    "def transform_fn(model, body, content_type, accept):\n"
                    "    return colours.BEST, 'text/plain'\n",
        "requirements.txt": "./colours-1.0-py3-none-any.whl\n",
        "colours-1.0-py3-none-any.whl": frameworks.wheel("colours", source="BEST = 'teal'")})
    endpoint = aws.deploy(clients, aws.variant(model(
        clients, shelf, {"any": ""}, environment={
            "SAGEMAKER_PROGRAM": "serve.py", "SAGEMAKER_SUBMIT_DIRECTORY": uri})))
    assert aws.invoke(clients, endpoint, b"x")["Body"].read() == b"teal"


@pytest.mark.parametrize("files, environment, words", [
    ({"code/inference.py": "def model_fn(d): raise KeyError('weights')"}, {}, "KeyError"),
    ({"any": ""}, {"SAGEMAKER_PROGRAM": "serve.py"}, "serve.py"),
    ({"code/inference.py": "", "code/requirements.txt": "./absent-1.0-py3-none-any.whl"}, {},
     "absent-1.0"),
])
def test_model_that_cannot_be_loaded(clients, shelf, files, environment, words):
    """The endpoint fails, and says why."""
    name = aws.unique("endpoint")
    config = aws.create_config(clients, aws.variant(model(clients, shelf, files,
                                                          environment=environment)))
    clients.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    endpoint = aws.wait_endpoint(clients, name, timeout=120)
    assert endpoint["EndpointStatus"] == "Failed"
    assert words in endpoint["FailureReason"], endpoint["FailureReason"]


def test_missing_environment(clients, shelf):
    name = aws.unique("endpoint")
    config = aws.create_config(clients, aws.variant(model(clients, shelf, {"any": ""},
                                                          image=frameworks.ABSENT_IMAGE)))
    clients.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    endpoint = aws.wait_endpoint(clients, name)
    assert endpoint["EndpointStatus"] == "Failed"
    assert "clary env-create absent" in endpoint["FailureReason"]


def test_network_isolation(clients, shelf):
    """An isolated model server has neither network nor credentials, and answers all the same."""
    script = """
import os, socket
def model_fn(model_dir): return None
def transform_fn(model, body, content_type, accept):
    try:
        socket.create_connection(("127.0.0.1", int(body)), timeout=5)
        return "reached " + str("AWS_SESSION_TOKEN" in os.environ), "text/plain"
    except OSError:
        return "isolated " + str("AWS_SESSION_TOKEN" in os.environ), "text/plain"
"""
    for isolation, expected in ((True, b"isolated False"), (False, b"reached True")):
        endpoint = aws.deploy(clients, aws.variant(model(
            clients, shelf, {"code/inference.py": script}, EnableNetworkIsolation=isolation,
            environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "1"})))
        answer = aws.invoke(clients, endpoint, str(clients.server.port).encode())
        assert answer["Body"].read() == expected
        clients.sagemaker.delete_endpoint(EndpointName=endpoint)
