"""The environment's paramiko, reading a host's port where ssh reads it.

The SDK's MPI driver connects to port 22 of the job's other hosts. Hosts share machines here, so the sshd of a
job has a port of its own, which /etc/ssh/ssh_config tells ssh. Only jobs with such a driver find this module."""

import functools
import importlib.machinery
import importlib.util
import os
import sys

SSH_CONFIG = "/etc/ssh/ssh_config"
OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))


def load_real():
    """Puts the real module into this one's place, which import then hands out."""
    places = [place for place in sys.path if os.path.abspath(place) != OWN_FOLDER]
    spec = importlib.machinery.PathFinder.find_spec("paramiko", places)
    if spec is None:
        raise ModuleNotFoundError("No module named 'paramiko': the SDK's MPI driver needs it; name paramiko and "
                                  "mpi4py in the job's requirements.txt", name="paramiko")
    module = importlib.util.module_from_spec(spec)
    sys.modules["paramiko"] = module
    spec.loader.exec_module(module)
    return module


def obey_ports(paramiko):
    connect = paramiko.SSHClient.connect

    @functools.wraps(connect)
    def connect_to_port(self, hostname, port=22, *arguments, **options):
        if port == 22 and os.path.exists(SSH_CONFIG):
            port = int(paramiko.SSHConfig.from_path(SSH_CONFIG).lookup(hostname).get("port", port))
        return connect(self, hostname, port, *arguments, **options)

    paramiko.SSHClient.connect = connect_to_port


obey_ports(load_real())
