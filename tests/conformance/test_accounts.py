"""Several accounts on one server: made by its owner, and unable to see each other."""

import aws
import people
import pytest
from botocore.exceptions import ClientError
from clary_server import ClaryServer
from people import Account, allow, clary, code_of, make_user, policy, trust


@pytest.fixture(scope="module")
def account(server):
    return Account(server)


@pytest.fixture(scope="module")
def other(server):
    return Account(server)


def test_accounts_are_listed(server, account):
    """The default account is always there."""
    rows = {line.split()[0]: line for line in clary(server, "account", "list").splitlines()}
    assert account.name in rows[account.id] and "default" in rows["000000000000"]


def test_root_of_an_account(account):
    """The key that `clary account key` prints is the account's root."""
    who = account.client("sts").get_caller_identity()
    assert who["Arn"] == f"arn:aws:iam::{account.id}:root" and who["Account"] == account.id
    assert account.client("iam").get_user()["User"]["Arn"] == who["Arn"]


def test_names_and_ids_are_taken_once(server, account):
    for arguments in ([account.name], [aws.unique(), "--id", account.id],
                      [aws.unique(), "--id", "12"]):
        done = clary(server, "account", "create", *arguments, check=False)
        assert done.returncode == 1 and "account" in done.stderr


def test_a_key_that_tools_have_already(server):
    """Who moves from another system keeps the key; its secret comes over standard input."""
    key, secret = "OLDKEY" + aws.unique()[-12:].upper(), "s" * 40
    clary(server, "account", "create", aws.unique("moved"), "--access-key-id", key,
          stdin=secret + "\n")
    arn = people.client(server, "sts", key, secret).get_caller_identity()["Arn"]
    assert arn.endswith(":root")
    again = clary(server, "account", "create", aws.unique("moved"), "--access-key-id", key,
                  "--secret-key", secret, check=False)
    assert again.returncode == 1 and "in use" in again.stderr


def test_the_side_route_is_the_owners(server):
    """Without the token of the data folder it is not there."""
    import urllib.error
    import urllib.request
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer " + "0" * 64}):
        request = urllib.request.Request(server.url + "/_clary/owner", headers=headers,
                                         data=b'{"do":"account-list"}')
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(urllib.error.HTTPError) as error:
            opener.open(request, timeout=10)
        assert error.value.code == 404


def test_commands_without_a_server():
    """The same commands work on a folder that no server has."""
    server = ClaryServer()
    try:
        made = clary(server, "account", "create", "research", "--id", "111122223333")
        assert "111122223333" in made
        key = dict(line.split("=", 1)
                   for line in clary(server, "account", "key", "111122223333").splitlines())
        server.start()
        sts = people.client(server, "sts", key["AWS_ACCESS_KEY_ID"],
                            key["AWS_SECRET_ACCESS_KEY"])
        assert sts.get_caller_identity()["Account"] == "111122223333"
        assert "research" in clary(server, "account", "list")
    finally:
        server.remove()


def test_iam_is_each_accounts_own(account, other):
    """The same names in two accounts are two things."""
    mine, theirs = account.client("iam"), other.client("iam")
    name = aws.unique("same")
    first, second = (c.create_user(UserName=name)["User"] for c in (mine, theirs))
    assert first["Arn"] != second["Arn"] and first["UserId"] != second["UserId"]
    arn = mine.create_policy(PolicyName=name,
                             PolicyDocument=policy(allow("s3:*")))["Policy"]["Arn"]
    key = mine.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    for call, arguments in ((theirs.get_policy, {"PolicyArn": arn}),
                            (theirs.attach_user_policy, {"UserName": name, "PolicyArn": arn}),
                            (theirs.delete_access_key, {"UserName": name, "AccessKeyId": key}),
                            (theirs.get_access_key_last_used, {"AccessKeyId": key})):
        with pytest.raises(ClientError) as error:
            call(**arguments)
        assert code_of(error) in ("NoSuchEntity", "AccessDenied")


def test_documents_and_logs_are_each_accounts_own(account, other):
    """SageMaker's resources, log groups and metrics of one account are not there for another."""
    name = aws.unique("group")
    account.client("sagemaker").create_experiment(ExperimentName=name)
    found = other.client("sagemaker").list_experiments()["ExperimentSummaries"]
    assert name not in {e["ExperimentName"] for e in found}
    with pytest.raises(ClientError):
        other.client("sagemaker").describe_experiment(ExperimentName=name)
    account.client("logs").create_log_group(logGroupName=f"/test/{name}")
    groups = other.client("logs").describe_log_groups(logGroupNamePrefix="/test/")["logGroups"]
    assert f"/test/{name}" not in {g["logGroupName"] for g in groups}
    account.client("cloudwatch").put_metric_data(
        Namespace=name, MetricData=[{"MetricName": "m", "Value": 1}])
    assert other.client("cloudwatch").list_metrics(Namespace=name)["Metrics"] == []


def test_buckets_are_each_accounts_own(account, other):
    """A bucket's name is everybody's, what is in it its account's."""
    mine, theirs, name = account.client("s3"), other.client("s3"), aws.unique("bucket")
    mine.create_bucket(Bucket=name)
    mine.put_object(Bucket=name, Key="k", Body=b"mine")
    assert name not in {b["Name"] for b in theirs.list_buckets()["Buckets"]}
    for call, arguments in ((theirs.get_object, {"Key": "k"}), (theirs.list_objects_v2, {}),
                            (theirs.put_object, {"Key": "k", "Body": b"theirs"}),
                            (theirs.delete_bucket, {})):
        with pytest.raises(ClientError) as error:
            call(Bucket=name, **arguments)
        assert code_of(error) == "AccessDenied"
    assert mine.get_object(Bucket=name, Key="k")["Body"].read() == b"mine"
    aws.empty_bucket(mine, name)


def test_roles_across_accounts(server, account, other):
    """Both sides have to agree: the role's trust and the caller's policy."""
    role = aws.unique("Shared")
    arn = account.client("iam").create_role(
        RoleName=role, AssumeRolePolicyDocument=trust({"AWS": other.id}))["Role"]["Arn"]
    for allowed in (False, True):
        statements = [allow("sts:AssumeRole", arn)] if allowed else []
        _, key = make_user(other.client("iam"), *statements)
        sts = people.client_of_key(server, "sts", key)
        if allowed:
            credentials = sts.assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
            who = people.client_of_key(server, "sts", credentials).get_caller_identity()
            assert who["Account"] == account.id
        else:
            with pytest.raises(ClientError) as error:
                sts.assume_role(RoleArn=arn, RoleSessionName="me")
            assert code_of(error) == "AccessDenied"
    _, stranger = make_user(account.client("iam"), allow("sts:AssumeRole"))
    with pytest.raises(ClientError):
        people.client_of_key(server, "sts", stranger).assume_role(RoleArn=arn, RoleSessionName="me")


def test_an_alias_belongs_to_one_account(account, other):
    alias = aws.unique("alias")
    account.client("iam").create_account_alias(AccountAlias=alias)
    assert account.client("iam").list_account_aliases()["AccountAliases"] == [alias]
    with pytest.raises(ClientError) as error:
        other.client("iam").create_account_alias(AccountAlias=alias)
    assert code_of(error) == "EntityAlreadyExists"
    account.client("iam").delete_account_alias(AccountAlias=alias)
