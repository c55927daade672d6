"""Bodies to arrays."""

from clary_runtime.content import decode

__all__ = ["decode"]
