"""One server for the whole session, and clients of it. CLARY_TEST_ENDPOINT: use one that runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import aws  # noqa: E402
import frameworks  # noqa: E402
from clary_server import VENVS, ClaryServer, ForeignServer  # noqa: E402
from data_fixtures import bucket, churn, churn_channels, trained  # noqa: E402,F401


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    foreign = os.environ.get("CLARY_TEST_ENDPOINT")
    if foreign:
        yield ForeignServer(foreign)
        return
    table = frameworks.environments_file(tmp_path_factory.mktemp("environments"))
    own = ClaryServer(variables={"CLARY_ENVIRONMENTS_FILE": str(table),
                                 "CLARY_DATA_CAPTURE_SECONDS": "1"})
    own.start()
    yield own
    tail = own.log_tail()
    status = own.remove()
    assert status == 0, f"the server ended with {status} on SIGTERM; its log ends:\n{tail}"


@pytest.fixture(scope="session")
def clients(server):
    return aws.Clients(server)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What a failed test left running would hold the capacity that the tests after it need."""
    report = yield
    fixtures = getattr(item, "funcargs", {})
    if report.failed and call.when == "call" and isinstance(fixtures.get("server"), ClaryServer) \
            and "clients" in fixtures:
        aws.stop_jobs(fixtures["clients"])
    return report


@pytest.fixture(scope="session")
def artifact(trained):
    return trained["ModelArtifacts"]["S3ModelArtifacts"]


@pytest.fixture(scope="session")
def endpoint(clients, artifact):
    """An endpoint in service; tests that change one make their own."""
    return aws.deploy(clients, aws.variant(aws.create_model(clients, artifact)))


@pytest.fixture(scope="session")
def run_program(server, tmp_path_factory):
    """Runs a program of another environment as a user would: only `clary env` is set.

    Returns what it printed; with `merged`, its standard error too.
    """
    def run(venv, *command, timeout=600, merged=False, **environment):
        python = VENVS / venv / "bin"
        if not python.exists():
            pytest.skip(f"no {python}: run tools/make_venvs.sh {venv}")
        settings = server.environment() | environment
        settings["PATH"] = f"{python}:{settings['PATH']}"
        done = subprocess.run(command, env=settings, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT if merged else subprocess.PIPE, text=True,
                              timeout=timeout, cwd=tmp_path_factory.mktemp("program"))
        assert done.returncode == 0, (
            f"{command} ended with {done.returncode}\n{done.stdout[-4000:]}\n{(done.stderr or '')[-6000:]}")
        return done.stdout
    return run


# Files whose tests mostly wait (the SDKs poll every few seconds): begun first when several workers
# share the files, so that none of them is left alone at the end.
WAITING = ("test_sagemaker_sdks", "test_processing", "test_transform", "test_containers",
           "test_notebook_flows", "test_notebooks", "test_script", "test_runtime_frameworks")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.path.stem.startswith(WAITING))


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also tests that wait for time-outs")
