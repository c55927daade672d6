"""Notebook instances with their JupyterLab, as boto3, the AWS CLI and a browser see them."""

import base64
import json
import os
import re

import aws
import notebooks
import pytest
from botocore.exceptions import ClientError
from clary_server import ClaryServer
from notebooks import Browser, needs_notebooks
from stored_bytes import files_below, with_text

# What no program has in it by itself.
MARKER = b"a line that only this notebook has 0.4711815"
FILE = "/home/ec2-user/SageMaker/kept.txt"


def refused(clients, operation, **input):
    with pytest.raises(ClientError) as raised:
        getattr(clients.sagemaker, operation)(**input)
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    return raised.value.response["Error"]["Message"]


@needs_notebooks
class TestRefusals:
    """Bad requests change nothing."""

    @pytest.mark.parametrize("member, value, words", [
        ("RoleArn", "arn:aws:iam::000000000000:role/nobody", "Could not assume role"),
        ("KmsKeyId", "alias/none", "cannot be used"),
        ("LifecycleConfigName", "none", "Unable to find Notebook Instance Lifecycle Config"),
        ("DefaultCodeRepository", "none", "Cannot find CodeRepository"),
        ("DirectInternetAccess", "Disabled", "SubnetId"),
        ("AcceleratorTypes", ["ml.eia1.medium"], "no longer available")])
    def test_what_does_not_exist_or_cannot_be(self, clients, member, value, words):
        name = aws.unique("lab")
        request = notebooks.request(clients, name) | {member: value}
        assert words in refused(clients, "create_notebook_instance", **request)
        assert notebooks.is_gone(clients, name)

    def test_one_that_is_not_there(self, clients):
        for operation in ("describe", "start", "stop", "delete", "update"):
            assert refused(clients, f"{operation}_notebook_instance",
                           NotebookInstanceName="nowhere") == "RecordNotFound"
        assert refused(clients, "create_presigned_notebook_instance_url",
                       NotebookInstanceName="nowhere") == "RecordNotFound"


def lifecycle(clients, **hooks):
    name = aws.unique("setup")
    clients.sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name,
        **{hook: [{"Content": base64.b64encode(script.encode()).decode()}]
           for hook, script in hooks.items()})
    return name


@pytest.fixture(scope="module")
def scripts(clients):
    return lifecycle(
        clients, OnCreate="echo created >> /home/ec2-user/SageMaker/hooks.txt; echo; echo making",
        OnStart="#!/bin/bash\nset -e\nsudo -u ec2-user -i <<'EOF'\n"
                "echo started >> /home/ec2-user/SageMaker/hooks.txt\necho starting >&2\nEOF\n")


@pytest.fixture(scope="module")
def key(clients):
    return clients.kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def name(clients, key, scripts):
    clients.iam.put_role_policy(
        RoleName=clients.role.rsplit("/", 1)[1], PolicyName=aws.unique("key"),
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Resource": key,
             "Action": ["kms:GenerateDataKey*", "kms:Decrypt"]}]}))
    with notebooks.created(clients, KmsKeyId=key, LifecycleConfigName=scripts,
                           Tags=[{"Key": "team", "Value": "churn"}]) as name:
        yield name


