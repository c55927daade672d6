"""Keys of KMS and the audit log in the browser."""

import json

import aws
import people
import pytest
from playwright.sync_api import expect


@pytest.fixture
def key(clients):
    """A key with an alias: its id and the alias without its prefix."""
    made = clients.kms.create_key(Description="for tests")["KeyMetadata"]["KeyId"]
    alias = aws.unique("data")
    clients.kms.create_alias(AliasName=f"alias/{alias}", TargetKeyId=made)
    return made, alias


def state_of(clients, key):
    return clients.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def dialog(page):
    return page.get_by_role("dialog")


def test_keys(owner, clients, key):
    """The list, and a key made with an alias."""
    page = owner.open("/keys")
    expect(page.get_by_role("link", name=key[1])).to_be_visible()
    owner.check("keys")
    owner.check_narrow("keys")
    alias = aws.unique("made")
    page.get_by_role("button", name="Create a key").click()
    dialog(page).get_by_label("Alias").fill(alias)
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text(f"alias/{alias}")).to_be_visible()
    assert clients.kms.describe_key(KeyId=f"alias/{alias}")["KeyMetadata"]["Enabled"]


def test_a_keys_life(owner, clients, key):
    """Rotation, aliases, disabling, and a deletion that is thought better of."""
    page = owner.open(f"/keys/{key[0]}")
    expect(page.get_by_role("region", name="Policy of the key")).to_contain_text("kms:*")
    page.get_by_role("button", name="Rotate now").click()
    expect(page.get_by_text("The key has new material")).to_be_visible()
    assert len(clients.kms.list_key_rotations(KeyId=key[0])["Rotations"]) == 1
    page.get_by_label("Rotates by itself").click()
    expect(page.get_by_text("365 days")).to_be_visible()
    assert clients.kms.get_key_rotation_status(KeyId=key[0])["KeyRotationEnabled"]
    owner.check("key")
    owner.check_narrow("key")
    page.get_by_role("button", name=f"Delete alias/{key[1]}").click()
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text("None: it is used by its ID")).to_be_visible()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Disable").click()
    dialog(page).get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
    assert state_of(clients, key[0]) == "Disabled"
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Enable").click()
    expect(page.get_by_text("Enabled", exact=True)).to_be_visible()


def test_deletion_with_care(owner, clients, key):
    page = owner.open(f"/keys/{key[0]}")
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Schedule deletion").click()
    go = dialog(page).get_by_role("button", name="Schedule deletion")
    assert go.is_disabled()
    dialog(page).get_by_label("Days to wait").fill("3")
    dialog(page).get_by_label("to go on").fill(key[0])
    expect(dialog(page).get_by_text("A whole number from 7 to 30")).to_be_visible()
    assert go.is_disabled()
    dialog(page).get_by_label("Days to wait").fill("7")
    owner.check("key-deletion")
    go.click()
    expect(page.get_by_text("This key is going to be deleted")).to_be_visible()
    assert state_of(clients, key[0]) == "PendingDeletion"
    owner.check("key-pending")
    page.get_by_role("button", name="Cancel the deletion").click()
    expect(page.get_by_text("This key is going to be deleted")).to_be_hidden()
    assert state_of(clients, key[0]) == "Disabled"


def test_audit(owner, server, clients):
    """Who was refused what: found by a filter in the address, and told whole."""
    name, credentials = people.make_user(clients.iam, name=aws.unique("mallory"))
    with pytest.raises(Exception, match="AccessDenied"):
        people.client_of_key(server, "sagemaker", credentials).list_models()

    def recorded():
        return clients.cloudtrail.lookup_events(LookupAttributes=[
            {"AttributeKey": "Username", "AttributeValue": name}])["Events"]
    event = aws.wait_until(recorded, 60)[0]
    page = owner.open("/audit")
    expect(page.get_by_role("table", name="Audit").get_by_role("link")).not_to_have_count(0)
    owner.check("audit")
    owner.check_narrow("audit")
    page.get_by_label("Attribute", exact=True).first.click()
    page.get_by_role("option", name="Username").click()
    expect(page.get_by_role("button", name="Attribute Username")).to_be_visible()
    page.get_by_role("searchbox", name="Its value").fill(name)
    expect(page.locator("table tbody tr")).to_have_count(1)
    assert f"value={name}" in page.url
    expect(page.locator("table tbody tr")).to_contain_text("AccessDenied")
    page.get_by_role("link", name="ListModels").click()
    whole = page.get_by_role("region", name="The whole event")
    expect(whole).to_contain_text(event["EventId"])
    expect(whole).to_contain_text(json.loads(event["CloudTrailEvent"])["requestID"])
    owner.check("audit-event")
    owner.check_narrow("audit-event")
    page.get_by_role("link", name=f"All of {name}").click()
    expect(page.get_by_role("link", name="ListModels")).to_be_visible()
