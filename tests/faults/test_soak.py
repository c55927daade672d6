"""Many small jobs while the server and agents are killed at random: every job ends, Completed or
Failed with the true reason, and none is stuck. CLARY_SOAK_JOBS: how many (CI takes few)."""

import os
import random
import signal
import threading
import time

import aws
from botocore.exceptions import BotoCoreError, ClientError
from clary_server import processes_of

JOBS = int(os.environ.get("CLARY_SOAK_JOBS", "60"))
SEED = int(os.environ.get("CLARY_SOAK_SEED", str(int(time.time()))))
# Of everything together, whatever is killed: a job takes well under a second.
TIMEOUT = 120 + 2 * JOBS


def patiently(call, **request):
    """The server is away now and then."""
    for _ in range(200):
        try:
            return call(**request)
        except BotoCoreError:
            time.sleep(0.1)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceInUse":
                return None  # the answer to the first try was lost
            raise
    raise AssertionError("the server did not come back")


def agents_of(server):
    """Not what an agent has just forked and not yet executed: that is its workload."""
    found = processes_of(server.data_dir, "agent")
    return [pid for pid in found if parent(pid) not in found]


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def kill_at_random(server, rng, killed, ended):
    """Until `ended`: about as many agents as a tenth of the jobs, and the server a few times."""
    while not ended.wait(rng.uniform(0.3, 1.2)):
        if rng.random() < 0.3:
            server.kill()
            killed["server"] += 1
            server.start()
            continue
        agents = agents_of(server)
        if agents:
            try:
                os.kill(rng.choice(agents), signal.SIGKILL)
                killed["agents"] += 1
            except ProcessLookupError:
                pass


def test_every_job_ends(server, clients, bucket, channels):
    rng = random.Random(SEED)
    killed = {"server": 0, "agents": 0}
    ended = threading.Event()
    killer = threading.Thread(target=kill_at_random, args=(server, rng, killed, ended))
    killer.start()
    names = []
    try:
        for number in range(JOBS):
            request = aws.job_request(clients, bucket, channels, name=f"soak-{number}",
                                      hyperparameters={"num_round": "3"})
            patiently(clients.sagemaker.create_training_job, **request)
            names.append(request["TrainingJobName"])
        outcomes = {}
        deadline = time.monotonic() + TIMEOUT
        while len(outcomes) < JOBS:
            assert time.monotonic() < deadline, (
                f"seed {SEED}: stuck: {sorted(set(names) - set(outcomes))}")
            for name in names:
                if name in outcomes:
                    continue
                job = patiently(clients.sagemaker.describe_training_job, TrainingJobName=name)
                if job["TrainingJobStatus"] in aws.ENDED:
                    outcomes[name] = job
            time.sleep(0.2)
    finally:
        ended.set()
        killer.join()
    failed = [job for job in outcomes.values() if job["TrainingJobStatus"] != "Completed"]
    print(f"seed {SEED}: {JOBS} jobs, {len(failed)} failed; killed: {killed}")
    for job in failed:
        assert job["TrainingJobStatus"] == "Failed", (SEED, job["TrainingJobName"])
        assert "ended without a report" in job["FailureReason"], (SEED, job["FailureReason"])
    assert len(failed) <= killed["agents"], SEED
    for job in outcomes.values():
        if job["TrainingJobStatus"] == "Completed":
            key = job["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]
            clients.s3.head_object(Bucket=bucket, Key=key)
    # Nothing is left running.
    aws.wait_until(lambda: not processes_of(server.data_dir, "agent"), 30)
