"""The home page: an empty server's first steps, run from the browser to the model's answers."""

import re

import aws
import pytest
from clary_server import ClaryServer
from console import WORK_MS, Console
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def server(built):
    """One that nobody has used."""
    own = ClaryServer()
    own.start()
    yield own
    own.remove()


def table(page, title):
    return page.get_by_role("table", name=title, exact=True)


def test_first_steps(browser, server, request):
    """Uploads, trains, deploys and asks: the whole quickstart, with nothing but the page."""
    console = Console(server, browser, request.config.getoption("--screenshots"))
    page = console.sign_in_with_key()
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    expect(page.get_by_text("Jobs that wait for capacity")).to_be_visible()
    for title in ("Models", "Endpoints"):
        expect(table(page, title)).to_contain_text("None yet.")
    console.check("home-first-steps")
    console.check_narrow("home-first-steps")
    button = page.get_by_role("button", name="Run the first steps")
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text("customers scored")).to_be_visible(timeout=WORK_MS)
    text = page.get_by_text("customers scored").inner_text()
    assert float(re.search(r"area under the curve ([\d.]+)", text)[1]) > 0.85, text
    console.check("home-first-steps-done")

    clients = aws.Clients(server)
    endpoint, = clients.sagemaker.list_endpoints()["Endpoints"]
    assert endpoint["EndpointStatus"] == "InService"
    job, = clients.sagemaker.list_training_jobs()["TrainingJobSummaries"]
    assert job["TrainingJobStatus"] == "Completed"

    # Who looks elsewhere meanwhile finds it as it was.
    console.go("Training jobs")
    expect(page.get_by_role("heading", name="Training jobs", level=1)).to_be_visible()
    expect(page.get_by_role("link", name=job["TrainingJobName"])).to_be_visible()
    console.go("Home")
    page.get_by_role("button", name="Delete the endpoint").click()
    expect(page.get_by_text("endpoint and model are gone")).to_be_visible(timeout=WORK_MS)
    assert clients.sagemaker.list_endpoints()["Endpoints"] == []
    assert clients.sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert clients.sagemaker.list_models()["Models"] == []

    page.reload()
    expect(table(page, "Training jobs").get_by_role("link", name=job["TrainingJobName"])).to_be_visible()
    expect(page.get_by_role("heading", name="First steps")).to_be_hidden()
    console.check("home")
    console.check_narrow("home")
    console.close()
    console.check_quiet()


def test_a_failure_is_on_the_home_page(owner):
    """What failed and why, and first steps that cannot be done say so."""
    clients = aws.Clients(owner.server)
    name = aws.unique("fails")
    clients.sagemaker.create_training_job(**aws.job_request(clients, "no-such-bucket", [], name))
    job = aws.wait_job(clients, name)
    page = owner.page
    page.reload()
    expect(page.get_by_role("heading", name="Failed lately")).to_be_visible()
    expect(page.get_by_text(job["FailureReason"][:60])).to_be_visible()
    owner.check("home-failed")
