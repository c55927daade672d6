"""What CreateHyperParameterTuningJob refuses, and its rarer forms."""

import aws
import commands
import people
import pytest
import tuning
from botocore.exceptions import ClientError

WHOLE = {"IntegerParameterRanges": [tuning.INTEGER]}


def put(target, path, value):
    """Sets a member at a dotted path; None removes it."""
    *way, last = path.split(".")
    for step in way:
        target = target[step]
    if value is None:
        del target[last]
    else:
        target[last] = value


CONFIG, DEFINITION = "HyperParameterTuningJobConfig.", "TrainingJobDefinition."
RANGES = CONFIG + "ParameterRanges"
REFUSED = [
    ({"TrainingJobDefinition": None}, "Exactly one of TrainingJobDefinition"),
    ({CONFIG + "HyperParameterTuningJobObjective": None}, "HyperParameterTuningJobObjective"),
    ({CONFIG + "HyperParameterTuningJobObjective.MetricName": "validation:no"}, "isn't valid"),
    ({RANGES: {}}, "At least one hyperparameter range"),
    ({RANGES: {"IntegerParameterRanges": [tuning.INTEGER | {"MinValue": "1.5"}]}}, "max_depth"),
    ({RANGES: {"IntegerParameterRanges": [tuning.INTEGER | {"MinValue": "9"}]}}, "max_depth"),
    ({RANGES: {"IntegerParameterRanges": [tuning.INTEGER] * 2}}, "max_depth"),
    ({RANGES: {"ContinuousParameterRanges": [
        tuning.CONTINUOUS | {"MinValue": "0", "ScalingType": "Logarithmic"}]}}, "eta"),
    ({RANGES: {"ContinuousParameterRanges": [
        tuning.CONTINUOUS | {"MaxValue": "1", "ScalingType": "ReverseLogarithmic"}]}}, "eta"),
    ({DEFINITION + "StaticHyperParameters.eta": "0.1"}, "both static and tunable"),
    ({DEFINITION + "ResourceConfig": None}, "ResourceConfig"),
    ({DEFINITION + "RoleArn": "arn:aws:iam::000000000000:role/Nobody"}, "Nobody"),
    ({CONFIG + "Strategy": "Grid"}, "categorical"),
    ({CONFIG + "Strategy": "Hyperband", CONFIG + "TrainingJobEarlyStoppingType": "Auto"},
     "must be Off"),
    ({CONFIG + "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1}}}, "Hyperband"),
    ({CONFIG + "ResourceLimits": {"MaxParallelTrainingJobs": 1}}, "MaxNumberOfTrainingJobs"),
    ({RANGES + ".AutoParameters": [{"Name": "a", "ValueHint": "1"}]}, "Autotune"),
    ({"WarmStartConfig": {"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": [
        {"HyperParameterTuningJobName": "nobody"}]}}, "does not exist"),
]


@pytest.mark.parametrize("changes,words", REFUSED, ids=[words for _, words in REFUSED])
def test_refused(clients, churn, churn_channels, changes, words):
    """A ValidationException that says what is wrong, and no job."""
    request = tuning.request(clients, churn, churn_channels)
    for path, value in changes.items():
        put(request, path, value)
    with pytest.raises(ClientError) as refused:
        clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert words in str(refused.value)
    with pytest.raises(ClientError, match="can't find"):
        tuning.describe(clients, request["HyperParameterTuningJobName"])


@pytest.mark.parametrize("limits", [{"MaxNumberOfTrainingJobs": 10001},
                                    {"MaxParallelTrainingJobs": 101}])
def test_quotas(clients, churn, churn_channels, limits):
    """More than the service gives anybody is ResourceLimitExceeded."""
    request = tuning.request(clients, churn, churn_channels)
    request["HyperParameterTuningJobConfig"]["ResourceLimits"].update(limits)
    with pytest.raises(ClientError) as refused:
        clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    assert refused.value.response["Error"]["Code"] == "ResourceLimitExceeded"


def test_same_name_twice(clients, churn, churn_channels):
    """The second request of a name is ResourceInUse."""
    request = tuning.request(clients, churn, churn_channels, jobs=1)
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    with pytest.raises(ClientError, match="ResourceInUse"):
        clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    tuning.wait(clients, request["HyperParameterTuningJobName"])


def test_several_definitions(clients, churn, churn_channels):
    """Two searches share the jobs of one tuning job; the best of both is the best."""
    request = tuning.request(clients, churn, churn_channels, strategy="Bayesian", jobs=4)
    config = request["HyperParameterTuningJobConfig"]
    ranges = config.pop("ParameterRanges")
    objective = config.pop("HyperParameterTuningJobObjective")
    one = request.pop("TrainingJobDefinition")
    own = {"HyperParameterRanges": ranges, "TuningObjective": objective}
    other = one | {"StaticHyperParameters": one["StaticHyperParameters"] | {"num_round": "5"}}
    request["TrainingJobDefinitions"] = [one | own | {"DefinitionName": "short"},
                                         other | own | {"DefinitionName": "long"}]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    job = tuning.wait(clients, request["HyperParameterTuningJobName"])
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    jobs = tuning.jobs_of(clients, request["HyperParameterTuningJobName"])
    names = [j["TrainingJobDefinitionName"] for j in jobs]
    assert sorted(names) == ["long", "long", "short", "short"]
    assert job["BestTrainingJob"]["TrainingJobDefinitionName"] in names


def test_warm_start(clients, churn, churn_channels):
    """A child knows what its parent found; the best of both is the overall best."""
    parent = tuning.run(clients, churn, churn_channels, strategy="Bayesian", jobs=3)
    start = {"WarmStartType": "IdenticalDataAndAlgorithm", "ParentHyperParameterTuningJobs": [
        {"HyperParameterTuningJobName": parent["HyperParameterTuningJobName"]}]}
    child = tuning.run(clients, churn, churn_channels, strategy="Bayesian", jobs=2,
                       WarmStartConfig=start)
    assert child["HyperParameterTuningJobStatus"] == "Completed"
    overall = child["OverallBestTrainingJob"]
    best = max(tuning.value_of(parent["BestTrainingJob"]),
               tuning.value_of(child["BestTrainingJob"]))
    assert tuning.value_of(overall) == best
    assert overall["TuningJobName"] in (parent["HyperParameterTuningJobName"],
                                        child["HyperParameterTuningJobName"])
    with pytest.raises(ClientError, match="number of static and tunable"):
        clients.sagemaker.create_hyper_parameter_tuning_job(**tuning.request(
            clients, churn, churn_channels, WarmStartConfig=start, ranges=WHOLE))
    with pytest.raises(ClientError, match="objective metric must be the one"):
        clients.sagemaker.create_hyper_parameter_tuning_job(**tuning.request(
            clients, churn, churn_channels, WarmStartConfig=start,
            config={"HyperParameterTuningJobObjective": {
                "Type": "Maximize", "MetricName": "train:auc"}}))


def test_autotune(clients, churn, churn_channels):
    """Ranges, limits and criteria that are left out are chosen, and shown."""
    request = tuning.request(clients, churn, churn_channels, Autotune={"Mode": "Enabled"},
                             ranges={"AutoParameters": [{"Name": "eta", "ValueHint": "0.3"},
                                                        {"Name": "max_delta_step",
                                                         "ValueHint": "5"}]},
                             static={"num_round": "2"}, jobs=None)
    request["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"] = {
        "TargetObjectiveMetricValue": 0.5}
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    job = tuning.wait(clients, request["HyperParameterTuningJobName"])
    config = job["HyperParameterTuningJobConfig"]
    assert config["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 50
    assert config["ParameterRanges"]["ContinuousParameterRanges"][0]["Name"] == "eta"
    whole, = config["ParameterRanges"]["IntegerParameterRanges"]
    assert (whole["MinValue"], whole["MaxValue"]) == ("1", "50")
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")


def test_instance_pool(clients, churn, churn_channels):
    """HyperParameterTuningResourceConfig with a pool: the first type that a quota allows."""
    instances = [{"InstanceType": kind, "InstanceCount": 1, "VolumeSizeInGB": 5}
                 for kind in ("ml.m5.xlarge", "ml.m5.large")]
    request = tuning.request(clients, churn, churn_channels, jobs=1)
    definition = request["TrainingJobDefinition"]
    del definition["ResourceConfig"]
    definition["HyperParameterTuningResourceConfig"] = {
        "InstanceConfigs": instances, "AllocationStrategy": "Prioritized"}
    definition["CheckpointConfig"] = {"S3Uri": f"s3://{churn}/tuned-checkpoints"}
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    job = tuning.wait(clients, request["HyperParameterTuningJobName"])
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    trained = clients.sagemaker.describe_training_job(
        TrainingJobName=job["BestTrainingJob"]["TrainingJobName"])
    assert trained["ResourceConfig"] == instances[0]
    # Jobs with other hyperparameters do not go on from each other's checkpoints.
    assert trained["CheckpointConfig"]["S3Uri"].endswith("/" + trained["TrainingJobName"])
    assert job["TrainingJobDefinition"]["ResourceConfig"]["InstanceType"] == "ml.m5.xlarge"


def test_instance_pool_of_which_one_is_used_up(server, clients, churn, churn_channels):
    """A type whose quota has no room is passed over for the next one of the pool."""
    instances = [{"InstanceType": kind, "InstanceCount": 1, "VolumeSizeInGB": 5}
                 for kind in ("ml.c5.9xlarge", "ml.m5.large")]
    request = tuning.request(clients, churn, churn_channels, jobs=2)
    definition = request["TrainingJobDefinition"]
    del definition["ResourceConfig"]
    definition["HyperParameterTuningResourceConfig"] = {
        "InstanceConfigs": instances, "AllocationStrategy": "Prioritized"}
    quota = ["ml.c5.9xlarge for training job usage", "--data-dir", server.data_dir]
    commands.clary("quota", "set", quota[0], "0", *quota[1:])
    try:
        clients.sagemaker.create_hyper_parameter_tuning_job(**request)
        job = tuning.wait(clients, request["HyperParameterTuningJobName"])
    finally:
        commands.clary("quota", "remove", *quota)
    assert job["TrainingJobStatusCounters"]["Completed"] == 2, job.get("FailureReason")
    for trained in tuning.jobs_of(clients, job["HyperParameterTuningJobName"]):
        described = clients.sagemaker.describe_training_job(
            TrainingJobName=trained["TrainingJobName"])
        assert described["ResourceConfig"] == instances[1]


def test_spot(server, clients, churn, churn_channels, bucket):
    """An evaluation on spot that is interrupted goes on from its checkpoints; it is not repeated."""
    request = tuning.request(
        clients, churn, churn_channels, jobs=2, parallel=1, static={"num_round": "1000000"},
        definition={"EnableManagedSpotTraining": True,
                    "CheckpointConfig": {"S3Uri": f"s3://{bucket}/cp"},
                    "StoppingCondition": {"MaxRuntimeInSeconds": 300,
                                          "MaxWaitTimeInSeconds": 600}})
    name = request["HyperParameterTuningJobName"]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    aws.wait_until(lambda: clients.s3.list_objects_v2(Bucket=bucket, Prefix="cp/").get("Contents"))
    only, = tuning.jobs_of(clients, name)
    commands.clary("preempt", "--data-dir", server.data_dir, only["TrainingJobName"])

    def resumed():
        job = clients.sagemaker.describe_training_job(TrainingJobName=only["TrainingJobName"])
        states = [t["Status"] for t in job["SecondaryStatusTransitions"]]
        return "Interrupted" in states and states[-1] == "Training"
    aws.wait_until(resumed)
    again, = tuning.jobs_of(clients, name)
    assert again["TunedHyperParameters"] == only["TunedHyperParameters"]
    assert tuning.describe(clients, name)["TrainingJobStatusCounters"]["InProgress"] == 1
    clients.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = tuning.wait(clients, name)
    assert job["TrainingJobStatusCounters"]["Stopped"] == 1
    # It had a value before it was stopped, which counts.
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 1, "Pending": 0, "Failed": 0}


def test_a_job_of_a_running_search_stays(clients, churn, churn_channels):
    """What a search has learned is not deleted under it."""
    request = tuning.request(clients, churn, churn_channels, strategy="Grid", jobs=None, parallel=1,
                             static={"num_round": None},
                             ranges={"CategoricalParameterRanges": [
                                 {"Name": "num_round", "Values": ["1000000", "1000001"]}]})
    name = request["HyperParameterTuningJobName"]
    clients.sagemaker.create_hyper_parameter_tuning_job(**request)
    aws.wait_until(lambda: tuning.jobs_of(clients, name))
    first = tuning.jobs_of(clients, name)[0]["TrainingJobName"]
    clients.sagemaker.stop_training_job(TrainingJobName=first)
    aws.wait_job(clients, first)
    with pytest.raises(ClientError, match="cannot be deleted while the hyperparameter tuning job"):
        clients.sagemaker.delete_training_job(TrainingJobName=first)
    clients.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    tuning.wait(clients, name)
    clients.sagemaker.delete_training_job(TrainingJobName=first)


def test_who_may(server, clients, churn, churn_channels):
    """The operation and the role that is passed are asked for, on the tuning job's ARN."""
    arn = "arn:aws:sagemaker:*:*:hyper-parameter-tuning-job/mine-*"
    _, key = people.make_user(clients.iam, people.allow(
        ["sagemaker:CreateHyperParameterTuningJob"], arn))
    theirs = people.client_of_key(server, "sagemaker", key)
    request = tuning.request(clients, churn, churn_channels, jobs=1, name=aws.unique("other"))
    with pytest.raises(ClientError, match="sagemaker:CreateHyperParameterTuningJob"):
        theirs.create_hyper_parameter_tuning_job(**request)
    request["HyperParameterTuningJobName"] = aws.unique("mine")
    with pytest.raises(ClientError, match="iam:PassRole"):
        theirs.create_hyper_parameter_tuning_job(**request)
