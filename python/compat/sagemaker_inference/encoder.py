"""Arrays to bodies."""

from clary_runtime import content

SUPPORTED_CONTENT_TYPES = {content.JSON, content.CSV, content.NPY}


def encode(array_like, content_type):
    return content.encode(array_like, content_type)[0]
