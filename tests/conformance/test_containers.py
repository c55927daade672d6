"""Images of one's own: jobs and endpoints run them in containers of a real Podman."""

import base64
import io
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

import aws
import containers
import frameworks
import pytest
from clary_server import VENVS, binary

REPOSITORY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/tiny"
IMAGE = REPOSITORY + ":1"

# What it does is a hyperparameter; what it says is what the tests look at.
TRAIN = r'''#!/usr/bin/python3
import json, os, signal, socket, sys, time
''' + frameworks.TALK + r'''
parameters = json.load(open("/opt/ml/input/config/hyperparameters.json"))
what = parameters.get("do", "train")
print("argv", sys.argv[1:], "host", socket.gethostname(), flush=True)
print("environment", os.environ.get("IMAGE_SAYS"), os.environ.get("FROM_JOB"),
      os.environ["TRAINING_JOB_NAME"], os.environ.get("AWS_ENDPOINT_URL"), flush=True)
print("loss=0.25;", file=sys.stderr, flush=True)
if what == "fail":
    open("/opt/ml/output/failure", "w").write("AlgorithmError: the moon is wrong")
    sys.exit(7)
if what == "exit":
    sys.exit(3)
if what == "sleep":
    def stopped(*_):
        print("saw SIGTERM", flush=True)
        open("/opt/ml/model/partial", "w").write("partial")
        sys.exit(0)
    signal.signal(signal.SIGTERM, stopped)
    while True:
        time.sleep(0.05)
if what == "memory":
    import mmap
    held = []
    while True:  # in large pages where there are some: small ones take half a minute
        part = mmap.mmap(-1, 64 << 20)
        part.madvise(mmap.MADV_HUGEPAGE)
        for page in range(0, len(part), 4096):
            part[page] = 1
        held.append(part)
if what == "reach":
    for name, address in (("clary", ("127.0.0.1", int(os.environ.get("PORT", "0")))),
                          ("outside", (os.environ.get("OUTSIDE", "192.0.2.1"), 9))):
        try:
            socket.create_connection(address, 2).close()
            print("reached", name, flush=True)
        except OSError as error:
            print("no way to", name, error, flush=True)
    print("interfaces", sorted(os.listdir("/sys/class/net")), flush=True)
if what == "talk":
    config = json.load(open("/opt/ml/input/config/resourceconfig.json"))
    me, hosts = config["current_host"], config["hosts"]
    print("interfaces", config["network_interface_name"], sorted(os.listdir("/sys/class/net")), flush=True)
    print("talked", me, talk(me, hosts), flush=True)
if what == "limits":
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print("limits", status["NoNewPrivs"].strip(), status["CapEff"].strip(),
          os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize, flush=True)
    began, used = time.monotonic(), time.process_time()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            while time.monotonic() - began < 1.5:
                pass
            print("cpu", time.process_time(), flush=True)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
rows = 0
for folder, _, names in os.walk("/opt/ml/input/data"):
    for name in names:
        rows += len(open(os.path.join(folder, name)).readlines())
old = os.umask(0o077)
open("/opt/ml/model/rows", "w").write(str(rows))  # readable by the container's root alone
if os.environ.get("FROM_JOB") == "yes":
    os.symlink("/etc/hostname", "/opt/ml/model/link")
print("done", rows, flush=True)
'''

SERVE = r'''#!/usr/bin/python3
import http.server, os, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(200 if self.path == "/ping" else 404, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"die":
            os._exit(1)
        name = "weights" if os.path.exists("/opt/ml/model/weights") else "rows"
        model = open("/opt/ml/model/" + name).read()
        self.answer(200, f"{model}:{len(body)}:{body[:20].decode()}".encode())
    def log_message(self, *words):
        print("request", self.path, flush=True)
print("argv", sys.argv[1:], "port", os.environ.get("SAGEMAKER_BIND_TO_PORT"), flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
'''


@pytest.fixture(scope="module")
def podman():
    yield from containers.own_runtime()


