"""Models, endpoint configurations and endpoints."""

import collections
import datetime
import os
import signal
import threading
import time

import aws
import pytest
from botocore.exceptions import ClientError
from clary_server import processes_of


def error_of(call):
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]


@pytest.fixture(scope="module")
def model(clients, artifact):
    return aws.create_model(clients, artifact)


@pytest.fixture
def fresh(clients):
    """Endpoints that a test made; taken away afterwards."""
    made = []
    yield made
    for name in made:
        try:
            clients.sagemaker.delete_endpoint(EndpointName=name)
        except ClientError:
            pass



def row():
    return aws.churn_features()[0][0]


def test_predictions_are_good(clients, endpoint):
    """The served model knows churn: AUC over rows that it never saw."""
    rows, labels = aws.churn_features()
    text = aws.invoke(clients, endpoint, b"\n".join(rows))["Body"].read().decode()
    scores = [float(s) for s in text.replace("\n", ",").strip(",").split(",")]
    assert len(scores) == len(labels) == 334
    left = [s for s, y in zip(scores, labels) if y]
    stayed = [s for s, y in zip(scores, labels) if not y]
    wins = sum((a > b) + 0.5 * (a == b) for a in left for b in stayed)
    assert wins / (len(left) * len(stayed)) > 0.85


def test_describe_endpoint(clients, endpoint):
    """Members that SDKs read: variants with weights and counts."""
    found = clients.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert found["EndpointStatus"] == "InService"
    assert found["EndpointArn"].endswith(":endpoint/" + endpoint)
    variant = found["ProductionVariants"][0]
    assert variant["VariantName"] == "AllTraffic" and variant["CurrentInstanceCount"] == 1
    assert variant["CurrentWeight"] == variant["DesiredWeight"] == 1.0
    assert variant["DeployedImages"][0]["SpecifiedImage"].endswith("sagemaker-xgboost:1.7-1")
    assert isinstance(found["LastModifiedTime"], datetime.datetime)


def test_waiter(clients, model, fresh):
    """boto3's endpoint_in_service and endpoint_deleted waiters end."""
    name = aws.unique("waited")
    clients.sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName=aws.create_config(clients, aws.variant(model)))
    fresh.append(name)
    settings = {"Delay": 1, "MaxAttempts": 60}
    clients.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name,
                                                             WaiterConfig=settings)
    clients.sagemaker.delete_endpoint(EndpointName=name)
    clients.sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name,
                                                          WaiterConfig=settings)


def test_variants_by_weight(clients, model, fresh):
    """Traffic follows the weights; InvokedProductionVariant says who answered."""
    name = aws.deploy(clients, aws.variant(model, "Blue", 3), aws.variant(model, "Green", 1))
    fresh.append(name)
    counts = collections.Counter(
        aws.invoke(clients, name, row())["InvokedProductionVariant"] for _ in range(400))
    assert set(counts) == {"Blue", "Green"} and 0.65 < counts["Blue"] / 400 < 0.85


def test_target_variant(clients, model, fresh):
    """TargetVariant overrides the weights, even a weight of zero."""
    name = aws.deploy(clients, aws.variant(model, "Blue", 1), aws.variant(model, "Green", 0))
    fresh.append(name)
    for _ in range(5):
        assert aws.invoke(clients, name, row())["InvokedProductionVariant"] == "Blue"
        answer = aws.invoke(clients, name, row(), TargetVariant="Green")
        assert answer["InvokedProductionVariant"] == "Green"
    error = error_of(lambda: aws.invoke(clients, name, row(), TargetVariant="Red"))
    assert error["Code"] == "ValidationError"


def test_update_weights(clients, model, fresh):
    """UpdateEndpointWeightsAndCapacities shifts traffic without a new configuration."""
    name = aws.deploy(clients, aws.variant(model, "Blue", 1), aws.variant(model, "Green", 0))
    fresh.append(name)
    clients.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=[
            {"VariantName": "Blue", "DesiredWeight": 0},
            {"VariantName": "Green", "DesiredWeight": 1}])
    assert aws.wait_endpoint(clients, name)["EndpointStatus"] == "InService"
    for _ in range(5):
        assert aws.invoke(clients, name, row())["InvokedProductionVariant"] == "Green"


