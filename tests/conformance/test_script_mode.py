"""Training with a script of one's own in a framework environment, under SageMaker's contract."""

import io
import json
import pathlib
import tarfile

import aws
import frameworks

PROGRAMS = pathlib.Path(__file__).parent / "programs"

ENVIRONMENT_SCRIPT = """
import json, os, sys
with open(os.path.join(os.environ["SM_MODEL_DIR"], "seen.json"), "w") as out:
    json.dump({"arguments": sys.argv[1:], "folder": os.getcwd(),
               "variables": dict(os.environ)}, out)
"""


def model_file(clients, job, name):
    """A file of the job's model.tar.gz."""
    bucket, key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").split("/", 1)
    packed = clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return archive.extractfile(name).read()


def completed(job):
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return job


def failed(job, *words):
    assert job["TrainingJobStatus"] == "Failed", job["TrainingJobStatus"]
    for word in words:
        assert word in job["FailureReason"], job["FailureReason"]
    return job["FailureReason"]


def test_contract(clients, churn, churn_channels):
    """What the training toolkit gives a script: arguments, folder, SM_ variables."""
    job = completed(frameworks.script_job(
        clients, churn, {"train.py": ENVIRONMENT_SCRIPT}, channels=churn_channels,
        hyperparameters={"epochs": "3", "name": '"a b"', "flag": "true", "n": "1.5",
                         "plain": "text", "sizes": "[1, 2]"},
        Environment={"MINE": "yes"}))
    seen = json.loads(model_file(clients, job, "seen.json"))
    assert seen["arguments"] == ["--epochs", "3", "--flag", "True", "-n", "1.5", "--name", "a b",
                                 "--plain", "text", "--sizes", "[1, 2]"]
    assert seen["folder"] == "/opt/ml/code"
    variables = seen["variables"]
    assert variables["MINE"] == "yes"
    assert json.loads(variables["SM_HPS"]) == {"epochs": 3, "name": "a b", "flag": True, "n": 1.5,
                                               "plain": "text", "sizes": [1, 2]}
    assert variables["SM_HP_EPOCHS"] == "3" and variables["SM_HP_NAME"] == "a b"
    assert json.loads(variables["SM_CHANNELS"]) == ["train", "validation"]
    assert variables["SM_CHANNEL_TRAIN"] == "/opt/ml/input/data/train"
    assert json.loads(variables["SM_HOSTS"]) == ["algo-1"]
    assert variables["SM_CURRENT_HOST"] == "algo-1"
    assert variables["SM_MODEL_DIR"] == "/opt/ml/model"
    assert variables["SM_OUTPUT_DATA_DIR"] == "/opt/ml/output/data"
    assert variables["SM_MODULE_NAME"] == "train" and variables["SM_USER_ENTRY_POINT"] == "train.py"
    assert variables["SM_MODULE_DIR"].endswith("/sourcedir.tar.gz")
    assert variables["SM_CURRENT_INSTANCE_TYPE"] == "ml.m5.large"
    training = json.loads(variables["SM_TRAINING_ENV"])
    assert training["hyperparameters"]["epochs"] == 3 and training["is_master"] is True
    assert variables["SM_FRAMEWORK_MODULE"] == "sagemaker_sklearn_container.training:main"


def test_failing_script(clients, bucket):
    """The reason is an AlgorithmError with the traceback's end, as the toolkit words it."""
    script = "def load():\n    raise ValueError('no rows at all')\n\nload()\n"
    job = frameworks.script_job(clients, bucket, {"train.py": script})
    reason = failed(job, "AlgorithmError: ExecuteUserScriptError:", "ExitCode 1",
                    "ValueError: no rows at all", "train.py", "exit code: 1")
    assert 'Command "' in reason


def test_exit_code_without_words(clients, bucket):
    job = frameworks.script_job(clients, bucket, {"train.py": "import sys; sys.exit(7)"})
    failed(job, "ExecuteUserScriptError", "ExitCode 7")


def test_missing_program(clients, bucket):
    """A name that is not in the code: a ClientError that lists what is."""
    job = frameworks.script_job(clients, bucket, {"other.py": ""}, program="train.py")
    failed(job, "ClientError", "train.py", "other.py")


def test_code_that_is_gone(clients, bucket):
    """The tarball is fetched with the role's rights; a missing one is the user's mistake."""
    uri = frameworks.upload_source(clients, bucket, {"train.py": ""})
    clients.s3.delete_object(Bucket=bucket, Key=uri.split("/", 3)[3])
    job = aws.train(clients, bucket, [],
                    AlgorithmSpecification={"TrainingImage": frameworks.SKLEARN_IMAGE,
                                            "TrainingInputMode": "File"},
                    HyperParameters={"sagemaker_program": "train.py",
                                     "sagemaker_submit_directory": uri})
    failed(job, "ClientError", "sourcedir.tar.gz")