@pytest.fixture(scope="module")
def server(podman):
    yield from containers.server_with(podman)


@pytest.fixture(scope="module")
def clients(server):
    return aws.Clients(server)


@pytest.fixture(scope="module")
def image(podman, server):
    """The image, loaded as a user does it."""
    told = podman.load(server, "team/tiny:1",
                       {"/opt/program/train": TRAIN, "/opt/program/serve": SERVE})
    assert "team/tiny:1" in told
    return IMAGE


@pytest.fixture(scope="module")
def bucket(clients):
    name = aws.unique("containers")
    clients.s3.create_bucket(Bucket=name)
    clients.s3.put_object(Bucket=name, Key="in/rows.csv", Body=b"1\n2\n3\n")
    return name


def request(clients, bucket, what="train", image=IMAGE, **changes):
    algorithm = {"TrainingImage": image, "TrainingInputMode": "File",
                 "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+);"}]}
    algorithm.update(changes.pop("algorithm", {}))
    made = aws.job_request(clients, bucket, [aws.channel("train", f"s3://{bucket}/in/")], **changes)
    return made | {"AlgorithmSpecification": algorithm, "HyperParameters": {"do": what},
                   "Environment": {"FROM_JOB": "yes"} | changes.get("Environment", {})}


def run(clients, bucket, what="train", **changes):
    made = request(clients, bucket, what, **changes)
    clients.sagemaker.create_training_job(**made)
    job = aws.wait_job(clients, made["TrainingJobName"])
    try:
        return job, aws.job_messages(clients, made["TrainingJobName"])
    except clients.logs.exceptions.ResourceNotFoundException:
        return job, []  # no program ran


def command(server, podman, *words):
    return subprocess.run(
        [binary(), "image", *words, "--data-dir", str(server.data_dir),
         "--container-socket", str(podman.socket)], capture_output=True, text=True, timeout=60)


def test_train(clients, bucket, image):
    """The whole contract: files, environment, arguments, logs, metrics, model."""
    job, lines = run(clients, bucket)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert "argv [] host algo-1" in lines
    assert any(line.startswith(f"environment hello yes {job['TrainingJobName']}") for line in lines)
    assert "done 3" in lines
    assert [(m["MetricName"], m["Value"]) for m in job["FinalMetricDataList"]] == [("loss", 0.25)]
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    packed = clients.s3.get_object(Bucket=bucket, Key=uri.split("/", 3)[3])["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert archive.extractfile("rows").read() == b"3"
        # A link is packed as what it is, never as what it points to.
        assert "link" not in archive.getnames() or archive.getmember("link").issym()


def test_entrypoint_and_arguments(clients, bucket, image):
    """ContainerEntrypoint and ContainerArguments take the place of the image's program."""
    job, lines = run(clients, bucket, algorithm={
        "ContainerEntrypoint": ["/bin/sh", "-c"],
        "ContainerArguments": ["echo own $0 $1 $IMAGE_SAYS; id -u", "a", "b c"]})
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert lines == ["own a b c hello", "0"]


def test_failure_file(clients, bucket, image):
    """/opt/ml/output/failure is the reason, with the exit code."""
    job, _ = run(clients, bucket, "fail")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: the moon is wrong, exit code: 7"


def test_exit_code(clients, bucket, image):
    """Without such a file, the last line of standard error."""
    job, _ = run(clients, bucket, "exit")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: loss=0.25;, exit code: 3"


def test_no_such_program(clients, bucket, image):
    """An image without `train`: the runtime's words, not a crash."""
    job, _ = run(clients, bucket, algorithm={"ContainerEntrypoint": ["/no/such/program"]})
    assert job["TrainingJobStatus"] == "Failed"
    assert "CannotStartContainerError" in job["FailureReason"]
    assert "/no/such/program" in job["FailureReason"]


def started(clients, bucket, what, **changes):
    made = request(clients, bucket, what, **changes)
    name = made["TrainingJobName"]
    clients.sagemaker.create_training_job(**made)

    def training():
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        assert job["TrainingJobStatus"] == "InProgress", job.get("FailureReason")
        return job["SecondaryStatus"] == "Training"
    aws.wait_until(training, 60)
    aws.wait_until(lambda: clients.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=name + "/")["logStreams"]
        and any(line.startswith("environment") for line in aws.job_messages(clients, name)), 30)
    return name


