"""What instances cost: the price list, the owner's own types, and what `clary` makes of both."""

import json
import subprocess

import aws
import people
import pytest
from botocore.exceptions import ClientError
from clary_server import ClaryServer, binary

OWN = """
["ml.m5.large"]
cpus = 1
memory_gib = 1.5
dollars_per_hour = 36  # a cent a second

["ml.c5.xlarge"]
dollars_per_hour = 0
"""


def match(field, value, kind="TERM_MATCH"):
    return {"Type": kind, "Field": field, "Value": value}


def products(pricing, *filters):
    pages = pricing.get_paginator("get_products").paginate(
        ServiceCode="AmazonSageMaker", Filters=list(filters))
    return [json.loads(entry) for page in pages for entry in page["PriceList"]]


def dollars(product):
    (term,) = product["terms"]["OnDemand"].values()
    (rate,) = term["priceDimensions"].values()
    assert rate["unit"] == "Hrs"
    return float(rate["pricePerUnit"]["USD"])


@pytest.fixture(scope="module")
def pricing(clients):
    return clients.client("pricing")


def test_a_price(pricing):
    """As programs ask AWS for it."""
    (product,) = products(pricing, match("instanceName", "ml.m5.xlarge"),
                          match("component", "Training"), match("regionCode", "eu-west-1"))
    assert dollars(product) == 0.23
    assert product["product"]["productFamily"] == "ML Instance"
    attributes = product["product"]["attributes"]
    assert (attributes["vCpu"], attributes["memory"], attributes["gpu"]) == ("4", "16 GiB", "N/A")
    assert attributes["instanceType"] == "ml.m5.xlarge-Training"
    assert attributes["regionCode"] == "eu-west-1"


def test_filters_and_pages(pricing):
    """Every kind of filter; more than one page; each product once."""
    everything = products(pricing)
    assert len(everything) > 400
    assert len({p["product"]["sku"] for p in everything}) == len(everything)
    few = products(pricing, match("instanceName", "ml.m5.large, ml.c5.xlarge", "ANY_OF"),
                   match("component", "Hosting", "EQUALS"))
    assert [p["product"]["attributes"]["instanceName"] for p in few] == [
        "ml.c5.xlarge", "ml.m5.large"]
    g5 = products(pricing, match("instanceType", "ml.g5.", "CONTAINS"),
                  match("component", "Hosting, Processing, Batch Transform", "NONE_OF"))
    assert len(g5) == 8 and {p["product"]["attributes"]["component"] for p in g5} == {"Training"}
    assert products(pricing, match("instanceName", "ml.nothing")) == []


def test_what_there_is(pricing):
    (service,) = pricing.describe_services()["Services"]
    assert service["ServiceCode"] == "AmazonSageMaker"
    values = pricing.get_attribute_values(ServiceCode="AmazonSageMaker", AttributeName="component")
    assert [v["Value"] for v in values["AttributeValues"]] == [
        "Batch Transform", "Hosting", "Processing", "Training"]
    assert "component" in service["AttributeNames"]


@pytest.mark.parametrize("request_, code", [
    ({"ServiceCode": "AmazonEC2"}, "NotFoundException"),
    ({"ServiceCode": "AmazonSageMaker", "NextToken": "!"}, "InvalidNextTokenException"),
    ({"ServiceCode": "AmazonSageMaker", "FormatVersion": "v9"}, "InvalidParameterException")])
def test_refusals(pricing, request_, code):
    with pytest.raises(ClientError) as refused:
        pricing.get_products(**request_)
    assert refused.value.response["Error"]["Code"] == code


