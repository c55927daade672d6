"""The notebook that brings a container of its own: what is built and pushed trains, serves, transforms."""

import os
import shutil
import subprocess
from pathlib import Path

import containers
import pytest
from clary_server import VENVS

PROGRAMS = Path(__file__).parent / "programs"
PACKAGES = ["numpy", "numpy.libs", "scipy", "scipy.libs", "sklearn", "scikit_learn.libs", "joblib",
            "threadpoolctl.py", "cloudpickle", "narwhals", "flask", "werkzeug", "jinja2", "markupsafe", "click",
            "blinker", "itsdangerous", "gunicorn", "packaging"]
GUNICORN = "#!/usr/bin/python3\nimport sys\nfrom gunicorn.app.wsgiapp import run\nsys.exit(run())\n"
IRIS = """
from sklearn.datasets import load_iris
flowers = load_iris()
for features, kind in zip(flowers.data, flowers.target):
    print(flowers.target_names[kind], *features, sep=",")
"""


@pytest.fixture(scope="module")
def podman():
    if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
        pytest.skip("nginx is not installed: run tools/install_dependencies.sh")
    yield from containers.own_runtime()


@pytest.fixture(scope="module")
def server(podman):
    yield from containers.server_with(podman)


@pytest.fixture(scope="module")
def python():
    interpreter = VENVS / "frameworks" / "bin" / "python"
    if not interpreter.exists():
        pytest.skip(f"no {interpreter}: run tools/make_venvs.sh frameworks")
    return interpreter


@pytest.fixture(scope="module")
def base(podman, server, python):
    """What the Dockerfile begins with, in place of Ubuntu with packages from the network."""
    (site,) = (VENVS / "frameworks" / "lib").glob("python3*/site-packages")
    podman.load(server, "localhost/scikit-base:1", {
        "/usr/bin/gunicorn": GUNICORN, "/var/log/nginx/.kept": "", "/var/lib/nginx/.kept": "",
        "/etc/nginx/mime.types": Path("/etc/nginx/mime.types").read_text(),
        "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
        "/etc/group": "root:x:0:\nnogroup:x:65534:\nnobody:x:65534:\n",
    }, programs=["/usr/bin/ln", "/usr/sbin/nginx"], packages=(site, PACKAGES))


def test_notebook(server, podman, base, python, tmp_path):
    """Only the endpoint is set: docker pushes to the name that AWS gives the registry."""
    sdk = VENVS / "sdk_v2" / "bin"
    if not sdk.exists():
        pytest.skip(f"no {sdk}: run tools/make_venvs.sh sdk_v2")
    folder = tmp_path / "container"
    shutil.copytree(PROGRAMS / "own_container", folder)
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\nexec " + " ".join(podman.command()) + ' "$@"\n')
    docker.chmod(0o755)
    iris = tmp_path / "iris.csv"
    iris.write_text(subprocess.run([python, "-c", IRIS], capture_output=True, text=True,
                                   check=True).stdout)
    exported = server.environment()
    done = subprocess.run(
        [sdk / "python", PROGRAMS / "notebooks" / "own_container.py", folder, iris],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=420, cwd=tmp_path,
        env=exported | {
            "PYTHONUNBUFFERED": "1",
            "PATH": f"{docker.parent}:{exported['PATH']}:{VENVS / 'cli' / 'bin'}",
            "SSL_CERT_FILE": exported["AWS_CA_BUNDLE"],
            "CONTAINERS_CONF": str(podman.folder / "containers.conf"),
            "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")})
    assert done.returncode == 0, done.stdout[-6000:]
    assert "trained on 150 rows" in done.stdout and "\nDONE\n" in done.stdout, done.stdout[-3000:]
