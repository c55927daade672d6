"""What every page has: areas, appearance, region, messages, what happens when the server goes."""

import aws
from console import WORK_MS
from playwright.sync_api import expect


def test_navigation_and_a_page_that_is_not_there(owner):
    """Areas lead to their pages without loading anew; deep links and unknown ones answer too."""
    page = owner.page
    page.evaluate("window.stayed = true")
    owner.go("Training jobs")
    expect(page.get_by_role("heading", name="Training jobs", level=1)).to_be_visible()
    expect(page).to_have_title("Training jobs · Clary")
    assert page.evaluate("window.stayed") is True
    owner.open("/no/such/page")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    owner.check("not-found")


def test_appearance_is_kept(owner):
    page = owner.page
    page.get_by_role("button", name="Appearance").click()
    page.get_by_role("menuitemcheckbox", name="Dark").click()
    expect(page.locator("body.awsui-dark-mode")).to_have_count(1)
    page.reload()
    expect(page.locator("body.awsui-dark-mode")).to_have_count(1)


def test_another_region(owner, clients):
    """Each region has things of its own, and the page asks for those."""
    name = aws.unique("west")
    west = clients.session.client("sagemaker", region_name="us-west-2", endpoint_url=owner.server.url)
    page = owner.open("/training?name=" + name)
    expect(page.get_by_text("Nothing is like that")).to_be_visible()
    west.create_training_job(**aws.job_request(clients, "no-such-bucket", [], name))
    page.get_by_role("button", name="Region us-east-1").click()
    page.get_by_role("menuitemcheckbox", name="us-west-2").click()
    expect(page.get_by_role("link", name=name)).to_be_visible()


def test_the_server_restarts_under_the_page(owner):
    """The page says so, and goes on by itself with the same session."""
    page = owner.open("/training")
    expect(page.get_by_role("heading", name="Training jobs", level=1)).to_be_visible()
    owner.server.kill()
    expect(page.get_by_text("Cannot reach the server; trying again")).to_be_visible()
    owner.server.start()
    expect(page.get_by_text("Cannot reach the server; trying again")).to_be_hidden(timeout=WORK_MS)
    page.reload()
    expect(page.get_by_role("heading", name="Training jobs", level=1)).to_be_visible()
