"""Clients of a server under test, and small things that tests do with them."""

import contextlib
import gzip
import io
import tarfile
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clary_server import CHURN, XGBOOST_IMAGE

ENDED = ("Completed", "Failed", "Stopped")


class Clients:
    """boto3 clients by service name, made once. `role` is the ready execution role."""

    def __init__(self, server):
        exported = server.exported
        self.server = server
        self.region = exported["AWS_DEFAULT_REGION"]
        self.role = exported["CLARY_ROLE_ARN"]
        self.session = boto3.Session(
            aws_access_key_id=exported["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=exported.get("AWS_SESSION_TOKEN"), region_name=self.region)
        self.made = {}

    def client(self, name, **settings):
        config = Config(**({"retries": {"total_max_attempts": 1}, "proxies": {},
                            "read_timeout": 120} | settings))
        return self.session.client(name, endpoint_url=self.server.url, config=config, verify=False)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        service = {"runtime": "sagemaker-runtime"}.get(name, name)
        if service not in self.made:
            self.made[service] = self.client(service)
        return self.made[service]


def unique(prefix="t"):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def wait_until(look, timeout=60, pause=0.05):
    """Calls `look` until it gives something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        result = look()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s; the last answer was {result!r}")
        time.sleep(pause)


def empty_versions(s3, bucket, delete_bucket=True):
    """Every version and marker, locks notwithstanding, then the bucket."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        names = [{"Key": item["Key"], "VersionId": item["VersionId"]}
                 for item in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        if names:
            s3.delete_objects(Bucket=bucket, BypassGovernanceRetention=True,
                              Delete={"Objects": names, "Quiet": True})
    if delete_bucket:
        s3.delete_bucket(Bucket=bucket)


def empty_bucket(s3, bucket):
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    s3.delete_bucket(Bucket=bucket)


def churn_rows(part):
    """The CSV of `train`, `validation` or `test`, without a header line."""
    if part == "train":
        return (CHURN / "train_with_header.csv").read_bytes().split(b"\n", 1)[1]
    return (CHURN / f"{part}.csv").read_bytes()


def churn_features():
    """Test rows without their labels, and the labels."""
    rows = [line.split(b",", 1) for line in churn_rows("test").split()]
    return [features for _, features in rows], [int(float(label)) for label, _ in rows]


def channel(name, uri, content_type="text/csv", **more):
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    source.update(more.pop("source", {}))
    return {"ChannelName": name, "ContentType": content_type,
            "DataSource": {"S3DataSource": source}} | more


def job_request(clients, bucket, channels, name=None, **changes):
    """A CreateTrainingJob request for XGBoost; `hyperparameters` are merged into the defaults."""
    hyperparameters = {"objective": "binary:logistic", "num_round": "10", "max_depth": "4",
                       "eta": "0.3", "eval_metric": "auc"}
    hyperparameters.update(changes.pop("hyperparameters", {}))
    request = {
        "TrainingJobName": name or unique("job"),
        "RoleArn": clients.role,
        "AlgorithmSpecification": {"TrainingImage": XGBOOST_IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {k: v for k, v in hyperparameters.items() if v is not None},
        **({"InputDataConfig": channels} if channels else {}),
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    return request | changes


def wait_job(clients, name, timeout=90):
    def ended():
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        return job if job["TrainingJobStatus"] in ENDED else None
    return wait_until(ended, timeout)


def train(clients, bucket, channels, timeout=90, **changes):
    """Runs a training job to its end and returns its description."""
    request = job_request(clients, bucket, channels, **changes)
    clients.sagemaker.create_training_job(**request)
    return wait_job(clients, request["TrainingJobName"], timeout)


def wait_transform(clients, name, timeout=60):
    def ended():
        job = clients.sagemaker.describe_transform_job(TransformJobName=name)
        return job if job["TransformJobStatus"] in ENDED else None
    return wait_until(ended, timeout)


def wait_processing(clients, name, timeout=60):
    def ended():
        job = clients.sagemaker.describe_processing_job(ProcessingJobName=name)
        return job if job["ProcessingJobStatus"] in ENDED else None
    return wait_until(ended, timeout)


# Operation to list, operation to stop, name.
STOPPABLE = (
    ("hyper_parameter_tuning_jobs", "hyper_parameter_tuning_job", "HyperParameterTuningJob"),
    ("training_jobs", "training_job", "TrainingJob"),
    ("processing_jobs", "processing_job", "ProcessingJob"),
    ("transform_jobs", "transform_job", "TransformJob"),
)


def stop_jobs(clients):
    """Asks every job that runs to stop; does not wait. Says nothing if the server is not there."""
    for listing, operation, kind in STOPPABLE:
        try:
            jobs = getattr(clients.sagemaker, f"list_{listing}")(
                StatusEquals="InProgress", MaxResults=100)[f"{kind}Summaries"]
            for job in jobs:
                stop = getattr(clients.sagemaker, f"stop_{operation}")
                with contextlib.suppress(ClientError):  # it ended meanwhile
                    stop(**{f"{kind}Name": job[f"{kind}Name"]})
        except (BotoCoreError, ClientError):
            return


def job_messages(clients, job, kind="TrainingJobs"):
    """Every line that the job logged."""
    group = "/aws/sagemaker/" + kind
    lines = []
    for stream in clients.logs.describe_log_streams(
            logGroupName=group, logStreamNamePrefix=job + "/")["logStreams"]:
        token = {}
        while True:
            page = clients.logs.get_log_events(logGroupName=group, startFromHead=True,
                                               logStreamName=stream["logStreamName"], **token)
            if not page["events"]:
                break
            lines += [event["message"] for event in page["events"]]
            token = {"nextToken": page["nextForwardToken"]}
    return lines


def messages_so_far(clients, job):
    """The lines of a job that may not have said anything yet."""
    try:
        return job_messages(clients, job)
    except clients.logs.exceptions.ResourceNotFoundException:
        return []


def wait_endpoint(clients, name, timeout=60):
    def settled():
        endpoint = clients.sagemaker.describe_endpoint(EndpointName=name)
        busy = ("Creating", "Updating", "SystemUpdating", "RollingBack")
        return None if endpoint["EndpointStatus"] in busy else endpoint
    return wait_until(settled, timeout)


def create_model(clients, artifact, name=None, **container):
    name = name or unique("model")
    clients.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=clients.role,
        PrimaryContainer={"Image": XGBOOST_IMAGE, "ModelDataUrl": artifact} | container)
    return name


def variant(model, name="AllTraffic", weight=1.0, count=1):
    return {"VariantName": name, "ModelName": model, "InitialInstanceCount": count,
            "InstanceType": "ml.m5.large", "InitialVariantWeight": weight}


def create_config(clients, *variants, **more):
    name = unique("config")
    clients.sagemaker.create_endpoint_config(EndpointConfigName=name,
                                             ProductionVariants=list(variants), **more)
    return name


def deploy(clients, *variants):
    """An endpoint in service with these production variants."""
    name = unique("endpoint")
    clients.sagemaker.create_endpoint(EndpointName=name,
                                      EndpointConfigName=create_config(clients, *variants))
    endpoint = wait_endpoint(clients, name)
    assert endpoint["EndpointStatus"] == "InService", endpoint.get("FailureReason")
    return name


def invoke(clients, endpoint, body, **more):
    arguments = {"ContentType": "text/csv", "Body": body} | more
    return clients.runtime.invoke_endpoint(EndpointName=endpoint, **arguments)


def tar_gz(members):
    """A model.tar.gz with these names and contents, names taken as they are."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def gzipped(data):
    return gzip.compress(data, 5)


def read_artifact(clients, job):
    """Members of the job's model.tar.gz."""
    bucket, key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").split("/", 1)
    body = clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        return {m.name: archive.extractfile(m).read() for m in archive.getmembers() if m.isfile()}
