"""Hyperparameters: texts that may hold JSON, some of them for the toolkit, the rest for the script."""

import json
from typing import Any

PREFIX = "sagemaker_"
# The toolkit's own; other names with the prefix are settings of a framework.
TOOLKIT = frozenset({
    "sagemaker_program", "sagemaker_submit_directory", "sagemaker_enable_cloudwatch_metrics",
    "sagemaker_region", "sagemaker_container_log_level", "sagemaker_job_name",
    "default_user_module_name", "_tuning_objective_metric", "sagemaker_s3_output"})


def decode(texts: dict[str, Any]) -> dict[str, Any]:
    """SDK v2 encodes every value as JSON, v3 only what is no text: a value that is none is a text."""
    decoded = {}
    for name, text in texts.items():
        try:
            decoded[name] = json.loads(text)
        except (ValueError, TypeError):
            decoded[name] = text
    return decoded


def split(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The toolkit's and the frameworks', then the script's."""
    ours = {name: value for name, value in values.items()
            if name in TOOLKIT or name.startswith(PREFIX)}
    return ours, {name: value for name, value in values.items() if name not in ours}


def as_arguments(values: dict[str, Any]) -> list[str]:
    """--name value, by name; one letter takes one dash, a mapping becomes a=1,b=2."""
    arguments = []
    for name in sorted(values):
        value = values[name]
        if isinstance(value, dict):
            text = ",".join(f"{key}={value[key]}" for key in sorted(value))
        else:
            text = "" if value is None else str(value)
        arguments += [("--" if len(name) > 1 else "-") + name, text]
    return arguments


def as_variable(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
