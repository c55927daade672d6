"""The folders of the contract. SAGEMAKER_BASE_DIR moves them, as it does for AWS's toolkit."""

import os
from pathlib import Path

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
CODE = BASE / "code"
MODEL = BASE / "model"
INPUT = BASE / "input"
INPUT_CONFIG = INPUT / "config"
INPUT_DATA = INPUT / "data"
OUTPUT = BASE / "output"
OUTPUT_DATA = OUTPUT / "data"
OUTPUT_INTERMEDIATE = OUTPUT / "intermediate"
FAILURE = OUTPUT / "failure"
SUCCESS = OUTPUT / "success"