@needs_notebooks
class TestLife:
    """One instance, from its creation to its end."""

    def test_describe_and_lists_know_it(self, clients, name, key, scripts):
        found = notebooks.describe(clients, name)
        assert found["KmsKeyId"] == key and found["VolumeSizeInGB"] == 5
        assert found["Url"].endswith("/" + name) and "://" not in found["Url"]
        [listed] = clients.sagemaker.list_notebook_instances(
            NotebookInstanceLifecycleConfigNameContains=scripts[2:])["NotebookInstances"]
        assert listed["NotebookInstanceArn"] == found["NotebookInstanceArn"]
        assert clients.sagemaker.list_tags(ResourceArn=found["NotebookInstanceArn"])["Tags"] == [
            {"Key": "team", "Value": "churn"}]

    def test_its_kernel_is_the_role_and_knows_which_instance_it_is_in(self, clients, name):
        printed = Browser(clients, name).run("""
import boto3, json
print(boto3.client("sts").get_caller_identity()["Arn"])
with open("/opt/ml/metadata/resource-metadata.json") as file:
    name = json.load(file)["ResourceName"]
found = boto3.client("sagemaker").describe_notebook_instance(NotebookInstanceName=name)
print(name, found["RoleArn"])
""").splitlines()
        role = clients.role.rsplit("/", 1)[1]
        assert f":assumed-role/{role}/" in printed[0]
        assert printed[1] == f"{name} {clients.role}"

    def test_the_cli_waits_for_it_and_opens_it(self, name, run_program):
        asked = ["--notebook-instance-name", name]
        run_program("cli", "aws", "sagemaker", "wait", "notebook-instance-in-service", *asked)
        made = json.loads(run_program(
            "cli", "aws", "sagemaker", "create-presigned-notebook-instance-url", *asked,
            "--session-expiration-duration-in-seconds", "1800"))
        assert f"/{name}" in made["AuthorizedUrl"]

    def test_files_stay_when_it_is_stopped_and_are_on_disk_only_encrypted(self, clients, server,
                                                                         name):
        old = Browser(clients, name)
        old.run(f"""
import os
with open({FILE!r}, "w") as file:
    file.write({MARKER.decode()!r} * 1000)
    file.flush()
    os.fsync(file.fileno())
""")
        notebooks.stop(clients, name)
        os.sync()
        assert volumes_of(server), "where it should be looked for"
        assert with_text(server.data_dir, MARKER) == []
        notebooks.start(clients, name)
        assert old.ask("GET", f"{old.base}/api/status")[0] == 403, "its session ended"
        browser = Browser(clients, name)
        assert browser.run(f"print(open({FILE!r}).read())").strip() == MARKER.decode() * 1000
        hooks = browser.run("print(open('/home/ec2-user/SageMaker/hooks.txt').read())").split()
        assert hooks == ["created", "started", "started"]

    def test_its_log_is_in_cloudwatch(self, clients, name):
        def said(stream):
            events = clients.logs.get_log_events(logGroupName="/aws/sagemaker/NotebookInstances",
                                                 logStreamName=f"{name}/{stream}")
            return [event["message"] for event in events["events"]]
        aws.wait_until(lambda: any("Jupyter Server" in line for line in said("jupyter.log")), 30)
        assert said("LifecycleConfigOnCreate") == ["", "making"]
        assert said("LifecycleConfigOnStart")[0] == "starting"  # and once more at each start
        assert not any("starting" in line for line in said("jupyter.log"))

    def test_updates_wait_for_a_stop(self, clients, name):
        message = refused(clients, "update_notebook_instance", NotebookInstanceName=name,
                          VolumeSizeInGB=6)
        assert message.startswith("Status (InService) not in ([Stopped, Failed]). Unable to "
                                  "transition to (Updating) for Notebook Instance (arn:")

    def test_a_disabled_key_keeps_it_from_starting(self, clients, name, key):
        """Until it is enabled again; and what is changed meanwhile holds from then on."""
        notebooks.stop(clients, name)
        clients.kms.disable_key(KeyId=key)
        try:
            clients.sagemaker.start_notebook_instance(NotebookInstanceName=name)
            found = notebooks.wait(clients, name, "InService")
            assert found["NotebookInstanceStatus"] == "Failed"
            assert key in found["FailureReason"] and "disabled" in found["FailureReason"]
        finally:
            clients.kms.enable_key(KeyId=key)
        clients.sagemaker.update_notebook_instance(
            NotebookInstanceName=name, VolumeSizeInGB=6, DisassociateLifecycleConfig=True)
        found = notebooks.start(clients, name)
        assert found["VolumeSizeInGB"] == 6 and "FailureReason" not in found
        assert "NotebookInstanceLifecycleConfigName" not in found
        length, size = map(int, Browser(clients, name).run(f"""
import shutil
print(len(open({FILE!r}).read()), shutil.disk_usage({FILE!r}).total)
""").split())
        assert length == len(MARKER) * 1000
        assert 5.5 * 2 ** 30 < size < 6.5 * 2 ** 30

    def test_it_is_deleted_with_its_volume(self, clients, name, server):
        assert "not in ([Stopped, Failed])" in refused(clients, "delete_notebook_instance",
                                                       NotebookInstanceName=name)
        before = volumes_of(server)
        notebooks.delete(clients, name)
        assert len(volumes_of(server)) == len(before) - 1


def volumes_of(server):
    return [path for path, size in files_below(server.data_dir / "notebooks") if size > 2 ** 30]


@needs_notebooks
def test_a_script_that_fails_is_the_failure_reason(clients):
    name, scripts = aws.unique("lab"), lifecycle(clients, OnStart="echo on its way; exit 7")
    clients.sagemaker.create_notebook_instance(
        **notebooks.request(clients, name, LifecycleConfigName=scripts))
    found = notebooks.wait(clients, name, "InService")
    assert found["NotebookInstanceStatus"] == "Failed"
    assert re.search(r"OnStart.*exit code 7", found["FailureReason"]), found["FailureReason"]
    clients.sagemaker.delete_notebook_instance(NotebookInstanceName=name)
    aws.wait_until(lambda: notebooks.is_gone(clients, name), 60)


@needs_notebooks
def test_without_the_environment_it_says_what_to_do(tmp_path):
    """On a server whose table has no environment that could run notebooks."""
    table = tmp_path / "environments.toml"
    table.write_text('[[environment]]\nname = "notebook"\nimports = ["a_module_that_is_nowhere"]\n')
    server = ClaryServer(variables={"CLARY_ENVIRONMENTS_FILE": str(table)})
    server.start()
    try:
        clients = aws.Clients(server)
        clients.sagemaker.create_notebook_instance(**notebooks.request(clients, "lab"))
        found = notebooks.wait(clients, "lab", "InService")
        assert found["NotebookInstanceStatus"] == "Failed"
        assert "clary env-create notebook" in found["FailureReason"]
    finally:
        server.remove()


@needs_notebooks
def test_policies_decide_who_may_open_one(clients):
    """The URL is for principals whom a policy lets create it; nobody else learns anything."""
    user = aws.unique("reader")
    clients.iam.create_user(UserName=user)
    clients.iam.put_user_policy(UserName=user, PolicyName="look", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sagemaker:Describe*", "Resource": "*"}]}))
    key = clients.iam.create_access_key(UserName=user)["AccessKey"]
    other = clients.session.client(
        "sagemaker", endpoint_url=clients.server.url, verify=False,
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=None)
    with pytest.raises(ClientError) as raised:
        other.create_presigned_notebook_instance_url(NotebookInstanceName="any")
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
    with pytest.raises(ClientError) as raised:
        other.create_notebook_instance(**notebooks.request(clients, "any"))
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