def test_who_may(server, clients):
    """Prices are for whom a policy lets read them; for others `clary jobs` leaves them out."""
    _, key = people.make_user(clients.iam, people.allow("sagemaker:List*"),
                            people.allow("sagemaker:Describe*"))
    with pytest.raises(ClientError) as refused:
        people.client_of_key(server, "pricing", key).describe_services()
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server whose owner says what two types are."""
    file = tmp_path_factory.mktemp("types") / "own.toml"
    file.write_text(OWN)
    server = ClaryServer(variables={"CLARY_INSTANCE_TYPES_FILE": str(file)})
    server.start()
    yield server
    server.remove()


def clary(server, *words):
    done = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=60,
                          env=server.environment())
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_own_hardware(own):
    """The owner's word counts: for the price list, for what a job gets, for what it costs."""
    clients = aws.Clients(own)
    prices = {p["product"]["attributes"]["instanceName"]: p for p in products(
        clients.client("pricing"), match("component", "Training"))}
    assert dollars(prices["ml.m5.large"]) == 36 and dollars(prices["ml.c5.xlarge"]) == 0
    attributes = prices["ml.m5.large"]["product"]["attributes"]
    assert (attributes["vCpu"], attributes["memory"]) == ("1", "1.5 GiB")
    assert prices["ml.c5.xlarge"]["product"]["attributes"]["vCpu"] == "4"

    clients.s3.create_bucket(Bucket="data")
    clients.s3.put_object(Bucket="data", Key="train/a.csv", Body=aws.churn_rows("train"))
    channels = [aws.channel("train", "s3://data/train/")]
    job = aws.train(clients, "data", channels, ResourceConfig={
        "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1})
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    seconds = job["BillableTimeInSeconds"]
    assert seconds >= 1
    (shown,) = json.loads(clary(own, "jobs", "--json"))
    assert shown["billable_seconds"] == seconds
    assert shown["cost"] == pytest.approx(seconds * 0.01)
    head, line = clary(own, "jobs").splitlines()
    assert line.split()[head.split().index("COST")] == f"${seconds * 0.01:.4f}"
    assert f"{seconds} s x 1 at $36.00 an hour: ${seconds * 0.01:.4f}" in clary(
        own, "job", job["TrainingJobName"])

    free = aws.train(clients, "data", channels, ResourceConfig={
        "InstanceType": "ml.c5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1})
    unknown = aws.train(clients, "data", channels, ResourceConfig={
        "InstanceType": "ml.r6i.large", "InstanceCount": 1, "VolumeSizeInGB": 1})
    assert {free["TrainingJobStatus"], unknown["TrainingJobStatus"]} == {"Completed"}
    rows = {row["instance"]: row for row in json.loads(
        clary(own, "cost", "--by", "instance", "--json"))}
    assert rows["ml.m5.large"]["dollars"] == pytest.approx(seconds * 0.01)
    assert rows["ml.c5.xlarge"]["dollars"] == 0
    assert rows["ml.c5.xlarge"]["jobs_without_price"] == 0
    assert rows["ml.r6i.large"]["jobs_without_price"] == 1
    lines = clary(own, "cost", "--by", "type").splitlines()
    assert lines[0].split()[:2] == ["TYPE", "JOBS"] and lines[1].split()[:2] == ["training", "3"]
    assert "1 of the jobs ran where no price is known" in lines[1]
    (user,) = json.loads(clary(own, "cost", "--json"))
    assert user["user"] not in ("", "-") and user["jobs"] == 3


@pytest.mark.parametrize("text, words", [
    ('["ml.moon.large"]\ncpus = 1\n', "is no instance type"),
    ('["ml.m5.large"]\ncpus = 0\n', "above 0"),
    ('["ml.m5.large"]\ngpus = 1.5\n', "whole number"),
    ('["ml.m5.large"]\nprice = 1\n', "dollars_per_hour"),
    ('["ml.m5.large"\n', "line 1")])
def test_a_bad_file(tmp_path, text, words):
    """Is told at the start, with the place."""
    file = tmp_path / "own.toml"
    file.write_text(text)
    done = subprocess.run(
        [binary(), "serve", "--data-dir", str(tmp_path / "data"), "--listen", "127.0.0.1:0",
         "--instance-types-file", str(file)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and words in done.stderr and str(file) in done.stderr, done.stderr
