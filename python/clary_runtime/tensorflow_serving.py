"""TensorFlow Serving's contract over a SavedModel: {"instances": [...]} gives {"predictions": [...]},
{"inputs": ...} gives {"outputs": ...}. CSV, JSON Lines and plain JSON become instances, as in AWS's
image. Source: TensorFlow Serving's RESTful API (predict)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clary_runtime import content

JSON_LINES = ("application/jsonlines", "application/x-jsonlines")
SIGNATURE = "serving_default"


def newest_saved_model(model_dir: str) -> Path:
    """Of NAME/VERSION/saved_model.pb, or VERSION/saved_model.pb, the highest version."""
    folders = [file.parent for file in Path(model_dir).rglob("saved_model.pb")]
    if not folders:
        raise ValueError("the model should hold a SavedModel, as VERSION/saved_model.pb (model."
                         "export(os.environ['SM_MODEL_DIR'] + '/1') writes one). Provide a "
                         "model_fn otherwise")
    return max(folders, key=lambda folder: (
        int(folder.name) if folder.name.isdigit() else -1, str(folder)))


class SavedModel:
    def __init__(self, folder: Path):
        import tensorflow
        self.loaded = tensorflow.saved_model.load(str(folder))  # its variables live as long as it
        if SIGNATURE not in self.loaded.signatures:
            names = ", ".join(self.loaded.signatures) or "none"
            raise ValueError(f"the SavedModel has no signature {SIGNATURE}; it has: {names}")
        self.call = self.loaded.signatures[SIGNATURE]
        self.inputs = self.call.structured_input_signature[1]

    def predict(self, columns: dict[str, Any]) -> dict[str, Any]:
        import tensorflow
        try:
            tensors = {name: tensorflow.constant(columns[name], dtype=spec.dtype)
                       for name, spec in self.inputs.items()}
            answer = self.call(**tensors)
        except (ValueError, TypeError, tensorflow.errors.InvalidArgumentError) as error:
            raise content.BadPayload(f"the model does not take this: {error}") from error
        return {name: value.numpy() for name, value in answer.items()}


def instances_of(body: Any, content_type: str) -> dict[str, Any]:
    """The request in TensorFlow Serving's own form."""
    kind = content.media_type(content_type)
    text = body.decode() if isinstance(body, bytes) else body
    try:
        if kind in JSON_LINES:
            return {"instances": [json.loads(line) for line in text.splitlines() if line.strip()]}
        if kind == content.CSV:
            return {"instances": [[float(cell) for cell in line.split(",")]
                                  for line in text.splitlines() if line.strip()]}
        if kind != content.JSON:
            raise content.UnsupportedFormat(content_type)
        value = json.loads(text)
    except ValueError as error:
        raise content.BadPayload(f"the body is no {kind}: {error}") from error
    if isinstance(value, dict) and ("instances" in value or "inputs" in value):
        return value
    return {"instances": value if isinstance(value, list) else [value]}


def columns_of(request: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """What each input of the model is given."""
    if "inputs" in request:
        value = request["inputs"]
        columns = value if isinstance(value, dict) and set(value) & set(names) else None
    else:
        rows = request["instances"]
        if not isinstance(rows, list) or not rows:
            raise content.BadPayload("instances must be a list with something in it")
        keyed = all(isinstance(row, dict) and set(row) & set(names) for row in rows)
        columns = {name: [row[name] for row in rows] for name in names
                   if all(name in row for row in rows)} if keyed else None
        value = rows
    if columns is None:
        if len(names) != 1:
            raise content.BadPayload(f"the model has several inputs, to be given by name: {names}")
        columns = {names[0]: value}
    missing = [name for name in names if columns.get(name) is None]
    if missing:
        raise content.BadPayload(f"the model's inputs {missing} are not given")
    return columns


def answer_of(request: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value.tolist() for name, value in outputs.items()}
    only = next(iter(plain.values())) if len(plain) == 1 else None
    if "inputs" in request:
        return {"outputs": plain if only is None else only}
    if only is not None:
        return {"predictions": only}
    count = min(len(value) for value in plain.values())
    return {"predictions": [{name: value[row] for name, value in plain.items()}
                            for row in range(count)]}
