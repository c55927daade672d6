"""Notebook instances: from the form to JupyterLab in a tab of its own, and to their end."""

import base64
import re

import aws
from console import WORK_MS
from notebooks import needs_notebooks
from playwright.sync_api import expect

pytestmark = needs_notebooks


def status_of(clients, name):
    return clients.sagemaker.describe_notebook_instance(
        NotebookInstanceName=name)["NotebookInstanceStatus"]


def gone(clients, name):
    return not clients.sagemaker.list_notebook_instances(NameContains=name)["NotebookInstances"]


def delete(page, name):
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    button = dialog.get_by_role("button", name="Delete")
    expect(button).to_be_disabled()
    dialog.get_by_role("textbox").fill(name)
    button.click()
    expect(page.get_by_text(f"Notebook instance {name} is being deleted.")).to_be_visible()


def test_the_list_when_there_is_none(owner, clients):
    page = owner.open("/notebooks?name=no-such-name")
    expect(page.get_by_text("Nothing is like that.")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page).not_to_have_url(re.compile("name="))
    expect(page.get_by_role("heading", name="Notebook instances", level=1)).to_be_visible()


def test_a_notebook_instance_from_the_form_to_its_end(owner, clients):
    """What the form makes comes up, opens in a tab that knows nothing of the console, is listed,
    stops and is deleted."""
    name = aws.unique("desk")
    page = owner.open("/notebooks/~create")
    page.get_by_role("button", name="Create the notebook instance").click()
    expect(page.get_by_text("Some fields above are empty")).to_be_visible()
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("combobox", name="Role").fill(clients.role)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Further settings").click()
    page.get_by_role("textbox", name="Further members, as JSON").fill(
        '{"Tags": [{"Key": "team", "Value": "churn"}]}')
    page.get_by_role("textbox", name="Name", exact=True).focus()
    page.evaluate("scrollTo(0, 0)")
    owner.check("notebooks-create")
    owner.check_narrow("notebooks-create")
    page.get_by_role("button", name="Create the notebook instance").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    main = page.get_by_role("main")
    expect(main.get_by_text("In service").first).to_be_visible(timeout=WORK_MS)
    expect(page.get_by_role("rowheader", name="team")).to_be_visible()
    expect(page.get_by_role("region", name="The same with boto3")).to_contain_text(name)
    owner.check("notebooks-notebook")
    owner.check_narrow("notebooks-notebook")

    with owner.context.expect_page() as opened:
        page.get_by_role("button", name="Open JupyterLab, in a new tab").click()
    lab = opened.value
    expect(lab.locator("#jp-main-dock-panel")).to_be_visible(timeout=WORK_MS)
    assert "authToken" not in lab.url
    assert lab.evaluate("window.opener") is None
    lab.close()
    page.get_by_role("tab", name="Log").click()
    expect(page.get_by_role("log")).to_contain_text("Jupyter")

    owner.open(f"/notebooks?name={name}&status=InService")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    owner.check("notebooks")
    owner.check_narrow("notebooks")
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(main.get_by_text("Stopped").first).to_be_visible(timeout=WORK_MS)
    expect(page.get_by_role("button", name="Open JupyterLab, in a new tab")).to_be_disabled()
    delete(page, name)
    aws.wait_until(lambda: gone(clients, name))


def test_one_whose_script_fails_says_so_and_starts_again(owner, clients):
    name = aws.unique("broken")
    clients.sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name, OnStart=[{
            "Content": base64.b64encode(b"echo the disk is upside down\nexit 3\n").decode()}])
    clients.sagemaker.create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=clients.role,
        LifecycleConfigName=name)
    page = owner.open(f"/notebooks/{name}")
    expect(page.get_by_text("It could not be started")).to_be_visible(timeout=WORK_MS)
    expect(page.get_by_text("exit code 3").first).to_be_visible()
    owner.check("notebooks-failed")
    page.get_by_role("tab", name="Log").click()
    expect(page.get_by_role("log")).to_contain_text("the disk is upside down")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(f"{name} is being started.")).to_be_visible()
    aws.wait_until(lambda: status_of(clients, name) == "Failed")
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_enabled(timeout=WORK_MS)
    delete(page, name)
    aws.wait_until(lambda: gone(clients, name))