def test_shell_script(clients, bucket):
    """An entry point that is no Python, in a folder of the code."""
    script = "echo shell says \"$@\" $SM_HP_A\ntest \"$1\" = --alpha\n"
    job = completed(frameworks.script_job(clients, bucket, {"bin/run.sh": script},
                                          program="bin/run.sh",
                                          hyperparameters={"alpha": '"x y"'}))
    assert any("shell says --alpha x y" in line
               for line in aws.job_messages(clients, job["TrainingJobName"]))


def test_requirements(clients, bucket):
    """requirements.txt goes into a layer of the job's own, also for what runs beside Python."""
    files = {"train.py": "import colours; print('COLOUR', colours.BEST)",
             "requirements.txt": "./colours-1.0-py3-none-any.whl\n",
             "colours-1.0-py3-none-any.whl": frameworks.wheel("colours", source="BEST = 'teal'")}
    job = completed(frameworks.script_job(clients, bucket, files))
    assert any("COLOUR teal" in line for line in aws.job_messages(clients, job["TrainingJobName"]))
    # The environment itself has not got it.
    job = frameworks.script_job(clients, bucket, {"train.py": files["train.py"]})
    failed(job, "No module named 'colours'")


def test_requirements_that_fail(clients, bucket):
    """A ClientError with pip's own reason."""
    job = frameworks.script_job(clients, bucket, {
        "train.py": "", "requirements.txt": "./no-such-file-1.0-py3-none-any.whl\n"})
    failed(job, "ClientError", "InstallRequirementsError", "no-such-file")


def test_network_isolation(clients, bucket):
    """Without network there is none, no credentials either; the code still comes."""
    script = """
import os, socket
assert "AWS_ENDPOINT_URL" not in os.environ and "AWS_SECRET_ACCESS_KEY" not in os.environ
try:
    socket.create_connection(("127.0.0.1", %d), timeout=5)
except OSError as error:
    print("REFUSED", error)
else:
    raise SystemExit("there is a network")
""" % clients.server.port
    job = completed(frameworks.script_job(clients, bucket, {"train.py": script},
                                          EnableNetworkIsolation=True))
    assert any("REFUSED" in line for line in aws.job_messages(clients, job["TrainingJobName"]))


def test_role_reaches_the_server(clients, bucket):
    """With network a script has the role's credentials and the server's address."""
    script = """
import os, urllib.request
assert os.environ["AWS_SESSION_TOKEN"] and os.environ["AWS_REGION"] == "us-east-1"
print("STATUS", urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/healthz").status)
"""
    job = completed(frameworks.script_job(clients, bucket, {"train.py": script}))
    assert any("STATUS 200" in line for line in aws.job_messages(clients, job["TrainingJobName"]))


def test_environment_is_read_only(clients, bucket):
    """A job must not change the Python that other jobs run with, nor see the host's files."""
    script = """
import os, sklearn
folder = os.path.dirname(sklearn.__file__)
for path in (folder, os.path.join(os.environ["PATH"].split(":")[2]), "/opt/clary/python"):
    try:
        open(os.path.join(path, "mark"), "w")
    except OSError as error:
        print("REFUSED", path, error)
    else:
        raise SystemExit("wrote to " + path)
assert not os.path.exists("/etc/shadow") and not os.path.exists("/root/.ssh")
"""
    completed(frameworks.script_job(clients, bucket, {"train.py": script}))


def test_entry_command(clients, bucket):
    """ContainerEntrypoint and ContainerArguments in place of the toolkit; variables of the table."""
    command = {"ContainerEntrypoint": ["/bin/bash", "-c"],
               "ContainerArguments": ["python3 -c 'import sys; print(\"PREFIX\", sys.prefix)' && "
                                      "echo TABLE $FROM_THE_TABLE > $SM_MODEL_DIR/out"]}
    job = completed(aws.train(
        clients, bucket, [], HyperParameters={},
        AlgorithmSpecification={"TrainingImage": frameworks.PLAIN_IMAGE,
                                "TrainingInputMode": "File"} | command))
    assert model_file(clients, job, "out") == b"TABLE yes\n"
    assert any("PREFIX /opt/clary/env" in line
               for line in aws.job_messages(clients, job["TrainingJobName"]))


