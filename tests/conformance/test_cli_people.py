"""`clary jobs`, `job`, `logs` and `stop`: what a person watches jobs with."""

import json
import re
import subprocess
import threading

import aws
import commands
import pytest
from clary_server import ClaryServer, binary

LONG = {"num_round": "100000", "max_depth": "6", "eta": "0.001"}


@pytest.fixture(scope="module")
def clary(server):
    """Runs `clary` as somebody who has evaluated `clary env`; gives the finished process."""
    def run(*arguments, timeout=60, **environment):
        done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True,
                              timeout=timeout, env=server.environment() | environment)
        assert "terminate called" not in done.stderr and "exception" not in done.stderr.lower()
        return done
    return run


def start_long(clients, churn, churn_channels, **changes):
    request = aws.job_request(clients, churn, churn_channels, hyperparameters=LONG, **changes)
    clients.sagemaker.create_training_job(**request)
    return request["TrainingJobName"]


def test_jobs_lists(clary, trained):
    """A line for each job, with its outcome, how long it took and who created it."""
    name = trained["TrainingJobName"]
    out = clary("jobs", "--name", name).stdout
    head, line = out.splitlines()
    assert head.split() == ["NAME", "TYPE", "STATUS", "AGE", "TIME", "COST", "USER", "DETAIL"]
    assert line.split()[:3] == [name, "training", "Completed"]
    assert "\x1b" not in out, "no colours in a pipe"


def test_over_https(clary, server, trained):
    """An https endpoint is spoken to when AWS_CA_BUNDLE vouches for it, and not otherwise."""
    name = trained["TrainingJobName"]
    secure = {"AWS_ENDPOINT_URL": server.url.replace("http://", "https://")}
    assert clary("jobs", "--name", name, **secure).stdout.splitlines()[1].split()[0] == name
    assert "Completed" in clary("job", name, **secure).stdout
    assert clary("logs", name, **secure).stdout == clary("logs", name).stdout != ""
    refused = clary("stop", "no-such-job", **secure)
    assert refused.returncode != 0 and "no-such-job" in refused.stderr
    for bundle in ("", "/no/such/file.pem"):
        distrusted = clary("jobs", AWS_CA_BUNDLE=bundle, **secure)
        assert distrusted.returncode != 0 and "certificate" in distrusted.stderr, distrusted.stderr


def test_jobs_as_json(clary, clients, churn, churn_channels, trained):
    """For scripts: one array, filtered by status, newest first."""
    bad = aws.train(clients, churn, churn_channels, hyperparameters={"eta": "7"})
    jobs = json.loads(clary("jobs", "--json", "--status", "failed", "--type", "training").stdout)
    assert jobs[0]["name"] == bad["TrainingJobName"]
    assert jobs[0]["detail"] == bad["FailureReason"]
    assert {job["status"] for job in jobs} == {"Failed"}
    assert jobs[0]["user"] and jobs[0]["seconds"] >= 0
    created = [job["created"] for job in jobs]
    assert created == sorted(created, reverse=True)
    mine = json.loads(clary("jobs", "--json", "--user", jobs[0]["user"], "-n", "3").stdout)
    assert 0 < len(mine) <= 3
    assert json.loads(clary("jobs", "--json", "--user", "nobody-of-that-name").stdout) == []


@pytest.mark.parametrize("arguments, words", [
    (["jobs", "--status", "perhaps"], "InProgress, Completed, Failed"),
    (["jobs", "--type", "baking"], "training, processing, transform and tuning"),
    (["jobs", "--since", "soon"], "15m"),
    (["job", "no-such-job"], "clary jobs"),
    (["logs", "-f", "no-such-job"], "no-such-job"),
    (["stop", "no-such-job"], "no-such-job"),
])
def test_mistakes_are_explained(clary, arguments, words):
    """One line on standard error that says what to do, exit code 1."""
    done = clary(*arguments)
    assert done.returncode == 1 and done.stdout == ""
    assert words in done.stderr and len(done.stderr.splitlines()) == 1


