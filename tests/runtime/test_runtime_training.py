"""The training toolkit's part: what is given to scripts, and what is said when they fail."""

import io
import json
import sys
import tarfile
from pathlib import Path

from clary_runtime import children, hyperparameters
from clary_runtime.job import Job

COMPAT = Path(children.__file__).resolve().parents[1] / "compat"


def test_both_encodings_of_hyperparameters():
    """SDK v2 quotes texts as JSON, v3 does not."""
    assert hyperparameters.decode({"a": '"x"', "b": "x", "c": "3", "d": "[1]", "e": "true",
                                   "f": "null", "g": "1e", "h": '{"k": 1}'}) == {
        "a": "x", "b": "x", "c": 3, "d": [1], "e": True, "f": None, "g": "1e", "h": {"k": 1}}


def test_arguments_are_the_toolkits():
    assert hyperparameters.as_arguments(
        {"lr": 0.1, "n": 5, "none": None, "map": {"b": 2, "a": 1}, "flag": False}) == [
        "--flag", "False", "--lr", "0.1", "--map", "a=1,b=2", "-n", "5", "--none", ""]


def test_settings_are_not_the_scripts():
    ours, scripts = hyperparameters.split(
        {"sagemaker_program": "a", "sagemaker_mpi_enabled": True, "_tuning_objective_metric": "m",
         "lr": 1})
    assert scripts == {"lr": 1} and len(ours) == 3


def test_hosts_of_the_distributed_group():
    groups = [{"instance_group_name": "a", "instance_type": "x", "hosts": ["algo-1"]},
              {"instance_group_name": "b", "instance_type": "y", "hosts": ["algo-2", "algo-3"]}]
    job = Job({"sagemaker_torch_distributed_enabled": True}, {},
              {"hosts": ["algo-1", "algo-2", "algo-3"], "current_host": "algo-3",
               "current_group_name": "b", "instance_groups": groups}, {})
    assert job.distribution_groups == ["b"] and job.master == "algo-2"
    variables = job.variables()
    assert json.loads(variables["SM_DISTRIBUTION_INSTANCE_GROUPS"]) == ["b"]
    assert variables["SM_IS_HETERO"] == "true" and variables["SM_MASTER_ADDR"] == "algo-2"
    assert json.loads(variables["SM_CURRENT_INSTANCE_GROUP_HOSTS"]) == ["algo-2", "algo-3"]


def test_last_traceback_is_the_reason():
    lines = ["Traceback (most recent call last):", "  old", "KeyError: 1", "other",
             "Traceback (most recent call last):", '  File "a.py", line 3, in <module>',
             "ValueError: new"]
    assert children.error_message(lines) == '  File "a.py", line 3, in <module>\nValueError: new'
    assert children.error_message(["a", "", "b"]) == "a\nb"
    assert children.error_message([]) == ""


def test_script_runs_with_channels_and_arguments(job):
    job.config("hyperparameters", {"sagemaker_program": '"run.py"', "lr": "0.5"})
    job.config("inputdataconfig", {"my-data": {"TrainingInputMode": "File"}})
    job.code("run.py", "import os, sys\nprint(sys.argv[1:], os.environ['SM_CHANNEL_MY-DATA'])\n")
    done = job.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"['--lr', '0.5'] {job.base}/input/data/my-data" in done.stdout
    assert (job.base / "output" / "success").exists()


