"""Every kind of resource that is created, described, listed and deleted, one walk for each.

The input is the smallest that the service model allows; kinds whose meaning needs more have it in
MORE. An operation that is not built yet is skipped and named.
"""

import os
import re

import boto3
import pytest
import samples
from botocore.exceptions import ClientError

MODEL = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="x",
                     aws_secret_access_key="x").meta.service_model
OPERATIONS = set(MODEL.operation_names)

# Needs workloads, other resources or identities that this walk has not; their own tests do it.
ELSEWHERE = {
    "TrainingJob", "HyperParameterTuningJob", "ProcessingJob", "TransformJob", "LabelingJob",
    "CompilationJob", "AutoMLJob", "AutoMLJobV2", "Endpoint", "EndpointConfig", "InferenceComponent",
    "InferenceRecommendationsJob", "OptimizationJob", "MonitoringSchedule", "EdgePackagingJob",
    "NotebookInstance",
}


def more(clients, noun):
    """Members beyond the required ones that a kind needs, with what they refer to made."""
    name = samples.unique_name()
    if noun == "Model":
        return {"PrimaryContainer": {"Image": samples.KNOWN["Image"]}}
    if noun == "Trial":
        call(clients, "CreateExperiment", {"ExperimentName": name})
        return {"ExperimentName": name}
    if noun == "ModelPackage":
        call(clients, "CreateModelPackageGroup", {"ModelPackageGroupName": name})
        return {"ModelPackageGroupName": name}
    return {}


def plural(noun):
    for operation in (f"List{noun}s", f"List{noun}es", f"List{noun[:-1]}ies"):
        if operation in OPERATIONS:
            return operation
    return None


def nouns():
    found = []
    for operation in sorted(OPERATIONS):
        noun = operation.removeprefix("Create")
        if operation.startswith("Create") and f"Describe{noun}" in OPERATIONS:
            found.append(noun)
    return [noun for noun in found if noun not in ELSEWHERE]


def snake(operation):
    from botocore import xform_name
    return xform_name(operation)


def not_built(error):
    """Whether this is the answer of an operation that is in the model but not in our table."""
    return error.response["Error"]["Code"] == "UnsupportedOperationException"


def call(clients, operation, arguments):
    """Calls it; skips the test when it is not built."""
    try:
        return getattr(clients.sagemaker, snake(operation))(**arguments)
    except ClientError as error:
        if not_built(error):
            assert operation in str(error), f"the error does not name {operation}: {error}"
            pytest.skip(f"{operation} is not built")
        raise


def identify(noun, created, request):
    """Members that name the resource in Describe and Delete."""
    shape = MODEL.operation_model(f"Describe{noun}").input_shape
    names = {}
    for member in shape.required_members:
        for source in (request, created):
            if member in source:
                names[member] = source[member]
        if member not in names:
            arn = created.get(f"{noun}Arn") or next(
                (v for k, v in created.items() if k.endswith("Arn")), None)
            assert arn, f"nothing names {member} in {created}"
            whole = member.endswith("Arn") or noun == "ModelPackage"
            names[member] = arn if whole else arn.rsplit("/", 1)[-1]
    return names


