"""Every operation of every embedded model, both ways, against botocore's own code.

A request: botocore serializes made-up parameters, the wire layer routes and decodes them, and the
result must be those parameters. A response: the wire layer encodes a made-up output, botocore parses
it. So a whole protocol is covered without one example written by hand.
"""

import base64
import datetime
import json
import os
import pathlib
import subprocess
from urllib.parse import urlsplit

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import pytest
from botocore.awsrequest import prepare_request_dict

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = os.environ.get("CLARY_WIRE_PROBE", str(ROOT / "build/release/bin/clary-wire-probe"))
SERVICES = ["sagemaker", "sagemaker-runtime", "sagemaker-featurestore-runtime", "sagemaker-metrics",
            "s3", "sts", "iam", "logs", "cloudwatch", "kms", "ecr", "pricing"]
# Protocols by the number that the wire layer gives them.
NUMBERS = {"json-1.0": 0, "json-1.1": 1, "rest-json": 2, "rest-xml": 3, "query": 4,
           "smithy-rpc-v2-cbor": 5}
# Two names of one request: the newer operation answers.
REPLACED = {"PutBucketLifecycle": "PutBucketLifecycleConfiguration",
            "PutBucketNotification": "PutBucketNotificationConfiguration",
            "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
            "GetBucketNotification": "GetBucketNotificationConfiguration",
            # Told apart by the host name only.
            "ListDirectoryBuckets": "ListBuckets"}
# botocore changes the model's string into a date after loading it.
DATES_AS_SENT = {"Expires": "Sun, 22 Nov 2026 20:28:40 GMT"}
# Read by hooks of botocore's client (the root's own text), or one element name for two members.
NOT_COMPARABLE = {"GetBucketLocation", "GetBucketNotification"}
MOMENT = datetime.datetime(2026, 11, 22, 20, 28, 40, tzinfo=datetime.timezone.utc)
MOMENT_MS = MOMENT.replace(microsecond=123000)
TEXT = "plain & <é> \"中\" 'x' 😀 %41+/\t=#?"
HEADER_TEXT = "plain & <e> 'x' %41+/=#?"


class Probe:
    def __init__(self):
        self.process = subprocess.Popen([PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, **task):
        self.process.stdin.write(json.dumps(task).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="session")
def probe():
    one = Probe()
    yield one
    one.process.stdin.close()
    one.process.wait(10)


def model_of(service):
    loader = botocore.loaders.Loader()
    return botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)


def variants():
    for service in SERVICES:
        protocols = model_of(service).metadata["protocols"]
        for protocol in protocols:
            yield pytest.param(service, protocol, id=f"{service}-{protocol}")


def number_of(service_model, protocol):
    if protocol == "json":
        return NUMBERS["json-" + service_model.metadata["jsonVersion"]]
    return NUMBERS[protocol]


class Maker:
    """A value of a shape with every member set, as botocore takes it and as the wire layer has it."""

    def __init__(self, milliseconds=True):
        self.moment = MOMENT_MS if milliseconds else MOMENT

    def make(self, shape, stack=(), where="body"):
        if shape.name in stack and shape.type_name in ("structure", "list", "map"):
            return None, None
        stack = stack + (shape.name,)
        return getattr(self, "make_" + shape.type_name)(shape, stack, where)

    def make_structure(self, shape, stack, where):
        theirs, ours = {}, {}
        members = shape.members.items()
        if getattr(shape, "is_tagged_union", False):
            members = list(members)[:1]
        for name, member in members:
            place = member.serialization.get("location", "body")
            if member.serialization.get("streaming") or getattr(member, "is_eventstream", False) or (
                    name == shape.serialization.get("payload") and member.type_name == "blob"):
                continue
            value = self.make(member, stack, place)
            if value[1] is not None:
                theirs[name], ours[name] = value
        return theirs, ours

    def make_list(self, shape, stack, where):
        one = self.make(shape.member, stack, where)
        if one[1] is None:
            return [], []
        return [one[0]] * 2, [one[1]] * 2

    def make_map(self, shape, stack, where):
        value = self.make(shape.value, stack, where)
        keys = ["key-1", "key 2"] if where == "body" else ["key-1", "key-2"]
        if value[1] is None:
            return {}, {}
        return {key: value[0] for key in keys}, {key: value[1] for key in keys}

    def make_string(self, shape, stack, where):
        if shape.enum:
            return shape.enum[0], shape.enum[0]
        text = HEADER_TEXT if where in ("header", "headers") else TEXT
        return text, text

    def make_integer(self, shape, stack, where):
        return -2147483648, -2147483648

    def make_long(self, shape, stack, where):
        return 9007199254740993, 9007199254740993

    def make_double(self, shape, stack, where):
        return 0.1, 0.1

    make_float = make_double

    def make_boolean(self, shape, stack, where):
        return True, True

    def make_blob(self, shape, stack, where):
        data = bytes(range(256))
        return data, base64.b64encode(data).decode()

    def make_timestamp(self, shape, stack, where):
        moment = self.moment
        form = shape.serialization.get("timestampFormat")
        if form == "rfc822" or where == "header":
            moment = MOMENT
        return moment, moment.timestamp()


