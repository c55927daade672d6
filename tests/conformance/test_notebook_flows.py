"""What AWS's public example notebooks do, in their order and with their calls, over data of ours."""

import pathlib

import aws
import pytest

NOTEBOOKS = pathlib.Path(__file__).parent / "programs" / "notebooks"


def flow(run_program, name, *arguments):
    output = run_program("sdk_v2", "python", str(NOTEBOOKS / name), *map(str, arguments),
                         timeout=420, merged=True, PYTHONUNBUFFERED="1")
    assert "\nDONE\n" in output, output[-3000:]


def files(tmp_path, *parts):
    paths = []
    for part in parts:
        paths.append(tmp_path / f"{part}.csv")
        paths[-1].write_bytes(aws.churn_rows(part))
    return paths


@pytest.mark.skipif("not config.getoption('--slow')",
                    reason="test_sagemaker_sdks.py makes nearly the same calls")
def test_customer_churn(run_program, tmp_path):
    """XGBoost: resource uploads, TrainingInput, deploy, CSV answers decoded by hand."""
    flow(run_program, "churn.py", *files(tmp_path, "train", "validation", "test"))


def test_processing_and_evaluation(run_program, tmp_path):
    """SKLearnProcessor, SKLearn over its outputs, a second processing job, FrameworkProcessor."""
    flow(run_program, "processing.py", *files(tmp_path, "train"))
