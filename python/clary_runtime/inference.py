"""One worker's inference: the script's functions, the framework's defaults for those it lacks, and
what of an exception becomes which HTTP status."""

from __future__ import annotations

import importlib.util
import inspect
import logging
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from clary_runtime import content, frameworks, paths
from clary_runtime.errors import UserError

log = logging.getLogger("clary")

FUNCTIONS = ("model_fn", "input_fn", "predict_fn", "output_fn")


@dataclass
class Context:
    """What functions with one more parameter get: the toolkit's context, the part scripts read."""
    system_properties: dict[str, Any]
    request_headers: dict[str, str]

    def get_request_header(self, _index: int, name: str) -> str | None:
        return self.request_headers.get(name.lower())


@dataclass
class Answer:
    status: int
    content_type: str
    body: bytes


def code_folder() -> Path:
    """Where the script is: what the agent fetched, or what the model brought."""
    named = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    if named.startswith("s3://"):
        return paths.CODE
    if named:
        path = Path(named.removeprefix("file://"))
        if path.is_dir():
            return path
        if path.is_file():
            return paths.CODE  # unpacked there by the server's first process
    return paths.MODEL / "code"


def script_path(folder: Path) -> Path | None:
    """None when there is no script and none was asked for."""
    named = os.environ.get("SAGEMAKER_PROGRAM", "")
    path = folder / (named or "inference.py")
    if path.is_file():
        return path
    if not named:
        return None
    there = ", ".join(sorted(entry.name for entry in folder.iterdir())[:20]) \
        if folder.is_dir() else "no folder " + str(folder)
    raise UserError(f"the script {named}, which SAGEMAKER_PROGRAM names, is not in the model's "
                    f"code; there is: {there or 'nothing'}")


def load_script(path: Path, folder: Path) -> Any:
    for place in (str(path.parent), str(folder)):
        if place not in sys.path:
            sys.path.insert(0, place)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def takes_context(function: Callable, given: int) -> bool:
    try:
        count = len(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return False
    if count not in (given, given + 1):
        raise TypeError(f"{getattr(function, '__name__', 'a function')} takes {count} arguments but "
                        f"{given} were given")
    return count == given + 1


def as_bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "get_data"):  # a Flask or Werkzeug response
        return body.get_data()
    raise TypeError(f"output_fn gave a {type(body).__name__}; it must give text or bytes")


class Inference:
    def __init__(self, model_dir: Path = paths.MODEL):
        self.model_dir = str(model_dir)
        self.context = Context({"model_dir": self.model_dir}, {})
        self.default_accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", content.JSON)
        folder = code_folder()
        path = script_path(folder)
        script = load_script(path, folder) if path else None
        refuse_handlers(script)
        base = frameworks.defaults()
        own = {name: getattr(script, name, None) for name in FUNCTIONS}
        self.functions = {name: own[name] or getattr(base, name) for name in FUNCTIONS}
        self.transform_fn = getattr(script, "transform_fn", None)
        self.parameters_fn = getattr(script, "execution_parameters_fn", None)
        if self.transform_fn and any(own[name] for name in FUNCTIONS[1:]):
            raise UserError("transform_fn cannot be used together with input_fn, predict_fn or "
                            "output_fn")
        self.model = self._call(self.functions["model_fn"], self.model_dir)

    def _call(self, function: Callable, *arguments: Any) -> Any:
        if takes_context(function, len(arguments)):
            arguments += (self.context,)
        return function(*arguments)

    def _transform(self, body: Any, content_type: str, accept: str) -> Any:
        if self.transform_fn:
            return self._call(self.transform_fn, self.model, body, content_type, accept)
        try:
            data = self._call(self.functions["input_fn"], body, content_type)
        except content.UnsupportedFormat as error:
            raise HttpError(415, str(error)) from error
        prediction = self._call(self.functions["predict_fn"], data, self.model)
        try:
            return self._call(self.functions["output_fn"], prediction, accept)
        except content.UnsupportedFormat as error:
            raise HttpError(406, str(error)) from error

    def invoke(self, body: bytes, headers: dict[str, str]) -> Answer:
        content_type = headers.get("content-type") or content.JSON
        accept = headers.get("accept") or ""
        if not accept or accept == content.ANY:
            accept = self.default_accept
        self.context.request_headers = headers
        try:
            text = content.media_type(content_type) in content.TEXTS
            result = self._transform(body.decode() if text else body, content_type, accept)
            if isinstance(result, tuple):
                result, accept = result[0], result[1]
            elif hasattr(result, "mimetype"):
                accept = result.mimetype
            return Answer(200, accept, as_bytes(result))
        except HttpError as error:
            return Answer(error.status, "text/plain", str(error).encode())
        except (content.BadPayload, UnicodeDecodeError) as error:
            return Answer(400, "text/plain", str(error).encode())
        except Exception as error:  # of the script: its text and where it came from, as AWS's toolkit
            trace = traceback.format_exc()
            log.error("%s", trace)
            status = getattr(error, "status_code", 500)
            if not isinstance(status, int) or not 400 <= status <= 599:
                status = 500
            message = getattr(error, "message", None) or str(error)
            return Answer(status, "text/plain", f"{message}\n{trace}".encode())


def refuse_handlers(script: Any) -> None:
    """The other contract, of TensorFlow Serving's image."""
    for name in ("handler", "input_handler", "output_handler"):
        if hasattr(script, name) and not hasattr(script, "model_fn"):
            raise UserError(f"{name} belongs to TensorFlow Serving, which does not run here: write "
                            "model_fn and predict_fn, or transform_fn")


class HttpError(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status
