"""A Slurm cluster of one's own: munged, slurmctld and a few slurmd on this machine, on free ports, in
a temporary folder. slurmd is told to be several nodes."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from clary_server import free_port

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")

CONFIG = """
ClusterName=clary
SlurmctldHost={host}({address})
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmdSpoolDir={folder}/spool/%n
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
StateSaveLocation={folder}/state
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.socket
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=1000,bf_interval=1
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MinJobAge=600
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SlurmdParameters=config_overrides
"""


def missing():
    """Why there can be no cluster here; "" when there can."""
    if os.geteuid() != 0:
        return "Slurm's daemons need root"
    absent = [name for name in PROGRAMS if not shutil.which(name, path=path())]
    return f"Slurm is not installed: {', '.join(absent)} (tools/install_dependencies.sh)" if absent else ""


def path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class PrivateNetwork:
    """A bridge of this machine, and a network name space for each node behind it: as if the nodes were
    machines. owns: the bridge and the name spaces."""

    def __init__(self, nodes):
        number = os.getpid() % 250
        self.bridge, self.subnet = f"clr{os.getpid()}", f"10.213.{number}"
        self.host = f"{self.subnet}.254"
        self.spaces = {node: f"{self.bridge}-{node}" for node in nodes}
        self.addresses = {node: f"{self.subnet}.{i + 1}" for i, node in enumerate(nodes)}
        self.ip("link", "add", self.bridge, "type", "bridge")
        self.ip("addr", "add", f"{self.host}/24", "dev", self.bridge)
        self.ip("link", "set", self.bridge, "up")
        for i, (node, space) in enumerate(self.spaces.items()):
            outer, inner = f"{self.bridge}v{i}", "node0"
            self.ip("netns", "add", space)
            self.ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", space)
            self.ip("link", "set", outer, "master", self.bridge, "up")
            self.ip("-n", space, "addr", "add", f"{self.addresses[node]}/24", "dev", inner)
            self.ip("-n", space, "link", "set", "lo", "up")
            self.ip("-n", space, "link", "set", inner, "up")
            self.ip("-n", space, "route", "add", "default", "via", self.host)

    @staticmethod
    def ip(*words, check=True):
        subprocess.run(["ip", *words], check=check, capture_output=True, timeout=30)

    def entry(self, node):
        # Not `ip netns exec`: it would hide the control groups, which slurmd looks for.
        return ["nsenter", f"--net=/run/netns/{self.spaces[node]}"]

    def cut(self, node, state="down"):
        """The node's cable is pulled, or put back ("up")."""
        number = list(self.spaces).index(node)
        self.ip("link", "set", f"{self.bridge}v{number}", state)

    def remove(self):
        for space in self.spaces.values():
            self.ip("netns", "del", space, check=False)
        self.ip("link", "del", self.bridge, check=False)


class SlurmCluster:
    """owns: all daemons and the folder. `private`: each node has a network of its own."""

    def __init__(self, nodes=3, cpus=2, memory=4000, private=False):
        self.folder = Path(tempfile.mkdtemp(prefix="clary-slurm-"))
        self.nodes = [f"node{i + 1}" for i in range(nodes)]
        self.daemons = {}
        for name in ("run", "spool", "log", "state", "etc"):
            (self.folder / name).mkdir()
        for node in self.nodes:
            (self.folder / "spool" / node).mkdir()
        os.chmod(self.folder, 0o755)
        host = socket.gethostname()
        self.network = PrivateNetwork(self.nodes) if private else None
        text = CONFIG.format(folder=self.folder, host=host, port=free_port(),
                             address=self.network.host if private else "127.0.0.1")
        if private:
            text = text.replace("CommunicationParameters=NoInAddrAny,NoCtldInAddrAny\n", "")
        for node in self.nodes:
            address = self.network.addresses[node] if private else "127.0.0.1"
            text += (f"NodeName={node} NodeHostname={host} NodeAddr={address} Port={free_port()} "
                     f"CPUs={cpus} RealMemory={memory} State=UNKNOWN\n")
        text += f"PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        self.config = self.folder / "etc" / "slurm.conf"
        self.config.write_text(text)
        key = self.folder / "etc" / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)

    def environment(self):
        mine = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "CLARY_", "AWS_"))}
        return mine | {"SLURM_CONF": str(self.config), "PATH": path()}

    def run(self, *command, check=True):
        return subprocess.run(command, env=self.environment(), check=check, capture_output=True,
                              text=True, timeout=60).stdout

    def spawn(self, name, *command):
        log = open(self.folder / "log" / f"{name}.out", "ab")
        self.daemons[name] = subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log,
                                              stdin=subprocess.DEVNULL, start_new_session=True)
        log.close()

    def start(self):
        run = self.folder / "run"
        self.spawn("munged", "munged", "--foreground", f"--key-file={self.folder}/etc/munge.key",
                   f"--socket={run}/munge.socket", f"--pid-file={run}/munged.pid",
                   f"--log-file={self.folder}/log/munged.log", f"--seed-file={run}/munged.seed",
                   "--num-threads=2", "--force")
        self.wait(lambda: (run / "munge.socket").exists(), "munged")
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        self.wait(lambda: self.idle_nodes() == len(self.nodes), "idle nodes", 60)

    def start_controller(self):
        self.spawn("slurmctld", "slurmctld", "-D", "-f", str(self.config))

    def start_node(self, node):
        entry = self.network.entry(node) if self.network else []
        self.spawn(node, *entry, "slurmd", "-D", "-N", node, "-f", str(self.config))

    def idle_nodes(self):
        states = self.run("sinfo", "--noheader", "--Node", "--format=%T", check=False).split()
        return states.count("idle")

    def wait(self, done, what, timeout=30):
        until = time.monotonic() + timeout
        while not done():
            if time.monotonic() > until:
                raise RuntimeError(f"the cluster has no {what}: {self.logs()}")
            time.sleep(0.1)

    def logs(self):
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}"
                         for log in sorted((self.folder / "log").iterdir()))

    def jobs(self):
        """(id, state, nodes, name) of all that Slurm knows."""
        lines = self.run("squeue", "--noheader", "--states=all", "--format=%i|%T|%N|%j").splitlines()
        return [tuple(line.split("|", 3)) for line in lines]

    def kill_controller(self):
        """As a crash would."""
        self.daemons["slurmctld"].kill()
        self.daemons["slurmctld"].wait()

    def step_daemons(self, node):
        """Ids of the node's slurmstepd processes."""
        found = []
        parent = self.daemons[node].pid
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if command.startswith(b"slurmstepd") and f"SLURMD_NODENAME={node}".encode() in environment:
                found.append(int(entry.name))
            elif command.startswith(b"slurmstepd") and self.parent(entry) == parent:
                found.append(int(entry.name))
        return found

    @staticmethod
    def parent(entry):
        try:
            return int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            return 0

    def remove(self):
        self.run("scancel", "--me", check=False)
        for name in reversed(list(self.daemons)):
            daemon = self.daemons[name]
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        if self.network:
            self.network.remove()
        shutil.rmtree(self.folder, ignore_errors=True)
