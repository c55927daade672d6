"""Endpoints: from a training job to predictions, traffic, what it does, and its end."""

import json
import re

import aws
import pytest
from console import WORK_MS
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def model(clients, trained):
    return aws.create_model(clients, trained["ModelArtifacts"]["S3ModelArtifacts"])


@pytest.fixture(scope="module")
def served(clients, model):
    """An endpoint with two variants of one model."""
    return aws.deploy(clients, aws.variant(model, "blue", 3.0), aws.variant(model, "green", 1.0))


def next_step(page):
    page.get_by_role("button", name="Next").click()


def test_deploy_what_a_training_job_made(owner, clients, trained):
    """Model, configuration and endpoint come of one wizard; the page follows until it serves."""
    job, name = trained["TrainingJobName"], aws.unique("wizard")
    page = owner.open(f"/endpoints/~deploy?job={job}")
    expect(page.get_by_role("combobox", name="Model data")).to_have_value(trained["ModelArtifacts"]["S3ModelArtifacts"])
    page.get_by_label("Model name").fill(name)
    owner.check("endpoints-deploy-model")
    next_step(page)
    expect(page.get_by_role("button", name="Instance type")).to_contain_text("ml.m5.large")
    owner.check("endpoints-deploy-instances")
    owner.check_narrow("endpoints-deploy-instances")
    next_step(page)
    expect(page.get_by_label("Endpoint name")).to_have_value(name)
    page.get_by_label("Endpoint name").fill("not good")
    next_step(page)
    expect(page.get_by_text("The endpoint's name has up to 63").filter(visible=True).first).to_be_visible()
    page.get_by_label("Endpoint name").fill(name)
    next_step(page)
    expect(page.get_by_role("region", name="The same with boto3")).to_contain_text("create_endpoint_config(")
    owner.check("endpoints-deploy-review")
    page.get_by_role("button", name="Deploy", exact=True).last.click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_role("main").get_by_text("In service").first).to_be_visible(timeout=WORK_MS)
    assert float(aws.invoke(clients, name, aws.churn_features()[0][0])["Body"].read()) <= 1
    # Its end, with all that it was made from.
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="Delete its configuration too").check()
    dialog.get_by_role("checkbox", name="Delete its model too").check()
    dialog.get_by_role("textbox").fill(name)
    owner.check("endpoints-delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"Endpoint {name} is being deleted.")).to_be_visible()
    aws.wait_until(lambda: not clients.sagemaker.list_endpoints(NameContains=name)["Endpoints"])
    assert not clients.sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"]
    assert not clients.sagemaker.list_models(NameContains=name)["Models"]


def test_what_is_typed_before_the_training_job_is_known_stays(owner, trained):
    """Its answer fills in what nobody has; so it is again when the step is come back to."""
    page, name = owner.open("/endpoints/~deploy"), aws.unique("typed")
    page.get_by_role("radio", name="What a training job has made").check()
    page.get_by_label("Model name").fill(name)
    page.get_by_role("combobox", name="Training job").fill(trained["TrainingJobName"])
    artifact = page.get_by_role("combobox", name="Model data")
    expect(artifact).to_have_value(trained["ModelArtifacts"]["S3ModelArtifacts"])
    expect(page.get_by_label("Model name")).to_have_value(name)
    artifact.fill("s3://elsewhere/model.tar.gz")
    next_step(page)
    with page.expect_response(lambda answer: "DescribeTrainingJob" in answer.request.headers.get("x-amz-target", "")):
        page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Model name")).to_have_value(name)
    expect(artifact).to_have_value("s3://elsewhere/model.tar.gz")


def test_a_deployment_goes_on_after_what_failed(owner, clients, model, served):
    """A name that is taken: the configuration that was made by then is not made twice."""
    page, name = owner.open(f"/endpoints/~deploy?model={model}"), aws.unique("again")
    next_step(page)
    next_step(page)
    page.get_by_label("Configuration name").fill(name)
    page.get_by_label("Endpoint name").fill(served)
    next_step(page)
    page.get_by_role("button", name="Deploy", exact=True).last.click()
    expect(page.get_by_text("The configuration was made already")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    page.get_by_label("Endpoint name").fill(name)
    next_step(page)
    page.get_by_role("button", name="Deploy", exact=True).last.click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    assert clients.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] == name
    clients.sagemaker.delete_endpoint(EndpointName=name)


def test_lists(owner, served, clients):
    page = owner.open("/endpoints")
    expect(page.get_by_role("link", name=served)).to_be_visible()
    owner.check("endpoints")
    owner.check_narrow("endpoints")
    page = owner.open("/endpoint-configs")
    config = clients.sagemaker.describe_endpoint(EndpointName=served)["EndpointConfigName"]
    page.get_by_role("link", name=config).click()
    variants = page.get_by_role("table", name="Variants")
    expect(variants.get_by_role("row", name="blue")).to_contain_text("ml.m5.large")
    owner.check("endpoint-configs-config")
    owner.open("/endpoint-configs")
    expect(page.get_by_role("link", name=config)).to_be_visible()
    owner.check("endpoint-configs")


def test_weights(owner, clients, served):
    """The sliders say what share each variant gets, and the server shares it out so."""
    page = owner.open(f"/endpoints/{served}")
    expect(page.get_by_text("75 % of all requests")).to_be_visible()
    owner.check("endpoints-endpoint")
    owner.check_narrow("endpoints-endpoint")
    for name, keys in (("blue", ("Home", "PageUp", "PageUp")), ("green", ("End", "PageDown", "PageDown"))):
        page.get_by_role("slider", name=f"Share of traffic of {name}").focus()
        for key in keys:
            page.keyboard.press(key)
    expect(page.get_by_text("80 % of all requests")).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text(f"{served} is changing how it shares its traffic.")).to_be_visible()
    aws.wait_endpoint(clients, served)
    known = clients.sagemaker.describe_endpoint(EndpointName=served)["ProductionVariants"]
    assert {one["VariantName"]: round(one["DesiredWeight"], 6) for one in known} == {"blue": 0.2, "green": 0.8}


