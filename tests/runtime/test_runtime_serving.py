"""The model server: its HTTP, its queue of workers, what a script's functions get."""

import json
import os
import signal
import time
from pathlib import Path

import clary_runtime
import pytest
from clary_runtime import content, frames, http_front

PYTHON = Path(clary_runtime.__file__).resolve().parents[1]


ECHO = """
import json, os, time
def model_fn(model_dir):
    return model_dir
def input_fn(body, content_type):
    return {"body": body if isinstance(body, str) else len(body), "type": content_type}
def predict_fn(data, model):
    return data | {"model": os.path.basename(model), "worker": os.getpid()}
def output_fn(prediction, accept):
    return json.dumps(prediction), accept
"""


def test_functions_of_the_script(serve):
    server = serve(ECHO).ready()
    status, body, headers = server.request(body=b"1,2", Content_Type="text/csv", Accept="text/x")
    assert status == 200 and headers["Content-Type"] == "text/x"
    seen = json.loads(body)
    assert seen["body"] == "1,2" and seen["type"] == "text/csv" and seen["model"] == "model"
    # Bytes stay bytes.
    assert json.loads(server.request(body=b"\xff\x00", Content_Type="image/png")[1])["body"] == 2
    assert server.request("GET", "/execution-parameters")[0] == 200
    assert server.request("GET")[0] == 405
    assert server.request("POST", "/elsewhere")[0] == 404
    assert server.end() == 0


def test_transform_fn_and_context(serve):
    server = serve("""
def model_fn(model_dir, context):
    return context.system_properties["model_dir"]
def transform_fn(model, body, content_type, accept, context):
    return context.get_request_header(0, "X-Mine") + body, "text/plain"
""").ready()
    status, body, headers = server.request(body=b"b", Content_Type="application/json", X_Mine="a")
    assert (status, body, headers["Content-Type"]) == (200, b"ab", "text/plain")


def test_errors_of_the_script(serve):
    server = serve("""
class Refused(Exception):
    status_code, message = 422, "not this one"
def model_fn(model_dir): return None
def predict_fn(data, model):
    if data.shape[0] == 1: raise Refused()
    raise ValueError("no such thing")
""").ready()
    status, body, _ = server.request(body=b"[1]", Content_Type="application/json")
    assert status == 422 and body.startswith(b"not this one")
    status, body, _ = server.request(body=b"[1,2]", Content_Type="application/json")
    assert status == 500 and body.startswith(b"no such thing") and b"Traceback" in body
    assert server.request(body=b"x", Content_Type="application/pdf")[0] == 415
    assert server.request(body=b"{", Content_Type="application/json")[0] == 400
    assert b"ValueError: no such thing" in (server.base / "log").read_bytes()


def test_answer_form_that_is_not_there(serve):
    server = serve("def model_fn(d): return 1\ndef predict_fn(data, model): return data").ready()
    assert server.request(body=b"[1]", Content_Type="application/json", Accept="image/png")[0] == 406
    status, body, headers = server.request(body=b"[1,2]", Content_Type="application/json",
                                           Accept="image/png, text/csv;q=0.9")
    assert (status, body, headers["Content-Type"]) == (200, b"1\n2\n", "text/csv")


def test_ping_answers_while_workers_are_busy(serve):
    server = serve("""
import time
def model_fn(d): return 1
def transform_fn(model, body, content_type, accept):
    while not __import__("os").path.exists(body): time.sleep(0.01)
    return "done", "text/plain"
""").ready()
    go = server.base / "go"
    waiting = [server.connect() for _ in range(3)]
    for connection in waiting:
        connection.request("POST", "/invocations", str(go), {"Content-Type": "text/csv"})
    assert server.request("GET", "/ping")[0] == 200
    go.write_text("")
    assert [connection.getresponse().read() for connection in waiting] == [b"done"] * 3


def test_killed_worker_is_replaced(serve):
    server = serve(ECHO).ready()
    victim = json.loads(server.request(body=b"a", Content_Type="text/csv")[1])["worker"]
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 30
    seen = set()
    while len(seen - {victim}) < 2 and time.monotonic() < deadline:
        status, body, _ = server.request(body=b"a", Content_Type="text/csv")
        if status == 200:
            seen.add(json.loads(body)["worker"])
    assert len(seen - {victim}) == 2


def test_worker_that_dies_on_a_request_answers_500(serve):
    server = serve("""
import os
def model_fn(d): return 1
def transform_fn(model, body, content_type, accept):
    if body == "die": os._exit(3)
    return "alive", "text/plain"
""").ready()
    connection = server.connect()
    assert server.request(body=b"die", connection=connection, Content_Type="text/csv")[0] == 500
    assert server.request(body=b"x", connection=connection, Content_Type="text/csv")[1] == b"alive"


