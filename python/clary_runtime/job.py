"""The training job as its container sees it, and the SM_* variables that scripts read."""

import json
import logging
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clary_runtime import hyperparameters, paths

# Where the published images' training module is; scripts find it in SM_FRAMEWORK_MODULE.
FRAMEWORK_MODULES = {
    "sklearn": "sagemaker_sklearn_container.training:main",
    "xgboost": "sagemaker_xgboost_container.training:main",
    "pytorch": "sagemaker_pytorch_container.training:main",
    "huggingface": "sagemaker_pytorch_container.training:main",
    "tensorflow": "sagemaker_tensorflow_container.training:main",
    "mxnet": "sagemaker_mxnet_container.training:main"}
# Settings that start the script on every host of the group at once.
DISTRIBUTIONS = ("mpi", "parameter_server", "distributed_dataparallel", "pytorch_ddp",
                 "torch_distributed", "multi_worker_mirrored_strategy",
                 "pytorch_xla_multi_worker")


def read_config(name: str) -> dict[str, Any]:
    try:
        return json.loads((paths.INPUT_CONFIG / name).read_text())
    except FileNotFoundError:
        return {}


def cpu_count() -> int:
    """The instance's: a limit below the machine's is in OMP_NUM_THREADS."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    available = len(os.sched_getaffinity(0))
    return min(int(limit), available) if limit.isdigit() and int(limit) > 0 else available


def gpu_count() -> int:
    return sum(1 for device in Path("/dev").glob("nvidia*")
               if re.fullmatch(r"nvidia\d+", device.name))


@dataclass
class Job:
    settings: dict[str, Any] = field(default_factory=dict)    # sagemaker_...
    parameters: dict[str, Any] = field(default_factory=dict)  # the script's
    resources: dict[str, Any] = field(default_factory=dict)
    channels: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def read() -> "Job":
        values = hyperparameters.decode(read_config("hyperparameters.json"))
        settings, parameters = hyperparameters.split(values)
        return Job(settings, parameters, read_config("resourceconfig.json"),
                   read_config("inputdataconfig.json"))

    @property
    def program(self) -> str:
        return str(os.environ.get("SAGEMAKER_PROGRAM") or self.settings.get("sagemaker_program")
                   or "")

    @property
    def submit_directory(self) -> str:
        return str(self.settings.get("sagemaker_submit_directory")
                   or os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY") or paths.CODE)

    @property
    def hosts(self) -> list[str]:
        return self.resources.get("hosts") or ["algo-1"]

    @property
    def current_host(self) -> str:
        return self.resources.get("current_host") or self.hosts[0]

    @property
    def group(self) -> str:
        return self.resources.get("current_group_name") or "homogeneousCluster"

    @property
    def network_interface(self) -> str:
        return self.resources.get("network_interface_name") or "eth0"

    @property
    def distribution_groups(self) -> list[str]:
        named = self.settings.get("sagemaker_distribution_instance_groups")
        if named:
            return list(named)
        on = any(self.enabled(name) for name in DISTRIBUTIONS)
        return [self.group] if on else []

    @property
    def distribution_hosts(self) -> list[str]:
        groups = self.distribution_groups
        hosts = [host for group in self.resources.get("instance_groups", [])
                 if group["instance_group_name"] in groups for host in group["hosts"]]
        return hosts or list(self.hosts)

    @property
    def master(self) -> str:
        return self.distribution_hosts[0]

    @property
    def log_level(self) -> int:
        level = self.settings.get("sagemaker_container_log_level", logging.INFO)
        return level if isinstance(level, int) else logging.INFO

    def enabled(self, distribution: str) -> bool:
        return bool(self.settings.get(f"sagemaker_{distribution}_enabled"))

    def number(self, name: str, default: int) -> int:
        value = self.settings.get(name)
        return value if isinstance(value, int) and value > 0 else default

    def arguments(self) -> list[str]:
        return hyperparameters.as_arguments(self.parameters)

    def facts(self) -> dict[str, Any]:
        """By the names that the toolkit gives them; SM_TRAINING_ENV is this, as JSON."""
        groups = self.resources.get("instance_groups", [])
        program = self.program
        return {
            "additional_framework_parameters": {
                name: value for name, value in self.settings.items()
                if name not in hyperparameters.TOOLKIT},
            "channel_input_dirs": {name: str(paths.INPUT_DATA / name) for name in self.channels},
            "current_host": self.current_host,
            "current_instance_group": self.group,
            "current_instance_group_hosts": next(
                (group["hosts"] for group in groups
                 if group["instance_group_name"] == self.group), []),
            "current_instance_type": self.resources.get("current_instance_type", "local"),
            "distribution_hosts": self.distribution_hosts if self.distribution_groups else [],
            "distribution_instance_groups": self.distribution_groups,
            "framework_module": FRAMEWORK_MODULES.get(os.environ.get("CLARY_FRAMEWORK", "")),
            "hosts": self.hosts,
            "hyperparameters": self.parameters,
            "input_config_dir": str(paths.INPUT_CONFIG),
            "input_data_config": self.channels,
            "input_dir": str(paths.INPUT),
            "instance_groups": [group["instance_group_name"] for group in groups],
            "instance_groups_dict": {group["instance_group_name"]: group for group in groups},
            "is_hetero": len(groups) > 1,
            "is_master": self.current_host == self.master,
            "job_name": os.environ.get("TRAINING_JOB_NAME"),
            "log_level": self.log_level,
            "master_hostname": self.master,
            "model_dir": str(paths.MODEL),
            "module_dir": self.submit_directory,
            "module_name": program[:-3] if program.endswith(".py") else program,
            "network_interface_name": self.network_interface,
            "num_cpus": cpu_count(),
            "num_gpus": gpu_count(),
            "num_neurons": 0,
            "output_data_dir": str(paths.OUTPUT_DATA),
            "output_dir": str(paths.OUTPUT),
            "output_intermediate_dir": str(paths.OUTPUT_INTERMEDIATE),
            "resource_config": self.resources,
            "user_entry_point": program}

    def variables(self) -> dict[str, str]:
        facts = self.facts()
        shown = dict(facts)
        shown["hps"] = shown.pop("hyperparameters")
        shown["framework_params"] = shown.pop("additional_framework_parameters")
        shown["channels"] = sorted(shown.pop("channel_input_dirs"))
        for hidden in ("distribution_hosts", "is_master", "job_name", "master_hostname"):
            del shown[hidden]
        shown["training_env"] = facts
        shown["user_args"] = self.arguments()
        for name, folder in facts["channel_input_dirs"].items():
            shown[f"channel_{name}"] = folder
        for name, value in self.parameters.items():
            shown[f"hp_{name}"] = value
        variables = {f"SM_{name.upper()}": hyperparameters.as_variable(value)
                     for name, value in shown.items()}
        variables["SM_MASTER_ADDR"] = self.master
        variables["SM_MASTER_PORT"] = "7777"
        return variables