def test_stop(clients, bucket, image):
    """StopTrainingJob: the program sees SIGTERM, and its model is kept."""
    name = started(clients, bucket, "sleep")
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Stopped", job.get("FailureReason")
    assert "saw SIGTERM" in aws.job_messages(clients, name)
    assert job["ModelArtifacts"]["S3ModelArtifacts"]


def test_too_long(clients, bucket, image):
    """MaxRuntimeInSeconds counts from the start of the program."""
    job, lines = run(clients, bucket, "sleep", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "saw SIGTERM" in lines


def test_out_of_memory(clients, bucket, image):
    """The instance type's memory is the limit, and the reason says so."""
    job, _ = run(clients, bucket, "memory", ResourceConfig={
        "InstanceType": "ml.t3.medium", "InstanceCount": 1, "VolumeSizeInGB": 1})
    assert job["TrainingJobStatus"] == "Failed"
    assert "out of memory" in job["FailureReason"] and "137" in job["FailureReason"]


def test_isolated(clients, bucket, image, server):
    """EnableNetworkIsolation: nothing is reached, the platform and its credentials neither."""
    job, lines = run(clients, bucket, "reach", EnableNetworkIsolation=True,
                     Environment={"PORT": str(server.port)})
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert any(line.startswith("no way to clary") for line in lines)
    assert any(line.startswith("no way to outside") for line in lines)
    assert "interfaces ['lo']" in lines
    assert any(line.endswith("None") for line in lines if line.startswith("environment"))


def test_reaches_the_platform(clients, bucket, image, server):
    """Without it the container has a network, and Clary at the address it has outside."""
    job, lines = run(clients, bucket, "reach", Environment={"PORT": str(server.port)})
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert "reached clary" in lines
    assert any("eth0" in line for line in lines if line.startswith("interfaces"))
    assert any(line.endswith(server.url) for line in lines if line.startswith("environment"))


@pytest.mark.parametrize("asked, interfaces", [
    ({}, None),
    ({"EnableNetworkIsolation": True}, "eth0 ['eth0', 'lo']"),
    ({"EnableInterContainerTrafficEncryption": True}, "eth0 ['eth0', 'lo', 'tap0']")])
def test_two_instances(clients, bucket, image, asked, interfaces):
    """They reach each other by name, over the machine's network or one of their own."""
    job, lines = run(clients, bucket, "talk", ResourceConfig={
        "InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}, **asked)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert "talked algo-1 algo-2" in lines and "talked algo-2 sent" in lines, lines
    if interfaces:
        assert lines.count("interfaces " + interfaces) == 2, lines


def test_limits(clients, bucket, image):
    """CPU time, shared memory, capabilities."""
    job, lines = run(clients, bucket, "limits")
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    _, privileges, capabilities, shared = next(x for x in lines if x.startswith("limits")).split()
    assert privileges == "1"
    assert int(capabilities, 16) & (1 << 21 | 1 << 13 | 1 << 27) == 0  # SYS_ADMIN, NET_RAW, MKNOD
    assert int(shared) == 4 << 30  # half of ml.m5.large's memory
    used = sum(float(line.split()[1]) for line in lines if line.startswith("cpu"))
    assert used < 1.5 * 2 * 1.3  # two cores for 1.5 s


def test_nowhere(clients, bucket, image):
    """An image that nobody has: the reason says what to do."""
    job, _ = run(clients, bucket, image=REPOSITORY + ":2")
    assert job["TrainingJobStatus"] == "Failed"
    assert "image load" in job["FailureReason"] and "image map" in job["FailureReason"]


def test_map(clients, bucket, image, server, podman):
    """`clary image map`: a URI of which the owner says what it means, at once."""
    uri = "example.com/vendor/image:9"
    assert command(server, podman, "map", "example.com/vendor/*", "team/tiny:1").returncode == 0
    listed = command(server, podman, "list").stdout
    assert "example.com/vendor/* -> team/tiny:1" in listed and "team/tiny:1" in listed
    job, lines = run(clients, bucket, image=uri)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    assert command(server, podman, "unmap", "example.com/vendor/*").returncode == 0
    assert command(server, podman, "unmap", "example.com/vendor/*").returncode == 1
    job, _ = run(clients, bucket, image=uri)
    assert job["TrainingJobStatus"] == "Failed"


@pytest.fixture(scope="module")
def artifact(clients, bucket):
    clients.s3.put_object(Bucket=bucket, Key="model/model.tar.gz",
                          Body=aws.tar_gz({"weights": b"w1"}))
    return f"s3://{bucket}/model/model.tar.gz"


def test_endpoint(clients, image, artifact):
    """`serve` on port 8080, reached through the gateway; a server that dies is started again."""
    name = aws.deploy(clients, aws.variant(aws.create_model(clients, artifact, Image=IMAGE)))
    try:
        answer = aws.invoke(clients, name, b"hello")
        assert answer["Body"].read() == b"w1:5:hello"
        big = b"x" * (3 << 20)
        assert aws.invoke(clients, name, big)["Body"].read().startswith(b"w1:3145728:xxx")
        with pytest.raises(clients.runtime.exceptions.ClientError):
            aws.invoke(clients, name, b"die")

        def answers():
            try:
                return aws.invoke(clients, name, b"again")["Body"].read() == b"w1:5:again"
            except clients.runtime.exceptions.ClientError:
                return False
        aws.wait_until(answers, 30)
        lines = []
        group = f"/aws/sagemaker/Endpoints/{name}"
        for stream in clients.logs.describe_log_streams(logGroupName=group)["logStreams"]:
            lines += [event["message"] for event in clients.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"],
                startFromHead=True)["events"]]
        assert "argv [] port 8080" in lines
    finally:
        clients.sagemaker.delete_endpoint(EndpointName=name)


def test_two_endpoints_at_once(clients, image, artifact):
    """Each has a network of its own: both listen on 8080. One is isolated."""
    names = []
    model = aws.unique("model")
    clients.sagemaker.create_model(
        ModelName=model, ExecutionRoleArn=clients.role, EnableNetworkIsolation=True,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": artifact})
    try:
        names.append(aws.deploy(clients, aws.variant(model)))
        names.append(aws.deploy(clients, aws.variant(
            aws.create_model(clients, artifact, Image=IMAGE))))
        for name in names:
            assert aws.invoke(clients, name, b"a")["Body"].read() == b"w1:1:a"
    finally:
        for name in names:
            clients.sagemaker.delete_endpoint(EndpointName=name)


def test_endpoint_whose_image_does_not_serve(clients, image, artifact):
    """It ends by itself three times: the endpoint fails with its words."""
    model = aws.create_model(clients, artifact, Image=IMAGE,
                             Environment={"PYTHONHOME": "/nowhere"})
    name = aws.unique("endpoint")
    clients.sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName=aws.create_config(clients, aws.variant(model)))
    endpoint = aws.wait_endpoint(clients, name)
    assert endpoint["EndpointStatus"] == "Failed" and endpoint["FailureReason"]
    clients.sagemaker.delete_endpoint(EndpointName=name)


def test_processing(clients, bucket, image):
    """A processing job's program comes from the request, its files from S3 and back."""
    name = aws.unique("processing")
    clients.sagemaker.create_processing_job(
        ProcessingJobName=name, RoleArn=clients.role,
        AppSpecification={"ImageUri": IMAGE, "ContainerEntrypoint": ["/bin/sh", "-c"],
                          "ContainerArguments": [
                              "cat /opt/ml/processing/in/* > /opt/ml/processing/out/all; echo ok"]},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large",
                                               "VolumeSizeInGB": 5}},
        ProcessingInputs=[{"InputName": "in", "S3Input": {
            "S3Uri": f"s3://{bucket}/in/", "LocalPath": "/opt/ml/processing/in",
            "S3DataType": "S3Prefix", "S3InputMode": "File"}}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": {
            "S3Uri": f"s3://{bucket}/{name}", "LocalPath": "/opt/ml/processing/out",
            "S3UploadMode": "EndOfJob"}}]})

    def ended():
        job = clients.sagemaker.describe_processing_job(ProcessingJobName=name)
        return job if job["ProcessingJobStatus"] in aws.ENDED else None
    job = aws.wait_until(ended)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    body = clients.s3.get_object(Bucket=bucket, Key=f"{name}/all")["Body"].read()
    assert body == b"1\n2\n3\n"


