"""Users, groups, keys, passwords and what hangs on them, as boto3 sees them."""

import json
import time

import aws
import people
import pytest
from botocore.exceptions import ClientError
from people import allow, code_of, make_user, policy


@pytest.fixture(scope="module")
def iam(clients):
    return clients.iam


@pytest.fixture
def user(iam):
    name = aws.unique("user")
    iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "data"}])
    return name


def refused(call, code, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert code_of(error) == code, error.value
    return error.value.response["Error"]["Message"]


def test_a_users_life(iam):
    """Create, get, rename, list by path, delete: what every tool that manages people does."""
    name, path = aws.unique("user"), f"/{aws.unique('path')}/"
    made = iam.create_user(UserName=name, Path=path)["User"]
    assert made["Arn"].endswith(f":user{path}{name}") and made["UserId"].startswith("AIDA")
    assert iam.get_user(UserName=name)["User"]["Arn"] == made["Arn"]
    assert [u["UserName"] for u in iam.list_users(PathPrefix=path)["Users"]] == [name]
    refused(iam.create_user, "EntityAlreadyExists", UserName=name.upper())
    iam.update_user(UserName=name, NewUserName=name + "x")
    refused(iam.get_user, "NoSuchEntity", UserName=name)
    assert iam.get_user(UserName=name + "x")["User"]["UserId"] == made["UserId"]
    iam.delete_user(UserName=name + "x")
    refused(iam.delete_user, "NoSuchEntity", UserName=name + "x")


def test_users_in_pages(iam):
    path = f"/{aws.unique('paged')}/"
    names = sorted(aws.unique("user") for _ in range(5))
    for name in names:
        iam.create_user(UserName=name, Path=path)
    pages = iam.get_paginator("list_users").paginate(PathPrefix=path,
                                                     PaginationConfig={"PageSize": 2})
    assert [u["UserName"] for page in pages for u in page["Users"]] == names
    for name in names:
        iam.delete_user(UserName=name)


def test_keys_take_effect_at_once(server, iam, user):
    """A key signs in from its creation until it is deactivated or deleted, in that very moment."""
    key = iam.create_access_key(UserName=user)["AccessKey"]
    sts = people.client_of_key(server, "sts", key)
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{user}")
    which = {"UserName": user, "AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(Status="Inactive", **which)
    refused(sts.get_caller_identity, "InvalidClientTokenId")
    iam.update_access_key(Status="Active", **which)
    sts.get_caller_identity()
    iam.delete_access_key(**which)
    refused(sts.get_caller_identity, "InvalidClientTokenId")


def test_last_use_of_a_key(server, iam, user):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    unused = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert unused["AccessKeyLastUsed"]["ServiceName"] == "N/A"
    people.client_of_key(server, "sts", key).get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["UserName"] == user and used["AccessKeyLastUsed"]["ServiceName"] == "sts"
    assert abs(used["AccessKeyLastUsed"]["LastUsedDate"].timestamp() - time.time()) < 300


def test_two_keys_at_most(iam, user):
    for _ in range(2):
        iam.create_access_key(UserName=user)
    assert "AccessKeysPerUser: 2" in refused(iam.create_access_key, "LimitExceeded", UserName=user)
    assert len(iam.list_access_keys(UserName=user)["AccessKeyMetadata"]) == 2


def test_delete_conflicts(iam):
    """Everything that hangs on a user has to go before it does."""
    name, group, profile = aws.unique("user"), aws.unique("group"), aws.unique("Passw0rd")
    iam.create_user(UserName=name)
    iam.create_group(GroupName=group)
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    iam.create_login_profile(UserName=name, Password=profile)
    iam.add_user_to_group(UserName=name, GroupName=group)
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(allow("s3:*")))
    for undo in (lambda: iam.delete_access_key(UserName=name, AccessKeyId=key),
                 lambda: iam.delete_login_profile(UserName=name),
                 lambda: iam.remove_user_from_group(UserName=name, GroupName=group),
                 lambda: iam.detach_user_policy(UserName=name, PolicyArn=arn),
                 lambda: iam.delete_user_policy(UserName=name, PolicyName="p")):
        refused(iam.delete_user, "DeleteConflict", UserName=name)
        undo()
    iam.delete_user(UserName=name)
    iam.delete_group(GroupName=group)


def test_groups(iam, user):
    group = aws.unique("group")
    iam.create_group(GroupName=group)
    iam.add_user_to_group(UserName=user, GroupName=group)
    assert [u["UserName"] for u in iam.get_group(GroupName=group)["Users"]] == [user]
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName=user)["Groups"]] == [group]
    refused(iam.delete_group, "DeleteConflict", GroupName=group)
    iam.update_group(GroupName=group, NewGroupName=group + "x")
    assert [u["UserName"] for u in iam.get_group(GroupName=group + "x")["Users"]] == [user]
    iam.remove_user_from_group(UserName=user, GroupName=group + "x")
    iam.delete_group(GroupName=group + "x")


