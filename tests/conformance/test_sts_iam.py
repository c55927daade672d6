"""STS and IAM, as far as clients need them to find and make a role."""

import json
import re
import urllib.parse

import aws
import pytest

TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole"}]}


@pytest.fixture
def role(clients):
    name = aws.unique("Role")
    made = clients.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST),
                                   Description="a test's")["Role"]
    yield made
    for policy in clients.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        clients.iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy in clients.iam.list_role_policies(RoleName=name)["PolicyNames"]:
        clients.iam.delete_role_policy(RoleName=name, PolicyName=policy)
    clients.iam.delete_role(RoleName=name)


def test_caller_is_an_assumed_role(clients):
    """get_execution_role() of the SageMaker SDKs rewrites this very form into a role ARN."""
    who = clients.sts.get_caller_identity()
    assert re.fullmatch(r"arn:aws:sts::\d{12}:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+", who["Arn"])
    assert who["Account"] == who["Arn"].split(":")[4] and ":" in who["UserId"]


def test_execution_role_is_ready(clients):
    """CLARY_ROLE_ARN exists in IAM, trusts SageMaker, and is the caller's."""
    name = clients.role.rsplit("/", 1)[1]
    role = clients.iam.get_role(RoleName=name)["Role"]
    assert role["Arn"] == clients.role
    assert "sagemaker.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])
    assert clients.sts.get_caller_identity()["Arn"].split("/")[1] == name


def test_create_and_get_role(clients, role):
    """The trust policy goes through URL encoding and comes back as it was."""
    got = clients.iam.get_role(RoleName=role["RoleName"])["Role"]
    assert got["AssumeRolePolicyDocument"] == TRUST and got["Arn"] == role["Arn"]
    assert got["RoleId"].startswith("AROA") and got["Path"] == "/"
    assert got["Description"] == "a test's"


def test_duplicate_and_missing_roles(clients, role):
    """EntityAlreadyExists and NoSuchEntity are what scripts branch on."""
    with pytest.raises(clients.iam.exceptions.EntityAlreadyExistsException):
        clients.iam.create_role(RoleName=role["RoleName"],
                                AssumeRolePolicyDocument=json.dumps(TRUST))
    with pytest.raises(clients.iam.exceptions.NoSuchEntityException):
        clients.iam.get_role(RoleName="no-such-role")


def test_malformed_trust_policy(clients):
    """A policy that is no JSON is refused at once."""
    with pytest.raises(clients.iam.exceptions.MalformedPolicyDocumentException):
        clients.iam.create_role(RoleName=aws.unique("Role"), AssumeRolePolicyDocument="{nonsense")


def test_policies_of_a_role(clients, role):
    """Attached and inline policies, added, listed and taken away."""
    name, managed = role["RoleName"], "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    clients.iam.attach_role_policy(RoleName=name, PolicyArn=managed)
    attached = clients.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonSageMakerFullAccess", "PolicyArn": managed}]
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    clients.iam.put_role_policy(RoleName=name, PolicyName="inline",
                                PolicyDocument=json.dumps(document))
    assert clients.iam.list_role_policies(RoleName=name)["PolicyNames"] == ["inline"]
    got = clients.iam.get_role_policy(RoleName=name, PolicyName="inline")["PolicyDocument"]
    assert (json.loads(urllib.parse.unquote(got)) if isinstance(got, str) else got) == document


def test_list_roles_in_pages(clients):
    """Consoles page through roles; every role appears once."""
    names = [aws.unique("Paged") for _ in range(5)]
    for name in names:
        clients.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    pages = clients.iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
    found = [role["RoleName"] for page in pages for role in page["Roles"]]
    assert set(names) <= set(found) and len(found) == len(set(found))
    for name in names:
        clients.iam.delete_role(RoleName=name)


def test_delete_role(clients):
    """A deleted role is gone, and deleting it again says so."""
    name = aws.unique("Role")
    clients.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    clients.iam.delete_role(RoleName=name)
    with pytest.raises(clients.iam.exceptions.NoSuchEntityException):
        clients.iam.delete_role(RoleName=name)


def test_simulate_principal_policy(clients):
    """SDK v3 asks this before it trains; the ready role is allowed."""
    results = clients.iam.simulate_principal_policy(
        PolicySourceArn=clients.role,
        ActionNames=["sagemaker:CreateTrainingJob", "s3:PutObject"])["EvaluationResults"]
    assert {r["EvalActionName"]: r["EvalDecision"] for r in results} == {
        "sagemaker:CreateTrainingJob": "allowed", "s3:PutObject": "allowed"}


def test_sdk_v3_finds_its_permissions(clients):
    """ModelTrainer refuses a role that may not make network interfaces, VPC or not."""
    wanted = ["ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission",
              "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"]
    results = clients.iam.simulate_principal_policy(
        PolicySourceArn=clients.role, ActionNames=wanted)["EvaluationResults"]
    assert {r["EvalDecision"] for r in results} == {"allowed"}