def test_scripts_ask_the_toolkit_about_their_job(job):
    """Under both names that it has had; an attribute it has not is an error."""
    job.config("hyperparameters", {"sagemaker_program": "train.py", "depth": "3"})
    job.config("inputdataconfig", {"train": {}})
    job.code("train.py", """if True:
        import sagemaker_containers
        from sagemaker_training import environment
        env = environment.Environment()
        assert env.num_cpus >= 1 and env.hyperparameters == {'depth': 3}
        assert env.channel_input_dirs['train'].endswith('/input/data/train')
        assert env.to_env_vars()['SM_HP_DEPTH'] == '3' and env.to_cmd_args() == ['--depth', '3']
        assert sagemaker_containers.training_env().current_host == 'localhost' == env['hosts'][0]
        from sagemaker_containers import entry_point
        entry_point._wait_hostname_resolution()
        assert not hasattr(env, 'no_such_fact')
        """)
    done = job.run(PYTHONPATH=f"{COMPAT}:{COMPAT.parent}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_failure_is_the_toolkits(job):
    job.config("hyperparameters", {"sagemaker_program": "run.py", "lr": "0.5"})
    job.code("run.py", 'raise RuntimeError("it \\"broke\\"")')
    done = job.run()
    assert done.returncode == 1
    assert job.failure().startswith("ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"")
    assert "RuntimeError: it 'broke'" in job.failure()
    assert job.failure().endswith('run.py --lr 0.5"')
    assert "RuntimeError" in done.stderr  # the log has it too


def test_killed_script_says_so(job):
    job.config("hyperparameters", {"sagemaker_program": "run.py"})
    job.code("run.py", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    job.run()
    assert "ExitCode 137" in job.failure() and "OutOfMemory" in job.failure()


def test_background_process_does_not_hold_the_job(job):
    """One that keeps the pipe open must not keep the job from ending."""
    job.config("hyperparameters", {"sagemaker_program": "run.sh"})
    job.code("run.sh", "sleep 600 > /dev/null &\necho $! > \"$SM_MODEL_DIR/pid\"\n")
    import os
    import signal
    done = job.run(timeout=60)
    os.kill(int((job.base / "model" / "pid").read_text()), signal.SIGKILL)
    assert done.returncode == 0, done.stderr


def test_local_tarball(job):
    """With network isolation SDK v2 sends the code as a channel."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.py")
        member.size = 11
        archive.addfile(member, io.BytesIO(b"print('hi')"))
    where = job.base / "input" / "data" / "code" / "sourcedir.tar.gz"
    where.parent.mkdir()
    where.write_bytes(packed.getvalue())
    job.config("hyperparameters", {"sagemaker_program": "a.py",
                                   "sagemaker_submit_directory": str(where)})
    done = job.run()
    assert done.returncode == 0 and "\nhi\n" in done.stdout, done.stdout
    where.write_bytes(b"no archive")
    assert job.run().returncode == 1
    assert job.failure().startswith("ClientError: the code in")


def test_mistakes_are_client_errors(job):
    for parameters, words in (
            ({}, "names no script"),
            ({"sagemaker_program": "absent.py"}, "absent.py"),
            ({"sagemaker_program": "a.py", "sagemaker_submit_directory": "/nonexistent"},
             "/nonexistent"),
            ({"sagemaker_program": "a.sh", "sagemaker_torch_distributed_enabled": "true"},
             "Python script"),
            ({"sagemaker_program": "a.py",
              "sagemaker_distributed_dataparallel_enabled": "true"},
             "sagemaker_distributed_dataparallel_enabled")):
        job.code("a.py", "")
        job.code("a.sh", "")
        job.config("hyperparameters", parameters)
        assert job.run().returncode == 1
        assert job.failure().startswith("ClientError: "), job.failure()
        assert words in job.failure(), job.failure()


def test_torchrun_and_mpi_commands(monkeypatch):
    from clary_runtime import launchers
    hosts = ["algo-1", "algo-2"]
    resources = {"hosts": hosts, "current_host": "algo-2", "current_group_name": "g",
                 "network_interface_name": "eth1",
                 "instance_groups": [{"instance_group_name": "g", "hosts": hosts}]}
    job = Job({"sagemaker_program": "a.py", "sagemaker_torch_distributed_enabled": True},
              {"lr": 1}, resources, {})
    command = launchers.training_command(job, [])
    assert command[:3] == [sys.executable, "-m", "torch.distributed.run"]
    assert command[command.index("--node_rank") + 1] == "1"
    assert command[command.index("--master_addr") + 1] == "algo-1"
    assert command[-3:] == ["a.py", "--lr", "1"]
    job = Job({"sagemaker_program": "a.py", "sagemaker_mpi_enabled": True,
               "sagemaker_mpi_num_of_processes_per_host": 2,
               "sagemaker_mpi_custom_mpi_options": "--mca a 'b c'"}, {}, resources, {})
    monkeypatch.setattr(launchers.shutil, "which", lambda name: "/usr/bin/" + name)
    command = launchers.training_command(job, ["SM_HPS"])
    assert command[:5] == ["mpirun", "--host", "algo-1:2,algo-2:2", "-np", "4"]
    assert "b c" in command and "SM_HPS" in command and command[-1] == "a.py"