def test_entities_of_a_policy(iam, user):
    group, name = aws.unique("group"), aws.unique("policy")
    iam.create_group(GroupName=group)
    arn = iam.create_policy(PolicyName=name,
                            PolicyDocument=policy(allow("s3:GetObject")))["Policy"]["Arn"]
    iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn)
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [g["GroupName"] for g in entities["PolicyGroups"]] == [group]
    assert [u["UserName"] for u in entities["PolicyUsers"]] == [user]
    boundary = iam.get_user(UserName=user)["User"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == arn
    refused(iam.delete_policy, "DeleteConflict", PolicyArn=arn)
    iam.detach_group_policy(GroupName=group, PolicyArn=arn)
    iam.delete_user_permissions_boundary(UserName=user)
    iam.delete_policy(PolicyArn=arn)


@pytest.mark.parametrize("document, code", [
    ("{", "MalformedPolicyDocument"),
    (json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}),
     "MalformedPolicyDocument"),
    (policy(allow("s3:GetObject", ["arn:aws:s3:::" + "x" * 60] * 40)), "LimitExceeded")])
def test_documents_that_are_refused(iam, user, document, code):
    refused(iam.put_user_policy, code, UserName=user, PolicyName="p", PolicyDocument=document)


def test_account_details(iam, user):
    """GetAccountAuthorizationDetails is what auditors' tools read; every page once."""
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User"], PaginationConfig={"PageSize": 2})
    users = [u for page in pages for u in page["UserDetailList"]]
    mine = [u for u in users if u["UserName"] == user]
    assert len(mine) == 1 and mine[0]["Tags"] == [{"Key": "team", "Value": "data"}]
    summary = iam.get_account_summary()["SummaryMap"]
    assert summary["Users"] == len(users) and summary["AccessKeysPerUserQuota"] == 2


def test_policies_that_aws_manages(iam):
    """Those that SageMaker's users attach are there, and parse."""
    names = {p["PolicyName"] for page in iam.get_paginator("list_policies").paginate(Scope="AWS")
             for p in page["Policies"]}
    assert names >= {"AmazonSageMakerFullAccess", "AmazonSageMakerReadOnly", "AmazonS3FullAccess",
                     "AmazonS3ReadOnlyAccess", "AdministratorAccess", "PowerUserAccess",
                     "ReadOnlyAccess", "IAMFullAccess", "IAMReadOnlyAccess",
                     "CloudWatchLogsFullAccess", "CloudWatchFullAccess",
                     "AmazonSageMakerModelRegistryFullAccess",
                     "AmazonEC2ContainerRegistryFullAccess", "AWSKeyManagementServicePowerUser",
                     "IAMUserChangePassword"}
    for name in names - {"ViewOnlyAccess"}:
        found = iam.get_policy(PolicyArn=f"arn:aws:iam::aws:policy/{name}")["Policy"]
        version = iam.get_policy_version(PolicyArn=found["Arn"],
                                         VersionId=found["DefaultVersionId"])["PolicyVersion"]
        assert version["Document"]["Statement"]


