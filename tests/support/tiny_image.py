"""An OCI image without a registry: this machine's Python and shell, as a `docker save` archive."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

PROGRAMS = ["/usr/bin/" + name for name in (
    "dash", "bash", "sleep", "cat", "id", "env", "ls", "mkdir", "chmod", "cp", "rm", "dirname")]


def _libraries(*programs):
    """What the programs are linked to, loader included."""
    text = subprocess.run(["ldd", *programs], capture_output=True, text=True).stdout
    return set(re.findall(r"(/\S+\.so\S*)", text))


def _add(layer, source, name, left_out=lambda entry: False):
    def plain(entry):
        if "__pycache__" in entry.name or entry.name.endswith(".a") or left_out(entry):
            return None
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        return entry
    layer.add(source, name, filter=plain)


def _is_left_out(entry):
    return "/tests/" in entry.name or entry.name.endswith("/tests")


def _add_packages(layer, folder, packages, into):
    """Installed Python packages, without their tests; the host's libraries that they want."""
    extensions = []
    for name in packages:
        _add(layer, folder / name, f"{into}/{name}", _is_left_out)
        extensions += [path for path in (folder / name).rglob("*.so") if "/tests/" not in str(path)]
    return {path for path in _libraries(*extensions) if not path.startswith(str(folder))}


def _layer(files, programs=(), packages=None):
    """A tar of Python's interpreter and standard library, a shell, and `files` (path -> text).

    `programs` of the host come too, and of `packages`, (site-packages folder, names), those named.
    """
    python = str(Path(sysconfig.get_config_var("BINDIR")) / f"python3.{sys.version_info.minor}")
    if not os.path.exists(python):
        python = f"/usr/bin/python3.{sys.version_info.minor}"
    stdlib = Path(sysconfig.get_path("stdlib"))
    wanted = set()
    for program in [python, *PROGRAMS, *programs, *map(str, (stdlib / "lib-dynload").glob("*.so"))]:
        wanted |= _libraries(program)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as layer:
        for folder in ("usr", "usr/bin", "usr/lib", "usr/lib64", "etc", "opt", "opt/ml", "root",
                       "var", "run", "proc", "sys", "dev"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            layer.addfile(entry)
        entry = tarfile.TarInfo("tmp")
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
        layer.addfile(entry)
        for link, target in (("bin", "usr/bin"), ("lib", "usr/lib"), ("lib64", "usr/lib64"),
                             ("usr/bin/sh", "dash"), ("usr/bin/python3", Path(python).name)):
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            layer.addfile(entry)
        _add(layer, os.path.realpath(python), f"usr/bin/{Path(python).name}")
        for program in [*PROGRAMS, *programs]:
            _add(layer, program, program[1:])
        if packages:
            wanted |= _add_packages(layer, *packages, f"usr/lib/{stdlib.name}")
        for library in wanted:
            # /lib and /lib64 are links in the image, as on the host.
            name = library if library.startswith("/usr/") else "/usr" + library
            _add(layer, os.path.realpath(library), name[1:])
        for entry in sorted(stdlib.iterdir()):
            if entry.name in ("test", "dist-packages", "site-packages", "idlelib", "tkinter",
                              "ensurepip", "lib2to3", "__pycache__"):
                continue
            _add(layer, entry, f"usr/lib/{stdlib.name}/{entry.name}")
        for path, text in {"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
                           "/etc/group": "root:x:0:\n", **files}.items():
            entry = tarfile.TarInfo(path[1:])
            data = text.encode()
            entry.size, entry.mode = len(data), 0o755
            layer.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def write_archive(path, name, files, entrypoint=None, command=None, environment=(), **more):
    """Writes a `docker save` archive of an image called `name`, for `clary image load`."""
    layer = _layer(files, **more)
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/bin:/opt/program", "IMAGE_SAYS=hello", *environment],
                   "WorkingDir": "/opt/program", "Entrypoint": entrypoint, "Cmd": command},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "2024-01-01T00:00:00Z"}]}).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name],
                            "Layers": [f"{digest}/layer.tar"]}]).encode()
    with tarfile.open(path, "w") as archive:
        for entry_name, data in ((config_name, config), (f"{digest}/layer.tar", layer),
                                 ("manifest.json", manifest)):
            entry = tarfile.TarInfo(entry_name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path
