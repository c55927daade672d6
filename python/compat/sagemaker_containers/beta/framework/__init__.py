"""content_types, encoders and worker, as inference scripts use them."""

from sagemaker_containers.beta.framework import encoders, worker
from sagemaker_inference import content_types, errors

__all__ = ["content_types", "encoders", "errors", "worker"]
