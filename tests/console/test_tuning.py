"""Tuning jobs in the browser: list, progress, pictures of the search, its training jobs, stopping."""

import re

import aws
import pytest
import tuning
from console import WORK_MS
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def channels(churn):
    return [aws.channel(part, f"s3://{churn}/{part}/") for part in ("train", "validation")]


@pytest.fixture(scope="module")
def searched(clients, churn, channels):
    """A finished search of twelve training jobs over three kinds of ranges."""
    ranges = {"ContinuousParameterRanges": [tuning.CONTINUOUS | {"ScalingType": "Logarithmic"}],
              "IntegerParameterRanges": [tuning.INTEGER],
              "CategoricalParameterRanges": [{"Name": "tree_method", "Values": ["hist", "exact"]}]}
    job = tuning.run(clients, churn, channels, jobs=12, ranges=ranges, timeout=WORK_MS / 1000)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    return job


def open_job(owner, job, tab=""):
    name = job["HyperParameterTuningJobName"]
    page = owner.open(f"/tuning/{name}" + (f"?tab={tab}" if tab else ""))
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    return page


def test_list(owner, searched):
    name = searched["HyperParameterTuningJobName"]
    page = owner.open(f"/tuning?name={name}")
    expect(page.get_by_role("row", name=name)).to_contain_text("12 of 12")
    owner.check("tuning")
    owner.check_narrow("tuning")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def test_overview(owner, clients, searched):
    """Progress, the best, its course, and the importance that CloudWatch has of it."""
    page = open_job(owner, searched)
    best = searched["BestTrainingJob"]
    expect(page.get_by_text("12 of 12 training jobs")).to_be_visible()
    expect(page.get_by_role("link", name=best["TrainingJobName"])).to_be_visible()
    expect(page.get_by_label("validation:auc over time")).to_have_attribute(
        "aria-label", f"validation:auc over time. 12 training jobs, the best "
        f"{tuning.value_of(best):.5g}. Arrow keys move, plus and minus zoom, Home shows everything.")
    shares = tuning.importance(clients, searched)
    assert set(shares) == {"eta", "max_depth", "tree_method"}
    for name, share in shares.items():
        expect(page.get_by_role("progressbar", name=name)).to_have_attribute(
            "value", str(int(share * 100 + 0.5)))
    owner.check("tuning-job")
    owner.check_narrow("tuning-job")
    deploy = page.get_by_role("link", name="Deploy the best")
    assert deploy.get_attribute("href").endswith("/endpoints/~deploy?job=" + best["TrainingJobName"])


def test_hyperparameters(owner, searched):
    """A picture for each hyperparameter and one of all, with a table for those who cannot see it."""
    page = open_job(owner, searched, "hyperparameters")
    for name in ("eta", "max_depth", "tree_method"):
        expect(page.get_by_role("img", name=f"validation:auc over {name}: 12 training jobs")).to_be_visible()
    expect(page.get_by_role("img", name="12 training jobs by hyperparameters")).to_be_visible()
    owner.check("tuning-hyperparameters")
    owner.check_narrow("tuning-hyperparameters")
    rows = page.get_by_role("table", name="The ten best").locator("tbody tr")
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text(searched["BestTrainingJob"]["TrainingJobName"])
    rows.nth(2).scroll_into_view_if_needed()
    owner.check("tuning-parallel")


def test_training_jobs(owner, clients, searched):
    """The server sorts them by the objective."""
    page = open_job(owner, searched, "jobs")
    table = page.get_by_role("table", name="Training jobs")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(12)
    table.get_by_role("button", name="validation:auc").click()
    jobs = sorted(tuning.jobs_of(clients, searched["HyperParameterTuningJobName"]), key=tuning.value_of)
    expect(rows.first).to_contain_text(f"{tuning.value_of(jobs[0]):.5g}")
    table.get_by_role("button", name="validation:auc").click()
    expect(rows.first).to_contain_text(f"{tuning.value_of(jobs[-1]):.5g}")
    assert "jobs-sort=FinalObjectiveMetricValue" in page.url
    owner.check("tuning-training-jobs")


def test_the_clone_runs(owner, clients, searched):
    """What the page says in Python makes the same search under another name."""
    page = open_job(owner, searched, "definition")
    code = page.get_by_role("region", name="Python, boto3").inner_text()
    owner.check("tuning-definition")
    made = {}

    class Boto:
        @staticmethod
        def client(service):
            assert service == "sagemaker"
            return clients.sagemaker

    lines = code.replace("import boto3", "", 1)
    exec(lines, {"boto3": Boto}, made)  # noqa: S102 -- it is what a person would run
    copy = searched["HyperParameterTuningJobName"][:27].rstrip("-") + "-copy"
    told = tuning.describe(clients, copy)
    clients.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=copy)
    assert told["HyperParameterTuningJobConfig"] == searched["HyperParameterTuningJobConfig"]
    assert told["TrainingJobDefinition"] == searched["TrainingJobDefinition"]


def test_a_search_cloned_in_the_form(owner, clients, churn, searched):
    """A finished search once more with fewer training jobs, and otherwise the same."""
    page = open_job(owner, searched)
    page.get_by_role("link", name="Clone and edit").click()
    expect(page.get_by_role("textbox", name="From")).to_have_count(2)
    expect(page.get_by_role("textbox", name="Values")).to_have_value("hist, exact")
    expect(page.get_by_role("button", name=re.compile("^Objective "))).to_contain_text("validation:auc")
    name = aws.unique("formed")
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("spinbutton", name="Training jobs").fill("2")
    owner.check("tuning-create")
    owner.check_narrow("tuning-create")
    page.get_by_role("button", name="Create the tuning job").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    job = tuning.wait(clients, name, WORK_MS / 1000)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    config, before = job["HyperParameterTuningJobConfig"], searched["HyperParameterTuningJobConfig"]
    assert config["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 2
    config["ResourceLimits"] = before["ResourceLimits"]
    assert config == before
    assert job["TrainingJobDefinition"] == searched["TrainingJobDefinition"]


def test_stopping(owner, clients, churn, channels):
    request = tuning.request(clients, churn, channels, jobs=9, static={"num_round": "1000000"})
    name = request["HyperParameterTuningJobName"]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    page = owner.open(f"/tuning/{name}")
    expect(page.get_by_text("No training job has given a value yet")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.get_by_text(f"{name} is being stopped")).to_be_visible()
    expect(page.get_by_text("Stopped", exact=True).first).to_be_visible(timeout=WORK_MS)
    assert tuning.describe(clients, name)["HyperParameterTuningJobStatus"] == "Stopped"