def test_push_and_run(clients, bucket, podman, image, server):
    """`podman push` to this server, then a job by ECR's URI: pulled by its digest, with the role."""
    name = aws.unique("pushed/image")
    uri = clients.ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    data = clients.ecr.get_authorization_token()["authorizationData"][0]
    user, password = base64.b64decode(data["authorizationToken"]).decode().split(":", 1)
    podman.run("tag", "team/tiny:1", f"{uri}:v1")
    podman.run("push", "--tls-verify=false", "--creds", f"{user}:{password}", f"{uri}:v1")
    podman.run("untag", f"{uri}:v1", f"{uri}:v1")
    for image_uri in (f"111122223333.dkr.ecr.us-east-1.amazonaws.com/{name}:v1", f"{uri}:v1"):
        job, lines = run(clients, bucket, image=image_uri)
        assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
        assert "done 3" in lines
    # A role that may not pull it may not run it, though the machine has it by now.
    role = clients.iam.create_role(RoleName=aws.unique("nopull"), AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole"}]}))["Role"]
    clients.iam.put_role_policy(
        RoleName=role["RoleName"], PolicyName="s3", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
    job, _ = run(clients, bucket, image=f"{uri}:v1", RoleArn=role["Arn"])
    assert job["TrainingJobStatus"] == "Failed" and "role" in job["FailureReason"]
    clients.ecr.delete_repository(repositoryName=name, force=True)
    job, _ = run(clients, bucket, image=f"{uri}:v1")
    assert job["TrainingJobStatus"] == "Failed"


@pytest.fixture(scope="module")
def image_with_pip(podman, server):
    """The SDK's own script looks whether pip is there before it runs a source_code in an image."""
    podman.load(server, "team/pip:1", {"/usr/bin/pip3": "#!/bin/sh\nexec python3 -m pip \"$@\"\n"})
    return IMAGE.replace("tiny", "pip")


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_sdk(server, image, image_with_pip, tmp_path, version):
    """Both SDKs' generic trainers, with the image by ECR's URI."""
    python = VENVS / f"sdk_{version}" / "bin"
    if not python.exists():
        pytest.skip(f"no {python}: run tools/make_venvs.sh sdk_{version}")
    (tmp_path / "rows.csv").write_text("1\n2\n3\n")
    done = subprocess.run(
        [str(python / "python"), str(Path(__file__).parent / "programs" / f"own_image_{version}.py"),
         IMAGE, *([image_with_pip] if version == "v3" else []), str(tmp_path / "rows.csv")],
        capture_output=True, text=True, timeout=300, cwd=tmp_path,
        env=server.environment() | {"PYTHONUNBUFFERED": "1"})
    output = done.stdout + done.stderr
    assert done.returncode == 0 and "DONE" in done.stdout, output[-6000:]
    assert "done 3" in output
    if version == "v3":
        assert "entry 3 4 v3" in output
    if version == "v2":
        assert "ANSWER" in output and ":5:hello" in output
