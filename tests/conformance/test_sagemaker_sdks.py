"""Both SageMaker SDKs, unmodified, in the environment that `clary env` prints and nothing else."""

import pathlib

import aws
import pytest

PROGRAMS = pathlib.Path(__file__).parent / "programs"


@pytest.mark.parametrize("version", ["sdk_v2", "sdk_v3"])
def test_churn(run_program, tmp_path, version):
    """Default bucket, get_execution_role(), upload, training with logs, deploy, predict, delete."""
    files = []
    for part in ("train", "validation", "test"):
        files.append(tmp_path / f"{part}.csv")
        files[-1].write_bytes(aws.churn_rows(part))
    output = run_program(version, "python", str(PROGRAMS / f"{version}.py"), *map(str, files),
                         timeout=420, merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    # v2 prints the log, v3 writes it to its logger, which ends on standard error.
    assert "train-auc" in output, "the training log was not shown"
