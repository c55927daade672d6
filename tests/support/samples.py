"""Smallest valid input of any operation, made from its service model."""

import datetime
import re
import uuid

# Members whose value the shape alone does not tell.
KNOWN = {
    "RoleArn": "arn:aws:iam::000000000000:role/ClaryExecutionRole",
    "ExecutionRoleArn": "arn:aws:iam::000000000000:role/ClaryExecutionRole",
    "ExecutionRole": "arn:aws:iam::000000000000:role/ClaryExecutionRole",
    "InstanceType": "ml.m5.large",
    "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
    "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
    "ImageUri": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
    "BaseImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
    "SourceUri": "s3://bucket/source",
    "ScheduleExpression": "cron(0 * ? * * *)",
    "PipelineDefinition": '{"Version": "2020-12-01", "Steps": []}',
    "Content": "{}",
    "GitConfig": {"RepositoryUrl": "https://example.com/repository.git"},
    "RepositoryUrl": "https://example.com/repository.git",
    "SubnetIds": ["subnet-0123456789"],
    "Subnets": ["subnet-0123456789"],
    "SecurityGroupIds": ["sg-0123456789"],
    "VpcId": "vpc-0123456789",
}


def unique_name():
    return "t-" + uuid.uuid4().hex[:10]


def string(shape, member):
    if shape.enum:
        return shape.enum[0]
    if re.search(r"(S3|Artifact).*(Uri|Path|Url)$|^S3Uri$|OutputPath$", member):
        return "s3://bucket/prefix"
    if member.endswith("Arn"):
        kind = re.sub(r"(?<!^)([A-Z])", r"-\1", member[:-3]).lower()
        return f"arn:aws:sagemaker:us-east-1:000000000000:{kind}/t"
    if member.endswith(("Url", "Uri")):
        return "https://example.com/x"
    pattern = shape.metadata.get("pattern", "")
    for candidate in (unique_name(), "t" + uuid.uuid4().hex[:10], "1.0", "1", "2020-01-01",
                      "s3://bucket/prefix", "https://example.com/x", "{}", "user@example.com",
                      "arn:aws:iam::000000000000:role/ClaryExecutionRole", "/opt/ml/x"):
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 10**9)
        try:
            fits = not pattern or re.fullmatch(pattern, candidate)
        except re.error:
            fits = True
        if fits and low <= len(candidate) <= high:
            return candidate
    return unique_name()


def value(shape, member, depth=0):
    if member in KNOWN and isinstance(KNOWN[member], str) == (shape.type_name == "string"):
        return KNOWN[member]
    kind = shape.type_name
    if kind == "structure":
        members = list(shape.required_members)
        if getattr(shape, "is_tagged_union", False) and not members:
            members = [next(iter(shape.members))]
        return {name: value(shape.members[name], name, depth + 1) for name in members}
    if kind == "list":
        return [value(shape.member, member.rstrip("s"), depth + 1)] * max(
            1, shape.metadata.get("min", 0))
    if kind == "map":
        return {"k": value(shape.value, member, depth + 1)} if shape.metadata.get("min") else {}
    if kind == "string":
        return string(shape, member)
    if kind in ("integer", "long", "float", "double"):
        return max(1, shape.metadata.get("min", 1))
    if kind == "timestamp":
        return datetime.datetime(2024, 1, 1)
    return {"boolean": False, "blob": b"x"}.get(kind, "x")


def minimal_input(operation):
    """Only what the model requires."""
    return value(operation.input_shape, "") if operation.input_shape else {}
