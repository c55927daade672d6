"""Training jobs that are interrupted, kept warm, changed or looked into while they run."""

import json
import os
import pty
import select
import subprocess
import time

import aws
import pytest
from clary_server import binary

LONG = {"num_round": "1000000", "eta": "0.001"}


def describe(clients, name):
    return clients.sagemaker.describe_training_job(TrainingJobName=name)


def begin(clients, bucket, channels, **changes):
    """A job that trains until it is stopped."""
    hyperparameters = LONG | changes.pop("hyperparameters", {})
    request = aws.job_request(clients, bucket, channels, hyperparameters=hyperparameters, **changes)
    clients.sagemaker.create_training_job(**request)
    wait_for(clients, request["TrainingJobName"], "Training")
    return request["TrainingJobName"]


def wait_for(clients, name, secondary):
    def there():
        job = describe(clients, name)
        assert job["TrainingJobStatus"] in ("InProgress", "Stopping"), job.get("FailureReason")
        return job["SecondaryStatus"] == secondary
    aws.wait_until(there, 60)


def command(clients, *words, check=True, stdin=subprocess.DEVNULL):
    """`clary` as the owner of the data folder calls it."""
    if not hasattr(clients.server, "data_dir"):
        pytest.skip("needs a server of its own")
    data_dir = ["--data-dir", str(clients.server.data_dir)]
    return subprocess.run([binary(), words[0], *data_dir, *words[1:]], check=check, stdin=stdin,
                          capture_output=True, text=True, timeout=60)


def keys_below(clients, bucket, prefix):
    page = clients.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [o["Key"] for o in page.get("Contents", [])]


def test_checkpoints_leave_while_it_trains(clients, churn, churn_channels, bucket):
    """CheckpointConfig: in S3 long before the end, and still there after it."""
    name = begin(clients, bucket, churn_channels,
                 CheckpointConfig={"S3Uri": f"s3://{bucket}/cp"})
    aws.wait_until(lambda: keys_below(clients, bucket, "cp/xgboost-checkpoint."), 30)
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    assert aws.wait_job(clients, name)["TrainingJobStatus"] == "Stopped"
    assert not any(key.endswith(".sagemaker-ignore") for key in keys_below(clients, bucket, "cp/"))


def test_a_job_starts_from_checkpoints(clients, churn, churn_channels, bucket):
    """A second job with the same S3Uri goes on where the first ended."""
    for rounds in ("10", "15"):
        job = aws.train(clients, bucket, churn_channels, hyperparameters={"num_round": rounds},
                        CheckpointConfig={"S3Uri": f"s3://{bucket}/cp/"})
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    messages = aws.job_messages(clients, job["TrainingJobName"])
    assert any("Checkpoint loaded" in m for m in messages)
    assert not any(m.startswith("[9]") for m in messages)
    assert any(m.startswith("[14]") for m in messages)


def test_spot_is_interrupted_and_goes_on(clients, churn, churn_channels, bucket):
    """`clary preempt`: Interrupted, then from its checkpoints to the end."""
    name = begin(clients, bucket, churn_channels, EnableManagedSpotTraining=True,
                 StoppingCondition={"MaxRuntimeInSeconds": 300, "MaxWaitTimeInSeconds": 600},
                 CheckpointConfig={"S3Uri": f"s3://{bucket}/cp"})
    aws.wait_until(lambda: keys_below(clients, bucket, "cp/xgboost-checkpoint."), 30)
    command(clients, "preempt", name)

    def resumed():
        job = describe(clients, name)
        assert job["TrainingJobStatus"] == "InProgress", job.get("FailureReason")
        states = [t["Status"] for t in job["SecondaryStatusTransitions"]]
        return "Interrupted" in states and states[-1] == "Training"
    aws.wait_until(resumed, 60)
    aws.wait_until(lambda: any("Checkpoint loaded" in m for m in aws.job_messages(clients, name)))
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.wait_job(clients, name)
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"]


def test_only_spot_is_interrupted(clients, churn, churn_channels, bucket):
    """A job that did not ask for spot keeps its place."""
    name = begin(clients, bucket, churn_channels)
    failed = command(clients, "preempt", name, check=False)
    assert failed.returncode == 1 and "managed spot" in failed.stderr
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    aws.wait_job(clients, name)


