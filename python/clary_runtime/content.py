"""Bodies of requests and answers as arrays: CSV, JSON and NumPy's own forms."""

from __future__ import annotations

import io
import json
from typing import Any

JSON = "application/json"
CSV = "text/csv"
NPY = "application/x-npy"
NPZ = "application/x-npz"
LIBSVM = ("text/libsvm", "text/x-libsvm")
ANY = "*/*"
TEXTS = (JSON, CSV)


class UnsupportedFormat(Exception):
    def __init__(self, content_type: str):
        super().__init__(f"Content type {content_type} is not supported by this framework; write an "
                         "input_fn or an output_fn that takes it")


class BadPayload(Exception):
    """The body is not what its content type says."""


def media_type(header: str) -> str:
    """Without parameters: text/csv; charset=utf-8 is text/csv."""
    return header.split(";", 1)[0].strip().lower()


def accepted(header: str) -> list[str]:
    return [media_type(part) for part in header.split(",") if part.strip()]


def decode(body: Any, content_type: str) -> Any:
    import numpy
    kind = media_type(content_type)
    if kind not in (JSON, CSV, NPY, NPZ):
        raise UnsupportedFormat(content_type)
    try:
        if kind == JSON:
            return numpy.array(json.loads(body))
        if kind == CSV:
            text = body.decode() if isinstance(body, bytes) else body
            if not text.strip():
                raise ValueError("there are no rows")
            return numpy.genfromtxt(io.StringIO(text), delimiter=",")
        if kind == NPY:
            # Without objects: they would be pickles, and whoever may invoke could run code.
            return numpy.load(io.BytesIO(body), allow_pickle=False)
        import scipy.sparse
        return scipy.sparse.load_npz(io.BytesIO(body))
    except (ValueError, UnicodeDecodeError, OSError, EOFError) as error:
        raise BadPayload(f"the body is no {kind}: {error}") from error


def as_plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def encode(value: Any, accept: str) -> tuple[Any, str]:
    """In the first form of `accept` that there is."""
    for kind in accepted(accept) or [JSON]:
        if kind in (JSON, ANY, "application/*"):
            return json.dumps(value, default=as_plain), JSON
        if kind in (CSV, "text/*"):
            import numpy
            stream = io.StringIO()
            numpy.savetxt(stream, numpy.atleast_1d(numpy.asarray(value)), delimiter=",", fmt="%s")
            return stream.getvalue(), CSV
        if kind == NPY:
            import numpy
            packed = io.BytesIO()
            numpy.save(packed, numpy.asarray(value), allow_pickle=False)
            return packed.getvalue(), NPY
    raise UnsupportedFormat(accept)