def header_bytes(value):
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def same(left, right):
    """Equal, numbers within a millisecond or the last bit."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    numbers = (int, float)
    if isinstance(left, numbers) and isinstance(right, numbers):
        return left == right or (isinstance(left, float) and abs(left - right) < 1e-6)
    return left == right


@pytest.mark.parametrize("service, protocol", list(variants()))
def test_requests(probe, service, protocol):
    service_model = model_of(service)
    service_model.metadata["protocol"] = protocol
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    # botocore writes whole seconds for ISO 8601 and milliseconds in JSON only where it must.
    maker = Maker(milliseconds=False)
    wrong = []
    for name in service_model.operation_names:
        operation = service_model.operation_model(name)
        theirs, ours = ({}, {})
        if operation.input_shape is not None:
            theirs, ours = maker.make(operation.input_shape)
            if protocol == "rest-xml" and "Key" in theirs:
                # The greedy label: slashes stay, everything else is encoded.
                theirs["Key"] = ours["Key"] = "a/b//" + TEXT
            if "RequestRoute" in theirs:
                theirs["RequestRoute"] = ours["RequestRoute"] = "route-1"  # part of a host name
            if service == "s3":
                ours.update({k: v for k, v in DATES_AS_SENT.items() if k in ours})
            payload = operation.input_shape.serialization.get("payload")
            if payload and payload not in theirs:
                theirs[payload] = b""
        request = serializer.serialize_to_request(dict(theirs), operation)
        prepare_request_dict(request, "http://127.0.0.1:7700")
        url = urlsplit(request["url"])
        body = request["body"]
        body = body.encode() if isinstance(body, str) else body
        if isinstance(body, dict):
            from botocore.compat import urlencode
            body = urlencode(body, doseq=True).encode()
        answer = probe(do="decode", service=service, method=request["method"], path=url.path,
                       query=url.query,
                       headers=[[k, header_bytes(v)] for k, v in request["headers"].items()],
                       body=base64.b64encode(body or b"").decode())
        expected = {"operation": REPLACED.get(name, name),
                    "protocol": number_of(service_model, protocol), "input": ours}
        if name in REPLACED:
            expected["input"] = answer.get("input")
        if not same(answer, expected):
            wrong.append((name, difference(answer, expected)))
    assert not wrong, f"{len(wrong)} of {len(service_model.operation_names)}: {wrong[:5]}"


def difference(got, expected, path=""):
    if isinstance(got, dict) and isinstance(expected, dict):
        for key in sorted(set(got) | set(expected)):
            if not same(got.get(key, "(absent)"), expected.get(key, "(absent)")):
                return difference(got.get(key, "(absent)"), expected.get(key, "(absent)"),
                                  f"{path}.{key}")
    return f"{path}: got {got!r}, expected {expected!r}"[:600]


def plain(value, shape):
    """What botocore parsed, in the wire layer's form."""
    if shape.type_name == "structure":
        return {name: plain(item, shape.members[name]) for name, item in value.items()
                if name in shape.members}
    if shape.type_name == "list":
        return [plain(item, shape.member) for item in value]
    if shape.type_name == "map":
        return {key: plain(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return value.timestamp()
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    return value


@pytest.mark.parametrize("service, protocol", list(variants()))
def test_responses(probe, service, protocol):
    service_model = model_of(service)
    parser = botocore.parsers.create_parser(protocol)
    parser_input = {}
    wrong = []
    for name in service_model.operation_names:
        operation = service_model.operation_model(name)
        shape = operation.output_shape
        _, ours = Maker().make(shape) if shape is not None else (None, {})
        if shape is not None:
            ours = {k: v for k, v in ours.items()
                    if shape.members[k].serialization.get("location") != "statusCode"}
        if operation.http.get("method") == "HEAD":
            ours = {k: v for k, v in ours.items() if "location" in shape.members[k].serialization}
        answer = probe(do="encode", service=service, operation=name,
                       protocol=number_of(service_model, protocol),
                       output={**ours, "Unknown": "must not leak"})
        if "error" in answer:
            wrong.append((name, answer))
            continue
        body = base64.b64decode(answer["body"])
        assert b"leak" not in body
        headers = botocore.compat.HTTPHeaders.from_dict(dict(answer["headers"]))
        parser_input = {"status_code": answer["status"], "headers": headers, "body": body}
        if shape is None or operation.has_event_stream_output or name in NOT_COMPARABLE:
            continue
        if operation.has_streaming_output:
            parser_input["body"] = b""
        parsed = parser.parse(parser_input, shape)
        if answer["status"] != operation.http.get("responseCode", 200):
            wrong.append((name, answer["status"]))
        metadata = parsed.pop("ResponseMetadata", {})
        if "RequestId" not in metadata:
            wrong.append((name, "no request id"))
        if operation.has_streaming_output:
            parsed.pop(shape.serialization["payload"], None)
        got = plain(parsed, shape)
        got = {k: v for k, v in got.items() if k in ours}
        if not same(got, ours):
            wrong.append((name, difference(got, ours)))
    assert not wrong, f"{len(wrong)} of {len(service_model.operation_names)}: {wrong[:5]}"


@pytest.mark.parametrize("service, protocol", list(variants()))
def test_errors(probe, service, protocol):
    service_model = model_of(service)
    parser = botocore.parsers.create_parser(protocol)
    codes = {shape.error_code or shape.name: shape.name for shape in service_model.error_shapes}
    names = {code: service_model.operation_names[0] for code in codes}
    for name in service_model.operation_names:
        for shape in service_model.operation_model(name).error_shapes:
            names[shape.error_code] = name
    unmodelled = {"ValidationException", "InternalFailure"} - set(codes) - set(codes.values())
    for code in [*codes, *sorted(unmodelled)]:
        answer = probe(do="encode", service=service,
                       operation=names.get(code, service_model.operation_names[0]),
                       protocol=number_of(service_model, protocol), error=code)
        headers = botocore.compat.HTTPHeaders.from_dict(dict(answer["headers"]))
        body = base64.b64decode(answer["body"])
        if not body:
            continue
        parsed = parser.parse({"status_code": answer["status"], "headers": headers, "body": body},
                              None)
        shape = service_model.shape_for(codes[code]) if code in codes else None
        accepted = {code, codes.get(code)}
        if service == "s3" and code == "InternalFailure":
            accepted = {"InternalError"}
        assert parsed["Error"]["Code"] in accepted, (code, parsed)
        assert parsed["Error"]["Message"] == "a <message>", (code, parsed)
        assert parsed["ResponseMetadata"]["RequestId"] == "request-1", (code, parsed)
        assert answer["status"] >= 400
        if shape is not None and shape.metadata.get("error", {}).get("httpStatusCode"):
            assert answer["status"] == shape.metadata["error"]["httpStatusCode"], code
