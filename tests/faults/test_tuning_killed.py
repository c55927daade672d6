"""kill -9 of the server in the middle of a tuning job: the same search goes on, no evaluation is
repeated or lost."""

import time

import aws
import pytest
import tuning

JOBS = 12


def chosen(clients, name):
    return [(j["TrainingJobName"].split("-")[-2], j["TunedHyperParameters"])
            for j in tuning.jobs_of(clients, name)]


@pytest.mark.parametrize("strategy", ["Random", "Bayesian"])
def test_again_and_again(server, clients, bucket, channels, strategy):
    """Five crashes, at moments that are spread over the job."""
    request = tuning.request(clients, bucket, channels, strategy=strategy, jobs=JOBS, parallel=3,
                             static={"num_round": "40"})
    name = request["HyperParameterTuningJobName"]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    seen = {}
    for crash in range(5):
        time.sleep(0.02 + 0.09 * crash)  # the moment is what differs; nothing waits for it
        now = dict((number, tuned) for number, tuned in chosen(clients, name))
        assert {number: now[number] for number in seen} == seen
        seen = now
        server.kill()
        server.start()
        clients = aws.Clients(server)
    job = tuning.wait(clients, name, 120)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    jobs = chosen(clients, name)
    assert [number for number, _ in jobs] == [f"{i:03}" for i in range(1, JOBS + 1)]
    assert {number: dict(jobs)[number] for number in seen} == seen
    assert len({str(tuned) for _, tuned in jobs}) == JOBS
    assert job["TrainingJobStatusCounters"]["Completed"] == JOBS
    assert job["ObjectiveStatusCounters"]["Succeeded"] == JOBS
    if strategy == "Random":
        # What a search without crashes chooses with this seed.
        quiet = tuning.run(clients, bucket, channels, jobs=JOBS, parallel=3)
        assert chosen(clients, quiet["HyperParameterTuningJobName"]) == jobs


def test_while_it_stops(server, clients, bucket, channels):
    """A Stop that was accepted is carried out by the next server."""
    request = tuning.request(clients, bucket, channels, jobs=20, parallel=2,
                             static={"num_round": "1000000"})
    name = request["HyperParameterTuningJobName"]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    aws.wait_until(lambda: len(tuning.jobs_of(clients, name)) == 2)
    clients.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    server.kill()
    server.start()
    clients = aws.Clients(server)
    job = tuning.wait(clients, name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["InProgress"] == 0
    assert len(tuning.jobs_of(clients, name)) == 2
