"""clary-algo train reads every input format as the reference libraries write it.

The same rows in CSV, libsvm, Parquet (each encoding and codec) and recordIO-protobuf give the same
first log line; wrong data gives a ClientError that names file and line.
"""
import json
import os
import pathlib
import struct
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("CLARY_ALGO", str(ROOT / "build/release/bin/clary-algo"))
BASE = {"num_round": "3", "objective": "binary:logistic", "eval_metric": "logloss"}


def rows(count=500, columns=4):
    random = np.random.default_rng(3)
    x = np.round(random.normal(size=(count, columns)), 3).astype(np.float32)
    y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(np.float32)
    return np.column_stack([y, x])


def train(folder, files, content_type=None, hyperparameters=None, **environment):
    """Lays out one job with the `train` files given by name and runs it."""
    config = folder / "input/config"
    config.mkdir(parents=True)
    (folder / "output").mkdir()
    channel = {"TrainingInputMode": "File"}
    if content_type:
        channel["ContentType"] = content_type
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters or BASE))
    (config / "inputdataconfig.json").write_text(json.dumps({"train": channel}))
    for name, content in files.items():
        path = folder / "input/data/train" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = subprocess.run([PROGRAM, "train"], capture_output=True, text=True, timeout=60,
                            env={**os.environ, "CLARY_ML_ROOT": str(folder), **environment})
    failure = folder / "output/failure"
    return result, failure.read_text() if failure.exists() else ""


def lines(result):
    return [line for line in result.stdout.splitlines() if line.startswith("[") and "\t" in line]


def csv(table):
    return "\n".join(",".join(repr(float(v)) for v in row) for row in table) + "\n"


def libsvm(table):
    return "".join(f"{row[0]:g} " + " ".join(f"{i}:{float(v)!r}" for i, v in enumerate(row[1:])) +
                   "\n" for row in table)


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def recordio(table, sparse=False):
    out = b""
    for row in table:
        tensor = field(1, struct.pack(f"<{len(row) - 1}f", *row[1:]))
        if sparse:
            tensor += field(2, b"".join(varint(i) for i in range(len(row) - 1)))
            tensor += field(3, varint(len(row) - 1))
        label = field(1, struct.pack("<f", row[0]))
        record = field(1, field(1, b"values") + field(2, field(2, tensor)))
        record += field(2, field(1, b"values") + field(2, field(2, label)))
        out += struct.pack("<II", 0xCED7230A, len(record)) + record + b"\0" * (-len(record) % 4)
    return out


def parquet(table, **options):
    pyarrow = pytest.importorskip("pyarrow")
    import io
    import pyarrow.parquet

    buffer = io.BytesIO()
    names = [f"c{i}" for i in range(table.shape[1])]
    data = pyarrow.table([pyarrow.array(table[:, i]) for i in range(table.shape[1])], names)
    pyarrow.parquet.write_table(data, buffer, **options)
    return buffer.getvalue()


@pytest.fixture
def expected(tmp_path):
    result, _ = train(tmp_path / "expected", {"a.csv": csv(rows())}, "text/csv")
    assert len(lines(result)) == 3
    return lines(result)


@pytest.mark.parametrize("content_type", ["libsvm", "text/x-libsvm", None])
def test_libsvm(tmp_path, expected, content_type):
    result, _ = train(tmp_path / "job", {"a": libsvm(rows())}, content_type)
    assert lines(result) == expected


@pytest.mark.parametrize("sparse", [False, True])
def test_recordio(tmp_path, expected, sparse):
    result, failure = train(tmp_path / "job", {"a.pbr": recordio(rows(), sparse)},
                            "application/x-recordio-protobuf")
    assert lines(result) == expected, failure


@pytest.mark.parametrize("options", [
    {}, {"compression": "none"}, {"compression": "gzip"}, {"compression": "zstd"},
    {"compression": "lz4"}, {"use_dictionary": False}, {"data_page_version": "2.0"},
    {"row_group_size": 77}, {"data_page_size": 300, "use_dictionary": False},
    {"use_dictionary": False, "use_byte_stream_split": True},
], ids=str)
def test_parquet(tmp_path, expected, options):
    result, failure = train(tmp_path / "job", {"a.parquet": parquet(rows(), **options)},
                            "application/x-parquet")
    assert lines(result) == expected, failure


