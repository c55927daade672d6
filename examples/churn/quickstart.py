"""Trains, deploys and asks a churn model through the SageMaker API, with nothing but boto3.

Needs the environment that `eval "$(clary env)"` sets. See README.md beside this file.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path

import boto3
import botocore.exceptions
from botocore.config import Config

DATA = Path(__file__).resolve().parent
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
ROUNDS = 100
HYPERPARAMETERS = {
    "objective": "binary:logistic",
    "eval_metric": "auc",
    "num_round": str(ROUNDS),
    "max_depth": "5",
    "eta": "0.2",
    "gamma": "4",
    "min_child_weight": "6",
    "subsample": "0.8",
    "seed": "7",
}


class Screen:
    """Log lines that scroll above one status line; plain lines where there is no terminal."""

    def __init__(self, stream=sys.stdout):
        self.stream = stream
        self.live = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.colour = self.live and "NO_COLOR" not in os.environ
        self.shown = ""

    def style(self, text, code):
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def line(self, text=""):
        erase = "\r\x1b[2K" if self.shown else ""
        self.stream.write(f"{erase}{text}\n{self.shown}")
        self.stream.flush()

    def step(self, text):
        self.status("")
        self.line(self.style(f"==> {text}", "1;36"))

    def log(self, text):
        self.line("    " + self.style(text, "2"))

    def status(self, text):
        if not self.live:
            return
        self.stream.write("\r\x1b[2K" + text)
        self.stream.flush()
        self.shown = text

    def progress(self, done, total, note):
        width = 32
        filled = min(width, width * done // total)
        bar = "#" * filled + "-" * (width - filled)
        self.status(f"    [{bar}] {done}/{total}  {note}")


class Names:
    """What one run makes; a new suffix each time, so that runs never meet."""

    def __init__(self, account, region):
        suffix = time.strftime("%Y%m%d-%H%M%S") + f"-{os.getpid()}"
        self.bucket = f"sagemaker-{region}-{account}"
        self.prefix = f"churn-quickstart/{suffix}"
        self.job = self.model = self.config = self.endpoint = f"churn-{suffix}"

    def uri(self, part):
        return f"s3://{self.bucket}/{self.prefix}/{part}"


def connect():
    """The clients, and who we are. Exits with advice when nobody answers."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint and not os.environ.get("CLARY_QUICKSTART_ON_AWS"):
        sys.exit('AWS_ENDPOINT_URL is not set. Run:  eval "$(clary env)"\n'
                 "(To run this on AWS itself, set CLARY_QUICKSTART_ON_AWS=1 and CLARY_ROLE_ARN.)")
    config = Config(connect_timeout=5, retries={"total_max_attempts": 3, "mode": "standard"})
    session = boto3.Session()
    names = ("sts", "s3", "logs", "sagemaker", "sagemaker-runtime")
    clients = {name: session.client(name, config=config) for name in names}
    try:
        identity = clients["sts"].get_caller_identity()
    except botocore.exceptions.NoCredentialsError:
        sys.exit('No credentials. Run:  eval "$(clary env)"')
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError) as error:
        sys.exit(f"No server answers at {endpoint}.\n  {error}\n"
                 "Start one:  clary serve    (or run the whole example with: make quickstart)")
    return clients, identity, session.region_name


def role_arn(identity):
    if os.environ.get("CLARY_ROLE_ARN"):
        return os.environ["CLARY_ROLE_ARN"]
    match = re.fullmatch(r"arn:(aws[^:]*):sts::(\d+):assumed-role/([^/]+)/.*", identity["Arn"])
    if not match:
        sys.exit('No role to train under: set CLARY_ROLE_ARN (eval "$(clary env)" does).')
    return "arn:{}:iam::{}:role/{}".format(*match.groups())


