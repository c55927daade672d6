"""Of the toolkit's way to start a script, what scripts call themselves."""
from sagemaker_training.entry_point import _wait_hostname_resolution

__all__ = ["_wait_hostname_resolution"]