def test_try_it(owner, clients, served):
    """The prediction is the one that any client gets; a model's error says what the model said."""
    features = aws.churn_features()[0][0].decode()
    page = owner.open(f"/endpoints/{served}?tab=try")
    page.get_by_label("Body").fill(features)
    page.get_by_role("button", name="Send").click()
    answer = page.get_by_role("region", name="Answer", exact=True)
    expect(answer).to_be_visible()
    other = aws.invoke(clients, served, features)["Body"].read().decode()
    assert float(answer.inner_text()) == pytest.approx(float(other))
    expect(page.get_by_role("region", name="The same with boto3")).to_contain_text(f'EndpointName="{served}"')
    owner.check("endpoints-try")
    page.get_by_role("button", name="Variant").click()
    page.get_by_role("option", name="green").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("option", name="application/json", exact=True).click()
    page.get_by_role("button", name="Send").click()
    expect(answer).to_contain_text("predictions")
    assert json.loads(answer.inner_text())["predictions"][0]["score"] == pytest.approx(float(other))
    page.get_by_label("Body").fill("no,numbers,here")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("The model answered with status")).to_be_visible()
    owner.check("endpoints-try-error")
    page.get_by_role("link", name="Look at its logs").click()
    expect(page.get_by_role("log")).to_be_visible()
    owner.check("endpoints-logs")


def test_what_it_does(owner, clients, served):
    """Invocations, errors and percentiles of latency, as CloudWatch has them."""
    for row in aws.churn_features()[0][:40]:
        aws.invoke(clients, served, row)
    page = owner.open(f"/endpoints/{served}?tab=monitor")
    chart = page.get_by_role("application", name="Invocations.")
    expect(chart).to_be_visible(timeout=WORK_MS)
    latency = page.get_by_role("application", name="Model latency.")
    expect(latency).to_be_visible(timeout=WORK_MS)
    expect(latency).to_have_attribute("aria-label", re.compile(" p99.*ms|ms.* p99", re.DOTALL), timeout=WORK_MS)
    owner.check("endpoints-monitor")
    owner.check_narrow("endpoints-monitor")


def test_a_failed_endpoint_says_why(owner, clients, bucket):
    clients.s3.put_object(Bucket=bucket, Key="bad/model.tar.gz", Body=b"this is no archive")
    broken = aws.create_model(clients, f"s3://{bucket}/bad/model.tar.gz")
    name = aws.unique("failed")
    clients.sagemaker.create_endpoint(EndpointName=name,
                                      EndpointConfigName=aws.create_config(clients, aws.variant(broken)))
    page = owner.open(f"/endpoints/{name}")
    expect(page.get_by_text("It could not be brought up")).to_be_visible(timeout=WORK_MS)
    owner.check("endpoints-failed")
    clients.sagemaker.delete_endpoint(EndpointName=name)


def test_another_configuration(owner, clients, model):
    name = aws.deploy(clients, aws.variant(model, "one"))
    config = aws.create_config(clients, aws.variant(model, "two"))
    page = owner.open(f"/endpoints/{name}")
    page.get_by_role("button", name="Update").click()
    page.get_by_role("dialog").get_by_label("Configuration").fill(config)
    page.get_by_role("dialog").get_by_role("button", name="Update").click()
    expect(page.get_by_role("slider", name="Share of traffic of two")).to_be_attached(timeout=WORK_MS)
    clients.sagemaker.delete_endpoint(EndpointName=name)
