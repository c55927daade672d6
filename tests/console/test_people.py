"""Users, roles, policies and decisions in the browser."""

import json
import re

import aws
import people
import pytest
from playwright.sync_api import expect

PASSWORD = "Correct-Horse-7"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
DENY = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/secret/*"}


@pytest.fixture
def user(clients):
    """A user with an inline policy of two statements and AWS's reading policy."""
    name, _ = people.make_user(clients.iam, READ, DENY, name=aws.unique("ann"))
    clients.iam.attach_user_policy(
        UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerReadOnly")
    return name


def dialog(page):
    return page.get_by_role("dialog")


def test_a_user_from_nothing_to_signing_in(owner, clients, console):
    """Created with a policy, given a password, and in with it: as an administrator would."""
    name = aws.unique("bob")
    page = owner.open("/users")
    page.get_by_role("button", name="Create a user").click()
    dialog(page).get_by_label("User name").fill(name)
    dialog(page).get_by_role("button", name=re.compile("Choose policies|Policies")).click()
    page.get_by_label("Find a policy").fill("SageMakerReadOnly")
    page.get_by_role("option", name="AmazonSageMakerReadOnly").click()
    page.keyboard.press("Escape")
    owner.check("user-create")
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_text("AmazonSageMakerReadOnly").first).to_be_visible()
    page.get_by_role("tab", name="Password and keys").click()
    page.get_by_role("button", name="Set a password").click()
    dialog(page).get_by_label("New password").fill("short")
    dialog(page).get_by_role("button", name="Set the password").click()
    expect(dialog(page).get_by_text("does not conform to the account password policy")).to_be_visible()
    dialog(page).get_by_label("New password").fill(PASSWORD)
    dialog(page).get_by_text("Has to be changed at the next sign-in").click()
    dialog(page).get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("can sign in with the new password")).to_be_visible()
    owner.context.clear_cookies()
    page.evaluate("sessionStorage.clear()")
    console.sign_in(name, PASSWORD)
    expect(page.get_by_role("button", name=name)).to_be_visible()


def test_access_keys_are_shown_once(owner, server, clients, user):
    page = owner.open(f"/users/{user}?tab=access")
    page.get_by_role("button", name="Create an access key").click()
    dialog(page).get_by_role("button", name="Show").click()
    code = dialog(page).get_by_role("region", name="For the shell").inner_text()
    made = dict(re.findall(r"export (\w+)=(\S+)", code))
    mine = people.client(server, "sts", made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"])
    assert mine.get_caller_identity()["Arn"].endswith(f"/{user}")
    dialog(page).get_by_role("button", name="I have kept it").click()
    expect(dialog(page)).to_have_count(0)
    assert made["AWS_SECRET_ACCESS_KEY"] not in page.content()
    owner.check("user-access")
    page.get_by_role("button", name="Deactivate " + made["AWS_ACCESS_KEY_ID"]).click()
    expect(page.get_by_role("button", name="Activate " + made["AWS_ACCESS_KEY_ID"])).to_be_visible()
    with pytest.raises(Exception, match="InvalidClientTokenId"):
        mine.get_caller_identity()
    page.get_by_role("button", name="Delete " + made["AWS_ACCESS_KEY_ID"]).click()
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text(made["AWS_ACCESS_KEY_ID"])).to_have_count(0)


def test_policies_of_a_user(owner, clients, user):
    """Documents in colours; attaching, writing, detaching; deleting the whole user."""
    page = owner.open("/users?name=" + user)
    expect(page.locator("table tbody tr")).to_have_count(1)
    owner.check("users")
    owner.check_narrow("users")
    page.get_by_role("link", name=user).click()
    page.get_by_role("button", name=re.compile("^inline")).click()
    document = page.get_by_role("region", name="Document of inline")
    expect(document).to_contain_text('"arn:aws:s3:::data/secret/*"')
    owner.check("user")
    owner.check_narrow("user")
    page.get_by_role("button", name="Write a policy").click()
    dialog(page).get_by_label("Name").fill("more")
    dialog(page).get_by_label("Document").fill("{")
    expect(dialog(page).get_by_text("No JSON")).to_be_visible()
    dialog(page).get_by_label("Document").fill(people.policy(people.allow("sqs:*")))
    dialog(page).get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Edit more")).to_be_visible()
    assert "more" in clients.iam.list_user_policies(UserName=user)["PolicyNames"]
    page.get_by_role("button", name="Detach AmazonSageMakerReadOnly").click()
    dialog(page).get_by_role("button", name="Detach").click()
    expect(page.get_by_role("button", name="Detach AmazonSageMakerReadOnly")).to_have_count(0)
    page.get_by_role("button", name="Delete", exact=True).click()
    assert dialog(page).get_by_role("button", name="Delete").is_disabled()
    dialog(page).get_by_label(f'Type "{user}" to go on').fill(user)
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"{user} is deleted")).to_be_visible()
    assert user not in [one["UserName"] for one in clients.iam.list_users()["Users"]]


def test_a_role_and_who_may_take_it(owner, clients):
    name = aws.unique("trainer")
    page = owner.open("/roles")
    expect(page.get_by_role("heading", name="Roles", level=1)).to_be_visible()
    owner.check("roles")
    page.get_by_role("button", name="Create a role").click()
    dialog(page).get_by_label("Role name").fill(name)
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    page.get_by_role("tab", name="Trust").click()
    expect(page.get_by_role("region", name="Trust policy")).to_contain_text("sagemaker.amazonaws.com")
    owner.check("role-trust")
    owner.check_narrow("role-trust")
    page.get_by_role("button", name="Edit").click()
    dialog(page).get_by_label("Document").fill(people.trust({"Service": "lambda.amazonaws.com"}))
    dialog(page).get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="Trust policy")).to_contain_text("lambda.amazonaws.com")
    trust = clients.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog(page).get_by_label(f'Type "{name}" to go on').fill(name)
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"The role {name} is deleted")).to_be_visible()


def test_policies_and_their_versions(owner, clients):
    """A policy of the account: written, changed, its earlier version looked at, deleted."""
    name = aws.unique("readers")
    page = owner.open("/policies")
    expect(page.get_by_role("link", name="AmazonSageMakerFullAccess")).to_be_visible()
    owner.check("policies")
    owner.check_narrow("policies")
    page.get_by_role("button", name="Create a policy").click()
    dialog(page).get_by_label("Name").fill(name)
    dialog(page).get_by_label("Document").fill(people.policy(READ))
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    document = page.get_by_role("region", name=f"Document of {name}")
    expect(document).to_contain_text("s3:GetObject")
    page.get_by_role("button", name="Edit").click()
    dialog(page).get_by_label("Document").fill(people.policy(people.allow("s3:ListBucket")))
    dialog(page).get_by_role("button", name="Save").click()
    expect(document).to_contain_text("s3:ListBucket")
    owner.check("policy")
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog(page).get_by_label(f'Type "{name}" to go on').fill(name)
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"The policy {name} is deleted")).to_be_visible()
    owner.open("/policies/" + "arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FAmazonSageMakerReadOnly")
    expect(page.get_by_role("region", name="Document of AmazonSageMakerReadOnly")).to_contain_text("sagemaker:")


def test_a_decision_explained(owner, clients, user):
    """Which statement of which policy allows or denies, as SimulatePrincipalPolicy says it."""
    arn = clients.iam.get_user(UserName=user)["User"]["Arn"]
    page = owner.open(f"/users/{user}")
    page.locator("a[href*='decisions?principal']").click()
    expect(page.get_by_role("combobox", name="Who")).to_have_value(arn)
    page.get_by_label("Actions").fill("s3:GetObject\ns3:PutObject")
    page.get_by_label("Resources").fill("arn:aws:s3:::data/a\narn:aws:s3:::data/secret/b")
    page.get_by_role("button", name="Explain", exact=True).click()
    rows = page.get_by_role("table", name="Decisions").locator("tbody tr")
    expect(rows).to_have_count(4)
    for row, words in enumerate((["data/a", "Allowed", "by inline"], ["data/secret/b", "Denied by a statement"],
                                 ["s3:PutObject", "nothing allows it"], ["nothing allows it"])):
        for word in words:
            expect(rows.nth(row)).to_contain_text(word)
    marked = page.get_by_role("region", name="Document of inline").locator(".marked")
    text = "\n".join(marked.all_inner_texts())
    assert '"Allow"' in text and '"Deny"' in text and "2012-10-17" not in text
    marked.first.scroll_into_view_if_needed()
    owner.check("decisions")
    owner.check_narrow("decisions")
    page.reload()
    expect(rows).to_have_count(4)


def test_a_user_who_may_not(console, clients):
    """The pages say what is not allowed, and work as far as something is."""
    name = aws.unique("eve")
    iam = clients.iam
    iam.create_user(UserName=name)
    iam.create_login_profile(UserName=name, Password=PASSWORD)
    iam.put_user_policy(UserName=name, PolicyName="look", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [people.allow("iam:ListUsers")]}))
    page = console.sign_in(name, PASSWORD)
    expect(page.get_by_role("button", name=name)).to_be_visible()
    console.open("/users?name=" + name)
    page.get_by_role("link", name=name).click()
    expect(page.get_by_text("You may not do this: iam:GetUser")).to_be_visible()
    page.get_by_role("link", name="Explain the decision").click()
    arn = iam.get_user(UserName=name)["User"]["Arn"]
    expect(page.get_by_role("combobox", name="Who")).to_have_value(arn)
    expect(page.get_by_label("Actions")).to_have_value("iam:GetUser")
    expect(page.get_by_label("Resources")).to_have_value(arn)
    console.open("/policies")
    expect(page.get_by_text("You may not do this: iam:ListPolicies")).to_be_visible()