def test_passwords(server, iam):
    """A login profile, the account's policy, and a user who changes the password."""
    name, key = make_user(iam, allow("iam:ChangePassword", "arn:aws:iam::*:user/${aws:username}"))
    refused(iam.create_login_profile, "PasswordPolicyViolation", UserName=name, Password="short")
    iam.create_login_profile(UserName=name, Password="First-Passw0rd", PasswordResetRequired=True)
    assert iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"]
    mine = people.client_of_key(server, "iam", key)
    refused(mine.change_password, "AccessDenied", OldPassword="wrong",
            NewPassword="Second-Passw0rd")
    mine.change_password(OldPassword="First-Passw0rd", NewPassword="Second-Passw0rd")
    assert not iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"]
    iam.delete_login_profile(UserName=name)
    refused(iam.get_login_profile, "NoSuchEntity", UserName=name)


def test_the_account_may_let_users_change_their_password(server):
    """AllowUsersToChangePassword is a right of its own, without a policy."""
    account = people.Account(server)
    iam = account.client("iam")
    name, key = make_user(iam)
    iam.create_login_profile(UserName=name, Password="First-Passw0rd")
    mine = people.client_of_key(server, "iam", key)
    passwords = {"OldPassword": "First-Passw0rd", "NewPassword": "Second-Passw0rd"}
    refused(mine.change_password, "AccessDenied", **passwords)
    iam.update_account_password_policy(AllowUsersToChangePassword=True, MinimumPasswordLength=12)
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 12
    refused(mine.change_password, "PasswordPolicyViolation", OldPassword="First-Passw0rd",
            NewPassword="Sh0rt-one")
    mine.change_password(**passwords)
    iam.delete_account_password_policy()
    refused(iam.get_account_password_policy, "NoSuchEntity")


def test_users_may_do_what_policies_say(server, iam):
    """The rights of a group, narrowed by a boundary."""
    name, key = make_user(iam)
    group = aws.unique("group")
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    mine = people.client_of_key(server, "iam", key)
    refused(mine.list_users, "AccessDenied")
    iam.add_user_to_group(UserName=name, GroupName=group)
    mine.list_users()
    refused(mine.create_group, "AccessDenied", GroupName=aws.unique("group"))
    iam.put_user_permissions_boundary(
        UserName=name, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    refused(mine.list_users, "AccessDenied")
    iam.delete_user_permissions_boundary(UserName=name)
    mine.list_users()
    iam.remove_user_from_group(UserName=name, GroupName=group)
    refused(mine.list_users, "AccessDenied")


def test_guessing_a_password_is_slowed_down(server, iam):
    name, key = make_user(iam, allow("iam:ChangePassword"))
    iam.create_login_profile(UserName=name, Password="First-Passw0rd")
    mine = people.client_of_key(server, "iam", key)
    codes = set()
    for _ in range(8):
        with pytest.raises(ClientError) as error:
            mine.change_password(OldPassword="guess", NewPassword="Second-Passw0rd")
        codes.add(code_of(error))
    assert codes == {"AccessDenied", "EntityTemporarilyUnmodifiable"}
    refused(mine.change_password, "EntityTemporarilyUnmodifiable", OldPassword="First-Passw0rd",
            NewPassword="Second-Passw0rd")


def test_instance_profiles(iam, clients):
    """Terraform and CDK make one with every role for machines."""
    name, role = aws.unique("profile"), clients.role.rsplit("/", 1)[1]
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    profile = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    assert [r["RoleName"] for r in profile["Roles"]] == [role]
    assert name in {p["InstanceProfileName"] for p in
                    iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]}
    refused(iam.delete_instance_profile, "DeleteConflict", InstanceProfileName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
    iam.delete_instance_profile(InstanceProfileName=name)


def test_service_linked_roles(iam):
    role = iam.create_service_linked_role(AWSServiceName="sagemaker.amazonaws.com",
                                          CustomSuffix=aws.unique("s")[-8:])["Role"]
    assert role["Path"] == "/aws-service-role/sagemaker.amazonaws.com/"
    refused(iam.delete_role, "UnmodifiableEntity", RoleName=role["RoleName"])
    task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
    status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    assert status["Status"] == "SUCCEEDED"