def test_update_drops_no_request(clients, model, artifact, fresh):
    """Under load, an update to another model: every request is answered with 200."""
    name = aws.deploy(clients, aws.variant(model, "One"))
    fresh.append(name)
    other = aws.create_config(clients, aws.variant(aws.create_model(clients, artifact), "Two"))
    stop, failures, variants = threading.Event(), [], collections.Counter()

    def load():
        own = clients.client("sagemaker-runtime")
        body = row()
        while not stop.is_set():
            try:
                answer = own.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=body)
                float(answer["Body"].read())
                variants[answer["InvokedProductionVariant"]] += 1
            except Exception as error:  # whatever went wrong is what the test is about
                failures.append(repr(error))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        aws.wait_until(lambda: variants["One"] > 20)
        clients.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
        updated = aws.wait_endpoint(clients, name)
        before = variants["Two"]
        aws.wait_until(lambda: variants["Two"] > before + 20, 20)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert updated["EndpointStatus"] == "InService" and updated["EndpointConfigName"] == other
    assert failures == []


def test_failed_update_keeps_the_old_model(clients, model, fresh):
    """A new configuration whose model cannot start leaves the endpoint answering."""
    name = aws.deploy(clients, aws.variant(model))
    fresh.append(name)
    bucket = aws.unique("broken")
    clients.s3.create_bucket(Bucket=bucket)
    clients.s3.put_object(Bucket=bucket, Key="model.tar.gz",
                          Body=aws.tar_gz({"xgboost-model": b"no model"}))
    broken = aws.create_model(clients, f"s3://{bucket}/model.tar.gz")
    clients.sagemaker.update_endpoint(
        EndpointName=name, EndpointConfigName=aws.create_config(clients, aws.variant(broken)))
    found = aws.wait_endpoint(clients, name, 120)
    assert found["EndpointStatus"] in ("InService", "UpdateRollbackFailed"), found
    assert float(aws.invoke(clients, name, row())["Body"].read()) >= 0


def test_crashed_server_is_restarted(clients, server, model, fresh):
    """kill -9 of the model server: the endpoint answers again by itself."""
    before = set(processes_of(server.data_dir))
    name = aws.deploy(clients, aws.variant(model))
    fresh.append(name)
    born = [pid for pid in algorithm_processes() if pid not in before]
    victims = newest_server(born)
    assert victims, "no model server was found"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)

    def answers():
        try:
            return aws.invoke(clients, name, row())["Body"].read()
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error
            return None
    assert float(aws.wait_until(answers, 30)) >= 0
    assert aws.wait_endpoint(clients, name)["EndpointStatus"] == "InService"


