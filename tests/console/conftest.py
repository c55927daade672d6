"""A server with the built console, a headless Chromium, and what the tests of pages share."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import aws  # noqa: E402
import frameworks  # noqa: E402
from clary_server import ClaryServer  # noqa: E402
from console import AXE, Console  # noqa: E402
from data_fixtures import bucket, churn, churn_channels, trained  # noqa: E402,F401


def pytest_addoption(parser):
    parser.addoption("--screenshots", metavar="FOLDER",
                     help="write a picture of each page there (docs/console)")


@pytest.fixture(scope="session")
def built():
    if not (ROOT / "build" / "console" / "index.html").exists():
        subprocess.run([ROOT / "tools" / "build_console.sh"], check=True)
    assert AXE.exists(), "console/node_modules lacks axe-core: run make console"


@pytest.fixture(scope="session")
def server(built, tmp_path_factory):
    table = frameworks.environments_file(tmp_path_factory.mktemp("environments"))
    own = ClaryServer(variables={"CLARY_ENVIRONMENTS_FILE": str(table)})
    own.start()
    yield own
    tail = own.log_tail()
    status = own.remove()
    assert status == 0, f"the server ended with {status} on SIGTERM; its log ends:\n{tail}"


@pytest.fixture(scope="session")
def clients(server):
    return aws.Clients(server)


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright
    program = os.environ.get("CLARY_CHROMIUM") or shutil.which("chromium")
    assert program, "no chromium: run tools/install_dependencies.sh"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program,
                                             args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def console(server, browser, request):
    """A browser window of the test's own, nobody signed in. See tests/support/console.py."""
    opened = Console(server, browser, request.config.getoption("--screenshots"))
    yield opened
    opened.close()
    opened.check_quiet()


@pytest.fixture
def owner(console):
    """The same, signed in with the key of `clary env`."""
    console.sign_in_with_key()
    return console


def pytest_collection_modifyitems(items):
    # Pages that wait for real work begin first when several workers share the files.
    items.sort(key=lambda item: not re.search("quickstart", item.nodeid))
