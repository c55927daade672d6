"""kill -9 in the less straight ways of a training job: one instance of several, the server while data
streams, the agent while checkpoints go to S3."""

import os
import signal

import aws
from clary_server import processes_of

LONG = {"num_round": "1000000", "eta": "0.001"}


def begin(clients, bucket, channels, **changes):
    request = aws.job_request(clients, bucket, channels, **changes)
    name = request["TrainingJobName"]
    clients.sagemaker.create_training_job(**request)

    def training():
        job = clients.sagemaker.describe_training_job(TrainingJobName=name)
        assert job["TrainingJobStatus"] == "InProgress", job.get("FailureReason")
        return job["SecondaryStatus"] == "Training"
    aws.wait_until(training, 60)
    return name


def test_one_agent_of_two(server, clients, bucket, channels):
    """The job fails, says which instance was lost, and the other instance ends."""
    name = begin(clients, bucket, channels, hyperparameters=LONG, ResourceConfig={
        "InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10})
    agents = processes_of(server.data_dir, "agent")
    os.kill(max(agents), signal.SIGKILL)
    job = aws.wait_job(clients, name, 90)
    assert job["TrainingJobStatus"] == "Failed"
    assert "algo-" in job["FailureReason"], job["FailureReason"]
    aws.wait_until(lambda: not processes_of(server.data_dir, "agent"), 60)


def test_server_while_a_pipe_streams(server, clients, bucket, channels):
    """The reader waits for the next server, and gets every byte once."""
    rows, copies = aws.churn_rows("train"), 12
    for i in range(copies):
        clients.s3.put_object(Bucket=bucket, Key=f"pipe/{i}.csv", Body=rows)
    name = begin(clients, bucket, [aws.channel("train", f"s3://{bucket}/pipe/")],
                 AlgorithmSpecification={"TrainingImage": aws.XGBOOST_IMAGE,
                                         "TrainingInputMode": "Pipe"})
    server.kill()
    server.start()
    clients = aws.Clients(server)
    job = aws.wait_job(clients, name, 90)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    count = len(rows.split()) * copies
    assert any(f"{count} rows" in m for m in aws.job_messages(clients, name))


def test_agent_while_checkpoints_are_kept(server, clients, bucket, channels):
    """RetryStrategy gives the job another run, which goes on from what is in S3."""
    name = begin(clients, bucket, channels, hyperparameters=LONG,
                 RetryStrategy={"MaximumRetryAttempts": 1},
                 CheckpointConfig={"S3Uri": f"s3://{bucket}/cp"})

    def kept():
        return clients.s3.list_objects_v2(Bucket=bucket, Prefix="cp/").get("Contents")
    aws.wait_until(kept, 30)
    for pid in processes_of(server.data_dir, "agent"):
        os.kill(pid, signal.SIGKILL)
    aws.wait_until(lambda: any("Checkpoint loaded" in m for m in aws.job_messages(clients, name)),
                   60)
    clients.sagemaker.stop_training_job(TrainingJobName=name)
    assert aws.wait_job(clients, name, 60)["TrainingJobStatus"] == "Stopped"