def algorithm_processes():
    """Processes that run `clary-algo serve`, whoever their sandbox made them look like."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"clary-algo") and b"serve" in words:
                found.append(int(entry))
    return found


def newest_server(pids):
    """The one started last: other endpoints of the session must live on."""
    def started(pid):
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rsplit(")", 1)[1].split()[19])
    return sorted(pids, key=started)[-1:]


def test_failed_endpoint_says_why(clients, fresh):
    """A model that is none: Failed with a reason, and it can be deleted."""
    bucket = aws.unique("broken")
    clients.s3.create_bucket(Bucket=bucket)
    clients.s3.put_object(Bucket=bucket, Key="model.tar.gz",
                          Body=aws.tar_gz({"xgboost-model": b"this is no model"}))
    broken = aws.create_model(clients, f"s3://{bucket}/model.tar.gz")
    name = aws.unique("failing")
    clients.sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName=aws.create_config(clients, aws.variant(broken)))
    fresh.append(name)
    found = aws.wait_endpoint(clients, name, 120)
    assert found["EndpointStatus"] == "Failed" and found["FailureReason"]
    assert "EndpointStatus" in found
    clients.sagemaker.delete_endpoint(EndpointName=name)


def test_artifact_that_is_missing(clients, fresh):
    """ModelDataUrl of an object that is not there: refused at once or Failed, and named."""
    try:
        gone = aws.create_model(clients, "s3://no-such-bucket-here/model.tar.gz")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException"
        return
    name = aws.unique("missing")
    clients.sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName=aws.create_config(clients, aws.variant(gone)))
    fresh.append(name)
    found = aws.wait_endpoint(clients, name, 120)
    assert found["EndpointStatus"] == "Failed"
    assert "no-such-bucket-here" in found["FailureReason"]


@pytest.mark.parametrize("member", ["../outside", "/tmp/clary-absolute", "a/../../outside"])
def test_archive_that_climbs_out(clients, server, artifact, fresh, member):
    """A tar with ../ or absolute members writes nothing outside its folder."""
    bucket, key = artifact.removeprefix("s3://").split("/", 1)
    job = {"ModelArtifacts": {"S3ModelArtifacts": artifact}}
    members = aws.read_artifact(clients, job) | {member: b"escaped"}
    evil = aws.unique("evil")
    clients.s3.create_bucket(Bucket=evil)
    clients.s3.put_object(Bucket=evil, Key="model.tar.gz", Body=aws.tar_gz(members))
    name = aws.unique("climbing")
    model = aws.create_model(clients, f"s3://{evil}/model.tar.gz")
    clients.sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName=aws.create_config(clients, aws.variant(model)))
    fresh.append(name)
    found = aws.wait_endpoint(clients, name, 120)
    # os.walk passes over folders that go away meanwhile.
    escaped = [os.path.join(folder, name) for folder, folders, files in os.walk(server.data_dir)
               for name in folders + files if name.startswith("outside")]
    assert not os.path.exists("/tmp/clary-absolute") and escaped == []
    assert found["EndpointStatus"] in ("Failed", "InService")


def test_delete(clients, model):
    """After delete there is no endpoint to describe or invoke, and none twice to delete."""
    name = aws.deploy(clients, aws.variant(model))
    clients.sagemaker.delete_endpoint(EndpointName=name)

    def gone():
        try:
            clients.sagemaker.describe_endpoint(EndpointName=name)
        except ClientError as error:
            return error.response["Error"]
    error = aws.wait_until(gone, 30)
    assert error["Code"] == "ValidationException" and "Could not find" in error["Message"]
    error = error_of(lambda: aws.invoke(clients, name, row()))
    assert error["Code"] == "ValidationError" and name in error["Message"]
    error = error_of(lambda: clients.sagemaker.delete_endpoint(EndpointName=name))
    assert error["Code"] == "ValidationException" and "Could not find" in error["Message"]


def test_references_are_checked(clients, model):
    """A configuration of an unknown model, an endpoint of an unknown configuration."""
    error = error_of(lambda: aws.create_config(clients, aws.variant("no-such-model")))
    assert error["Code"] == "ValidationException" and "Could not find" in error["Message"]
    error = error_of(lambda: clients.sagemaker.create_endpoint(
        EndpointName=aws.unique("e"), EndpointConfigName="no-such-config"))
    assert error["Code"] == "ValidationException" and "Could not find" in error["Message"]


def test_duplicate_names(clients, endpoint, artifact, model):
    """The words that the SDKs look for to go on with what is there."""
    error = error_of(lambda: aws.create_model(clients, artifact, name=model))
    assert error["Code"] == "ValidationException"
    assert "Cannot create already existing model" in error["Message"]
    config = clients.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    error = error_of(lambda: clients.sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[aws.variant(model)]))
    assert "Cannot create already existing endpoint configuration" in error["Message"]
    error = error_of(lambda: clients.sagemaker.create_endpoint(EndpointName=endpoint,
                                                               EndpointConfigName=config))
    assert "Cannot create already existing endpoint" in error["Message"]


def test_missing_things(clients):
    """`Could not find` in a ValidationException, for each of the three."""
    for call in (lambda: clients.sagemaker.describe_model(ModelName="no-such"),
                 lambda: clients.sagemaker.delete_model(ModelName="no-such"),
                 lambda: clients.sagemaker.describe_endpoint_config(EndpointConfigName="no-such"),
                 lambda: clients.sagemaker.delete_endpoint_config(EndpointConfigName="no-such"),
                 lambda: clients.sagemaker.describe_endpoint(EndpointName="no-such")):
        error = error_of(call)
        assert error["Code"] == "ValidationException" and "Could not find" in error["Message"]


def test_empty_list_of_tags(clients, model):
    """SDK v2 sends Tags: [] with CreateEndpoint."""
    name = aws.unique("tagged")
    clients.sagemaker.create_endpoint(EndpointName=name, Tags=[],
                                      EndpointConfigName=aws.create_config(
                                          clients, aws.variant(model)))
    assert aws.wait_endpoint(clients, name)["EndpointStatus"] == "InService"
    clients.sagemaker.delete_endpoint(EndpointName=name)


def test_https_model_data_url(clients, artifact, fresh):
    """Older notebooks give the artifact as https://<bucket>.s3-<region>.amazonaws.com/<key>."""
    bucket, key = artifact.removeprefix("s3://").split("/", 1)
    url = f"https://{bucket}.s3-{clients.region}.amazonaws.com/{key}"
    try:
        name = aws.deploy(clients, aws.variant(aws.create_model(clients, url)))
    except ClientError as error:
        pytest.fail(str(error))
    fresh.append(name)
    assert float(aws.invoke(clients, name, row())["Body"].read()) >= 0


