"""Models: the list, one of them, making one of a training job."""

import aws
from playwright.sync_api import expect


def test_a_model_of_a_training_job(owner, clients, trained):
    """The job fills in image, data and role; the page shows what was made, and deletes it."""
    job, name = trained["TrainingJobName"], aws.unique("made")
    page = owner.open("/models/~create")
    page.get_by_role("button", name="Create the model").click()
    expect(page.get_by_text("Which image serves the model?")).to_be_visible()
    owner.check("models-create-faults")
    page.get_by_label("Training job").fill(job)
    expect(page.get_by_role("combobox", name="Model data")).to_have_value(trained["ModelArtifacts"]["S3ModelArtifacts"])
    expect(page.get_by_role("combobox", name="Role", exact=True)).to_have_value(clients.role)
    page.get_by_label("Model name").fill(name)
    expect(page.get_by_role("region", name="The same with boto3")).to_contain_text("client.create_model(")
    owner.check("models-create")
    owner.check_narrow("models-create")
    page.get_by_role("button", name="Create the model").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    made = clients.sagemaker.describe_model(ModelName=name)
    assert made["PrimaryContainer"]["ModelDataUrl"] == trained["ModelArtifacts"]["S3ModelArtifacts"]
    assert made["PrimaryContainer"]["Image"] == trained["AlgorithmSpecification"]["TrainingImage"]
    owner.check("models-model")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"Model {name} was deleted.")).to_be_visible()
    assert clients.sagemaker.list_models(NameContains=name)["Models"] == []


def test_what_the_server_refuses_is_said(owner, clients, trained):
    page = owner.open(f"/models/~create?job={trained['TrainingJobName']}")
    expect(page.get_by_role("combobox", name="Model data")).to_have_value(trained["ModelArtifacts"]["S3ModelArtifacts"])
    expect(page.get_by_role("combobox", name="Role", exact=True)).to_have_value(clients.role)
    page.get_by_label("Model name").fill(aws.unique("bad"))
    page.get_by_role("combobox", name="Role", exact=True).fill("arn:aws:iam::123456789012:role/nobody")
    page.get_by_role("button", name="Create the model").click()
    refused = page.get_by_role("main").get_by_role("group").filter(has_text="iam:PassRole")
    expect(refused).to_contain_text("nobody")
    expect(page.get_by_role("heading", name="Create a model")).to_be_visible()


def test_the_list_of_models(owner, clients, trained):
    """Filter and order are asked of the server and stand in the address."""
    prefix = aws.unique("m")
    for i in range(30):
        aws.create_model(clients, trained["ModelArtifacts"]["S3ModelArtifacts"], f"{prefix}-{i:02}")
    page = owner.open(f"/models?name={prefix}&sort=Name&order=ascending")
    rows = page.get_by_role("table", name="Models").get_by_role("row")
    expect(rows).to_have_count(26)
    expect(rows.nth(1)).to_contain_text(f"{prefix}-00")
    owner.check("models")
    owner.check_narrow("models")
    page.get_by_role("button", name="Next page").click()
    expect(rows).to_have_count(6)
    page.get_by_role("link", name=f"{prefix}-29").click()
    expect(page.get_by_role("link", name="Deploy")).to_be_visible()


def test_no_such_model(owner):
    page = owner.open("/models/there-is-none")
    expect(page.get_by_text("There is no such thing here")).to_be_visible()
