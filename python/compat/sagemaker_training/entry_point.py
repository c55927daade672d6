"""Of the toolkit's way to start a script, what scripts call themselves."""
from clary_runtime.job import Job
from clary_runtime.training import wait_for_hosts


def _wait_hostname_resolution():
    wait_for_hosts(Job.read().hosts)
