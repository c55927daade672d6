"""Who may do what: users and roles with small policies, by real clients and real signatures."""

import json

import aws
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from clary_server import ClaryServer

OTHER = "222222222222"


def statement(action, resource="*", effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:TagSession"],
        **more}]})


class Caller:
    """Clients by service with one key."""

    def __init__(self, server, key, secret, token=None, region="us-east-1"):
        self.session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret,
                                     aws_session_token=token, region_name=region)
        self.url = server.url
        self.made = {}

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self.made:
            self.made[name] = self.session.client(
                name, endpoint_url=self.url, verify=False,
                config=Config(retries={"total_max_attempts": 1}, proxies={}))
        return self.made[name]


@pytest.fixture
def account(clients):
    return clients.sts.get_caller_identity()["Account"]


@pytest.fixture
def user(clients, server):
    """Makes users with an inline policy; answers their clients. Users go at the end."""
    made = []

    def make(document, boundary=None, **tags):
        name = aws.unique("user")
        more = {"PermissionsBoundary": boundary} if boundary else {}
        clients.iam.create_user(UserName=name, Tags=[{"Key": k, "Value": v}
                                                     for k, v in tags.items()], **more)
        made.append(name)
        if document:
            clients.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        key = clients.iam.create_access_key(UserName=name)["AccessKey"]
        caller = Caller(server, key["AccessKeyId"], key["SecretAccessKey"])
        caller.name = name
        return caller

    yield make
    for name in made:
        for key in clients.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            clients.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for one in clients.iam.list_user_policies(UserName=name)["PolicyNames"]:
            clients.iam.delete_user_policy(UserName=name, PolicyName=one)
        for group in clients.iam.list_groups_for_user(UserName=name)["Groups"]:
            clients.iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
        clients.iam.delete_user(UserName=name)


@pytest.fixture
def role(clients, server, account):
    """Makes roles with an inline policy that the account may assume."""
    made = []

    def make(document, principal=None):
        name = aws.unique("Role")
        arn = clients.iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=trust(principal or {"AWS": account}))["Role"]["Arn"]
        made.append(name)
        if document:
            clients.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
        return arn

    def session(arn, **more):
        given = clients.sts.assume_role(RoleArn=arn, RoleSessionName="test", **more)["Credentials"]
        return Caller(server, given["AccessKeyId"], given["SecretAccessKey"],
                      given["SessionToken"])

    make.session = session
    yield make
    for name in made:
        for one in clients.iam.list_role_policies(RoleName=name)["PolicyNames"]:
            clients.iam.delete_role_policy(RoleName=name, PolicyName=one)
        clients.iam.delete_role(RoleName=name)


def model_arn(account, name):
    return f"arn:aws:sagemaker:us-east-1:{account}:model/{name}"


def denied(call, **arguments):
    """The refusal's message; fails when the call is allowed or fails for another reason."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException"), error
    return error["Message"]


def passes(call, **arguments):
    """Whether the call gets past authorization, whatever becomes of it then."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"), \
            error.response["Error"]["Message"]


def test_nothing_is_allowed_by_default(user, account):
    """A user without policies; the message has AWS's words, which tools parse."""
    someone = user(None)
    arn = f"arn:aws:iam::{account}:user/{someone.name}"
    message = denied(someone.sagemaker.describe_model, ModelName="m")
    assert message == (
        f"User: {arn} is not authorized to perform: sagemaker:DescribeModel on resource: "
        f"{model_arn(account, 'm')} because no identity-based policy allows the "
        "sagemaker:DescribeModel action")
    denied(someone.iam.list_users)
    denied(someone.logs.describe_log_groups)
    denied(someone.cloudwatch.list_metrics)
    assert someone.sts.get_caller_identity()["Arn"] == arn


def test_status_codes(user):
    """JSON services answer AccessDeniedException with 400, query services AccessDenied with 403."""
    someone = user(None)
    for call, code, status in ((someone.sagemaker.list_models, "AccessDeniedException", 400),
                               (someone.iam.list_roles, "AccessDenied", 403)):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_resource_patterns(user, account):
    someone = user(policy(statement("sagemaker:DescribeModel", model_arn(account, "mine-*"))))
    passes(someone.sagemaker.describe_model, ModelName="mine-1")
    denied(someone.sagemaker.describe_model, ModelName="yours-1")
    denied(someone.sagemaker.delete_model, ModelName="mine-1")