def test_missing_environment(clients, bucket):
    """The reason says which command makes it."""
    job = frameworks.script_job(clients, bucket, {"train.py": ""}, image=frameworks.ABSENT_IMAGE)
    failed(job, "ClientError", "clary env-create absent")


def test_stop_reaches_the_script(clients, bucket):
    """SIGTERM goes through the toolkit to the script, which may still save its work."""
    script = """
import os, signal, sys, time
def stop(number, frame):
    open(os.path.join(os.environ["SM_MODEL_DIR"], "saved"), "w").write("in time")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("STARTED", flush=True)
for _ in range(600):
    time.sleep(0.1)
"""
    uri = frameworks.upload_source(clients, bucket, {"train.py": script})
    request = aws.job_request(
        clients, bucket, [], HyperParameters={"sagemaker_program": "train.py",
                                              "sagemaker_submit_directory": uri},
        AlgorithmSpecification={"TrainingImage": frameworks.SKLEARN_IMAGE,
                                "TrainingInputMode": "File"})
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)

    def started():
        try:
            return any("STARTED" in line for line in aws.job_messages(clients, name))
        except clients.logs.exceptions.ResourceNotFoundException:
            return False
    aws.wait_until(started, 60)
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Stopped", job.get("FailureReason")
    assert model_file(clients, job, "saved") == b"in time"


def test_mpi_without_mpirun_says_so(clients, bucket):
    """A launcher that the machine lacks is named; one that is there runs."""
    # In one write: what the ranks write in pieces, mpirun may mix.
    job = frameworks.script_job(clients, bucket, {"train.py": "import os; os.write(1, b'RANK\\n')"},
                                hyperparameters={"sagemaker_mpi_enabled": "true",
                                                 "sagemaker_mpi_num_of_processes_per_host": "2"})
    if job["TrainingJobStatus"] == "Failed":
        failed(job, "ClientError", "mpirun", "openmpi-bin")
    else:
        lines = aws.job_messages(clients, job["TrainingJobName"])
        ranks = sorted(line for line in lines if line.endswith(":RANK"))
        assert ranks == ["[1,0]<stdout>:RANK", "[1,1]<stdout>:RANK"], lines


def test_torchrun(clients, bucket):
    """torch_distributed: as many processes as asked for, which find each other."""
    frameworks.need_torch()
    script = (PROGRAMS / "pytorch_source" / "train.py").read_text()
    job = completed(frameworks.script_job(
        clients, bucket, {"train.py": script}, image=frameworks.PYTORCH_IMAGE,
        hyperparameters={"sagemaker_torch_distributed_enabled": "true", "steps": "20",
                         "sagemaker_mpi_num_of_processes_per_host": "2"},
        # torchrun 1.13 does not know its own default under Python 3.11.
        Environment={"PET_REDIRECTS": "1", "PET_TEE": "1"}))
    lines = aws.job_messages(clients, job["TrainingJobName"])
    assert any("rank 0 of 2" in line for line in lines) and any("rank 1 of 2" in line
                                                                 for line in lines), lines
    assert model_file(clients, job, "weights.pt")


def test_processing(clients, bucket):
    """A processing job's script in the environment, as ScriptProcessor and SKLearnProcessor start it."""
    clients.s3.put_object(Bucket=bucket, Key="code/work.py", Body=(
        b"import os, sklearn, sys\n"
        b"open('/opt/ml/processing/output/out.txt', 'w').write(' '.join(sys.argv[1:]))\n"))
    name = aws.unique("processing")
    clients.sagemaker.create_processing_job(
        ProcessingJobName=name, RoleArn=clients.role,
        AppSpecification={"ImageUri": frameworks.SKLEARN_IMAGE,
                          "ContainerEntrypoint": ["python3",
                                                  "/opt/ml/processing/input/code/work.py"],
                          "ContainerArguments": ["--rows", "3"]},
        ProcessingInputs=[{"InputName": "code", "S3Input": {
            "S3Uri": f"s3://{bucket}/code/work.py", "S3DataType": "S3Prefix",
            "LocalPath": "/opt/ml/processing/input/code", "S3InputMode": "File"}}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": {
            "S3Uri": f"s3://{bucket}/out", "LocalPath": "/opt/ml/processing/output",
            "S3UploadMode": "EndOfJob"}}]},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1,
                                               "VolumeSizeInGB": 10}})

    def ended():
        job = clients.sagemaker.describe_processing_job(ProcessingJobName=name)
        return job if job["ProcessingJobStatus"] in aws.ENDED else None
    job = aws.wait_until(ended, 90)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert clients.s3.get_object(Bucket=bucket, Key="out/out.txt")["Body"].read() == b"--rows 3"