@pytest.mark.parametrize("noun", nouns())
def test_walk(clients, noun):
    """Create, describe, list, describe again after delete."""
    create = MODEL.operation_model(f"Create{noun}")
    request = samples.minimal_input(create)
    request |= more(clients, noun)
    if "Tags" in create.input_shape.members and noun != "ModelPackage":
        request["Tags"] = [{"Key": "walk", "Value": noun}]
    created = call(clients, f"Create{noun}", request)
    created.pop("ResponseMetadata")
    names = identify(noun, created, request)

    described = call(clients, f"Describe{noun}", names)
    for member, value in names.items():
        if member in described:
            assert described[member] == value or noun == "ModelPackage"
    arn = next((v for k, v in created.items() if k.endswith("Arn")), None)
    if arn and f"{noun}Arn" in described:
        assert described[f"{noun}Arn"] == arn
        assert re.fullmatch(r"arn:aws:sagemaker:[\w-]+:\d{12}:[\w-]+/.+", arn)
    if arn and "Tags" in request:
        tags = call(clients, "ListTags", {"ResourceArn": arn})["Tags"]
        assert tags == request["Tags"]

    # Packages of a group are listed by group; without one SageMaker lists those of no group.
    listing = plural(noun) if noun != "ModelPackage" else None
    if listing and not MODEL.operation_model(listing).input_shape.required_members:
        pages = clients.sagemaker.get_paginator(snake(listing)).paginate() if (
            clients.sagemaker.can_paginate(snake(listing))) else [call(clients, listing, {})]
        try:
            text = "".join(str(page) for page in pages)
        except ClientError as error:
            assert not_built(error), error
            text = None
        if text is not None:
            assert any(str(v) in text for v in [*names.values(), arn] if v), listing

    if f"Delete{noun}" in OPERATIONS:
        shape = MODEL.operation_model(f"Delete{noun}").input_shape
        known = request | names
        wanted = {m: known[m] for m in shape.required_members or shape.members
                  if m in (known if shape.required_members else names)}
        call(clients, f"Delete{noun}", wanted)
        try:
            after = getattr(clients.sagemaker, snake(f"Describe{noun}"))(**names)
            status = next((v for k, v in after.items() if k.endswith("Status")), "")
            assert "elet" in str(status), f"{noun} is still there: {after}"
        except ClientError as error:
            assert error.response["Error"]["Code"] in (
                "ValidationException", "ResourceNotFound"), error


@pytest.mark.parametrize("noun", nouns())
def test_missing(clients, noun):
    """Describe of what is not there: ResourceNotFound or ValidationException, in the model's way."""
    request = samples.minimal_input(MODEL.operation_model(f"Describe{noun}"))
    with pytest.raises(ClientError) as error:
        call(clients, f"Describe{noun}", request)
    assert error.value.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound",
                                                     "ResourceNotFoundException")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def lists():
    return [name for name in sorted(OPERATIONS) if name.startswith("List")]


@pytest.mark.parametrize("operation", lists())
def test_list(clients, operation):
    """Every List answers an empty call with its list, respects MaxResults and refuses bad tokens."""
    model = MODEL.operation_model(operation)
    if model.input_shape.required_members:
        pytest.skip("needs members of its own")
    answer = call(clients, operation, {})
    wanted = [name for name, shape in model.output_shape.members.items()
              if shape.type_name == "list"]
    assert any(name in answer for name in wanted), f"{wanted} are missing in {list(answer)}"
    members = model.input_shape.members
    if "MaxResults" in members:
        page = call(clients, operation, {"MaxResults": 1})
        assert all(len(page.get(name, [])) <= 1 for name in wanted)
    if "NextToken" in members:
        with pytest.raises(ClientError) as error:
            call(clients, operation, {"NextToken": "nonsense"})
        assert error.value.response["Error"]["Code"] in ("ValidationException",
                                                         "InvalidNextToken")


def test_coverage_is_printed(clients, capsys):
    """How many operations of the model answer as built; for people to read, never a failure."""
    if not os.environ.get("CLARY_COVERAGE"):
        pytest.skip("set CLARY_COVERAGE to print it")
    missing = []
    for operation in sorted(OPERATIONS):
        unchecked = clients.client("sagemaker", parameter_validation=False)
        try:
            getattr(unchecked, snake(operation))(
                **samples.minimal_input(MODEL.operation_model(operation)))
        except ClientError as error:
            if not_built(error):
                missing.append(operation)
        except Exception:  # answered in a way that botocore cannot read: built, and another's test
            pass
    with capsys.disabled():
        print(f"\n{len(OPERATIONS) - len(missing)} of {len(OPERATIONS)} built")
        print("\n".join(missing))