def test_explicit_deny_wins(user, account):
    someone = user(policy(statement("*"),
                          statement("sagemaker:Describe*", model_arn(account, "secret"),
                                    "Deny")))
    passes(someone.sagemaker.describe_model, ModelName="other")
    message = denied(someone.sagemaker.describe_model, ModelName="secret")
    assert message.endswith("with an explicit deny in an identity-based policy")
    # The names of models differ in their ARNs by case no more than on AWS.
    denied(someone.sagemaker.describe_model, ModelName="SECRET")


def test_not_action_and_not_resource(user, account):
    someone = user(policy({"Effect": "Allow", "NotAction": ["iam:*", "sagemaker:Delete*"],
                           "NotResource": model_arn(account, "secret")}))
    passes(someone.sagemaker.describe_model, ModelName="m")
    denied(someone.sagemaker.describe_model, ModelName="secret")
    denied(someone.sagemaker.delete_model, ModelName="m")
    denied(someone.iam.list_users)


def test_variables(user, account):
    """${aws:username} and ${aws:PrincipalTag/...} make one policy fit everybody."""
    someone = user(policy(statement("sagemaker:*", model_arn(account, "${aws:username}-*")),
                          statement("sagemaker:*", model_arn(account,
                                                             "${aws:PrincipalTag/team}-*"))),
                   team="blue")
    passes(someone.sagemaker.describe_model, ModelName=f"{someone.name}-1")
    passes(someone.sagemaker.describe_model, ModelName="blue-1")
    denied(someone.sagemaker.describe_model, ModelName="red-1")


def test_groups(clients, user):
    someone = user(None)
    group = aws.unique("Group")
    clients.iam.create_group(GroupName=group)
    try:
        clients.iam.put_group_policy(GroupName=group, PolicyName="p",
                                     PolicyDocument=policy(statement("sagemaker:List*")))
        denied(someone.sagemaker.list_models)
        clients.iam.add_user_to_group(GroupName=group, UserName=someone.name)
        passes(someone.sagemaker.list_models)
        clients.iam.remove_user_from_group(GroupName=group, UserName=someone.name)
        denied(someone.sagemaker.list_models)
    finally:
        clients.iam.delete_group_policy(GroupName=group, PolicyName="p")
        clients.iam.delete_group(GroupName=group)