def test_max_wait_time(clients, churn, churn_channels, bucket):
    """MaxWaitTimeInSeconds counts from the request, running included."""
    request = aws.job_request(clients, bucket, churn_channels, hyperparameters=LONG,
                              EnableManagedSpotTraining=True, StoppingCondition={
                                  "MaxRuntimeInSeconds": 3, "MaxWaitTimeInSeconds": 3})
    clients.sagemaker.create_training_job(**request)
    job = aws.wait_job(clients, request["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Stopped"
    # Both times end together here; which is noticed first does not matter.
    assert job["SecondaryStatus"] in ("MaxWaitTimeExceeded", "MaxRuntimeExceeded")


def test_warm_pool(clients, churn, churn_channels, bucket):
    """Kept, reused by a job like it, ended by a keep-alive period of zero."""
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10,
                 "KeepAlivePeriodInSeconds": 600}
    first = aws.train(clients, bucket, churn_channels, ResourceConfig=resources)
    assert first["WarmPoolStatus"]["Status"] == "Available"
    second = aws.train(clients, bucket, churn_channels, ResourceConfig=resources)
    reused = describe(clients, first["TrainingJobName"])["WarmPoolStatus"]
    assert reused["Status"] == "Reused" and reused["ReusedByJob"] == second["TrainingJobName"]
    listed = clients.sagemaker.list_training_jobs(WarmPoolStatusEquals="Available")
    assert second["TrainingJobName"] in [
        j["TrainingJobName"] for j in listed["TrainingJobSummaries"]]
    clients.sagemaker.update_training_job(TrainingJobName=second["TrainingJobName"],
                                          ResourceConfig={"KeepAlivePeriodInSeconds": 0})

    def ended():
        pool = describe(clients, second["TrainingJobName"])["WarmPoolStatus"]
        return pool if pool["Status"] == "Terminated" else None
    assert aws.wait_until(ended, 20)["ResourceRetainedBillableTimeInSeconds"] >= 0


def read_until(file, wanted, timeout=20):
    """What a terminal shows, until `wanted` is in it."""
    shown, end = b"", time.monotonic() + timeout
    while wanted not in shown:
        ready, _, _ = select.select([file], [], [], max(0, end - time.monotonic()))
        assert ready, f"no {wanted!r} within {timeout} s, but {shown!r}"
        try:
            part = os.read(file, 4096)
        except OSError:
            part = b""
        assert part, f"the end before {wanted!r}: {shown!r}"
        shown += part
    return shown


@pytest.fixture
def debugged(clients, churn, churn_channels, bucket):
    name = begin(clients, bucket, churn_channels, RemoteDebugConfig={"EnableRemoteDebug": True})
    yield name
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    aws.wait_job(clients, name)


def test_shell_runs_a_command_inside(clients, debugged):
    """The job's own files, user and walls; its exit code comes back."""
    done = command(clients, "shell", debugged, "--", "cat", "/opt/ml/input/config/hyperparameters.json")
    assert json.loads(done.stdout)["eta"] == LONG["eta"]
    listed = command(clients, "shell", debugged, "--", "sh", "-c", "id -u; exit 7", check=False)
    assert listed.returncode == 7
    assert listed.stdout.splitlines()[0].strip() != "0"
    processes = command(clients, "shell", debugged, "--", "sh", "-c", "ls /proc | grep -c '^[0-9]'")
    assert int(processes.stdout) < 20, "it sees the job's processes alone"


def test_shell_has_no_more_rights_than_the_job(clients, debugged):
    """No capability, no new one, and the workload's filter of system calls."""
    status = command(clients, "shell", debugged, "--", "grep", "-E",
                     "CapEff|CapBnd|NoNewPrivs|Seccomp:", "/proc/self/status").stdout
    values = dict(line.split(":") for line in status.split("\n") if ":" in line)
    values = {k: v.strip() for k, v in values.items()}
    assert values == {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}


def test_shell_is_interactive(clients, debugged):
    """A terminal: a prompt, an answer, the end of input."""
    own, other = pty.openpty()
    shell = subprocess.Popen([binary(), "shell", "--data-dir", str(clients.server.data_dir),
                              debugged], stdin=other, stdout=other, stderr=other,
                             start_new_session=True)
    os.close(other)
    os.write(own, b"echo $((6 * 7)) $TRAINING_JOB_NAME; tty\n")
    shown = read_until(own, f"42 {debugged}".encode())
    assert b"42" in shown
    os.write(own, b"exit 3\n")
    assert shell.wait(20) == 3
    os.close(own)


def test_shell_needs_remote_debugging(clients, churn, churn_channels, bucket):
    """Refused until UpdateTrainingJob enables it, then refused no more."""
    name = begin(clients, bucket, churn_channels)
    refused = command(clients, "shell", name, "true", check=False)
    assert refused.returncode == 1 and "remote debugging is not enabled" in refused.stderr
    clients.sagemaker.update_training_job(TrainingJobName=name,
                                          RemoteDebugConfig={"EnableRemoteDebug": True})
    command(clients, "shell", name, "true")
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    aws.wait_job(clients, name)
