"""`environment.Environment()`: the job as attributes (num_cpus, hosts, channel_input_dirs, ...)."""
from clary_runtime.hyperparameters import as_variable
from clary_runtime.job import Job


class Environment:
    def __init__(self, resource_config=None):
        job = Job.read()
        if resource_config is not None:
            job.resources = resource_config
        self._facts = job.facts()
        self._variables = job.variables()
        self._arguments = job.arguments()

    def __getattr__(self, name):
        if not name.startswith("_") and name in self._facts:
            return self._facts[name]
        raise AttributeError(f"the job's environment has no {name}")

    def __getitem__(self, name):
        return self._facts[name]

    def to_env_vars(self):
        return dict(self._variables)

    def to_cmd_args(self):
        return list(self._arguments)

    def __repr__(self):
        return "\n".join(f"{name}: {as_variable(value)}" for name, value in self._facts.items())