def test_no_server(clary):
    """Nobody there: told so at once, with how to start one."""
    done = clary("jobs", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert done.returncode == 1 and "clary serve" in done.stderr


def test_wrong_keys(clary):
    """The server's refusal in its own words."""
    done = clary("jobs", AWS_SECRET_ACCESS_KEY="wrong")
    assert done.returncode == 1 and "signature" in done.stderr


def test_data_folder_instead_of_environment(clary, server, trained):
    """The owner beside the server needs no variables."""
    done = clary("jobs", "--data-dir", server.data_dir, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert done.returncode == 0 and "training" in done.stdout


def test_job(clary, trained, churn):
    """One job from request to outcome."""
    out = clary("job", trained["TrainingJobName"]).stdout
    assert out.splitlines()[0].split() == [trained["TrainingJobName"], "training", "Completed"]
    for words in ("1 x ml.m5.large", f"s3://{churn}/train/", "validation:auc", "num_round",
                  trained["ModelArtifacts"]["S3ModelArtifacts"], "clary logs"):
        assert words in out
    steps = re.findall(r"^  \d\d:\d\d:\d\d  (\w+)", out, re.M)
    assert steps[0] == "Starting" and steps[-1] == "Completed"
    document = json.loads(clary("job", "--json", trained["TrainingJobName"]).stdout)
    assert document["TrainingJobName"] == trained["TrainingJobName"]


def test_failed_job(clary, clients, churn, churn_channels):
    """The reason in full, and where to look next."""
    job = aws.train(clients, churn, churn_channels, hyperparameters={"eta": "7"})
    out = clary("job", job["TrainingJobName"]).stdout
    assert job["FailureReason"].replace("\n", " ") in out
    followed = clary("logs", "-f", job["TrainingJobName"])
    assert followed.returncode == 3 and "Failed" in followed.stderr


def test_logs(clary, clients, trained):
    """Exactly what the job printed, and nothing else on standard output."""
    name = trained["TrainingJobName"]
    lines = clary("logs", name).stdout.splitlines()
    assert lines == "\n".join(aws.job_messages(clients, name)).splitlines()
    assert clary("logs", "-n", "2", name).stdout.splitlines() == lines[-2:]
    stamped = clary("logs", "-t", "-n", "1", name).stdout
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", stamped)
    followed = clary("logs", "-f", name)
    assert followed.returncode == 0 and followed.stdout.splitlines() == lines


def test_follow_and_stop(clary, server, clients, churn, churn_channels):
    """Lines come while the job trains; stopping it ends the follower, whose exit code says so."""
    name = start_long(clients, churn, churn_channels)
    with subprocess.Popen([binary(), "logs", "-f", name], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=server.environment()) as follower:
        seen = []
        for line in follower.stdout:
            seen.append(line)
            if "[20]" in line:
                done = clary("stop", name)
                assert done.returncode == 0 and name in done.stdout
                break
        seen += follower.stdout.readlines()
        errors = follower.stderr.read()
        assert follower.wait(60) == 4 and "Stopped" in errors
    text = "".join(seen)
    rounds = [int(n) for n in re.findall(r"^\[(\d+)\]", text, re.M)]
    assert rounds == list(range(len(rounds))), "no line twice, none left out"
    assert text == clary("logs", name).stdout
    again = clary("stop", name)
    assert again.returncode == 1 and "Stopped" in again.stderr


def test_follow_through_a_restart(clients):
    """The server is killed and started again; the follower goes on and loses nothing."""
    own = ClaryServer()
    try:
        own.start()
        mine = aws.Clients(own)
        bucket = aws.unique("b")
        mine.s3.create_bucket(Bucket=bucket)
        mine.s3.put_object(Bucket=bucket, Key="train/t.csv", Body=aws.churn_rows("train"))
        name = start_long(mine, bucket, [aws.channel("train", f"s3://{bucket}/train/")])
        with subprocess.Popen([binary(), "logs", "-f", name], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              env=own.environment()) as follower:
            noted = []
            away = threading.Event()

            def read_errors():
                for line in follower.stderr:
                    noted.append(line)
                    if "away" in line:
                        away.set()
            reader = threading.Thread(target=read_errors, daemon=True)
            reader.start()
            seen = [next(follower.stdout) for _ in range(20)]
            own.kill()
            assert away.wait(30)
            own.start()
            seen += [next(follower.stdout) for _ in range(20)]
            subprocess.run([binary(), "stop", name], env=own.environment(), check=True, timeout=60,
                           capture_output=True)
            seen += follower.stdout.readlines()
            assert follower.wait(60) == 4, noted
        rounds = [int(n) for n in re.findall(r"^\[(\d+)\]", "".join(seen), re.M)]
        assert rounds == list(range(len(rounds)))
    finally:
        own.remove()


def test_watch_in_a_pipe(server, trained):
    """Prints the table, and ends when it is told to."""
    with subprocess.Popen([binary(), "jobs", "--watch", "-n", "1"], stdout=subprocess.PIPE,
                          text=True, env=server.environment()) as watcher:
        assert watcher.stdout.readline().startswith("NAME")
        assert watcher.stdout.readline().strip()
        watcher.terminate()
        watcher.wait(10)


def test_on_a_terminal(server, trained):
    """Colours, and lines no longer than the screen is wide."""
    with commands.OnTerminal("jobs", "-n", "3", environment=server.environment()) as process:
        text = process.rest()
        assert process.wait() == 0
    assert "\x1b[32mCompleted" in text or "\x1b[31mFailed" in text or "\x1b[2mStopped" in text
    for line in re.sub(r"\x1b\[\d*m", "", text).splitlines():
        assert len(line) <= 80
