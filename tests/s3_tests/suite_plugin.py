"""A pytest plugin, loaded into the suite: leaves uncounted tests out, gives each pytest process its
own server, and notes how every test ended."""

import configparser
import json
import os
from pathlib import Path

import boto3
import botocore.auth
import pytest
from botocore.exceptions import ClientError

import areas

FILES = ("test_s3.py", "test_headers.py", "test_iam.py", "test_sts.py")
USERS_CHANGED_BY = ("test_iam.py", "test_sts.py")
ended = {}


def sign_in_python():
    """The AWS runtime is there for its checksums alone. Its signers, which botocore takes when it is
    there, choke on headers that the suite sets."""
    botocore.auth.AUTH_TYPE_MAPS.update({
        "v4": botocore.auth.SigV4Auth, "v4-query": botocore.auth.SigV4QueryAuth,
        "s3v4": botocore.auth.S3SigV4Auth, "s3v4-query": botocore.auth.S3SigV4QueryAuth})


def name_a_region():
    """Where the suite gives a client no region, it means its server's own; a signature needs one."""
    make = boto3.client

    def client(*arguments, **settings):
        if settings.get("region_name") == "":
            settings["region_name"] = "us-east-1"
        return make(*arguments, **settings)

    boto3.client = client


def pytest_configure(config):
    sign_in_python()
    name_a_region()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    os.environ["S3TEST_CONF"] = str(Path(os.environ["CLARY_S3_TESTS_RUN"]) / f"{worker}.conf")


def base_name(item):
    return getattr(item, "originalname", None) or item.name


def markers_of(item):
    return sorted({mark.name for mark in item.iter_markers()})


def pytest_collection_modifyitems(config, items):
    kept, left_out = [], []
    include = os.environ.get("CLARY_S3_TESTS_UNCOUNTED")
    for item in items:
        reason = areas.exclusion(base_name(item), markers_of(item))
        if item.path.name in FILES and (reason is None or include):
            kept.append(item)
        elif item.path.name != "test_utils.py":
            left_out.append((item.nodeid, reason or areas.exclusion("", {item.path.stem[5:]}) or "not S3"))
    # Last those that put policies on the suite's own users.
    items[:] = sorted(kept, key=lambda item: item.path.name in USERS_CHANGED_BY)
    if not os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        return
    out = Path(os.environ["CLARY_S3_TESTS_RUN"]) / "left_out.json"
    out.write_text(json.dumps(left_out))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """A test that failed half-way must not leave its policies to the tests after it."""
    if item.path.name not in USERS_CHANGED_BY:
        return
    suite = configparser.RawConfigParser()
    suite.read(os.environ["S3TEST_CONF"])
    iam = boto3.client("iam", region_name="us-east-1",
                       endpoint_url=f"http://{suite['DEFAULT']['host']}:{suite['DEFAULT']['port']}",
                       aws_access_key_id=suite["iam"]["access_key"],
                       aws_secret_access_key=suite["iam"]["secret_key"])
    user = suite["s3 alt"]["user_id"]
    try:
        for name in iam.list_user_policies(UserName=user)["PolicyNames"]:
            iam.delete_user_policy(UserName=user, PolicyName=name)
    except ClientError as error:
        print(f"policies of {user}: {error}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    report.clary_area = areas.area(item.path.stem, base_name(item), markers_of(item))
    report.clary_reason = ""
    if report.skipped and isinstance(report.longrepr, tuple):
        report.clary_reason = report.longrepr[2]
    elif report.failed and call.excinfo is not None:
        report.clary_reason = call.excinfo.exconly()


def pytest_runtest_logreport(report):
    """In the process that collects: one line a test, the worst of its phases."""
    known = ended.get(report.nodeid)
    outcome = report.outcome
    if report.when == "teardown" and outcome == "passed":
        if known is not None:
            known["seconds"] = round(known["seconds"] + report.duration, 2)
        return
    if known is not None and known["outcome"] == "failed":
        return
    if report.when == "setup" and outcome == "passed":
        return
    ended[report.nodeid] = {
        "outcome": outcome, "when": report.when, "area": getattr(report, "clary_area", ""),
        "reason": getattr(report, "clary_reason", ""), "seconds": round(report.duration, 2)}


def pytest_sessionfinish(session):
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    out = Path(os.environ["CLARY_S3_TESTS_RUN"]) / "ended.json"
    out.write_text(json.dumps(ended, indent=1))
