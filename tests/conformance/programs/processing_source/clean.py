"""Keeps the rows of the input that are whole."""

import pathlib

from helper import is_whole

ROOT = pathlib.Path("/opt/ml/processing")
rows = [row for file in (ROOT / "input" / "data").iterdir() for row in file.read_text().split()]
kept = [row for row in rows if is_whole(row)]
print("rows kept:", len(kept))
(ROOT / "output" / "kept.csv").write_text("\n".join(kept))
