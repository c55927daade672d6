"""The AWS command line, version 1, as people type it."""

import json

import aws


def test_s3(run_program, bucket, tmp_path):
    """cp, ls, sync and rm."""
    (tmp_path / "dir").mkdir()
    for name in ("a.txt", "dir/b.txt"):
        (tmp_path / name).write_text(name)
    run_program("cli", "aws", "s3", "cp", str(tmp_path / "a.txt"), f"s3://{bucket}/x/a.txt")
    run_program("cli", "aws", "s3", "sync", str(tmp_path), f"s3://{bucket}/sync/")
    listed = run_program("cli", "aws", "s3", "ls", f"s3://{bucket}/", "--recursive")
    assert [line.split()[-1] for line in listed.splitlines()] == [
        "sync/a.txt", "sync/dir/b.txt", "x/a.txt"]
    run_program("cli", "aws", "s3", "sync", f"s3://{bucket}/sync/", str(tmp_path / "back"))
    assert (tmp_path / "back" / "dir" / "b.txt").read_text() == "dir/b.txt"
    run_program("cli", "aws", "s3", "rm", f"s3://{bucket}/", "--recursive")
    assert run_program("cli", "aws", "s3", "ls", f"s3://{bucket}/") == ""


def test_large_copy(run_program, clients, bucket, tmp_path):
    """20 MiB: a multipart upload and a download in ranges."""
    (tmp_path / "large").write_bytes(bytes(range(256)) * 81920)
    run_program("cli", "aws", "s3", "cp", str(tmp_path / "large"), f"s3://{bucket}/large")
    assert "-3" in clients.s3.head_object(Bucket=bucket, Key="large")["ETag"]
    run_program("cli", "aws", "s3", "cp", f"s3://{bucket}/large", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()


def test_identity(run_program, clients):
    """`aws sts get-caller-identity` is what everyone tries first."""
    who = json.loads(run_program("cli", "aws", "sts", "get-caller-identity"))
    assert ":assumed-role/" in who["Arn"]


def test_train_and_follow(run_program, clients, churn, churn_channels):
    """create-training-job, wait, describe, and the logs."""
    request = aws.job_request(clients, churn, churn_channels)
    name = request["TrainingJobName"]
    run_program("cli", "aws", "sagemaker", "create-training-job", "--cli-input-json",
                json.dumps(request))
    aws.wait_job(clients, name)
    run_program("cli", "aws", "sagemaker", "wait", "training-job-completed-or-stopped",
                "--training-job-name", name)
    status = run_program("cli", "aws", "sagemaker", "describe-training-job",
                         "--training-job-name", name, "--query", "TrainingJobStatus")
    assert json.loads(status) == "Completed"
    events = json.loads(run_program(
        "cli", "aws", "logs", "filter-log-events", "--log-group-name",
        "/aws/sagemaker/TrainingJobs", "--log-stream-name-prefix", name + "/"))["events"]
    assert any("train-auc" in e["message"] for e in events)


def test_invoke(run_program, endpoint, tmp_path):
    """sagemaker-runtime invoke-endpoint writes the answer to a file."""
    row, out = tmp_path / "row", tmp_path / "out"
    row.write_bytes(aws.churn_features()[0][0])
    run_program("cli", "aws", "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", endpoint,
                "--content-type", "text/csv", "--body", f"fileb://{row}", str(out))
    assert 0 <= float(out.read_text()) <= 1
