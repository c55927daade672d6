"""kill -9 of the server, of agents and of JupyterLab at each step of a notebook instance's life: it
goes on or starts anew, and no file is lost."""

import os
import signal

import aws
import frameworks
import notebooks
import pytest
from clary_server import ClaryServer, processes_of, unmount_below
from notebooks import Browser

pytestmark = notebooks.needs_notebooks

FILE = "/home/ec2-user/SageMaker/kept.txt"


@pytest.fixture
def server(tmp_path):
    own = ClaryServer(variables={
        "CLARY_ENVIRONMENTS_FILE": str(frameworks.environments_file(tmp_path))})
    own.start()
    yield own
    own.remove()


def restart(server):
    """As after a crash; clients of the next server."""
    server.kill()
    server.start()
    return aws.Clients(server)


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def create(clients, name="lab"):
    clients.sagemaker.create_notebook_instance(**notebooks.request(clients, name))


def opened(clients, name="lab"):
    """A browser, as soon as there is a way to the notebook."""
    def look():
        notebooks.in_service(clients, name)
        try:
            browser = Browser(clients, name)
            return browser if browser.ask("GET", f"{browser.base}/api/status")[0] == 200 else None
        except (AssertionError, OSError, clients.sagemaker.exceptions.ClientError):
            return None  # its server starts anew
    return aws.wait_until(look, 240)


def write(browser, text="kept"):
    browser.run(f"import os; file = open({FILE!r}, 'w'); file.write({text!r}); file.flush(); "
                "os.fsync(file.fileno())")


def read(browser):
    return browser.run(f"print(open({FILE!r}).read())").strip()


def test_the_server(server, clients):
    """Killed while the instance starts, serves, stops and is deleted."""
    create(clients)
    for _ in range(2):
        clients = restart(server)
    browser = opened(clients)
    assert len(processes_of(server.data_dir, "agent")) == 1
    write(browser)
    kernel = browser.api("POST", "/kernels", {"name": "python3"})["id"]
    clients = restart(server)
    browser = opened(clients)
    assert [one["id"] for one in browser.api("GET", "/kernels")] == [kernel], "it ran on"
    clients.sagemaker.stop_notebook_instance(NotebookInstanceName="lab")
    clients = restart(server)
    assert notebooks.wait(clients, "lab", "Stopped")["NotebookInstanceStatus"] == "Stopped"
    notebooks.start(clients, "lab")
    assert read(opened(clients)) == "kept"
    notebooks.stop(clients, "lab")
    clients.sagemaker.delete_notebook_instance(NotebookInstanceName="lab")
    clients = restart(server)
    aws.wait_until(lambda: notebooks.is_gone(clients, "lab"), 60)
    aws.wait_until(lambda: not processes_of(server.data_dir, "agent"), 30)


def test_jupyterlab_and_agents(server, clients):
    """JupyterLab starts again in its run. Where the agent is gone, another run takes the volume: with
    the server there, and after it was away too, which is what a restart of the machine comes to."""
    create(clients)
    write(opened(clients))
    old = jupyter_servers(server)
    kill(old)
    wait_for_end(old)
    assert read(opened(clients)) == "kept"

    old = jupyter_servers(server)
    kill(processes_of(server.data_dir, "agent"))
    wait_for_end(old)
    assert read(opened(clients)) == "kept"

    agents, old = processes_of(server.data_dir, "agent"), jupyter_servers(server)
    server.kill()
    kill(agents)
    wait_for_end(old)
    unmount_below(server.data_dir)
    server.start()
    clients = aws.Clients(server)
    assert read(opened(clients)) == "kept"


def wait_for_end(pids):
    aws.wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 30)


def jupyter_servers(server):
    """JupyterLab's processes below the agents of this server."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    agents, found = set(processes_of(server.data_dir, "agent")), []
    for pid in parents:
        above = pid
        while above in parents and above not in agents:
            above = parents[above]
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                command = file.read()
        except OSError:
            continue
        if above in agents and b"jupyterlab" in command and b"--config=" in command:
            found.append(pid)
    assert found, "no JupyterLab was found"
    return found