def test_changes_hold_at_once(clients, user):
    """No stale permission: the very next request knows."""
    someone = user(policy(statement("sagemaker:ListModels")))
    passes(someone.sagemaker.list_models)
    clients.iam.delete_user_policy(UserName=someone.name, PolicyName="p")
    denied(someone.sagemaker.list_models)
    clients.iam.attach_user_policy(UserName=someone.name,
                                   PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerReadOnly")
    passes(someone.sagemaker.list_models)
    clients.iam.detach_user_policy(UserName=someone.name,
                                   PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerReadOnly")
    denied(someone.sagemaker.list_models)


def test_permissions_boundary(clients, user):
    """A boundary allows nothing by itself and takes away what it does not name."""
    name = aws.unique("Boundary")
    arn = clients.iam.create_policy(PolicyName=name, PolicyDocument=policy(
        statement("sagemaker:*")))["Policy"]["Arn"]
    try:
        someone = user(policy(statement("*")), boundary=arn)
        passes(someone.sagemaker.list_models)
        message = denied(someone.logs.describe_log_groups)
        assert message.endswith(
            "because no permissions boundary allows the logs:DescribeLogGroups action")
        bounded = user(None, boundary=arn)
        denied(bounded.sagemaker.list_models)
        for one in (someone, bounded):
            clients.iam.delete_user_permissions_boundary(UserName=one.name)
    finally:
        clients.iam.delete_policy(PolicyArn=arn)


def test_session_policy(role):
    """AssumeRole with Policy can only take away."""
    arn = role(policy(statement("sagemaker:*")))
    whole = role.session(arn)
    passes(whole.sagemaker.list_models)
    passes(whole.sagemaker.list_endpoints)
    narrow = role.session(arn, Policy=policy(statement(["sagemaker:ListModels", "logs:*"])))
    passes(narrow.sagemaker.list_models)
    message = denied(narrow.sagemaker.list_endpoints)
    assert message.endswith("because no session policy allows the sagemaker:ListEndpoints action")
    denied(narrow.logs.describe_log_groups)


def test_session_tags(role):
    arn = role(policy(statement("sagemaker:List*", Condition={
        "StringEquals": {"aws:PrincipalTag/team": "blue"}})))
    passes(role.session(arn, Tags=[{"Key": "team", "Value": "blue"}]).sagemaker.list_models)
    denied(role.session(arn, Tags=[{"Key": "team", "Value": "red"}]).sagemaker.list_models)
    denied(role.session(arn).sagemaker.list_models)


def group_name():
    return aws.unique("group")


def test_tags_of_requests_and_resources(clients, user):
    """What is made must be tagged, and only what is tagged may be touched."""
    someone = user(policy(
        statement(["sagemaker:CreateModelPackageGroup", "sagemaker:AddTags"], Condition={
            "StringEquals": {"aws:RequestTag/team": "blue"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
        statement("sagemaker:Describe*", Condition={
            "StringEquals": {"aws:ResourceTag/team": "blue"}})))
    create = someone.sagemaker.create_model_package_group
    blue, red = {"Key": "team", "Value": "blue"}, {"Key": "team", "Value": "red"}
    mine, theirs = group_name(), group_name()
    denied(create, ModelPackageGroupName=mine)
    denied(create, ModelPackageGroupName=mine, Tags=[red])
    denied(create, ModelPackageGroupName=mine, Tags=[blue, {"Key": "more", "Value": "x"}])
    create(ModelPackageGroupName=mine, Tags=[blue])
    clients.sagemaker.create_model_package_group(ModelPackageGroupName=theirs, Tags=[red])
    someone.sagemaker.describe_model_package_group(ModelPackageGroupName=mine)
    denied(someone.sagemaker.describe_model_package_group, ModelPackageGroupName=theirs)
    for name in (mine, theirs):
        clients.sagemaker.delete_model_package_group(ModelPackageGroupName=name)


def test_tagging_needs_its_own_action(user):
    someone = user(policy(statement("sagemaker:CreateModelPackageGroup")))
    message = denied(someone.sagemaker.create_model_package_group,
                     ModelPackageGroupName=group_name(), Tags=[{"Key": "a", "Value": "b"}])
    assert "sagemaker:AddTags" in message


def test_conditions_on_the_input(user):
    """Instance types, network isolation and run time can be ruled by policy."""
    someone = user(policy(
        statement("sagemaker:CreateTrainingJob", Condition={
            "ForAllValues:StringLike": {"sagemaker:InstanceTypes": "ml.m5.*"},
            "Bool": {"sagemaker:NetworkIsolation": "true"},
            "NumericLessThanEquals": {"sagemaker:MaxRuntimeInSeconds": "600"}}),
        statement("iam:PassRole")))
    job = {"TrainingJobName": aws.unique("job"),
           "RoleArn": "arn:aws:iam::000000000000:role/NoSuchRole",
           "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
           "OutputDataConfig": {"S3OutputPath": "s3://none/out"},
           "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1,
                              "VolumeSizeInGB": 1},
           "StoppingCondition": {"MaxRuntimeInSeconds": 600},
           "EnableNetworkIsolation": True}
    train = someone.sagemaker.create_training_job
    passes(train, **job)
    denied(train, **job | {"EnableNetworkIsolation": False})
    denied(train, **job | {"StoppingCondition": {"MaxRuntimeInSeconds": 601}})
    denied(train, **job | {"ResourceConfig": job["ResourceConfig"] |
                           {"InstanceType": "ml.p4d.24xlarge"}})


def test_confused_deputy(clients, user, role, account):
    """Who may create jobs cannot lend them a role that he may not pass."""
    weak = role(None, {"Service": "sagemaker.amazonaws.com"})
    strong = role(policy(statement("*")), {"Service": "sagemaker.amazonaws.com"})
    someone = user(policy(
        statement("sagemaker:*"),
        statement("iam:PassRole", weak, Condition={
            "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}})))
    model = {"ModelName": aws.unique("model"), "PrimaryContainer": {"Image": "image"}}
    message = denied(someone.sagemaker.create_model, ExecutionRoleArn=strong, **model)
    assert f"iam:PassRole on resource: {strong}" in message
    passes(someone.sagemaker.create_model, ExecutionRoleArn=weak, **model)
    # A role of another account is nobody's to pass, not even the owner's.
    foreign = f"arn:aws:iam::{OTHER}:role/Admin"
    denied(someone.sagemaker.create_model, ExecutionRoleArn=foreign, **model)
    denied(clients.sagemaker.create_model, ExecutionRoleArn=foreign, **model)
    passes(clients.sagemaker.delete_model, ModelName=model["ModelName"])


def test_a_role_must_trust_sagemaker(clients, role):
    """That the service's name stands somewhere in the trust policy is not trust."""
    arn = role(None, {"Service": "lambda.amazonaws.com"})
    name = arn.rsplit("/", 1)[1]
    clients.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
             "Action": "sts:AssumeRole"},
            {"Effect": "Deny", "Principal": {"Service": "sagemaker.amazonaws.com"},
             "Action": "sts:AssumeRole"}]}))
    with pytest.raises(ClientError, match="Could not assume role"):
        clients.sagemaker.create_training_job(
            TrainingJobName=aws.unique("job"), RoleArn=arn,
            AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://none/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1,
                            "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 600})


def test_own_keys(user):
    """The policy that AWS recommends for users' own keys: no name given means oneself."""
    someone = user(policy(statement("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}")))
    other = user(None)
    assert len(someone.iam.list_access_keys()["AccessKeyMetadata"]) == 1
    denied(someone.iam.list_access_keys, UserName=other.name)
    denied(other.iam.list_access_keys)


def test_paths_are_part_of_roles(clients, user, account):
    """A role is named without its path, and its ARN has one."""
    name = aws.unique("Role")
    clients.iam.create_role(RoleName=name, Path="/team/", AssumeRolePolicyDocument=trust(
        {"AWS": account}))
    try:
        inside = user(policy(statement("iam:GetRole", f"arn:aws:iam::{account}:role/team/*")))
        outside = user(policy(statement("iam:GetRole", f"arn:aws:iam::{account}:role/other/*")))
        inside.iam.get_role(RoleName=name)
        denied(outside.iam.get_role, RoleName=name)
    finally:
        clients.iam.delete_role(RoleName=name)


def test_simulation_explains(clients, role):
    """Which statement of which policy decides, and where it stands."""
    document = ('{"Version":"2012-10-17",\n'
                '"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},\n'
                '  {"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}]}')
    arn = role(document)
    found = clients.iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:DeleteObject", "iam:GetRole"],
        ResourceArns=["arn:aws:s3:::data/x"])["EvaluationResults"]
    assert [one["EvalDecision"] for one in found] == ["allowed", "explicitDeny", "implicitDeny"]
    allowed, refused = found[0]["MatchedStatements"][0], found[1]["MatchedStatements"][0]
    assert allowed["SourcePolicyId"] == "p" and allowed["StartPosition"]["Line"] == 2
    assert refused["StartPosition"] == {"Line": 3, "Column": 3}
    assert found[2]["MatchedStatements"] == []


def test_simulation_is_the_real_decision(clients):
    """Boundary, resource policy and conditions take part as in a request."""
    simulate = clients.iam.simulate_custom_policy
    common = {"PolicyInputList": [policy(statement("s3:*", Condition={
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))],
        "ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::data/x"]}
    address = {"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip",
               "ContextKeyValues": ["10.1.1.1"]}

    def decision(**more):
        return simulate(**common | more)["EvaluationResults"][0]

    assert decision()["EvalDecision"] == "implicitDeny"
    assert decision()["MissingContextValues"] == ["aws:sourceip"]
    assert decision(ContextEntries=[address])["EvalDecision"] == "allowed"
    bounded = decision(ContextEntries=[address], PermissionsBoundaryPolicyInputList=[
        policy(statement("kms:*"))])
    assert bounded["EvalDecision"] == "implicitDeny"
    assert bounded["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    refused = decision(
        ContextEntries=[address], CallerArn="arn:aws:iam::000000000000:user/ann",
        ResourcePolicy=policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                               "Resource": "*"}))
    assert refused["EvalDecision"] == "explicitDeny"


@pytest.fixture(scope="module")
def two_accounts():
    """A server of its own, and the owners of two accounts on it."""
    server = ClaryServer(arguments=["--account-id", OTHER])
    server.start()
    other = dict(server.exported)
    server.stop()
    server.arguments = []
    server.start()

    def owner(exported):
        return Caller(server, exported["AWS_ACCESS_KEY_ID"], exported["AWS_SECRET_ACCESS_KEY"])

    yield server, owner(server.exported), owner(other)
    server.remove()


def test_accounts_are_apart(two_accounts):
    """One account's owner sees nothing of the other, and names do not meet."""
    _, mine, theirs = two_accounts
    assert theirs.sts.get_caller_identity()["Account"] == OTHER
    name = aws.unique("group")
    made = mine.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    assert theirs.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    arn = made["ModelPackageGroupArn"]
    denied(theirs.sagemaker.list_tags, ResourceArn=arn)
    denied(theirs.sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    theirs.sagemaker.create_model_package_group(ModelPackageGroupName=name)


def test_no_way_up(user, role, account):
    """Who may not change policies cannot give himself more."""
    someone = user(policy(statement(["sagemaker:*", "iam:Get*", "iam:List*"])))
    mighty = role(policy(statement("*")))
    denied(someone.iam.put_user_policy, UserName=someone.name, PolicyName="more",
           PolicyDocument=policy(statement("*")))
    denied(someone.iam.attach_user_policy, UserName=someone.name,
           PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    denied(someone.iam.create_access_key, UserName="root")
    denied(someone.iam.update_assume_role_policy, RoleName=mighty.rsplit("/", 1)[1],
           PolicyDocument=trust({"AWS": account}))
    # The trust policy names the account, which leaves it to the user's own policies.
    denied(someone.sts.assume_role, RoleArn=mighty, RoleSessionName="up")


def test_roles_across_accounts(two_accounts):
    """A role lets another account in; that account's own policies say who of it may come."""
    server, mine, theirs = two_accounts
    name = aws.unique("Role")
    arn = mine.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(
        {"AWS": OTHER}))["Role"]["Arn"]
    mine.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(
        statement("sagemaker:ListModels")))

    def person(document):
        user = aws.unique("User")
        theirs.iam.create_user(UserName=user)
        theirs.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)
        key = theirs.iam.create_access_key(UserName=user)["AccessKey"]
        return Caller(server, key["AccessKeyId"], key["SecretAccessKey"])

    denied(person(policy(statement("sagemaker:*"))).sts.assume_role, RoleArn=arn,
           RoleSessionName="guest")
    given = person(policy(statement("sts:AssumeRole", arn))).sts.assume_role(
        RoleArn=arn, RoleSessionName="guest")["Credentials"]
    guest = Caller(server, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert guest.sts.get_caller_identity()["Account"] != OTHER
    passes(guest.sagemaker.list_models)
    denied(guest.sagemaker.list_endpoints)


def test_jobs_have_their_role_and_no_more(clients, role, churn, churn_channels):
    """The owner starts the job; what it may read and write is its role's alone."""
    service = {"Service": "sagemaker.amazonaws.com"}
    weak = role(policy(statement("logs:*")), service)
    job = aws.train(clients, churn, churn_channels, RoleArn=weak)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")
    assert "AccessDenied" in job["FailureReason"]
    reads = role(policy(statement("s3:ListBucket", f"arn:aws:s3:::{churn}"),
                        statement("s3:GetObject", f"arn:aws:s3:::{churn}/*")), service)
    job = aws.train(clients, churn, churn_channels, RoleArn=reads)
    assert job["TrainingJobStatus"] == "Failed" and "AccessDenied" in job["FailureReason"]
    enough = role(policy(statement("s3:ListBucket", f"arn:aws:s3:::{churn}"),
                         statement(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{churn}/*")),
                  service)
    job = aws.train(clients, churn, churn_channels, RoleArn=enough)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
