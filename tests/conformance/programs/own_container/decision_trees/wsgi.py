from predictor import app  # noqa: F401