def test_parquet_types_and_nulls(tmp_path):
    """Integers, booleans, doubles, decimals and nulls are the numbers that pandas would give."""
    pyarrow = pytest.importorskip("pyarrow")
    import decimal
    import io
    import pyarrow.parquet

    random = np.random.default_rng(0)
    count = 3000
    ints = random.integers(-1000, 1000, count)
    floats = random.normal(size=count)
    bools = random.random(count) > 0.5
    missing = random.random(count) < 0.2
    label = (ints + 300 * floats + 500 * bools > 0).astype(np.int64)
    table = pyarrow.table({
        "label": pyarrow.array(label), "i": pyarrow.array(ints, mask=missing),
        "f": pyarrow.array(floats), "b": pyarrow.array(bools),
        "d": pyarrow.array([decimal.Decimal(int(v)) / 100 for v in ints],
                           pyarrow.decimal128(9, 2)),
        "u": pyarrow.array(random.integers(0, 2**32, count), pyarrow.uint32())})
    as_csv = "\n".join(
        f"{label[i]},{'' if missing[i] else ints[i]},{float(floats[i])!r},{int(bools[i])},{ints[i] / 100},"
        f"{table['u'][i]}" for i in range(count))
    want, _ = train(tmp_path / "csv", {"a.csv": as_csv}, "text/csv")
    for i, options in enumerate([
            {}, {"use_dictionary": False, "data_page_version": "2.0",
                 "column_encoding": {"i": "DELTA_BINARY_PACKED", "label": "DELTA_BINARY_PACKED",
                                     "b": "RLE"}}]):
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(table, buffer, store_decimal_as_integer=True, **options)
        result, failure = train(tmp_path / f"job{i}", {"a.parquet": buffer.getvalue()},
                                "application/x-parquet")
        assert lines(result) == lines(want), failure


def test_many_files_and_folders(tmp_path, expected):
    table = rows()
    files = {"a/1.csv": csv(table[:100]), "a/b/2.csv": csv(table[100:250]),
             "z.csv": csv(table[250:]), "_SUCCESS": "", ".hidden": "x,y", "a/_part": "junk"}
    result, failure = train(tmp_path / "job", files, "text/csv; label_size=1; charset=utf-8")
    assert lines(result) == expected, failure


def test_weights(tmp_path):
    """csv_weights takes the second column, as the weights of libsvm's labels."""
    table = rows()
    weights = np.arange(len(table)) % 3 + 1.0
    weighted = np.column_stack([table[:, :1], weights, table[:, 1:]])
    text = "".join(f"{row[0]:g}:{w:g} " + " ".join(f"{i}:{float(v)!r}"
                   for i, v in enumerate(row[1:])) + "\n" for row, w in zip(table, weights))
    one, _ = train(tmp_path / "a", {"a.csv": csv(weighted)}, "text/csv",
                   {**BASE, "csv_weights": "1"})
    two, _ = train(tmp_path / "b", {"a": text}, "text/libsvm")
    assert lines(one) and lines(one) == lines(two)


@pytest.mark.parametrize("content, content_type, reason", [
    ("1,2,3\n0,1\n", "text/csv", "ClientError: train/a line 2 has 2 columns, the first line has 3"),
    ("1,2,3\n0,1,abc\n", "text/csv", "train/a line 2 column 3 is 'abc', not a number"),
    ("y,a,b\n0,1,2\n", "text/csv", "looks like a header"),
    ("1,2\n5,1\n", "text/csv", "label must be in [0,1] for logistic regression: row 2"),
    ("1,2\n,1\n", "text/csv", "train/a line 2 has no label"),
    ("1 0:1\n0 1:x\n", "text/libsvm", "train/a line 2 '1:x' is no <index>:<value>"),
    ("1,2\n0,1\n", "text/libsvm", "The file looks like text/csv"),
    ("junk", "application/x-parquet", "Failed to load parquet data from train/a"),
    ("junkjunk", "application/x-recordio-protobuf", "record 1 does not begin with RecordIO"),
    ("1,2\n", "text/csv;label_size=2", "label_size must be equal to 1"),
    ("1,2\n", "image/png", "image/png is not an accepted ContentType"),
    ("", "text/csv", "No data in training channel path"),
])
def test_bad_data(tmp_path, content, content_type, reason):
    result, failure = train(tmp_path / "job", {"a": content}, content_type)
    assert result.returncode == 1
    assert failure.startswith("ClientError: ") and reason in failure


@pytest.mark.parametrize("hyperparameters, reason", [
    ({}, "Missing required hyperparameter: num_round"),
    ({**BASE, "foo": "1"}, "Extraneous hyperparameter found: foo"),
    ({**BASE, "eta": "1.5"}, "Hyperparameter eta: 1.5 is not in [0, 1]"),
    ({**BASE, "max_depth": "x"}, "Hyperparameter max_depth: could not parse value"),
    ({**BASE, "booster": "tree"}, "Hyperparameter booster: tree is not in ['gbtree'"),
    ({**BASE, "objective": "multi:softprob"}, "Require input for parameter 'num_class'"),
    ({**BASE, "eval_metric": "nope"}, "eval_metric"),
    ({**BASE, "objective": "reg:squarederror", "eval_metric": "auc"}, "Metric 'auc' can only"),
    ({**BASE, "monotone_constraints": "(1,0,0,0)"}, "monotone_constraints can be used only"),
])
def test_bad_hyperparameters(tmp_path, hyperparameters, reason):
    result, failure = train(tmp_path / "job", {"a": csv(rows())}, "text/csv",
                            hyperparameters or {"eta": "0.1"})
    assert result.returncode == 1
    assert failure.startswith("ClientError: ") and reason in failure
