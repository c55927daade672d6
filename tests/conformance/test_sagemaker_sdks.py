"""Both SageMaker SDKs, unmodified, in the environment that `clary env` prints and nothing else."""

import pathlib

import aws
import frameworks
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


def churn_files(folder):
    files = [folder / f"{part}.csv" for part in ("train", "test")]
    for path in files:
        path.write_bytes(aws.churn_rows(path.stem))
    return [str(path) for path in files]


def test_v2_framework_estimators(run_program, tmp_path):
    """SKLearn and XGBoost with scripts: fit with logs, deploy, predict with every serializer."""
    output = run_program("sdk_v2", "python", str(PROGRAMS / "sdk_v2_scripts.py"),
                         *churn_files(tmp_path), timeout=420, merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    assert "Invoking script with the following command" in output, "the log was not shown"


def test_v3_source_code(run_program, clients, bucket, tmp_path):
    """ModelTrainer's drivers run unmodified: requirements, a command, an entry script."""
    source = tmp_path / "source"
    source.mkdir()
    script = (PROGRAMS / "sklearn_source" / "train.py").read_text()
    (source / "train.py").write_text(script)
    (source / "colours-1.0-py3-none-any.whl").write_bytes(
        frameworks.wheel("colours", source="BEST = 'teal'"))
    (source / "requirements.txt").write_text("./colours-1.0-py3-none-any.whl\n")
    uri = frameworks.upload_source(clients, bucket, {"train.py": script})
    output = run_program("sdk_v3", "python", str(PROGRAMS / "sdk_v3_scripts.py"),
                         *churn_files(tmp_path), str(source), uri,
                         "torch" if frameworks.has_torch() else "-", timeout=420, merged=True,
                         PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
    assert "teal" in output, "the command did not see the requirements"
    if frameworks.has_torch():
        assert "rank 1 of 2" in output, "torchrun did not start two processes"


def test_v2_pytorch(run_program):
    """PyTorch of the machine's own Python; the SDK packs the script into the model."""
    frameworks.need_torch()
    output = run_program("sdk_v2", "python", str(PROGRAMS / "sdk_v2_pytorch.py"), timeout=420,
                         merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]
