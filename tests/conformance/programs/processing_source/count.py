"""One file, as ScriptProcessor takes it."""

import pathlib
import sys

import sklearn

ROOT = pathlib.Path("/opt/ml/processing")
rows = [row for file in (ROOT / "input" / "data").iterdir() for row in file.read_text().split()]
print("rows counted with scikit-learn", sklearn.__version__)
(ROOT / "output" / "count.txt").write_text(f"{len(rows)} {' '.join(sys.argv[1:])}")