def test_worker_that_hangs_is_replaced(serve):
    server = serve("""
import time
def model_fn(d): return 1
def transform_fn(model, body, content_type, accept):
    if body == "hang": time.sleep(600)
    return "alive", "text/plain"
""", SAGEMAKER_MODEL_SERVER_TIMEOUT="1", SAGEMAKER_MODEL_SERVER_WORKERS="1").ready()
    connection = server.connect()
    assert server.request(body=b"hang", connection=connection, Content_Type="text/csv")[0] == 500
    assert server.request(body=b"x", connection=connection, Content_Type="text/csv")[1] == b"alive"


@pytest.mark.parametrize("script, variables, words", [
    ("def model_fn(d): raise KeyError('weights')", {}, "KeyError: 'weights'"),
    ("import no_such_module_1", {}, "no_such_module_1"),
    (None, {}, "model_fn"),
    ("", {"SAGEMAKER_PROGRAM": "other.py"}, "ClientError: the script other.py"),
    ("", {"SAGEMAKER_MODEL_SERVER_WORKERS": "many"}, "SAGEMAKER_MODEL_SERVER_WORKERS"),
    ("def input_handler(data, context): 1", {}, "TensorFlow Serving"),
    ("def transform_fn(): 1\ndef predict_fn(): 1\ndef model_fn(d): 1", {}, "transform_fn"),
])
def test_model_that_cannot_be_loaded(serve, script, variables, words):
    """The server ends and says why, so that the endpoint fails with the reason."""
    server = serve(script, **variables)
    assert server.process.wait(60) == 1
    assert words in (server.base / "output" / "failure").read_text()


def test_hugging_face_pipeline(serve, tmp_path):
    """Which pipeline is asked for, and how: with a stand-in for transformers."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "transformers.py").write_text(
        "def pipeline(task, model):\n"
        "    return lambda inputs, **more: [{'task': task, 'model': model, 'inputs': inputs} | more]")
    server = serve(None, CLARY_FRAMEWORK="huggingface", HF_TASK="fill-mask",
                   PYTHONPATH=str(library)).ready()
    status, body, _ = server.request(body=b'{"inputs": "a", "parameters": {"top_k": 1}}',
                                     Content_Type="application/json")
    assert status == 200 and json.loads(body) == [
        {"task": "fill-mask", "model": str(server.base / "model"), "inputs": "a", "top_k": 1}]
    assert server.request(body=b'{"text": 1}', Content_Type="application/json")[0] == 400
    assert server.request(body=b"a", Content_Type="text/csv")[0] == 415


def test_modules_of_the_images(serve):
    """What published scripts import from AWS's toolkits."""
    server = serve("""
from sagemaker_containers.beta.framework import content_types, encoders, worker
from sagemaker_inference import decoder, default_inference_handler, errors
def model_fn(d): return None
def input_fn(body, content_type):
    if content_type == content_types.NPZ: raise errors.UnsupportedFormatError(content_type)
    return decoder.decode(body, content_type)
def predict_fn(data, model):
    if data.sum() > 9: raise errors.GenericInferenceToolkitError(409, "too much")
    return data + 1
def output_fn(prediction, accept):
    return worker.Response(encoders.encode(prediction, accept), accept, mimetype=accept)
""", PYTHONPATH=str(PYTHON / "compat") + os.pathsep + str(PYTHON)).ready()
    status, body, headers = server.request(body=b"1,2", Content_Type="text/csv", Accept="text/csv")
    assert (status, body, headers["Content-Type"]) == (200, b"2.0\n3.0\n", "text/csv")
    status, body, _ = server.request(body=b"8,8", Content_Type="text/csv")
    assert status == 409 and body.startswith(b"too much")
    assert server.request(body=b"x", Content_Type="application/x-npz")[0] == 415


def test_parser_takes_what_comes_in_pieces():
    parser = http_front.RequestParser()
    text = (b"POST /invocations?x=1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n"
            b"GET /ping HTTP/1.1\r\n\r\n")
    found = []
    for byte in text:
        parser.feed(bytes([byte]))
        request = parser.next()
        if request:
            found.append((request[0], request[1], request[3]))
    assert found == [("POST", "/invocations", b"abc"), ("POST", "/", b"def"), ("GET", "/ping", b"")]


@pytest.mark.parametrize("text, status", [
    (b"nonsense\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n", 413),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", 400),
    (b"x" * 70000, 400)])
def test_parser_refuses(text, status):
    parser = http_front.RequestParser()
    parser.feed(text)
    with pytest.raises(http_front.BadRequest) as caught:
        parser.next()
    assert caught.value.status == status


def test_header_from_a_script_cannot_split_the_answer():
    answer = http_front.response(200, "a\r\nX-Evil: 1", b"")
    assert b"\r\nX-Evil" not in answer


def test_frames_take_what_comes_in_pieces():
    text = frames.pack({"a": 1}, b"body") + frames.pack({"b": 2})
    incoming, found = frames.Frames(), []
    for byte in text:
        found += incoming.feed(bytes([byte]))
    assert found == [({"a": 1}, b"body"), ({"b": 2}, b"")]


def test_pickles_are_refused():
    """Whoever may invoke must not run code."""
    import io

    import numpy
    packed = io.BytesIO()
    numpy.save(packed, numpy.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(content.BadPayload):
        content.decode(packed.getvalue(), content.NPY)
