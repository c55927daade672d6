#!/usr/bin/env python3
"""Fails on what docs/architecture.md and the style forbid: an include against the layer table, a
file over its size cap, an unformatted file, a TODO without an issue, a path of somebody's machine.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPS = {"header": 400, "source": 600, "test": 800}
BEAST = re.compile(r'#include\s+<boost/beast')


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                         cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in out.splitlines() if (ROOT / line).is_file()]


def layers():
    """The table of CMakeLists.txt: layer -> layers it may include, its own included, transitively
    only as far as the table itself says."""
    text = (ROOT / "CMakeLists.txt").read_text()
    table = {}
    for name, deps in re.findall(r"clary_layer\((\w+)(?:\s+DEPS([^)]*))?\)", text):
        table[name] = {name, *deps.split()}
    return table


def exceptions():
    table = set()
    for line in (ROOT / "tests/tidy/exceptions.txt").read_text().splitlines():
        fields = line.split(None, 2)
        if len(fields) == 3 and not line.startswith("#"):
            table.add((fields[0], fields[1]))
    return table


def check_include(path, relative, text, table):
    layer = relative.parts[1] if relative.parts[0] == "src" else None
    allowed = table.get(layer, {"base", "http"} if relative.parts[0] == "algorithms" else None)
    # main.cc is the program: it links the composition root and the agent.
    if allowed is None or relative.as_posix() == "src/cli/main.cc":
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#include\s+"(\w+)/', line)
        if match and match[1] in table and match[1] not in allowed:
            yield "include", f"{relative}:{number}: {layer} may not include {match[1]}/"
        if layer != "http" and BEAST.match(line):
            yield "include", f"{relative}:{number}: Beast is included in http/ only"


def check_size(relative, text):
    lines = text.count("\n")
    kind = ("header" if relative.suffix == ".h"
            else "test" if relative.stem.endswith("_test") else "source")
    if lines > CAPS[kind]:
        yield f"{kind}-cap", f"{relative}: {lines} lines, a {kind} has at most {CAPS[kind]}"


def check_words(relative, text):
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", line):
            yield "todo", f"{relative}:{number}: a TODO names its issue: TODO(#12)"


def check_format(files):
    """clang-format over many files at once; one process per core's worth of files."""
    chunks = [files[i::2] for i in range(2)]
    running = [subprocess.Popen(["clang-format-19", "--dry-run", "--Werror", *map(str, chunk)],
                                stderr=subprocess.PIPE, text=True) for chunk in chunks if chunk]
    for process in running:
        _, err = process.communicate()
        names = sorted({line.split(":")[0] for line in err.splitlines() if "error:" in line})
        for name in names:
            yield "format", f"{pathlib.Path(name).relative_to(ROOT)}: run make format"


def main():
    table, excused, found = layers(), exceptions(), []
    code = tracked("src/*.h", "src/*.cc", "algorithms/*.h", "algorithms/*.cc", "tests/*.cc")
    for path in code:
        relative = path.relative_to(ROOT)
        text = path.read_text()
        for check in (check_include(path, relative, text, table), check_size(relative, text),
                      check_words(relative, text)):
            found += [problem for rule, problem in check
                      if (relative.as_posix(), rule) not in excused]
    found += [problem for _, problem in check_format(code)]
    for problem in found:
        print(problem)
    print(f"tidy: {len(code)} files, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
