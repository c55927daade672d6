"""Bodies of requests as DMatrix."""


def decode(obj, content_type):
    from clary_runtime.frameworks import Xgboost
    return Xgboost().input_fn(obj, content_type)


def csv_to_dmatrix(input, dtype=None):
    return decode(input, "text/csv")


def libsvm_to_dmatrix(string_like):
    return decode(string_like, "text/libsvm")
