#!/usr/bin/env python3
"""Strips AWS service models to what the server reads at run time.

    build_models.py DATA OUT SERVICE...

DATA is the `data` folder of an unpacked botocore package. For each service the newest API version
is taken; OUT/SERVICE.json receives its metadata, operations, shapes and paginators without prose,
examples, deprecation notes and endpoint rules. Only the standard library is needed.
"""

import gzip
import json
import pathlib
import sys

METADATA = ("apiVersion", "endpointPrefix", "jsonVersion", "protocol", "protocols", "serviceId",
            "signingName", "targetPrefix", "xmlNamespace", "awsQueryCompatible")
OPERATION = ("http", "input", "output", "errors", "httpChecksum", "unsignedPayload", "authtype",
             "deprecated")
REFERENCE = ("shape", "location", "locationName", "queryName", "flattened", "xmlAttribute",
             "streaming", "idempotencyToken", "timestampFormat", "resultWrapper", "xmlNamespace")
SHAPE = ("type", "required", "members", "member", "key", "value", "payload", "union", "exception",
         "error", "fault", "eventstream", "document", "xmlNamespace", "locationName", "flattened",
         "min", "max", "pattern", "enum", "sensitive", "streaming", "timestampFormat")


def keep(source, names):
    return {name: source[name] for name in names if name in source}


def reference(source):
    return keep(source, REFERENCE)


def shape(source):
    out = keep(source, SHAPE)
    if "members" in out:
        out["members"] = {name: reference(member) for name, member in out["members"].items()}
    for name in ("member", "key", "value"):
        if name in out:
            out[name] = reference(out[name])
    return out


def operation(source):
    out = keep(source, OPERATION)
    for name in ("input", "output"):
        if name in out:
            out[name] = reference(out[name])
    if "errors" in out:
        out["errors"] = [error["shape"] for error in out["errors"]]
    if "httpChecksum" in out:
        out["httpChecksum"] = keep(out["httpChecksum"], ("requestChecksumRequired",))
    return out


def load(folder, name):
    packed, plain = folder / (name + ".gz"), folder / name
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads(plain.read_bytes()) if plain.exists() else {}


def build(data, service):
    versions = sorted(f for f in (data / service).iterdir() if f.is_dir())
    folder = versions[-1]
    model = load(folder, "service-2.json")
    metadata = keep(model["metadata"], METADATA)
    if "awsQueryCompatible" in metadata:
        metadata["awsQueryCompatible"] = True
    pages = load(folder, "paginators-1.json").get("pagination", {})
    return {
        "metadata": metadata,
        "operations": {name: operation(op) for name, op in model["operations"].items()},
        "shapes": {name: shape(one) for name, one in model["shapes"].items()},
        "pagination": {name: keep(page, ("input_token", "output_token", "limit_key", "result_key"))
                       for name, page in pages.items()},
    }


def main():
    data, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for service in sys.argv[3:]:
        text = json.dumps(build(data, service), separators=(",", ":"), ensure_ascii=True)
        (out / (service + ".json")).write_text(text)


if __name__ == "__main__":
    main()