def test_uncompressed_model(clients, trained, fresh):
    """ModelDataSource with CompressionType None: a prefix of plain files."""
    bucket = aws.unique("plain")
    clients.s3.create_bucket(Bucket=bucket)
    for name, content in aws.read_artifact(clients, trained).items():
        clients.s3.put_object(Bucket=bucket, Key="model/" + name, Body=content)
    model = aws.unique("model")
    clients.sagemaker.create_model(
        ModelName=model, ExecutionRoleArn=clients.role,
        PrimaryContainer={"Image": aws.XGBOOST_IMAGE, "ModelDataSource": {"S3DataSource": {
            "S3Uri": f"s3://{bucket}/model/", "S3DataType": "S3Prefix",
            "CompressionType": "None"}}})
    name = aws.deploy(clients, aws.variant(model))
    fresh.append(name)
    assert float(aws.invoke(clients, name, row())["Body"].read()) >= 0


def test_container_logs(clients, endpoint):
    """Logs of model servers are in /aws/sagemaker/Endpoints/<name>, streams <variant>/..."""
    def streams():
        try:
            return clients.logs.describe_log_streams(
                logGroupName=f"/aws/sagemaker/Endpoints/{endpoint}")["logStreams"]
        except ClientError:
            return None
    found = aws.wait_until(streams, 15)
    assert all(s["logStreamName"].startswith("AllTraffic/") for s in found)


def test_invocation_metrics(clients, endpoint):
    """Invocations and ModelLatency in AWS/SageMaker, by endpoint and variant."""
    for _ in range(5):
        aws.invoke(clients, endpoint, row())
    dimensions = [{"Name": "EndpointName", "Value": endpoint},
                  {"Name": "VariantName", "Value": "AllTraffic"}]
    now = datetime.datetime.now(datetime.timezone.utc)

    def metric(name, statistic):
        points = clients.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker", MetricName=name, Dimensions=dimensions, Period=60,
            StartTime=now - datetime.timedelta(minutes=10),
            EndTime=now + datetime.timedelta(minutes=5), Statistics=[statistic])["Datapoints"]
        return sum(p[statistic] for p in points)
    aws.wait_until(lambda: metric("Invocations", "Sum") >= 5, 75, 0.5)
    assert metric("ModelLatency", "Average") > 0
    assert metric("OverheadLatency", "Average") > 0


def test_list_endpoints(clients, endpoint):
    """Filters and summaries of endpoints, models and configurations."""
    found = clients.sagemaker.list_endpoints(NameContains=endpoint, StatusEquals="InService")
    assert [e["EndpointName"] for e in found["Endpoints"]] == [endpoint]
    assert found["Endpoints"][0]["EndpointStatus"] == "InService"
    assert clients.sagemaker.list_endpoints(NameContains=endpoint,
                                            StatusEquals="Failed")["Endpoints"] == []


def test_in_service_is_quick(clients, model, fresh):
    """A native model server is ready in far less than a second; minutes are what AWS takes."""
    began = time.monotonic()
    fresh.append(aws.deploy(clients, aws.variant(model)))
    assert time.monotonic() - began < 10
