"""Training jobs in the browser: the list, the form, a job's page with curves and logs."""

import re

import aws
import pytest
from console import WORK_MS
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def many(clients, churn):
    """Thirty jobs that fail at once, more than a page holds."""
    stem = aws.unique("many")
    for number in range(30):
        clients.sagemaker.create_training_job(**aws.job_request(
            clients, churn, [], f"{stem}-{number:02}", hyperparameters={"num_round": None}))
    for number in range(30):
        aws.wait_job(clients, f"{stem}-{number:02}")
    return stem


def test_list(owner, many):
    """Pages by token, filters and order in the address, so that a link shows the same."""
    page = owner.open(f"/training?name={many}")
    rows = page.locator("table tbody tr")
    expect(page.get_by_role("link", name=f"{many}-29")).to_be_visible()
    expect(rows).to_have_count(25)
    owner.check("training")
    owner.check_narrow("training")
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_role("link", name=f"{many}-04")).to_be_visible()
    expect(rows).to_have_count(5)
    assert "page=2" in page.url
    page.reload()
    expect(page.get_by_role("link", name=f"{many}-04")).to_be_visible()
    page.get_by_role("button", name="Previous page").click()
    expect(rows).to_have_count(25)
    page.get_by_label("Status", exact=True).first.click()
    page.get_by_role("option", name="Completed").click()
    expect(page.get_by_text("Nothing is like that")).to_be_visible()
    assert "status=Completed" in page.url
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_role("searchbox", name="Find by name").fill(f"{many}-07")
    expect(page.get_by_role("link", name=f"{many}-07")).to_be_visible()


def test_a_failed_job_says_why(owner, many):
    page = owner.open(f"/training/{many}-00")
    expect(page.get_by_text("The job failed")).to_be_visible()
    expect(page.get_by_text("Missing required hyperparameter: num_round").first).to_be_visible()
    owner.check("training-job-failed")


def test_a_job_from_the_form_to_its_model(owner, clients, churn):
    """Made with the form from what the algorithm declares; it really trains."""
    name = aws.unique("formed")
    page = owner.open("/training")
    page.get_by_role("link", name="Create a training job").click()
    expect(page.get_by_role("heading", name="Create a training job", level=1)).to_be_visible()
    expect(page.get_by_role("combobox", name="Role")).to_have_value(clients.role)
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    expect(page.get_by_text("Rounds of boosting")).to_be_visible()
    page.get_by_role("button", name="Create the training job").click()
    expect(page.get_by_text("This one has to be given")).to_be_visible()
    page.get_by_role("textbox", name="num_round").fill("10000000000")
    expect(page.get_by_text("From 1 to 2147483647")).to_be_visible()
    page.get_by_role("textbox", name="num_round").fill("40")
    page.get_by_label("objective").first.click()
    page.get_by_role("option", name="binary:logistic").click()
    page.get_by_role("textbox", name="eval_metric").fill("auc,logloss")
    page.get_by_role("combobox", name="Data in S3").fill(f"s3://{churn}/train/")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add a channel").click()
    page.get_by_role("combobox", name="Data in S3").nth(1).fill(f"s3://{churn}/validation/")
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Output in S3").fill(f"s3://{churn}/output")
    page.keyboard.press("Escape")
    owner.check("training-create")
    owner.check_narrow("training-create")
    page.get_by_role("button", name="Create the training job").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["HyperParameters"] == {"num_round": "40", "objective": "binary:logistic",
                                      "eval_metric": "auc,logloss"}
    expect(page.get_by_text("Completed").first).to_be_visible()


def test_a_jobs_page(owner, clients, trained):
    """Timeline, inputs, curves by iteration, the log with search and download, code, a clone."""
    name = trained["TrainingJobName"]
    page = owner.open(f"/training/{name}")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.get_by_text("Training", exact=True).first).to_be_visible()
    expect(page.get_by_role("cell", name="binary:logistic")).to_be_visible()
    owner.check("training-job")
    owner.check_narrow("training-job")

    page.get_by_role("tab", name="Metrics").click()
    chart = page.get_by_role("application", name="auc by iteration")
    expect(chart).to_be_visible()
    expect(chart).to_have_attribute(
        "aria-label", re.compile("train:auc: 10 points.*validation:auc: 10 points"))
    owner.check("training-job-metrics")

    page.get_by_role("tab", name="Logs").click()
    log = page.get_by_role("log")
    expect(log).to_contain_text("validation-auc")
    owner.check("training-job-logs")
    page.get_by_role("searchbox", name="Find lines with this text").fill("[9]")
    expect(page.get_by_text('1 lines with "[9]"')).to_be_visible()
    page.get_by_role("searchbox", name="Find lines with this text").fill("")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    text = open(download.value.path()).read()
    assert "validation-auc" in text and text.count("\n") == len(aws.job_messages(clients, name))

    page.get_by_role("tab", name="Code").click()
    expect(page.get_by_text(f'TrainingJobName="{name}"')).to_be_visible()
    owner.check("training-job-code")
    code = page.get_by_role("region", name="With boto3").inner_text()
    compile(code, "boto3", "exec")
    compile(page.get_by_role("region", name="With the SageMaker Python SDK").inner_text(), "sdk", "exec")

    page.get_by_role("link", name="Clone and edit").click()
    expect(page.get_by_role("textbox", name="num_round")).to_have_value("10")
    page.get_by_role("textbox", name="num_round").fill("5")
    page.get_by_role("button", name="Create the training job").click()
    expect(page).to_have_url(re.compile(rf"/training/{name[:40]}[^?]*$"))
    clone = page.url.rsplit("/", 1)[1]
    assert clone != name
    assert aws.wait_job(clients, clone)["TrainingJobStatus"] == "Completed"


def test_stop(owner, clients, churn):
    """Asked first; the page follows until the job has stopped."""
    name = aws.unique("long")
    channels = [aws.channel("train", f"s3://{churn}/train/")]
    clients.sagemaker.create_training_job(**aws.job_request(
        clients, churn, channels, name, hyperparameters={"num_round": "2000000"}))
    page = owner.open(f"/training/{name}?tab=logs")
    expect(page.get_by_role("log")).to_contain_text("train-auc", timeout=WORK_MS)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    owner.check("training-job-stop")
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    page.get_by_role("tab", name="Overview").click()
    expect(page.get_by_text("Stopped").first).to_be_visible(timeout=WORK_MS)
    assert aws.wait_job(clients, name)["TrainingJobStatus"] == "Stopped"