def upload(s3, names, region, screen):
    """Puts training and validation data into the default bucket, made when it is missing."""
    try:
        s3.head_bucket(Bucket=names.bucket)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        where = {} if region == "us-east-1" else {
            "CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=names.bucket, **where)
    header, rows = (DATA / "train_with_header.csv").read_bytes().split(b"\n", 1)
    assert header.startswith(b"Churn,")
    validation = (DATA / "validation.csv").read_bytes()
    for channel, body in (("train", rows), ("validation", validation)):
        s3.put_object(Bucket=names.bucket, Key=f"{names.prefix}/{channel}/{channel}.csv", Body=body)
        screen.line(f"    {names.uri(channel)}/  {body.count(10)} rows, {len(body)} bytes")


def channel(names, name):
    source = {"S3DataType": "S3Prefix", "S3Uri": names.uri(name) + "/",
              "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}


class JobLog:
    """Follows the job's log streams; gives each line once."""

    def __init__(self, logs, job):
        self.logs, self.job, self.tokens = logs, job, {}

    def lines(self):
        try:
            streams = self.logs.describe_log_streams(
                logGroupName=LOG_GROUP, logStreamNamePrefix=self.job + "/")["logStreams"]
        except self.logs.exceptions.ResourceNotFoundException:
            return
        for stream in streams:
            name = stream["logStreamName"]
            while True:
                token = {"nextToken": self.tokens[name]} if name in self.tokens else {}
                page = self.logs.get_log_events(
                    logGroupName=LOG_GROUP, logStreamName=name, startFromHead=True, **token)
                self.tokens[name] = page["nextForwardToken"]
                if not page["events"]:
                    break
                yield from (event["message"] for event in page["events"])


def train(clients, names, role, screen):
    """Creates the training job and follows it to its end. Returns its description."""
    sagemaker = clients["sagemaker"]
    sagemaker.create_training_job(
        TrainingJobName=names.job,
        RoleArn=role,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        HyperParameters=HYPERPARAMETERS,
        InputDataConfig=[channel(names, "train"), channel(names, "validation")],
        OutputDataConfig={"S3OutputPath": names.uri("output")},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    log = JobLog(clients["logs"], names.job)
    rounds = 0
    while True:
        job = sagemaker.describe_training_job(TrainingJobName=names.job)
        ended = job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped")
        for text in log.lines():
            screen.log(text.rstrip())
            match = re.search(r"\[(\d+)\]", text)
            rounds = max(rounds, int(match[1]) + 1) if match else rounds
        if ended:
            screen.status("")
            return job
        screen.progress(min(rounds, ROUNDS), ROUNDS, job["SecondaryStatus"])
        time.sleep(0.1)


def deploy(sagemaker, names, role, artifact, screen):
    sagemaker.create_model(ModelName=names.model, ExecutionRoleArn=role,
                           PrimaryContainer={"Image": IMAGE, "ModelDataUrl": artifact})
    variant = {"VariantName": "AllTraffic", "ModelName": names.model, "InitialInstanceCount": 1,
               "InstanceType": "ml.m5.large", "InitialVariantWeight": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=names.config, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=names.endpoint, EndpointConfigName=names.config)
    while True:
        endpoint = sagemaker.describe_endpoint(EndpointName=names.endpoint)
        if endpoint["EndpointStatus"] not in ("Creating", "Updating", "SystemUpdating"):
            screen.status("")
            return endpoint
        screen.status(f"    {endpoint['EndpointStatus']}")
        time.sleep(0.1)


def ask(runtime, names):
    """Scores the test rows in one request. Returns the labels and the probabilities of churn."""
    rows = [line.split(",", 1) for line in (DATA / "test.csv").read_text().split()]
    answer = runtime.invoke_endpoint(
        EndpointName=names.endpoint, ContentType="text/csv", Accept="text/csv",
        Body="\n".join(features for _, features in rows))
    scores = [float(score) for score in re.split(r"[,\n]", answer["Body"].read().decode().strip())]
    labels = [int(float(label)) for label, _ in rows]
    if len(scores) != len(labels):
        sys.exit(f"{len(labels)} rows asked, {len(scores)} answered")
    return labels, scores


def area_under_curve(labels, scores):
    """The chance that a customer who left scores higher than one who stayed (ties count half)."""
    left = [s for label, s in zip(labels, scores) if label]
    stayed = [s for label, s in zip(labels, scores) if not label]
    won = sum((a > b) + 0.5 * (a == b) for a in left for b in stayed)
    return won / (len(left) * len(stayed))


def clean_up(clients, names):
    """Takes away whatever this run made; what was never made is skipped."""
    sagemaker, s3 = clients["sagemaker"], clients["s3"]
    for operation, member, name in (
            (sagemaker.delete_endpoint, "EndpointName", names.endpoint),
            (sagemaker.delete_endpoint_config, "EndpointConfigName", names.config),
            (sagemaker.delete_model, "ModelName", names.model)):
        try:
            operation(**{member: name})
        except botocore.exceptions.ClientError as error:
            if "Could not find" not in str(error):
                print(f"    left behind: {name}: {error}", file=sys.stderr)
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=names.bucket, Prefix=names.prefix + "/")
    for page in pages:
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=names.bucket, Delete={"Objects": keys, "Quiet": True})


def next_steps(names, kept, screen):
    screen.step("What next")
    row = (DATA / "test.csv").read_text().split("\n", 1)[0].split(",", 1)[1]
    if kept:
        screen.line(f"""
    Ask the endpoint about one customer:
      printf '%s' '{row}' > /tmp/customer.csv
      aws sagemaker-runtime invoke-endpoint --endpoint-name {names.endpoint} \\
        --content-type text/csv --body fileb:///tmp/customer.csv /dev/stdout
    Take it away again:
      aws sagemaker delete-endpoint --endpoint-name {names.endpoint}""")
    else:
        screen.line(f"""
    Keep the endpoint and play with it:
      {sys.executable} {os.path.relpath(__file__)} --keep""")
    screen.line(f"""
    Read the job again, and what it printed:
      aws sagemaker describe-training-job --training-job-name {names.job}
      aws logs filter-log-events --log-group-name {LOG_GROUP} \\
        --log-stream-name-prefix {names.job}/ --query 'events[].message' --output text
    Your own notebooks, boto3 programs and both SageMaker SDKs work in this environment unchanged.
""")


def run(options, screen):
    clients, identity, region = connect()
    names = Names(identity["Account"], region)
    role = role_arn(identity)
    screen.step(f"Uploading the churn data as {identity['Arn']}")
    upload(clients["s3"], names, region, screen)
    kept = False
    try:
        screen.step(f"Training {names.job}: XGBoost, {ROUNDS} rounds")
        began = time.monotonic()
        job = train(clients, names, role, screen)
        if job["TrainingJobStatus"] != "Completed":
            sys.exit(f"{job['TrainingJobStatus']}: {job.get('FailureReason', 'no reason given')}")
        metrics = ", ".join(f"{m['MetricName']} {m['Value']:.4f}"
                            for m in job.get("FinalMetricDataList", []))
        screen.line(f"    Completed in {time.monotonic() - began:.2f} s: {metrics}")
        artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
        screen.line(f"    {artifact}")

        screen.step(f"Deploying {names.endpoint}")
        began = time.monotonic()
        endpoint = deploy(clients["sagemaker"], names, role, artifact, screen)
        if endpoint["EndpointStatus"] != "InService":
            sys.exit(f"{endpoint['EndpointStatus']}: {endpoint.get('FailureReason', '')}")
        screen.line(f"    InService after {time.monotonic() - began:.2f} s")

        screen.step("Asking about 334 customers the model has not seen")
        began = time.monotonic()
        labels, scores = ask(clients["sagemaker-runtime"], names)
        seconds = time.monotonic() - began
        right = sum((score > 0.5) == bool(label) for label, score in zip(labels, scores))
        screen.line(f"    {len(labels)} predictions in {seconds * 1000:.1f} ms")
        screen.line(screen.style(f"    AUC {area_under_curve(labels, scores):.4f}   "
                                 f"accuracy {right / len(labels):.4f}", "1;32"))
        kept = options.keep
    finally:
        screen.status("")
        if not kept:
            screen.step("Cleaning up")
            clean_up(clients, names)
    next_steps(names, kept, screen)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave endpoint and data in place")
    screen = Screen()
    try:
        run(parser.parse_args(), screen)
    except KeyboardInterrupt:
        sys.exit("stopped")
    except botocore.exceptions.ClientError as error:
        sys.exit(f"The server refused {error.operation_name}: {error}")


if __name__ == "__main__":
    main()
