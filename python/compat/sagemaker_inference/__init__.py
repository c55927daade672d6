"""The inference toolkit's modules that scripts import."""
